"""Owns Runway, which makes clips of pictures, by its API of 2024-11-06; hides its models, credits and failure codes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import log
from pathlib import Path
from typing import Any

import cv2

from video_pipeline.domain.errors import (
    MachineError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.purchases import Limits
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.ports import Checkup, EngineCapabilities, Purchase
from video_pipeline.providers.arrival import apart, take_clip
from video_pipeline.providers.film import Picture, check_clip, read_picture
from video_pipeline.providers.http import Account, Reply, VendorHttp
from video_pipeline.providers.vendor import Accepted, Dealing, Delivery, Failure, Pace, task_id_in
from video_pipeline.providers.vendor.reading import amount_in, dict_in, quoted, text_in
from video_pipeline.providers.workshop import Workshop

NAME = "runway"
VERSION = "2024-11-06"
"""What the header X-Runway-Version has to say."""

CREDIT_USD = Decimal("0.01")
LICENCE = Licence("Runway terms of use, API", "https://runwayml.com/terms-of-use")
"""The address is that of the terms. What they allow depends on the operator's plan, so that no use is named here."""

PROMPT_UNITS = 1000
"""Code units of UTF-16 in promptText."""

DATA_URI_BYTES = 5 * 2**20
"""A picture in the request itself may have so many, base64 and all."""

PACE = Pace(poll_s=6.0, deadline_s=900.0)
"""It wants to be asked every five seconds at most; its own client asks every six."""

LIMITS = Limits(concurrency=2, calls_per_minute=20)
"""Tasks at once of its first tier. More would be THROTTLED, which is only another way to wait."""

_JPEG_QUALITIES = (95, 90, 80, 60, 40)

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Model:
    """One of Runway's models, as its documents of 2026-11 have it."""

    name: str
    second_usd: Decimal
    lengths: tuple[int, ...]  # seconds
    sizes: tuple[Size, ...]  # those of its ratios that are used here, width and height
    closes: bool  # it takes a last frame: with the picture as both, the clip is a loop

    def size_for(self, wanted: Size) -> Size:
        """The one of its sizes whose shape is nearest to that of `wanted`."""
        shape = wanted[0] / wanted[1]
        return min(self.sizes, key=lambda size: abs(log(size[0] / size[1] / shape)))


ENGINES: Mapping[str, Model] = {
    "runway_standard": Model(
        "gen4_turbo", Decimal("0.05"), tuple(range(2, 11)), ((1280, 720), (720, 1280), (960, 960)), closes=False
    ),
    "runway_gen3": Model("veo3.1_fast", Decimal("0.10"), (4, 6, 8), ((1920, 1080), (1080, 1920)), closes=True),
}
"""By the names under which clips are ordered; why these models, says docs/adr/0028."""


class RunwayClips:
    """Clips by Runway, under one of the names in `ENGINES`."""

    def __init__(self, workshop: Workshop, name: str) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME)
        self._pace = PACE.at(workshop.pace)
        self._model = ENGINES[name]
        self.capabilities = EngineCapabilities(
            name,
            concurrency=LIMITS.concurrency,
            price_usd=Decimal(0),
            longest_s=max(self._model.lengths),
            from_picture=True,
            seamless=self._model.closes,
            second_usd=workshop.prices.get(name, self._model.second_usd),
            lengths=self._model.lengths,
            limits=workshop.limits_of(name, LIMITS),
            largest=self._model.size_for((16, 9)),
            missing=self._account.missing(),
            vendor=NAME,
        )

    def animate(
        self,
        prompt: VisualPrompt,
        seed: int,
        picture: Path | None,
        *,
        seconds: int,
        size: tuple[int, int],
        out: Path,
        purchase: Purchase,
    ) -> Generation:
        """Have the clip made by `POST /v1/image_to_video`, with 24 frames a second."""
        name = self.capabilities.name
        source = check_clip(self.capabilities, picture, seconds, size)
        made = self._model.size_for(size)
        body = _asked(self._model, prompt, seed, self.capabilities.made_s(seconds), made)
        body |= {"promptImage": _shown(self._model, data_uri(framed(source, size, made)))}
        http = _http(self._account)
        price = self.capabilities.price_of(seconds)
        dealing = Dealing(name, http, _Clip(name, http, body), purchase, self._pace, price)

        def take(raw: Path) -> None:
            apart(self._cores, take_clip, raw, out, vendor=NAME, seconds=self.capabilities.made_s(seconds))

        delivery, task_id = dealing.have(out.with_suffix(".raw"), take)
        return Generation(name, task_id, LICENCE, dealing.cost_of(delivery), credits=delivery.credits)

    def check(self) -> Checkup:
        """The credit that the organization has left."""
        left_usd = balance(self._account)
        return Checkup({"key": "accepted", "credit left": f"${left_usd:.2f}"}, LICENCE)


def balance(account: Account) -> Decimal:
    """US dollars of credit that an account has left; errors as of `VendorHttp.get`."""
    told = _http(account).once().get("/v1/organization")
    credits = amount_in(told, "creditBalance")
    if credits is None:
        raise ProviderUnavailableError(f"{NAME} GET /v1/organization: answered without a balance; try again later")
    return credits * CREDIT_USD


def _http(account: Account) -> VendorHttp:
    return account.http({"Authorization": f"Bearer {account.key()}", "X-Runway-Version": VERSION}, explain=_explain)


def _asked(model: Model, prompt: VisualPrompt, seed: int, seconds: int, made: Size) -> dict[str, Any]:
    """The body of the call, but for the picture."""
    return {
        "model": model.name,
        "promptText": shortened(f"Gentle continuous motion, the camera stays where it is. {prompt.text}"),
        "ratio": f"{made[0]}:{made[1]}",
        "duration": seconds,
        "seed": seed % 2**32,
    }


