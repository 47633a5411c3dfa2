"""Owns obtaining the pictures of a job; hides what is there already and what is still to be made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.errors import InvalidInputError, MediaError
from video_pipeline.domain.media import ImageFacts
from video_pipeline.domain.records import Clip, ImageRecord
from video_pipeline.domain.storyboard import Scene, Storyboard, VisualPrompt, seed_of
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.uploads import is_picture
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.batch import make_all
from video_pipeline.steps.materials import as_brought, uploaded
from video_pipeline.steps.studio import Studio, chosen

STILL_AT = 0.4
"""The share of a video at which the still is taken that stands for it: behind its beginning, before its end."""

MARGIN_FRAMES = FPS_30.frames_in(5)
"""What is taken of a video beyond its scene: for both transitions and the seam of the loop."""

BLACK_LUMA_MAX = 6.0
"""Mean luma (0-255) at or below which a picture counts as black."""


def illustrate(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> list[ImageRecord]:
    """All pictures of the storyboard, in order; those that exist with the recorded checksum are not made again."""
    texts = {scene.order_index: scene.visual.text for scene in storyboard.scenes}
    kept = {
        image.order_index: image
        for image in studio.jobs.images(attempt.job_id)
        if image.prompt_text == texts.get(image.order_index) and all(map(studio.media.holds, image.files))
    }
    missing = [scene for scene in storyboard.scenes if scene.order_index not in kept]
    provider = chosen(studio.images, brief.visual_provider)
    size = picture_size(brief)
    with studio.media.scratch(attempt.job_id) as scratch:

        def make(scene: Scene) -> ImageRecord:
            attempt.raise_if_stopped()
            if scene.footage is not None:
                return _show_uploaded(studio, attempt, brief, scene, scratch)
            made = scratch / f"{scene.order_index:02}.png"
            generation = provider.illustrate(scene.visual, seed_of(scene.visual, brief.seed), size, made)
            prompt = replace(scene.visual, order_index=scene.order_index)
            facts = studio.tools.image_facts(made)
            check_picture(prompt, facts, size)
            media = studio.media.adopt(made, image_key(attempt, scene.order_index))
            return studio.jobs.save_image(attempt.lease, prompt, generation, media, facts)

        made = make_all(
            attempt,
            missing,
            make,
            at_once=provider.capabilities.concurrency,
            finished_before=len(kept),
            noun="pictures",
        )
    every = kept | {image.order_index: image for image in made}
    return [every[index] for index in sorted(every)]


def picture_size(brief: Brief) -> tuple[int, int]:
    """Width and height of every picture of an order."""
    rung = MASTER.rung_for(brief.aspect_ratio)
    return rung.width, rung.height


def _show_uploaded(studio: Studio, attempt: Attempt, brief: Brief, scene: Scene, scratch: Path) -> ImageRecord:
    """Make a scene's uploaded video footage, with a still of it, or its uploaded picture upright."""
    if scene.footage is None:
        raise InvalidInputError(f"scene {scene.order_index} shows nothing that was uploaded")
    file = studio.media.locate(uploaded(studio, attempt.job_id, scene.footage))
    still = scratch / f"{scene.order_index:02}.png"
    clip: Clip | None = None
    if is_picture(file):
        studio.tools.conform_picture(file, still)
    else:
        film = scratch / f"{scene.order_index:02}.mp4"
        facts = studio.tools.conform_footage(
            file,
            FPS_30,
            film,
            aspect=brief.aspect_ratio,
            report=lambda *_: None,
            cancelled=attempt.stopped,
            most_frames=scene.frames + MARGIN_FRAMES,
        )
        poster = scratch / f"{scene.order_index:02}.jpg"
        studio.tools.poster(film, STILL_AT * float(FPS_30.seconds(facts.frames)), poster)
        studio.tools.conform_picture(poster, still)
        clip = Clip(studio.media.adopt(film, f"{_stem(attempt, scene.order_index)}.mp4"), facts.frames)
    seen = studio.tools.image_facts(still)
    media = studio.media.adopt(still, image_key(attempt, scene.order_index))
    prompt = replace(scene.visual, order_index=scene.order_index)
    return studio.jobs.save_image(attempt.lease, prompt, as_brought(scene.footage), media, seen, clip=clip)


def image_key(attempt: Attempt, order_index: int) -> str:
    """Where the picture lies that this attempt makes of a scene; no other attempt's lies there."""
    return f"{_stem(attempt, order_index)}.png"


def _stem(attempt: Attempt, order_index: int) -> str:
    return f"jobs/{attempt.job_id}/images/{order_index:02}-a{attempt.lease.attempt}"


def check_picture(prompt: VisualPrompt, facts: ImageFacts, size: tuple[int, int]) -> None:
    """Raise MediaError when a delivered picture is not usable: smaller than asked, or black."""
    if facts.width < size[0] or facts.height < size[1]:
        raise MediaError(f"picture {prompt.order_index} is {facts.width}x{facts.height}, asked for {size[0]}x{size[1]}")
    if facts.mean_luma <= BLACK_LUMA_MAX:
        raise MediaError(f"picture {prompt.order_index} is black (mean luma {facts.mean_luma:.1f} of 255)")
