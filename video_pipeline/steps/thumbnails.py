"""Owns the thumbnails of a job, from which a person chooses; hides which pictures are taken and what is drawn already.

The name of a file says what is on it, so that the same picture under the same title is drawn once, and stays selected
when the others change.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from uuid import UUID

from video_pipeline.domain.records import ImageRecord, ThumbnailDraft, ThumbnailRecord
from video_pipeline.steps.files import THUMBNAILS
from video_pipeline.steps.studio import Studio

CHOICES = 3
"""Different pictures to choose from; YouTube tests up to three against each other."""

ALIKE_BITS = 24
"""Perceptual hashes (64 bits) that differ in fewer bits make a choice between their pictures the less worth."""

PREDICTED_BY = "appeal-1 (an estimate)"
"""The model behind `MediaTools.appeal`. It judges the picture alone, so the title makes no difference to it."""

_DRAWING = 1
"""Raised when thumbnails are drawn in another way, so that those that exist are drawn again."""

_NAME_DIGITS = 16

log = logging.getLogger(__name__)


def thumbnails(studio: Studio, job_id: UUID) -> list[ThumbnailRecord]:
    """Draw and record the job's thumbnails, JPEGs of 1280 x 720, and return all of it, highest prediction first.

    Up to three of its best pictures, each plain and, where its letters exist, titled. Those drawn before are replaced;
    the selection stays as long as the same picture is among them, else the best one is selected.
    """
    folder = THUMBNAILS.format(job_id=job_id)
    with studio.media.lock(folder.removesuffix("/")):
        job = studio.jobs.get_job(job_id)
        title = job.storyboard.title if job.storyboard else ""
        chosen = chosen_images(studio, studio.jobs.images(job_id))
        drafts = [
            draft
            for number, (image, appeal) in enumerate(chosen, start=1)
            for draft in _drawn(studio, folder, image, appeal, number=number, title=title)
        ]
        recorded = studio.jobs.replace_thumbnails(job_id, drafts, PREDICTED_BY)
        for key in set(studio.media.keys(folder)) - {each.key for each in recorded}:
            studio.media.remove(key)
    return recorded


def thumbnails_if_possible(studio: Studio, job_id: UUID) -> None:
    """The same at the end of a stage, which is finished without them as well: what cannot be drawn is logged."""
    try:
        thumbnails(studio, job_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the stage was done before
        log.warning("the thumbnails of job %s are left out: %s", job_id, str(error) or type(error).__name__)


def chosen_images(studio: Studio, images: Sequence[ImageRecord]) -> list[tuple[ImageRecord, float]]:
    """The most promising pictures and how promising each is, best first; of two that look alike one is worth less."""
    appeal = {image.order_index: studio.tools.appeal(studio.media.locate(image.media)) for image in images}
    left, taken = list(images), list[ImageRecord]()
    while left and len(taken) < CHOICES:
        best = max(left, key=lambda image: appeal[image.order_index] * _difference(image, taken))
        taken.append(best)
        left.remove(best)
    return [(image, min(max(appeal[image.order_index], 0.0), 1.0)) for image in taken]


def _drawn(
    studio: Studio, folder: str, image: ImageRecord, appeal: float, *, number: int, title: str
) -> Iterator[ThumbnailDraft]:
    """The thumbnails of one picture: without words, and with those that can be set."""
    picture = studio.media.locate(image.media)
    for kind, words in [("plain", ""), *([("titled", title)] if title else [])]:
        what = json.dumps([_DRAWING, image.media.sha256, words])
        key = f"{folder}{kind}-{hashlib.sha256(what.encode()).hexdigest()[:_NAME_DIGITS]}.jpg"
        if not studio.media.path(key).is_file():
            with studio.media.scratch(image.id) as scratch:
                made = scratch / f"{kind}.jpg"
                if not studio.tools.thumbnail(picture, made, words) and words:
                    continue
                studio.media.adopt(made, key)
        yield ThumbnailDraft(f"{kind}_{number}", key, appeal)


def _difference(image: ImageRecord, taken: Sequence[ImageRecord]) -> float:
    """How different a picture is from those taken: 1 from far on, 0 for the same one again."""
    bits = [(int(image.facts.perceptual_hash, 16) ^ int(it.facts.perceptual_hash, 16)).bit_count() for it in taken]
    return min([bit / ALIKE_BITS for bit in bits] + [1.0])
