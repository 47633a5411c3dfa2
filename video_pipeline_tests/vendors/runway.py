"""Owns the fake of Runway: videos, images and uploads by tasks; hides credits, refunds and the queue of a tier."""

from __future__ import annotations

import base64
import binascii
import io
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from email import message_from_bytes
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from video_pipeline_tests.vendors.accounts import Account, Task
from video_pipeline_tests.vendors.faults import Call, Fault, Makes
from video_pipeline_tests.vendors.media import Picture, Video, seed_of
from video_pipeline_tests.vendors.shapes import misfit
from video_pipeline_tests.vendors.stamps import iso
from video_pipeline_tests.vendors.vendor import Ask, House, Route, Vendor
from video_pipeline_tests.vendors.wire import AnsweredError, Reply, Request, json_reply, storage_refusal

VERSION = "2024-11-06"
CREDIT = Decimal("0.01")  # US dollars
LONGEST_PROMPT = 1000  # UTF-16 units
LARGEST_DATA_URI = 5 * 2**20
_GEN4_RATIOS = ("1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672")
_VEO_RATIOS = ("1280:720", "720:1280", "1920:1080", "1080:1920")


@dataclass(frozen=True, slots=True)
class _Model:
    ratios: tuple[str, ...]
    lengths: tuple[int, ...]  # seconds
    credits: int  # a second
    from_text: tuple[str, ...] = ()  # ratios when there is no image
    credits_with_audio: int = 0
    last_frame: bool = False
    needs_text: bool = False


MODELS = {
    "gen4_turbo": _Model(_GEN4_RATIOS, tuple(range(2, 11)), 5),
    "gen4.5": _Model(_GEN4_RATIOS, tuple(range(2, 11)), 12, from_text=_GEN4_RATIOS[:2], needs_text=True),
    "veo3.1_fast": _Model(_VEO_RATIOS, (4, 6, 8), 10, _VEO_RATIOS, 15, last_frame=True),
    "veo3.1": _Model(_VEO_RATIOS, (4, 6, 8), 20, _VEO_RATIOS, 40, last_frame=True),
    # What it costs is assumed.
    "kling3.0_pro": _Model(_VEO_RATIOS, tuple(range(3, 16)), 16, _VEO_RATIOS, last_frame=True),
}
IMAGE_MODELS = {"gen4_image": 8, "gen4_image_turbo": 2}
"""Credits of an image; a `gen4_image` of 720 lines costs 5."""
_IMAGE_RATIOS = ("1920:1080", "1080:1920", "1280:720", "720:1280", "1024:1024")


_SHAPE = {
    **dict.fromkeys(("model", "promptText", "ratio"), str),
    **dict.fromkeys(("duration", "seed"), int),
    "promptImage": (str, list),
    "audio": bool,
}


