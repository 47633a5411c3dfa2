"""Owns how a thing is had from a vendor: submitted once, waited for, fetched, verified; hides the order of it all.

                  its id is in the books            its link works            what came is usable
    submit ─────────────▶ look, look, look ─────────────▶ fetch ─────────────▶ take

An attempt that finds the id in the books begins with looking. One that finds a submission without an answer first
searches the vendor's list; where there is none, or it cannot be told whether the list has it, a person has to look.
A vendor's own file says how each arrow is called (`Calls`), and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from video_pipeline.domain.errors import (
    AnswerLostError,
    DoubtfulPurchaseError,
    MachineError,
    MediaError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.ports import Purchase
from video_pipeline.providers.http import VendorHttp
from video_pipeline.providers.vendor.calls import Accepted, Calls, Delivery, Failure, Pace

SUBMISSIONS_MAX = 4
"""How often something is submitted that certainly was not accepted."""

FETCHES_MAX = 3
"""How often what came is fetched when it is not usable. A link that does not work is another matter: files appear in
the networks of vendors some seconds after the task is done, and are paid for by then."""

PAUSE_MAX_S = 60.0
"""A vendor that wants to be left alone for longer is not waited for."""

FIRST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Dealing:
    """One thing, one vendor, one attempt."""

    vendor: str
    http: VendorHttp
    calls: Calls
    purchase: Purchase
    pace: Pace
    price_usd: Decimal

    def have(self, raw: Path, take: Callable[[Path], None]) -> tuple[Delivery, str | None]:
        """Have it made; `take` verifies what lies in `raw` for a moment, and makes it what it should be.

        Returns what the vendor says, its cost filled in, and its id of the task. Errors as of `MusicProvider.compose`.
        """
        task_id = self.purchase.task_id or self._found(self.pace.answer_s)
        delivery: Delivery | None = None
        if task_id is None:
            answer = self._submitted()
            if isinstance(answer, Delivery):
                delivery = answer
            else:
                task_id = answer.task_id
        if delivery is None and task_id is not None:
            delivery = self._awaited(task_id)
        if delivery is None:
            raise AssertionError("a submission has an id or a delivery")
        self._taken(delivery, task_id, raw, take)
        return delivery, task_id

    def cost_of(self, delivery: Delivery) -> Decimal:
        """US dollars: what the vendor says, or has said when it took the task up, else its price."""
        for said in (delivery.cost_usd, self.purchase.cost_usd):
            if said is not None:
                return said
        return self.price_usd

    def _cost_of_failure(self, failure: Failure) -> Decimal:
        if failure.cost_usd is not None:
            return failure.cost_usd
        return self.cost_of(Delivery()) if failure.is_paid else Decimal(0)

    def _submitted(self) -> Accepted | Delivery:
        """Submit it; what was certainly not accepted is submitted again, and what may have been is looked for."""
        tries = 0
        while True:
            tries += 1
            self.purchase.submitting()
            try:
                answer = self.calls.submit()
            except AnswerLostError as error:
                lost_s = self.purchase.unanswered_s or 0.0
                self.purchase.trouble(str(error))
                found = self._found(lost_s)
                if found is not None:
                    return Accepted(found)
                if tries >= SUBMISSIONS_MAX:
                    raise ProviderUnavailableError(f"{error}; it was not accepted {tries} times") from error
            except ProviderUnavailableError as error:
                self.purchase.refused(str(error))
                pause_s = error.retry_after_s
                self.purchase.trouble(str(error), pause_s)
                if tries >= SUBMISSIONS_MAX or (pause_s or 0) > PAUSE_MAX_S:
                    raise
                self.purchase.wait(FIRST_PAUSE_S * 2 ** (tries - 1) if pause_s is None else pause_s)
            except StudioError as error:
                self.purchase.refused(str(error))
                raise
            else:
                if isinstance(answer, Delivery):
                    self.purchase.submitted(None)
                else:
                    self.purchase.submitted(answer.task_id, answer.cost_usd, answer.credits)
                return answer

    def _found(self, answered_s: float) -> str | None:
        """The id of what was submitted and never answered; None when nothing was, or when it was not accepted.

        It has time to appear in the list from `answered_s` seconds after the submission began: until then the vendor
        may still be at the call, and so may an earlier attempt. A list that is not seen whole, because others are added
        to it meanwhile for example, is read again for as long once more; then a person has to look.
        """
        listed_s = answered_s + self.pace.listed_s
        while (unanswered_s := self.purchase.unanswered_s) is not None:
            found = self.calls.search(unanswered_s)
            if found is None:
                raise self._doubtful(unanswered_s)
            for task_id in self.purchase.unknown(found.same):
                self.purchase.submitted(task_id)
                return task_id
            is_clear = found.is_whole and not self.purchase.unknown(found.vague)
            if is_clear and unanswered_s >= listed_s:
                self.purchase.refused("the vendor's list does not have it")
                return None
            last_s = listed_s + (0.0 if is_clear else self.pace.listed_s)
            if unanswered_s >= last_s:
                raise self._doubtful(unanswered_s)  # it may be there: only a list seen whole says that it is not
            self.purchase.wait(min(self.pace.poll_s, last_s - unanswered_s))
        return None

    def _doubtful(self, unanswered_s: float) -> DoubtfulPurchaseError:
        asked_at = datetime.now(UTC) - timedelta(seconds=unanswered_s)
        why = f"{self.vendor}: the answer to what was submitted at {asked_at:%Y-%m-%d %H:%M:%S} UTC was lost"
        self.purchase.doubtful(why)
        return DoubtfulPurchaseError(f"{why}, and no list says what became of it")

    def _awaited(self, task_id: str) -> Delivery:
        """What the vendor has made of a task; it is left for a later attempt when it takes too long."""
        waited_s = 0.0
        while True:
            try:
                seen = self.calls.look(task_id)
            except ProviderUnavailableError as error:
                self.purchase.trouble(str(error))
                if waited_s >= self.pace.deadline_s:
                    raise
                seen = None
            if isinstance(seen, Failure):
                self.purchase.failed(self._cost_of_failure(seen), str(seen.error))
                raise seen.error
            if seen is not None:
                return seen
            if waited_s >= self.pace.deadline_s:
                raise ProviderUnavailableError(
                    f"{self.vendor}: task {task_id} is not ready after {waited_s:.0f} s; retry the job later, and it "
                    "is taken up where it is"
                )
            self.purchase.wait(self.pace.poll_s)
            waited_s += self.pace.poll_s

    def _taken(self, delivery: Delivery, task_id: str | None, raw: Path, take: Callable[[Path], None]) -> None:
        """Bring what was made here; fetched again as long as it is not usable, and paid whether it is or not."""
        waited_s, taken = 0.0, 0
        while True:
            came = False
            try:
                self._bring(delivery, raw)
                came = True
                take(raw)
            except MediaError as error:
                taken += came
                over = taken >= FETCHES_MAX if came else waited_s >= self.pace.deadline_s
                if delivery.content is not None or task_id is None or over:
                    self.purchase.failed(self.cost_of(delivery), str(error))
                    raise
                self.purchase.wait(self.pace.poll_s)
                waited_s += self.pace.poll_s
                delivery = self._awaited(task_id)  # with a link that has not expired
            except (ProviderRefusedError, MachineError) as error:
                if task_id is None:  # it does not come again
                    self.purchase.failed(self.cost_of(delivery), str(error))
                raise
            else:
                return
            finally:
                raw.unlink(missing_ok=True)

    def _bring(self, delivery: Delivery, raw: Path) -> None:
        if delivery.content is not None:
            try:
                raw.write_bytes(delivery.content)
            except OSError as error:
                advice = "see that its folder can be written and has room"
                raise MachineError(f"cannot write {raw.name}: {error.strerror}; {advice}") from error
        elif delivery.link is not None:
            self.http.fetch(delivery.link, raw, most_bytes=MEDIA_MAX_BYTES, limit_s=FETCH_LIMIT_S)
        else:
            raise MediaError(f"{self.vendor}: the task is finished and there is no link to what it made")


MEDIA_MAX_BYTES = 512 * 2**20
"""Ten minutes of 96 kHz WAV in 24 bits are 345 MB."""

FETCH_LIMIT_S = 300.0
