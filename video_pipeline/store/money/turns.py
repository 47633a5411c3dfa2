"""Owns when a vendor may be asked, over all processes: concurrency, rate, quotas, circuit breaker; hides the row.

A vendor has one row, and whoever wants to submit locks it. What a vendor works on is what is submitted and not ended:
also for an attempt that was killed, because the vendor has not heard of that.

The circuit breaker, by what the answers to submissions say:

    lets all through ── FAILURES_MAX failures in a row ──▶ keeps all away ── time is over ──▶ lets one through: a trial
           ▲                                                     ▲                                │           │
           │                                                     └── twice as long ─── it fails ──┘           │
           └──────────────────────────── any submission succeeds ─────────────────────────────────────────────┘

While it keeps all away, looks at what was ordered before go on; whether they fail or not says nothing of submissions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.errors import ConflictError, LimitReachedError
from video_pipeline.domain.purchases import Limits, PurchaseState, Turn, VendorState
from video_pipeline.domain.records import Lease
from video_pipeline.store.books.base import PURCHASES, VENDORS, Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.books.fences import hold_wanted

FAILURES_MAX = 5
"""Failures in a row after which the circuit breaker opens."""

CLOSED_S = 30.0
"""How long it keeps all away at first; twice as long after each trial that fails, up to CLOSED_MAX_S."""

CLOSED_MAX_S = 900.0
PAUSE_MAX_S = 86_400.0
"""The longest that a vendor is left alone because it asks for it; then it may say so again."""


TRIAL_S = 60.0
"""How long others wait for the outcome of a trial; not longer than a purchase waits for a vendor that is left alone."""

FORGOTTEN_S = 3600.0
"""After so long a task does not count as under way any more: no vendor works on one for an hour."""

TRIALS_KEPT = 10
"""Of trials in a row whose outcome is not told yet: a submission may take longer than the others wait for it."""

LOOK_AGAIN_S = 1.0

_NOW = func.clock_timestamp()
_UNDER_WAY = (PurchaseState.SUBMITTING, PurchaseState.SUBMITTED)
_P = PURCHASES.c


class TurnBooks(Books):
    """Verbs of vendors."""

    def begin_submission(self, lease: Lease | None, purchase_id: UUID, limits: Limits) -> Turn:
        """Begin to submit a reserved purchase, if the vendor's limits let it; without a lease that of a trial.

        LimitReachedError when a quota is used up, LeaseLostError when the attempt has lost its job, CancelledError when
        that was cancelled, ConflictError when the purchase is not reserved.
        """
        with self._transaction() as connection:
            if lease is not None:
                hold_wanted(connection, lease)
            mine = select(_P.provider).where(_P.id == purchase_id, _P.state == PurchaseState.RESERVED)
            # Nothing else keeps two who try the same provider from beginning both.
            provider = connection.execute(mine.with_for_update()).scalar_one_or_none()
            if provider is None:
                raise ConflictError(f"purchase {purchase_id} is not reserved any more")
            vendor = _locked(connection, provider)
            turn = _reason_to_wait(connection, vendor, limits)
            if turn is not None:
                return turn
            changes: dict[str, Any] = {"updated_at": _NOW}
            if limits.calls_per_minute:
                changes["next_call_at"] = _NOW + timedelta(seconds=60 / limits.calls_per_minute)
            if vendor.failures >= FAILURES_MAX:
                changes["closed_until"] = _NOW + timedelta(seconds=TRIAL_S)
                changes["trials"] = [*_without(vendor.trials, purchase_id), str(purchase_id)][-TRIALS_KEPT:]
            connection.execute(update(VENDORS).where(VENDORS.c.provider == provider).values(changes))
            begun = {
                "state": PurchaseState.SUBMITTING,
                "submitting_at": _NOW,
                "attempt": None if lease is None else lease.attempt,
            }
            begin = update(PURCHASES).where(_P.id == purchase_id).values(begun).returning(_P.submitting_at)
            began_at = connection.execute(begin).scalar_one()
        return Turn(began_at=began_at)

    def report_vendor(
        self, provider: str, error: str | None, pause_s: float | None = None, *, submission: UUID | None = None
    ) -> None:
        """Put down how a call went, for the circuit breaker; after FAILURES_MAX failures in a row it keeps all away.

        `submission` is the purchase that was submitted by it; None for any other call. `pause_s` is how many seconds
        the vendor asked to be left alone, which is no failure of its own.
        """
        with self._transaction() as connection:
            vendor = _locked(connection, provider)
            if error is None:
                changes = _after_success(vendor, submission)
            else:
                changes = _after_failure(vendor, submission, is_counted=pause_s is None) | {"last_error": clean(error)}
            if pause_s is not None:
                until = _NOW + timedelta(seconds=min(max(pause_s, 0.0), PAUSE_MAX_S))
                changes["paused_until"] = func.greatest(func.coalesce(VENDORS.c.paused_until, until), until)
            mine = update(VENDORS).where(VENDORS.c.provider == provider)
            connection.execute(mine.values(changes | {"updated_at": _NOW}))

    def vendor_states(self) -> list[VendorState]:
        """How calls to each vendor have gone lately, by name."""
        with self._transaction() as connection:
            rows = connection.execute(select(VENDORS, _later("closed_until"), _later("paused_until"))).all()
            states = [
                VendorState(
                    provider=row.provider,
                    failures=row.failures,
                    closed_until=row.closed_until if row.is_closed_until else None,
                    paused_until=row.paused_until if row.is_paused_until else None,
                    last_error=row.last_error,
                    under_way=_under_way(connection, row.provider),
                )
                for row in rows
            ]
        return sorted(states, key=lambda state: state.provider)


def _after_success(vendor: Row[Any], submission: UUID | None) -> dict[str, Any]:
    """What changes in a vendor's row when it has answered."""
    if vendor.failures >= FAILURES_MAX and submission is None:
        return {}  # whoever lets read may take nothing up
    return {"failures": 0, "closed_until": None, "trials": []}


