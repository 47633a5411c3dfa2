"""`video-pipeline maintenance`: backup, restore, check, and what each prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.purchases import Item, PurchaseState
from video_pipeline.domain.uploads import FileType
from video_pipeline.orchestration import instance as instances
from video_pipeline.settings import Settings
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload
from video_pipeline.store import PostgresBackups
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.steps.test_retention import Order


@pytest.fixture
def backups(
    database: Database, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresBackups]:
    """The backups behind the command line, of an installation whose daemon is not running."""
    settings = Settings(data_dir=tmp_path / "data")
    settings.dagster_home.mkdir(parents=True)
    opened = PostgresBackups(database.engine, studio.media, replaced=settings.root / "replaced")
    monkeypatch.setattr(bootstrap, "settings", lambda: settings)
    monkeypatch.setattr(bootstrap, "backups", lambda: opened)
    with dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setattr(instances, "instance", lambda: nullcontext(instance))
        yield opened


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
    lease = studio.jobs.claim(later.id, "run")
    bought = studio.jobs.reserve(lease, "leonardo", Item("images/02", "a harbour", 7), Decimal("0.5"))
    studio.jobs.close_purchase(bought.id, PurchaseState.LOST, Decimal("0.25"))
    studio.jobs.release(lease)
    code, _, err = call("maintenance", "restore", folder)
    assert code == 1
    assert "2 jobs" in err
    studio.media.remove(file.media.key)
    code, out, _ = call("maintenance", "restore", folder, "--replace")
    assert code == 1  # the books are back, and a file is missing
    assert f"missing │ {file.media.key}" in out
    assert "2 entries of the ledger, with 0.25 USD" in out
    (kept,) = (tmp_path / "data" / "replaced").iterdir()
    assert f"the books of before are in {kept}" in out
    assert [each.id for each in studio.jobs.list_jobs()] == [job.id]
    again = in_json(call, "maintenance", "restore", folder, "--replace", "--media")
    assert (again["missing"], again["put_back"], again["changed"]) == ([file.media.key], [file.media.key], [])
    assert (again["failed"], again["findings"]) == ([], [])
    assert studio.media.holds(file.media)
    code, out, _ = call("maintenance", "restore", folder, "--replace")
    assert (code, "all files of the books are there" in out) == (0, True)
    assert str(later.id) not in out


def test_what_is_not_right_after_a_restore_is_told(
    call: Call, backups: PostgresBackups, studio: Studio, order: Order, tmp_path: Path
) -> None:
    """Files that were gone before the backup are in no list; a damaged copy does not hide that the books are new."""
    job, folder = order(), tmp_path / "backup"
    lost, kept = [
        keep_upload(studio, job.id, FileType.QUOTES, f"{name}.txt", [f"Breathe {name}.\n".encode()]).media
        for name in ("in", "out")
    ]
    studio.media.remove(lost.key)
    code, out, _ = call("maintenance", "backup", str(folder), "--media")
    assert code == 1
    assert f"{lost.key} │ the books name this upload" in out
    (folder / "media" / kept.key).unlink()
    studio.media.remove(kept.key)
    code, out, _ = call("maintenance", "restore", str(folder), "--media", "--replace")
    assert code == 1
    assert "the books are replaced" in out
    assert "1 files could not be put back" in out
    assert f"not put back │ {kept.key} │ the backup has no copy" in out
    assert re.search(f"missing +│ {lost.key}", out)


def test_nothing_is_restored_beneath_a_daemon(
    call: Call, backups: PostgresBackups, order: Order, tmp_path: Path
) -> None:
    order()
    backups.make(tmp_path / "backup")
    with instances.sole_daemon():
        code, _, err = call("maintenance", "restore", str(tmp_path / "backup"), "--replace")
    assert code == 1
    assert "stop it first" in err
    assert not (tmp_path / "data" / "replaced").exists()
    assert call("maintenance", "restore", str(tmp_path / "backup"), "--replace")[0] == 0


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
    assert (code, f"changed │ upload │ {files[0].key}" in out, "1 of 2 upload" in out) == (1, True, True)
    assert "changed: put it back from a backup" in out
    assert "orphaned: " not in out
    code, out, err = call("maintenance", "check", "--deep", "--json")
    assert code == 1, err
    found = json.loads(out)
    assert (found["passed"], found["deep"]) == (False, True)
    assert [(each["fault"], each["key"]) for each in found["findings"]] == [("changed", files[0].key)]
    assert found["counts"] == [{"what": "upload", "recorded": 2, "bytes": 24, "intact": 1}]
    assert call("maintenance", "check", str(jobs[1].id)[:8], "--deep")[0] == 0
    assert call("maintenance", "check", "abcdef")[0] == 4
