"""Owns the tables of buying: purchases, caps, how vendors behave; hides nothing. The ledger itself is in `journal`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.purchases import CapScope, PurchaseState
from video_pipeline.store.schema.tables.base import Base, Count, Id, Now, postgres_enum

PURCHASE_STATE = postgres_enum(PurchaseState, "purchase_state")
CAP_SCOPE = postgres_enum(CapScope, "cap_scope")


CARRIED = "(created_at AT TIME ZONE 'UTC')::date <> (closed_at AT TIME ZONE 'UTC')::date"
"""What was set aside on one day and paid on another: it counts on the first one."""


class PurchaseRow(Base):
    """One thing that is bought of a provider; its entries in the ledger have its id as their key."""

    __tablename__ = "purchases"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint("request ~ '^[0-9a-f]{64}$'", name="request"),
        Index(
            "idx_purchases_unfinished",
            "video_job_id",
            "what",
            unique=True,
            postgresql_where=text("state IN ('reserved', 'submitting', 'submitted', 'doubtful')"),
        ),
        Index("idx_purchases_task", "provider", "task_id", unique=True, postgresql_where=text("task_id IS NOT NULL")),
        Index("idx_purchases_submitting", "provider", "submitting_at"),
        Index("idx_purchases_created_at", text("created_at DESC")),
        Index("idx_purchases_carried", "closed_at", postgresql_where=text(CARRIED)),
        Index("idx_purchases_refused", "video_job_id", "request", postgresql_where=text("refused")),
    )

    id: Mapped[Id]
    video_job_id: Mapped[UUID]  # no foreign key: money outlives its job
    channel_id: Mapped[UUID | None]
    what: Mapped[str]
    provider: Mapped[str]
    prompt: Mapped[str]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    request: Mapped[str]  # SHA-256 of all that was asked for
    state: Mapped[PurchaseState] = mapped_column(PURCHASE_STATE, server_default="reserved")
    price: Mapped[Decimal]  # US dollars, set aside
    cost: Mapped[Decimal | None]  # US dollars, taken
    credits: Mapped[Decimal | None]  # the same in the vendor's own unit
    task_id: Mapped[str | None]
    attempt: Mapped[int | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[Now]
    submitting_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]  # when the vendor last said by itself that something became of it
    refused: Mapped[bool] = mapped_column(server_default=text("false"))  # by the vendor's moderation, for good


class SpendingCap(Base):
    """An amount that may not be exceeded; a channel's own one goes before that of all channels."""

    __tablename__ = "spending_caps"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("channel_id IS NULL OR scope IN ('job', 'channel')", name="channel_id"),
        Index("idx_spending_caps_channel", "scope", "channel_id", unique=True),
        Index("idx_spending_caps_all", "scope", unique=True, postgresql_where=text("channel_id IS NULL")),
    )

    id: Mapped[Id]
    scope: Mapped[CapScope] = mapped_column(CAP_SCOPE)
    channel_id: Mapped[UUID | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    amount: Mapped[Decimal | None]  # NULL: no cap
    set_by: Mapped[str]
    set_at: Mapped[Now]


class VendorHealth(Base):
    """How calls to a vendor have gone lately, and when the next one may begin."""

    __tablename__ = "vendor_states"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures"),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[Count]  # in a row
    closed_until: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    next_call_at: Mapped[datetime | None]
    trials: Mapped[list[str]] = mapped_column(
        server_default=text("'[]'::jsonb")
    )  # purchases that try whether it is back
    last_error: Mapped[str] = mapped_column(server_default=text("''"))
    updated_at: Mapped[Now]
