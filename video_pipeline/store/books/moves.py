"""Owns changes of status in the books; hides the compare-and-set. What is legal stands in domain.job alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Table, bindparam, delete, func, select, text, update

from video_pipeline.domain.errors import ConflictError, IllegalMoveError, InvalidInputError, PreconditionError
from video_pipeline.domain.job import TRANSITIONS, JobStatus, check_move
from video_pipeline.domain.progress import Progress, Stage, overall_percent
from video_pipeline.domain.records import Lease, Works, fingerprint
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.store.books.base import (
    BEDS,
    EVENTS,
    EXPORTS,
    IMAGES,
    JOBS,
    LEASES,
    TRACKS,
    Books,
    find_row,
    write_event,
)
from video_pipeline.store.books.codec import bed_record, clean, image_record, progress_json, track_record
from video_pipeline.store.books.entries import end_all, release_abandoned
from video_pipeline.store.books.fences import ATTENDED, bury, hold, live_lease, lock_lease, revoke

_NOW = func.clock_timestamp()
_S = JobStatus
_STAMPS: dict[JobStatus, dict[str, Any]] = {
    _S.COMPLETED: {"completed_at": _NOW, "finished_at": _NOW},
    _S.FAILED: {"finished_at": _NOW},
    _S.CANCELLED: {"finished_at": _NOW},
}
"""Times set on entering a status; on entering any other one they are taken away."""

_NO_STAMPS: dict[str, Any] = {"completed_at": None, "finished_at": None}
_NO_FAILURE: dict[str, Any] = {"failed_from": None, "error_message": None}
NO_APPROVAL: dict[str, Any] = {
    "approved": False,
    "approved_at": None,
    "approved_by": None,
    "approved_fingerprint": None,
}
_DELIVERED = Progress(Stage.IMAGES, overall_percent(Stage.IMAGES, 100), 100.0, "images finished", None)
_AFTER_APPROVAL = (_S.RENDERING, _S.READY_FOR_EXPORT, _S.COMPLETED)
EDITED = ("refined", "reordered", "restored", "reworded")
"""Events after which the storyboard is another one."""

_PAIRED = (_S.AWAITING_APPROVAL, _S.RENDERING)


class MoveBooks(Books):
    """Verbs that change a status, or the approval that one of them needs."""

    def move(
        self,
        job_id: UUID,
        current: JobStatus,
        target: JobStatus,
        message: str = "",
        *,
        lease: Lease | None = None,
        approve_by: str | None = None,
    ) -> None:
        """Change the status from `current` to `target`, with an event, if it still is `current`.

        With `approve_by` the storyboard is approved in the same transaction. IllegalMoveError when the table of moves
        forbids it, ConflictError when the job has another status by now, an album lacks its 20 pairs or there is
        nothing to approve, LeaseLostError when `lease` is given and lost.
        """
        check_move(current, target)
        if lease is not None and lease.job_id != job_id:
            raise InvalidInputError(f"the lease is for job {lease.job_id}, not for {job_id}")
        with self._transaction() as connection:
            if lease is not None:
                hold(connection, lease)
            _move(connection, job_id, current, target, message=message, attempt=lease.attempt if lease else None)
            if approve_by is not None:
                _approve(connection, job_id, approve_by)

    def mark_job_failed(self, job_id: UUID, error_message: str, *, run_id: str | None = None) -> bool:
        """Move a working job to failed and end its attempt; False when there is no such job or it is not working.

        With `run_id` also False when another run has claimed the job last, or its storyboard was edited since: a stray
        run does not fail it.
        """
        with self._transaction() as connection:
            row = _locked_row(connection, job_id)
            if row is None or _S.FAILED not in TRANSITIONS[row.status] or _claimed_by_other(connection, row, run_id):
                return False
            _fail(connection, row, error_message)
        return True

    def mark_lost(self, job_id: UUID, error_message: str) -> bool:
        """Move a job to failed that somebody should work on and nobody does.

        False when an attempt holds it, or when it waits for a person, is over or does not exist. A holder of this
        machine that is gone does not count.
        """
        with self._transaction() as connection:
            row = _locked_row(connection, job_id)
            if row is None or not (row.status in ATTENDED or (row.status is _S.AWAITING_APPROVAL and row.approved)):
                return False
            bury(connection, LEASES.c.video_job_id == job_id)
            if connection.execute(select(LEASES.c.token).where(live_lease(job_id))).one_or_none() is not None:
                return False
            _fail(connection, row, error_message)
        return True

    def retry(self, job_id: UUID, target: JobStatus | None = None) -> JobStatus:
        """Bring a failed job back to `target`, by default the status in which it failed; counts the retry.

        Returns the new status. IllegalMoveError when the job is not failed, ConflictError when an album that lacks its
        20 pairs would go where it needs them.
        """
        with self._transaction() as connection:
            lock_lease(connection, job_id)
            row = find_row(connection, job_id, locked=True)
            if row.status is not _S.FAILED:
                raise IllegalMoveError(f"job {job_id} is {row.status}; only a failed job can be retried")
            target = target or row.failed_from or _S.PLANNED
            check_move(row.status, target)
            retried = {"retry_count": JOBS.c.retry_count + 1}
            _move(connection, job_id, _S.FAILED, target, retried, kind="retried", message=row.error_message or "")
        return target

    def cancel(self, job_id: UUID) -> None:
        """Stop a job for good; nothing happens when it is cancelled already, IllegalMoveError when it is completed.

        A running attempt keeps its lease until it notices, so that it can tidy up.
        """
        with self._transaction() as connection:
            lock_lease(connection, job_id)
            status = find_row(connection, job_id, locked=True).status
            if status is not _S.CANCELLED:
                check_move(status, _S.CANCELLED)
                _move(connection, job_id, status, _S.CANCELLED, kind="cancelled")
                if connection.execute(select(LEASES.c.token).where(live_lease(job_id))).one_or_none() is None:
                    end_all(connection, job_id, "its job was cancelled")

    def is_cancelled(self, job_id: UUID) -> bool:
        """True when the job was cancelled; NotFoundError when there is none."""
        with self._transaction() as connection:
            return bool(find_row(connection, job_id).status is _S.CANCELLED)

    def approve_storyboard(self, job_id: UUID, by: str = "operator", *, expected: str | None = None) -> bool:
        """Approve exactly what is there now: the plan and the files made for it.

        True, also when the very same was approved before. ConflictError unless the job awaits approval and each
        scene has its piece of music and its picture; PreconditionError when that is not the `expected` version.
        """
        with self._transaction() as connection:
            _approve(connection, job_id, by, expected)
        return True


def _approve(connection: Connection, job_id: UUID, by: str, expected: str | None = None) -> None:
    row = find_row(connection, job_id, locked=True)
    if row.status is not _S.AWAITING_APPROVAL:
        raise ConflictError(f"job {job_id} is {row.status}; only one that awaits approval can be approved")
    seen = check_version(connection, row, expected)
    if row.approved and row.approved_fingerprint == seen:
        return
    values = {"approved": True, "approved_at": _NOW, "approved_by": clean(by), "approved_fingerprint": seen}
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
    write_event(connection, job_id, "approved", status_from=row.status, message=f"by {by}: {seen}")


def _move(
    connection: Connection,
    job_id: UUID,
    current: JobStatus,
    target: JobStatus,
    values: dict[str, Any] | None = None,
    *,
    kind: str = "moved",
    message: str = "",
    attempt: int | None = None,
) -> None:
    changes: dict[str, Any] = {"status": target} | _STAMPS.get(target, _NO_STAMPS)
    if target is _S.FAILED:
        changes |= {"failed_from": current, "error_message": clean(message)}
    elif current is _S.FAILED:
        changes |= _NO_FAILURE
    reopened = target is _S.AWAITING_APPROVAL and current in _AFTER_APPROVAL
    if reopened:
        changes |= NO_APPROVAL
    statement = update(JOBS).where(JOBS.c.id == job_id, JOBS.c.status == current).values(changes | (values or {}))
    if not connection.execute(statement).rowcount:
        found = find_row(connection, job_id).status
        raise ConflictError(f"job {job_id} is {found}, not {current} any more; it was not made {target}")
    if target in _PAIRED:
        # The rule of 20 pairs is checked at the end of the transaction by default; here, its error is still ours.
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    write_event(connection, job_id, kind, status_from=current, status_to=target, message=message, attempt=attempt)
    if reopened:
        write_event(connection, job_id, "approval_reset", status_to=target)
    elif target is _S.AWAITING_APPROVAL:
        _forget_if_changed(connection, job_id)


def _forget_if_changed(connection: Connection, job_id: UUID) -> None:
    """Take back the approval of files that were made anew and differ, and forget what was rendered from them."""
    row = find_row(connection, job_id)
    if not row.approved or version_of(connection, row) == row.approved_fingerprint:
        return
    forgotten = NO_APPROVAL | {"master_report": None, "local_video_path": None}
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(forgotten))
    connection.execute(delete(EXPORTS).where(EXPORTS.c.video_job_id == job_id))
    write_event(connection, job_id, "approval_reset", status_to=row.status, message="the approved files changed")


def check_version(connection: Connection, row: Row[Any], expected: str | None) -> str:
    """The version of a job's storyboard; PreconditionError when another one is `expected`."""
    found = version_of(connection, row)
    check_expected(row.id, found, expected)
    return found


