"""Owns the forms of users, sessions, channels and providers; hides nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from video_pipeline.api.models.base import Answer


class User(Answer):
    """Who is signed in."""

    name: str
    scope: str


class Session(Answer):
    """A session of the page."""

    user: User
    csrf_token: str
    expires_at: datetime


class Channel(Answer):
    """A channel."""

    id: UUID
    name: str
    brand_niche: str
    youtube_channel_id: str | None
    is_active: bool
    created_at: datetime
    total_jobs: int = 0
    completed_jobs: int = 0


class Channels(Answer):
    """All channels."""

    items: list[Channel]


class ProviderChoice(Answer):
    """A provider and its price for one piece."""

    name: str
    price_usd: float
    missing: str | None = None  # what has to be configured before it can be ordered from