class Runway(Vendor):
    """Refused inputs are paid for; what Runway spoils itself is paid back."""

    name = "runway"
    makes = Makes.VIDEO

    def __init__(self, house: House) -> None:
        self._uploads: dict[str, bytes | None] = {}
        super().__init__(house)

    def routes(self) -> Iterable[Route]:
        yield Route("POST", "/v1/image_to_video", Call.SUBMIT, self._from_image)
        yield Route("POST", "/v1/text_to_video", Call.SUBMIT, self._from_text)
        yield Route("POST", "/v1/text_to_image", Call.SUBMIT, self._image)
        yield Route("GET", "/v1/tasks/{id}", Call.POLL, self._show)
        yield Route("DELETE", "/v1/tasks/{id}", Call.ME, self._delete)
        yield Route("POST", "/v1/uploads", Call.ME, self._upload)
        yield Route("GET", "/v1/organization", Call.ME, self._organization)

    def answer(self, request: Request) -> Reply:
        # The upload itself goes to storage, with the fields that it was given in place of a key.
        if request.path.startswith("/runway/storage/"):
            return self._store(request)
        return super().answer(request)

    def check(self, request: Request) -> None:
        version = request.headers.get("x-runway-version")
        if version != VERSION:
            raise self.no(400, f"X-Runway-Version is required and must be {VERSION}; it was {version!r}.")

    # Making.

    def _from_image(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _SHAPE)
        model = self._model(asked, "ratios")
        shown = self._check_images(asked.get("promptImage"), model)
        if model.needs_text and not asked.get("promptText"):
            raise self.no(400, "promptText is required for this model.")
        return self._video(ask, asked, model, shown)

    def _from_text(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _SHAPE)
        model = self._model(asked, "from_text")
        if not asked.get("promptText"):
            raise self.no(400, "promptText is required.")
        return self._video(ask, asked, model, [b""])

    def _model(self, asked: Mapping[str, Any], ratios: str) -> _Model:
        model = MODELS.get(asked.get("model", ""))
        if model is None or not getattr(model, ratios):
            raise self._issue("model", f"Invalid model {asked.get('model')!r}.")
        if asked.get("ratio") not in getattr(model, ratios):
            raise self._issue("ratio", f"Invalid ratio {asked.get('ratio')!r}.")
        if asked.get("duration") not in model.lengths:
            raise self._issue("duration", f"Invalid duration {asked.get('duration')!r}.")
        if asked.get("audio") and not model.credits_with_audio:
            raise self._issue("audio", "This model makes no audio.")
        self._check_words(asked)
        return model

    def _check_words(self, asked: Mapping[str, Any]) -> None:
        if len(asked.get("promptText", "").encode("utf-16-le")) // 2 > LONGEST_PROMPT:
            raise self._issue("promptText", f"Must be up to {LONGEST_PROMPT} UTF-16 code units.")
        if not 0 <= asked.get("seed", 0) < 2**32:
            raise self._issue("seed", "Must be an integer between 0 and 4294967295.")

    def _video(self, ask: Ask, asked: dict[str, Any], model: _Model, shown: Sequence[bytes | None]) -> Reply:
        rate = model.credits_with_audio if asked.get("audio") else model.credits
        return self._open(ask, "video", asked, rate * asked["duration"], shown)

    def _image(self, ask: Ask) -> Reply:
        asked = self.fields(ask, _SHAPE)
        credits = IMAGE_MODELS.get(asked.get("model", ""))
        if credits is None:
            raise self._issue("model", f"Invalid model {asked.get('model')!r}.")
        if asked.get("ratio") not in _IMAGE_RATIOS:
            raise self._issue("ratio", f"Invalid ratio {asked.get('ratio')!r}.")
        if not asked.get("promptText"):
            raise self._issue("promptText", "Required.")
        self._check_words(asked)
        if asked["model"] == "gen4_image" and "720" in asked["ratio"].split(":"):
            credits = 5
        return self._open(ask, "image", asked, credits, [b""])

    def _open(self, ask: Ask, kind: str, asked: dict[str, Any], credits: int, shown: Sequence[bytes | None]) -> Reply:
        account, prompt = ask.account, asked.get("promptText", "")
        sound = None not in shown
        refused = account.refuses(prompt, ask.struck)
        with account.lock:
            if not account.affords(credits * CREDIT):
                raise self.no(400, "You do not have enough credits to run this task.")
            task = account.open(kind, prompt, asked, flaw=self.flaw(ask))
            task.refused = refused or not sound
            task.memory.update(credits=credits, sound=sound, shown=shown)
            account.charge(task.id, credits * CREDIT, prompt)
        return json_reply({"id": task.id})

    # Images that come along.

    def _check_images(self, image: object, model: _Model) -> list[bytes | None]:
        """The images, None for one that is none: it fails later, as a task."""
        images: list[Any] = image if isinstance(image, list) else [{"uri": image, "position": "first"}]
        if not images or misfit(images, [{"uri": str, "position": str}]):
            raise self._issue("promptImage", "Required: a URI, or a list of {uri, position}.")
        places = [each.get("position") for each in images]
        allowed = {"first", "last"} if model.last_frame else {"first"}
        if len(set(places)) != len(places) or not set(places) <= allowed:
            raise self._issue("promptImage", f"position must be one of {', '.join(sorted(allowed))}, each once.")
        return [self._image_at(each.get("uri")) for each in images]

    def _image_at(self, uri: object) -> bytes | None:
        if not isinstance(uri, str):
            raise self._issue("promptImage", "Required.")
        if uri.startswith("runway://"):
            if uri not in self._uploads:
                raise self._issue("promptImage", "Unknown upload.")
            stored = self._uploads[uri]
            return stored if stored is not None and _is_image(stored, None) else None
        if uri.startswith("data:"):
            if len(uri) > LARGEST_DATA_URI:
                raise self._issue("promptImage", "Data URIs may be up to 5 MB.")
            return self._image_in(uri)
        if urlsplit(uri).scheme != "https":
            raise self._issue("promptImage", "Must be an HTTPS URL, a Runway URI or a data URI.")
        return b""

    def _image_in(self, uri: str) -> bytes | None:
        kind, comma, data = uri.removeprefix("data:").partition(",")
        if not comma or not kind.startswith("image/") or not kind.endswith(";base64"):
            raise self._issue("promptImage", "Must be data:image/...;base64,...")
        try:
            content = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise self._issue("promptImage", "Invalid base64.") from None
        return content if _is_image(content, kind.removesuffix(";base64")) else None

    def _upload(self, ask: Ask) -> Reply:
        asked = self.fields(ask, {"filename": str, "type": str})
        if not asked.get("filename") or asked.get("type") != "ephemeral":
            raise self.no(400, "filename and type 'ephemeral' are required.")
        place = str(uuid.uuid4())
        uri = f"runway://{place}"
        self._uploads[uri] = None
        url = f"{self.house.shelf.url}/runway/storage/{place}"
        return json_reply({"uploadUrl": url, "fields": {"key": place, "policy": "signed"}, "runwayUri": uri})

    def _store(self, request: Request) -> Reply:
        if "authorization" in request.headers:
            return storage_refusal("InvalidArgument", "Only one auth mechanism allowed")
        uri = f"runway://{request.path.rsplit('/', 1)[1]}"
        head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n"
        form = message_from_bytes(head.encode() + request.body)
        parts: dict[Any, Any] = (
            {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                for part in form.walk()
            }
            if form.is_multipart()
            else {}
        )
        if uri not in self._uploads or parts.get("policy") != b"signed" or not parts.get("file"):
            return storage_refusal("AccessDenied", "Invalid according to Policy")
        self._uploads[uri] = parts["file"]
        return Reply(204)

    # Reading.

    def _show(self, ask: Ask) -> Reply:
        account = ask.account
        task = account.find(ask.path["id"])
        if task is None or "deleted" in task.memory:
            raise self.no(404, "Task not found.")
        if ask.fault is Fault.UNKNOWN_STATE:
            return json_reply({"id": task.id, "createdAt": iso(task.created_at), "status": "QUEUED_V2"})
        throttled = self._throttled(account, task)
        if not throttled:
            account.poll(task)
        return json_reply(
            {"id": task.id, "createdAt": iso(task.created_at), **self._by_status(account, task, throttled)}
        )

    @staticmethod
    def _throttled(account: Account, task: Task) -> bool:
        waiting = [each for each in account.listed() if not each.finished]
        return task in waiting[account.behaviour.concurrent :]

    def _by_status(self, account: Account, task: Task, throttled: bool) -> dict[str, Any]:
        credits = task.memory["credits"]
        if not task.finished:
            estimate = {"estimatedCost": {"credits": credits}}
            if throttled or task.polls == 0:
                return {"status": "THROTTLED" if throttled else "PENDING", **estimate}
            if task.polls == 1 and account.behaviour.polls_until_ready > 2:
                return {"status": "PENDING", **estimate}
            return {"status": "RUNNING", "progress": 0.5, **estimate}
        if task.cancelled:
            return {"status": "CANCELLED", "cost": {"credits": credits}}
        if task.failed:
            return {"status": "FAILED", **self._failure(account, task)}
        return {"status": "SUCCEEDED", "output": [self._link(account, task)], "cost": {"credits": credits}}

    @staticmethod
    def _failure(account: Account, task: Task) -> dict[str, Any]:
        credits = task.memory["credits"]
        if task.refused and task.memory["sound"]:
            words = "The prompt was flagged by our content moderation system."
            return {"failure": words, "failureCode": "SAFETY.INPUT.TEXT", "cost": {"credits": credits}}
        with account.lock:
            if "refunded" not in task.memory:
                task.memory["refunded"] = True
                account.charge(task.id, -credits * CREDIT, task.prompt)
        if not task.memory["sound"]:
            words = "The image could not be read."
            return {"failure": words, "failureCode": "ASSET.INVALID", "cost": {"credits": 0}}
        words = "The generation failed; change the input and try again."
        return {"failure": words, "failureCode": "INTERNAL.BAD_OUTPUT.CODE01", "cost": {"credits": 0}}

    def _link(self, account: Account, task: Task) -> str:
        width, height = (int(side) for side in task.asked["ratio"].split(":"))
        seed = seed_of(task.prompt, task.asked.get("seed"))
        shown = task.memory["shown"]
        medium: Video | Picture = (
            Video(seed, width, height, task.asked["duration"], shows=shown[0], closes=len(shown) != 1 or not shown[0])
            if task.kind == "video"
            else Picture(seed, width, height, "png")
        )
        name = self.house.shelf.put(account, f"runway/{task.id}", medium)
        return self.house.shelf.link(name, self.house.clock.now() + account.behaviour.link_life_s)

    def _delete(self, ask: Ask) -> Reply:
        task = ask.account.find(ask.path["id"])
        if task is None:
            raise self.no(404, "Task not found.")
        if task.finished:
            task.memory["deleted"] = True
        else:
            ask.account.cancel(task)
        return Reply(204)

    def _organization(self, ask: Ask) -> Reply:
        how = ask.account.behaviour
        models = {name: {"maxConcurrentGenerations": how.concurrent, "maxDailyGenerations": 200} for name in MODELS}
        made = {name: {"dailyGenerations": 0} for name in MODELS}
        for task in ask.account.listed():
            if task.asked["model"] in made:
                made[task.asked["model"]]["dailyGenerations"] += 1
        balance = 100_000 if how.credit is None else int(how.credit / CREDIT)
        tier = {"maxMonthlyCreditSpend": 10_000, "models": models}
        return json_reply({"creditBalance": balance, "tier": tier, "usage": {"models": made}})

    # Saying no.

    def error(self, status: int, message: str) -> Reply:
        return json_reply({"error": message}, status)

    def malformed(self, place: str) -> AnsweredError:
        return self._issue(place, "Wrong type.")

    def _issue(self, name: str, message: str) -> AnsweredError:
        body = {"error": "Validation of body failed", "issues": [{"path": [name], "message": message}]}
        return AnsweredError(json_reply({**body, "docUrl": "https://docs.dev.runwayml.com/api"}, 400))


def _is_image(content: bytes, kind: str | None) -> bool:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return kind is None or Image.MIME.get(image.format or "") == kind
    except OSError:
        return False
