"""Owns what an order is expected to cost by those who would be asked; hides how many of what each kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from video_pipeline.domain.brief import PICTURES, AlbumBrief, Brief, BuildBrief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.effort import expected_frames, expected_scenes
from video_pipeline.domain.estimates import NOTHING, Estimate, Share
from video_pipeline.domain.money import REGENERATED_IMAGE_USD
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import ImageProvider, JobStore, MusicProvider, VideoEngine
from video_pipeline.steps.animate import clip_seconds
from video_pipeline.steps.paint import regeneration_price
from video_pipeline.steps.studio import Studio, check_engine, chosen


@dataclass(frozen=True, slots=True)
class Sellers:
    """Who is there to be asked; a `Studio` without the tools that need a database or ffmpeg."""

    music: Mapping[str, MusicProvider]
    images: Mapping[str, ImageProvider]
    engines: Mapping[str, VideoEngine]
    thumbnails: str | None = None  # who is asked for the picture of the thumbnails; None: nobody
    refinements: str | None = None  # who makes a picture anew; None: who made it
    words_usd: Decimal = Decimal(0)  # what a language model takes for the texts of an order

    @classmethod
    def of(cls, studio: Studio) -> Sellers:
        """Those of a studio."""
        return cls(
            studio.music,
            studio.images,
            studio.engines,
            thumbnails=studio.thumbnail_provider,
            refinements=studio.refinement_provider,
            words_usd=studio.writer.price_usd,
        )


def estimate(sellers: Sellers, brief: Brief) -> Estimate:
    """What an order is expected to take; InvalidInputError when it names a provider or an engine that is not there."""
    frames = expected_frames(brief)
    scenes = expected_scenes(brief, frames)
    pieces = scenes if isinstance(brief, AlbumBrief | StoryboardBrief) else 0
    pictures = 0 if isinstance(brief, BuildBrief) else scenes
    bought = sellers.thumbnails
    return Estimate(
        frames=frames,
        scenes=scenes,
        music=Share(pieces, chosen(sellers.music, brief.music_provider).capabilities.price_usd),
        images=Share(pictures, chosen(sellers.images, brief.visual_provider).capabilities.price_usd),
        clips=_clips(sellers, brief, scenes),
        thumbnail=NOTHING if bought is None else Share(1, chosen(sellers.images, bought).capabilities.price_usd),
        words_usd=sellers.words_usd,
    )


def refinement_price(sellers: Sellers, brief: Brief, frames: int) -> Decimal:
    """What the next picture of a scene of `frames` frames is expected to cost, with its clip, in US dollars.

    Who is not there any more counts as usual.
    """
    painter = sellers.images.get(sellers.refinements or brief.visual_provider)
    picture = REGENERATED_IMAGE_USD if painter is None else regeneration_price(painter)
    if not isinstance(brief, MusicVideoBrief) or brief.engine not in sellers.engines:
        return picture
    return picture + _clip_usd(sellers, brief.engine, frames)


def put_down_estimate(jobs: JobStore, sellers: Sellers, brief: Brief, job_id: UUID) -> None:
    """Put onto a job that was just ordered what it is expected to take."""
    total_usd = estimate(sellers, brief).total_usd
    if total_usd:
        jobs.increment_estimated_cost(job_id, total_usd)


def _clips(sellers: Sellers, brief: Brief, scenes: int) -> Share:
    if not isinstance(brief, MusicVideoBrief) or brief.engine == PICTURES:
        return NOTHING
    check_engine(sellers.engines, brief.engine)
    return Share(scenes, _clip_usd(sellers, brief.engine, FPS_30.frames_in(brief.scene_seconds)))


def _clip_usd(sellers: Sellers, engine: str, frames: int) -> Decimal:
    facts = sellers.engines[engine].capabilities
    return facts.price_of(clip_seconds(facts, frames))
