"""`video-pipeline maintenance`: backup, restore, check, and what each prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload
from video_pipeline.store import PostgresBackups
from video_pipeline_tests.cli.test_cli import Call, call, in_json
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.orchestration.conftest import wired
from video_pipeline_tests.steps.conftest import cores, order, studio
from video_pipeline_tests.steps.test_retention import Order

__all__ = ["call", "cores", "order", "studio", "wired"]


@pytest.fixture
def backups(database: Database, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> PostgresBackups:
    """The backups behind the command line."""
    opened = PostgresBackups(database.engine, studio.media)
    monkeypatch.setattr(bootstrap, "backups", lambda: opened)
    return opened


def test_a_backup_is_made_and_restored(
    call: Call,
    backups: PostgresBackups,
    studio: Studio,
    order: Order,
    tmp_path: Path,
) -> None:
    job, folder = order(), str(tmp_path / "backup")
    file = keep_upload(studio, job.id, FileType.QUOTES, "q.txt", [b"Breathe in.\n"])
    made = in_json(call, "maintenance", "backup", folder, "--media")
    assert (made["rows"]["video_jobs"], made["files"], made["bytes"], made["media"]) == (1, 1, 12, True)
    assert call("maintenance", "backup", folder)[0] == 2
    later = order()
    code, _, err = call("maintenance", "restore", folder)
    assert code == 1
    assert "2 jobs" in err
    studio.media.remove(file.media.key)
    code, out, _ = call("maintenance", "restore", folder, "--replace")
    assert code == 1  # the books are back, and a file is missing
    assert (file.media.key[:20] in out, "missing" in out) == (True, True)
    assert [each.id for each in studio.jobs.list_jobs()] == [job.id]
    again = in_json(call, "maintenance", "restore", folder, "--replace", "--media")
    assert (again["missing"], again["put_back"], again["changed"]) == ([file.media.key], [file.media.key], [])
    assert studio.media.holds(file.media)
    code, out, _ = call("maintenance", "restore", folder, "--replace")
    assert (code, "all files of the backup are there" in out) == (0, True)
    assert str(later.id) not in out


def test_what_is_no_backup_is_refused(call: Call, backups: PostgresBackups, tmp_path: Path) -> None:
    for wrong in ("nothing", "."):
        code, _, err = call("maintenance", "restore", str(tmp_path / wrong))
        assert code == 2
        assert "no backup" in err


def test_a_check_tells_what_is_wrong(call: Call, studio: Studio, order: Order) -> None:
    jobs = [order(), order()]
    files = [keep_upload(studio, job.id, FileType.QUOTES, "q.txt", [b"Breathe in.\n"]).media for job in jobs]
    code, out, _ = call("maintenance", "check", "--deep")
    assert (code, "every file is as the books say" in out, "2 of 2 upload" in out) == (0, True, True)
    studio.media.path(files[0].key).write_bytes(b"BREATHE IN.\n")
    assert call("maintenance", "check")[0] == 0
    code, out, _ = call("maintenance", "check", "--deep")
    assert (code, "changed" in out, "1 of 2 upload" in out) == (1, True, True)
    code, out, err = call("maintenance", "check", "--deep", "--json")
    assert code == 1, err
    found = json.loads(out)
    assert (found["passed"], found["deep"]) == (False, True)
    assert [(each["fault"], each["key"]) for each in found["findings"]] == [("changed", files[0].key)]
    assert found["counts"] == [{"what": "upload", "recorded": 2, "bytes": 24, "intact": 1}]
    assert call("maintenance", "check", str(jobs[1].id)[:8], "--deep")[0] == 0
    assert call("maintenance", "check", "abcdef")[0] == 4
