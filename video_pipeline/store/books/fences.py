"""Owns the right to write to a job: claim, renew, release, check; hides the clock, which is the database's.

One row a job. An attempt that claims a job replaces the row and with it the token; a write with an older token is
refused in the same transaction, so a process that slept through its own end cannot spoil its successor's work.

An edit of the storyboard takes the lease as well, but no job from the run that had it: `run_id` and `holder` stay that
run's, beside them stand what is edited and by which process.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.editing import check_editable
from video_pipeline.domain.errors import BeingEditedError, CancelledError, ConflictError, LeaseLostError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import JobRecord, Lease
from video_pipeline.store.books.base import EVENTS, JOBS, LEASES, Books, find_row, write_event
from video_pipeline.store.books.codec import clean, job_record
from video_pipeline.store.books.entries import end_all, release_abandoned
from video_pipeline.store.server.presence import is_gone, this_process

ATTENDED = (
    JobStatus.PLANNED,
    JobStatus.GENERATING_MUSIC,
    JobStatus.GENERATING_IMAGE,
    JobStatus.RENDERING,
    JobStatus.READY_FOR_EXPORT,
)
"""The statuses in which an attempt works on a job; in the other working ones it waits for a person."""

# Not now(), which stands still from the start of a transaction, also while that waits for a lock.
_NOW = func.clock_timestamp()


# A run whose lease ran out is over; an edit that comes after it must not make it look alive.
_RUN_UNLESS_DEAD = case((and_(LEASES.c.released_at.is_(None), LEASES.c.edit.is_(None)), ""), else_=LEASES.c.run_id)


def live_lease(job_id: Any) -> ColumnElement[bool]:
    """The condition that a lease of this job (an id or a column) is live."""
    return and_(LEASES.c.video_job_id == job_id, LEASES.c.released_at.is_(None), LEASES.c.expires_at > _NOW)


def hold(connection: Connection, lease: Lease) -> None:
    """Refuse the transaction unless the lease is live, and keep it so until the end; LeaseLostError otherwise."""
    ours = and_(live_lease(lease.job_id), LEASES.c.token == lease.token)
    if connection.execute(select(LEASES.c.attempt).where(ours).with_for_update(read=True)).one_or_none() is None:
        raise _lost(connection, lease)


def hold_wanted(connection: Connection, lease: Lease) -> None:
    """As `hold`, and CancelledError when the job was cancelled: its attempt may not have noticed yet."""
    hold(connection, lease)
    # Who cancels takes the lease first, and so comes before this or after the transaction, not in between.
    if find_row(connection, lease.job_id).status is JobStatus.CANCELLED:
        raise CancelledError(f"job {lease.job_id} was cancelled; nothing more is bought for it")


def lock_lease(connection: Connection, job_id: UUID) -> None:
    """Lock the lease of a job, if it has one, before the job itself is locked."""
    connection.execute(select(LEASES.c.token).where(LEASES.c.video_job_id == job_id).with_for_update())


def revoke(connection: Connection, job_id: UUID) -> None:
    """End the lease of a job, whoever has it."""
    unreleased = and_(LEASES.c.video_job_id == job_id, LEASES.c.released_at.is_(None))
    connection.execute(update(LEASES).where(unreleased).values(released_at=_NOW))


class LeaseBooks(Books):
    """Verbs about attempts."""

    def claim(self, job_id: UUID, run_id: str, *, ttl_s: int = 60, edit: bool = False) -> Lease:
        """Take the job for one attempt of `run_id`, for `ttl_s` seconds unless renewed.

        With `edit` for a change of its storyboard: the attempt counts, but the job stays in the hands of the run that
        had it last, and `run_id` says for people what is being done.

        ConflictError while another attempt's lease is live (BeingEditedError while that is an edit), or when the
        job's status allows no edit; NotFoundError for an unknown job.
        """
        new = {
            "token": uuid4(),
            "attempt": select(JOBS.c.attempt + 1).where(JOBS.c.id == job_id).scalar_subquery(),
            "claimed_at": _NOW,
            "expires_at": _NOW + timedelta(seconds=ttl_s),
            "released_at": None,
        }
        new |= {"edit": clean(run_id), "editor": this_process()} if edit else {"edit": None, "editor": ""}
        mine = {"run_id": clean(run_id), "holder": this_process()}
        statement = insert(LEASES).values(video_job_id=job_id, **new, **({"run_id": ""} if edit else mine))
        upsert = statement.on_conflict_do_update(
            index_elements=["video_job_id"],
            set_=new | ({"run_id": _RUN_UNLESS_DEAD} if edit else mine),
            where=~live_lease(job_id),
        )
        with self._transaction() as connection:
            row = find_row(connection, job_id)
            if edit:
                check_editable(job_id, row.status)
            bury(connection, LEASES.c.video_job_id == job_id)
            taken = connection.execute(upsert.returning(LEASES.c.token, LEASES.c.attempt)).one_or_none()
            if taken is None:
                raise _held(connection, job_id)
            release_abandoned(connection, job_id)
            counted: dict[str, Any] = {"attempt": taken.attempt}
            if not edit:
                counted |= {"run_id": clean(run_id), "started_at": func.coalesce(JOBS.c.started_at, _NOW)}
                counted |= {"run_dir": JOBS.c.output_directory}  # where a run puts what it makes
                write_event(
                    connection, job_id, "claimed", status_from=row.status, message=run_id, attempt=taken.attempt
                )
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(counted))
        return Lease(job_id, taken.token, taken.attempt, run_id)

    def is_held(self, job_id: UUID) -> bool:
        """True while an attempt's lease is live."""
        with self._transaction() as connection:
            bury(connection, LEASES.c.video_job_id == job_id)
            return connection.execute(select(LEASES.c.token).where(live_lease(job_id))).one_or_none() is not None

    def run_is_gone(self, job_id: UUID, run_id: str) -> bool:
        """True when a run that had claimed the job works on it no more: its process ended, or another run took over.

        False when in doubt: a run that has not claimed yet, or one on another machine whose lease still lives.
        """
        claimed = and_(EVENTS.c.video_job_id == job_id, EVENTS.c.kind == "claimed", EVENTS.c.message == clean(run_id))
        with self._transaction() as connection:
            row = connection.execute(select(LEASES).where(LEASES.c.video_job_id == job_id)).one_or_none()
            if row is not None and row.run_id == clean(run_id):
                if row.edit is not None:
                    return is_gone(row.holder)
                expired = and_(LEASES.c.token == row.token, LEASES.c.released_at.is_(None), LEASES.c.expires_at <= _NOW)
                over = connection.execute(select(LEASES.c.token).where(expired)).one_or_none() is not None
                return over or is_gone(row.holder)
            return connection.execute(select(EVENTS.c.id).where(claimed).limit(1)).one_or_none() is not None

    def renew(self, lease: Lease, *, ttl_s: int = 60) -> None:
        """Keep the lease for another `ttl_s` seconds.

        An expired one revives, for example after the machine slept, as long as nobody else has claimed the job or
        given it up; LeaseLostError otherwise.
        """
        ours = and_(
            LEASES.c.video_job_id == lease.job_id, LEASES.c.token == lease.token, LEASES.c.released_at.is_(None)
        )
        with self._transaction() as connection:
            statement = update(LEASES).where(ours).values(expires_at=_NOW + timedelta(seconds=ttl_s))
            if not connection.execute(statement).rowcount:
                raise _lost(connection, lease)

    def release(self, lease: Lease) -> None:
        """Give the job back; nothing happens when the lease was lost or released before.

        When the job is finished, or was cancelled meanwhile, nobody will come after this attempt: what is open for it
        ends. An edit of a finished job may be repeated, and then goes on with what it has ordered.
        """
        ours = and_(LEASES.c.token == lease.token, LEASES.c.released_at.is_(None))
        with self._transaction() as connection:
            given_back = update(LEASES).where(ours).values(released_at=_NOW).returning(LEASES.c.edit)
            freed = connection.execute(given_back).one_or_none()
            if freed is None:
                return
            status = find_row(connection, lease.job_id).status
            if status is JobStatus.CANCELLED:
                end_all(connection, lease.job_id, "its job was cancelled")
            elif status is JobStatus.COMPLETED and freed.edit is None:
                end_all(connection, lease.job_id, "its job is finished; what was ordered is counted as paid")

    def lost_jobs(self) -> list[JobRecord]:
        """Jobs whose attempt ended without releasing: the lease expired while somebody should have been working.

        An edit that ended so has changed nothing and is not missed. What was under way for a cancelled job is not taken
        up again: it ends here.
        """
        query = (
            select(JOBS)
            .join(LEASES, LEASES.c.video_job_id == JOBS.c.id)
            .where(LEASES.c.released_at.is_(None), LEASES.c.expires_at <= _NOW, LEASES.c.edit.is_(None))
            .where(JOBS.c.status.in_(ATTENDED))
            .order_by(LEASES.c.expires_at)
        )
        with self._transaction() as connection:
            bury(connection, true())
            _end_cancelled(connection)
            return [job_record(row) for row in connection.execute(query)]


