"""Owns the calls of a vendor's interface: which are repeated, and which never are; hides waiting.

                   reading (get, fetch)                sending what may cost money (post)
no connection      again, until the patience is over   ProviderUnavailableError: nothing was sent
broke off, late    again                               AnswerLostError: it may have been accepted
408 425 429        again, when the vendor says         ProviderUnavailableError with its `retry_after_s`
500 502 503, JSON  again, when the vendor says         ProviderUnavailableError: the vendor answered no
5xx, no JSON; 504  again                               AnswerLostError: it is the word of a proxy
2xx, no JSON       again                               AnswerLostError
other 4xx          ProviderRefusedError                ProviderRefusedError
"""

from __future__ import annotations

import copy
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import SystemRandom
from typing import Any
from urllib.parse import urlencode, urljoin

from video_pipeline.domain.addresses import Target, is_private_host
from video_pipeline.domain.errors import (
    AnswerLostError,
    InvalidInputError,
    MediaError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
    UnreachableError,
)
from video_pipeline.domain.masking import mask
from video_pipeline.ports import Messenger
from video_pipeline.providers.http.exchange import BrokenOffError, NotSentError, Reply, Request, exchange
from video_pipeline.providers.http.verdict import Explain, verdict
from video_pipeline.providers.http.waiting import backoff_s, told_time

log = logging.getLogger(__name__)

LIMIT_S = 60.0
"""For one answer, unless a call says otherwise."""

PATIENCE_S = 30.0

CHECK_LIMIT_S = 10.0
"""For the one answer that a person at a terminal waits for."""

REDIRECTS_MAX = 2

CLOCKS_DIFFER_MOST = timedelta(days=366)
"""A vendor's time that is further away from this machine's is none."""

_CHANCE = SystemRandom().random
_PATH = re.compile(r"/[A-Za-z0-9._~!$()*+,;=:@%/-]*")
_KEEPING = frozenset({307, 308})
"""Redirects that keep method and body."""

_REDIRECTS = frozenset({301, 302, 303}) | _KEEPING
_SECRET_HEADERS = re.compile(r"authorization|.*(?:key|token|secret).*|company-id|customer-id", re.IGNORECASE)


