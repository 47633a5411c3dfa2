"""Owns what lies beneath and above a programme of any kind: sounds and words; hides their order. Pure."""

from __future__ import annotations

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.captions import placed
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobKind
from video_pipeline.domain.materials import Materials
from video_pipeline.domain.storyboard import BedPlan
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.timeline import Caption
from video_pipeline.domain.wishes import FROM_FILE, BedWish


def plan_beds(brief: Brief, materials: Materials) -> tuple[BedPlan, ...]:
    """The sounds that were asked for; of a build also all others that were uploaded, at the usual level.

    InvalidInputError when a sound is asked for that was not uploaded.
    """
    files = {source.name: source for source in materials.sounds}
    wishes = list(brief.ambience)
    if brief.kind is JobKind.BUILD:
        named = {wish.filename for wish in wishes}
        wishes += [BedWish(f"{FROM_FILE}{name}") for name in files if name not in named]
    for wish in wishes:
        if wish.filename is not None and wish.filename not in files:
            there = ", ".join(files) or "none"
            raise InvalidInputError(f"the sound {wish.filename} was not uploaded; there are: {there}")
    return tuple(
        BedPlan(index, wish.filename or wish.sound, wish.level_db, wish.ducking_db, files.get(wish.filename or ""))
        for index, wish in enumerate(wishes, 1)
    )


def plan_captions(materials: Materials, frames: int) -> tuple[Caption, ...]:
    """When each quote is shown in a programme of `frames` frames."""
    return placed(materials.quotes, frames, FPS_30) if materials.quotes else ()