def _shown(model: Model, uri: str) -> str | list[dict[str, str]]:
    """The picture as the first frame, and of a loop as the last one too."""
    return [{"uri": uri, "position": place} for place in ("first", "last")] if model.closes else uri


def shortened(text: str) -> str:
    """`text` within PROMPT_UNITS, cut between two words."""
    data = text.encode("utf-16-le")
    if len(data) <= 2 * PROMPT_UNITS:
        return text
    # Half a character of two units would be left over.
    kept = data[: 2 * PROMPT_UNITS].decode("utf-16-le", "ignore")
    return kept.rsplit(maxsplit=1)[0] if " " in kept else kept


def framed(source: Path, size: Size, made: Size) -> Picture:
    """The picture of the shape of `size` within a frame of `made` pixels, whose shape the model has.

    Where the shapes differ, all of it is in the middle, and its reflection on both sides, which is cut off when the
    clip becomes footage. MediaError when it is no picture.
    """
    scale = min(made[0] / size[0], made[1] / size[1])
    inner = (min(round(size[0] * scale), made[0]), min(round(size[1] * scale), made[1]))
    picture = read_picture(source, inner)
    across, down = made[0] - inner[0], made[1] - inner[1]
    if not across and not down:
        return picture
    left, top = across // 2, down // 2
    return cv2.copyMakeBorder(picture, top, down - top, left, across - left, cv2.BORDER_REFLECT)


def data_uri(picture: Picture) -> str:
    """The picture as Runway takes it within the request: the best JPEG that is small enough."""
    for quality in _JPEG_QUALITIES:
        is_encoded, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not is_encoded:
            raise MachineError(f"cannot encode a picture of {picture.shape[1]}x{picture.shape[0]} as JPEG")
        uri = "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
        if len(uri) <= DATA_URI_BYTES:
            return uri
    raise MediaError(f"the picture has more than {DATA_URI_BYTES:,} bytes as JPEG, which is what {NAME} takes")


@dataclass(frozen=True, slots=True)
class _Clip:
    """The calls for one clip; see `vendor.Calls`."""

    name: str
    http: VendorHttp
    asked: Mapping[str, Any]

    def submit(self) -> Accepted:
        return Accepted(task_id_in(self.name, self.http.post("/v1/image_to_video", dict(self.asked)), "id"))

    def look(self, task_id: str) -> Delivery | Failure | None:
        try:
            told = self.http.get(f"/v1/tasks/{task_id}")
        except _GoneError as error:
            return Failure(error)
        task = dict_in(told)
        credits = amount_in(task.get("cost"), "credits")
        match (text_in(task, "status") or "").upper():
            case "SUCCEEDED":
                links = task.get("output")
                link = links[0] if isinstance(links, list) and links and isinstance(links[0], str) else None
                return Delivery(link=link, cost_usd=_dollars(credits), credits=credits)
            case "FAILED":
                return self._failure(task_id, task, credits)
            case "CANCELLED" | "CANCELED":
                cancelled = f"{self.name}: task {task_id} was cancelled there; retry the job"
                return Failure(ProviderUnavailableError(cancelled), cost_usd=_dollars(credits))
            case _:  # PENDING, THROTTLED, RUNNING, and words to come
                return None

    def search(self, age_s: float) -> None:
        """There is no list of tasks."""

    def _failure(self, task_id: str, task: Mapping[str, Any], credits: Decimal | None) -> Failure:
        code = quoted(self.http, task.get("failureCode")) or "no code"
        said = quoted(self.http, task.get("failure")) or "nothing"
        kind, remedy, is_billed = next(
            (rule[1:] for rule in _FAILURES if code.startswith(rule[0])), (ProviderUnavailableError, _LATER, False)
        )
        error = kind(f"{self.name}: task {task_id} failed, {code}: {said}; {remedy}")
        return Failure(error, is_billed, _dollars(credits))


_WORDS = "use other words, for repeated refusals cost money and may close the account"
_LATER = "retry the job later"
_FAILURES: tuple[tuple[str, type[StudioError], str, bool], ...] = (
    ("SAFETY.INPUT", PromptRefusedError, _WORDS, True),
    ("SAFETY", PromptRefusedError, "use other words", False),
    ("INPUT_PREPROCESSING.SAFETY", PromptRefusedError, _WORDS, False),
    ("ASSET.INVALID", ProviderRefusedError, "let the scene's picture be made anew", False),
    ("INTERNAL.BAD_OUTPUT", ProviderUnavailableError, "retry the job, with another picture if it comes again", False),
    ("THIRD_PARTY.UNAVAILABLE", ProviderUnavailableError, "retry the job later, or order another engine", False),
)
"""By how the code begins, the first that fits: what it means, what to do, and whether it is billed where the answer
does not say so. Anything else passes."""


class _GoneError(ProviderRefusedError):
    """The vendor does not have the task any more."""


def _explain(reply: Reply) -> StudioError | None:
    """Runway's own words."""
    if reply.status == 400 and "enough credits" in reply.said.lower():
        return ProviderRefusedError(f"{NAME}: {reply.said}; buy credits at https://dev.runwayml.com")
    if reply.status == 404 and "task" in reply.said.lower():
        return _GoneError(f"{NAME}: {reply.said}; it was deleted there, and is made anew when the job is retried")
    if reply.status == 502 and isinstance(reply.body, dict):
        # Its documents call it load shedding: what is shed was not taken up. A proxy's page is not its word.
        return ProviderUnavailableError(f"{NAME}: answered 502, {reply.said}; try again later")
    return None


def _dollars(credits: Decimal | None) -> Decimal | None:
    return None if credits is None else credits * CREDIT_USD
