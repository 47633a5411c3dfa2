"""Owns what runs say about a job: which key starts one, whether one is at work, over, or dead; hides queries."""

from __future__ import annotations

from uuid import UUID

import dagster as dg

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.orders import WorkOrder
from video_pipeline.domain.records import JobRecord
from video_pipeline.orchestration.partitions import ORDER_TAG
from video_pipeline.ports import JobStore

BEFORE_APPROVAL = (JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE)
AFTER_APPROVAL = (JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, JobStatus.READY_FOR_EXPORT)

PARTITION_TAG = "dagster/partition"
RUN_KEY_TAG = "dagster/run_key"

ACTIVE_MAX = 100
"""Active runs looked at in one sweep; far more than the queue lets run at once."""


def run_key(store: JobStore, job: JobRecord) -> str:
    """The same until the job is retried or approved anew, even if as it was before; then a new run may start.

    Books that were put back from a backup begin anew: Dagster knows runs of the same jobs that went further.
    """
    if job.status in BEFORE_APPROVAL:
        return f"{job.id}:storyboard:{job.retry_count}{_epoch(store)}"
    approved_at = job.approved_at.isoformat() if job.approved_at else ""
    approval = f"{(job.approved_fingerprint or '')[:16]}:{approved_at}"
    return f"{job.id}:delivery:{job.retry_count}:{approval}{_epoch(store)}"


def _epoch(store: JobStore) -> str:
    restored_at = store.restored_at()
    return f":{restored_at.isoformat()}" if restored_at else ""


def is_at_work(instance: dg.DagsterInstance, store: JobStore, job: JobRecord) -> bool:
    """True while the run that last claimed the job goes on; between two stages it holds no lease."""
    run = instance.get_run_by_id(job.run_id) if job.run_id else None
    return run is not None and not run.is_finished and not store.run_is_gone(job.id, run.run_id)


def is_over(instance: dg.DagsterInstance, store: JobStore, job: JobRecord) -> bool:
    """True when the run that was started for the job is over although the job still waits for it."""
    key = run_key(store, job)
    runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: key}), limit=1)
    # A step moves the job before its run ends, so a job read after the end of the run shows the last move.
    return bool(runs) and runs[0].is_finished and run_key(store, store.get_job(job.id)) == key


def order_key(store: JobStore, order: WorkOrder) -> str:
    """The same until the order was begun once more, or its run is found to be over, or the books were put back."""
    return f"order:{order.id}:{order.attempt}{_epoch(store)}"


def missed_orders(instance: dg.DagsterInstance, store: JobStore) -> int:
    """Let orders wait for another run whose run is over although it never began them; how many there were."""
    missed = 0
    for order in store.waiting_orders(ACTIVE_MAX):
        runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: order_key(store, order)}), limit=1)
        if runs and runs[0].is_finished:
            store.miss_order(order.id, order.attempt, "its run ended before it could begin")
            missed += 1
    return missed


def end_dead_runs(instance: dg.DagsterInstance, store: JobStore) -> int:
    """Tell Dagster which of its active runs have no process any more; how many there were.

    A run whose process was killed by anything but Dagster counts as started for ever, and as such against the limits
    of the queue.
    """
    active = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    dead = [run for run in instance.get_runs(active, limit=ACTIVE_MAX) if _is_dead(store, run)]
    for run in dead:
        instance.report_run_failed(run, "its process ended without a word")
    return len(dead)


def _is_dead(store: JobStore, run: dg.DagsterRun) -> bool:
    order_id = run.tags.get(ORDER_TAG)
    if order_id is not None:
        return store.order_run_is_gone(UUID(order_id), run.run_id)
    job_id = run.tags.get(PARTITION_TAG)
    return job_id is not None and store.run_is_gone(UUID(job_id), run.run_id)
