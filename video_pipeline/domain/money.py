"""Owns amounts and the kinds of ledger entry; hides nothing. Amounts are US dollars as Decimal, never float."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

ZERO_USD = Decimal(0)
REGENERATED_IMAGE_USD = Decimal("0.02")
"""What a regenerated picture costs unless a provider states its own price."""

REFINEMENTS_MAX = 5
"""Refinements allowed per job."""


def usd(amount: Decimal | None, missing: str = "") -> str:
    """US dollars for people: cents, and what is finer where there is some; `missing` where there is no amount."""
    if amount is None:
        return missing
    text = f"{amount:.4f}"
    return f"${text[:-2] if text.endswith('00') else text}"


class LedgerEntry(StrEnum):
    """The three verbs of money."""

    RESERVE = "reserve"  # before a vendor is called
    SETTLE = "settle"  # with the vendor's own figure
    RELEASE = "release"  # an unbilled failure gives the reservation back


@dataclass(frozen=True, slots=True)
class CostRecord:
    """One entry of the ledger."""

    id: int
    entry: LedgerEntry
    amount_usd: Decimal
    provider: str
    provider_task_id: str | None
    request_key: str  # the same for all entries of one purchase
    message: str
    created_at: datetime
