"""Owns what a vendor knows of one key: tasks, bill, calls, behaviour; hides locks, progress and queued faults."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from video_pipeline_tests.vendors.faults import Call, Fault, Faults, Seller, Struck, fits
from video_pipeline_tests.vendors.wire import Request


class Clock:
    """The vendors' time; tests move it on."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let this much time pass at once."""
        self._ahead_s += seconds


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the bill; a refund is negative."""

    at: float
    task_id: str
    amount: Decimal  # US dollars
    prompt: str


@dataclass(frozen=True, slots=True)
class Bill:
    """All charges so far, in order."""

    charges: tuple[Charge, ...]

    @property
    def total(self) -> Decimal:
        """US dollars."""
        return sum((charge.amount for charge in self.charges), Decimal(0))

    def of(self, prompt: str) -> tuple[Charge, ...]:
        """The charges for one prompt: more than one were paid twice."""
        return tuple(charge for charge in self.charges if charge.prompt == prompt)

    def __len__(self) -> int:
        return len(self.charges)

    def __iter__(self) -> Iterator[Charge]:
        return iter(self.charges)


@dataclass(slots=True)
class Behaviour:
    """How the vendor treats this key; change any of it at any time."""

    polls_until_ready: int = 2  # the poll that finds a task ready
    ready_after_s: float = 30.0  # the age at which it is ready, however few polls there were
    link_life_s: float = 60.0  # of links to media; Replicate forgets the whole prediction then
    concurrent: int = 10  # tasks at once
    credit: Decimal | None = None  # US dollars left; without it there is no end
    latency_s: float = 0.0  # before each answer
    drip_s: float = 0.5  # how long a slow answer takes
    silence_s: float = 30.0  # how long none comes
    refused_words: tuple[str, ...] = ("forbidden",)  # a prompt with one is refused by the moderation
    longest_s: int = 300  # Mubert: the licence's longest track
    most_tracks: int = 0  # Mubert: the licence's tracks a month, 0 without limit
    formats: tuple[str, ...] = ("mp3", "wav")  # Mubert: what the licence allows
    token_life_s: float = 86_400.0  # Mubert: of access tokens that a licence gave out
    dialect: str = "both"  # Mubert: "documents", "samples", or "both" in turn
    list_is_stuck: bool = False  # every page of its list shows the first task of all, and no other
    webhook_url: str = ""  # Leonardo and Mubert, whose webhooks do not belong to a call
    webhook_key: str = ""  # Leonardo: what its webhook bears
    webhook_after_s: float = 0.05  # from the call to the webhook
    json_schema: bool = True  # OpenAI: whether response_format may ask for a schema
    json_object: bool = True  # OpenAI: whether response_format may ask for JSON
    max_completion_tokens: bool = True  # OpenAI: whether this name is known, or only max_tokens
    temperature: bool = True  # OpenAI: whether the model takes one
    answers: tuple[str, ...] = ()  # writers: texts to say next, before those made up from the schema

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set some of it from JSON's values."""
        known = {each.name for each in fields(self)}
        if strange := set(changes) - known:
            raise ValueError(f"no such behaviour: {', '.join(sorted(strange))}; there are {', '.join(sorted(known))}")
        for name, value in changes.items():
            if name == "credit" and value is not None:
                value = Decimal(str(value))  # noqa: PLW2901
            setattr(self, name, tuple(value) if isinstance(value, list) else value)


