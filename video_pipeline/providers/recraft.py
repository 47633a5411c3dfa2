"""Owns Recraft, which makes pictures and answers with them; hides its sizes, its units, and when it enlarges."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import log as logarithm
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import (
    AnswerLostError,
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
from video_pipeline.providers.http import Account, Reply, VendorHttp
from video_pipeline.providers.vendor import Dealing, Delivery, Failure, Pace
from video_pipeline.providers.vendor.reading import amount_in, dict_in, list_in, task_id_of, text_in
from video_pipeline.providers.workshop import Workshop

NAME = "recraft"
MODEL = "recraftv4_1"
"""Its pictures do for 1080 lines; those of `recraftv4_1_pro` have four times the pixels, and cost six times as much."""

PRICE_USD = Decimal("0.04")
"""Of a picture by MODEL (2026-08); what it took it says itself."""

UPSCALE_USD = Decimal("0.004")
"""Of crispUpscale (2026-08)."""

UNIT_USD = Decimal("0.001")

SIZES = ((1344, 768), (768, 1344), (1024, 1024))
"""Those of MODEL for 16:9, 9:16 and 1:1, in pixels."""

ENLARGED_HERE = 1.5
"""How many times a picture is enlarged on this machine before the vendor is asked to do it."""

PROMPT_CHARACTERS = 10_000
LIMIT_S = 120.0
"""The answer comes when the picture is made."""

LICENCE = Licence("Recraft terms of use, API", "https://www.recraft.ai/terms")
"""The address is that of the terms. What they allow depends on the operator's plan, so that no use is named here."""

LIMITS = Limits(concurrency=4, calls_per_minute=90)
"""It allows 100 pictures a minute, and five calls a second."""

log = logging.getLogger(__name__)


class RecraftImages:
    """Pictures by Recraft."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME)
        self._pace = Pace(poll_s=1.0, deadline_s=0.0).at(workshop.pace)
        self._picture_usd = workshop.prices.get(NAME, PRICE_USD)
        self.capabilities = Capabilities(
            NAME,
            concurrency=LIMITS.concurrency,
            price_usd=self._picture_usd + UPSCALE_USD,  # what is set aside does for both calls
            limits=workshop.limits_of(NAME, LIMITS),
            largest=SIZES[0],  # before it is enlarged
            missing=self._account.missing(),
        )

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase
    ) -> Generation:
        """Have the picture made by `POST /images/generations`; far larger ones are enlarged by Recraft as well."""
        http = _http(self._account)
        made = min(SIZES, key=lambda each: abs(logarithm(each[0] * size[1] / (each[1] * size[0]))))
        is_far_larger = max(size[0] / made[0], size[1] / made[1]) > ENLARGED_HERE
        price = self._picture_usd + (UPSCALE_USD if is_far_larger else 0)
        calls = _Picture(http, _asked(prompt.text, seed, made), self._picture_usd, is_far_larger)
        dealing = Dealing(NAME, http, calls, purchase, self._pace, price)

        def take(raw: Path) -> None:
            apart(self._cores, take_picture, raw, out, vendor=NAME, size=size)

        delivery, _ = dealing.have(out.with_suffix(".raw"), take)
        return Generation(NAME, calls.made_id, LICENCE, dealing.cost_of(delivery), credits=delivery.credits)

    def check(self) -> Checkup:
        """The credit that the account has left."""
        left_usd = balance(self._account)
        return Checkup({"key": "accepted", "credit left": f"${left_usd:.2f}"}, LICENCE)


def balance(account: Account) -> Decimal:
    """US dollars of credit that an account has left; errors as of `VendorHttp.get`."""
    units = amount_in(_http(account).once().get("/users/me"), "credits")
    if units is None:
        raise ProviderUnavailableError(f"{NAME} GET /users/me: answered without credits; try again later")
    return units * UNIT_USD


def _http(account: Account) -> VendorHttp:
    return account.http({"Authorization": f"Bearer {account.key()}"}, explain=_explain)


def _asked(words: str, seed: int, size: tuple[int, int]) -> dict[str, Any]:
    return {
        "model": MODEL,
        "prompt": words[:PROMPT_CHARACTERS],
        "n": 1,
        "size": f"{size[0]}x{size[1]}",
        "response_format": "b64_json",
        "random_seed": seed % 2**31,
    }


@dataclass(slots=True)
class _Picture:
    """The calls for one picture; see `vendor.Calls`."""

    http: VendorHttp
    asked: Mapping[str, Any]
    price_usd: Decimal
    enlarge: bool
    made_id: str | None = None  # the vendor's id of what it answered with

    def submit(self) -> Delivery:
        answer = self.http.post("/images/generations", dict(self.asked), limit_s=LIMIT_S)
        content, self.made_id = _unpacked(next(iter(list_in(answer, "data")), {}))
        units = amount_in(answer, "credits")
        delivery = Delivery(
            content=content, cost_usd=self.price_usd if units is None else units * UNIT_USD, credits=units
        )
        return self._enlarged(delivery) if self.enlarge and content else delivery

    def look(self, task_id: str) -> Delivery | Failure | None:
        raise AssertionError(f"{NAME} has no tasks")

    def search(self, age_s: float) -> None:
        """There is no list of what was made."""

    def _enlarged(self, delivery: Delivery) -> Delivery:
        """The picture, enlarged by the vendor; as it was where that did not work, for it is paid and can be used."""
        body = {"image_url": _data_url(delivery.content or b""), "response_format": "b64_json"}
        cost = delivery.cost_usd or Decimal(0)
        try:
            answer = self.http.post("/images/crispUpscale", body, limit_s=LIMIT_S)
        except AnswerLostError as error:
            log.warning("the picture stays as small as it was, and the price counts all the same: %s", error)
            return Delivery(content=delivery.content, cost_usd=cost + UPSCALE_USD)
        except StudioError as error:
            log.warning("the picture stays as small as it was: %s", error)
            return delivery
        content, made_id = _unpacked(dict_in(answer, "image"))
        self.made_id = made_id or self.made_id
        units = amount_in(answer, "credits")
        if units is None or delivery.credits is None:
            return Delivery(content=content or delivery.content, cost_usd=cost + UPSCALE_USD)
        return Delivery(
            content=content or delivery.content, cost_usd=cost + units * UNIT_USD, credits=delivery.credits + units
        )


def _unpacked(picture: Mapping[str, Any]) -> tuple[bytes, str | None]:
    """The picture of an answer and its id; without bytes where there is none, which is then told as an empty file."""
    try:
        content = base64.b64decode(text_in(picture, "b64_json") or "", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    return content, task_id_of(picture.get("image_id"))


def _data_url(content: bytes) -> str:
    kind = {b"\x89PNG": "png", b"RIFF": "webp"}.get(content[:4], "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _explain(reply: Reply) -> StudioError | None:
    """Its errors, of which no document tells: the words decide."""
    said = reply.said.lower()
    code = (text_in(reply.body, "code") or "").lower()
    if reply.status == 402 or (reply.status in (400, 403) and "credit" in f"{code} {said}"):
        return ProviderRefusedError(f"{NAME}: {reply.said}; buy units at https://www.recraft.ai/profile/api")
    if reply.status in (400, 403, 422) and any(word in f"{code} {said}" for word in ("moderation", "policy", "nsfw")):
        return PromptRefusedError(f"{NAME} refused the words: {reply.said}; use others")
    return None
