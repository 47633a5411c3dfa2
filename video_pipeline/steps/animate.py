"""Owns making a clip of a scene's picture; hides how long it is asked for, and how it becomes footage.

An engine makes a few seconds. They become a loop like any uploaded video, and are shown for as long as the scene lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.media import Generation
from video_pipeline.domain.records import Clip
from video_pipeline.domain.storyboard import VisualPrompt, seed_of
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import VideoEngine
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.studio import Studio

MARGIN_FRAMES = FPS_30.frames_in(5)
"""What is taken of a video beyond its scene: for both transitions and the seam of the loop."""


@dataclass(frozen=True, slots=True)
class Animator:
    """Makes the clips of one order in one attempt."""

    studio: Studio
    attempt: Attempt
    brief: Brief
    engine: VideoEngine
    scratch: Path

    def clip_of(self, visual: VisualPrompt, picture: Path, frames: int) -> tuple[Generation, Clip]:
        """What the engine says, and the clip of `picture`, in the media store, for a scene of `frames` frames.

        Errors are those of `VideoEngine.animate` and `MediaTools.conform_footage`; nothing is left in the store then.
        """
        facts, size = self.engine.capabilities, picture_size(self.brief)
        made, film = (self.scratch / f"{visual.order_index:02}{end}.mp4" for end in ("-made", ""))
        wanted = frames + MARGIN_FRAMES
        seed = seed_of(visual, self.brief.seed)
        generation = self.engine.animate(
            visual,
            seed,
            picture if facts.from_picture else None,
            seconds=min(ceil(FPS_30.seconds(wanted)), facts.longest_s),
            size=size,
            out=made,
        )
        conformed = self.studio.tools.conform_footage(
            made,
            FPS_30,
            film,
            aspect=self.brief.aspect_ratio,
            report=lambda *_: None,
            cancelled=self.attempt.stopped,
            # What has no seam would get one by being cut, and needs no fade.
            loop=not facts.seamless,
            most_frames=None if facts.seamless else wanted,
        )
        made.unlink()
        key = clip_key(self.attempt, visual.order_index)
        return generation.seeded(seed), Clip(self.studio.media.adopt(film, key), conformed.frames)


def picture_size(brief: Brief) -> tuple[int, int]:
    """Width and height of every picture of an order."""
    rung = MASTER.rung_for(brief.aspect_ratio)
    return rung.width, rung.height


def image_key(attempt: Attempt, order_index: int) -> str:
    """Where the picture lies that this attempt makes of a scene; no other attempt's lies there."""
    return f"{_stem(attempt, order_index)}.png"


def clip_key(attempt: Attempt, order_index: int) -> str:
    """Where the footage lies that this attempt shows in a scene; no other attempt's lies there."""
    return f"{_stem(attempt, order_index)}.mp4"


def _stem(attempt: Attempt, order_index: int) -> str:
    return f"jobs/{attempt.job_id}/images/{order_index:02}-a{attempt.lease.attempt}"
