"""Owns what all vendors do alike: routes, keys, answers to faults; hides how a call finds its function."""

from __future__ import annotations

import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from video_pipeline_tests.vendors.accounts import Account, Clock, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Faults, Makes, Struck
from video_pipeline_tests.vendors.post import Post
from video_pipeline_tests.vendors.shapes import Shape, misfit
from video_pipeline_tests.vendors.shelf import Shelf
from video_pipeline_tests.vendors.wire import RESET, AnsweredError, Delivery, Reply, Request, page

WRONG_KEY = "wrong-key"
"""The key that every vendor refuses."""


@dataclass
class House:
    """What the vendors of one server share."""

    clock: Clock = field(default_factory=Clock)
    post: Post = field(default_factory=Post)
    bad_keys: frozenset[str] = frozenset({WRONG_KEY})
    faults: Faults | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.clock)


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that has found its function: whose it is, what came, and what is to go wrong in it."""

    account: Account
    request: Request
    struck: Struck | None
    path: dict[str, str]  # the parts of the path that have names

    @property
    def fault(self) -> Fault | None:
        """What is to go wrong."""
        return self.struck.fault if self.struck else None


Answer = Callable[[Ask], Reply]


@dataclass(frozen=True)
class Route:
    """One entry of a vendor's table; `{name}` in the path stands for a part, `{name+}` for several."""

    method: str
    path: str
    call: Call
    answer: Answer

    def match(self, path: str) -> dict[str, str] | None:
        """The named parts, if this is that path."""
        pattern = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", self.path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", pattern)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


class Vendor(ABC):
    """One vendor: its table of routes, its keys, its way to say no."""

    name: str = ""
    base: ClassVar[str] = ""
    """What of the routes' paths belongs to the base URL that a client is given."""
    makes: Makes
    inline: bool = False
    """Whether the answer itself holds the picture."""
    tells_cost: bool = True
    """Whether an answer says what was taken. Of one that does not, the bill is by its client's own price."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.terms = f"Terms of {self.name}, as of 2026-11-20. What you pay for you may publish.\n"
        self.aliases: dict[str, str] = {}  # keys that stand for another
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()
        self._routes = list(self.routes())

    # What each vendor says for itself.

    @abstractmethod
    def routes(self) -> Iterable[Route]:
        """The table."""

    @abstractmethod
    def error(self, status: int, message: str) -> Reply:
        """An error in the vendor's shape."""

    def key(self, request: Request) -> str | None:
        """The key that a call shows."""
        return request.bearer()

    def unauthorised(self) -> Reply:
        """The answer to a call without a good key."""
        return self.error(401, "The key is missing or unknown.")

    def check(self, request: Request) -> None:  # noqa: B027 - most ask for nothing more
        """What every call must have besides the key."""

    def limited(self, struck: Struck) -> Reply:
        """The answer to too many calls; the header is added to it."""
        return self.error(429, "Too many requests.")

    def no_quota(self) -> Reply:
        """The answer when waiting does not help."""
        return self.error(429, "You exceeded your current quota.")

    # What all do alike.

    def account(self, key: str) -> Account:
        """What is known of a key; known from its first use on."""
        with self._lock:
            key = self.aliases.get(key, key)
            if key not in self._accounts:
                self._accounts[key] = Account(self, key, self.house.clock, self.house.faults)
            return self._accounts[key]

    def answer(self, request: Request) -> Reply:
        """Answer a call to a path below the vendor's name."""
        route, parts = self._find(request)
        key = self.key(request)
        if not key or key in self.house.bad_keys:
            return self.unauthorised()
        account = self.account(key)
        struck = account.strike(route.call)
        place = account.log(route.call, request, struck.fault if struck else None)
        reply = self._answered(Ask(account, request, struck, parts), route)
        account.answered(place, reply.status)
        return reply

    def _answered(self, ask: Ask, route: Route) -> Reply:
        if ask.account.behaviour.latency_s:
            time.sleep(ask.account.behaviour.latency_s)
        try:
            early = before(self, ask)
            if early is not None:
                return early
            self.check(ask.request)
            return after(route.answer(ask), ask.account, ask.struck)
        except AnsweredError as no:
            return after(no.reply, ask.account, ask.struck)

    def _find(self, request: Request) -> tuple[Route, dict[str, str]]:
        path = request.path.removeprefix(f"/{self.name}")
        others = set()
        for route in self._routes:
            parts = route.match(path)
            if parts is not None and route.method == request.method:
                return route, parts
            if parts is not None:
                others.add(route.method)
        if others:
            raise AnsweredError(self.error(405, f"Method {request.method} is not allowed for {path}."))
        raise AnsweredError(self.error(404, f"There is no {path}."))

    def no(self, status: int, message: str) -> AnsweredError:
        """The vendor's error, to be raised."""
        return AnsweredError(self.error(status, message))

    def malformed(self, place: str) -> AnsweredError:
        """The error for a value of a wrong type, to be raised."""
        return self.no(400, f"{place} is of a wrong type.")

    def fields(self, ask: Ask, shape: Shape) -> dict[str, Any]:
        """The JSON object that came, if it has that shape."""
        try:
            value = json.loads(ask.request.body)
        except ValueError:
            raise self.no(400, "The body is no JSON.") from None
        if not isinstance(value, dict):
            raise self.no(400, "The body is no JSON object.")
        if "json" not in ask.request.headers.get("content-type", ""):
            raise self.no(400, "Content-Type must be application/json.")
        if place := misfit(value, shape):
            raise self.malformed(place)
        return value

    def task(self, ask: Ask, missing: AnsweredError) -> Task:
        """The task whose id is in the path, one poll further."""
        task = ask.account.find(ask.path["id"])
        if task is None:
            raise missing
        if ask.fault is not Fault.UNKNOWN_STATE:
            ask.account.poll(task)
        return task

    def flaw(self, ask: Ask) -> Fault | None:
        """What will be wrong with the thing made."""
        flaws = (Fault.TASK_FAILED, Fault.SILENT, Fault.BLACK, Fault.NSFW)
        return ask.fault if ask.fault in flaws else None


