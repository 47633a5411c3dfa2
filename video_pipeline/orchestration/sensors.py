"""Owns what starts and what ends a job's runs; hides the run keys.

The status in Postgres is the truth, so every sensor is free of a cursor: it looks at the jobs that wait, and asks for
a run under a key that stays the same until the job is retried or approved again. Dagster starts one run per key.
"""

from collections.abc import Sequence
from uuid import UUID

import dagster as dg

from video_pipeline.domain.orders import WorkOrder
from video_pipeline.domain.records import JobRecord
from video_pipeline.orchestration.jobs import OrderConfig, delivery_job, order_job, storyboard_job
from video_pipeline.orchestration.partitions import FLOW_TAG, JOB_TAG, ORDER_TAG, VIDEO_JOBS
from video_pipeline.orchestration.resources import DatabaseResource
from video_pipeline.orchestration.runs import (
    AFTER_APPROVAL,
    BEFORE_APPROVAL,
    PARTITION_TAG,
    end_dead_runs,
    is_at_work,
    is_over,
    missed_orders,
    order_key,
    run_key,
)
from video_pipeline.orchestration.terminal import QUIET
from video_pipeline.ports import JobStore

PER_TICK = 20
"""Jobs a tick looks at; a tick must stay far below Dagster's limit of 60 s."""

PRIORITY_TAG = "dagster/priority"
"""The queue starts runs with a higher number first; 0 without one."""

INTERVAL_S = 4
"""The daemon looks every 5 s; an interval of 5 would make it skip every second look."""

SWEEP_MAX = 200

RUNNING_BY_DEFAULT = dg.DefaultSensorStatus.RUNNING


def _requests(
    instance: dg.DagsterInstance, store: JobStore, jobs: Sequence[JobRecord], job_name: str
) -> dg.SensorResult | dg.SkipReason:
    waiting = [job for job in jobs if not is_at_work(instance, store, job)]
    if not waiting:
        return dg.SkipReason("no job waits")
    requests = [
        dg.RunRequest(
            run_key=run_key(store, job),
            partition_key=str(job.id),
            job_name=job_name,
            run_config=QUIET,
            tags={JOB_TAG: str(job.id), FLOW_TAG: job_name},
        )
        for job in waiting
    ]
    added = VIDEO_JOBS.build_add_request([str(job.id) for job in waiting])
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=[added])


@dg.sensor(job=storyboard_job, minimum_interval_seconds=INTERVAL_S, default_status=RUNNING_BY_DEFAULT)
def new_jobs(context: dg.SensorEvaluationContext, database: DatabaseResource) -> dg.SensorResult | dg.SkipReason:
    """Start planning, music and pictures of jobs that were ordered or retried."""
    store = database.jobs()
    jobs = store.list_jobs(statuses=BEFORE_APPROVAL, idle=True, limit=PER_TICK, oldest_first=True)
    return _requests(context.instance, store, jobs, storyboard_job.name)


@dg.sensor(job=delivery_job, minimum_interval_seconds=INTERVAL_S, default_status=RUNNING_BY_DEFAULT)
def approved_storyboards(
    context: dg.SensorEvaluationContext, database: DatabaseResource
) -> dg.SensorResult | dg.SkipReason:
    """Start rendering of jobs whose storyboard was approved, and of retried ones beyond that."""
    store = database.jobs()
    jobs = store.list_jobs(statuses=AFTER_APPROVAL, approved=True, idle=True, limit=PER_TICK, oldest_first=True)
    return _requests(context.instance, store, jobs, delivery_job.name)


# By name: an op job that a sensor points to is bound to its resources anew, which Dagster warns of.
@dg.sensor(job_name=order_job.name, minimum_interval_seconds=INTERVAL_S, default_status=RUNNING_BY_DEFAULT)
def placed_orders(context: dg.SensorEvaluationContext, database: DatabaseResource) -> dg.SensorResult | dg.SkipReason:
    """Perform what was ordered on demand, and again what died on the way."""
    store = database.jobs()
    waiting = store.waiting_orders(PER_TICK)
    if not waiting:
        return dg.SkipReason("no order waits")
    if any(order.attempt for order in waiting):
        # Of a job one run goes on at a time, and a dead one would count until the next sweep.
        end_dead_runs(context.instance, store)
    return dg.SensorResult(run_requests=[_run_for(store, order) for order in waiting])


def _run_for(store: JobStore, order: WorkOrder) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=order_key(store, order),
        run_config=dg.RunConfig(ops={"perform": OrderConfig(order_id=str(order.id))}, **QUIET),
        # Somebody sits in front of a page and waits, unlike for a whole video; of a job one thing is made at a time.
        tags={ORDER_TAG: str(order.id), JOB_TAG: str(order.job_id), PRIORITY_TAG: "1"},
    )


@dg.run_failure_sensor(
    monitored_jobs=[storyboard_job, delivery_job],
    minimum_interval_seconds=INTERVAL_S,
    default_status=RUNNING_BY_DEFAULT,
)
def failed_runs(context: dg.RunFailureSensorContext, database: DatabaseResource) -> None:
    """Mark the job of a failed run as failed, with the message, unless the step itself has done so."""
    partition = context.dagster_run.tags.get(PARTITION_TAG)
    if partition is not None:
        message = failure_message(context.get_step_failure_events(), context)
        database.jobs().mark_job_failed(UUID(partition), message, run_id=context.dagster_run.run_id)


def failure_message(events: Sequence[dg.DagsterEvent], context: dg.RunFailureSensorContext) -> str:
    """The innermost message of the first failed step; what usually happened when no step failed."""
    for event in events:
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return f"{event.step_key}: {error.message.strip()}"
    # No step failed, so Dagster's own message says only that somebody else ended the run.
    job_id = context.dagster_run.tags.get(PARTITION_TAG)
    return f"its process was killed, or the machine ran out of memory; video-pipeline job retry {job_id}"


@dg.sensor(minimum_interval_seconds=30, default_status=RUNNING_BY_DEFAULT)
def lost_runs(context: dg.SensorEvaluationContext, database: DatabaseResource) -> dg.SkipReason:
    """Mark jobs as failed whose run ended without a word: the machine went down, or the process was killed.

    Failure sensors can miss an event and a crashed host never sends one, so this sweep compares the books with the
    leases and the runs, and tells Dagster which of its runs have no process any more.
    """
    store = database.jobs()
    ended = end_dead_runs(context.instance, store)
    missed = missed_orders(context.instance, store)
    lost = {job.id: "its process ended without a word" for job in store.lost_jobs()}
    started = [
        *store.list_jobs(statuses=BEFORE_APPROVAL, idle=True, limit=SWEEP_MAX, oldest_first=True),
        *store.list_jobs(statuses=AFTER_APPROVAL, approved=True, idle=True, limit=SWEEP_MAX, oldest_first=True),
    ]
    lost |= {
        job.id: "its run is over but did not finish it" for job in started if is_over(context.instance, store, job)
    }
    marked = sum(store.mark_lost(job_id, f"{why}; video-pipeline job retry {job_id}") for job_id, why in lost.items())
    if not ended and not marked and not missed:
        return dg.SkipReason("nothing is lost")
    return dg.SkipReason(f"{ended} dead runs, {marked} lost jobs, {missed} orders whose run never began")


SENSORS = [new_jobs, approved_storyboards, placed_orders, failed_runs, lost_runs]
