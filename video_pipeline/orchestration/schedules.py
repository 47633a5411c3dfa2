"""Owns what happens by the clock; hides nothing."""

from __future__ import annotations

import dagster as dg

from video_pipeline.orchestration.jobs import order_albums_job, sweep_uploads_job

daily_orders = dg.ScheduleDefinition(
    name="daily_orders",
    job=order_albums_job,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each morning, order an album for every active channel without an unfinished job.",
)

hourly_sweep = dg.ScheduleDefinition(
    name="hourly_sweep",
    job=sweep_uploads_job,
    cron_schedule="23 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour, forget uploads for which nothing came for too long.",
)

SCHEDULES = [daily_orders, hourly_sweep]
