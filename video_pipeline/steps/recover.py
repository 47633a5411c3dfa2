"""Owns bringing a stopped job back into the flow; hides the wait for the lease of a killed process."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from video_pipeline.domain.errors import ConflictError, IllegalMoveError
from video_pipeline.domain.job import JobStatus
from video_pipeline.ports import JobStore
from video_pipeline.steps.attempt import LEASE_TTL_S

POLL_S = 1.0

RESUMABLE = (
    JobStatus.PLANNED,
    JobStatus.GENERATING_MUSIC,
    JobStatus.GENERATING_IMAGE,
    JobStatus.RENDERING,
    JobStatus.READY_FOR_EXPORT,
)
"""The statuses in which a process works on a job."""


def bring_back(
    jobs: JobStore,
    job_id: UUID,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> JobStatus:
    """Return a failed job to the status in which it failed; a job whose process was killed is marked failed first.

    The lease of a killed process runs out within LEASE_TTL_S seconds, which are waited for. Raises ConflictError when
    the job is still being worked on then, IllegalMoveError when there is nothing to retry.
    """
    deadline = clock() + LEASE_TTL_S + POLL_S
    while True:
        job = jobs.get_job(job_id)
        if job.status is JobStatus.FAILED:
            return jobs.retry(job_id)
        if job.status not in RESUMABLE:
            raise IllegalMoveError(f"job {job_id} is {job.status}; there is nothing to retry")
        if not jobs.is_held(job_id):
            jobs.mark_job_failed(job_id, "its process ended without a word")
        elif clock() > deadline:
            raise ConflictError(f"job {job_id} is being worked on right now; cancel it, or wait until it fails")
        else:
            sleep(POLL_S)
