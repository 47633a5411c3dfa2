"""Owns the tables of webhooks: who is told, and what each was told; hides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.webhooks import DeliveryStatus
from video_pipeline.store.schema.tables.base import Base, Count, Id, Now, postgres_enum

DELIVERY_STATUS = postgres_enum(DeliveryStatus, "webhook_delivery_status")


class Webhook(Base):
    """An address that is told what happens to jobs."""

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(kinds) = 'array'", name="kinds"),
        CheckConstraint("failures_in_a_row >= 0", name="failures_in_a_row"),
        # A key's webhook is its user's as well, so that it is never told of what the key may not read.
        CheckConstraint("api_key_id IS NULL OR user_name IS NOT NULL", name="api_key_id"),
        Index("idx_webhooks_user_name", "user_name"),
        Index("idx_webhooks_channel_id", "channel_id"),
        Index("idx_webhooks_api_key_id", "api_key_id"),
    )

    id: Mapped[Id]
    user_name: Mapped[str | None]  # whose jobs; null: everybody's
    channel_id: Mapped[UUID | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    api_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))  # which key's jobs
    url: Mapped[str]
    # As it is, not hashed: each message is signed with it. No record holds it but that of a claimed delivery.
    secret: Mapped[str]
    kinds: Mapped[list[str] | None]  # null: all
    description: Mapped[str] = mapped_column(server_default="")
    is_active: Mapped[bool] = mapped_column(server_default=true())
    disabled_reason: Mapped[str | None]
    failures_in_a_row: Mapped[Count]
    failing_since: Mapped[datetime | None]
    created_at: Mapped[Now]


class WebhookDelivery(Base):
    """One message to one webhook; what it says was fixed when it happened and outlives its job."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at"),
        Index(
            "idx_webhook_deliveries_due",
            "webhook_id",
            "next_attempt_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("idx_webhook_deliveries_newest", "webhook_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[Id]
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(BigInteger)  # no foreign key: it goes with its job, this does not
    payload: Mapped[dict[str, Any]]
    status: Mapped[DeliveryStatus] = mapped_column(DELIVERY_STATUS, server_default="pending")
    attempts: Mapped[Count]
    next_attempt_at: Mapped[Now]
    claimed_until: Mapped[datetime | None]
    last_status_code: Mapped[int | None]
    last_error: Mapped[str | None]
    last_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    # Not the start of the transaction, in which several events may happen: these are listed in their order.
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
