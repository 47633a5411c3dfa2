"""Owns the Dagster instance of an installation and running a job's assets in it; hides DAGSTER_HOME and run tags."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.domain.errors import ConflictError, PermanentError
from video_pipeline.orchestration.partitions import JOB_TAG, VIDEO_JOBS

HERE_TAG = "video/host"
"""Run tag of a run that a command line did in its own process: on which machine."""

HEARTBEAT_TOLERANCE_S = 75.0
"""Two heartbeats and a half."""

URL_VARIABLE = "VIDEO_PIPELINE_DAGSTER_URL"
"""The variable that the instance file reads; set for this process and its children only."""


def prepare_home() -> Path:
    """Write the instance file where there is none, and point this process and its children at it."""
    home = bootstrap.settings().dagster_home
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        template = files("video_pipeline.orchestration").joinpath("dagster.yaml").read_text()
        part = config.with_suffix(".part")
        part.write_text(template)
        part.replace(config)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ[URL_VARIABLE] = bootstrap.dagster_url()
    return home


@contextmanager
def instance() -> Iterator[dg.DagsterInstance]:
    """The instance of this installation, its storage in Postgres."""
    prepare_home()
    with dg.DagsterInstance.get() as opened:
        yield opened


@contextmanager
def sole_daemon() -> Iterator[None]:
    """Be the one daemon of this data directory; ConflictError while another process is.

    Two daemons on one database would each start every run.
    """
    with _lock_path().open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(f"`video-pipeline up` is running already for {_lock_path().parent.parent}") from error
        yield


def daemon_is_alive(opened: dg.DagsterInstance) -> bool:
    """True when a Dagster daemon looks after the sensors.

    One of this data directory holds a lock, which its death gives back at once. One on another machine is known by
    its heartbeat alone, every 30 s.
    """
    if _lock_path().exists():
        with _lock_path().open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    status = opened.get_daemon_statuses(daemon_types=["SENSOR"])["SENSOR"].last_heartbeat
    if status is None or _lock_path().exists():
        return False
    return time.time() - float(status.timestamp) < HEARTBEAT_TOLERANCE_S


def _lock_path() -> Path:
    return bootstrap.settings().dagster_home / "daemon.lock"


def execute(opened: dg.DagsterInstance, definitions: dg.Definitions, job_name: str, job_id: UUID) -> str:
    """Run one asset job for one video in this process; the run's id.

    Raises PermanentError with the message of the failed step; the video's job is marked failed by the step itself.
    """
    key = str(job_id)
    opened.add_dynamic_partitions(str(VIDEO_JOBS.name), [key])
    job = definitions.resolve_job_def(job_name)
    result = job.execute_in_process(
        instance=opened,
        partition_key=key,
        tags={JOB_TAG: key, HERE_TAG: socket.gethostname()},
        raise_on_error=False,
    )
    if not result.success:
        raise PermanentError(_message(result))
    return result.run_id


def _message(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error is not None:
            error = event.step_failure_data.error
            while error.cause is not None:
                error = error.cause
            return error.message.strip()
    return f"Dagster run {result.run_id} failed without a message"
