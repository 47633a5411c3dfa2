"""Owns deleting a job for good; hides where its files lie.

First the books forget it, then its files go. A process that is killed in between leaves files that nobody needs, and
never a row whose file is missing.
"""

from __future__ import annotations

import logging
from uuid import UUID

from video_pipeline.domain.errors import StudioError
from video_pipeline.steps.studio import Studio

PLACES = ("jobs/{job_id}/", "exports/{job_id}/")

log = logging.getLogger(__name__)


def discard(studio: Studio, job_id: UUID) -> int:
    """Forget a job and remove its files; how many files were removed. What was paid for it and its licences stay.

    Raises ConflictError while the job is unfinished or held, and for a published one. A file that cannot be removed is
    left behind with a line in the log.
    """
    studio.jobs.delete_job(job_id)
    return sum(_removed(studio, key) for place in PLACES for key in studio.media.keys(place.format(job_id=job_id)))


def _removed(studio: Studio, key: str) -> bool:
    try:
        studio.media.remove(key)
    except StudioError as error:
        log.warning("%s belongs to no job any more and could not be removed: %s", key, error)
        return False
    return True
