"""Owns the end of purchases with which nobody will go on; hides how it is known that nobody will."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, true

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.purchases import PurchaseState
from video_pipeline.store.books.base import JOBS, LEASES, PURCHASES, Books
from video_pipeline.store.books.entries import close
from video_pipeline.store.books.fences import bury, live_lease, lock_lease

ENDED_S = 3600.0
"""How long after the end of a job what is open for it waits: the same refinement may be asked for again."""

FAILED_S = 7 * 86_400.0
"""How long after its failure: a retry takes up what was ordered, and would pay for it again if it had been ended."""

_NOW = func.clock_timestamp()
_P = PURCHASES.c
_LEFT = (PurchaseState.RESERVED, PurchaseState.SUBMITTING, PurchaseState.SUBMITTED)
_OVER = (JobStatus.COMPLETED, JobStatus.CANCELLED)


class EndingBooks(Books):
    """Verbs that end what was left open."""

    def end_forsaken(self) -> list[UUID]:
        """End what was left open for jobs that are over or gone and that nobody holds; the ids of those purchases.

        What a vendor was asked for counts as paid, at what it has said or else at its price; everything else is given
        back. What is doubtful stays until a person has looked. Trials, which belong to no job, end likewise.
        """
        with self._transaction() as connection:
            bury(connection, true())
            job_ids = set(connection.execute(_forsaken(_P.video_job_id)).scalars())
        ended: list[UUID] = []
        for job_id in sorted(job_ids):
            with self._transaction() as connection:
                lock_lease(connection, job_id)  # nobody takes the job up between the look and the end
                owed = func.coalesce(_P.cost, _P.price).label("owed")  # see `PurchaseRecord.owed_usd`
                rows = connection.execute(_forsaken(_P.id, _P.state, owed).where(_P.video_job_id == job_id)).all()
                for row in rows:
                    if close(connection, row.id, *_outcome(row), note=_note(row.state), states=_LEFT):
                        ended.append(row.id)
        return ended


def _outcome(row: Any) -> tuple[PurchaseState, Decimal]:
    if row.state is PurchaseState.RESERVED:
        return PurchaseState.RELEASED, Decimal(0)
    return PurchaseState.LOST, row.owed


def _note(state: PurchaseState) -> str:
    """Why a purchase that was in `state` is over."""
    if state is PurchaseState.RESERVED:
        return "its job ended; nobody was asked"
    possibly = "possibly paid; " if state is PurchaseState.SUBMITTING else ""
    return f"{possibly}its job ended; what was ordered is counted as paid"


def _forsaken(*columns: Any) -> Select[Any]:
    """A query of what was left open, and of which nobody will ask what became of it."""
    ended_long_ago = JOBS.c.finished_at < _NOW - timedelta(seconds=ENDED_S)
    failed_long_ago = JOBS.c.finished_at < _NOW - timedelta(seconds=FAILED_S)
    return (
        select(*columns)
        .select_from(PURCHASES.outerjoin(JOBS, JOBS.c.id == _P.video_job_id))
        .where(
            _P.state.in_(_LEFT),
            # An edit of a finished job may have ordered it just now.
            func.coalesce(_P.submitting_at, _P.created_at) < _NOW - timedelta(seconds=ENDED_S),
            or_(
                JOBS.c.id.is_(None),
                and_(JOBS.c.status.in_(_OVER), ended_long_ago),
                and_(JOBS.c.status == JobStatus.FAILED, failed_long_ago),
            ),
            ~select(LEASES.c.token).where(live_lease(_P.video_job_id)).exists(),
        )
    )
