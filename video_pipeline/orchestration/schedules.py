"""Owns what happens by the clock; hides nothing."""

from __future__ import annotations

import dagster as dg

from video_pipeline.orchestration.jobs import order_albums_job

daily_orders = dg.ScheduleDefinition(
    name="daily_orders",
    job=order_albums_job,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each morning, order an album for every active channel without an unfinished job.",
)

SCHEDULES = [daily_orders]
