"""Owns one purchase of one attempt, as its provider sees it; hides waiting for a turn, and for books that are away."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol, TypeVar
from uuid import UUID

from video_pipeline.domain.errors import (
    CancelledError,
    ConflictError,
    LeaseLostError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StoreUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.progress import waits_for
from video_pipeline.domain.purchases import UNFINISHED, Limits, PurchaseRecord, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.ports import JobStore
from video_pipeline.steps.attempt import LEASE_TTL_S

TURN_PATIENCE_S = 1800.0
"""How long a vendor is waited for that works on as much as it takes at once."""

CLOSED_PATIENCE_S = 60.0
"""A vendor that is left alone for longer than that is not waited for: another one may be asked, or a retry later."""

HEAR_EVERY_S = 1.0
"""How often whoever waits for a vendor asks the books whether the vendor has said that it is ready."""

BOOKS_PATIENCE_S = 60.0
"""How long books are waited for that do not take the vendor's id of a task."""

LOOK_AGAIN_S = (0.2, 1.0)

TOLD_FROM_S = 2.0
"""Shorter waits for a vendor are not worth a word."""

Made = TypeVar("Made")


class Buyer(Protocol):
    """On whose behalf something is bought: an attempt at a job, or an operator's trial."""

    @property
    def lease(self) -> Lease | None:
        """The right to write to the job; None: it is a trial."""
        ...

    @property
    def job_id(self) -> UUID: ...

    @property
    def is_edit(self) -> bool:
        """Whether somebody has asked for this one thing, and waits for it."""
        ...

    def pause(self, seconds: float) -> None:
        """Let time pass; raises as soon as the work should end."""
        ...

    def waiting(self, why: str) -> AbstractContextManager[None]:
        """Tell whoever looks what is waited for until the block ends."""
        ...


