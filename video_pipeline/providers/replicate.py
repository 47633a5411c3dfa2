"""Owns Replicate, which runs models that make pictures; hides its ways to fail, and that it forgets within an hour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from video_pipeline.domain.errors import (
    MediaError,
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
    UNREADABLE,
    Accepted,
    Dealing,
    Delivery,
    Failure,
    Findings,
    Listed,
    Pace,
    Page,
    asks_same,
    sought,
    task_id_in,
)
from video_pipeline.providers.vendor.reading import dict_in, moment_in, quoted, task_id_of, text_in
from video_pipeline.providers.workshop import Workshop

NAME = "replicate"
MODEL = "black-forest-labs/flux-2-pro"
PRICE_USD = Decimal("0.05")
"""Of a picture of two megapixels: $0.03 to $0.05 in what others write about it. It does not say what it took."""

STEP, SHORTEST, LONGEST = 16, 256, 2048  # pixels: sides are multiples of the first, between the others
SEED_MAX = 2**31 - 1

LICENCE = Licence("Replicate terms of service", "https://replicate.com/terms")
"""The address is that of the terms. What they allow depends on the operator's plan, so that no use is named here."""

PACE = Pace(poll_s=2.0, deadline_s=1800.0)  # it ends whatever takes longer than half an hour
MISSING_MAX = 5
"""How often it may not know a prediction; just after the submission that says little."""

_READY = "succeeded"
_ENDED = frozenset({"failed", "canceled", "cancelled", "aborted"})
_MODERATION = re.compile(r"\(E005\)|flagged as sensitive|NSFW", re.IGNORECASE)
_RESET = re.compile(r"resets? in ~?(\d+(?:\.\d+)?)\s*s", re.IGNORECASE)


class ReplicateImages:
    """Pictures by FLUX.2 [pro] at Replicate."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME)
        self._webhook = workshop.webhooks.get(NAME)
        self._pace = PACE.at(workshop.pace)
        self.capabilities = Capabilities(
            NAME,
            concurrency=5,
            price_usd=workshop.prices.get(NAME, PRICE_USD),
            # With granted credit and no card it takes six a minute, which it says with a 429.
            limits=workshop.limits_of(NAME, Limits(concurrency=5, calls_per_minute=600)),
            largest=made_size((LONGEST, LONGEST * 9 // 16)),
            missing=self._account.missing(),
        )

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase
    ) -> Generation:
        """Have the picture made by the model's own endpoint, in the smallest size it makes that holds `size`."""
        http = self._http()
        asked = _asked(prompt.text, seed % (SEED_MAX + 1), size)
        calls = _Picture(http, asked, self._webhook)
        dealing = Dealing(NAME, http, calls, purchase, self._pace, self.capabilities.price_usd)

        def take(raw: Path) -> None:
            apart(self._cores, take_picture, raw, out, vendor=NAME, size=size)

        delivery, task_id = dealing.have(out.with_suffix(".raw"), take)
        return Generation(NAME, task_id, LICENCE, dealing.cost_of(delivery))

    def check(self) -> Checkup:
        """Whose account it is; what is left of its credit Replicate does not say."""
        account = self._http().once().get("/account")
        name = account.get("username") if isinstance(account, dict) else None
        return Checkup({"key": "accepted", "account": str(name or "without a name")}, LICENCE)

    def _http(self) -> VendorHttp:
        return self._account.http({"Authorization": f"Bearer {self._account.key()}"}, explain=_explain)


