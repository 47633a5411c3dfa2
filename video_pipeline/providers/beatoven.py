"""Owns Beatoven.ai, which makes music; hides that it takes a length in words only, and makes no more than 150 s.

A longer piece is had by playing parts of what came again, under the same licence; see `arrival.repetition`. It has no
list of tasks: a submission whose answer is lost stays doubtful until a person has looked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import (
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.purchases import Limits
from video_pipeline.domain.storyboard import MusicPrompt
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import Capabilities, Checkup, Purchase
from video_pipeline.providers.arrival import apart, take_music
from video_pipeline.providers.http import Reply, VendorHttp
from video_pipeline.providers.vendor import Accepted, Dealing, Delivery, Failure, Pace, task_id_in
from video_pipeline.providers.vendor.reading import dict_in, text_in
from video_pipeline.providers.workshop import Workshop

NAME = "beatoven"
PRICE_USD = Decimal("0.10")
"""Of a track, however long, as fal.ai sells the same model (2026-08); a contract of one's own may say otherwise."""

SHORTEST_S, LONGEST_S = 5, 150
"""What its model takes through fal.ai; its own document states no limit."""

LICENCE = Licence("Beatoven.ai terms of service", "https://www.beatoven.ai/tos")
"""The address is that of the terms. No use is named: one page of the vendor's speaks of an exclusive licence, another
of a non-exclusive one, and the trial plan forbids what others allow, so that the operator's plan decides."""

TOLERANCE = 0.25
"""A length in words is kept roughly."""

PACE = Pace(poll_s=10.0, deadline_s=900.0)  # ten seconds as in the vendor's own example
MISSING_MAX = 5
"""How often it may not know a task; just after the submission that says little."""

_READY, _FAILED = "composed", "failed"
_MODERATION = re.compile(r"polic|moderat|inappropriate|not allowed|copyright", re.IGNORECASE)
_LENGTH = re.compile(r"\s*\bDuration: [\d:]+\.?")
"""How our own prompts say the length of the whole piece; the vendor is to hear of one length only."""


class BeatovenMusic:
    """Music by Beatoven."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores = workshop.cores
        self._account = workshop.account(NAME)
        self._pace = PACE.at(workshop.pace)
        self.capabilities = Capabilities(
            NAME,
            takes_seed=False,
            concurrency=3,
            price_usd=workshop.prices.get(NAME, PRICE_USD),
            limits=workshop.limits_of(NAME, Limits(concurrency=3)),  # it states none; this is modest
            longest_s=LONGEST_S,
            missing=self._account.missing(),
        )

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, purchase: Purchase) -> Generation:
        """Have the piece made by `POST /api/v1/tracks/compose`; it knows no seed: each purchase is another piece."""
        http = self._account.http({"Authorization": f"Bearer {self._account.key()}"}, explain=_explain)
        seconds = min(max(-(-prompt.samples // SAMPLE_RATE), SHORTEST_S), LONGEST_S)
        calls = _Track(http, _asked(prompt.text, seconds))
        dealing = Dealing(NAME, http, calls, purchase, self._pace, self.capabilities.price_usd)
        wanted = {"samples": prompt.samples, "tolerance": TOLERANCE, "most": seconds * SAMPLE_RATE}

        def take(raw: Path) -> None:
            apart(self._cores, take_music, raw, out, vendor=NAME, **wanted)

        delivery, task_id = dealing.have(out.with_suffix(".raw"), take)
        return Generation(NAME, task_id, LICENCE, dealing.cost_of(delivery))

    def check(self) -> Checkup:
        """It has no call that tells of an account: only a piece that is paid for shows whether the key is taken."""
        self._account.key()
        return Checkup({"key": "configured; Beatoven has no call that tells whether it is taken"}, LICENCE)


def _asked(words: str, seconds: int) -> dict[str, Any]:
    text = f"{seconds} seconds of {_LENGTH.sub('', words).strip()}"
    return {"prompt": {"text": text}, "format": "wav", "looping": False}


@dataclass(slots=True)
class _Track:
    """The calls for one track; see `vendor.Calls`."""

    http: VendorHttp
    asked: Mapping[str, Any]
    missed: int = 0  # looks that found no such task

    def submit(self) -> Accepted:
        return Accepted(task_id_in(NAME, self.http.post("/api/v1/tracks/compose", dict(self.asked)), "task_id"))

    def look(self, task_id: str) -> Delivery | Failure | None:
        try:
            task = dict_in(self.http.get(f"/api/v1/tasks/{task_id}"))
        except _GoneError as error:
            self.missed += 1
            why = MediaError(f"{error}; it was paid for, and what it made cannot be had any more")
            return Failure(why) if self.missed >= MISSING_MAX else None
        state = task.get("status")
        if state == _FAILED:
            return Failure(ProviderUnavailableError(f"{NAME}: task {task_id} failed; retry the job"))
        if state != _READY:
            return None
        return Delivery(link=text_in(task.get("meta"), "track_url"))

    def search(self, age_s: float) -> None:
        return None


class _GoneError(ProviderRefusedError):
    """There is no such task."""


def _explain(reply: Reply) -> StudioError | None:
    if reply.status == 404:
        return _GoneError(f"{NAME} does not know the task or the address: {reply.said}; check base URL and key")
    if reply.status == 400 and _MODERATION.search(reply.said):
        return PromptRefusedError(f"{NAME} refused the words: {reply.said}; use others")
    return None