def moved(request: Request, path: str) -> Reply:
    """308 to another path of the same origin, with the same query."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    return Reply(308, b"", "text/plain", {"Location": path + query})


def before(vendor: Vendor, ask: Ask) -> Reply | None:
    """The answer of a fault that comes before the work, if it is one."""
    struck = ask.struck
    if struck is None:
        return None
    match struck.fault:
        case Fault.RESET_BEFORE:
            return RESET
        case Fault.LIMIT_SECONDS | Fault.LIMIT_DATE | Fault.LIMIT_BARE:
            return _with_wait(vendor.limited(struck), struck)
        case Fault.ERROR_JSON:
            return vendor.error(struck.status, f"{HTTPStatus(struck.status).phrase}, please try again later.")
        case Fault.ERROR_PAGE:
            return page(f"{struck.status} {HTTPStatus(struck.status).phrase}", struck.status)
        case Fault.REDIRECT:
            return moved(ask.request, f"{ask.request.path}/")
        case Fault.NO_QUOTA:
            return vendor.no_quota()
        case _:
            return None


def after(reply: Reply, account: Account, struck: Struck | None) -> Reply:
    """A reply as a fault that comes after the work leaves it."""
    if struck is None:
        return reply
    match struck.fault:
        case Fault.RESET_AFTER:
            return RESET
        case Fault.GATEWAY_LOST:
            return page("504 Gateway Time-out", 504)
        case Fault.TRUNCATED_JSON:
            return replace(reply, body=reply.body[: len(reply.body) // 2])
        case Fault.CUT_OFF:
            return replace(reply, delivery=Delivery.CUT_OFF)
        case Fault.SLOW:
            return replace(reply, delivery=Delivery.DRIP, slow_s=account.behaviour.drip_s)
        case Fault.SILENCE:
            return replace(RESET, delivery=Delivery.SILENCE, slow_s=account.behaviour.silence_s)
        case _:
            return reply


def _with_wait(reply: Reply, struck: Struck) -> Reply:
    if struck.fault is Fault.LIMIT_BARE:
        return reply
    if struck.fault is Fault.LIMIT_DATE:
        return replace(
            reply, headers={**reply.headers, "Retry-After": formatdate(time.time() + struck.wait_s, usegmt=True)}
        )
    return replace(reply, headers={**reply.headers, "Retry-After": f"{struck.wait_s:.0f}"})
