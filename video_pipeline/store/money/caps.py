"""Owns what may not be exceeded and how it stands; hides the sums over the books.

A reservation counts at the time at which it was made, with what it came to be: what was paid, nothing if it was given
back, what is set aside as long as that is open. All who reserve take turns, so no two of them see the same money.

The look is one index of what was paid this month and another of what is open: with 100,000 payments in the month a
reservation took 0.6 s of everybody's turn when each was joined to its reservation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Uuid, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.errors import CapReachedError, NotFoundError
from video_pipeline.domain.money import usd
from video_pipeline.domain.purchases import FIRST_CAPS_USD, Cap, CapScope, Spending
from video_pipeline.store.books.base import CAPS, CHANNELS, Books, find_row
from video_pipeline.store.books.codec import clean

_TURNS = 4_902_771_385_114_406
"""A number of our own among PostgreSQL's advisory locks; whoever reserves holds it."""

# That the outcome is no reservation says twice what it is, so that PostgreSQL sees which index has it.
_SUMS = text("""
WITH bounds AS (
    SELECT date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS today,
           date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS this_month
), paid AS (
    SELECT video_job_id, channel_id, created_at, amount
    FROM cost_ledger
    WHERE entry = 'settle' AND created_at >= (SELECT this_month FROM bounds)
    UNION ALL  -- without what was reserved before: there it counts
    SELECT reserved.video_job_id, reserved.channel_id, unnest(ARRAY[outcome.created_at, reserved.created_at]),
           unnest(ARRAY[-outcome.amount, outcome.amount])
    FROM purchases AS reserved JOIN cost_ledger AS outcome
        ON outcome.request_key = reserved.id::text AND outcome.entry <> 'reserve' AND outcome.entry = 'settle'
    WHERE reserved.closed_at >= (SELECT this_month FROM bounds) AND reserved.price > 0
      AND (reserved.created_at AT TIME ZONE 'UTC')::date <> (reserved.closed_at AT TIME ZONE 'UTC')::date
), times AS (
    SELECT sum(amount) FILTER (WHERE channel_id = :channel_id AND created_at >= this_month) AS channel_paid,
           sum(amount) FILTER (WHERE created_at >= today) AS day_paid,
           sum(amount) FILTER (WHERE created_at >= this_month) AS month_paid
    FROM paid, bounds
), job AS (
    SELECT sum(amount) AS job_paid FROM cost_ledger WHERE video_job_id = :job_id AND entry = 'settle'
), held AS (
    SELECT sum(price) FILTER (WHERE video_job_id = :job_id) AS job_reserved,
           sum(price) FILTER (WHERE channel_id = :channel_id AND created_at >= this_month) AS channel_reserved,
           sum(price) FILTER (WHERE created_at >= today) AS day_reserved,
           sum(price) FILTER (WHERE created_at >= this_month) AS month_reserved
    FROM purchases, bounds
    WHERE state IN ('reserved', 'submitting', 'submitted', 'doubtful')
)
SELECT coalesce(job_paid, 0) AS job_paid, coalesce(job_reserved, 0) AS job_reserved,
       coalesce(channel_paid, 0) AS channel_paid, coalesce(channel_reserved, 0) AS channel_reserved,
       coalesce(day_paid, 0) AS day_paid, coalesce(day_reserved, 0) AS day_reserved,
       coalesce(month_paid, 0) AS month_paid, coalesce(month_reserved, 0) AS month_reserved
FROM times, job, held
""").bindparams(bindparam("job_id", type_=Uuid), bindparam("channel_id", type_=Uuid))

_OR_WAIT = {
    CapScope.JOB: "",
    CapScope.CHANNEL: ", or wait for the next month",
    CapScope.DAY: ", or retry tomorrow (UTC)",
    CapScope.MONTH: ", or wait for the next one",
}