def made_size(size: tuple[int, int]) -> tuple[int, int]:
    """The sides to ask for: of the shape of `size` (width, height), and as large as the model goes."""
    scale = min(max(1.0, SHORTEST / min(size)), LONGEST / max(size))
    # Larger by less than a step, so that what is cut off is too small to see.
    width, height = (min(max(-(-round(side * scale) // STEP) * STEP, SHORTEST), LONGEST) for side in size)
    return width, height


def _asked(words: str, seed: int, size: tuple[int, int]) -> dict[str, Any]:
    width, height = made_size(size)
    return {
        "prompt": words,
        "aspect_ratio": "custom",
        "width": width,
        "height": height,
        "seed": seed,
        "output_format": "png",
        "safety_tolerance": 2,
    }


@dataclass(slots=True)
class _Picture:
    """The calls for one picture; see `vendor.Calls`."""

    http: VendorHttp
    asked: Mapping[str, Any]
    webhook: str | None = None  # where it may say that it has finished
    missed: int = 0  # looks that found no such prediction

    def submit(self) -> Accepted:
        wish: dict[str, Any] = {"input": dict(self.asked)}
        if self.webhook is not None:
            wish |= {"webhook": self.webhook, "webhook_events_filter": ["completed"]}
        answer = self.http.post(f"/models/{MODEL}/predictions", wish)
        return Accepted(task_id_in(NAME, answer, "id"))

    def look(self, task_id: str) -> Delivery | Failure | None:
        try:
            made = dict_in(self.http.get(f"/predictions/{task_id}"))
        except _GoneError as error:
            self.missed += 1
            gone = MediaError(f"{error}; it was paid for, and what it made cannot be had any more")
            return Failure(gone) if self.missed >= MISSING_MAX else None
        state = text_in(made, "status")
        if state in _ENDED:
            failed = _error_of(task_id, state, text_in(made, "error") or "", self.http)
            return Failure(failed, is_paid=not isinstance(failed, PromptRefusedError))
        if state != _READY:
            return None
        if made.get("data_removed"):
            deleted = f"{NAME} has deleted what prediction {task_id} made, as it does after an hour"
            return Failure(MediaError(f"{deleted}; it was paid for; retry the job to have it made again"))
        return Delivery(link=_link_in(made.get("output")))

    def search(self, age_s: float) -> Findings:
        """The list says what was asked for as long as that is kept; of what is older only the books can tell."""
        return sought(self._pages(), age_s)

    def _pages(self) -> Iterator[Page]:
        query: dict[str, str | int | float] | None = None
        while True:
            listed = self.http.get("/predictions", query)
            if not isinstance(listed, dict) or not isinstance(listed.get("results"), list):
                raise ProviderUnavailableError(f"{NAME} GET /predictions: answered without a list; try again later")
            rows = [self._listed(each) if isinstance(each, dict) else UNREADABLE for each in listed["results"]]
            yield Page(rows, self.http.now())
            following = text_in(listed, "next")
            if following is None:
                return
            # Of the address no more than what says where it goes on: the token goes to no other one.
            query = dict(parse_qsl(urlsplit(following).query))

    def _listed(self, prediction: Mapping[str, Any]) -> Listed:
        is_same = asks_same(dict_in(prediction, "input"), {name: (self.asked[name],) for name in ("prompt", "seed")})
        if (text_in(prediction, "model") or MODEL).partition(":")[0] != MODEL:
            is_same = None if is_same else False  # another model, or ours under another name: it asks for just that
        return Listed(task_id_of(prediction.get("id")), moment_in(prediction, "created_at"), is_same)


def _error_of(task_id: str, state: str, error: str, http: VendorHttp) -> StudioError:
    """Why there is no picture."""
    said = quoted(http, error)
    if _MODERATION.search(error):
        return PromptRefusedError(f"{NAME} refused the words, or what came of them: {said}; use others")
    return ProviderUnavailableError(f"{NAME}: prediction {task_id} {state}: {said or 'no reason given'}; retry the job")


def _link_in(output: Any) -> str | None:
    """The picture, which comes alone or as the first of a list."""
    first = output[0] if isinstance(output, list) and output else output
    return first if isinstance(first, str) and first else None


class _GoneError(ProviderRefusedError):
    """There is no such prediction, or no such model."""


def _explain(reply: Reply) -> StudioError | None:
    if reply.status == 404:
        return _GoneError(f"{NAME} does not know the prediction or the model: {reply.said}; check base URL and token")
    if reply.status == 429 and "retry-after" not in reply.headers and (found := _RESET.search(reply.said)):
        return ProviderUnavailableError(f"{NAME}: {reply.said}; try again later", retry_after_s=float(found[1]))
    if reply.status == 422 and _MODERATION.search(reply.said):
        return PromptRefusedError(f"{NAME} refused the words: {reply.said}; use others")
    return None