def _after_failure(vendor: Row[Any], submission: UUID | None, *, is_counted: bool) -> dict[str, Any]:
    """What changes in a vendor's row when it has not; while it is left alone, a failure counts only of a trial."""
    changes: dict[str, Any] = {}
    if vendor.failures >= FAILURES_MAX:
        others = _without(vendor.trials, submission)
        if others == vendor.trials:
            return {}
        changes = {"trials": others, "closed_until": None}
    if is_counted:
        failures = vendor.failures + 1
        changes["failures"] = failures
        if failures >= FAILURES_MAX:
            away_s = min(CLOSED_S * 2 ** min(failures - FAILURES_MAX, 10), CLOSED_MAX_S)
            changes["closed_until"] = _NOW + timedelta(seconds=away_s)
    return changes


def _without(trials: list[str], purchase_id: UUID | None) -> list[str]:
    return [each for each in trials if each != str(purchase_id)]


def _locked(connection: Connection, provider: str) -> Row[Any]:
    connection.execute(insert(VENDORS).values(provider=provider).on_conflict_do_nothing())
    waits = [_seconds_to(name) for name in ("closed_until", "paused_until", "next_call_at")]
    query = select(VENDORS.c.failures, VENDORS.c.provider, VENDORS.c.last_error, VENDORS.c.trials, *waits)
    return connection.execute(query.where(VENDORS.c.provider == provider).with_for_update()).one()


def _seconds_to(column: str) -> Any:
    return func.coalesce(func.extract("epoch", VENDORS.c[column] - _NOW), 0).label(f"{column}_s")


def _later(column: str) -> Any:
    return case((VENDORS.c[column] > _NOW, True), else_=False).label(f"is_{column}")


def _reason_to_wait(connection: Connection, vendor: Row[Any], limits: Limits) -> Turn | None:
    """Why a vendor may not be asked now; None when it may."""
    if vendor.closed_until_s > 0:
        reason = f"{vendor.provider} failed {vendor.failures} times in a row, the last time with: {vendor.last_error}"
        return Turn(float(vendor.closed_until_s), reason)
    if vendor.paused_until_s > 0:
        return Turn(float(vendor.paused_until_s), f"{vendor.provider} asked to wait")
    _check_quota(connection, vendor.provider, limits.per_day, timedelta(days=1), "a day")
    _check_quota(connection, vendor.provider, limits.per_month, timedelta(days=30), "30 days")
    busy = _under_way(connection, vendor.provider)
    if busy >= limits.concurrency:
        return Turn(LOOK_AGAIN_S, f"{vendor.provider} works on {busy} of {limits.concurrency} tasks at once")
    if vendor.next_call_at_s > 0:
        reason = f"{vendor.provider} takes {limits.calls_per_minute} submissions a minute"
        return Turn(float(vendor.next_call_at_s), reason)
    return None


def _under_way(connection: Connection, provider: str) -> int:
    fresh = _P.submitting_at > _NOW - timedelta(seconds=FORGOTTEN_S)
    query = select(func.count()).where(_P.provider == provider, _P.state.in_(_UNDER_WAY), fresh)
    return int(connection.execute(query).scalar_one())


def _check_quota(connection: Connection, provider: str, quota: int | None, span: timedelta, words: str) -> None:
    if quota is None:
        return
    counted = _P.provider == provider, _P.submitting_at > _NOW - span, _P.state != PurchaseState.RELEASED
    used = int(connection.execute(select(func.count()).where(*counted)).scalar_one())
    if used >= quota:
        raise LimitReachedError(
            f"the quota of {provider} is used up: {used} of {quota} submissions in {words}; wait, raise the quota, or "
            "order from another provider"
        )
