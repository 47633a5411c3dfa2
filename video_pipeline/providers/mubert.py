"""Owns Mubert, which makes music, by its API v3; hides its pairs of keys, and words on which its sources disagree.

A piece that is longer than the licence lets a track be is had by playing parts of the longest track again, under the
same licence; see `arrival.repetition`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import (
    InvalidInputError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation, Licence, Use
from video_pipeline.domain.purchases import Limits
from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import Capabilities, Checkup, Purchase
from video_pipeline.providers.arrival import apart, take_music
from video_pipeline.providers.http import Account, Reply, VendorHttp
from video_pipeline.providers.vendor import (
    Accepted,
    Dealing,
    Delivery,
    Failure,
    Findings,
    Listed,
    Pace,
    asks_same,
    offset_pages,
    sought,
    task_id_in,
)
from video_pipeline.providers.vendor.reading import amount_in, dict_in, list_in, moment_in, task_id_of, text_in
from video_pipeline.providers.workshop import Workshop

NAME = "mubert"
PRICE_USD = Decimal("0.04")
"""Of a track, however long: $199 a month for 5,000 of them (Startup plan, 2026-05)."""

PROMPT_CHARACTERS = 200
"""Its OpenAPI document says 255, its own client 200."""

SHORTEST_S = 5
LONGEST_S = 3600
"""What the document of the edit call says; the licence may say less."""

USUAL_S = 240
"""What is asked for where a licence forbids more and nobody may ask how much it allows; Mubert has such in stock."""

LICENCE = Licence(
    "Mubert API licence",
    "https://mubert.com/legal/api",
    refused=(Use.CONTENT_ID_REGISTRATION,),
)
"""No plan is known to allow that (2026-05). What is allowed depends on the plan; ask for what is nothing but music."""

TOLERANCE = 0.25
PACE = Pace(poll_s=3.0, deadline_s=600.0, answer_s=180.0)
"""A submission may take three calls: with a token that has expired, for another one, and for a shorter track."""

LISTED = 100  # tracks a page
CODE_CHARACTERS = 80

_READY = frozenset({"done", "completed"})
_FAILED = frozenset({"failed", "error", "canceled", "cancelled"})
_TOKEN_EXPIRED = "AccessTokenExpired"  # noqa: S105 - a code of the vendor, no token
_TOO_LONG = "LicenseForbiddenDuration"
_BUSY = "LicenseLimitConcurrentTrackGenerationsCount"


class MubertMusic:
    """Music by Mubert."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME)
        self._pace = PACE.at(workshop.pace)
        self._keys = _Keys(self._account)
        self.capabilities = Capabilities(
            NAME,
            takes_seed=False,
            concurrency=4,
            price_usd=workshop.prices.get(NAME, PRICE_USD),
            limits=workshop.limits_of(NAME, Limits(concurrency=4)),
            longest_s=LONGEST_S,
            missing=self._account.missing(("customer_id", "access_token"), ("company_id", "license_token")),
        )

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, purchase: Purchase) -> Generation:
        """Have the piece made by `POST /public/tracks`; it knows no seed, so each purchase is another piece."""
        longest_s = self._keys.longest_s()
        most = (longest_s or USUAL_S) * SAMPLE_RATE
        calls = _Track(self._keys, _asked(prompt, longest_s or LONGEST_S))
        dealing = Dealing(NAME, self._keys.http(), calls, purchase, self._pace, self.capabilities.price_usd)

        def take(raw: Path) -> None:
            wanted = {"samples": prompt.samples, "tolerance": TOLERANCE, "most": most}
            apart(self._cores, take_music, raw, out, vendor=NAME, **wanted)

        delivery, task_id = dealing.have(out.with_suffix(".raw"), take)
        return Generation(NAME, task_id, LICENCE, dealing.cost_of(delivery), credits=delivery.credits)

    def check(self) -> Checkup:
        """What the licence allows; with the keys of a customer alone, that these are taken."""
        return Checkup({"key": "accepted", **self._keys.allowed()}, LICENCE)


