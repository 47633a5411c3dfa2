"""Owns making a clip of a scene's picture; hides how long it is asked for, and how it becomes footage.

An engine makes a few seconds. They become a loop like any uploaded video, and are shown for as long as the scene lasts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import TypeVar

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.media import Generation, MediaReference
from video_pipeline.domain.purchases import Item
from video_pipeline.domain.records import Clip
from video_pipeline.domain.storyboard import VisualPrompt, seed_of
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import EngineCapabilities, Purchase, VideoEngine
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.paint import picture_size, stem
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.studio import Studio, stated
from video_pipeline.steps.wording import clip_item

MARGIN_FRAMES = FPS_30.frames_in(5)
"""What is taken of a video beyond its scene: for both transitions and the seam of the loop."""


Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Animator:
    """Makes the clips of one order in one attempt."""

    studio: Studio
    attempt: Attempt
    brief: Brief
    engine: VideoEngine
    scratch: Path

    def clip_of(
        self, visual: VisualPrompt, picture: MediaReference, frames: int, keep: Callable[[Generation, Clip], Made]
    ) -> Made:
        """Have a clip of `picture` made for a scene of `frames` frames, and recorded by `keep`.

        Errors are those of `obtain` and `MediaTools.conform_footage`; nothing is left in the store then.
        """
        facts, size = self.engine.capabilities, picture_size(self.brief)
        made = self.scratch / f"{visual.order_index:02}-made.mp4"
        seed = seed_of(visual, self.brief.seed)
        seconds = clip_seconds(facts, frames)

        def make(purchase: Purchase) -> Generation:
            source = self.studio.media.locate(picture) if facts.from_picture else None
            moved = self.engine.animate(visual, seed, source, seconds=seconds, size=size, out=made, purchase=purchase)
            return stated(self.studio, facts, moved, seed)

        @cache  # books that did not answer are told again, when the file is in the store already
        def brought() -> Clip:
            return self._conformed(made, visual.order_index, frames)

        def take(generation: Generation) -> Made:
            return keep(generation, brought())

        shown = picture.sha256 if facts.from_picture else ""
        item = Item(clip_item(visual.order_index), visual.text, seed, (seconds, *size, shown))
        offer = Offer(facts.name, facts.price_of(seconds), facts.limits, make, take)
        return obtain(self.studio.jobs, self.attempt, item, [offer])

    def _conformed(self, made: Path, order_index: int, frames: int) -> Clip:
        """What the engine made, as footage in the media store."""
        film = self.scratch / f"{order_index:02}.mp4"
        seamless = self.engine.capabilities.seamless
        conformed = self.studio.tools.conform_footage(
            made,
            FPS_30,
            film,
            aspect=self.brief.aspect_ratio,
            report=lambda *_: None,
            cancelled=self.attempt.stopped,
            # What has no seam would get one by being cut, and needs no fade.
            loop=not seamless,
            most_frames=None if seamless else frames + MARGIN_FRAMES,
        )
        made.unlink()
        return Clip(self.studio.media.adopt(film, clip_key(self.attempt, order_index)), conformed.frames)


def clip_seconds(engine: EngineCapabilities, frames: int) -> int:
    """How many seconds an engine is asked for to show a scene of `frames` frames."""
    return min(ceil(FPS_30.seconds(frames + MARGIN_FRAMES)), engine.longest_s)


def clip_key(attempt: Attempt, order_index: int) -> str:
    """Where the footage lies that this attempt shows in a scene; no other attempt's lies there."""
    return f"{stem(attempt, order_index)}.mp4"