class VendorHttp:
    """The interface of one vendor under one account; safe to share between threads."""

    def __init__(
        self,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str],
        *,
        secrets: Sequence[str] = (),
        explain: Explain | None = None,
        messenger: Messenger | None = None,
        key_setting: str | None = None,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = _CHANCE,
    ) -> None:
        """`headers` prove who calls and go to `base_url` alone; `messenger` fetches media, without them.

        `secrets` are kept out of messages, as the values of headers that have the name of one are. `key_setting` is
        what an operator sets the key with. InvalidInputError when `base_url` is not usable.
        """
        self._vendor = vendor
        self._base = base_url.rstrip("/")
        self._origin = _origin(_usable(vendor, self._base))
        self._key_setting = key_setting or f"VIDEO_PIPELINE_{vendor.upper()}_API_KEY"
        self._headers = _checked(headers, self._key_setting)
        self._secrets = (*secrets, *_values(headers))
        self._explain = explain or (lambda _reply: None)
        self._messenger = messenger
        self._patience_s = patience_s
        self._limit_s = LIMIT_S
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._ahead = timedelta(0)

    def once(self) -> VendorHttp:
        """The same interface for who waits for the answer: asked a single time, for CHECK_LIMIT_S."""
        hurried = copy.copy(self)
        hurried._patience_s, hurried._limit_s = 0.0, CHECK_LIMIT_S
        return hurried

    def now(self) -> datetime:
        """The time by the vendor's clock, as its last answer told it; by that of this machine where none did."""
        return datetime.now(UTC) + self._ahead

    def get(
        self, path: str, query: Mapping[str, str | int | float] | None = None, *, limit_s: float | None = None
    ) -> Any:
        """The JSON at `path` below the base URL; asked again until the patience is over, each time for `limit_s`.

        ProviderRefusedError when asking again cannot help, ProviderUnavailableError when it did not.
        """
        call = f"{self._vendor} GET {path}"
        request = self._request("GET", path, query)
        return self._patient(lambda: self._answer(request, call, limit_s or self._limit_s, paid=False))

    def post(
        self,
        path: str,
        body: Any,
        *,
        limit_s: float | None = None,
        extra_headers: Mapping[str, str] | None = None,
        patient: bool = False,
    ) -> Any:
        """Send `body` as JSON, once, and return the JSON that comes back.

        With `patient` it is sent again, until the patience is over, as long as it was certainly not accepted.
        ProviderUnavailableError when it was certainly not accepted, AnswerLostError when it may have been.
        """
        call = f"{self._vendor} POST {path}"
        content = {"Content-Type": "application/json"} | dict(extra_headers or {})
        data = json.dumps(body, allow_nan=False).encode()
        request = self._request("POST", path, None, content, data)
        if patient:
            return self._patient(lambda: self._answer(request, call, limit_s or self._limit_s, paid=True))
        return self._answer(request, call, limit_s or self._limit_s, paid=True)

    def fetch(self, url: str, out: Path, *, most_bytes: int, limit_s: float = LIMIT_S) -> None:
        """Write what is at `url`, which a vendor named, to the new file `out`; no key goes along.

        MediaError when the link leads to nothing usable (expired, too large, empty, a private address);
        ProviderUnavailableError when it was not there whole before the patience was over.
        """
        messenger = self._messenger
        if messenger is None:
            raise RuntimeError(f"{self._vendor}: fetching media takes a messenger, and none was given")

        def once() -> None:
            try:
                messenger.fetch(url, out, most_bytes, limit_s)
            except UnreachableError as error:
                raise ProviderUnavailableError(
                    self.masked(f"{self._vendor}: media cannot be fetched, {error}; try again later")
                ) from None  # it may quote the link, which is as good as a key
            except InvalidInputError as error:
                raise MediaError(
                    self.masked(f"{self._vendor}: media cannot be fetched, {error}; links of vendors expire")
                ) from None

        self._patient(once)

    def masked(self, text: str) -> str:
        """`text` without this vendor's keys."""
        return mask(text, self._secrets)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int | float] | None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Request:
        """InvalidInputError for a path that leads elsewhere: parts of it come from the vendor's earlier answers."""
        if not _PATH.fullmatch(path) or ".." in path.split("/"):
            raise InvalidInputError(f"{self._vendor}: {path[:100]!r} is no path of its interface")
        url = self._base + path + (f"?{urlencode(query)}" if query else "")
        return Request(method, Target.parse(url), self._headers | dict(headers or {}), body)

    def _patient(self, attempt: Callable[[], Any]) -> Any:
        """What `attempt` returns in the end; what may pass is tried again until the patience is over."""
        deadline = self._clock() + self._patience_s
        tries = 0
        while True:
            tries += 1
            try:
                return attempt()
            except ProviderUnavailableError as error:
                wait_s = self._wait_s(error, tries)
                if self._clock() + wait_s > deadline:
                    if tries > 1:
                        error.add_note(f"It was tried {tries} times.")
                    raise
                log.info("%s; again in %.1f s", error, wait_s)
            self._sleep(wait_s)

    def _wait_s(self, error: ProviderUnavailableError, tries: int) -> float:
        own = backoff_s(tries, self._chance())
        return own if error.retry_after_s is None else max(error.retry_after_s, own if tries > 1 else 0.0)

    def _answer(self, request: Request, call: str, limit_s: float, *, paid: bool) -> Any:
        """The JSON of one whole answer, redirects within the vendor's own origin followed."""
        begun = self._clock()
        try:
            reply = self._redirected(request, call, limit_s)
        except NotSentError as error:
            raise ProviderUnavailableError(
                self.masked(f"{call}: {error}; nothing was sent, try again later")
            ) from error
        except BrokenOffError as error:
            raise self._unanswered(call, error, paid=paid) from error
        self._note_time(reply)
        log.debug("%s: %d after %.2f s", call, reply.status, self._clock() - begun)
        wrong = self._explain(reply) or verdict(reply, call, self._key_setting, paid=paid)
        if wrong is not None:
            raise self._cleaned(wrong)
        return reply.body

    def _note_time(self, reply: Reply) -> None:
        told = told_time(reply.headers)
        ahead = told - datetime.now(UTC) if told else timedelta.max
        if abs(ahead) < CLOCKS_DIFFER_MOST:
            self._ahead = ahead

    def _redirected(self, request: Request, call: str, limit_s: float) -> Reply:
        """The first answer that is no redirect; a key goes nowhere but to its vendor."""
        deadline = self._clock() + limit_s
        for _ in range(REDIRECTS_MAX + 1):
            reply = exchange(request, max(0.001, deadline - self._clock()), self.masked)
            followed = _REDIRECTS if request.method == "GET" else _KEEPING
            location = reply.headers.get("location")
            if reply.status not in followed or location is None:
                return reply
            target = self._same_origin(request.target, location, call)
            request = Request(request.method, target, request.headers, request.body)
        raise ProviderRefusedError(f"{call}: redirected more than {REDIRECTS_MAX} times; check the vendor's base URL")

    def _same_origin(self, asked: Target, location: str, call: str) -> Target:
        try:
            target = Target.parse(urljoin(f"{asked.scheme}://{asked.authority}{asked.path}", location))
        except (InvalidInputError, ValueError):
            # Without its cause, which quotes the address.
            raise ProviderRefusedError(f"{call}: redirected to what is no address; check the base URL") from None
        if _origin(target) != self._origin:
            raise ProviderRefusedError(
                f"{call}: redirected to {target.host}, which would get the key; "
                "if that is where the vendor is now, set its base URL"
            )
        return target

    def _unanswered(self, call: str, error: BrokenOffError, *, paid: bool) -> StudioError:
        if paid:
            return AnswerLostError(
                self.masked(
                    f"{call}: {error}; it may have been accepted: look at the vendor's list before sending it again"
                )
            )
        return ProviderUnavailableError(self.masked(f"{call}: {error}; try again later"))

    def _cleaned(self, error: StudioError) -> StudioError:
        error.args = tuple(self.masked(part) if isinstance(part, str) else part for part in error.args)
        return error


def _origin(target: Target) -> tuple[str, str, int]:
    return target.scheme, target.host, target.port


def _usable(vendor: str, base_url: str) -> Target:
    """Where a vendor is reached; a key is not sent in clear through networks that are not one's own."""
    target = Target.parse(base_url)
    if target.scheme == "http" and not is_private_host(target.host):
        raise InvalidInputError(f"{vendor}: {base_url} would send the key in clear; write https://")
    return target


def _checked(headers: Mapping[str, str], key_setting: str) -> dict[str, str]:
    """Without this, the complaint about a key with a line end would be made far below, and quote the key."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise InvalidInputError(
                f"what {key_setting} holds cannot be sent in the header {name}: it may have printable ASCII only"
            )
    return dict(headers)


def _values(headers: Mapping[str, str]) -> list[str]:
    """What headers prove with, with and without the word before it."""
    found = [value for name, value in headers.items() if _SECRET_HEADERS.fullmatch(name)]
    return [*found, *(value.split()[-1] for value in found if value.split())]
