"""Owns amounts and the kinds of ledger entry; hides nothing. Amounts are US dollars as Decimal, never float."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

ZERO_USD = Decimal(0)
REGENERATED_IMAGE_USD = Decimal("0.02")
"""What a regenerated picture costs unless a provider states its own price."""

REFINEMENTS_MAX = 5
"""Refinements allowed per job."""


class LedgerEntry(StrEnum):
    """The three verbs of money."""

    RESERVE = "reserve"  # before a vendor is called
    SETTLE = "settle"  # with the vendor's own figure
    RELEASE = "release"  # an unbilled failure gives the reservation back
