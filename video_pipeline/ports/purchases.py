"""Owns what a provider tells while it buys, and the verbs of money in the books; hides the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.money import CostRecord
from video_pipeline.domain.purchases import (
    Cap,
    CapScope,
    Item,
    Limits,
    PurchaseRecord,
    PurchaseState,
    Spending,
    Turn,
    VendorState,
)
from video_pipeline.domain.records import Lease


class Purchase(Protocol):
    """One thing that is being bought, as its provider sees it. Each verb is committed when it returns.

    A provider of this machine has nothing to tell. A vendor's client tells what it does in this order: `submitting`,
    the call, `submitted` or `refused`; then `wait` between its questions; `failed` when the vendor made nothing.
    """

    @property
    def task_id(self) -> str | None:
        """What an earlier attempt submitted already, by the vendor's id: ask for that and submit nothing."""
        ...

    @property
    def unanswered_s(self) -> float | None:
        """Seconds since an earlier attempt began to submit and never told the answer: look for that first."""
        ...

    def submitting(self) -> None:
        """Wait until the vendor may be asked, then put down that the next call asks it.

        LimitReachedError when a quota is used up, ProviderUnavailableError when the vendor is left alone for long.
        """
        ...

    @property
    def cost_usd(self) -> Decimal | None:
        """What the vendor has said, when it accepted the task, that it takes for it."""
        ...

    def submitted(self, task_id: str | None, cost_usd: Decimal | None = None, credits: Decimal | None = None) -> None:
        """Put down the vendor's id of what it has accepted; None where the answer was the thing itself."""
        ...

    def unknown(self, task_ids: Sequence[str]) -> list[str]:
        """Those of a vendor's tasks that belong to no purchase yet."""
        ...

    def refused(self, why: str) -> None:
        """Put down that the submission was not accepted and takes no money; it may be made again."""
        ...

    def doubtful(self, why: str) -> None:
        """Put down that money may be gone for nothing that can be found; a person has to look."""
        ...

    def failed(self, cost_usd: Decimal, why: str) -> None:
        """Put down that nothing usable comes of it, and what the vendor takes nevertheless."""
        ...

    def trouble(self, why: str, pause_s: float | None = None) -> None:
        """Put down that the vendor did not answer as it should, or asked to be left alone for `pause_s` seconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass, less of it when the vendor says by itself that something became of the task.

        Raises CancelledError or LeaseLostError as soon as the work is to end.
        """
        ...


class MoneyBook(Protocol):
    """Purchases, the append-only ledger behind them, and what limits both."""

    def purchase(self, purchase_id: UUID) -> PurchaseRecord: ...
    def purchases(
        self,
        job_id: UUID | None = None,
        *,
        what: str | None = None,
        states: Sequence[PurchaseState] = (),
        limit: int | None = 200,
    ) -> list[PurchaseRecord]:
        """Purchases of a job or of all, of one thing or of any, newest first; `limit` None: all of them."""
        ...

    def find_purchase(self, id_or_prefix: str) -> PurchaseRecord:
        """The purchase whose id begins so, with 6 digits or more; NotFoundError, InvalidInputError as `find_job`."""
        ...

    def reserve(self, lease: Lease | None, provider: str, item: Item, price_usd: Decimal) -> PurchaseRecord:
        """Set money aside for one thing of a job, in one transaction with the look at every cap.

        Without a lease it is for a trial: it belongs to no job, and the caps of the day and of the month count.
        CapReachedError when a cap would be exceeded; its `may_pass` says that others may yet give money back.
        ConflictError when there is an unfinished purchase of the same thing.
        """
        ...

    def begin_submission(self, lease: Lease | None, purchase_id: UUID, limits: Limits) -> Turn:
        """Begin to submit, if the vendor's limits let it, counted over all processes; without a lease for a trial.

        LimitReachedError when a quota is used up.
        """
        ...

    def record_task(
        self, purchase_id: UUID, task_id: str, cost_usd: Decimal | None = None, credits: Decimal | None = None
    ) -> None:
        """Put down the vendor's id of a purchase that is being submitted; it needs no lease, for it is so.

        Where the vendor says at once what it takes, that is kept as well.
        """
        ...

    def withdraw_submission(self, purchase_id: UUID, began_at: datetime | None, why: str) -> None:
        """Put down that the submission that began at `began_at` was not accepted: the money stays set aside.

        ConflictError when there is none, or another one has begun meanwhile.
        """
        ...

    def close_purchase(
        self,
        purchase_id: UUID,
        state: PurchaseState,
        cost_usd: Decimal = ...,
        *,
        note: str = "",
        credits: Decimal | None = None,
        states: Sequence[PurchaseState] = ...,
    ) -> bool:
        """End a purchase that is in one of `states`, by default an unfinished one; False when it is not.

        What is taken goes onto the job, what is not is given back.

        With DOUBTFUL the money stays set aside until somebody calls this again.
        """
        ...

    def end_forsaken(self) -> list[UUID]:
        """End what was left open for jobs that are over or gone and that nobody holds; the ids of those purchases.

        What a vendor was asked for counts as paid, everything else is given back; what is doubtful stays.
        """
        ...

    def resolve_purchase(self, purchase_id: UUID, cost_usd: Decimal | None, *, by: str = "operator") -> PurchaseRecord:
        """Say of a doubtful purchase what the vendor took for it; None: nothing, and the money is given back.

        Also of one that a vendor was asked for and on whose job nobody works. ConflictError for any other one,
        InvalidInputError for an amount that is not one.
        """
        ...

    def note_refusal(self, purchase_id: UUID) -> None:
        """Put down that the vendor's moderation refused what was asked for, or what came of it."""
        ...

    def refused_at(self, job_id: UUID, request: str) -> datetime | None:
        """When the vendor last refused this very request of a job, see `Item.request`; None when it never did."""
        ...

    def known_tasks(self, provider: str, task_ids: Sequence[str]) -> set[str]:
        """Which of the vendor's tasks belong to purchases already."""
        ...

    def cost_entries(self, job_id: UUID) -> list[CostRecord]:
        """All entries of the ledger for a job, the first one in front; also of one that is deleted."""
        ...

    def announce_task(self, provider: str, task_id: str) -> bool:
        """Put down that a vendor says by itself that something became of a task; False when nobody waits for it."""
        ...

    def announced_at(self, purchase_id: UUID) -> datetime | None:
        """When the vendor last said so of a purchase; None when it never did."""
        ...

    def report_vendor(
        self, provider: str, error: str | None, pause_s: float | None = None, *, submission: UUID | None = None
    ) -> None:
        """Put down how a call went, for the circuit breaker; after many failures in a row it keeps all away.

        `submission` is the purchase that was submitted by it, None for any other call: once all are kept away, only
        submissions count.
        """
        ...

    def vendor_states(self) -> list[VendorState]: ...
    def caps(self) -> list[Cap]: ...
    def set_cap(
        self, scope: CapScope, amount_usd: Decimal | None, *, channel_id: UUID | None = None, by: str = "operator"
    ) -> None:
        """Set a cap; with None there is no limit. InvalidInputError when there can be no such cap."""
        ...

    def spending(self, job_id: UUID | None = None, *, channel_id: UUID | None = None) -> list[Spending]:
        """How the caps stand: of a job and its channel, or of all channels, and of the day and the month.

        With `channel_id` alone, as they stand for a job that is yet to be ordered there.
        """
        ...
