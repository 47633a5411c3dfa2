"""Owns what people look at beside a job: contact sheet, waveforms, poster, excerpt; hides where it is kept.

They are drawn anew on each call and belong to nobody's books: losing them loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.errors import ConflictError
from video_pipeline.ports import IsCancelled
from video_pipeline.steps.export import timeline_of
from video_pipeline.steps.files import SHEETS
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.views import drawn


def contact_sheet(studio: Studio, job_id: UUID) -> Path:
    """A JPEG with all pictures of the job in order."""
    pictures = [studio.media.locate(image.media) for image in studio.jobs.images(job_id)]
    return _sheet(studio, job_id, "images.jpg", lambda out: studio.tools.contact_sheet(pictures, out))


def waveform(studio: Studio, job_id: UUID, order_index: int) -> Path:
    """A PNG with the waveform of one piece of music."""
    track = next(track for track in studio.jobs.tracks(job_id) if track.order_index == order_index)
    piece = studio.media.locate(track.media)
    return _sheet(studio, job_id, f"waveform-{order_index:02}.png", lambda out: studio.tools.waveform(piece, out))


def programme_waveform(studio: Studio, job_id: UUID) -> Path:
    """A PNG with the loudness of the whole programme."""
    timeline, locate = timeline_of(studio, studio.jobs.get_job(job_id)), studio.media.locate
    draw = studio.tools.programme_waveform
    return _sheet(studio, job_id, "waveform.png", lambda out: draw(timeline, out, locate=locate))


def poster(studio: Studio, job_id: UUID) -> Path:
    """A JPEG with the frame in the middle of the job's first scene."""
    master, job = studio.jobs.master(job_id), studio.jobs.get_job(job_id)
    if master is None or job.storyboard is None:
        raise ConflictError(f"job {job_id} is {job.status} and has no master yet")
    first = job.storyboard.scenes[0].frames / job.storyboard.frames * master.duration_s
    video = studio.media.locate(master.media)
    return _sheet(studio, job_id, "poster.jpg", lambda out: studio.tools.poster(video, first / 2, out))


def preview(studio: Studio, job_id: UUID, *, cancelled: IsCancelled) -> Path:
    """An mp4 of 20 s around the first transition of the master; CancelledError when `cancelled` says so."""
    master, job = studio.jobs.master(job_id), studio.jobs.get_job(job_id)
    if master is None:
        raise ConflictError(f"job {job_id} is {job.status} and has no master yet")
    file, timeline = studio.media.locate(master.media), timeline_of(studio, job)

    def cut(out: Path) -> None:
        studio.tools.preview_clip(timeline, file, out, locate=studio.media.locate, cancelled=cancelled)

    return _sheet(studio, job_id, "preview.mp4", cut)


def _sheet(studio: Studio, job_id: UUID, name: str, draw: Callable[[Path], None]) -> Path:
    return drawn(studio, job_id, f"{SHEETS.format(job_id=job_id)}{name}", draw)
