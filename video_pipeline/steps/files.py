"""Owns the list of a job's files; hides in which table each is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.media import MediaReference
from video_pipeline.steps.studio import Studio


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job."""

    kind: str
    media: MediaReference
    path: Path
    intact: bool  # there, with the recorded size and checksum


def job_files(studio: Studio, job_id: UUID) -> list[JobFile]:
    """Every recorded file of the job, in the order of the flow."""
    master = studio.jobs.master(job_id)
    named = [
        *((f"music {track.order_index:02}", track.media) for track in studio.jobs.tracks(job_id)),
        *((f"image {image.order_index:02}", image.media) for image in studio.jobs.images(job_id)),
        *([("master", master.media)] if master else []),
        *((f"export {export.report.rendition.name}", export.report.media) for export in studio.jobs.exports(job_id)),
    ]
    return [JobFile(kind, media, studio.media.path(media.key), studio.media.holds(media)) for kind, media in named]
