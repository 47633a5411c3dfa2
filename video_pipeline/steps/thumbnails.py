"""Owns the thumbnails of a job, from which a person chooses; hides which pictures are taken and what is drawn already.

The name of a file says what is on it, so that the same picture under the same title is drawn once, and stays selected
when the others change. What the model found stands beside the files, in `estimates.json`: for each thumbnail the
parts of its estimate.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from video_pipeline.domain.records import ImageRecord, ThumbnailDraft, ThumbnailRecord
from video_pipeline.domain.thumbnails import MODEL, Appeal, Design, Part
from video_pipeline.ports import MediaStore
from video_pipeline.steps.files import THUMBNAILS
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.thumbnail_picture import bought_keys, bought_picture

CHOICES = 4
"""Different pictures to choose from."""

ALIKE_BITS = 24
"""Perceptual hashes (64 bits) that differ in fewer bits make a choice between their pictures the less worth."""

PICTURES: dict[Design, tuple[int, ...]] = {
    Design.PLAIN: (0,),
    Design.BOLD_TEXT: (0,),
    Design.CLOSE_UP: (1,),
    Design.ACTION_SHOT: (2,),
    Design.MINIMAL: (3,),
    Design.COLLAGE: (0, 1, 2),
    Design.DARK: (1,),
}
"""Which of the chosen pictures, best first, each design takes; counted around when there are fewer."""

_DRAWING = 3
"""Raised when thumbnails are drawn in another way, so that those that exist are drawn again."""

_NAME_DIGITS = 16

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Estimates:
    """What the model found: of pictures by their checksum, of thumbnails by the name of their file."""

    pictures: dict[str, Appeal] = field(default_factory=dict)
    thumbnails: dict[str, Appeal] = field(default_factory=dict)


def thumbnails(studio: Studio, job_id: UUID) -> list[ThumbnailRecord]:
    """Draw and record the job's thumbnails, JPEGs of 1280 x 720, and return all of it, highest prediction first.

    One of each design, of its best pictures and the one that was bought for it, if one was; a design that is nothing
    without words is left out where the title cannot be written, and one that cannot be drawn, whatever the reason,
    which is logged. Those drawn before are replaced; the selection stays as long as the same one is among them, else
    the best one is selected.
    """
    folder = THUMBNAILS.format(job_id=job_id)
    with studio.media.lock(folder.removesuffix("/")):
        job = studio.jobs.get_job(job_id)
        title = job.storyboard.title if job.storyboard else ""
        before, after = _read(studio.media, job_id), _Estimates()
        images = studio.jobs.images(job_id)
        for image in images:
            after.pictures[image.media.sha256] = _judged(studio, image, before)
        worth = {sha256: found.value for sha256, found in after.pictures.items()}
        bought = bought_picture(studio.media, job_id)
        # What was made for nothing else comes first.
        chosen = ([] if bought is None else [bought]) + chosen_images(images, worth)
        drafts = list(_drafts(studio, job_id, chosen, title, before=before, after=after))
        if after != before:
            _write(studio, job_id, after)
        recorded = studio.jobs.replace_thumbnails(job_id, drafts, MODEL)
        kept = {each.key for each in recorded} | {_estimates_key(job_id), *bought_keys(studio.media, job_id)}
        for key in set(studio.media.keys(folder)) - kept:
            studio.media.remove(key)
    return recorded


def thumbnails_if_possible(studio: Studio, job_id: UUID) -> None:
    """The same at the end of a stage, which is finished without them as well: what cannot be drawn is logged."""
    try:
        thumbnails(studio, job_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the stage was done before
        log.warning("the thumbnails of job %s are left out: %s", job_id, _told(error))


def estimates(media: MediaStore, job_id: UUID) -> dict[str, Appeal]:
    """What the model found for each drawn thumbnail of a job, by its key; nothing for those of others."""
    folder = THUMBNAILS.format(job_id=job_id)
    return {f"{folder}{name}": found for name, found in _read(media, job_id).thumbnails.items()}


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


def _judged(studio: Studio, image: ImageRecord, before: _Estimates) -> Appeal:
    """How promising a picture is. It is judged once: twenty take two seconds."""
    known = before.pictures.get(image.media.sha256)
    return known or studio.tools.appeal(studio.media.locate(image.media))


def _drafts(
    studio: Studio,
    job_id: UUID,
    chosen: Sequence[ImageRecord],
    title: str,
    *,
    before: _Estimates,
    after: _Estimates,
) -> Iterator[ThumbnailDraft]:
    """A thumbnail of each design, drawn now if it was not before; its estimate goes to `after`.

    A design that fails is logged, and the others are drawn; when all of them fail the last one's error is raised.
    """
    folder, words = THUMBNAILS.format(job_id=job_id), studio.tools.thumbnail_words(title)
    failed: list[Exception] = []
    for design, places in PICTURES.items() if chosen else ():
        of = list(dict.fromkeys(chosen[place % len(chosen)] for place in places))
        # The words are part of it: once a font is installed that was missing, more of the title is drawn.
        what = json.dumps([_DRAWING, design, [image.media.sha256 for image in of], words])
        name = f"{design}-{hashlib.sha256(what.encode()).hexdigest()[:_NAME_DIGITS]}.jpg"
        found = before.thumbnails.get(name) if studio.media.path(f"{folder}{name}").is_file() else None
        try:
            found = found or _drawn(studio, design, of, title, f"{folder}{name}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the other designs are there to choose from
            failed.append(error)
            log.warning("the thumbnail %s of job %s is left out: %s", design, job_id, _told(error))
            continue
        if found is not None:
            after.thumbnails[name] = found
            yield ThumbnailDraft(str(design), f"{folder}{name}", found.value, tuple(image.media for image in of))
    if failed and not after.thumbnails:
        raise failed[-1]


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _drawn(studio: Studio, design: Design, of: Sequence[ImageRecord], title: str, key: str) -> Appeal | None:
    with studio.media.scratch(of[0].id) as scratch:
        made = scratch / PurePosixPath(key).name
        pictures = [studio.media.locate(image.media) for image in of]
        found = studio.tools.thumbnail(design, pictures, made, title)
        if found is not None:
            studio.media.adopt(made, key)
        return found


def _estimates_key(job_id: UUID) -> str:
    return f"{THUMBNAILS.format(job_id=job_id)}estimates.json"


def _write(studio: Studio, job_id: UUID, found: _Estimates) -> None:
    with studio.media.scratch(job_id) as scratch:
        made = scratch / "estimates.json"
        told = {
            "model": MODEL,
            "pictures": {sha256: dict(each.parts) for sha256, each in found.pictures.items()},
            "thumbnails": {name: dict(each.parts) for name, each in found.thumbnails.items()},
        }
        made.write_text(json.dumps(told), encoding="utf-8")
        studio.media.adopt(made, _estimates_key(job_id))


def _read(media: MediaStore, job_id: UUID) -> _Estimates:
    """What the same model found before; nothing when that is not there, or cannot be read."""
    kept: Path = media.path(_estimates_key(job_id))
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found["model"] != MODEL:
            return _Estimates()
        return _Estimates(_appeals(found["pictures"]), _appeals(found["thumbnails"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Estimates()


def _appeals(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Appeal]:
    return {name: Appeal({Part(part): float(worth) for part, worth in parts.items()}) for name, parts in found.items()}


def _difference(image: ImageRecord, taken: Sequence[ImageRecord]) -> float:
    """How different a picture is from those taken: 1 from far on, 0 for the same one again."""
    bits = [(int(image.facts.perceptual_hash, 16) ^ int(it.facts.perceptual_hash, 16)).bit_count() for it in taken]
    return min([bit / ALIKE_BITS for bit in bits] + [1.0])
