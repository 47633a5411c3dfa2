"""Owns what the books must say about money, as a few lists in Python; it knows no ledger and no transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from video_pipeline.domain.purchases import FIRST_CAPS_USD, UNFINISHED, CapScope, Limits, PurchaseState

S = PurchaseState
NOTHING = Decimal(0)


def rounded_up(amount_usd: Decimal) -> Decimal:
    """To a hundredth of a cent; in doubt the books have too much and not too little."""
    return amount_usd.quantize(Decimal("0.0001"), ROUND_CEILING)


@dataclass
class Bought:
    """A purchase."""

    id: UUID
    job_id: UUID
    channel_id: UUID
    what: str
    provider: str
    price: Decimal
    at: datetime
    state: PurchaseState = S.RESERVED
    told: Decimal | None = None  # what the vendor said at once that it takes
    is_asked: bool = False  # it has been submitted, and not withdrawn
    began: list[datetime | None] = field(default_factory=list)  # when each of its submissions did

    @property
    def is_open(self) -> bool:
        """Its money is set aside."""
        return self.state in UNFINISHED


@dataclass(frozen=True)
class Paid:
    """Money that is gone, at the time at which it counts."""

    purchase_id: UUID
    job_id: UUID
    channel_id: UUID
    at: datetime
    amount: Decimal


@dataclass
class MoneyModel:
    """All purchases, all payments and the caps of one installation."""

    bought: list[Bought] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    caps: dict[tuple[CapScope, UUID | None], Decimal | None] = field(default_factory=dict)

    def cap(self, scope: CapScope, channel_id: UUID | None) -> Decimal | None:
        """A channel's own cap goes before that of all, and that before the first one."""
        for key in ((scope, channel_id), (scope, None)):
            if key in self.caps:
                return self.caps[key]
        return FIRST_CAPS_USD.get(scope)

    def stands(self, scope: CapScope, job_id: UUID | None, channel_id: UUID | None) -> tuple[Decimal, Decimal]:
        """What is paid and what is set aside under a cap, now."""

        def counts(each: Bought | Paid) -> bool:
            return _counts(each, scope, job_id, channel_id)

        held = [each.price for each in self.bought if each.is_open and counts(each)]
        return sum((each.amount for each in self.paid if counts(each)), NOTHING), sum(held, NOTHING)

    def exceeded(self, job_id: UUID, channel_id: UUID, price: Decimal) -> list[bool]:
        """For each cap that `price` more would exceed: whether that may pass."""
        found = []
        for scope in CapScope:
            cap, (paid, held) = self.cap(scope, channel_id), self.stands(scope, job_id, channel_id)
            if price and cap is not None and paid + held + price > cap:
                found.append(paid + price <= cap)
        return found

    def is_wanted(self, job_id: UUID, what: str) -> bool:
        """There is an unfinished purchase of it."""
        return any(each.is_open and (each.job_id, each.what) == (job_id, what) for each in self.bought)

    def under_way(self, provider: str) -> int:
        """How much a vendor works on."""
        working = (S.SUBMITTING, S.SUBMITTED)
        return sum(each.provider == provider and each.is_asked and each.state in working for each in self.bought)

    def asked_for(self, provider: str) -> int:
        """How many submissions count for a vendor's quotas."""
        return sum(each.provider == provider and each.is_asked and each.state != S.RELEASED for each in self.bought)

    def is_used_up(self, provider: str, limits: Limits) -> bool:
        """A quota of a vendor is reached."""
        quotas = [quota for quota in (limits.per_day, limits.per_month) if quota is not None]
        return any(self.asked_for(provider) >= quota for quota in quotas)

    def close(self, bought: Bought, state: PurchaseState, cost_usd: Decimal) -> bool:
        """End a purchase; False when that is no news."""
        cost, taken = rounded_up(cost_usd), state in (S.SETTLED, S.LOST)
        is_late = bought.state is S.RELEASED and taken and cost > 0
        if not bought.is_open and not is_late:
            return False
        bought.state = state
        if taken:
            # What was set aside counts when it was; everything else when it came to light.
            at = bought.at if bought.price and not is_late else datetime.now(UTC)
            self.paid.append(Paid(bought.id, bought.job_id, bought.channel_id, at, cost))
        return True

    def stray(self, bought: Bought, purchase_id: UUID, told: Decimal | None) -> None:
        """A vendor has made one more than was wanted; nothing had been set aside for that."""
        owed = bought.price if told is None else told
        another = replace(bought, id=purchase_id, price=NOTHING, at=datetime.now(UTC), state=S.RELEASED)
        self.bought.append(another)
        self.close(another, S.LOST, owed)

    def abandon(self, job_id: UUID) -> None:
        """What was only reserved is given back."""
        for each in self.bought:
            if each.job_id == job_id and each.state is S.RESERVED:
                self.close(each, S.RELEASED, NOTHING)

    def end_all(self, job_id: UUID) -> None:
        """Nobody will work on a job again: what a vendor was asked for is paid, and doubt stays."""
        self.abandon(job_id)
        for each in self.bought:
            if each.job_id == job_id and each.state in (S.SUBMITTING, S.SUBMITTED):
                self.close(each, S.LOST, each.price if each.told is None else each.told)

    def paid_by(self, job_id: UUID) -> Decimal:
        """Everything that was paid for a job."""
        return sum((each.amount for each in self.paid if each.job_id == job_id), NOTHING)


def _counts(each: Bought | Paid, scope: CapScope, job_id: UUID | None, channel_id: UUID | None) -> bool:
    now = datetime.now(UTC)
    is_of_this_month = (each.at.year, each.at.month) == (now.year, now.month)
    match scope:
        case CapScope.JOB:
            return each.job_id == job_id
        case CapScope.CHANNEL:
            return each.channel_id == channel_id and is_of_this_month
        case CapScope.DAY:
            return each.at.date() == now.date()
        case CapScope.MONTH:
            return is_of_this_month
