"""Owns the verbs about what was published and about jobs that nobody needs any more; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from video_pipeline.domain.publication import Publication, VideoAnalytics
from video_pipeline.domain.publishing import Privacy
from video_pipeline.domain.records import JobRecord, YoutubeUploadRecord


class PublicationBook(Protocol):
    """What is said about videos, uploads to YouTube, what was measured there, and what is old."""

    def get_publication(self, job_id: UUID) -> Publication: ...
    def update_video_task(self, job_id: UUID, *, by: str, **changes: Any) -> Publication:
        """Say something else about the video of a job, in fields of `Publication`; None clears one.

        Texts that were written so stay when the storyboard is edited. InvalidInputError for a field that there is not,
        or that is not written by hand, and for what YouTube would refuse.
        """
        ...

    def save_video_analytics(
        self,
        job_id: UUID,
        snapshot_date: date,
        *,
        views: int,
        watch_time_hours: Decimal | None = None,
        revenue_usd: Decimal | None = None,
        youtube_video_id: str | None = None,
    ) -> VideoAnalytics:
        """Record what was measured up to a day; it replaces what was recorded for the same video and day.

        The video is the one that the job was published as, unless another one is named: InvalidInputError without
        either, and for figures that nobody can have measured.
        """
        ...

    def get_video_analytics(self, job_id: UUID, limit: int = 366) -> list[VideoAnalytics]:
        """What was measured of a job's videos, the last day first."""
        ...

    def add_youtube_upload(
        self,
        job_id: UUID,
        video_id: str,
        video_url: str,
        title: str,
        *,
        description: str | None = None,
        privacy: Privacy = Privacy.PRIVATE,
        tags: Sequence[str] = (),
        category: str | None = None,
    ) -> YoutubeUploadRecord:
        """Record one upload; NotFoundError for an unknown job, InvalidInputError for texts that YouTube refuses."""
        ...

    def get_youtube_uploads(self, job_id: UUID | None = None, limit: int = 50) -> list[YoutubeUploadRecord]:
        """Uploads of a job, or the most recent ones of all, newest first."""
        ...

    def jobs_finished_before(self, moment: datetime) -> list[JobRecord]:
        """Jobs that ended before `moment` and were not published, those that ended first in front."""
        ...
