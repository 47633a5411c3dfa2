"""Owns the entries of the ledger, none of which is ever changed; hides which of them belong together.

A request has one key. It is reserved once and then settled or released once; the schema refuses a second outcome.
What is neither reserved nor paid leaves no entry.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.money import LedgerEntry
from video_pipeline.domain.records import Reservation
from video_pipeline.store.books.base import JOBS, LEDGER
from video_pipeline.store.books.codec import clean


def settle(connection: Connection, reservation: Reservation, cost_usd: Decimal) -> None:
    """Settle a reservation in a transaction that is under way."""
    if not (reservation.amount_usd or cost_usd):
        return
    written = write_entry(connection, reservation, LedgerEntry.SETTLE, cost_usd, reservation.what)
    if not written and _was_released(connection, reservation):
        # Its attempt was given up while the vendor was still at work, and was billed after all.
        late = replace(reservation, request_key=f"{reservation.request_key}/late")
        written = write_entry(connection, late, LedgerEntry.SETTLE, cost_usd, reservation.what)
    if written:
        paid = {"actual_cost": JOBS.c.actual_cost + cost_usd}
        connection.execute(update(JOBS).where(JOBS.c.id == reservation.job_id).values(paid))


def pay(connection: Connection, job_id: UUID, provider: str, cost_usd: Decimal, what: str) -> None:
    """Put what was paid without a reservation into the ledger and onto the job; nothing for nothing."""
    settle(connection, Reservation(f"{what}/{uuid4()}", job_id, provider, Decimal(0), what), cost_usd)


def release_abandoned(connection: Connection, job_id: UUID) -> None:
    """Release what attempts reserved that ended without a word; only for who knows that no attempt lives.

    Whether the vendor took something for it nobody can tell here; its bill does.
    """
    outcome = LEDGER.alias()
    closed = exists().where(outcome.c.request_key == LEDGER.c.request_key, outcome.c.entry != LedgerEntry.RESERVE)
    open_ones = select(LEDGER).where(LEDGER.c.video_job_id == job_id, LEDGER.c.entry == LedgerEntry.RESERVE, ~closed)
    for row in connection.execute(open_ones).all():
        reservation = Reservation(row.request_key, job_id, row.provider, row.amount, row.message)
        write_entry(connection, reservation, LedgerEntry.RELEASE, row.amount, "its attempt ended without a word")


def _was_released(connection: Connection, reservation: Reservation) -> bool:
    released = LEDGER.c.request_key == reservation.request_key, LEDGER.c.entry == LedgerEntry.RELEASE
    return bool(connection.execute(select(exists().where(*released))).scalar())


def write_entry(
    connection: Connection, reservation: Reservation, entry: LedgerEntry, amount_usd: Decimal, message: str
) -> bool:
    """Append an entry; False when the request has one of this kind already."""
    values: dict[str, Any] = {
        "video_job_id": reservation.job_id,
        "channel_id": select(JOBS.c.channel_id).where(JOBS.c.id == reservation.job_id).scalar_subquery(),
        "request_key": reservation.request_key,
        "entry": entry,
        "amount": amount_usd,
        "provider": reservation.provider,
        "message": clean(message),
    }
    return bool(connection.execute(insert(LEDGER).values(values).on_conflict_do_nothing()).rowcount)
