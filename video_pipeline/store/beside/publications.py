"""Owns what is said about videos, where they were published and what was measured there, in the books; hides SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.dialects import postgresql

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import ENDED
from video_pipeline.domain.publication import Publication, VideoAnalytics, changed, check_figures, check_video_id
from video_pipeline.domain.publishing import Privacy, check_texts
from video_pipeline.domain.records import JobRecord, YoutubeUploadRecord
from video_pipeline.store.books.base import ANALYTICS, JOBS, UPLOADS, Books, find_row, write_event
from video_pipeline.store.books.codec import clean, job_record


class PublicationBooks(Books):
    """Verbs about what is published, about uploads to YouTube, and about jobs that nobody needs any more."""

    def get_publication(self, job_id: UUID) -> Publication:
        """What is said about the video of a job; NotFoundError when there is no such job."""
        with self._transaction() as connection:
            return _publication(find_row(connection, job_id))

    def update_video_task(self, job_id: UUID, *, by: str, **changes: Any) -> Publication:
        """Say something else about the video of a job, in fields of `Publication`; None clears one.

        Texts that were written so stay when the storyboard is edited. InvalidInputError for a field that there is not,
        or that is not written by hand, and for what YouTube would refuse; NotFoundError when there is no such job.
        """
        with self._transaction() as connection:
            row = find_row(connection, job_id, locked=True)
            before = _publication(row)
            after = changed(before, {name: _cleaned(value) for name, value in changes.items()})
            if after != before:
                values = asdict(after) | {"youtube_tags": list(after.youtube_tags) or None}
                connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
                write_event(connection, job_id, "described", message=f"{', '.join(sorted(changes))}, by {by}")
            return after

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
        """Record one upload, which is then where the job's video is.

        NotFoundError for an unknown job, InvalidInputError for texts that YouTube refuses.
        """
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
            there = {"youtube_video_id": values["video_id"], "video_url": values["video_url"]}
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(there))
            return _upload(connection.execute(insert(UPLOADS).values(values).returning(UPLOADS)).one())

    def get_youtube_uploads(self, job_id: UUID | None = None, limit: int = 50) -> list[YoutubeUploadRecord]:
        """Uploads of a job, or the most recent ones of all, newest first."""
        query = select(UPLOADS).order_by(UPLOADS.c.uploaded_at.desc(), UPLOADS.c.id).limit(limit)
        if job_id is not None:
            query = query.where(UPLOADS.c.job_id == job_id)
        with self._transaction() as connection:
            return [_upload(row) for row in connection.execute(query)]

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
        either, and for figures that nobody can have measured. NotFoundError for an unknown job.
        """
        check_figures(views, watch_time_hours, revenue_usd)
        if youtube_video_id is not None:
            check_video_id(youtube_video_id)
        figures = {"views": views, "watch_time_hours": watch_time_hours, "revenue_usd": revenue_usd}
        with self._transaction() as connection:
            video = youtube_video_id or find_row(connection, job_id).youtube_video_id
            if video is None:
                raise InvalidInputError(f"job {job_id} is not published; name the video that was measured")
            day = {"video_job_id": job_id, "youtube_video_id": video, "snapshot_date": snapshot_date}
            find_row(connection, job_id, locked=True)
            statement = postgresql.insert(ANALYTICS).values(day | figures)
            upsert = statement.on_conflict_do_update(index_elements=list(day), set_=figures)
            return _analytics(connection.execute(upsert.returning(ANALYTICS)).one())

    def get_video_analytics(self, job_id: UUID, limit: int = 366) -> list[VideoAnalytics]:
        """What was measured of a job's videos, the last day first; NotFoundError for an unknown job."""
        query = select(ANALYTICS).where(ANALYTICS.c.video_job_id == job_id)
        order = ANALYTICS.c.snapshot_date.desc(), ANALYTICS.c.youtube_video_id
        with self._transaction() as connection:
            find_row(connection, job_id)
            return [_analytics(row) for row in connection.execute(query.order_by(*order).limit(limit))]

    def jobs_finished_before(self, moment: datetime) -> list[JobRecord]:
        """Jobs that ended before `moment` and were not published, those that ended first in front."""
        published = exists().where(UPLOADS.c.job_id == JOBS.c.id)
        query = select(JOBS).where(JOBS.c.status.in_(ENDED), JOBS.c.finished_at < moment, ~published)
        with self._transaction() as connection:
            return [job_record(row) for row in connection.execute(query.order_by(JOBS.c.finished_at, JOBS.c.id))]


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    return [clean(each) for each in value] if isinstance(value, list | tuple) else value


def _publication(row: Row[Any]) -> Publication:
    return Publication(
        youtube_title=row.youtube_title,
        youtube_description=row.youtube_description,
        youtube_tags=tuple(row.youtube_tags or ()),
        video_url=row.video_url,
        youtube_video_id=row.youtube_video_id,
        upload_strategy=row.upload_strategy,
        scheduled_time=row.scheduled_time,
        credits_used=row.credits_used,
    )


def _analytics(row: Row[Any]) -> VideoAnalytics:
    return VideoAnalytics(
        id=row.id,
        job_id=row.video_job_id,
        youtube_video_id=row.youtube_video_id,
        snapshot_date=row.snapshot_date,
        views=row.views or 0,
        watch_time_hours=row.watch_time_hours,
        revenue_usd=row.revenue_usd,
        created_at=row.created_at,
    )


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
