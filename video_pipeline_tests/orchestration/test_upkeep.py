"""Op jobs that keep an installation whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.definitions import defs
from video_pipeline.store import LocalMediaStore, PostgresBackups
from video_pipeline_tests.conftest import Database
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
