"""Owns counts and sums over jobs and money; hides the queries, whose number depends on nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Double,
    Interval,
    Select,
    Subquery,
    and_,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import WORKING, JobStatus
from video_pipeline.domain.money import LedgerEntry
from video_pipeline.domain.statistics import (
    PERIODS_MAX,
    STATUS_WORDS,
    Gauges,
    Period,
    PeriodCost,
    ProviderSum,
    StoryboardStats,
)
from video_pipeline.store.books.base import EXPORTS, JOBS, LEASES, LEDGER, THUMBNAILS, Books
from video_pipeline.store.books.codec import clean

_NOW = func.clock_timestamp()
_LIVE = and_(LEASES.c.released_at.is_(None), LEASES.c.expires_at > _NOW)
_SETTLED = LEDGER.c.entry == LedgerEntry.SETTLE
_DONE = JOBS.c.status == JobStatus.COMPLETED
_PAID = func.coalesce(func.sum(LEDGER.c.amount), 0)
_SHORTEST_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 28}


class StatisticsBooks(Books):
    """Verbs that count and sum."""

    def get_storyboard_stats(self, user_id: str | None = None) -> StoryboardStats:
        """Everything ordered so far, by everybody or by one user; two queries.

        What was paid for jobs that are deleted stays in the sum over everybody.
        """
        theirs = true() if user_id is None else JOBS.c.user_id == clean(user_id)
        by_status = select(JOBS.c.status, *_totals()).where(theirs).group_by(JOBS.c.status)
        beside = select(
            _of(theirs, select(_PAID).where(_SETTLED), LEDGER.c.video_job_id, user_id).label("total_cost"),
            _of(theirs, select(func.count()), THUMBNAILS.c.video_job_id, user_id).label("total_thumbnails"),
            _of(theirs, select(func.count()), EXPORTS.c.video_job_id, user_id).label("exports"),
        )
        with self._transaction() as connection:
            rows = {row.status: row for row in connection.execute(by_status)}
            sums = connection.execute(beside).one()
        counts = {status: rows[status].jobs if status in rows else 0 for status in JobStatus}
        return StoryboardStats(
            total_tasks=sum(counts.values()),
            by_status=counts,
            by_word={word: sum(counts[each] for each in statuses) for word, statuses in STATUS_WORDS.items()},
            total_credits_used=sum(row.credits_used for row in rows.values()),
            total_minutes=rows[JobStatus.COMPLETED].minutes if JobStatus.COMPLETED in rows else 0.0,
            refinements=sum(row.refinements for row in rows.values()),
            downloads=sum(row.downloads for row in rows.values()),
            **sums._asdict(),
        )

    def cost_over_time(
        self,
        period: Period,
        since: datetime,
        until: datetime,
        *,
        user_id: str | None = None,
        channel_id: UUID | None = None,
    ) -> list[PeriodCost]:
        """One row for each period of UTC that the time from `since` until before `until` touches; one query.

        The first and the last row count only what lies within that time. A job counts as completed while it is.
        InvalidInputError for times without a zone or in the wrong order, and for more than PERIODS_MAX periods.
        """
        since, until = _checked(period, since, until)
        theirs = [] if user_id is None else [JOBS.c.user_id == clean(user_id)]
        jobs = [*theirs, *([] if channel_id is None else [JOBS.c.channel_id == channel_id])]
        money = [_SETTLED, *([] if channel_id is None else [LEDGER.c.channel_id == channel_id])]
        if theirs:
            money.append(exists().where(JOBS.c.id == LEDGER.c.video_job_id, *theirs))

        def within(when: ColumnElement[datetime], *sums: ColumnElement[Any]) -> Select[Any]:
            start = _start(period, func.timezone("UTC", when)).label("start")
            return select(start, *sums).where(when >= since, when < until).group_by(start)

        ordered = within(JOBS.c.created_at, func.count().label("jobs")).where(*jobs).subquery()
        completed = within(JOBS.c.completed_at, *_totals()).where(_DONE, *jobs).subquery()
        paid = within(LEDGER.c.created_at, _PAID.label("cost_usd")).where(*money).subquery()
        with self._transaction() as connection:
            rows = connection.execute(_series(period, since, until, ordered=ordered, completed=completed, paid=paid))
            return [PeriodCost(**row._asdict() | {"period": row.period.replace(tzinfo=UTC)}) for row in rows]

    def gauges(self) -> Gauges:
        """The state at this moment; five queries.

        A job waits in a working status that no live attempt holds it in, and is not written meanwhile.
        """
        counts = select(JOBS.c.status, func.count().label("jobs")).group_by(JOBS.c.status)
        unheld = JOBS.outerjoin(LEASES, and_(LEASES.c.video_job_id == JOBS.c.id, _LIVE))
        waiting_s = cast(func.extract("epoch", _NOW - func.min(JOBS.c.updated_at)), Double)
        waiting = (
            select(JOBS.c.status, waiting_s.label("seconds"))
            .select_from(unheld)
            .where(JOBS.c.status.in_(WORKING), LEASES.c.video_job_id.is_(None))
            .group_by(JOBS.c.status)
        )
        key = (LEDGER.c.provider, LEDGER.c.entry)
        sums = select(*key, func.count().label("entries"), _PAID.label("amount_usd")).group_by(*key).order_by(*key)
        files = select(func.count(), func.coalesce(func.sum(EXPORTS.c.bytes), 0))
        with self._transaction() as connection:
            found = {row.status: row.jobs for row in connection.execute(counts)}
            oldest = {row.status: max(row.seconds, 0.0) for row in connection.execute(waiting)}
            leases = connection.execute(select(func.count()).select_from(LEASES).where(_LIVE)).scalar_one()
            ledger = tuple(ProviderSum(**row._asdict()) for row in connection.execute(sums))
            exports, export_bytes = connection.execute(files).one()
        jobs = {status: found.get(status, 0) for status in JobStatus}
        return Gauges(jobs, oldest, leases, ledger, exports, int(export_bytes))


def _totals() -> tuple[ColumnElement[Any], ...]:
    """Sums over a group of jobs."""
    columns = {"credits_used": "credits_used", "refinements": "refinement_count", "downloads": "download_count"}
    return (
        func.count().label("jobs"),
        (cast(func.coalesce(func.sum(JOBS.c.duration), 0), Double) / 60).label("minutes"),
        *(func.coalesce(func.sum(JOBS.c[column]), 0).label(name) for name, column in columns.items()),
    )


def _of(
    theirs: ColumnElement[bool], query: Select[Any], job_id: ColumnElement[UUID], user_id: str | None
) -> ColumnElement[Any]:
    """The one value of `query`, over the jobs of a user if one is given."""
    whose = query.select_from(job_id.table)
    if user_id is not None:
        whose = whose.where(job_id.in_(select(JOBS.c.id).where(theirs)))
    return whose.scalar_subquery()


def _start(period: Period, when: ColumnElement[datetime]) -> ColumnElement[datetime]:
    return func.date_trunc(literal(period.value, literal_execute=True), when)


def _series(period: Period, since: datetime, until: datetime, **parts: Subquery) -> Select[Any]:
    """All periods from `since` to before `until`, with what each part knows about it."""
    edges = (since, until - timedelta(microseconds=1))
    first, last = (_start(period, func.timezone("UTC", literal(when))) for when in edges)
    step = cast(f"1 {period.value}", Interval)
    starts = func.generate_series(first, last, step).table_valued("start").render_derived()
    known = {
        "jobs": parts["ordered"].c.jobs,
        "completed": parts["completed"].c.jobs,
        "cost_usd": parts["paid"].c.cost_usd,
        "minutes": parts["completed"].c.minutes,
    }
    values = (func.coalesce(column, 0).label(name) for name, column in known.items())
    query = select(starts.c.start.label("period"), *values).order_by(starts.c.start)
    for part in parts.values():
        query = query.outerjoin_from(starts, part, part.c.start == starts.c.start)
    return query


def _checked(period: Period, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    if since.tzinfo is None or until.tzinfo is None:
        raise InvalidInputError("give both times with their zone, for example 2026-07-01T00:00:00Z")
    try:
        since, until = since.astimezone(UTC), until.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError(f"the times {since} and {until} lie outside of the calendar") from error
    if since >= until:
        raise InvalidInputError(f"the time must begin before it ends, not at {since} and end at {until}")
    if (until - since) / timedelta(days=_SHORTEST_DAYS[period]) > PERIODS_MAX - 1:
        raise InvalidInputError(f"that is more than {PERIODS_MAX} periods; ask for longer ones or a shorter time")
    return since, until