class OpenPurchase:
    """`ports.Purchase` of one attempt; without a record there is nothing to put down."""

    def __init__(self, jobs: JobStore, attempt: Buyer, record: PurchaseRecord | None, limits: Limits | None) -> None:
        self._jobs = jobs
        self._attempt = attempt
        self._record = record
        self._limits = limits
        self._state = record.state if record else None
        self._began_at = record.submitting_at if record else None  # by the clock of the books
        unanswered_s = record.unanswered_s if record else None
        self._heard_at: datetime | None = None
        self._began = _moment(ago_s=unanswered_s or 0.0)  # of the submission
        self._has_asked = False
        self._is_unreported = False  # nothing was told yet of how this attempt's submission went
        self._trouble = ""  # what a vendor is waited for, until it was told
        self.took_money = False  # and nothing came of it

    @property
    def id(self) -> UUID | None:
        return self._record.id if self._record else None

    @property
    def record(self) -> PurchaseRecord | None:
        """The entry in the books as this attempt knows it; None where there is nothing to put down."""
        return self._record

    @property
    def task_id(self) -> str | None:
        return self._record.task_id if self._record else None

    @property
    def unanswered_s(self) -> float | None:
        if self._state is not PurchaseState.SUBMITTING:
            return None
        # The monotonic clock stands still while the machine sleeps, the other one may be set back. Whoever takes a
        # submission for younger than it is does not find its task, and pays for another one.
        return max(now - began for now, began in zip(_moment(), self._began, strict=True))

    def submitting(self) -> None:
        if self._record is None or self._limits is None:
            return
        waited_s = 0.0
        while True:
            turn = self._jobs.begin_submission(self._attempt.lease, self._record.id, self._limits)
            if not turn.wait_s:
                self._state, self._began = PurchaseState.SUBMITTING, _moment()
                self._began_at = turn.began_at
                self._has_asked = self._is_unreported = True
                return
            if turn.wait_s > CLOSED_PATIENCE_S or waited_s > TURN_PATIENCE_S:
                raise ProviderUnavailableError(
                    f"{self._record.provider} is left alone for now: {turn.reason}; retry in {turn.wait_s:.0f} s",
                    retry_after_s=turn.wait_s,
                )
            pause_s = turn.wait_s * random.uniform(1.0, 1.2)  # noqa: S311 - see `_reserved`
            with self._waiting(turn.reason, pause_s):
                self._attempt.pause(pause_s)
            waited_s += pause_s

    @property
    def cost_usd(self) -> Decimal | None:
        return self._record.cost_usd if self._record else None

    def submitted(self, task_id: str | None, cost_usd: Decimal | None = None, credits: Decimal | None = None) -> None:
        if self._record is None:
            return
        if task_id is not None:
            record = self._record
            # Without the id nobody could ever ask for it again: books that do not answer are waited for.
            self._patiently(lambda: self._jobs.record_task(record.id, task_id, cost_usd, credits))
            self._state = PurchaseState.SUBMITTED
            self._record = replace(self._record, task_id=task_id, cost_usd=cost_usd)
        self._report(None)

    def unknown(self, task_ids: Sequence[str]) -> list[str]:
        if self._record is None:
            return list(task_ids)
        known = self._jobs.known_tasks(self._record.provider, task_ids)
        return [each for each in task_ids if each not in known]

    def refused(self, why: str) -> None:
        if self._record is None or self._state is not PurchaseState.SUBMITTING:
            return
        try:
            self._jobs.withdraw_submission(self._record.id, self._began_at, why)
        except ConflictError:
            self._check_lease()
            if self._jobs.purchase(self._record.id).state is not PurchaseState.RESERVED:
                raise
            # The earlier attempt was still there, and has withdrawn it itself.
        self._state = PurchaseState.RESERVED

    def doubtful(self, why: str) -> None:
        # Not of what a successor has submitted and knows by its id.
        if not self._close(PurchaseState.DOUBTFUL, ZERO_USD, why, (PurchaseState.SUBMITTING,)):
            self._check_lease()

    def _check_lease(self) -> None:
        """Raise LeaseLostError when a newer attempt has the job."""
        if self._attempt.lease is not None:
            self._jobs.renew(self._attempt.lease, ttl_s=LEASE_TTL_S)

    def failed(self, cost_usd: Decimal, why: str) -> None:
        self._close(PurchaseState.LOST if cost_usd else PurchaseState.RELEASED, cost_usd, why)

    def trouble(self, why: str, pause_s: float | None = None) -> None:
        self._trouble = why
        self._report(why, pause_s)

    def _report(self, error: str | None, pause_s: float | None = None) -> None:
        """Tell the circuit breaker how a call went; the first one after `submitting` is the submission.

        It does without that where the books do not answer: what came with the answer would be lost for it, and is paid.
        """
        if self._record is not None:
            submission = self._record.id if self._is_unreported else None
            self._is_unreported = False
            with suppress(StoreUnavailableError):
                self._jobs.report_vendor(self._record.provider, error, pause_s, submission=submission)

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        why, self._trouble = self._trouble, ""  # the next wait may be for a vendor at work
        with self._waiting(why, seconds):
            while (left_s := deadline - time.monotonic()) > 0:
                self._attempt.pause(min(left_s, HEAR_EVERY_S))
                if left_s > HEAR_EVERY_S and self._hears():
                    return

    def _waiting(self, why: str, seconds: float) -> AbstractContextManager[None]:
        if not why or seconds < TOLD_FROM_S or self._record is None:
            return nullcontext()
        return self._attempt.waiting(waits_for(self._record.provider, why, datetime.now(UTC), seconds))

    def _hears(self) -> bool:
        """True once for each time that the vendor says by itself that something became of the task."""
        if self._record is None or self._state is not PurchaseState.SUBMITTED:
            return False
        heard, told_at = self._heard_at, None
        with suppress(StudioError):  # then it is looked at when the time is over
            told_at = self._jobs.announced_at(self._record.id)
        self._heard_at = told_at or heard
        return told_at is not None and told_at != heard

    def kept(self, keep: Callable[[], Made]) -> Made:
        """Record what came; what came with the answer cannot be fetched again, so books that do not answer are asked
        again for BOOKS_PATIENCE_S, as long as they have certainly not taken it."""
        if self._record is None or self.task_id is not None:
            return keep()
        deadline = time.monotonic() + BOOKS_PATIENCE_S
        while True:
            try:
                return keep()
            except StoreUnavailableError:
                if time.monotonic() > deadline or not self._is_still_open(deadline):
                    raise
            time.sleep(LOOK_AGAIN_S[0])

    def _is_still_open(self, deadline: float) -> bool:
        """Whether the books have not ended the purchase; False when they did not answer until `deadline` either."""
        if self._record is None:
            return False
        while True:
            try:
                return self._jobs.purchase(self._record.id).state in UNFINISHED
            except StoreUnavailableError:
                if time.monotonic() > deadline:
                    return False
            time.sleep(LOOK_AGAIN_S[0])

    def _patiently(self, put_down: Callable[[], None]) -> None:
        """Put something down, again for BOOKS_PATIENCE_S while the books do not answer."""
        deadline = time.monotonic() + BOOKS_PATIENCE_S
        while True:
            try:
                return put_down()
            except StoreUnavailableError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(LOOK_AGAIN_S[0])

    def give_up(self, error: BaseException, generation: Generation | None = None) -> None:
        """End what need not stay open after `error`; with what came, where it could not be kept."""
        if isinstance(error, PromptRefusedError):
            self._note_refusal()
        if isinstance(error, LeaseLostError):
            return  # a newer attempt decides
        if isinstance(error, ProviderRefusedError) and self._has_asked:
            with suppress(StudioError):
                self._report(None)  # whoever says no is there
        why = str(error) or type(error).__name__
        # Without an answer nobody knows whether the books have taken the thing; the next attempt looks.
        with suppress(StudioError):
            if generation is not None and not self._comes_again(error):
                self._close(PurchaseState.LOST, generation.cost_usd, why)
            elif self._state is PurchaseState.RESERVED and not isinstance(error, StoreUnavailableError):
                self._close(PurchaseState.RELEASED, ZERO_USD, why, (PurchaseState.RESERVED,))
            elif self._state is PurchaseState.SUBMITTED and isinstance(error, CancelledError) and self._record:
                self._close(PurchaseState.LOST, self._record.owed_usd, why)

    def _note_refusal(self) -> None:
        if self._record is not None:
            with suppress(StudioError):  # then the same words are sent once more
                self._jobs.note_refusal(self._record.id)

    def raise_if_in_vain(self, error: BaseException) -> None:
        """Raise ProviderRefusedError in the place of an `error` that may pass, when money was taken twice for nothing.

        Whatever repeats by itself what may pass would pay each time; an operator who retries the job pays once more.
        """
        if self._record is None or not self.took_money or not getattr(error, "retryable", False):
            return
        lost = self._jobs.purchases(self._attempt.job_id, states=(PurchaseState.LOST,))
        times = sum(each.request == self._record.request for each in lost)
        if times > 1:
            raise ProviderRefusedError(
                f"{self._record.provider} was paid {times} times for {self._record.what} and made nothing that could "
                f"be kept ({error}); see what its dashboard says, then retry the job, or order from another provider"
            ) from error

    def _comes_again(self, error: BaseException) -> bool:
        """True when the next attempt can fetch what could not be kept now."""
        return self.task_id is not None and not isinstance(error, MediaError)

    def _close(
        self,
        state: PurchaseState,
        cost_usd: Decimal,
        why: str,
        states: Sequence[PurchaseState] = UNFINISHED,
    ) -> bool:
        """End the purchase; False when it was ended before, or has a state that is none of `states`."""
        if self._record is None:
            return False
        closed = self._jobs.close_purchase(self._record.id, state, cost_usd, note=why, states=states)
        self._state = state
        self.took_money = self.took_money or (closed and state is PurchaseState.LOST)
        return closed


def _moment(ago_s: float = 0.0) -> tuple[float, float]:
    """The moment `ago_s` seconds before now, by the monotonic clock and by that of the machine."""
    return time.monotonic() - ago_s, time.time() - ago_s
