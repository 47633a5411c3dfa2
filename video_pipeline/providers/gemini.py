"""Owns Gemini, which makes pictures; hides that a refusal is a 200, a draft comes first, and there are no tasks.

The picture is in the answer, and there is no list of answers: one that is lost stays doubtful until a person has
looked. Every picture bears an invisible watermark (SynthID) that says that a machine made it.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import (
    AnswerLostError,
    LimitReachedError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.purchases import Limits
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.ports import Capabilities, Checkup, Purchase
from video_pipeline.providers.arrival import apart, take_picture
from video_pipeline.providers.http import Reply, VendorHttp
from video_pipeline.providers.vendor import Dealing, Delivery, Pace
from video_pipeline.providers.vendor.reading import dict_in, list_in, quoted, text_in
from video_pipeline.providers.workshop import Workshop

NAME = "gemini"
MODEL = "gemini-3.1-flash-image"
"""Generally available since 2026-05-28; VIDEO_PIPELINE_GEMINI_IMAGE_MODEL names another one."""

LITE_MODEL = "gemini-3.1-flash-lite-image"
"""The one that makes no 2K."""

PRICES_USD = {MODEL: Decimal("0.10"), LITE_MODEL: Decimal("0.067")}
DEAREST_USD = Decimal("0.134")
"""Of a picture in 2K, in 1K by the lite model (price list of 2026-05); of models without a row, as of the pro model."""

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
SEED_MAX = 2**31 - 1
LISTED = 1000  # models on one page of its list

LIMIT_S = 240.0
"""It answers when the picture is there: usually within a minute, and seldom only after three."""

LICENCE = Licence("Gemini API additional terms of service", "https://ai.google.dev/gemini-api/terms")
"""The address is that of the terms. What they allow depends on the operator's plan, so that no use is named here."""

PACE = Pace(poll_s=1.0, deadline_s=LIMIT_S)

NO_PICTURE_MAX = 2
"""How often it is asked when it makes no picture and gives no reason; a price is per picture, so none is taken."""

_REFUSALS = frozenset(
    {
        *("SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "SPII"),
        *("RECITATION", "IMAGE_RECITATION", "PUP_LIMITED_DISABLED"),
    }
)
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiImages:
    """Pictures by Gemini."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME).versioned("v1")
        self._model = workshop.models.get(NAME, MODEL)
        self._pace = PACE.at(workshop.pace)
        usual_usd = PRICES_USD.get(self._model, DEAREST_USD)
        self.capabilities = Capabilities(
            NAME,
            takes_seed=False,  # it is told one, and nothing says that it goes by it for pictures
            concurrency=3,
            price_usd=workshop.prices.get(NAME, usual_usd),
            # What it lets an account do depends on its tier, and it says so with a 429.
            limits=workshop.limits_of(NAME, Limits(concurrency=3)),
            missing=self._account.missing(),
        )

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase
    ) -> Generation:
        """Have the picture made by `generateContent`, in 2K and the shape that is nearest to `size`."""
        http = self._http()
        image_size = "1K" if self._model == LITE_MODEL else "2K"
        calls = _Picture(http, self._model, _asked(prompt.text, seed, ratio_for(size), image_size))
        dealing = Dealing(NAME, http, calls, purchase, self._pace, self.capabilities.price_usd)

        def take(raw: Path) -> None:
            apart(self._cores, take_picture, raw, out, vendor=NAME, size=size)

        delivery, task_id = dealing.have(out.with_suffix(".raw"), take)
        return Generation(NAME, task_id, LICENCE, dealing.cost_of(delivery))

    def check(self) -> Checkup:
        """Whether the account may use the model; its credit and its tier Gemini does not tell."""
        names = model_names(self._http().once().get("/models", {"pageSize": LISTED}))
        known = "there" if self._model in names else "not in the account's list"
        return Checkup({"key": "accepted", f"model {self._model}": known}, LICENCE)

    def _http(self) -> VendorHttp:
        return self._account.http({"x-goog-api-key": self._account.key()}, explain=_explain)


def model_names(answer: Any) -> set[str]:
    """The names in Gemini's list of models."""
    listed = answer.get("models") if isinstance(answer, dict) else None
    return {str(each.get("name", "")).removeprefix("models/") for each in listed or [] if isinstance(each, dict)}


def ratio_for(size: tuple[int, int]) -> str:
    """The shape of `RATIOS` of which least has to be cut off for a picture of `size` (width, height)."""

    def distance(ratio: str) -> float:
        width, height = map(int, ratio.split(":"))
        return abs(math.log(size[0] / size[1] * height / width))

    return min(RATIOS, key=distance)


def _asked(words: str, seed: int, ratio: str, image_size: str) -> dict[str, Any]:
    return {
        "contents": [{"role": "user", "parts": [{"text": words}]}],
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": ratio, "imageSize": image_size},
            "seed": seed % (SEED_MAX + 1),
        },
    }


