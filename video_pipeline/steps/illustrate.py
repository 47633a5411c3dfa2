"""Owns obtaining the pictures and clips of a job; hides what is there already and what is still to be made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import InvalidInputError, MediaError
from video_pipeline.domain.media import ImageFacts
from video_pipeline.domain.records import Clip, ImageRecord
from video_pipeline.domain.storyboard import Scene, Storyboard, VisualPrompt, seed_of
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.uploads import is_picture
from video_pipeline.steps.animate import MARGIN_FRAMES, Animator, clip_key, image_key, picture_size
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.batch import make_all
from video_pipeline.steps.materials import as_brought, uploaded
from video_pipeline.steps.studio import Studio, chosen, engine_of

STILL_AT = 0.4
"""The share of a video at which the still is taken that stands for it: behind its beginning, before its end."""

BLACK_LUMA_MAX = 6.0
"""Mean luma (0-255) at or below which a picture counts as black."""


def illustrate(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> list[ImageRecord]:
    """All pictures of the storyboard, in order; those that exist with the recorded checksum are not made again.

    With an engine that makes clips each has its clip. A picture is in the books before its clip is begun, so what an
    attempt has made when it ends is not made again.
    """
    engine = engine_of(studio, brief)
    provider = chosen(studio.images, brief.visual_provider)
    there = _there(studio, attempt, storyboard)
    ready = {
        index: image
        for index, image in there.items()
        if all(map(studio.media.holds, image.files)) and (engine is None or image.clip is not None)
    }
    with studio.media.scratch(attempt.job_id) as scratch:

        def make(scene: Scene) -> ImageRecord:
            attempt.raise_if_stopped()
            if scene.footage is not None:
                return _show_uploaded(studio, attempt, brief, scene, scratch)
            image = there.get(scene.order_index) or _paint(studio, attempt, brief, scene, scratch)
            if engine is None:
                return image
            attempt.raise_if_stopped()
            visual = replace(scene.visual, order_index=scene.order_index)
            animator = Animator(studio, attempt, brief, engine, scratch)
            generation, clip = animator.clip_of(visual, studio.media.locate(image.media), scene.frames)
            return studio.jobs.save_clip(attempt.lease, scene.order_index, generation, clip)

        made = make_all(
            attempt,
            [scene for scene in storyboard.scenes if scene.order_index not in ready],
            make,
            at_once=min(each.capabilities.concurrency for each in (provider, engine) if each is not None),
            finished_before=len(ready),
            noun="pictures" if engine is None else "clips",
        )
    every = ready | {image.order_index: image for image in made}
    return [every[index] for index in sorted(every)]


def _there(studio: Studio, attempt: Attempt, storyboard: Storyboard) -> dict[int, ImageRecord]:
    """The pictures that earlier attempts made of the same words and that are still what they were."""
    texts = {scene.order_index: scene.visual.text for scene in storyboard.scenes}
    return {
        image.order_index: image
        for image in studio.jobs.images(attempt.job_id)
        if image.prompt_text == texts.get(image.order_index) and studio.media.holds(image.media)
    }


def _paint(studio: Studio, attempt: Attempt, brief: Brief, scene: Scene, scratch: Path) -> ImageRecord:
    """Have a scene's picture made."""
    provider, size = chosen(studio.images, brief.visual_provider), picture_size(brief)
    made = scratch / f"{scene.order_index:02}.png"
    seed = seed_of(scene.visual, brief.seed)
    generation = provider.illustrate(scene.visual, seed, size, made).seeded(seed)
    prompt = replace(scene.visual, order_index=scene.order_index)
    facts = studio.tools.image_facts(made)
    check_picture(prompt, facts, size)
    media = studio.media.adopt(made, image_key(attempt, scene.order_index))
    return studio.jobs.save_image(attempt.lease, prompt, generation, media, facts)


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
        clip = Clip(studio.media.adopt(film, clip_key(attempt, scene.order_index)), facts.frames)
    seen = studio.tools.image_facts(still)
    media = studio.media.adopt(still, image_key(attempt, scene.order_index))
    prompt = replace(scene.visual, order_index=scene.order_index)
    return studio.jobs.save_image(attempt.lease, prompt, as_brought(scene.footage), media, seen, clip=clip)


def check_picture(prompt: VisualPrompt, facts: ImageFacts, size: tuple[int, int]) -> None:
    """Raise MediaError when a delivered picture is not usable: smaller than asked, or black."""
    if facts.width < size[0] or facts.height < size[1]:
        raise MediaError(f"picture {prompt.order_index} is {facts.width}x{facts.height}, asked for {size[0]}x{size[1]}")
    if facts.mean_luma <= BLACK_LUMA_MAX:
        raise MediaError(f"picture {prompt.order_index} is black (mean luma {facts.mean_luma:.1f} of 255)")
