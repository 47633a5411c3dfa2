"""Owns what a vendor's file says of it: how its calls are made, and how it is waited for; hides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from video_pipeline.domain.errors import AnswerLostError, StudioError
from video_pipeline.providers.vendor.listing import Findings
from video_pipeline.providers.vendor.reading import dict_in, task_id_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a vendor has made, and what it took for it."""

    link: str | None = None  # where it is
    content: bytes | None = None  # or the thing itself
    cost_usd: Decimal | None = None  # None: the vendor does not say; then it is the price
    credits: Decimal | None = None  # in the vendor's own unit


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a vendor says when it has taken up a task."""

    task_id: str
    cost_usd: Decimal | None = None  # where it says at once what it takes
    credits: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a vendor made nothing, and what it takes all the same."""

    error: StudioError
    is_paid: bool = True  # what it took the task up for; False only where it says that it takes nothing
    cost_usd: Decimal | None = None  # where it says so itself


class Calls(Protocol):
    """The calls of one vendor for one thing."""

    def submit(self) -> Accepted | Delivery:
        """Ask for it, once: what the vendor says of the task, or the thing itself where it answers with that.

        ProviderUnavailableError when it was certainly not accepted and may be later, AnswerLostError when it may have
        been accepted, ProviderRefusedError when it never will be.
        """
        ...

    def look(self, task_id: str) -> Delivery | Failure | None:
        """What became of a task; None while the vendor is at work, in whatever words it says so."""
        ...

    def search(self, age_s: float) -> Findings | None:
        """What the vendor's list shows of the last `age_s` seconds, see `sought`; None where there is no list.

        ProviderUnavailableError when the vendor does not show it now; it is looked for later.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How a vendor wants to be waited for."""

    poll_s: float  # between two looks
    deadline_s: float  # after which a task is left for a later attempt
    listed_s: float = 30.0  # after which what was submitted is in the vendor's list
    answer_s: float = 60.0  # which a submission takes at most, or two of them where it may take two calls

    def at(self, pace: float) -> Pace:
        """The same with every wait `pace` times as long."""
        return Pace(self.poll_s * pace, self.deadline_s * pace, self.listed_s * pace, self.answer_s * pace)


def task_id_in(vendor: str, answer: object, *names: str) -> str:
    """The id of a task in an answer, under `names` one within the other.

    AnswerLostError when it is not there, or is none that can be asked for.
    """
    task_id = task_id_of(dict_in(answer, *names[:-1]).get(names[-1]))
    if task_id is None:
        raise AnswerLostError(f"{vendor} answered without the id of a task; it may have accepted it")
    return task_id
