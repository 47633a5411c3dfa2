"""Owns jobs in the books: ordering, finding, listing, counting; hides the queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Text, cast, delete, exists, func, insert, select, update

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.job import WORKING, JobStatus, statuses_for
from video_pipeline.domain.progress import Progress
from video_pipeline.domain.records import EventRecord, JobRecord
from video_pipeline.store.books.base import CHANNELS, EVENTS, JOBS, LEASES, UPLOADS, Books, find_row, write_event
from video_pipeline.store.books.codec import clean, event_record, job_record, progress_json
from video_pipeline.store.books.entries import end_all
from video_pipeline.store.books.fences import bury, live_lease, lock_lease
from video_pipeline.store.books.orders import is_ordered_work_live
from video_pipeline.store.files.keys import checked_key

PREFIX_MIN_DIGITS = 6


class JobBooks(Books):
    """Verbs that read jobs, or write what is no change of status."""

    def create_job(
        self,
        brief: Brief,
        output_directory: str | None = None,
        *,
        preparing: bool = False,
        key_id: UUID | None = None,
    ) -> JobRecord:
        """Order a video: the job is `planned`; its files go to `output_directory`, a key, by default jobs/<id>.

        With `preparing` nothing is begun before somebody says that its files are there: `steps.start.start_job`.
        `key_id` is the API key with which it is ordered. NotFoundError when the channel does not exist.
        """
        values = _ordered(brief, output_directory) | {"api_key_id": key_id}
        values |= {"status": JobStatus.PREPARING} if preparing else {}
        with self._transaction() as connection:
            return _insert(connection, values)

    def create_job_unless(self, brief: Brief, statuses: Sequence[JobStatus]) -> JobRecord | None:
        """Order a video unless the channel has a job in one of `statuses`; None then.

        Of several such orders at once for one channel, one is taken. NotFoundError when there is no channel.
        """
        values = _ordered(brief)
        there = exists().where(JOBS.c.channel_id == brief.channel_id, JOBS.c.status.in_(statuses))
        with self._transaction() as connection:
            # A second order waits here until the first is in the books; ordinary ones do not wait.
            turn = select(CHANNELS.c.id).where(CHANNELS.c.id == brief.channel_id).with_for_update(key_share=True)
            connection.execute(turn)
            return None if connection.execute(select(there)).scalar() else _insert(connection, values)

    def update_job_config(self, job_id: UUID, brief: Brief, *, by: str) -> JobRecord:
        """Order something else of the same kind, for the same channel and user, before anything is begun.

        ConflictError when the job is planned already or worked on, InvalidInputError when kind, channel or user differ.
        """
        with self._transaction() as connection:
            lock_lease(connection, job_id)
            row = find_row(connection, job_id, locked=True)
            bury(connection, LEASES.c.video_job_id == job_id)
            begun = row.status not in (JobStatus.PREPARING, JobStatus.PLANNED) or row.storyboard_data is not None
            if begun or connection.execute(select(exists().where(live_lease(job_id)))).scalar():
                raise ConflictError(f"job {job_id} is {row.status} and begun; what was ordered stays as it is")
            values = {name: value for name, value in _ordered(brief).items() if name not in _FIXED}
            for name in ("kind", "channel_id", "user_id"):
                if values[name] != row._mapping[name]:
                    raise InvalidInputError(f"the {name} of job {job_id} stays {row._mapping[name]}; order another job")
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
            write_event(connection, job_id, "configured", message=f"by {by}")
            return job_record(find_row(connection, job_id))

    def get_job(self, job_id: UUID) -> JobRecord:
        """The job; NotFoundError when there is none."""
        with self._transaction() as connection:
            return job_record(find_row(connection, job_id))

    def find_job(self, id_or_prefix: str) -> JobRecord:
        """The job whose id begins with the given hexadecimal digits, at least 6; dashes do not count.

        NotFoundError when there is none, InvalidInputError when several begin like this or it is no such prefix.
        """
        digits = id_or_prefix.strip().lower().replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{{PREFIX_MIN_DIGITS},32}}", digits):
            raise InvalidInputError(f"{id_or_prefix!r} is no job id; give it, or its first 6 or more digits")
        plain = func.replace(cast(JOBS.c.id, Text), "-", "")
        query = select(JOBS).where(plain.startswith(digits, autoescape=True)).order_by(JOBS.c.created_at.desc())
        with self._transaction() as connection:
            rows = connection.execute(query.limit(10)).all()
        if not rows:
            raise NotFoundError(f"there is no job {id_or_prefix}")
        if len(rows) > 1:
            ids = ", ".join(str(row.id) for row in rows)
            raise InvalidInputError(f"several jobs begin with {id_or_prefix}; give more digits of one of {ids}")
        return job_record(rows[0])

    def list_jobs(
        self,
        *,
        statuses: Sequence[JobStatus] = (),
        channel_id: UUID | None = None,
        approved: bool | None = None,
        idle: bool = False,
        oldest_first: bool = False,
        limit: int = 50,
    ) -> list[JobRecord]:
        """Jobs, newest first unless asked otherwise; `idle` leaves out those that a live attempt holds."""
        order = (JOBS.c.created_at, JOBS.c.id)
        query = select(JOBS).order_by(*(order if oldest_first else (each.desc() for each in order))).limit(limit)
        if statuses:
            query = query.where(JOBS.c.status.in_(statuses))
        if channel_id is not None:
            query = query.where(JOBS.c.channel_id == channel_id)
        if approved is not None:
            query = query.where(JOBS.c.approved == approved)
        if idle:
            query = query.where(~exists().where(live_lease(JOBS.c.id)))
        with self._transaction() as connection:
            return [job_record(row) for row in connection.execute(query)]

    def get_jobs_by_status(self, status: str, limit: int = 50) -> list[JobRecord]:
        """Jobs in a status, or in those that a coarse word means, most recently changed first."""
        query = select(JOBS).where(JOBS.c.status.in_(statuses_for(status)))
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(JOBS.c.updated_at.desc(), JOBS.c.id).limit(limit))
            return [job_record(row) for row in rows]

    def events(self, job_id: UUID) -> list[EventRecord]:
        """The history of a job, oldest line first."""
        query = select(EVENTS).where(EVENTS.c.video_job_id == job_id).order_by(EVENTS.c.id)
        with self._transaction() as connection:
            return [event_record(row) for row in connection.execute(query)]

    def update_job_progress(self, job_id: UUID, progress: Progress | dict[str, Any]) -> bool:
        """Replace the progress of a job; False when there is no such job."""
        with self._transaction() as connection:
            statement = update(JOBS).where(JOBS.c.id == job_id).values(progress=progress_json(progress))
            return bool(connection.execute(statement).rowcount)

    def delete_job(self, job_id: UUID) -> None:
        """Forget a job with all that is recorded of it but its money and licences; files are the caller's to remove.

        ConflictError while it is unfinished, an attempt holds it or an order is being performed, and for a published
        one, whose books are kept.
        """
        with self._transaction() as connection:
            lock_lease(connection, job_id)
            status = find_row(connection, job_id, locked=True).status
            if status in WORKING:
                raise ConflictError(f"job {job_id} is {status}; cancel it before it is deleted")
            bury(connection, LEASES.c.video_job_id == job_id)
            if connection.execute(select(exists().where(live_lease(job_id)))).scalar():
                raise ConflictError(f"job {job_id} is being worked on; it can be deleted when that is over")
            if is_ordered_work_live(connection, job_id):
                raise ConflictError(
                    f"what was ordered of job {job_id} is being made; it can be deleted when that is over"
                )
            if connection.execute(select(exists().where(UPLOADS.c.job_id == job_id))).scalar():
                raise ConflictError(f"job {job_id} was published; its licences and its upload are kept")
            end_all(connection, job_id, "its job was deleted")
            connection.execute(delete(JOBS).where(JOBS.c.id == job_id))

    def increment_retry_count(self, job_id: UUID) -> int:
        """Count one more retry; the new count."""
        return int(self._add(job_id, "retry_count", 1))

    def increment_download_count(self, job_id: UUID) -> int:
        """Count one more download; the new count."""
        return int(self._add(job_id, "download_count", 1))

    def get_download_count(self, job_id: UUID) -> int:
        """How often the video or an export of it was downloaded."""
        return self.get_job(job_id).download_count

    def get_refinement_count(self, job_id: UUID) -> int:
        """How often a scene was refined."""
        return self.get_job(job_id).refinement_count

    def increment_estimated_cost(self, job_id: UUID, additional_cost: Decimal) -> Decimal:
        """Add US dollars to the estimate; the new estimate."""
        return Decimal(self._add(job_id, "estimated_cost", additional_cost))

    def _add(self, job_id: UUID, name: str, amount: Decimal | int) -> Decimal | int:
        column = JOBS.c[name]
        statement = update(JOBS).where(JOBS.c.id == job_id).values({name: column + amount}).returning(column)
        with self._transaction() as connection:
            count: Decimal | int | None = connection.execute(statement).scalar_one_or_none()
        if count is None:
            raise NotFoundError(f"there is no job {job_id}")
        return count


def _ordered(brief: Brief, output_directory: str | None = None) -> dict[str, Any]:
    job_id = uuid4()
    return {
        "id": job_id,
        "channel_id": brief.channel_id,
        "kind": brief.kind,
        "niche_label": brief.niche_label,
        "mood_keywords": brief.mood_keywords,
        "target_duration_minutes": brief.target_duration_minutes,
        "output_directory": str(checked_key(output_directory or f"jobs/{job_id}")),
        "brief": brief.to_json(),
        "approval": brief.approval,
        "seed": brief.seed,
        "user_id": brief.user_id and clean(brief.user_id),
        "project_name": brief.project_name and clean(brief.project_name),
        **_own_columns(brief),
    }


_FIXED = ("id", "output_directory")
"""What a job keeps when something else is ordered."""

_OWN_COLUMNS = ("song_title", "music_file", "genre", "bpm", "engine", "prompt")
"""What some kinds say and the seeds keep in columns of their own."""


def _own_columns(brief: Brief) -> dict[str, Any]:
    values = {name: getattr(brief, name, None) for name in _OWN_COLUMNS}
    return {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}


def _insert(connection: Connection, values: dict[str, Any]) -> JobRecord:
    channel_id = values["channel_id"]
    if not connection.execute(select(exists().where(CHANNELS.c.id == channel_id))).scalar():
        raise NotFoundError(f"there is no channel {channel_id}")
    row = connection.execute(insert(JOBS).values(values).returning(JOBS)).one()
    write_event(connection, row.id, "created", status_to=row.status)
    return job_record(row)
