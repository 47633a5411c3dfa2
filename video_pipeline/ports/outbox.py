"""Owns the verbs of webhooks and of what they are still to be told; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.webhooks import DeliveryRecord, DeliveryStatus, DueDelivery, Result, WebhookRecord


class Outbox(Protocol):
    """Webhooks, and the deliveries that a job's events leave for them in the events' own transactions."""

    def create_webhook(
        self,
        url: str,
        *,
        user_name: str | None = None,
        channel_id: UUID | None = None,
        key_id: UUID | None = None,
        kinds: Sequence[str] = (),
        description: str = "",
    ) -> tuple[WebhookRecord, str]:
        """Add a webhook; returns it and its secret, which is shown this once. No `kinds` means all.

        One with a `key_id` is told of what this API key orders, as long as the key counts, and belongs to its user.
        """
        ...

    def list_webhooks(self, user_name: str | None = None) -> list[WebhookRecord]:
        """Webhooks, newest first: those of one user, or all."""
        ...

    def get_webhook(self, webhook_id: UUID) -> WebhookRecord: ...
    def update_webhook(
        self,
        webhook_id: UUID,
        *,
        is_active: bool | None = None,
        url: str | None = None,
        kinds: Sequence[str] | None = None,
        description: str | None = None,
    ) -> WebhookRecord:
        """Change what is given; empty `kinds` means all. Activating it forgets why it was disabled."""
        ...

    def delete_webhook(self, webhook_id: UUID) -> None:
        """Remove a webhook with its deliveries; NotFoundError when there is none."""
        ...

    def deliveries(
        self, webhook_id: UUID, *, status: DeliveryStatus | None = None, limit: int = 50, before: UUID | None = None
    ) -> list[DeliveryRecord]:
        """Deliveries, newest first; `before` is the id of the last one of the page before."""
        ...

    def get_delivery(self, delivery_id: UUID) -> DeliveryRecord: ...
    def replay(self, delivery_id: UUID, *, webhook_id: UUID | None = None) -> DeliveryRecord:
        """Make a delivery due now with all its attempts ahead, also one that was delivered; its id stays the same.

        NotFoundError, also when it is none of `webhook_id`'s; ConflictError while the webhook is not active.
        """
        ...

    def ping(self, webhook_id: UUID) -> DeliveryRecord:
        """Leave a test message for a webhook; ConflictError while it is not active."""
        ...

    def claim_due(self, *, limit: int, per_webhook: int, busy: Collection[UUID] = ()) -> list[DueDelivery]:
        """Take up to `limit` due deliveries for CLAIM_S seconds, of each active webhook at most `per_webhook`.

        No other process gets them meanwhile; afterwards any may. Those of webhooks that work come first, none comes of
        the webhooks `busy`.
        """
        ...

    def claim_delivery(self, delivery_id: UUID) -> DueDelivery | None:
        """Take this one, if it is due and nobody else has it."""
        ...

    def record_result(self, due: DueDelivery, result: Result) -> bool:
        """Record an attempt, and how its webhook does; False when the claim was lost meanwhile."""
        ...

    def release(self, claimed: Sequence[DueDelivery]) -> None:
        """Give back what was claimed and not sent."""
        ...

    def forget_delivered(self, *, older_than_days: int) -> int:
        """Remove deliveries that were delivered or given up that long ago; how many."""
        ...
