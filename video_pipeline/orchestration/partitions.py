"""Owns the partition of the asset graph: one dynamic partition per job, its key the job's id; hides nothing."""

from __future__ import annotations

import dagster as dg

VIDEO_JOBS = dg.DynamicPartitionsDefinition(name="video_jobs")

JOB_TAG = "video/job_id"
"""Run tag that names the job; the queue runs one run per value at a time."""

FLOW_TAG = "video/flow"
"""Run tag of runs that do the stages of a job; the queue keeps a place free of them for work orders."""

ORDER_TAG = "video/order_id"
"""Run tag that names the work order of a run."""
