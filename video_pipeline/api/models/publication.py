"""Owns the forms of what is said about a published video, and of what was measured of it; hides nothing."""

from __future__ import annotations

from datetime import date, datetime

from video_pipeline.api.models.base import Answer


class Publication(Answer):
    """What is said about a video where it is published."""

    youtube_title: str | None
    youtube_description: str | None
    youtube_tags: list[str]
    video_url: str | None
    youtube_video_id: str | None
    upload_strategy: str | None
    scheduled_time: datetime | None
    credits_used: int | None


class VideoAnalytics(Answer):
    """What was measured of a published video up to one day."""

    youtube_video_id: str
    snapshot_date: date
    views: int
    watch_time_hours: float | None
    revenue_usd: float | None


class Analytics(Answer):
    """What was measured, the last day first."""

    items: list[VideoAnalytics]