def check_expected(job_id: UUID, found: str, expected: str | None) -> None:
    """PreconditionError when the storyboard is another version than the one that somebody has seen."""
    if expected is not None and expected != found:
        raise PreconditionError(
            f"the storyboard of job {job_id} changed since it was read: it is {found[:12]} now, not {expected[:12]!r}"
        )


def reopen(connection: Connection, row: Row[Any], kind: str, message: str, *, values: dict[str, Any]) -> None:
    """Record an edit of the storyboard in a locked job: it awaits approval again.

    The master and the exports are forgotten, because they show the former storyboard.
    """
    forgotten: dict[str, Any] = NO_APPROVAL | {"master_report": None, "local_video_path": None}
    connection.execute(delete(EXPORTS).where(EXPORTS.c.video_job_id == row.id))
    write_event(connection, row.id, kind, message=message, attempt=row.attempt)
    if row.status is not _S.AWAITING_APPROVAL:
        forgotten["progress"] = progress_json(_DELIVERED)
        _move(connection, row.id, row.status, _S.AWAITING_APPROVAL, values | forgotten, message=kind)
        return
    connection.execute(update(JOBS).where(JOBS.c.id == row.id).values(values | forgotten))
    if row.approved:
        write_event(connection, row.id, "approval_reset", status_to=row.status)


