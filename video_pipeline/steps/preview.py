"""Owns the preview of a storyboard: the whole programme, small and with sound; hides where it is kept.

It shows the storyboard as it is now and is valid for that one only. It belongs to nobody's books: losing it loses
nothing. Its stretches of picture come from the cache and stay there, so that an export of the same size is cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.delivery import Format, Quality, Rendition
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.records import JobRecord, fingerprint
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ports import IsCancelled, MediaStore, ReportProgress
from video_pipeline.steps.assemble import programme_of
from video_pipeline.steps.export import planned
from video_pipeline.steps.files import PREVIEWS
from video_pipeline.steps.studio import Studio

PREVIEW = Rendition(Format.MP4, Quality.LOW)

_NAME_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Preview:
    """A finished preview."""

    key: str
    bytes: int
    fingerprint: str  # of what it shows


def preview_of(media: MediaStore, job_id: UUID, seen: str) -> Path | None:
    """The preview of the storyboard with the fingerprint `seen`; None when there is none."""
    path = media.path(_key(job_id, seen))
    return path if path.is_file() else None


def make_preview(studio: Studio, job_id: UUID, *, report: ReportProgress, cancelled: IsCancelled) -> Preview:
    """Render the preview of a job, unless it is there; those of earlier storyboards are removed.

    A storyboard that changes meanwhile is shown as it is then. ConflictError before every scene has its piece of music
    and its picture; CancelledError when `cancelled` says so.
    """
    folder = PREVIEWS.format(job_id=job_id)
    with studio.media.lock(folder.removesuffix("/"), cancelled):
        while True:
            job = studio.jobs.get_job(job_id)
            shown = _programme(studio, job)
            if shown is None:
                raise ConflictError(
                    f"job {job_id} is {job.status}; its preview needs music and a picture for each scene"
                )
            seen, timeline = shown
            key = _key(job_id, seen)
            if studio.media.path(key).is_file():
                break
            _render(studio, job_id, timeline, key, report=report, cancelled=cancelled)
        for other in studio.media.keys(folder):
            if other != key:
                studio.media.remove(other)
        report(1.0, "the preview is there")
        return Preview(key, studio.media.path(key).stat().st_size, seen)


def _render(
    studio: Studio, job_id: UUID, timeline: Timeline, key: str, *, report: ReportProgress, cancelled: IsCancelled
) -> None:
    with studio.media.scratch(job_id) as scratch:
        out = scratch / PREVIEW.file_name
        made = studio.tools.render(
            timeline, PREVIEW, out, locate=studio.media.locate, report=report, cancelled=cancelled
        )
        studio.media.adopt(out, key, sha256=made.media.sha256)


def _programme(studio: Studio, job: JobRecord) -> tuple[str, Timeline] | None:
    """The fingerprint and the timeline of what the job would show now; None while something of it is missing."""
    if job.storyboard is None:
        return None
    storyboard, brief = planned(job)
    works = studio.jobs.works(job.id)
    if not works.complete(storyboard):
        return None
    return fingerprint(storyboard, works), programme_of(storyboard, works, brief)


def _key(job_id: UUID, seen: str) -> str:
    return f"{PREVIEWS.format(job_id=job_id)}{seen[:_NAME_DIGITS]}.{PREVIEW.format.extension}"
