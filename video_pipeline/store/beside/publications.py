"""Owns what was published, in the books, and which jobs are old; hides the queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select

from video_pipeline.domain.job import ENDED
from video_pipeline.domain.publishing import Privacy, check_texts
from video_pipeline.domain.records import JobRecord, YoutubeUploadRecord
from video_pipeline.store.books.base import JOBS, UPLOADS, Books, find_row
from video_pipeline.store.books.codec import clean, job_record


class PublicationBooks(Books):
    """Verbs about uploads to YouTube, and about jobs that nobody needs any more."""

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
        check_texts(title, description or "", tags)
        values = {
            "job_id": job_id,
            "video_id": clean(video_id),
            "video_url": clean(video_url),
            "title": clean(title),
            "description": description and clean(description),
            "privacy": privacy,
            "tags": [clean(tag) for tag in tags] or None,
            "category": category and clean(category),
        }
        with self._transaction() as connection:
            find_row(connection, job_id, locked=True)
            return _upload(connection.execute(insert(UPLOADS).values(values).returning(UPLOADS)).one())

    def get_youtube_uploads(self, job_id: UUID | None = None, limit: int = 50) -> list[YoutubeUploadRecord]:
        """Uploads of a job, or the most recent ones of all, newest first."""
        query = select(UPLOADS).order_by(UPLOADS.c.uploaded_at.desc(), UPLOADS.c.id).limit(limit)
        if job_id is not None:
            query = query.where(UPLOADS.c.job_id == job_id)
        with self._transaction() as connection:
            return [_upload(row) for row in connection.execute(query)]

    def jobs_finished_before(self, moment: datetime) -> list[JobRecord]:
        """Jobs that ended before `moment` and were not published, those that ended first in front."""
        published = exists().where(UPLOADS.c.job_id == JOBS.c.id)
        query = select(JOBS).where(JOBS.c.status.in_(ENDED), JOBS.c.finished_at < moment, ~published)
        with self._transaction() as connection:
            return [job_record(row) for row in connection.execute(query.order_by(JOBS.c.finished_at, JOBS.c.id))]


def _upload(row: Row[Any]) -> YoutubeUploadRecord:
    return YoutubeUploadRecord(
        id=row.id,
        job_id=row.job_id,
        video_id=row.video_id,
        video_url=row.video_url,
        title=row.title,
        description=row.description,
        privacy=row.privacy,
        tags=tuple(row.tags or ()),
        category=row.category,
        uploaded_at=row.uploaded_at,
    )