class CapBooks(Books):
    """Verbs of caps."""

    def caps(self) -> list[Cap]:
        """Every cap that is set, those for all channels first."""
        order = CAPS.c.channel_id.is_not(None), CAPS.c.scope, CAPS.c.channel_id
        with self._transaction() as connection:
            rows = connection.execute(select(CAPS).order_by(*order)).all()
        return [Cap(row.scope, row.channel_id, row.amount, row.set_by, row.set_at) for row in rows]

    def set_cap(
        self, scope: CapScope, amount_usd: Decimal | None, *, channel_id: UUID | None = None, by: str = "operator"
    ) -> None:
        """Set a cap; with None there is no limit.

        InvalidInputError when there can be no such cap, NotFoundError for an unknown channel.
        """
        amount = Cap.checked(scope, channel_id, amount_usd)
        with self._transaction() as connection:
            # Behind those who reserve now, so that the next one sees it.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURNS})
            if channel_id and not connection.execute(select(CHANNELS.c.id).where(CHANNELS.c.id == channel_id)).first():
                raise NotFoundError(f"there is no channel {channel_id}")
            mine = CAPS.c.scope == scope, CAPS.c.channel_id.is_not_distinct_from(channel_id)
            connection.execute(delete(CAPS).where(*mine))
            row = {"scope": scope, "channel_id": channel_id, "amount": amount, "set_by": clean(by)}
            connection.execute(insert(CAPS).values(row))

    def spending(self, job_id: UUID | None = None, *, channel_id: UUID | None = None) -> list[Spending]:
        """How the caps stand: of a job and its channel, where one is named, of the day and of the month.

        With `channel_id` alone, as they stand for a job that is yet to be ordered there.
        """
        with self._transaction() as connection:
            if job_id is not None:
                channel_id = find_row(connection, job_id).channel_id
            return _spending(connection, job_id, channel_id)


def check_caps(connection: Connection, job_id: UUID | None, price_usd: Decimal) -> None:
    """Raise CapReachedError when `price_usd` more for a job, or without one for a trial, would exceed a cap.

    From here to the end of the transaction nobody else sets money aside.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURNS})
    channel_id = None if job_id is None else find_row(connection, job_id).channel_id
    reached: list[CapReachedError] = []
    for each in _spending(connection, job_id, channel_id):
        if each.cap_usd is None or each.paid_usd + each.reserved_usd + price_usd <= each.cap_usd:
            continue
        said = (
            f"{usd(price_usd)} more would exceed the cap of {usd(each.cap_usd)} for this {each.scope}: "
            f"{usd(each.paid_usd)} are paid and {usd(each.reserved_usd)} set aside; {_remedy(each)}"
        )
        reached.append(CapReachedError(said, may_pass=each.paid_usd + price_usd <= each.cap_usd))
    if reached:
        # Nobody need wait for one cap while another one is there to stay.
        raise min(reached, key=lambda error: error.may_pass)


def _remedy(reached: Spending) -> str:
    """What to do about a cap: the command that sets the very one that holds."""
    whose = f" --channel {reached.channel_id}" if reached.is_own else ""
    return f"raise it with 'video-pipeline money cap {reached.scope} AMOUNT{whose}'{_OR_WAIT[reached.scope]}"


def _spending(connection: Connection, job_id: UUID | None, channel_id: UUID | None) -> list[Spending]:
    sums = connection.execute(_SUMS, {"job_id": job_id, "channel_id": channel_id}).one()
    caps = {(row.scope, row.channel_id): row.amount for row in connection.execute(select(CAPS))}
    scopes = CapScope if (job_id or channel_id) is not None else (CapScope.DAY, CapScope.MONTH)
    return [_standing(scope, channel_id, caps, sums) for scope in scopes]


def _standing(
    scope: CapScope, channel_id: UUID | None, caps: dict[tuple[CapScope, UUID | None], Decimal | None], sums: Row[Any]
) -> Spending:
    whose = channel_id if scope in (CapScope.JOB, CapScope.CHANNEL) else None
    is_own = whose is not None and (scope, whose) in caps
    cap = caps[(scope, whose)] if is_own else caps.get((scope, None), FIRST_CAPS_USD.get(scope))
    paid, reserved = (Decimal(sums._mapping[f"{scope}_{each}"]) for each in ("paid", "reserved"))
    return Spending(scope, whose, cap, is_own, paid, reserved)