def _locked_row(connection: Connection, job_id: UUID) -> Row[Any] | None:
    lock_lease(connection, job_id)
    query = select(JOBS).where(JOBS.c.id == job_id).with_for_update(key_share=True)
    return connection.execute(query).one_or_none()


def _fail(connection: Connection, row: Row[Any], error_message: str) -> None:
    _move(connection, row.id, row.status, _S.FAILED, message=error_message)
    revoke(connection, row.id)
    # A job may never be retried; what its attempt had asked nobody for is free for others until then.
    release_abandoned(connection, row.id)


def _claimed_by_other(connection: Connection, row: Row[Any], run_id: str | None) -> bool:
    if run_id is None:
        return False
    other = select(LEASES.c.token).where(live_lease(row.id), LEASES.c.run_id != clean(run_id), LEASES.c.edit.is_(None))
    if row.run_id not in (None, clean(run_id)) or connection.execute(other).one_or_none() is not None:
        return True
    history = EVENTS.c.video_job_id == row.id
    last = select(func.max(EVENTS.c.id)).where(history, EVENTS.c.kind == "claimed", EVENTS.c.message == clean(run_id))
    edits = select(EVENTS.c.id).where(history, EVENTS.c.kind.in_(EDITED), EVENTS.c.id > last.scalar_subquery())
    return connection.execute(edits.limit(1)).one_or_none() is not None


def version_of(connection: Connection, row: Row[Any]) -> str:
    """The fingerprint of a job's plan and files; ConflictError while scenes lack their music or picture."""
    if row.storyboard_data is None:
        raise ConflictError(f"job {row.id} has no storyboard that could be approved")
    storyboard = Storyboard.from_json(row.storyboard_data)
    works = works_of(connection, row.id)
    if not works.complete(storyboard):
        raise ConflictError(
            f"job {row.id} has {len(works.tracks)} of {len(storyboard.music_indexes)} pieces of music, "
            f"{len(works.images)} of {len(storyboard.scenes)} pictures and "
            f"{len(works.beds)} of {len(storyboard.beds)} sounds beneath; finish them first"
        )
    return fingerprint(storyboard, works)


def works_of(connection: Connection, job_id: UUID) -> Works:
    """What was made for a job and measured, in order."""
    tracks, images, beds = (
        connection.execute(_MEASURED[table], {"job_id": job_id}) for table in (TRACKS, IMAGES, BEDS)
    )
    return Works(
        tracks=[track_record(each) for each in tracks],
        images=[image_record(each) for each in images],
        beds=[bed_record(each) for each in beds],
    )


def _measured_works(table: Table) -> Select[Any]:
    ours = table.c.video_job_id == bindparam("job_id")
    return select(table).where(ours, table.c.sha256.is_not(None), table.c.order_index > 0).order_by(table.c.order_index)


_MEASURED = {table: _measured_works(table) for table in (TRACKS, IMAGES, BEDS)}
