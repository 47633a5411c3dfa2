"""Owns obtaining the pictures and clips of a job; hides what is there already and what is still to be made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import Generation, ImageFacts, MediaReference
from video_pipeline.domain.records import Clip, ImageRecord
from video_pipeline.domain.storyboard import Scene, Storyboard
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.uploads import is_picture
from video_pipeline.steps.animate import MARGIN_FRAMES, Animator, clip_key
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.batch import make_all
from video_pipeline.steps.materials import as_brought, uploaded
from video_pipeline.steps.paint import Painter, image_key
from video_pipeline.steps.studio import Studio, chosen, engine_of

STILL_AT = 0.4
"""The share of a video at which the still is taken that stands for it: behind its beginning, before its end."""


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

            def keep(generation: Generation, clip: Clip) -> ImageRecord:
                return studio.jobs.save_clip(attempt.lease, scene.order_index, generation, clip)

            return Animator(studio, attempt, brief, engine, scratch).clip_of(visual, image.media, scene.frames, keep)

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
    prompt = replace(scene.visual, order_index=scene.order_index)

    def keep(generation: Generation, media: MediaReference, facts: ImageFacts) -> ImageRecord:
        return studio.jobs.save_image(attempt.lease, prompt, generation, media, facts)

    return Painter(studio, attempt, brief, scratch).picture_of(scene.visual, scene.order_index, keep)


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
