"""Owns the fake of Replicate: predictions and signed webhooks; hides what each model makes of sizes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from video_pipeline.providers import replicate
from video_pipeline_tests.vendors.accounts import Account, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Makes, Struck
from video_pipeline_tests.vendors.media import Picture, seed_of
from video_pipeline_tests.vendors.stamps import iso
from video_pipeline_tests.vendors.vendor import Ask, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, json_reply

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of the fake Replicate").decode()
"""Every account's; `GET /webhooks/default/secret` tells it."""
EVENTS = ("start", "output", "logs", "completed")
TRIES = 3  # to deliver a webhook
_BY_MEGAPIXELS = {"0.5 MP": (960, 544), "1 MP": (1344, 768), "2 MP": (1920, 1088), "4 MP": (2752, 1536)}
_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "21:9", "9:21", "custom")
_SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
_BROKEN = "Prediction failed: unexpected error handling prediction (E6716)"


def sign(body: bytes, *, id: str, timestamp: int, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    """The headers that prove that a webhook's body is Replicate's."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mark).decode()}"
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}


@dataclass(frozen=True, slots=True)
class _Model:
    price: Decimal  # of one picture
    size: Callable[[Mapping[str, Any]], tuple[int, int]]
    formats: tuple[str, ...]  # the first is the usual one
    largest: int  # of a custom side
    tolerance: int
    array: bool = False


def _flux_2_size(asked: Mapping[str, Any]) -> tuple[int, int]:
    if asked.get("aspect_ratio") == "custom":
        return -(-asked["width"] // 16) * 16, -(-asked["height"] // 16) * 16
    return _turned(asked, *_BY_MEGAPIXELS[asked.get("resolution", "1 MP")])


def _turned(asked: Mapping[str, Any], width: int, height: int) -> tuple[int, int]:
    ratio = asked.get("aspect_ratio", "1:1")
    if ratio == "16:9":
        return width, height
    if ratio == "9:16":
        return height, width
    wide, high = (int(part) for part in ratio.split(":"))
    side = (width * height / (wide * high)) ** 0.5
    return round(wide * side / 16) * 16, round(high * side / 16) * 16


def _small_size(asked: Mapping[str, Any]) -> tuple[int, int]:
    if asked.get("aspect_ratio") == "custom":
        return asked["width"], asked["height"]
    return _turned(asked, 1344, 768)


MODELS = {
    replicate.MODEL: _Model(replicate.PRICE_USD, _flux_2_size, ("webp", "jpg", "png"), 2048, 5),
    "black-forest-labs/flux-1.1-pro-ultra": _Model(
        Decimal("0.06"), lambda asked: _turned(asked, 2752, 1536), ("jpg", "png"), 0, 6
    ),
    "black-forest-labs/flux-1.1-pro": _Model(Decimal("0.04"), _small_size, ("webp", "jpg", "png"), 1440, 6),
    "black-forest-labs/flux-schnell": _Model(Decimal("0.003"), _small_size, ("webp", "jpg", "png"), 0, 5, array=True),
}


_SHAPE = {
    "version": str,
    "input": {
        **dict.fromkeys(("prompt", "aspect_ratio", "output_format", "resolution", "megapixels"), str),
        **dict.fromkeys(("width", "height", "seed", "safety_tolerance", "output_quality", "num_outputs"), int),
    },
    "webhook": str,
    "webhook_events_filter": [str],
}


class Replicate(Vendor):
    """`Prefer: wait` counts as a poll: what is ready at the first poll comes with the answer."""

    name = "replicate"
    base = "/v1"
    makes = Makes.PICTURE
    tells_cost = False

    def routes(self) -> Iterable[Route]:
        yield Route("POST", "/v1/models/{owner}/{model}/predictions", Call.SUBMIT, self._create)
        yield Route("POST", "/v1/predictions", Call.SUBMIT, self._create)
        yield Route("GET", "/v1/predictions", Call.LIST, self._list)
        yield Route("GET", "/v1/predictions/{id}", Call.POLL, self._show)
        yield Route("POST", "/v1/predictions/{id}/cancel", Call.ME, self._cancel)
        yield Route("GET", "/v1/account", Call.ME, self._account)
        yield Route("GET", "/v1/webhooks/default/secret", Call.ME, lambda _: json_reply({"key": WEBHOOK_SECRET}))

    # Making.

    def _create(self, ask: Ask) -> Reply:
        wish = self.fields(ask, _SHAPE)
        named = f"{ask.path['owner']}/{ask.path['model']}" if ask.path else wish.get("version", "").split(":")[0]
        model = MODELS.get(named)
        if model is None:
            raise AnsweredError(_says(404, "Not Found", "The requested resource could not be found."))
        asked = _checked(model, wish.get("input", {}))
        _check_webhook(wish)
        deadline_s = _deadline(ask.request.headers.get("cancel-after"))
        task = self._open(ask, named, asked)
        if deadline_s is not None:
            task.memory["deadline"] = task.created_at + deadline_s
        if wish.get("webhook"):
            self._announce(ask.account, task, wish)
        if re.match(r"wait\b", ask.request.headers.get("prefer", "")):
            ask.account.poll(task)
        return json_reply(self._prediction(ask.account, task), 201)

    def _open(self, ask: Ask, named: str, asked: dict[str, Any]) -> Task:
        account, model, prompt = ask.account, MODELS[named], asked["prompt"]
        count = asked.get("num_outputs", 1) if model.array else 1
        refused = account.refuses(prompt, ask.struck)
        with account.lock:
            if not account.affords(model.price * count):
                words = "You have insufficient credit to run this model."
                raise AnsweredError(_says(402, "Insufficient credit", words))
            task_id = uuid.uuid4().hex[:26]
            task = account.open("prediction", prompt, asked, id=task_id, flaw=self.flaw(ask))
            task.refused = refused
            task.memory.update(model=named, count=count)
            if not refused:
                account.charge(task.id, model.price * count, prompt)
        return task

    def _announce(self, account: Account, task: Task, wish: Mapping[str, Any]) -> None:
        events = wish.get("webhook_events_filter") or EVENTS
        after_s = account.behaviour.webhook_after_s
        if "start" in events:
            self.house.post.send(wish["webhook"], lambda: self._letter(account, task), after_s=0, tries=TRIES)
        if "completed" in events:

            def completed() -> tuple[bytes, dict[str, str]]:
                account.finish(task)
                return self._letter(account, task)

            self.house.post.send(wish["webhook"], completed, after_s=after_s, tries=TRIES)

    def _letter(self, account: Account, task: Task) -> tuple[bytes, dict[str, str]]:
        body = json_reply(self._prediction(account, task)).body
        marks = sign(body, id=f"msg_{task.id}", timestamp=int(self.house.clock.now()))
        return body, {"Content-Type": "application/json", **marks}

    # Reading.

    def _show(self, ask: Ask) -> Reply:
        task = self.task(ask, AnsweredError(_says(404, "Not Found", "The requested resource could not be found.")))
        shown = self._prediction(ask.account, task)
        if ask.fault is Fault.UNKNOWN_STATE:
            shown = {**shown, "status": "queued_v2", "output": None, "completed_at": None}
        return json_reply(shown)

    def _list(self, ask: Ask) -> Reply:
        tasks = ask.account.listed()
        start = int(ask.request.query.get("cursor", 0))
        url = f"{self.house.shelf.url}/replicate/v1/predictions?cursor={start + 100}"
        has_more = ask.account.behaviour.list_is_stuck or len(tasks) > start + 100
        return json_reply(
            {
                "previous": None,
                "next": url if has_more else None,
                "results": [self._prediction(ask.account, task) for task in ask.account.page(tasks, start, 100)],
            }
        )

    def _cancel(self, ask: Ask) -> Reply:
        task = ask.account.find(ask.path["id"])
        if task is None:
            raise AnsweredError(_says(404, "Not Found", "The requested resource could not be found."))
        ask.account.cancel(task)
        return json_reply(self._prediction(ask.account, task))

    def _account(self, ask: Ask) -> Reply:
        name = f"studio-{seed_of(ask.account.key):08x}"
        return json_reply({"type": "organization", "username": name, "name": name, "github_url": None})

    def _prediction(self, account: Account, task: Task) -> dict[str, Any]:
        self._watch_deadline(account, task)
        until = (task.finished_at or 0) + account.behaviour.link_life_s
        removed = task.finished and self.house.clock.now() > until
        state = _state(task)
        base = f"{self.house.shelf.url}/replicate/v1/predictions/{task.id}"
        error = {"failed": _SENSITIVE if task.refused else _BROKEN}.get(state)
        return {
            "id": task.id,
            "model": task.memory["model"],
            "version": "hidden",
            "input": {} if removed else dict(task.asked),
            "output": self._output(account, task, until) if state == "succeeded" and not removed else None,
            "error": error,
            "logs": None if removed else "",
            "status": state,
            "created_at": iso(task.created_at),
            "started_at": iso(task.created_at) if state not in ("starting", "aborted") else None,
            "completed_at": iso(task.finished_at) if task.finished_at is not None else None,
            "data_removed": removed,
            "metrics": {"predict_time": 2.5, "total_time": 2.6} if state == "succeeded" else {},
            "urls": {"get": base, "cancel": f"{base}/cancel", "web": f"https://replicate.com/p/{task.id}"},
        }

    def _watch_deadline(self, account: Account, task: Task) -> None:
        deadline = task.memory.get("deadline")
        if deadline is not None and not task.finished and self.house.clock.now() > deadline:
            task.memory["aborted"] = task.polls == 0
            account.cancel(task)

    def _output(self, account: Account, task: Task, until: float) -> str | list[str]:
        model = MODELS[task.memory["model"]]
        width, height = model.size(task.asked)
        format = task.asked.get("output_format", model.formats[0])
        links = []
        for number in range(task.memory["count"]):
            seed = seed_of(task.prompt, task.asked.get("seed"), number)
            picture = Picture(seed, width, height, format, black=task.flaw is Fault.BLACK)
            name = self.house.shelf.put(account, f"replicate/{task.id}/out-{number}", picture)
            links.append(self.house.shelf.link(name, until))
        return links if model.array else links[0]

    # Saying no.

    def error(self, status: int, message: str) -> Reply:
        titles = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error"}
        return _says(status, titles.get(status, "Service Unavailable"), message)

    def unauthorised(self) -> Reply:
        return _says(401, "Unauthenticated", "You did not pass a valid authentication token")

    def malformed(self, place: str) -> AnsweredError:
        return _wrong(place.removeprefix("input."), "is of a wrong type")

    def limited(self, struck: Struck) -> Reply:
        seconds = max(1, round(struck.wait_s))
        words = f"Request was throttled. Your rate limit resets in ~{seconds}s."
        return json_reply({"detail": words}, 429)


def _state(task: Task) -> str:
    if task.cancelled:
        return "aborted" if task.memory.get("aborted") else "canceled"
    if not task.finished:
        return "processing" if task.polls else "starting"
    return "failed" if task.failed else "succeeded"


def _says(status: int, title: str, detail: str, **more: object) -> Reply:
    return json_reply({"title": title, "detail": detail, "status": status, **more}, status)


def _wrong(field: str, words: str) -> AnsweredError:
    fields = [{"type": "invalid", "field": f"input.{field}", "description": words}]
    detail = f"- input.{field}: {words}\n"
    return AnsweredError(_says(422, "Input validation failed", detail, invalid_fields=fields))


def _checked(model: _Model, asked: dict[str, Any]) -> dict[str, Any]:
    if not asked.get("prompt"):
        raise _wrong("prompt", "prompt is required")
    choices = {
        "aspect_ratio": _RATIOS if model.largest else _RATIOS[:-1],
        "output_format": model.formats,
        "resolution": tuple(_BY_MEGAPIXELS),
        "megapixels": ("1", "0.25"),
    }
    for name, allowed in choices.items():
        if name in asked and asked[name] not in allowed:
            raise _wrong(name, f"{name} must be one of {', '.join(allowed)}")
    sides = ("width", "height") if asked.get("aspect_ratio") == "custom" else ()
    ranges = {"safety_tolerance": (1, model.tolerance), "output_quality": (0, 100), "num_outputs": (1, 4)}
    for name, (least, most) in {**ranges, **dict.fromkeys(sides, (256, model.largest))}.items():
        if not least <= asked.get(name, 0 if name in sides else least) <= most:
            raise _wrong(name, f"must be an integer between {least} and {most}")
    return asked


def _check_webhook(wish: Mapping[str, Any]) -> None:
    url = wish.get("webhook")
    if url is None:
        return
    parts = urlsplit(url)
    # The real one wants https; a test's receiver on loopback has no certificate.
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise AnsweredError(_says(422, "Invalid webhook", "- webhook: must be an HTTPS URL\n"))
    if strange := set(wish.get("webhook_events_filter") or ()) - set(EVENTS):
        raise AnsweredError(_says(422, "Invalid webhook", f"- webhook_events_filter: unknown {sorted(strange)}\n"))


def _deadline(header: str | None) -> float | None:
    if header is None:
        return None
    found = re.fullmatch(r"(\d+)([smh])?", header.strip())
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[found[2]] if found else 0
    if seconds < 5:
        raise AnsweredError(_says(422, "Invalid Cancel-After", "- Cancel-After: at least 5 seconds\n"))
    return seconds
