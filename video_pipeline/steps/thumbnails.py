"""Owns the thumbnails of a job, from which a person chooses; hides which pictures are taken and what is drawn already.

The name of a file says what is on it, so that the same picture under the same title is drawn once, and stays selected
when the others change.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
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
        images = studio.jobs.images(job_id)
        appeal = _judged(studio, job_id, images)
        chosen = [(image, appeal[image.media.sha256]) for image in chosen_images(images, appeal)]
        drafts = [
            draft
            for number, (image, worth) in enumerate(chosen, start=1)
            for draft in _drawn(studio, folder, image, worth, number=number, title=title)
        ]
        recorded = studio.jobs.replace_thumbnails(job_id, drafts, PREDICTED_BY)
        kept = {each.key for each in recorded} | {_judgements(job_id)}
        for key in set(studio.media.keys(folder)) - kept:
            studio.media.remove(key)
    return recorded


def thumbnails_if_possible(studio: Studio, job_id: UUID) -> None:
    """The same at the end of a stage, which is finished without them as well: what cannot be drawn is logged."""
    try:
        thumbnails(studio, job_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the stage was done before
        log.warning("the thumbnails of job %s are left out: %s", job_id, str(error) or type(error).__name__)


def chosen_images(images: Sequence[ImageRecord], appeal: Mapping[str, float]) -> list[ImageRecord]:
    """The most promising pictures by the `appeal` of their checksums, best first.

    Of two that look alike the second is worth less.
    """
    left, taken = list(images), list[ImageRecord]()
    while left and len(taken) < CHOICES:
        best = max(left, key=lambda image: appeal[image.media.sha256] * _difference(image, taken))
        taken.append(best)
        left.remove(best)
    return taken


def _judged(studio: Studio, job_id: UUID, images: Sequence[ImageRecord]) -> dict[str, float]:
    """How promising each picture is, 0 to 1, by checksum. A picture is judged once: twenty take two seconds."""
    before = _read(studio.media.path(_judgements(job_id)))
    appeal = {}
    for image in images:
        known = before.get(image.media.sha256)
        found = studio.tools.appeal(studio.media.locate(image.media)) if known is None else known
        appeal[image.media.sha256] = min(max(found, 0.0), 1.0)
    if appeal != before:
        with studio.media.scratch(job_id) as scratch:
            made = scratch / "appeal.json"
            made.write_text(json.dumps({"model": PREDICTED_BY, "appeal": appeal}), encoding="utf-8")
            studio.media.adopt(made, _judgements(job_id))
    return appeal


def _judgements(job_id: UUID) -> str:
    return f"{THUMBNAILS.format(job_id=job_id)}appeal.json"


def _read(kept: Path) -> dict[str, float]:
    """What the same model found before; nothing when that is not there, or cannot be read."""
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return {str(key): float(worth) for key, worth in found["appeal"].items() if found["model"] == PREDICTED_BY}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


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
