"""Owns the verbs of purchases; hides that the look at the caps and the reservation are one transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Text, cast, func, insert, select, update

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.money import CostRecord, LedgerEntry, usd
from video_pipeline.domain.purchases import (
    AMOUNT_MAX_USD,
    TRIALS,
    UNFINISHED,
    Item,
    PurchaseRecord,
    PurchaseState,
    believable,
)
from video_pipeline.domain.records import Lease
from video_pipeline.store.books.base import JOBS, LEASES, LEDGER, PURCHASES, Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.books.entries import book_stray, close, write_entry
from video_pipeline.store.books.fences import bury, hold_wanted, live_lease, lock_lease
from video_pipeline.store.books.jobs import PREFIX_MIN_DIGITS
from video_pipeline.store.money.caps import check_caps

_NOW = func.clock_timestamp()
_P = PURCHASES.c
_ASKED = (PurchaseState.SUBMITTING, PurchaseState.SUBMITTED, PurchaseState.DOUBTFUL)
_UNANSWERED = func.extract("epoch", _NOW - _P.submitting_at).label("unanswered_s")


class PurchaseBooks(Books):
    """Verbs of purchases."""

    def purchase(self, purchase_id: UUID) -> PurchaseRecord:
        """One purchase; NotFoundError when there is none."""
        with self._transaction() as connection:
            row = connection.execute(select(PURCHASES, _UNANSWERED).where(_P.id == purchase_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no purchase {purchase_id}")
        return _record(row)

    def purchases(
        self,
        job_id: UUID | None = None,
        *,
        what: str | None = None,
        states: Sequence[PurchaseState] = (),
        limit: int | None = 200,
    ) -> list[PurchaseRecord]:
        """Purchases of a job or of all, of one thing or of any, newest first; `limit` None: all of them."""
        query = select(PURCHASES, _UNANSWERED).order_by(_P.created_at.desc(), _P.id).limit(limit)
        if job_id is not None:
            query = query.where(_P.video_job_id == job_id)
        if what is not None:
            query = query.where(_P.what == clean(what))
        if states:
            query = query.where(_P.state.in_(states))
        with self._transaction() as connection:
            return [_record(row) for row in connection.execute(query)]

    def find_purchase(self, id_or_prefix: str) -> PurchaseRecord:
        """The purchase whose id begins with the given hexadecimal digits, at least 6; dashes do not count.

        NotFoundError when there is none, InvalidInputError when several begin like this or it is no such prefix.
        """
        digits = id_or_prefix.strip().lower().replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{{PREFIX_MIN_DIGITS},32}}", digits):
            raise InvalidInputError(f"{id_or_prefix!r} is no purchase's id; give it, or its first 6 or more digits")
        plain = func.replace(cast(_P.id, Text), "-", "")
        query = select(PURCHASES, _UNANSWERED).where(plain.startswith(digits, autoescape=True)).limit(2)
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        if not rows:
            raise NotFoundError(f"there is no purchase {id_or_prefix}")
        if len(rows) > 1:
            raise InvalidInputError(f"several purchases begin with {id_or_prefix}; give more digits")
        return _record(rows[0])

    def reserve(self, lease: Lease | None, provider: str, item: Item, price_usd: Decimal) -> PurchaseRecord:
        """Set money aside for one thing of a job; without a lease for a trial, which belongs to no job.

        CapReachedError when a cap would be exceeded, ConflictError when there is an unfinished purchase of the same
        thing, LeaseLostError when the attempt has lost its job, CancelledError when that was cancelled.
        """
        price = min(price_usd, AMOUNT_MAX_USD).quantize(Decimal("0.0001"), ROUND_CEILING)
        job_id = TRIALS if lease is None else lease.job_id
        channel = select(JOBS.c.channel_id).where(JOBS.c.id == job_id).scalar_subquery()
        values = {
            "video_job_id": job_id,
            "channel_id": channel,
            "what": clean(item.what),
            "provider": provider,
            "prompt": clean(item.prompt),
            "seed": item.seed,
            "request": item.request(provider),
            "price": price,
            "attempt": None if lease is None else lease.attempt,
            "created_at": _NOW,
        }
        with self._transaction() as connection:
            if lease is not None:
                hold_wanted(connection, lease)
            if price:
                check_caps(connection, None if lease is None else job_id, price)
            new = connection.execute(insert(PURCHASES).values(values).returning(PURCHASES, _UNANSWERED)).one()
            if price:
                write_entry(
                    connection,
                    job_id,
                    LedgerEntry.RESERVE,
                    price,
                    key=str(new.id),
                    provider=provider,
                    message=item.what,
                )
        return _record(new)

    def record_task(
        self, purchase_id: UUID, task_id: str, cost_usd: Decimal | None = None, credits: Decimal | None = None
    ) -> None:
        """Put down the vendor's id of a purchase that is being submitted.

        ConflictError when it is not any more; then the vendor made one more than was wanted, which is booked. Also when
        the task is another purchase's.
        """
        values: dict[str, Any] = {"state": PurchaseState.SUBMITTED, "task_id": clean(task_id), "submitted_at": _NOW}
        values |= {"cost": believable(cost_usd), "credits": believable(credits)}
        expected = PurchaseState.SUBMITTING, PurchaseState.DOUBTFUL
        with self._transaction() as connection:
            _refuse_known(connection, purchase_id, clean(task_id))
            if _changed(connection, purchase_id, expected, values):
                return
        # The answer came so late that the thing was asked for again: the vendor makes two, and is paid for both. The
        # job is locked before its purchase, so this is a transaction of its own.
        with self._transaction() as connection:
            booked = book_stray(connection, purchase_id, clean(task_id), believable(cost_usd))
        also = "; the task is booked as one more" if booked else ""
        raise ConflictError(f"purchase {purchase_id} is not {' or '.join(expected)} any more{also}")

    def withdraw_submission(self, purchase_id: UUID, began_at: datetime | None, why: str) -> None:
        """Put down that the submission that began at `began_at` was not accepted: the money stays set aside.

        Whoever was held up for long withdraws none that a successor has begun: its task could not be recorded any more,
        and would be paid for twice. ConflictError then, and when there is none.
        """
        mine = _P.id == purchase_id, _P.state == PurchaseState.SUBMITTING, _P.submitting_at == began_at
        values = {"state": PurchaseState.RESERVED, "submitting_at": None, "note": clean(why)}
        with self._transaction() as connection:
            if not connection.execute(update(PURCHASES).where(*mine).values(values)).rowcount:
                raise ConflictError(f"purchase {purchase_id} is not {PurchaseState.SUBMITTING} any more since then")

    def close_purchase(
        self,
        purchase_id: UUID,
        state: PurchaseState,
        cost_usd: Decimal = Decimal(0),
        *,
        note: str = "",
        credits: Decimal | None = None,
        states: Sequence[PurchaseState] = UNFINISHED,
    ) -> bool:
        """End a purchase that is in one of `states`; False when it is not, because it was ended before, for example.

        What is taken goes onto the job, what is not is given back.

        It needs no lease: what was paid was paid, also by an attempt that has lost its job meanwhile. With DOUBTFUL the
        money stays set aside until somebody calls this again.
        """
        with self._transaction() as connection:
            return close(connection, purchase_id, state, cost_usd, note=note, credits=credits, states=tuple(states))

    def resolve_purchase(self, purchase_id: UUID, cost_usd: Decimal | None, *, by: str = "operator") -> PurchaseRecord:
        """Say of a doubtful purchase what the vendor took for it; None: nothing, and the money is given back.

        Also of one that a vendor was asked for and on whose job nobody works. ConflictError for any other one,
        InvalidInputError for an amount that is not one, NotFoundError when there is no such purchase.
        """
        if cost_usd is not None and not (cost_usd.is_finite() and 0 <= cost_usd <= AMOUNT_MAX_USD):
            raise InvalidInputError(f"a vendor takes 0 to {AMOUNT_MAX_USD} dollars, not {cost_usd}")
        state = PurchaseState.RELEASED if cost_usd is None else PurchaseState.LOST
        said = "nothing was taken" if cost_usd is None else f"{usd(cost_usd)} were taken"
        before = self.purchase(purchase_id)
        note = f"{before.note}; {said}, says {by}".removeprefix("; ")
        with self._transaction() as connection:
            lock_lease(connection, before.job_id)
            bury(connection, LEASES.c.video_job_id == before.job_id)
            held = connection.execute(select(LEASES.c.token).where(live_lease(before.job_id))).first() is not None
            states = (PurchaseState.DOUBTFUL,) if held else _ASKED
            if not close(connection, purchase_id, state, cost_usd or Decimal(0), note=note, states=states):
                raise ConflictError(
                    f"purchase {purchase_id} is {before.state}; only a doubtful one can be resolved, or one that a "
                    "vendor was asked for and on whose job nobody works"
                )
        return self.purchase(purchase_id)

    def note_refusal(self, purchase_id: UUID) -> None:
        """Put down that the vendor's moderation refused what was asked for; whatever became of the purchase."""
        with self._transaction() as connection:
            connection.execute(update(PURCHASES).where(_P.id == purchase_id).values(refused=True))

    def refused_at(self, job_id: UUID, request: str) -> datetime | None:
        """When the vendor last refused this very request of a job; None when it never did."""
        last = func.max(func.coalesce(_P.closed_at, _P.created_at))
        same = _P.video_job_id == job_id, _P.request == request, _P.refused
        with self._transaction() as connection:
            found: datetime | None = connection.execute(select(last).where(*same)).scalar_one()
        return found

    def known_tasks(self, provider: str, task_ids: Sequence[str]) -> set[str]:
        """Which of the vendor's tasks belong to purchases already."""
        query = select(_P.task_id).where(_P.provider == provider, _P.task_id.in_(task_ids))
        with self._transaction() as connection:
            return set(connection.execute(query).scalars())

    def cost_entries(self, job_id: UUID) -> list[CostRecord]:
        """All entries of the ledger for a job, the first one in front; also of one that is deleted."""
        entries = select(LEDGER).where(LEDGER.c.video_job_id == job_id).order_by(LEDGER.c.id)
        with self._transaction() as connection:
            return [_entry(row) for row in connection.execute(entries)]

    def announce_task(self, provider: str, task_id: str) -> bool:
        """Put down that the vendor says by itself that something became of a task; False when nobody waits for it."""
        waited_for = _P.provider == provider, _P.task_id == clean(task_id), _P.state == PurchaseState.SUBMITTED
        with self._transaction() as connection:
            return bool(connection.execute(update(PURCHASES).where(*waited_for).values(announced_at=_NOW)).rowcount)

    def announced_at(self, purchase_id: UUID) -> datetime | None:
        """When the vendor last said by itself that something became of a purchase; None when it never did."""
        with self._transaction() as connection:
            return connection.execute(select(_P.announced_at).where(_P.id == purchase_id)).scalar_one_or_none()


