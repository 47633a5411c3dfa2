"""Owns giving up jobs that ended long ago, with their files; hides which are kept: published ones, with their licences.

What was paid for a job stays in the ledger, and its licences in the books, whatever becomes of the job.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from video_pipeline.domain.errors import ConflictError, InvalidInputError
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps.discard import PLACES, discard
from video_pipeline.steps.studio import Studio

DAYS = range(1, 36_501)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OldJob:
    """A job that ended long ago."""

    job: JobRecord
    files: int
    bytes: int


def old_jobs(studio: Studio, days: int, *, now: datetime | None = None) -> list[OldJob]:
    """The jobs that `cleanup_old_jobs` would give up, with what each takes; nothing is touched.

    InvalidInputError unless `days` is at least one.
    """
    if days not in DAYS:
        raise InvalidInputError(f"jobs are kept for {DAYS.start} to {DAYS.stop - 1} days, not {days}")
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    return [_weighed(studio, job) for job in studio.jobs.jobs_finished_before(before)]


def cleanup_old_jobs(studio: Studio, days: int, *, now: datetime | None = None) -> list[OldJob]:
    """Give up jobs that ended more than `days` days ago and were not published; those that are gone.

    One that somebody took up again, or published, in the meantime stays. InvalidInputError as `old_jobs`.
    """
    gone = []
    for old in old_jobs(studio, days, now=now):
        try:
            discard(studio, old.job.id)
        except ConflictError as error:
            log.info("job %s stays: %s", old.job.id, error)
        else:
            gone.append(old)
    return gone


def _weighed(studio: Studio, job: JobRecord) -> OldJob:
    keys = [key for place in PLACES for key in studio.media.keys(place.format(job_id=job.id))]
    return OldJob(job, len(keys), sum(studio.media.path(key).stat().st_size for key in keys))
