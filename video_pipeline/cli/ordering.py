"""Owns the options with which a video is ordered, and the brief that follows from them; hides nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import errors
from video_pipeline.domain.brief import (
    SEED_MAX,
    AlbumBrief,
    Brief,
    MotionWish,
    StoryboardBrief,
    TransitionWish,
    brief_from_json,
)
from video_pipeline.domain.delivery import MASTER, Rendition
from video_pipeline.domain.effort import export_cost, overlay_cost
from video_pipeline.domain.job import Approval
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.timeline import Overlay
from video_pipeline.ports import JobStore

Minutes = Annotated[int, typer.Option(help="Length of an album, 60 to 90.")]
Scenes = Annotated[
    int | None, typer.Option(help="Instead of an album of 20 scenes: a short video of this many equal scenes.")
]
SceneSeconds = Annotated[int, typer.Option(help="With --scenes: length of each scene, 10 to 600.")]
Niche = Annotated[str, typer.Option(help="What the video is about.")]
Mood = Annotated[str, typer.Option(help="Mood keywords, separated by commas.")]
Seed = Annotated[int | None, typer.Option(help="Decides everything that is generated; by default a random one.")]


def _motion(word: str) -> MotionWish:
    """The motion of a word, also of one that means the same as another one."""
    try:
        return MotionWish(word)
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(MotionWish)}.") from error


MotionOption = Annotated[
    MotionWish,
    typer.Option(
        "--motion",
        parser=_motion,
        metavar=f"[{'|'.join(MotionWish)}]",
        help="How the pictures move; auto chooses for each scene.",
    ),
]
TransitionOption = Annotated[
    TransitionWish, typer.Option("--transition", help="How a picture follows another; auto chooses for each scene.")
]
OverlayOption = Annotated[
    Overlay, typer.Option("--overlay", help="What is drawn in time with the sound; every frame must be made then.")
]
MusicProvider = Annotated[str, typer.Option(help="Who makes the music.")]
VisualProvider = Annotated[str, typer.Option(help="Who makes the pictures.")]


def cost_of(job: JobRecord) -> str:
    """What the overlay of a job will cost or has cost, for people; empty when it has none."""
    frames = job.storyboard.frames if job.storyboard else None
    return overlay_cost(brief_from_json(job.brief), bootstrap.cores().workers, frames)


def tell_cost(brief: Brief) -> None:
    """Say on standard error what an ordered overlay will cost."""
    cost = overlay_cost(brief, bootstrap.cores().workers)
    if cost:
        errors.print(cost, markup=False, soft_wrap=True)


def tell_export_cost(jobs: JobStore, job: JobRecord, renditions: Sequence[Rendition]) -> None:
    """Say on standard error what the overlay of a job makes those exports cost that it does not have yet."""
    if job.storyboard is None:
        return
    there = {MASTER, *(record.report.rendition for record in jobs.exports(job.id))}
    missing = [each for each in renditions if each not in there]
    cost = export_cost(brief_from_json(job.brief), bootstrap.cores().workers, job.storyboard.frames, missing)
    if cost:
        errors.print(cost, markup=False, soft_wrap=True)


def make_brief(
    channel_id: UUID,
    *,
    niche: str,
    mood: str,
    minutes: int,
    scenes: int | None,
    scene_seconds: int,
    seed: int | None,
    approval: Approval,
    motion: MotionWish,
    transition: TransitionWish,
    overlay: Overlay,
    music_provider: str,
    visual_provider: str,
) -> Brief:
    """The brief of an order, its providers checked; InvalidInputError names the option that is not usable."""
    bootstrap.check_providers(music_provider, visual_provider)
    chosen = secrets.randbelow(SEED_MAX + 1) if seed is None else seed
    if scenes is None:
        return AlbumBrief(
            channel_id=channel_id,
            niche_label=niche,
            mood_keywords=mood,
            target_duration_minutes=minutes,
            seed=chosen,
            approval=approval,
            motion=motion,
            transition=transition,
            overlay=overlay,
            music_provider=music_provider,
            visual_provider=visual_provider,
        )
    return StoryboardBrief(
        channel_id=channel_id,
        niche_label=niche,
        mood_keywords=mood,
        scene_count=scenes,
        scene_seconds=scene_seconds,
        seed=chosen,
        approval=approval,
        motion=motion,
        transition=transition,
        overlay=overlay,
        music_provider=music_provider,
        visual_provider=visual_provider,
    )
