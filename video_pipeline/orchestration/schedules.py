"""Owns what happens by the clock; hides nothing."""

from __future__ import annotations

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.orchestration.jobs import check_job, cleanup_job, order_albums_job, sweep_uploads_job
from video_pipeline.orchestration.terminal import QUIET

daily_orders = dg.ScheduleDefinition(
    name="daily_orders",
    job=order_albums_job,
    run_config=QUIET,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each morning, order an album for every active channel without an unfinished job.",
)

hourly_sweep = dg.ScheduleDefinition(
    name="hourly_sweep",
    job=sweep_uploads_job,
    run_config=QUIET,
    cron_schedule="23 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour, forget uploads that nobody goes on with, and end purchases of jobs that are over.",
)


@dg.schedule(
    name="nightly_cleanup",
    job=cleanup_job,
    cron_schedule="41 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each night, give up jobs that ended longer ago than VIDEO_PIPELINE_RETENTION_DAYS; off without it.",
)
def nightly_cleanup(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a cleanup where somebody said how long jobs are kept."""
    days = bootstrap.settings().retention_days
    if days is None:
        return dg.SkipReason("VIDEO_PIPELINE_RETENTION_DAYS is not set: jobs are kept for ever")
    return dg.RunRequest(run_config={"ops": {"clean_up": {"config": {"days": days}}}, **QUIET})


weekly_check = dg.ScheduleDefinition(
    name="weekly_check",
    job=check_job,
    run_config=QUIET,
    cron_schedule="17 4 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each Sunday, compare the books with the media store; a file that is not right is a failed run.",
)

SCHEDULES = [daily_orders, hourly_sweep, nightly_cleanup, weekly_check]