def _asked(prompt: MusicPrompt, longest_s: int) -> dict[str, Any]:
    """The body of the call, for `longest_s` at most.

    Words that have to be cut off come after the title, so that two prompts do not become one.
    """
    seconds = -(-prompt.samples // SAMPLE_RATE)
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise InvalidInputError(f"{NAME} makes pieces of {SHORTEST_S} to {LONGEST_S} s, not {seconds} s")
    words = prompt.text
    if len(words) > PROMPT_CHARACTERS:
        words = f"{prompt.title}: {words}"[:PROMPT_CHARACTERS].rsplit(maxsplit=1)[0]
    length = {"prompt": words, "duration": min(seconds, longest_s)}
    return length | {"format": "mp3", "bitrate": 320, "intensity": "low", "mode": "track"}


@dataclass(slots=True)
class _Track:
    """The calls for one track; see `vendor.Calls`."""

    keys: _Keys
    asked: Mapping[str, Any]
    ends_early: bool = False  # its list ended before as many tracks as it says that there are

    def submit(self) -> Accepted:
        try:
            track = self._posted()
        except _TooLongError:
            if self.asked["duration"] <= USUAL_S:
                raise
            self.asked = {**self.asked, "duration": USUAL_S}
            track = self._posted()
        return Accepted(task_id_in(NAME, _unwrapped(track), "id"))

    def _posted(self) -> Any:
        return self.keys.call(lambda http: http.post("/public/tracks", dict(self.asked)))

    def look(self, task_id: str) -> Delivery | Failure | None:
        track = _unwrapped(self.keys.call(lambda http: http.get(f"/public/tracks/{task_id}")))
        made = next(iter(list_in(track, "generations")), None)
        state = (text_in(made, "status") or "").lower()
        if state in _FAILED:
            return Failure(ProviderUnavailableError(f"{NAME}: track {task_id} failed; retry the job"))
        return Delivery(link=text_in(made, "url")) if state in _READY else None

    def search(self, age_s: float) -> Findings:
        found = sought(offset_pages(self._rows_from, self._listed), age_s)
        return replace(found, is_whole=found.is_whole and not self.ends_early)

    def _rows_from(self, offset: int) -> tuple[list[Any], datetime]:
        query = {"limit": LISTED, "offset": offset}
        listed, now = self.keys.call(lambda http: (http.get("/public/tracks", query), http.now()))
        if not isinstance(listed, dict) or not isinstance(listed.get("data"), list):
            raise ProviderUnavailableError(f"{NAME} GET /public/tracks: answered without a list; try again later")
        total = amount_in(listed.get("meta"), "total")
        self.ends_early = not listed["data"] and total is not None and total > offset
        return listed["data"], now

    def _listed(self, track: Mapping[str, Any]) -> Listed:
        lengths = (self.asked["duration"], min(self.asked["duration"], USUAL_S))
        is_same = asks_same(track, {"prompt": (self.asked["prompt"],), "duration": lengths})
        return Listed(task_id_of(track.get("id")), moment_in(track, "created_at"), is_same)


class _Keys:
    """The keys of a customer: configured, or asked for with those of the company, and again when they expire."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._http: VendorHttp | None = None
        self._longest_s: int | None = None
        self._has_looked = False

    def longest_s(self) -> int | None:
        """Seconds of the longest track that the licence allows; None where nothing says so, or nobody may ask."""
        with self._lock:
            if not self._has_looked and self._account.keys.get("license_token"):
                self._longest_s = _longest_in(self._service().get("/service/licenses"))
            self._has_looked = True
            return self._longest_s

    def allowed(self) -> dict[str, str]:
        """What is told of the licence, by the names that people read; empty where nobody may ask."""
        if not self._account.keys.get("license_token"):
            self.call(lambda http: http.once().get("/public/tracks", {"limit": 1, "offset": 0}))
            return {}
        return _told_of(self._service().once().get("/service/licenses"))

    def http(self) -> VendorHttp:
        """The client with the customer's keys; InvalidInputError when none are configured."""
        with self._lock:
            if self._http is None:
                self._http = self._customer()
            return self._http

    def call(self, call: Any) -> Any:
        """What `call` returns when it is given the client; with new keys should these have expired."""
        used = self.http()
        try:
            return call(used)
        except _ExpiredError:
            if not self._account.keys.get("license_token"):
                raise ProviderRefusedError(self._expired()) from None
            with self._lock:
                if self._http is used:
                    self._http = self._customer(is_expired=True)
            return call(self.http())

    def _expired(self) -> str:
        token, ours = self._account.setting("access_token"), ("company_id", "license_token")
        renewing = " and ".join(map(self._account.setting, ours))
        return f"{NAME}: the access token in {token} expired; set another one, or {renewing}, which get new ones"

    def _customer(self, *, is_expired: bool = False) -> VendorHttp:
        keys = self._account.keys
        if is_expired or not keys.get("access_token"):
            mine, keys = keys.get("customer_id"), self._asked_for()
            if mine not in (None, keys["customer_id"]):
                # In another customer's list nothing would be found, and what was ordered would be bought again.
                customer = self._account.setting("customer_id")
                raise ProviderRefusedError(
                    f"{self._expired()}, but those of another customer; leave out {customer} when nothing is under way "
                    "there any more"
                )
        headers = {"customer-id": keys["customer_id"], "access-token": keys["access_token"]}
        return self._account.http(headers, explain=_explain, key_setting=self._account.setting("access_token"))

    def _asked_for(self) -> dict[str, str]:
        """The keys of our customer, who is found or made."""
        customer = _unwrapped(self._service().post("/service/customers", {"custom_id": "video-pipeline"}, patient=True))
        access = dict_in(customer, "access")
        if not access.get("id") or not text_in(access, "token"):
            raise ProviderUnavailableError(f"{NAME} POST /service/customers: answered without keys; try again later")
        return {"customer_id": str(access["id"]), "access_token": str(access["token"])}

    def _service(self) -> VendorHttp:
        """The client with the company's keys."""
        headers = {
            "company-id": self._account.key("company_id"),
            "license-token": self._account.key("license_token"),
        }
        return self._account.http(headers, explain=_explain, key_setting=self._account.setting("license_token"))


class _TooLongError(ProviderRefusedError):
    """The licence allows shorter tracks only; nothing was taken."""


class _ExpiredError(ProviderRefusedError):
    """The customer's token is not valid any more; another one is asked for."""


def _explain(reply: Reply) -> StudioError | None:
    """The codes of Mubert's own errors."""
    body = dict_in(reply.body)
    code = (text_in(body, "code") or "")[:CODE_CHARACTERS]
    if reply.status == 403 and code == _TOKEN_EXPIRED:
        return _ExpiredError(f"{NAME}: the access token expired; the company's keys get another one")
    if reply.status == 403 and code == _BUSY:
        return ProviderUnavailableError(f"{NAME}: {code}, {reply.said}; it goes on when others are ready")
    if reply.status == 403 and code == _TOO_LONG:
        return _TooLongError(f"{NAME}: {code}, {reply.said}; see what the licence allows, or order shorter pieces")
    if reply.status == 403 and code.startswith("License"):
        return ProviderRefusedError(f"{NAME}: {code}, {reply.said}; see what the licence allows, or order less")
    if reply.status == 422 and "prompt" in dict_in(body, "errors") and "not allowed" in reply.said:
        return PromptRefusedError(f"{NAME} refused the prompt: {reply.said}; use other words")
    return None


def _longest_in(answer: Any) -> int | None:
    """Seconds of the longest track by the list of licences, of several the strictest; 0 and -1 are no limits."""
    told = [dict_in(each, "license_limits").get("max_track_duration") for each in list_in(answer, "data")]
    limits = [each for each in told if isinstance(each, int) and not isinstance(each, bool)]
    return min((each for each in limits if each >= SHORTEST_S), default=None)


def _told_of(answer: Any) -> dict[str, str]:
    """The limits of each licence in words; 0 and -1 are no limits."""
    licences = answer.get("data") if isinstance(answer, dict) else None
    told = {}
    for number, each in enumerate(licences or [], 1):
        limits = each.get("license_limits") if isinstance(each, dict) else None
        if not isinstance(limits, dict):
            continue
        words = [f"tracks of up to {limits['max_track_duration']} s"] if limits.get("max_track_duration") else []
        for span, counted in (("day", "daily"), ("month", "monthly"), ("all", "total")):
            most = limits.get(f"{counted}_tracks_count_limit")
            if isinstance(most, int) and most > 0:
                words.append(f"{limits.get(f'{counted}_tracks_count', 0)} of {most} tracks ({span})")
        expires = each.get("expired_at")
        told[f"licence {number}"] = ", ".join([*words, *([f"until {expires}"] if expires else [])]) or "no limits told"
    return told


def _unwrapped(answer: Any) -> dict[str, Any]:
    """A track, which comes wrapped in `data` or bare."""
    return dict_in(answer, "data") if isinstance(answer, dict) and "data" in answer else dict_in(answer)