def bury(connection: Connection, which: ColumnElement[bool]) -> None:
    """Let live leases expire now whose holder ran on this machine and is gone."""
    live = and_(which, LEASES.c.released_at.is_(None), LEASES.c.expires_at > _NOW)
    for row in connection.execute(select(LEASES).where(live)).all():
        if is_gone(row.holder if row.edit is None else row.editor):
            connection.execute(update(LEASES).where(LEASES.c.token == row.token).values(expires_at=_NOW))


def _end_cancelled(connection: Connection) -> None:
    """End what is under way for cancelled jobs whose attempt was killed before it noticed."""
    silent = LEASES.c.released_at.is_(None), LEASES.c.expires_at <= _NOW, JOBS.c.status == JobStatus.CANCELLED
    found = select(LEASES.c.token, JOBS.c.id).join(JOBS, LEASES.c.video_job_id == JOBS.c.id).where(*silent)
    for token, job_id in connection.execute(found.with_for_update(of=LEASES, skip_locked=True)).all():
        connection.execute(update(LEASES).where(LEASES.c.token == token).values(released_at=_NOW))
        end_all(connection, job_id, "its job was cancelled")


def held_jobs(connection: Connection) -> list[UUID]:
    """The jobs that somebody works on; leases of processes that are gone end now."""
    bury(connection, true())
    return list(connection.execute(select(LEASES.c.video_job_id).where(live_lease(LEASES.c.video_job_id))).scalars())


def _held(connection: Connection, job_id: UUID) -> ConflictError:
    row = connection.execute(select(LEASES).where(LEASES.c.video_job_id == job_id)).one()
    kind = ConflictError if row.edit is None else BeingEditedError
    until = f"whose lease ends at {row.expires_at:%H:%M:%S} UTC"
    return kind(f"job {job_id} is being worked on by {_attempt(row)}, {until}")


def _attempt(row: Row[Any]) -> str:
    return f"attempt {row.attempt} ({f'run {row.run_id}' if row.edit is None else row.edit})"


def _lost(connection: Connection, lease: Lease) -> LeaseLostError:
    row = connection.execute(select(LEASES).where(LEASES.c.video_job_id == lease.job_id)).one_or_none()
    if row is None:
        reason = "the job is gone"
    elif row.token != lease.token:
        reason = f"{_attempt(row)} owns the job now"
    elif row.released_at is not None:
        reason = "it was given back or revoked"
    else:
        reason = f"it expired at {row.expires_at:%H:%M:%S} UTC"
    return LeaseLostError(f"attempt {lease.attempt} may no longer write to job {lease.job_id}: {reason}")
