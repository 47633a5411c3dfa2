"""Owns what is bought of a provider, and the limits of buying; hides nothing.

    reserved ──▶ submitting ──▶ submitted ──▶ settled    the thing is in the books, and paid
        │             │              └──────▶ lost       paid, and nothing usable came
        │             ├─────────────────────▶ doubtful   possibly paid: its answer was lost; a person decides
        └─────────────┴─────────────────────▶ released   nothing was taken for it

Money is set aside while a purchase is open, and while it is doubtful. What is submitted is never submitted again: an
attempt that finds it so asks the vendor for what became of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError

TRIALS = UUID(int=0)
"""Stands where purchases and the ledger name a job, for what an operator buys to try a provider."""

AMOUNT_MAX_USD = Decimal("99999999")
"""What fits into the books."""

CENT_OF_A_CENT = Decimal("0.0001")
"""The smallest amount in the books; what is less is rounded up."""


class PurchaseState(StrEnum):
    """How far a purchase is."""

    RESERVED = "reserved"
    SUBMITTING = "submitting"  # it is being sent, or was; the answer is not in the books
    SUBMITTED = "submitted"  # the vendor's id of the task is in the books
    SETTLED = "settled"
    RELEASED = "released"
    DOUBTFUL = "doubtful"
    LOST = "lost"


def believable(amount: Decimal | None) -> Decimal | None:
    """An amount that a vendor has stated; None for one that is none, or that no books can hold."""
    if amount is None or not amount.is_finite() or not 0 <= amount <= AMOUNT_MAX_USD:
        return None
    return amount.quantize(CENT_OF_A_CENT, ROUND_CEILING)


UNFINISHED = (PurchaseState.RESERVED, PurchaseState.SUBMITTING, PurchaseState.SUBMITTED, PurchaseState.DOUBTFUL)
"""The states in which money is set aside; of one thing of a job there is at most one such purchase."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a job needs of a provider."""

    what: str  # where it belongs, for example music/03
    prompt: str  # as the provider gets it
    seed: int | None
    details: tuple[object, ...] = ()  # whatever else makes the result another one: length, size

    def request(self, provider: str) -> str:
        """SHA-256 of what `provider` is asked for, 64 hexadecimal digits; the same request is bought once.

        Where the thing belongs is no part of it: scenes that change places take what is bought for them along.
        """
        text = json.dumps([provider, self.prompt, self.seed, *map(str, self.details)], ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a vendor may be asked for, by all processes together; None: the vendor states no limit."""

    concurrency: int  # tasks that it works on at once
    calls_per_minute: int | None = None  # submissions
    per_day: int | None = None  # submissions in 24 hours
    per_month: int | None = None  # submissions in 30 days


@dataclass(frozen=True, slots=True)
class PurchaseRecord:
    """One purchase, as it stands in the books."""

    id: UUID
    job_id: UUID
    channel_id: UUID | None
    what: str
    provider: str
    prompt: str
    seed: int | None
    request: str  # see `Item.request`
    state: PurchaseState
    price_usd: Decimal  # set aside
    cost_usd: Decimal | None  # what the vendor took; None while it is not known
    credits: Decimal | None  # the same in the vendor's own unit, where it has one
    task_id: str | None  # the vendor's
    note: str
    created_at: datetime
    submitting_at: datetime | None
    submitted_at: datetime | None
    closed_at: datetime | None
    unanswered_s: float | None  # seconds since its submission began; None before

    @property
    def owed_usd(self) -> Decimal:
        """What the vendor takes once it was asked, as far as anybody knows: what it has said, else the price."""
        return self.price_usd if self.cost_usd is None else self.cost_usd


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to the question whether a submission may begin: now, or a reason to wait."""

    wait_s: float = 0.0  # 0: it has begun
    reason: str = ""
    began_at: datetime | None = None  # by the clock of the books; None: it has not


class CapScope(StrEnum):
    """What a cap counts: everything that was paid or is set aside."""

    JOB = "job"  # for one job
    CHANNEL = "channel"  # for one channel, in a calendar month (UTC)
    DAY = "day"  # for all, in a calendar day (UTC)
    MONTH = "month"  # for all, in a calendar month (UTC)


CHANNEL_SCOPES = (CapScope.JOB, CapScope.CHANNEL)
"""Those that a channel may have of its own."""


FIRST_CAPS_USD = {CapScope.JOB: Decimal(20), CapScope.DAY: Decimal(50), CapScope.MONTH: Decimal(500)}
"""What holds until somebody says otherwise: an album of paid music and pictures, and no surprise after a mistake."""


@dataclass(frozen=True, slots=True)
class Cap:
    """An amount that may not be exceeded, as somebody set it."""

    scope: CapScope
    channel_id: UUID | None  # None: for every channel that has none of its own
    amount_usd: Decimal | None  # None: there is no limit
    set_by: str
    set_at: datetime

    @staticmethod
    def checked(scope: CapScope, channel_id: UUID | None, amount_usd: Decimal | None) -> Decimal | None:
        """The amount; InvalidInputError when there can be no such cap."""
        if channel_id is not None and scope not in CHANNEL_SCOPES:
            raise InvalidInputError(f"the cap of a {scope} is for all channels together; leave the channel out")
        if amount_usd is None:
            return None
        if not amount_usd.is_finite() or not 0 <= amount_usd <= AMOUNT_MAX_USD:
            raise InvalidInputError(f"a cap is 0 to {AMOUNT_MAX_USD} dollars, not {amount_usd}")
        return amount_usd.quantize(Decimal("0.0001"))


@dataclass(frozen=True, slots=True)
class Spending:
    """How one cap stands."""

    scope: CapScope
    channel_id: UUID | None  # in which it holds; None: in all of them
    cap_usd: Decimal | None  # None: there is no such cap
    is_own: bool  # it was set for that channel alone
    paid_usd: Decimal
    reserved_usd: Decimal  # set aside beyond that

    @property
    def left_usd(self) -> Decimal | None:
        """What may still be set aside."""
        return None if self.cap_usd is None else max(Decimal(0), self.cap_usd - self.paid_usd - self.reserved_usd)


@dataclass(frozen=True, slots=True)
class VendorState:
    """How calls to a vendor have gone lately."""

    provider: str
    failures: int  # in a row
    closed_until: datetime | None  # nothing is submitted before; the circuit breaker
    paused_until: datetime | None  # it asked to be left alone until then
    last_error: str
    under_way: int  # tasks that it works on


def plain(record: PurchaseRecord) -> dict[str, Any]:
    """A purchase as JSON values; amounts are numbers."""
    return {
        "id": str(record.id),
        "job_id": str(record.job_id),
        "what": record.what,
        "prompt": record.prompt,
        "provider": record.provider,
        "state": str(record.state),
        "price_usd": float(record.price_usd),
        "cost_usd": None if record.cost_usd is None else float(record.cost_usd),
        "credits": None if record.credits is None else float(record.credits),
        "task_id": record.task_id,
        "note": record.note,
        "created_at": record.created_at.isoformat(),
        "submitting_at": record.submitting_at and record.submitting_at.isoformat(),
        "submitted_at": record.submitted_at and record.submitted_at.isoformat(),
        "closed_at": None if record.closed_at is None else record.closed_at.isoformat(),
    }
