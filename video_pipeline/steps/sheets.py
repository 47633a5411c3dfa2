"""Owns what people look at beside a job: contact sheet, waveforms, poster, excerpt; hides where it is kept.

They are drawn anew on each call and belong to nobody's books: losing them loses nothing.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from video_pipeline.domain.errors import ConflictError
from video_pipeline.ports import IsCancelled
from video_pipeline.steps.export import timeline_of
from video_pipeline.steps.files import SHEETS
from video_pipeline.steps.studio import Studio


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


def _place(studio: Studio, job_id: UUID, name: str) -> Path:
    out = studio.media.path(f"{SHEETS.format(job_id=job_id)}{name}")
    out.parent.mkdir(parents=True, exist_ok=True)
    return out
