"""Owns the Dagster instance of an installation and running a job's assets in it; hides DAGSTER_HOME and run tags."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.domain.errors import ConflictError, PermanentError, StudioError, TransientError
from video_pipeline.orchestration.partitions import VIDEO_JOBS

HERE_TAG = "video/here"
"""Run tag that names the job of a run which a command line does in its own process."""

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
        part = config.with_name(f"dagster.yaml.{os.getpid()}.part")
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
def sole_daemon() -> Iterator[int]:
    """Be the one daemon of this data directory; ConflictError while another process is.

    Two daemons on one database would each start every run. Gives the descriptor of the lock: the daemon inherits it,
    so that the lock lives as long as the daemon does, also when whoever started it was killed.
    """
    with _lock_path().open("r+" if _lock_path().exists() else "w+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                f"`video-pipeline up` is running already for {_lock_path().parent.parent}; use that one, or stop it"
            ) from error
        yield lock.fileno()
        lock.seek(0)
        lock.truncate()
        lock.write(f"{time.time()}\n")


def daemon_is_alive(opened: dg.DagsterInstance) -> bool:
    """True when a Dagster daemon looks after the sensors.

    One of this data directory holds a lock, which its death gives back at once. Another one, on another machine or
    started by hand, is known by its heartbeat alone, every 30 s.
    """
    if _lock_path().exists():
        with _lock_path().open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return _beats(opened)


@contextmanager
def stopped() -> Iterator[None]:
    """Nothing looks after this installation until the block ends; ConflictError while something does.

    What a daemon knows of jobs would not fit books that are replaced beneath it.
    """
    with instance() as opened:
        if daemon_is_alive(opened):
            raise ConflictError(
                f"`video-pipeline up`, or another Dagster daemon, looks after {_lock_path().parent.parent} and its "
                f"database; stop it first (one that was killed still counts for {HEARTBEAT_TOLERANCE_S:.0f} s)"
            )
    with sole_daemon():
        yield


def _beats(opened: dg.DagsterInstance) -> bool:
    """True when there was a heartbeat lately, later than the orderly end of the daemon that had the lock."""
    beat = opened.get_daemon_heartbeats().get("SENSOR")
    ended_at = float(_lock_path().read_text() or 0) if _lock_path().exists() else 0.0
    if beat is None or beat.timestamp <= ended_at:
        return False
    return time.time() - float(beat.timestamp) < HEARTBEAT_TOLERANCE_S


def _lock_path() -> Path:
    return bootstrap.settings().dagster_home / "daemon.lock"


def execute(opened: dg.DagsterInstance, definitions: dg.Definitions, job_name: str, job_id: UUID) -> str:
    """Run one asset job for one video in this process; the run's id.

    Raises TransientError or PermanentError with the message of the failed step, KeyboardInterrupt when a signal ended
    it; the video's job is then failed, unless another run holds it.
    """
    key = str(job_id)
    opened.add_dynamic_partitions(str(VIDEO_JOBS.name), [key])
    job = definitions.resolve_job_def(job_name)
    result = job.execute_in_process(
        instance=opened,
        partition_key=key,
        # Not the tag by which the queue counts: this run is no guest of the queue.
        tags={HERE_TAG: key},
        raise_on_error=False,
        # What failed is raised and told once; the stack is in the run's log, where developers look for it.
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    if not result.success:
        if _was_interrupted(result):
            stopped = f"interrupted; video-pipeline job retry {job_id}"
            bootstrap.job_store().mark_job_failed(job_id, stopped, run_id=result.run_id)
            raise KeyboardInterrupt
        failure = _failure(result)
        bootstrap.job_store().mark_job_failed(job_id, str(failure), run_id=result.run_id)
        raise failure
    return result.run_id


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """True when a signal ended the run: Dagster catches it and makes a failed step of it."""
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return any(error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__ for error in errors)


def _failure(result: dg.ExecuteInProcessResult) -> StudioError:
    """The error of the first failed step, or of the first blocking check that did not pass."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            told = data.user_failure_data
            message = (told and told.description) or (data.error and data.error.message.strip()) or "no message"
            retryable = bool(told and "retryable" in told.metadata and told.metadata["retryable"].value)
            return (TransientError if retryable else PermanentError)(message)
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.blocking:
            return PermanentError(
                f"check {check.check_name} of {check.asset_key.to_user_string()}: {check.description}"
            )
    return PermanentError(f"Dagster run {result.run_id} failed without a message")
