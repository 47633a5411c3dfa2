"""Owns the fake of Mubert's API v3: customers, licence and tracks; hides that its sources contradict each other.

Both are served in turn: a key's first, third ... track comes as the documents say, wrapped in `data` and ending as
`done`; every other one as the vendor's samples show, bare and ending as `completed`. `Behaviour.dialect` settles it.
Mubert documents no moderation; a refused prompt is a 422 here, the shape of all its validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Any

from video_pipeline.providers import mubert
from video_pipeline_tests.vendors.accounts import Account, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Makes, Struck
from video_pipeline_tests.vendors.media import Music, seed_of
from video_pipeline_tests.vendors.stamps import iso
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, Request, json_reply

PRICE = mubert.PRICE_USD  # of a track, however long
BITRATES = (32, 96, 128, 192, 256, 320)
INTENSITIES = ("low", "medium", "high")
MODES = ("track", "loop", "jingle", "mix")
STOCKED_S = (5, 6, 8, 10, 15, 20, 30, 40, 60, 180, 240, 300)
STEMS = {"DRUMS", "BASS", "LEADS", "VOCALS", "FX"}
PLAYLISTS = {
    "2.0.0": ("Sleep", "Ambient", "Ambient"),
    "3.0.0": ("Calm", "Ambient", "Meditation"),
    "6.5.1": ("Genres", "Ambient", "Ambient"),
}
_MEMBERS = ("playlist_index", "prompt", "image")
_TRACK = {
    **dict.fromkeys(("duration", "bitrate", "bpm"), int),
    **dict.fromkeys(("prompt", "playlist_index", "image", "format", "intensity", "mode", "key"), str),
    "delete_stems": [str],
    "replace_stems": [str],
}


class Mubert(Vendor):
    """`account(key)` takes an access token, or a licence token, which the tokens that it gives out belong to."""

    name = "mubert"
    base = "/api/v3"
    makes = Makes.AUDIO
    tells_cost = False

    def routes(self) -> Iterable[Route]:
        tracks = "/api/v3/public/tracks"
        yield Route("POST", tracks, Call.SUBMIT, self._create)
        yield Route("POST", f"{tracks}/record", Call.SUBMIT, self._create)
        yield Route("POST", f"{tracks}/stored", Call.SUBMIT, self._stored)
        yield Route("POST", f"{tracks}/{{id}}/similar", Call.SUBMIT, self._again)
        yield Route("POST", f"{tracks}/{{id}}/edit", Call.SUBMIT, self._again)
        yield Route("GET", tracks, Call.LIST, self._list)
        yield Route("GET", f"{tracks}/session/{{session}}", Call.POLL, self._show_session)
        yield Route("GET", f"{tracks}/{{id}}", Call.POLL, self._show)
        yield Route("GET", "/api/v3/public/playlists", Call.ME, self._playlists)
        yield Route("POST", "/api/v3/service/customers", Call.ME, self._customer)
        yield Route("GET", "/api/v3/service/licenses", Call.ME, self._licences)
        yield Route("GET", "/api/v3/service/licenses/{id}", Call.ME, self._show_licence)
        yield Route("PUT", "/api/v3/service/licenses/{id}", Call.ME, self._change_licence)

    # Keys.

    def key(self, request: Request) -> str | None:
        service = "/service/" in request.path
        who, token = ("company-id", "license-token") if service else ("customer-id", "access-token")
        return request.headers.get(token) if request.headers.get(who) else None

    def unauthorised(self) -> Reply:
        return _says(401, "Unauthenticated", "Unauthenticated.")

    def check(self, request: Request) -> None:
        token = request.headers.get("access-token", "")
        if token in self.aliases and "/public/" in request.path:
            self._check_token(token, request.headers.get("customer-id", ""))

    def _check_token(self, token: str, customer: str) -> None:
        owner, _, expires = token.removeprefix("at-").partition("-until-")
        if owner != customer.removeprefix("cu-"):
            raise AnsweredError(_says(403, "UserNotFound", "The token belongs to another customer."))
        if self.house.clock.now() > float(expires):
            raise AnsweredError(
                _says(403, "AccessTokenExpired", "Access token expired.", expired_at=iso(float(expires)))
            )

    def _customer(self, ask: Ask) -> Reply:
        custom = self.fields(ask, {"custom_id": str}).get("custom_id", "")
        if not 1 <= len(custom) <= 255:
            raise _invalid("custom_id", "The custom id field is required.")
        owner = f"{seed_of(ask.account.key, custom):08x}"
        until = float(int(self.house.clock.now() + ask.account.behaviour.token_life_s))
        token = f"at-{owner}-until-{until:.0f}"
        self.aliases[token] = ask.account.key
        access = {"id": f"cu-{owner}", "token": token, "expired_at": iso(until)}
        return json_reply({"data": {"id": owner, "custom_id": custom, "access": access}})

    def _licences(self, ask: Ask) -> Reply:
        return json_reply({"data": [self._licence(ask.account)], "meta": {"total": 1, "limit": 10, "offset": 0}})

    def _show_licence(self, ask: Ask) -> Reply:
        licence = self._licence(ask.account)
        if ask.path["id"] != licence["id"]:
            raise AnsweredError(_says(404, "LicenseNotFound", "License not found."))
        return json_reply({"data": licence})

    def _change_licence(self, ask: Ask) -> Reply:
        changes = self.fields(ask, {"webhook_url": (str, NoneType), "webhook_enabled": bool})
        if len(changes.get("webhook_url") or "") > 255:
            raise _invalid("webhook_url", "The webhook url may not be greater than 255 characters.")
        reply = self._show_licence(ask)
        if changes.get("webhook_enabled", True):
            ask.account.behaviour.webhook_url = changes.get("webhook_url") or ""
        return reply

    @staticmethod
    def _licence(account: Account) -> dict[str, Any]:
        how = account.behaviour
        limits = {
            "max_track_duration": how.longest_s,
            "max_concurrent_track_generations": how.concurrent,
            "monthly_tracks_count": len(account.bill),
            "monthly_tracks_count_limit": how.most_tracks or -1,
        }
        return {
            "id": str(seed_of(account.key)),
            "features": ["track", "ttm", "music-library"],
            "bitrates": list(BITRATES),
            "track_formats": list(how.formats),
            "track_modes": list(MODES),
            "intensities": list(INTENSITIES),
            "track_expiration_time": int(how.link_life_s),
            "license_limits": limits,
        }

    # Making.

    def _create(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _TRACK)
        _check_track(asked)
        return self._open(ask, asked, str(asked.get("prompt") or asked.get("playlist_index")))

    def _stored(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _TRACK)
        if "playlist_index" not in asked:
            raise _invalid("playlist_index", "The playlist index field is required.")
        _check_track(asked)
        if asked["duration"] not in STOCKED_S or asked["playlist_index"] not in PLAYLISTS:
            raise AnsweredError(_says(404, "TrackNotFound", "Track not found."))
        return self._open(ask, asked, asked["playlist_index"], ready=True)

    def _again(self, ask: Ask) -> Reply:
        """A new track out of an old one, at the full price."""
        old = ask.account.find(ask.path["id"])
        if old is None:
            raise AnsweredError(_says(404, "TrackNotFound", "Track not found."))
        asked = self.fields(ask, _TRACK)
        if strange := {*asked.get("delete_stems", ()), *asked.get("replace_stems", ())} - STEMS:
            raise _invalid("delete_stems", f"The selected stems are invalid: {', '.join(sorted(strange))}.")
        asked = {**old.asked, **asked}
        _check_track(asked)
        return self._open(ask, asked, old.prompt)

    def _open(self, ask: Ask, asked: dict[str, Any], prompt: str, *, ready: bool = False) -> Reply:
        account = ask.account
        if account.refuses(prompt, ask.struck):
            raise _invalid("prompt", "The prompt contains words that are not allowed.")
        with account.lock:
            _check_licence(account, asked, ask.fault)
            owner = ask.request.headers["customer-id"]
            task = account.open("track", prompt, asked, owner=owner, flaw=self.flaw(ask))
            account.charge(task.id, PRICE, prompt)
        if ready:
            account.finish(task)
        elif account.behaviour.webhook_url:
            self.house.post.send(
                account.behaviour.webhook_url,
                lambda: self._letter(account, task),
                after_s=account.behaviour.webhook_after_s,
            )
        # The document of this call has no `generations`; they come with the first poll.
        return self._wrapped(account, task, self._track(task))

    def _letter(self, account: Account, task: Task) -> tuple[bytes, dict[str, str]]:
        account.finish(task)
        return json_reply(self._full(account, task)).body, {"Content-Type": "application/json"}

    # Reading.

    def _show(self, ask: Ask) -> Reply:
        task = self.task(ask, AnsweredError(_says(404, "TrackNotFound", "Track not found.")))
        return self._shown(ask, task)

    def _show_session(self, ask: Ask) -> Reply:
        wanted = ask.path["session"]
        task = next((task for task in ask.account.listed() if _session(task) == wanted), None)
        if task is None:
            raise AnsweredError(_says(404, "TrackNotFound", "Track not found."))
        if ask.fault is not Fault.UNKNOWN_STATE:
            ask.account.poll(task)
        return self._shown(ask, task)

    def _shown(self, ask: Ask, task: Task) -> Reply:
        if task.owner != ask.request.headers["customer-id"]:
            raise AnsweredError(_says(404, "TrackNotFound", "Track not found."))
        word = "queued_v2" if ask.fault is Fault.UNKNOWN_STATE else None
        return self._wrapped(ask.account, task, self._full(ask.account, task, word))

    def _list(self, ask: Ask) -> Reply:
        owner = ask.request.headers["customer-id"]
        tasks = [task for task in ask.account.listed() if task.owner == owner]
        limit, offset = int(ask.request.query.get("limit", 10)), int(ask.request.query.get("offset", 0))
        tracks = [self._full(ask.account, task) for task in ask.account.page(tasks, offset, limit)]
        return json_reply({"data": tracks, "meta": {"total": len(tasks), "limit": limit, "offset": offset}})

    def _playlists(self, ask: Ask) -> Reply:
        names = ("category", "group", "channel")
        rows = [{"playlist_index": index, **dict(zip(names, words, strict=True))} for index, words in PLAYLISTS.items()]
        return json_reply({"data": [{**row, "params": [{"bpm": {"gt": 60, "lt": 90}, "keys": []}]} for row in rows]})

    def _wrapped(self, account: Account, task: Task, track: dict[str, Any]) -> Reply:
        return json_reply({"data": track} if _documented(account, task) else track)

    def _track(self, task: Task) -> dict[str, Any]:
        names = ("prompt", "playlist_index", "key", "bpm")
        return {
            "id": task.id,
            "session_id": _session(task),
            **{name: task.asked[name] for name in names if name in task.asked},
            "duration": task.asked["duration"],
            "intensity": task.asked.get("intensity", "high"),
            "mode": task.asked.get("mode", "track"),
            "created_at": iso(task.created_at),
        }

    def _full(self, account: Account, task: Task, word: str | None = None) -> dict[str, Any]:
        done = task.finished and not task.failed and word is None
        until = (task.finished_at or 0) + account.behaviour.link_life_s
        generation = {
            "session_id": _session(task),
            "format": task.asked.get("format", "mp3"),
            "bitrate": task.asked.get("bitrate", 128),
            "status": word or _state(account, task),
            "generated_at": iso(task.finished_at) if done and task.finished_at else None,
            "expired_at": iso(until) if done else None,
            "created_at": iso(task.created_at),
            "url": self._link(account, task, until) if done else None,
        }
        return {**self._track(task), "generations": [generation]}

    def _link(self, account: Account, task: Task, until: float) -> str:
        asked = task.asked
        music = Music(
            seed_of(task.prompt, task.id),
            float(asked["duration"]),
            asked.get("format", "mp3"),
            asked.get("bitrate", 128),
            silent=task.flaw is Fault.SILENT,
        )
        return self.house.shelf.link(self.house.shelf.put(account, f"mubert/{task.id}", music), until)

    # Saying no.

    def error(self, status: int, message: str) -> Reply:
        if status >= 500:
            return _says(status, "RenderApi", message, context={"service": "render"})
        return _says(
            status,
            {404: "NotFound", 405: "MethodNotAllowed", 429: "TooManyRequests"}.get(status, "BadRequest"),
            message,
        )

    def malformed(self, place: str) -> AnsweredError:
        return _invalid(place, f"The {place} is of a wrong type.")

    def limited(self, struck: Struck) -> Reply:
        return _says(429, "TooManyRequests", "Too Many Attempts.")


def _documented(account: Account, task: Task) -> bool:
    dialect = account.behaviour.dialect
    return task.number % 2 == 1 if dialect == "both" else dialect == "documents"


def _state(account: Account, task: Task) -> str:
    if not task.finished:
        return "processing"
    if task.failed:
        return "failed"
    return "done" if _documented(account, task) else "completed"


def _session(task: Task) -> str:
    return f"s-{task.id}"


def _says(status: int, code: str, message: str, **more: object) -> Reply:
    return json_reply({"code": code, "message": message, **more}, status)


def _invalid(name: str, message: str) -> AnsweredError:
    return AnsweredError(json_reply({"message": message, "errors": {name: [message]}}, 422))


def _check_track(asked: dict[str, Any]) -> None:
    if asked.get("duration", 0) < 5:
        raise _invalid("duration", "The duration must be an integer of at least 5.")
    if sum(name in asked for name in _MEMBERS) != 1:
        raise _invalid("prompt", "Exactly one of playlist_index, prompt and image is required.")
    if "prompt" in asked and not 1 <= len(asked["prompt"]) <= 200:
        raise _invalid("prompt", "The prompt may not be greater than 200 characters.")
    if "prompt" in asked and {"bpm", "key"} & asked.keys():
        raise _invalid("bpm", "The bpm and key fields are prohibited when prompt is present.")
    if "prompt" in asked and asked.get("mode", "track") not in ("track", "loop"):
        raise _invalid("mode", "The mode must be track or loop when prompt is present.")
    for name, allowed in (
        ("bitrate", BITRATES),
        ("intensity", INTENSITIES),
        ("mode", MODES),
        ("format", ("mp3", "wav")),
    ):
        if name in asked and asked[name] not in allowed:
            raise _invalid(name, f"The selected {name} is invalid.")
    if "bpm" in asked and not 1 <= asked["bpm"] <= 500:
        raise _invalid("bpm", "The bpm must be between 1 and 500.")


def _check_licence(account: Account, asked: dict[str, Any], fault: Fault | None) -> None:
    """What the licence allows; the caller holds the account's lock."""
    how = account.behaviour
    running = account.running()
    if fault is Fault.LIMIT_CONCURRENT or running >= how.concurrent:
        code = "LicenseLimitConcurrentTrackGenerationsCount"
        raise AnsweredError(
            _says(403, code, "Concurrent track generations limit reached.", concurrent_track_generations=running)
        )
    if asked["duration"] > how.longest_s:
        raise AnsweredError(_says(403, "LicenseForbiddenDuration", f"Duration may be up to {how.longest_s} seconds."))
    if asked.get("format", "mp3") not in how.formats:
        raise AnsweredError(_says(403, "LicenseForbiddenFormat", "The format is not in your licence."))
    count = len(account.bill)
    if (how.most_tracks and count >= how.most_tracks) or not account.affords(PRICE):
        limits = {"type": "monthly", "tracks_count": count, "tracks_count_limit": how.most_tracks}
        raise AnsweredError(_says(403, "LicenseLimitTracksCount", "Tracks limit reached.", **limits))
