"""Owns what an order is expected to cost by those who would be asked; hides how many of what each kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.brief import PICTURES, AlbumBrief, Brief, BuildBrief, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.effort import expected_frames, expected_scenes, length_note, song_scene_seconds
from video_pipeline.domain.estimates import NOTHING, Estimate, Share
from video_pipeline.domain.money import REGENERATED_IMAGE_USD
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import ImageProvider, JobStore, MediaTools, MusicProvider, VideoEngine
from video_pipeline.steps.animate import clip_seconds
from video_pipeline.steps.assemble import scene_lengths
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


def frames_of_song(tools: MediaTools, song: Path) -> int:
    """How many frames a video to `song` will have; MediaError when it is not sound."""
    return scene_lengths([tools.audio_facts(song).samples], 0)[0]


def estimate(sellers: Sellers, brief: Brief, song_frames: int | None = None) -> Estimate:
    """What an order is expected to take; InvalidInputError when it names a provider or an engine that is not there.

    `song_frames` is the length of a music video's song, where it has been measured.
    """
    frames = expected_frames(brief, song_frames)
    scenes = expected_scenes(brief, frames)
    pieces = scenes if isinstance(brief, AlbumBrief | StoryboardBrief) else 0
    pictures = 0 if isinstance(brief, BuildBrief) else scenes
    bought = sellers.thumbnails
    return Estimate(
        frames=frames,
        scenes=scenes,
        music=Share(pieces, chosen(sellers.music, brief.music_provider).capabilities.price_usd),
        images=Share(pictures, chosen(sellers.images, brief.visual_provider).capabilities.price_usd),
        clips=_clips(sellers, brief, frames, scenes),
        thumbnail=NOTHING if bought is None else Share(1, chosen(sellers.images, bought).capabilities.price_usd),
        words_usd=sellers.words_usd,
        length_note=length_note(brief, song_frames),
    )


def expected_of_plan(sellers: Sellers, brief: Brief, storyboard: Storyboard) -> Decimal:
    """What the video of a plan is expected to take in all, in US dollars; clips as long as their scenes are.

    Who is not there any more counts nothing; whoever is to ask for things says so.
    """
    painted = [scene for scene in storyboard.scenes if scene.footage is None]
    total_usd = len(storyboard.pieces) * _price(sellers.music, brief.music_provider)
    total_usd += len(painted) * _price(sellers.images, brief.visual_provider)
    total_usd += _price(sellers.images, sellers.thumbnails) + sellers.words_usd
    if isinstance(brief, MusicVideoBrief) and brief.engine in sellers.engines:
        total_usd += sum(_clip_usd(sellers, brief.engine, scene.frames) for scene in painted)
    return total_usd


def refinement_price(sellers: Sellers, brief: Brief, frames: int) -> Decimal:
    """What the next picture of a scene of `frames` frames is expected to cost, with its clip, in US dollars.

    Who is not there any more counts as usual.
    """
    painter = sellers.images.get(sellers.refinements or brief.visual_provider)
    picture = REGENERATED_IMAGE_USD if painter is None else regeneration_price(painter)
    if not isinstance(brief, MusicVideoBrief) or brief.engine not in sellers.engines:
        return picture
    return picture + _clip_usd(sellers, brief.engine, frames)


def put_down_estimate(
    jobs: JobStore, sellers: Sellers, brief: Brief, job_id: UUID, song_frames: int | None = None
) -> None:
    """Put onto a job that was just ordered what it is expected to take, until it is planned."""
    total_usd = estimate(sellers, brief, song_frames).total_usd
    if total_usd:
        jobs.increment_estimated_cost(job_id, total_usd)


def _price(sellers: Mapping[str, MusicProvider] | Mapping[str, ImageProvider], name: str | None) -> Decimal:
    there = None if name is None else sellers.get(name)
    return Decimal(0) if there is None else there.capabilities.price_usd


def _clips(sellers: Sellers, brief: Brief, frames: int, scenes: int) -> Share:
    if not isinstance(brief, MusicVideoBrief) or brief.engine == PICTURES:
        return NOTHING
    check_engine(sellers.engines, brief.engine)
    return Share(scenes, _clip_usd(sellers, brief.engine, FPS_30.frames_in(song_scene_seconds(brief, frames))))


def _clip_usd(sellers: Sellers, engine: str, frames: int) -> Decimal:
    facts = sellers.engines[engine].capabilities
    return facts.price_of(clip_seconds(facts, frames))
