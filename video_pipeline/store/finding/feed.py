"""Owns what happened since, for readers that ask again and again; hides the queries. Each verb is one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_

from video_pipeline.domain.feed import ChangeKey, FeedItem, JobChange
from video_pipeline.store.books.base import EVENTS, JOBS, Books
from video_pipeline.store.books.codec import event_record
from video_pipeline.store.finding.pages import TITLE

_EVENT_JOB = (JOBS.c.user_id, JOBS.c.channel_id, TITLE.label("title"), JOBS.c.status)
_CHANGE = (
    JOBS.c.id.label("job_id"),
    *(JOBS.c[name] for name in ("user_id", "channel_id", "status", "progress", "updated_at")),
)


class FeedBooks(Books):
    """Verbs about what happened since."""

    def events_after(
        self, event_id: int, *, limit: int = 500, job_id: UUID | None = None, given: Collection[int] = ()
    ) -> list[FeedItem]:
        """Lines of history, of one job or of all, with a number above `event_id` and not in `given`, in their order.

        Numbers are seen out of order; see `domain.feed.Overlap`.
        """
        query = select(EVENTS, *_EVENT_JOB).join(JOBS, JOBS.c.id == EVENTS.c.video_job_id)
        query = query.where(EVENTS.c.id > event_id)
        if job_id is not None:
            query = query.where(EVENTS.c.video_job_id == job_id)
        if given:
            query = query.where(EVENTS.c.id.not_in(given))
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(EVENTS.c.id).limit(limit))
            return [FeedItem(event_record(row), row.user_id, row.channel_id, row.title, row.status) for row in rows]

    def latest_event_id(self) -> int:
        """The highest number of a line of history that is seen; 0 before there is any."""
        with self._transaction() as connection:
            return int(connection.execute(select(func.coalesce(func.max(EVENTS.c.id), 0))).scalar_one())

    def changed_jobs(self, since: datetime, *, limit: int = 500, given: Collection[ChangeKey] = ()) -> list[JobChange]:
        """Jobs written at `since` or later and not in `given`, the earliest change first.

        Of several changes of a job only the last one is there. Times are seen out of order; see `domain.feed.Overlap`.
        """
        query = select(*_CHANGE).where(JOBS.c.updated_at >= since).order_by(JOBS.c.updated_at, JOBS.c.id).limit(limit)
        if given:
            query = query.where(tuple_(JOBS.c.id, JOBS.c.updated_at).not_in(given))
        with self._transaction() as connection:
            return [JobChange(**row._asdict()) for row in connection.execute(query)]

    def latest_change(self) -> datetime:
        """When a job was last written, as far as is seen; the database's time before there is any."""
        latest = select(func.coalesce(func.max(JOBS.c.updated_at), func.clock_timestamp()))
        with self._transaction() as connection:
            when: datetime = connection.execute(latest).scalar_one()
        return when
