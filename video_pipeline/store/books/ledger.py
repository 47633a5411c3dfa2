"""Owns the verbs of money: reserve, settle, release, look; hides the entries that each of them writes."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select

from video_pipeline.domain.money import LedgerEntry
from video_pipeline.domain.records import CostRecord, Lease, Reservation
from video_pipeline.store.books.base import LEDGER, Books
from video_pipeline.store.books.entries import settle, write_entry
from video_pipeline.store.books.fences import hold


class LedgerBooks(Books):
    """Verbs of money."""

    def reserve_cost(self, lease: Lease, provider: str, amount_usd: Decimal, what: str) -> Reservation:
        """Set money aside before a vendor is called; nothing is written for nothing."""
        key = f"{lease.job_id}/{what}/{uuid4()}"
        reservation = Reservation(key, lease.job_id, provider, amount_usd, what)
        with self._transaction() as connection:
            hold(connection, lease)
            if amount_usd:
                write_entry(connection, reservation, LedgerEntry.RESERVE, amount_usd, what)
        return reservation

    def settle_cost(self, reservation: Reservation, cost_usd: Decimal) -> None:
        """Put what the vendor took in place of what was reserved, and onto the job; only the first outcome counts.

        It needs no lease: what was paid was paid, also by an attempt that has lost its job meanwhile.
        """
        with self._transaction() as connection:
            settle(connection, reservation, cost_usd)

    def release_cost(self, reservation: Reservation, why: str) -> None:
        """Give the money back after a failure that the vendor takes nothing for; only the first outcome counts."""
        with self._transaction() as connection:
            if reservation.amount_usd:
                write_entry(connection, reservation, LedgerEntry.RELEASE, reservation.amount_usd, why)

    def cost_entries(self, job_id: UUID) -> list[CostRecord]:
        """All entries of a job, the first one in front; also of one that is deleted."""
        with self._transaction() as connection:
            return [
                CostRecord(
                    id=row.id,
                    entry=row.entry,
                    amount_usd=row.amount,
                    provider=row.provider,
                    request_key=row.request_key,
                    message=row.message,
                    created_at=row.created_at,
                )
                for row in connection.execute(_ENTRIES, {"job_id": job_id})
            ]


_ENTRIES = select(LEDGER).where(LEDGER.c.video_job_id == bindparam("job_id")).order_by(LEDGER.c.id)
