"""Owns beginning a job that waited for its files; hides that somebody may remove one at the same moment."""

from __future__ import annotations

from uuid import UUID

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.preparing import check_prepared
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.steps.uploads import folder_of


def start_job(jobs: JobStore, media: MediaStore, job_id: UUID, *, by: str = "operator") -> JobRecord:
    """Let a job that was `preparing` be planned; the job as it stands then. Of two at once one starts it.

    ConflictError when it lacks a file that its brief needs, while a file is still on its way to it, or when it is not
    `preparing`: it was started already, or never waited. NotFoundError when there is no such job.
    """
    with media.lock(folder_of(job_id)):
        job = jobs.get_job(job_id)
        if job.status is not JobStatus.PREPARING:
            raise ConflictError(f"job {job_id} is {job.status}; only one that is preparing can be started")
        check_prepared(brief_from_json(job.brief), jobs.get_job_files(job_id))
        coming = [each.filename for each in jobs.get_uploads(job_id) if each.error_message is None]
        if coming:
            raise ConflictError(
                f"{', '.join(coming[:3])} {'is' if len(coming) == 1 else 'are'} still on the way to job {job_id}; "
                "wait until all is there, or abandon the upload"
            )
        jobs.move(job_id, JobStatus.PREPARING, JobStatus.PLANNED, f"started by {by}")
    return jobs.get_job(job_id)
