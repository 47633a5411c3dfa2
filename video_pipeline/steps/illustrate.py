"""Owns obtaining the pictures of a job; hides what is there already and what is still to be made."""

from __future__ import annotations

from dataclasses import replace

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.delivery import MASTER
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import ImageFacts
from video_pipeline.domain.records import ImageRecord
from video_pipeline.domain.storyboard import Scene, Storyboard, VisualPrompt, seed_of
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.batch import make_all
from video_pipeline.steps.studio import Studio, chosen

SIZE = (MASTER.rung.width, MASTER.rung.height)
"""Width and height of every picture."""

BLACK_LUMA_MAX = 6.0
"""Mean luma (0-255) at or below which a picture counts as black."""


def illustrate(studio: Studio, attempt: Attempt, brief: Brief, storyboard: Storyboard) -> list[ImageRecord]:
    """All pictures of the storyboard, in order; those that exist with the recorded checksum are not made again."""
    texts = {scene.order_index: scene.visual.text for scene in storyboard.scenes}
    kept = {
        image.order_index: image
        for image in studio.jobs.images(attempt.job_id)
        if studio.media.holds(image.media) and image.prompt_text == texts.get(image.order_index)
    }
    missing = [scene for scene in storyboard.scenes if scene.order_index not in kept]
    provider = chosen(studio.images, brief.visual_provider)
    with studio.media.scratch(attempt.job_id) as scratch:

        def make(scene: Scene) -> ImageRecord:
            attempt.raise_if_stopped()
            made = scratch / f"{scene.order_index:02}.png"
            generation = provider.illustrate(scene.visual, seed_of(scene.visual, brief.seed), SIZE, made)
            prompt = replace(scene.visual, order_index=scene.order_index)
            facts = studio.tools.image_facts(made)
            check_picture(prompt, facts, SIZE)
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


def image_key(attempt: Attempt, order_index: int) -> str:
    """Where the picture lies that this attempt makes of a scene; no other attempt's lies there."""
    return f"jobs/{attempt.job_id}/images/{order_index:02}-a{attempt.lease.attempt}.png"


def check_picture(prompt: VisualPrompt, facts: ImageFacts, size: tuple[int, int]) -> None:
    """Raise MediaError when a delivered picture is not usable: smaller than asked, or black."""
    if facts.width < size[0] or facts.height < size[1]:
        raise MediaError(f"picture {prompt.order_index} is {facts.width}x{facts.height}, asked for {size[0]}x{size[1]}")
    if facts.mean_luma <= BLACK_LUMA_MAX:
        raise MediaError(f"picture {prompt.order_index} is black (mean luma {facts.mean_luma:.1f} of 255)")
