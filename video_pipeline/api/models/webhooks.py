"""Owns the forms of webhooks and deliveries; hides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from video_pipeline.api.models.base import Answer


class Webhook(Answer):
    """An address that is told what happens."""

    id: UUID
    url: str
    user_name: str | None
    channel_id: UUID | None
    key_id: UUID | None
    kinds: list[str] | None
    description: str
    is_active: bool
    disabled_reason: str | None
    created_at: datetime


class NewWebhookAnswer(Webhook):
    """A new webhook with the secret of its signatures, which is shown this once."""

    secret: str


class Webhooks(Answer):
    """Webhooks."""

    items: list[Webhook]


class Delivery(Answer):
    """What one address was told, or is to be told."""

    id: UUID
    webhook_id: UUID
    payload: dict[str, Any]
    status: str
    attempts: int
    next_attempt_at: datetime | None
    last_status_code: int | None
    last_error: str | None
    delivered_at: datetime | None
    created_at: datetime


class Deliveries(Answer):
    """Deliveries, newest first."""

    items: list[Delivery]