@dataclass(slots=True)
class Task:
    """Something that a vendor makes or has made."""

    id: str
    number: int  # 1 is the account's first
    kind: str
    prompt: str
    asked: Mapping[str, Any]
    owner: str  # the customer, where a key has several
    created_at: float
    flaw: Fault | None = None
    polls: int = 0
    finished_at: float | None = None
    cancelled: bool = False
    refused: bool = False
    memory: dict[str, Any] = field(default_factory=dict)  # what else the vendor remembers

    @property
    def failed(self) -> bool:
        """Whether it ends, or has ended, without a result."""
        return self.refused or self.flaw is Fault.TASK_FAILED

    @property
    def finished(self) -> bool:
        """Whether it has ended, well or not."""
        return self.finished_at is not None


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call as it came; never printed, since its headers hold the key."""

    at: float
    call: Call
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    fault: Fault | None = None
    status: int | None = None  # None while it is worked on; 0 for a reset


class Account:
    """All that a vendor knows of one key; every method may be called from any thread."""

    def __init__(self, vendor: Seller, key: str, clock: Clock, faults: Faults | None = None) -> None:
        self.key = key
        self.faults = faults
        self.behaviour = Behaviour()
        self.lock = threading.RLock()
        self.tasks: dict[str, Task] = {}
        self.refused: list[str] = []
        self._vendor = vendor
        self._clock = clock
        self._charges: list[Charge] = []
        self._calls: list[LoggedCall] = []
        self._queued: list[tuple[Call, Struck]] = []

    @property
    def bill(self) -> Bill:
        """What the key has to pay."""
        with self.lock:
            return Bill(tuple(self._charges))

    @property
    def calls(self) -> tuple[LoggedCall, ...]:
        """The calls so far, in order."""
        with self.lock:
            return tuple(self._calls)

    def count(self, call: Call | str) -> int:
        """How many calls of this kind there were."""
        return sum(each.call == call for each in self.calls)

    # Faults.

    def next(
        self,
        fault: Fault | str,
        call: Call | str | None = None,
        *,
        times: int = 1,
        status: int = 503,
        wait_s: float = 1.0,
    ) -> None:
        """Queue `fault` for the next calls of that kind; without one, of the first kind that the fault fits."""
        fault = Fault(fault)
        fitting = [each for each in Call if fits(fault, each, self._vendor)]
        wanted = Call(call) if call else next(iter(fitting), None)
        if wanted is None or wanted not in fitting:
            raise ValueError(
                f"{self._vendor.name} has no {fault} at {wanted}; it fits {', '.join(fitting) or 'nothing'}"
            )
        with self.lock:
            self._queued += [(wanted, Struck(fault, status, wait_s))] * times

    def strike(self, call: Call) -> Struck | None:
        """The fault of a call that has come: the first queued one of its kind, or what the plan says."""
        with self.lock:
            for place, (wanted, struck) in enumerate(self._queued):
                if wanted is call:
                    del self._queued[place]
                    return struck
            return self.faults.draw(self._vendor, self.key, call) if self.faults else None

    # Calls.

    def log(self, call: Call, request: Request, fault: Fault | None) -> int:
        """Write a call down before it is worked on; returns its place."""
        body = b"" if fault is Fault.RESET_BEFORE else request.body
        with self.lock:
            self._calls.append(
                LoggedCall(self._clock.now(), call, request.method, request.path, request.headers, body, fault)
            )
            return len(self._calls) - 1

    def answered(self, place: int, status: int) -> None:
        """Write down how the call at that place ended."""
        with self.lock:
            self._calls[place] = replace(self._calls[place], status=status)

    # Work and money.

    def open(
        self,
        kind: str,
        prompt: str,
        asked: Mapping[str, Any],
        *,
        owner: str = "",
        id: str | None = None,
        flaw: Fault | None = None,
    ) -> Task:
        """Take on a task, and do not charge for it yet."""
        with self.lock:
            number = len(self.tasks) + 1
            task = Task(id or str(uuid.uuid4()), number, kind, prompt, asked, owner, self._clock.now(), flaw)
            self.tasks[task.id] = task
            return task

    def charge(self, task_id: str, amount: Decimal, prompt: str) -> None:
        """Put an amount on the bill, or with a negative one take it off."""
        with self.lock:
            self._charges.append(Charge(self._clock.now(), task_id, amount, prompt))
            if self.behaviour.credit is not None:
                self.behaviour.credit -= amount

    def affords(self, amount: Decimal) -> bool:
        """Whether there is enough credit."""
        with self.lock:
            return self.behaviour.credit is None or self.behaviour.credit >= amount

    def refuses(self, prompt: str, struck: Struck | None) -> bool:
        """Whether the moderation refuses this prompt; writes it down if so."""
        with self.lock:
            words = prompt.lower()
            refused = any(word in words for word in self.behaviour.refused_words)
            if refused or (struck is not None and struck.fault is Fault.REFUSED):
                self.refused.append(prompt)
                return True
            return False

    def find(self, task_id: str) -> Task | None:
        """The task of that id, as far as it has come."""
        with self.lock:
            task = self.tasks.get(task_id)
            if task is not None:
                self._settle(task)
            return task

    def poll(self, task: Task) -> None:
        """Let a task come on by one poll."""
        with self.lock:
            task.polls += 1
            self._settle(task)

    def finish(self, task: Task) -> None:
        """Let a task be ready now."""
        with self.lock:
            if not task.finished:
                task.finished_at = self._clock.now()

    def cancel(self, task: Task) -> None:
        """End a task without a result, unless it has ended."""
        with self.lock:
            if not task.finished:
                task.cancelled = True
                task.finished_at = self._clock.now()

    def listed(self) -> list[Task]:
        """All tasks as far as they have come, the first first."""
        with self.lock:
            for task in self.tasks.values():
                self._settle(task)
            return list(self.tasks.values())

    def page(self, tasks: Sequence[Task], start: int, count: int) -> Sequence[Task]:
        """Those of a page of a list that begins with the newest; `tasks` begin with the first one."""
        return tasks[:1] if self.behaviour.list_is_stuck else tasks[::-1][start : start + count]

    def running(self) -> int:
        """How many tasks have not ended."""
        return sum(not task.finished for task in self.listed())

    def _settle(self, task: Task) -> None:
        if task.finished:
            return
        due = task.created_at + self.behaviour.ready_after_s
        if task.polls >= self.behaviour.polls_until_ready:
            task.finished_at = self._clock.now()
        elif self._clock.now() >= due:
            task.finished_at = due
