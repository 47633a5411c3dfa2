"""Owns the entries of the ledger, none of which is ever changed, and the purchases that they belong to; hides the keys.

A purchase is reserved once and then settled or released once; the schema refuses a second outcome. What is neither
reserved nor paid leaves no entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.media import Generation
from video_pipeline.domain.money import LedgerEntry
from video_pipeline.domain.purchases import UNFINISHED, PurchaseState, believable
from video_pipeline.store.books.base import JOBS, LEDGER, PURCHASES, lock_job_of
from video_pipeline.store.books.codec import clean

_NOW = func.clock_timestamp()


def settle(connection: Connection, job_id: UUID, generation: Generation, what: str) -> Decimal:
    """Book what a provider took for one thing, in the transaction that records the thing; what was set aside for it.

    Where nothing was set aside, nothing is left over: the cost alone goes into the ledger.
    """
    if generation.purchase_id is None:
        pay(connection, job_id, generation.provider, generation.cost_usd, what)
        return Decimal(0)
    close(
        connection,
        generation.purchase_id,
        PurchaseState.SETTLED,
        generation.cost_usd,
        credits=generation.credits,
    )
    price = select(PURCHASES.c.price).where(PURCHASES.c.id == generation.purchase_id)
    return Decimal(connection.execute(price).scalar_one())


def pay(connection: Connection, job_id: UUID, provider: str, cost_usd: Decimal, what: str) -> None:
    """Put what was paid without a purchase into the ledger and onto the job; nothing for nothing."""
    if cost_usd:
        write_entry(
            connection, job_id, LedgerEntry.SETTLE, cost_usd, key=f"{what}/{uuid4()}", provider=provider, message=what
        )
        _put_onto_job(connection, job_id, cost_usd, None)


def close(
    connection: Connection,
    purchase_id: UUID,
    state: PurchaseState,
    cost_usd: Decimal,
    *,
    note: str = "",
    credits: Decimal | None = None,
    states: tuple[PurchaseState, ...] = UNFINISHED,
) -> bool:
    """End a purchase that is in one of `states`; False when it is not. See `ports.MoneyBook.close_purchase`."""
    cost = believable(cost_usd)
    if cost is None:
        price = connection.execute(select(PURCHASES.c.price).where(PURCHASES.c.id == purchase_id)).scalar_one()
        cost, note = price, f"{note} (the figure stated is none: booked at the price)".strip()
    values: dict[str, Any] = {"state": state, "note": clean(note)}
    if state is not PurchaseState.DOUBTFUL:
        taken = Decimal(0) if state is PurchaseState.RELEASED else cost
        values |= {"cost": taken, "closed_at": _NOW}
        if believable(credits) is not None:
            values["credits"] = credits
    row = _changed(connection, purchase_id, states, values)
    late = ""
    if row is None and states is UNFINISHED and state in (PurchaseState.SETTLED, PurchaseState.LOST) and cost:
        # Its attempt was given up while the provider was still at work, and was billed after all.
        row, late = _changed(connection, purchase_id, (PurchaseState.RELEASED,), values), "/late"
    if row is None:
        return False
    if state is PurchaseState.DOUBTFUL:
        return True
    entry = LedgerEntry.RELEASE if state is PurchaseState.RELEASED else LedgerEntry.SETTLE
    amount = row.price if state is PurchaseState.RELEASED else cost
    if row.price or amount:
        said = note or row.what
        write_entry(
            connection,
            row.video_job_id,
            entry,
            amount,
            key=f"{row.id}{late}",
            provider=row.provider,
            message=said,
            task_id=row.task_id,
            channel_id=row.channel_id,
        )
    if entry is LedgerEntry.SETTLE:
        _put_onto_job(connection, row.video_job_id, cost, row.credits)
    return True


def release_abandoned(connection: Connection, job_id: UUID) -> None:
    """Release what attempts set aside that ended without a word; only for who knows that no attempt lives.

    What they have begun to submit stays as it is: the vendor is asked for it.
    """
    left = PURCHASES.c.video_job_id == job_id, PURCHASES.c.state == PurchaseState.RESERVED
    for purchase_id in connection.execute(select(PURCHASES.c.id).where(*left)).scalars().all():
        close(connection, purchase_id, PurchaseState.RELEASED, Decimal(0), note="its attempt ended without a word")


def end_all(connection: Connection, job_id: UUID, why: str) -> None:
    """End what is under way for a job on which nobody will work again.

    What a vendor was asked for it has, as far as anybody knows, been paid for. Doubt stays until a person has looked.
    """
    release_abandoned(connection, job_id)
    asked = PURCHASES.c.state.in_((PurchaseState.SUBMITTING, PurchaseState.SUBMITTED))
    owed = func.coalesce(PURCHASES.c.cost, PURCHASES.c.price).label("owed")  # see `PurchaseRecord.owed_usd`
    open_ones = select(PURCHASES.c.id, owed).where(PURCHASES.c.video_job_id == job_id, asked)
    for row in connection.execute(open_ones).all():
        close(connection, row.id, PurchaseState.LOST, row.owed, note=why)


def book_stray(connection: Connection, purchase_id: UUID, task_id: str, told_usd: Decimal | None) -> bool:
    """Book a task that a vendor has taken up for a purchase that goes on with another one; False when it is known.

    It comes to light when an answer is so late that the thing was asked for again, and costs what that answer says.
    """
    first = PURCHASES.alias()
    told = select(first).where(first.c.id == purchase_id)
    known = select(first.c.id).where(first.c.provider == PURCHASES.c.provider, first.c.task_id == task_id)
    if connection.execute(select(PURCHASES.c.id).where(PURCHASES.c.id == purchase_id, known.exists())).first():
        return False
    row = connection.execute(told).one()
    names = ("video_job_id", "channel_id", "what", "provider", "prompt", "seed", "request", "attempt")
    values = {name: getattr(row, name) for name in names} | {"price": 0, "task_id": task_id}
    # Not unfinished for a moment: of one thing there is one purchase that is.
    values |= {"state": PurchaseState.RELEASED, "created_at": _NOW, "submitting_at": row.submitting_at}
    stray = connection.execute(insert(PURCHASES).values(values).returning(PURCHASES.c.id)).scalar_one()
    why = f"answered when purchase {purchase_id} had been made again"
    return close(connection, stray, PurchaseState.LOST, row.price if told_usd is None else told_usd, note=why)


def move_unfinished(connection: Connection, job_id: UUID, places: Mapping[int, int], kinds: Sequence[str]) -> None:
    """Let what is being bought for scenes follow them to their new places."""
    ours = PURCHASES.c.video_job_id == job_id, PURCHASES.c.state.in_(UNFINISHED)
    moves = {f"{kind}/{old:02}": f"{kind}/{new:02}" for kind in kinds for old, new in places.items() if old != new}
    found = select(PURCHASES.c.id, PURCHASES.c.what).where(*ours, PURCHASES.c.what.in_(moves)).with_for_update()
    rows = connection.execute(found).all()
    # Of one place there is one at every moment, so each goes aside first.
    for suffix in ("~", ""):
        for row in rows:
            what = f"{moves[row.what]}{suffix}"
            connection.execute(update(PURCHASES).where(PURCHASES.c.id == row.id).values(what=what))


def write_entry(
    connection: Connection,
    job_id: UUID,
    entry: LedgerEntry,
    amount_usd: Decimal,
    *,
    key: str,
    provider: str,
    message: str,
    task_id: str | None = None,
    channel_id: UUID | None = None,
) -> None:
    """Append an entry; nothing happens when the request has one of this kind already.

    Without `channel_id` it is the job's; what comes to light after a job was deleted is told whose it was.
    """
    values: dict[str, Any] = {
        "video_job_id": job_id,
        "channel_id": channel_id or select(JOBS.c.channel_id).where(JOBS.c.id == job_id).scalar_subquery(),
        "request_key": key,
        "entry": entry,
        "amount": amount_usd,
        "provider": provider,
        "provider_task_id": task_id,
        "message": clean(message),
        "created_at": _NOW,
    }
    connection.execute(insert(LEDGER).values(values).on_conflict_do_nothing())


def _changed(
    connection: Connection, purchase_id: UUID, states: tuple[PurchaseState, ...], values: dict[str, Any]
) -> Row[Any] | None:
    lock_job_of(connection, purchase_id)  # what is taken goes onto it; see `Books` for the order
    before = PURCHASES.c.id == purchase_id, PURCHASES.c.state.in_(states)
    return connection.execute(update(PURCHASES).where(*before).values(values).returning(PURCHASES)).one_or_none()


def _put_onto_job(connection: Connection, job_id: UUID, cost_usd: Decimal, credits: Decimal | None) -> None:
    values: dict[str, Any] = {"actual_cost": JOBS.c.actual_cost + cost_usd}
    if credits:
        whole = int(credits.to_integral_value(ROUND_CEILING))
        values["credits_used"] = func.coalesce(JOBS.c.credits_used, 0) + whole
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
