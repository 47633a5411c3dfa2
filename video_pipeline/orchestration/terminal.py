"""Owns what a run says on the terminal of `video-pipeline up`; hides Dagster's records.

What the studio expects to go wrong is one line with the job, the stage and the remedy. The stack of anything else is
printed, once; in Dagster's own log of the run each failure has its stack.
"""

from __future__ import annotations

import logging
from typing import Any

import dagster as dg

from video_pipeline.orchestration.partitions import JOB_TAG
from video_pipeline.orchestration.runs import PARTITION_TAG

QUIET: dict[str, Any] = {"loggers": {"console": {}}}
"""The part of a run's configuration that names this logger; a run without one prints each stack, twice."""

_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
_FOLLOWS = "Dependencies for step "
"""How Dagster begins to say that what comes after a failed step is left out."""


@dg.logger(
    config_schema={"log_level": dg.Field(str, is_required=False, default_value="DEBUG")},
    description="One line for each failure that the studio knows, on standard error.",
)
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger for one run; `log_level` is the least that it prints of what Dagster's own level lets pass."""
    logger = logging.Logger("dagster", context.logger_config["log_level"])
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, "%Y-%m-%d %H:%M:%S %z"))
    handler.addFilter(OneLine())
    logger.addHandler(handler)
    return logger


class OneLine(logging.Filter):
    """Makes one line of an expected failure, and drops what follows from any."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what nobody has to read."""
        about = getattr(record, "dagster_meta", None)
        if about is None:
            return True
        event: dg.DagsterEvent | None = about["dagster_event"]
        if event is None:
            return not about["orig_message"].startswith(_FOLLOWS)
        if record.levelno < logging.WARNING:
            return False  # each event is in the UI
        if event.is_step_failure:
            return self._failed(record, event, about["job_tags"])
        # The failure of a step has been told, with its stack if it has one.
        return not (event.is_run_failure and event.job_failure_data.first_step_failure_event)

    def _failed(self, record: logging.LogRecord, event: dg.DagsterEvent, tags: dict[str, str]) -> bool:
        told = event.step_failure_data.user_failure_data
        if told is None or ("error" in told.metadata and "retryable" not in told.metadata):
            return True  # nobody meant to raise it
        text = str(told.description)
        job_id = tags.get(JOB_TAG) or tags.get(PARTITION_TAG)
        if PARTITION_TAG in tags and "video-pipeline " not in text:
            text = f"{text}; video-pipeline job retry {job_id}"
        record.msg = f"job {job_id}, {event.step_key}: {text}" if job_id else f"{event.step_key}: {text}"
        record.args = ()
        return True
