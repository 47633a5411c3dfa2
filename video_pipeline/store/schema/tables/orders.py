"""Owns the table of work that was ordered on demand; hides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.orders import OrderKind, OrderStatus
from video_pipeline.store.schema.tables.base import Base, Count, Id, Now, postgres_enum

ORDER_KIND = postgres_enum(OrderKind, "work_order_kind")
ORDER_STATUS = postgres_enum(OrderStatus, "work_order_status")

UNFINISHED = "status IN ('pending', 'in_progress')"


class WorkOrder(Base):
    """One order; the same request for the same job is unfinished once at most."""

    __tablename__ = "work_orders"
    __table_args__ = (
        CheckConstraint("request_sha256 ~ '^[0-9a-f]{64}$'", name="request_sha256"),
        CheckConstraint("attempt >= 0", name="attempt"),
        CheckConstraint("(status IN ('completed', 'failed')) = (finished_at IS NOT NULL)", name="finished_at"),
        CheckConstraint("(status = 'completed') = (result IS NOT NULL)", name="result"),
        CheckConstraint("status <> 'failed' OR error_message IS NOT NULL", name="error_message"),
        CheckConstraint(
            "status <> 'in_progress' OR (attempt > 0 AND num_nonnulls(run_id, heartbeat_at, started_at) = 3)",
            name="in_progress",
        ),
        Index(
            "idx_work_orders_unfinished",
            *("video_job_id", "kind", "request_sha256"),
            unique=True,
            postgresql_where=text(UNFINISHED),
        ),
        Index("idx_work_orders_video_job_id", "video_job_id", text("created_at DESC")),
        Index("idx_work_orders_waiting", "created_at", postgresql_where=text(UNFINISHED)),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID] = mapped_column(ForeignKey("video_jobs.id", ondelete="CASCADE"))
    kind: Mapped[OrderKind] = mapped_column(ORDER_KIND)
    request: Mapped[dict[str, Any]]
    request_sha256: Mapped[str]
    ordered_by: Mapped[str]
    status: Mapped[OrderStatus] = mapped_column(ORDER_STATUS, server_default="pending")
    progress: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]
    attempt: Mapped[Count]
    run_id: Mapped[str | None]
    holder: Mapped[str] = mapped_column(server_default=text("''"))  # the process of the last attempt
    heartbeat_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