def _refuse_known(connection: Connection, purchase_id: UUID, task_id: str) -> None:
    """Raise ConflictError when a vendor's task belongs to another purchase already."""
    provider = select(_P.provider).where(_P.id == purchase_id).scalar_subquery()
    theirs = _P.provider == provider, _P.task_id == task_id, _P.id != purchase_id
    owner = connection.execute(select(_P.id, _P.provider, _P.what).where(*theirs)).one_or_none()
    if owner is not None:
        raise ConflictError(
            f"task {task_id} of {owner.provider} is that of purchase {owner.id} ({owner.what}) already; purchase "
            f"{purchase_id} stays without one, and the next attempt looks for it in the vendor's list"
        )


def _changed(
    connection: Connection, purchase_id: UUID, states: Sequence[PurchaseState], values: dict[str, Any]
) -> bool:
    before = _P.id == purchase_id, _P.state.in_(states)
    return bool(connection.execute(update(PURCHASES).where(*before).values(values)).rowcount)


def _entry(row: Row[Any]) -> CostRecord:
    return CostRecord(
        id=row.id,
        entry=row.entry,
        amount_usd=row.amount,
        provider=row.provider,
        provider_task_id=row.provider_task_id,
        request_key=row.request_key,
        message=row.message,
        created_at=row.created_at,
    )


def _record(row: Row[Any]) -> PurchaseRecord:
    return PurchaseRecord(
        id=row.id,
        job_id=row.video_job_id,
        channel_id=row.channel_id,
        what=row.what,
        provider=row.provider,
        prompt=row.prompt,
        seed=row.seed,
        request=row.request,
        state=row.state,
        price_usd=row.price,
        cost_usd=row.cost,
        credits=row.credits,
        task_id=row.task_id,
        note=row.note,
        created_at=row.created_at,
        submitting_at=row.submitting_at,
        submitted_at=row.submitted_at,
        closed_at=row.closed_at,
        unanswered_s=None if row.unanswered_s is None else float(row.unanswered_s),
    )
