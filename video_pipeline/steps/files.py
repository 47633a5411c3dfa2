"""Owns the list of a job's files, and removing those that nobody recorded; hides in which table each is recorded."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.media import MediaReference, is_unfinished
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import ThumbnailRecord
from video_pipeline.steps.beside import SUFFIX
from video_pipeline.steps.studio import Studio

PLACES: dict[Stage, str] = {
    Stage.MUSIC: "jobs/{job_id}/music/",
    Stage.IMAGES: "jobs/{job_id}/images/",
    Stage.MASTER: "jobs/{job_id}/master-",
}
"""How the keys of a stage's files begin. Exports keep their keys, so they replace each other."""

EXPORTS = "exports/{job_id}/"
"""How the keys of a job's exports begin."""

SHEETS = "jobs/{job_id}/sheets/"
"""Where the pictures lie that people look at beside a job."""

THUMBNAILS = "jobs/{job_id}/thumbnails/"
PREVIEWS = "jobs/{job_id}/previews/"
UPLOADS = "jobs/{job_id}/files/"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job."""

    kind: str
    media: MediaReference
    path: Path
    intact: bool  # there, with the recorded size and checksum


def job_files(studio: Studio, job_id: UUID) -> list[JobFile]:
    """Every file of the job: the recorded ones in the order of the flow, then what stands beside them."""
    recorded = _recorded(studio, job_id)
    return [
        *(JobFile(kind, media, studio.media.path(media.key), studio.media.holds(media)) for kind, media in recorded),
        *(
            _found(studio, f"timeline of {kind}", f"{media.key}{SUFFIX}")
            for kind, media in recorded
            if _has(studio, media)
        ),
        *(_found(studio, f"thumbnail {each.variant}", each.key) for each in _thumbnails(studio, job_id)),
        *(_found(studio, kind, key) for kind, key in _beside_thumbnails(studio, job_id)),
        *(_found(studio, "preview", key) for key in _finished(studio, PREVIEWS.format(job_id=job_id))),
        *(_found(studio, f"sheet {Path(key).stem}", key) for key in _finished(studio, SHEETS.format(job_id=job_id))),
    ]


def _finished(studio: Studio, folder: str) -> list[str]:
    return [key for key in studio.media.keys(folder) if not is_unfinished(key)]


def _has(studio: Studio, media: MediaReference) -> bool:
    return studio.media.path(f"{media.key}{SUFFIX}").is_file()


def _thumbnails(studio: Studio, job_id: UUID) -> list[ThumbnailRecord]:
    return [each for each in studio.jobs.get_thumbnails(job_id) if studio.media.path(each.key).is_file()]


_BESIDE_THUMBNAILS = (
    ("estimates", "estimates of thumbnails"),
    ("bought", "picture for thumbnails"),
)
"""By how their names begin."""


def _beside_thumbnails(studio: Studio, job_id: UUID) -> list[tuple[str, str]]:
    """What lies beside the thumbnails: kind and key."""
    folder = THUMBNAILS.format(job_id=job_id)
    return [
        (kind, key)
        for key in _finished(studio, folder)
        for start, kind in _BESIDE_THUMBNAILS
        if key.removeprefix(folder).startswith(start)
    ]


def _found(studio: Studio, kind: str, key: str) -> JobFile:
    """A file whose checksum no book records, as it is now."""
    path = studio.media.path(key)
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return JobFile(kind, MediaReference(key, sha256, path.stat().st_size), path, intact=True)


def _recorded(studio: Studio, job_id: UUID) -> list[tuple[str, MediaReference]]:
    master, works = studio.jobs.master(job_id), studio.jobs.works(job_id)
    earlier = studio.jobs.image_versions(job_id)
    return [
        *((f"music {track.order_index:02}", track.media) for track in works.tracks),
        *((f"sound {bed.order_index:02}", bed.media) for bed in works.beds),
        *((f"image {image.order_index:02}", image.media) for image in works.images),
        *((f"clip {image.order_index:02}", image.clip.media) for image in works.images if image.clip),
        *((f"earlier image {each.order_index:02}", each.media) for each in earlier),
        *((f"earlier clip {each.order_index:02}", each.clip.media) for each in earlier if each.clip),
        *([("master", master.media)] if master else []),
        *((f"export {export.report.rendition.name}", export.report.media) for export in studio.jobs.exports(job_id)),
        *((f"{file.file_type} {file.filename}", file.media) for file in studio.jobs.get_job_files(job_id)),
    ]


def remove_unrecorded(studio: Studio, job_id: UUID, stage: Stage) -> None:
    """Delete files of a stage that are not in the books: replaced ones, and those of attempts that were killed.

    Only for the attempt that has claimed the job: nobody else may record a file meanwhile.
    """
    if stage not in PLACES:
        return
    if stage is Stage.MASTER:
        cleanup_old_exports(studio, job_id)
    # Listed before the books are read, so that a file which is recorded in between is not taken for a stray one.
    found = studio.media.keys(PLACES[stage].format(job_id=job_id))
    recorded = {file.key for _, file in _recorded(studio, job_id)}
    for key in found:
        if key.removesuffix(SUFFIX) in recorded:
            continue
        try:
            studio.media.remove(key)
            log.info("removed %s, which is not in the books", key)
        except StudioError as error:
            log.warning("%s is not in the books and could not be removed: %s", key, error)


def cleanup_old_exports(studio: Studio, job_id: UUID) -> int:
    """Delete exports that are not in the books any more, such as those of an earlier storyboard; how many files.

    An export that is being made meanwhile is waited for.
    """
    removed = 0
    for key in studio.media.keys(EXPORTS.format(job_id=job_id)):
        programme = key.removesuffix(SUFFIX)
        with studio.media.lock(programme):
            if programme not in {record.report.media.key for record in studio.jobs.exports(job_id)}:
                studio.media.remove(key)
                removed += 1
    return removed
