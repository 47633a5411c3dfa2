"""Owns what people look at beside a job: contact sheet, waveforms, poster, thumbnails, preview; hides where it is kept.

They are drawn anew on each call and belong to nobody's books: losing them loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.records import ImageRecord
from video_pipeline.ports import IsCancelled
from video_pipeline.steps.export import timeline_of
from video_pipeline.steps.files import SHEETS
from video_pipeline.steps.studio import Studio

THUMBNAILS = 3
"""Different pictures to choose from; YouTube tests up to three against each other."""

ALIKE_BITS = 24
"""Perceptual hashes (64 bits) that differ in fewer bits make a choice between their pictures the less worth."""


def contact_sheet(studio: Studio, job_id: UUID) -> Path:
    """A JPEG with all pictures of the job in order."""
    pictures = [studio.media.locate(image.media) for image in studio.jobs.images(job_id)]
    out = _place(studio, job_id, "images.jpg")
    studio.tools.contact_sheet(pictures, out)
    return out


def waveform(studio: Studio, job_id: UUID, order_index: int) -> Path:
    """A PNG with the waveform of one piece of music."""
    track = next(track for track in studio.jobs.tracks(job_id) if track.order_index == order_index)
    out = _place(studio, job_id, f"waveform-{order_index:02}.png")
    studio.tools.waveform(studio.media.locate(track.media), out)
    return out


def programme_waveform(studio: Studio, job_id: UUID) -> Path:
    """A PNG with the loudness of the whole programme."""
    out = _place(studio, job_id, "waveform.png")
    timeline = timeline_of(studio, studio.jobs.get_job(job_id))
    studio.tools.programme_waveform(timeline, out, locate=studio.media.locate)
    return out


def poster(studio: Studio, job_id: UUID) -> Path:
    """A JPEG with the frame in the middle of the job's first scene."""
    master, job = studio.jobs.master(job_id), studio.jobs.get_job(job_id)
    if master is None or job.storyboard is None:
        raise ConflictError(f"job {job_id} is {job.status} and has no master yet")
    first = job.storyboard.scenes[0].frames / job.storyboard.frames * master.duration_s
    out = _place(studio, job_id, "poster.jpg")
    studio.tools.poster(studio.media.locate(master.media), first / 2, out)
    return out


def thumbnails(studio: Studio, job_id: UUID) -> list[Path]:
    """JPEGs of 1280 x 720: up to three of the job's best pictures, each plain and, where its letters exist, titled."""
    job = studio.jobs.get_job(job_id)
    title = job.storyboard.title if job.storyboard else ""
    made = []
    for number, image in enumerate(chosen_images(studio, studio.jobs.images(job_id)), start=1):
        picture = studio.media.locate(image.media)
        plain, titled = (_place(studio, job_id, f"thumbnail-{number}{kind}.jpg") for kind in ("", "-titled"))
        studio.tools.thumbnail(picture, plain)
        made.append(plain)
        if studio.tools.thumbnail(picture, titled, title):
            made.append(titled)
        else:
            titled.unlink(missing_ok=True)
    return made


def chosen_images(studio: Studio, images: Sequence[ImageRecord]) -> list[ImageRecord]:
    """The most promising pictures, best first; of two that look alike the second is worth less."""
    appeal = {image.order_index: studio.tools.appeal(studio.media.locate(image.media)) for image in images}
    left, taken = list(images), list[ImageRecord]()
    while left and len(taken) < THUMBNAILS:
        best = max(left, key=lambda image: appeal[image.order_index] * _difference(image, taken))
        taken.append(best)
        left.remove(best)
    return taken


def preview(studio: Studio, job_id: UUID, *, cancelled: IsCancelled) -> Path:
    """An mp4 of 20 s around the first transition of the master; CancelledError when `cancelled` says so."""
    master, job = studio.jobs.master(job_id), studio.jobs.get_job(job_id)
    if master is None:
        raise ConflictError(f"job {job_id} is {job.status} and has no master yet")
    out = _place(studio, job_id, "preview.mp4")
    file = studio.media.locate(master.media)
    timeline = timeline_of(studio, job)
    studio.tools.preview_clip(timeline, file, out, locate=studio.media.locate, cancelled=cancelled)
    return out


def _difference(image: ImageRecord, taken: Sequence[ImageRecord]) -> float:
    """How different a picture is from those taken: 1 from far on, 0 for the same one again."""
    bits = [(int(image.facts.perceptual_hash, 16) ^ int(it.facts.perceptual_hash, 16)).bit_count() for it in taken]
    return min([bit / ALIKE_BITS for bit in bits] + [1.0])


def _place(studio: Studio, job_id: UUID, name: str) -> Path:
    out = studio.media.path(f"{SHEETS.format(job_id=job_id)}{name}")
    out.parent.mkdir(parents=True, exist_ok=True)
    return out