@dataclass(slots=True)
class _Picture:
    """The calls for one picture; see `vendor.Calls`."""

    http: VendorHttp
    model: str
    asked: Mapping[str, Any]
    without: int = 0  # answers that had no picture, and no reason

    def submit(self) -> Delivery:
        answer = self.http.post(f"/models/{self.model}:generateContent", dict(self.asked), limit_s=LIMIT_S)
        for data in _pictures_in(answer):
            return Delivery(content=_decoded(data))
        reason = _reason_in(answer)
        raise self._lack(None if reason is None else quoted(self.http, reason))

    def _lack(self, reason: str | None) -> StudioError:
        """Why there is no picture."""
        if reason is None:
            return AnswerLostError(f"{NAME} answered with neither a picture nor a reason; it may have made one")
        if reason in _REFUSALS:
            return PromptRefusedError(f"{NAME} refused the words, or what came of them: {reason}; use others")
        self.without += 1
        if self.without < NO_PICTURE_MAX:
            return ProviderUnavailableError(f"{NAME} made no picture ({reason}); it is asked once more")
        return ProviderRefusedError(
            f"{NAME} made no picture of these words, {self.without} times ({reason}); use others"
        )

    def look(self, task_id: str) -> None:
        raise AssertionError(f"{NAME} has no tasks, and never told of {task_id}")

    def search(self, age_s: float) -> None:
        return None


def _pictures_in(answer: Any) -> Iterator[str]:
    """The pictures of an answer in base64, but those that it only thought of."""
    for candidate in list_in(answer, "candidates"):
        for part in list_in(candidate.get("content"), "parts"):
            data = text_in(dict_in(part, "inlineData") or dict_in(part, "inline_data"), "data")
            if data is not None and part.get("thought") is not True:
                yield data


def _decoded(data: str) -> bytes:
    """A picture; what is no base64 as it is, for it was paid for, and whoever verifies it says what it is."""
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return data.encode(errors="replace")


def _reason_in(answer: Any) -> str | None:
    """Why an answer has no picture; a refused prompt counts as SAFETY, whatever its reason is called."""
    if dict_in(answer, "promptFeedback").get("blockReason"):
        reason = text_in(answer["promptFeedback"], "blockReason")
        return reason if reason in _REFUSALS else "SAFETY"
    for candidate in list_in(answer, "candidates"):
        return text_in(candidate, "finishReason") or "no reason given"
    return None


def _explain(reply: Reply) -> StudioError | None:
    """Google's errors: how long to wait, and what waiting does not help against, stand in the details."""
    body = reply.body[0] if isinstance(reply.body, list) and reply.body else reply.body
    error = body.get("error") if isinstance(body, dict) else None
    details = list_in(error, "details")
    if reply.status == 429:
        return _turned_away(reply.said, details)
    if reply.status == 400 and any(each.get("reason") == "API_KEY_INVALID" for each in details):
        return ProviderRefusedError(f"{NAME}: {reply.said}; check the key in VIDEO_PIPELINE_GEMINI_API_KEY")
    if reply.status == 400 and isinstance(error, dict) and error.get("status") == "FAILED_PRECONDITION":
        return ProviderRefusedError(
            f"{NAME}: {reply.said}; see the account's billing, and whether it serves the region"
        )
    return None


def _turned_away(said: str, details: list[dict[str, Any]]) -> StudioError | None:
    """A quota of the day is over for today; for any other there is a wait, in the details or in the header."""
    violations = [violation for each in details for violation in list_in(each, "violations")]
    if any("PerDay" in str(value) for violation in violations for value in violation.values()):
        return LimitReachedError(f"{NAME}: {said} The quota of the day is used up; retry tomorrow, or raise it")
    for each in details:
        if found := _DELAY.fullmatch(str(each.get("retryDelay", ""))):
            return ProviderUnavailableError(f"{NAME}: {said}; try again later", retry_after_s=float(found[1]))
    return None
