"""Op jobs that keep an installation whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.definitions import defs
from video_pipeline.domain.orders import OrderKind
from video_pipeline.domain.uploads import FileType
from video_pipeline.orchestration import runs, sensors
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload
from video_pipeline.store import LocalMediaStore, PostgresBackups
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.orchestration.test_sensors import tick
from video_pipeline_tests.steps.test_retention import Order


def test_a_backup_is_an_op_job(
    instance: dg.DagsterInstance,
    wired: dict[str, Any],
    order: Order,
    database: Database,
    media: LocalMediaStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backups = PostgresBackups(database.engine, media)
    monkeypatch.setattr(bootstrap, "backups", lambda: backups)
    order()
    folder = tmp_path / "backup"
    config = {"ops": {"back_up": {"config": {"folder": str(folder)}}}}
    job_def = defs.get_job_def("backup_job")
    assert job_def.execute_in_process(instance=instance, resources=wired, run_config=config).success
    assert {table.name: table.rows for table in backups.check(folder).database.tables}["video_jobs"] == 1


def test_what_was_not_finished_is_taken_up_after_a_restore(
    instance: dg.DagsterInstance,
    wired: dict[str, Any],
    order: Order,
    database: Database,
    studio: Studio,
    tmp_path: Path,
) -> None:
    """Dagster knows runs of the same jobs under the same keys that are over: the jobs failed as lost."""
    backups, job = PostgresBackups(database.engine, studio.media), order()
    placed = studio.jobs.place_order(order().id, OrderKind.PREVIEW, {}, "ann")
    backups.make(tmp_path / "backup")
    asked = [*tick(sensors.new_jobs, instance, wired).run_requests]
    asked += tick(sensors.placed_orders, instance, wired).run_requests
    for request in asked:
        tags = {runs.RUN_KEY_TAG: str(request.run_key)}
        status = dg.DagsterRunStatus.SUCCESS
        instance.add_run(dg.DagsterRun(job_name="done", run_id=str(uuid4()), status=status, tags=tags))
    backups.restore(tmp_path / "backup", replace=True)
    tick(sensors.lost_runs, instance, wired)
    assert studio.jobs.get_job(job.id).status is job.status
    assert studio.jobs.get_order(placed.id).attempt == placed.attempt
    again = [*tick(sensors.new_jobs, instance, wired).run_requests]
    again += tick(sensors.placed_orders, instance, wired).run_requests
    assert len(again) == len(asked) == 3
    assert {each.run_key for each in again} & {each.run_key for each in asked} == set()


def test_a_check_is_an_op_job_that_fails_with_what_it_found(
    instance: dg.DagsterInstance, wired: dict[str, Any], order: Order, studio: Studio
) -> None:
    job = order().id
    file = keep_upload(studio, job, FileType.QUOTES, "q.txt", [b"Breathe in.\n"])

    def look(**config: object) -> dg.ExecuteInProcessResult:
        return defs.get_job_def("check_job").execute_in_process(
            instance=instance,
            resources=wired,
            run_config={"ops": {"check_media": {"config": config}}},
            raise_on_error=False,
        )

    assert look(deep=True).success
    studio.media.remove(file.media.key)
    failed = look(job_id=str(job))
    (failure,) = failed.get_step_failure_events()
    told = failure.step_failure_data.user_failure_data
    assert not failed.success
    assert told is not None
    assert file.media.key in str(told.metadata["files"].value)
    (schedule,) = [each for each in defs.schedules or () if each.name == "weekly_check"]
    assert schedule.job_name == "check_job"
