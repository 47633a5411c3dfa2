"""Owns what starts and what ends a job's runs; hides the run keys.

The status in Postgres is the truth, so every sensor is free of a cursor: it looks at the jobs that wait, and asks for
a run under a key that stays the same until the job is retried or approved again. Dagster starts one run per key.
"""

from collections.abc import Sequence
from uuid import UUID

import dagster as dg

from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import JobRecord
from video_pipeline.orchestration.jobs import delivery_job, storyboard_job
from video_pipeline.orchestration.partitions import JOB_TAG, VIDEO_JOBS
from video_pipeline.orchestration.resources import DatabaseResource
from video_pipeline.ports import JobStore

PER_TICK = 20
"""Jobs a tick looks at; a tick must stay far below Dagster's limit of 60 s."""

INTERVAL_S = 4
"""The daemon looks every 5 s; an interval of 5 would make it skip every second look."""

BEFORE_APPROVAL = (JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE)
AFTER_APPROVAL = (JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, JobStatus.READY_FOR_EXPORT)

STARTED = (*BEFORE_APPROVAL, JobStatus.RENDERING, JobStatus.READY_FOR_EXPORT)

RUNNING_BY_DEFAULT = dg.DefaultSensorStatus.RUNNING


def run_key(job: JobRecord) -> str:
    """The same until the job is retried or approved anew; then a new run may start."""
    if job.status in BEFORE_APPROVAL:
        return f"{job.id}:storyboard:{job.retry_count}"
    return f"{job.id}:delivery:{job.retry_count}:{(job.approved_fingerprint or '')[:16]}"


def _requests(jobs: Sequence[JobRecord], job_name: str) -> dg.SensorResult | dg.SkipReason:
    if not jobs:
        return dg.SkipReason("no job waits")
    requests = [
        dg.RunRequest(run_key=run_key(job), partition_key=str(job.id), job_name=job_name, tags={JOB_TAG: str(job.id)})
        for job in jobs
    ]
    added = VIDEO_JOBS.build_add_request([str(job.id) for job in jobs])
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=[added])


@dg.sensor(job=storyboard_job, minimum_interval_seconds=INTERVAL_S, default_status=RUNNING_BY_DEFAULT)
def new_jobs(database: DatabaseResource) -> dg.SensorResult | dg.SkipReason:
    """Start planning, music and pictures of jobs that were ordered or retried."""
    jobs = database.jobs().list_jobs(statuses=BEFORE_APPROVAL, idle=True, limit=PER_TICK, oldest_first=True)
    return _requests(jobs, storyboard_job.name)


@dg.sensor(job=delivery_job, minimum_interval_seconds=INTERVAL_S, default_status=RUNNING_BY_DEFAULT)
def approved_storyboards(database: DatabaseResource) -> dg.SensorResult | dg.SkipReason:
    """Start rendering of jobs whose storyboard was approved, and of retried ones beyond that."""
    jobs = database.jobs().list_jobs(
        statuses=AFTER_APPROVAL, approved=True, idle=True, limit=PER_TICK, oldest_first=True
    )
    return _requests(jobs, delivery_job.name)


@dg.run_failure_sensor(
    monitored_jobs=[storyboard_job, delivery_job],
    minimum_interval_seconds=INTERVAL_S,
    default_status=RUNNING_BY_DEFAULT,
)
def failed_runs(context: dg.RunFailureSensorContext, database: DatabaseResource) -> None:
    """Mark the job of a failed run as failed, with the message, unless the step itself has done so."""
    partition = context.dagster_run.tags.get("dagster/partition")
    if partition is not None:
        message = failure_message(context.get_step_failure_events(), context)
        database.jobs().mark_job_failed(UUID(partition), message, run_id=context.dagster_run.run_id)


def failure_message(events: Sequence[dg.DagsterEvent], context: dg.RunFailureSensorContext) -> str:
    """The innermost message of the first failed step, else the message of the run."""
    for event in events:
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return f"{event.step_key}: {error.message.strip()}"
    return context.failure_event.message or "the run failed without a message"


@dg.sensor(minimum_interval_seconds=30, default_status=RUNNING_BY_DEFAULT)
def lost_runs(context: dg.SensorEvaluationContext, database: DatabaseResource) -> dg.SkipReason:
    """Mark jobs as failed whose run ended without a word: the machine went down, or the process was killed.

    Failure sensors can miss an event and a crashed host never sends one, so this sweep compares the books with the
    leases and the runs.
    """
    store = database.jobs()
    lost = {job.id: "its process ended without a word" for job in store.lost_jobs()}
    for job in store.list_jobs(statuses=STARTED, idle=True, limit=200, oldest_first=True):
        if job.id not in lost and _run_is_over(context.instance, store, job):
            lost[job.id] = "its run ended without finishing the job"
    for job_id, reason in lost.items():
        try:
            store.mark_job_failed(job_id, f"{reason}; video-pipeline job retry {job_id}")
        except StudioError as error:
            context.log.warning(f"job {job_id}: {error}")
    return dg.SkipReason(f"{len(lost)} lost" if lost else "no job is lost")


def _run_is_over(instance: dg.DagsterInstance, store: JobStore, job: JobRecord) -> bool:
    """True when the run that was started for the job is over although the job still waits for it."""
    key = run_key(job)
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": key}), limit=1)
    # A step moves the job before its run ends, so a job read after the end of the run shows the last move.
    return bool(runs) and runs[0].is_finished and run_key(store.get_job(job.id)) == key


SENSORS = [new_jobs, approved_storyboards, failed_runs, lost_runs]
