"""Owns bringing a stopped job back into the flow; hides the wait for the lease of a killed process, and lost files.

A job returns to the status in which it stopped, or further back: to the earliest stage whose files are not all there
with their recorded checksums. Only what is missing is made again. When the new bytes are those that were approved the
approval stands, otherwise it has to be given again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from video_pipeline.domain.errors import ConflictError, IllegalMoveError
from video_pipeline.domain.job import WORKING, JobStatus
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.steps.attempt import LEASE_TTL_S

POLL_S = 1.0

RESUMABLE = (
    JobStatus.PLANNED,
    JobStatus.GENERATING_MUSIC,
    JobStatus.GENERATING_IMAGE,
    JobStatus.RENDERING,
    JobStatus.READY_FOR_EXPORT,
)
"""The statuses in which a process works on a job; beside them, one that is approved should be taken up by one."""


def bring_back(
    jobs: JobStore,
    media: MediaStore,
    job_id: UUID,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> JobStatus:
    """Return a failed job to where it can go on; a job whose process was killed is marked failed first.

    The lease of a killed process runs out within LEASE_TTL_S seconds, which are waited for. Raises ConflictError when
    the job is still being worked on then, IllegalMoveError when there is nothing to retry.
    """
    deadline = clock() + LEASE_TTL_S + POLL_S
    while True:
        job = jobs.get_job(job_id)
        if job.status is JobStatus.FAILED:
            return jobs.retry(job_id, _resume_in(jobs, media, job))
        if not _stoppable(job):
            raise IllegalMoveError(f"job {job_id} is {job.status}; there is nothing to retry")
        if jobs.mark_lost(job_id, "its process ended without a word"):
            continue
        if clock() > deadline:
            raise ConflictError(f"job {job_id} is being worked on right now; cancel it, or wait until it fails")
        sleep(POLL_S)


def _stoppable(job: JobRecord) -> bool:
    return job.status in RESUMABLE or (job.status is JobStatus.AWAITING_APPROVAL and job.approved)


def _resume_in(jobs: JobStore, media: MediaStore, job: JobRecord) -> JobStatus:
    """The status in which the failed `job` can go on: where it failed, or the earliest stage that lost a file."""
    stopped = job.failed_from or JobStatus.PLANNED
    if job.storyboard is None:
        return min(stopped, JobStatus.PLANNED, key=WORKING.index)
    plan, works, master = job.storyboard, jobs.works(job.id), jobs.master(job.id)
    sounds = [each.media for each in works.tracks] + [each.media for each in works.beds]
    heard = len(sounds) >= len(plan.music_indexes) + len(plan.beds)
    made: tuple[tuple[JobStatus, bool, Sequence[MediaReference]], ...] = (
        (JobStatus.GENERATING_MUSIC, heard, sounds),
        (JobStatus.GENERATING_IMAGE, works.complete(plan), [file for each in works.images for file in each.files]),
        (JobStatus.RENDERING, master is not None, [master.media] if master else []),
    )
    for status, complete, files in made:
        if WORKING.index(status) >= WORKING.index(stopped):
            break
        if not complete or not all(media.holds(file) for file in files):
            return status
    return stopped
