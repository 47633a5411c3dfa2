"""Owns Leonardo.ai, which makes pictures; hides that it is asked by version 2 of its API and read by version 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import (
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

NAME = "leonardo"
PRICE_USD = Decimal("0.04")
"""Of a picture by MODEL, as resellers charge; what it took in the end it says itself."""

MODEL = "lucid-origin"
"""The one that makes 1920 x 1080 as asked for."""

STYLE_NONE = "556c1ee5-ec38-42e8-955a-1e82dad0ffa1"
"""The words alone say how a picture looks."""

STEP = 8  # pixels, of which sides are multiples
WIDEST, HIGHEST = 3840, 3616  # pixels that MODEL makes
SEED_MAX = 2**31 - 1
PROMPT_CHARACTERS = 1500
"""What version 1 of its API takes; version 2 takes 2000 with this model."""

LICENCE = Licence("Leonardo.ai API terms", "https://leonardo.ai/terms-of-service/")
"""The address is that of the terms. What they allow depends on the operator's plan, so that no use is named here."""

PACE = Pace(poll_s=2.0, deadline_s=600.0)
LISTED = 50  # generations a page

_READY, _FAILED = "COMPLETE", "FAILED"


class LeonardoImages:
    """Pictures by Leonardo."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME)
        self._pace = PACE.at(workshop.pace)
        self.capabilities = Capabilities(
            NAME,
            concurrency=5,
            price_usd=workshop.prices.get(NAME, PRICE_USD),
            limits=workshop.limits_of(NAME, Limits(concurrency=5)),
            largest=made_size((WIDEST, WIDEST * 9 // 16)),
            missing=self._account.missing(),
        )

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase
    ) -> Generation:
        """Have the picture made by `POST /v2/generations`, in `size` or the next one that it makes."""
        http = self._http()
        calls = _Picture(http, _asked(prompt.text, seed % (SEED_MAX + 1), size))
        dealing = Dealing(NAME, http, calls, purchase, self._pace, self.capabilities.price_usd)

        def take(raw: Path) -> None:
            apart(self._cores, take_picture, raw, out, vendor=NAME, size=size)

        delivery, task_id = dealing.have(out.with_suffix(".raw"), take)
        return Generation(NAME, task_id, LICENCE, dealing.cost_of(delivery), credits=delivery.credits)

    def check(self) -> Checkup:
        """The tokens that the account has left, by `GET /v1/me`."""
        user = self._http().once().get("/v1/me")
        details = user.get("user_details") if isinstance(user, dict) else None
        account = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
        names = {"apiPaidTokens": "tokens that were bought", "apiSubscriptionTokens": "tokens of the plan"}
        names |= {"apiConcurrencySlots": "pictures at once"}
        told = {words: str(account[name]) for name, words in names.items() if account.get(name) is not None}
        return Checkup({"key": "accepted", **told}, LICENCE)

    def _http(self) -> VendorHttp:
        return self._account.http({"Authorization": f"Bearer {self._account.key()}"}, explain=_explain)


def made_size(size: tuple[int, int]) -> tuple[int, int]:
    """The sides to ask for: those of `size` (width, height) or a little more; of a larger one, its shape."""
    scale = min(1.0, WIDEST / size[0], HIGHEST / size[1])
    width, height = (-(-round(side * scale) // STEP) * STEP for side in size)
    return width, height


def _asked(words: str, seed: int, size: tuple[int, int]) -> dict[str, Any]:
    width, height = made_size(size)
    parameters = {
        "prompt": words[:PROMPT_CHARACTERS],
        "width": width,
        "height": height,
        "quantity": 1,  # unless it is told, it makes four, and takes money for four
        "seed": seed,
        "mode": "FAST",
        "prompt_enhance": "OFF",
        "style_ids": [STYLE_NONE],
    }
    return {"model": MODEL, "public": False, "parameters": parameters}


@dataclass(frozen=True, slots=True)
class _Picture:
    """The calls for one picture; see `vendor.Calls`."""

    http: VendorHttp
    asked: Mapping[str, Any]

    def submit(self) -> Accepted:
        answer = self.http.post("/v2/generations", dict(self.asked))
        task_id = task_id_in(NAME, answer, "generate", "generationId")
        cost = dict_in(answer, "generate", "cost")
        return Accepted(task_id, _amount(cost, "DOLLARS"), _amount(cost, "CREDITS"))

    def look(self, task_id: str) -> Delivery | Failure | None:
        made = dict_in(self.http.get(f"/v1/generations/{task_id}"), "generations_by_pk")
        if made.get("status") == _FAILED:
            return Failure(ProviderUnavailableError(f"{NAME}: generation {task_id} failed; retry the job"))
        picture = next(iter(list_in(made, "generated_images")), None)
        if made.get("status") != _READY or picture is None:
            return None
        if picture.get("nsfw") is True:
            error = PromptRefusedError(f"{NAME} marks picture {task_id} as not safe to show; use other words")
            return Failure(error)
        return Delivery(link=text_in(picture, "url"))

    def search(self, age_s: float) -> Findings:
        details = next(iter(list_in(self.http.get("/v1/me"), "user_details")), None)
        owner = task_id_of(dict_in(details, "user").get("id"))
        if owner is None:
            raise ProviderUnavailableError(f"{NAME} GET /v1/me: answered without a user; try again later")
        return sought(offset_pages(lambda offset: self._rows_from(owner, offset), self._listed), age_s)

    def _rows_from(self, owner: str, offset: int) -> tuple[list[Any], datetime]:
        path = f"/v1/generations/user/{owner}"
        listed = self.http.get(path, {"limit": LISTED, "offset": offset})
        if not isinstance(listed, dict) or not isinstance(listed.get("generations"), list):
            raise ProviderUnavailableError(f"{NAME} GET {path}: answered without a list; try again later")
        return listed["generations"], self.http.now()

    def _listed(self, made: Mapping[str, Any]) -> Listed:
        asked = self.asked["parameters"]
        is_same = asks_same(made, {name: (asked[name],) for name in ("prompt", "seed")})
        return Listed(task_id_of(made.get("id")), moment_in(made, "createdAt"), is_same)


def _amount(cost: Any, unit: str) -> Decimal | None:
    """What an answer says about money, if it says it in `unit`."""
    return amount_in(cost, "amount") if dict_in(cost).get("unit") == unit else None


def _explain(reply: Reply) -> StudioError | None:
    """Its errors: moderation is a 403, and failures may come as a list in a 200."""
    if isinstance(reply.body, list):
        return _refusal(reply.said) or ProviderRefusedError(
            f"{NAME} refused: {reply.said}; change what is asked for, or see the state of the account"
        )
    return _refusal(reply.said) if reply.status == 403 else None


def _refusal(said: str) -> StudioError | None:
    lowered = said.lower()
    if "moderation" in lowered or "inappropriate" in lowered:
        return PromptRefusedError(f"{NAME} refused the words: {said}; use others")
    return None
