"""Runs that are at work, over, or dead, and the lock of the one daemon."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.records import JobRecord
from video_pipeline.orchestration import instance as instances
from video_pipeline.orchestration import runs, sensors
from video_pipeline.ports import JobStore
from video_pipeline.settings import Settings
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.orchestration.test_sensors import tick
from video_pipeline_tests.steps.test_pipeline import BEFORE, go

Order = Callable[..., JobRecord]

CLAIM = """
import sys, uuid
from video_pipeline.store import PostgresJobStore, connect
store = PostgresJobStore(connect(sys.argv[1]))
lease = store.claim(uuid.UUID(sys.argv[2]), sys.argv[3], ttl_s=600)
if sys.argv[4] == "release":
    store.release(lease)
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def process(database: Database) -> Any:
    """Start a process that claims a job for a run, and perhaps releases it as between two stages, and stays."""
    children: list[subprocess.Popen[str]] = []

    def start(job: JobRecord, run_id: str, then: str) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", CLAIM, database.url, str(job.id), run_id, then]
        child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "claimed\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def started(instance: dg.DagsterInstance, job: JobRecord) -> str:
    """A run of the job that Dagster believes to be under way."""
    run_id = str(uuid.uuid4())
    status = dg.DagsterRunStatus.STARTED
    tags = {runs.PARTITION_TAG: str(job.id)}
    instance.add_run(dg.DagsterRun(job_name="storyboard_job", run_id=run_id, status=status, tags=tags))
    return run_id


def test_between_two_stages_a_job_is_still_in_its_runs_hands(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, process: Any
) -> None:
    job = order()
    child = process(job, started(instance, job), "release")
    assert not store.is_held(job.id)
    assert isinstance(tick(sensors.new_jobs, instance, wired), dg.SkipReason)
    child.kill()
    child.communicate()
    assert tick(sensors.new_jobs, instance, wired).run_requests


@pytest.mark.parametrize("then", ["hold", "release"])
def test_a_run_whose_process_was_killed_is_ended_and_its_job_can_be_retried(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, process: Any, then: str
) -> None:
    job = order()
    store.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    run_id = started(instance, job)
    child = process(job, run_id, then)
    assert runs.end_dead_runs(instance, store) == 0
    child.kill()
    child.communicate()
    tick(sensors.lost_runs, instance, wired)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    expected = JobStatus.FAILED if then == "hold" else JobStatus.GENERATING_MUSIC  # the latter is simply asked for anew
    assert store.get_job(job.id).status is expected


def test_a_run_that_another_took_over_from_is_dead_and_one_that_never_claimed_is_not(
    instance: dg.DagsterInstance, order: Order, store: JobStore
) -> None:
    job = order()
    first, second = started(instance, job), started(instance, job)
    store.release(store.claim(job.id, first))
    assert not store.run_is_gone(job.id, second)
    store.claim(job.id, second)
    assert store.run_is_gone(job.id, first)
    assert not store.run_is_gone(job.id, second)


def test_an_approved_job_whose_run_was_cancelled_is_found(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, studio: Studio
) -> None:
    job = order(approval=Approval.REQUIRED)
    go(studio, job.id, *BEFORE)
    store.approve_storyboard(job.id)
    key = runs.run_key(store, store.get_job(job.id))
    status, tags = dg.DagsterRunStatus.CANCELED, {runs.RUN_KEY_TAG: key}
    instance.add_run(dg.DagsterRun(job_name="delivery_job", run_id=str(uuid.uuid4()), status=status, tags=tags))
    tick(sensors.lost_runs, instance, wired)
    failed = store.get_job(job.id)
    assert failed.status is JobStatus.FAILED
    assert f"job retry {job.id}" in (failed.error_message or "")
    store.retry(job.id)
    assert runs.run_key(store, store.get_job(job.id)) != key


@pytest.mark.slow
def test_a_run_that_lives_through_an_edit_is_not_ended(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, store: JobStore, studio: Studio, process: Any
) -> None:
    job = order(approval=Approval.REQUIRED)
    go(studio, job.id, *BEFORE)
    run_id = started(instance, job)
    child = process(job, run_id, "release")  # done with its last stage, still drawing the contact sheet
    lease = store.claim(job.id, "an edit by ada", edit=True)
    for _ in range(2):  # during the edit, and after it
        assert runs.end_dead_runs(instance, store) == 0
        assert runs.is_at_work(instance, store, store.get_job(job.id))
        store.release(lease)
    child.kill()
    child.communicate()
    assert not runs.is_at_work(instance, store, store.get_job(job.id))
    assert runs.end_dead_runs(instance, store) == 1


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = Settings(data_dir=tmp_path)
    settings.dagster_home.mkdir(parents=True)
    monkeypatch.setattr(bootstrap, "settings", lambda: settings)
    return settings.dagster_home


def test_there_is_one_daemon_for_a_data_directory(home: Path, instance: dg.DagsterInstance) -> None:
    assert not instances.daemon_is_alive(instance)
    with instances.sole_daemon():
        assert instances.daemon_is_alive(instance)
        with pytest.raises(ConflictError, match="running already"), instances.sole_daemon():
            pass
    assert not instances.daemon_is_alive(instance)


def test_while_books_are_replaced_nothing_may_start(
    home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster._daemon.types import DaemonHeartbeat

    monkeypatch.setattr(instances, "instance", lambda: contextlib.nullcontext(instance))
    with instances.sole_daemon(), pytest.raises(ConflictError, match="stop it first"), instances.stopped():
        pass
    with (
        instances.stopped(),
        pytest.raises(ConflictError, match="running already"),
        instances.sole_daemon(),
    ):
        pass
    instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() + 1, "SENSOR", "on another machine", []))
    with pytest.raises(ConflictError, match="still counts for 75 s"), instances.stopped():
        pass


def test_a_daemon_started_by_hand_is_known_by_its_heartbeat(home: Path, instance: dg.DagsterInstance) -> None:
    from dagster._daemon.types import DaemonHeartbeat

    def beat(at: float) -> None:
        instance.add_daemon_heartbeat(DaemonHeartbeat(at, "SENSOR", "by-hand", []))

    beat(time.time() - 10)
    assert instances.daemon_is_alive(instance)
    beat(time.time() - 1000)
    assert not instances.daemon_is_alive(instance)
    beat(time.time())
    for _ in range(3):
        with instances.sole_daemon():
            pass
    # The heartbeat is older than the orderly end of the daemon that had the lock.
    assert not instances.daemon_is_alive(instance)
