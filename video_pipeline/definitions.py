"""Owns the Definitions object that `workspace.yaml` loads; hides nothing and does no work."""

from __future__ import annotations

import dagster as dg

from video_pipeline.orchestration.assets import DELIVERY_ASSETS, STORYBOARD_ASSETS
from video_pipeline.orchestration.checks import CHECKS
from video_pipeline.orchestration.jobs import JOBS
from video_pipeline.orchestration.resources import from_settings
from video_pipeline.orchestration.schedules import SCHEDULES
from video_pipeline.orchestration.sensors import SENSORS
from video_pipeline.orchestration.terminal import console

defs = dg.Definitions(
    assets=[*STORYBOARD_ASSETS, *DELIVERY_ASSETS],
    asset_checks=CHECKS,
    jobs=JOBS,
    sensors=SENSORS,
    schedules=SCHEDULES,
    resources=from_settings(),
    loggers={"console": console},
    executor=dg.in_process_executor,
)
