"""Owns the verbs about what was published and about jobs that nobody needs any more; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.publishing import Privacy
from video_pipeline.domain.records import JobRecord, YoutubeUploadRecord


class PublicationBook(Protocol):
    """Uploads to YouTube, and what is old."""

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
