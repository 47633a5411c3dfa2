"""The lease of a process that was killed on this machine ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import JobStore
from video_pipeline.store.server import presence
from video_pipeline.store.server.presence import is_gone, this_process
from video_pipeline_tests.conftest import Database

NOBODY = 999_999_999
"""A number beyond those that Linux gives."""

CLAIM = """
import sys, uuid
from video_pipeline.store import PostgresJobStore, connect
PostgresJobStore(connect(sys.argv[1])).claim(uuid.UUID(sys.argv[2]), "other", ttl_s=600)
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def job(store: JobStore) -> JobRecord:
    channel = store.create_channel("C", "N")
    brief = StoryboardBrief(
        channel_id=channel.id, niche_label="N", mood_keywords="m", seed=1, scene_count=2, scene_seconds=10
    )
    return store.create_job(brief)


@pytest.fixture
def holder(database: Database, job: JobRecord) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the job for ten minutes."""
    arguments = [sys.executable, "-c", CLAIM, database.url, str(job.id)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "claimed\n"
        yield child
        child.kill()


def test_a_living_holder_is_respected(store: JobStore, job: JobRecord, holder: subprocess.Popen[str]) -> None:
    assert store.is_held(job.id)
    assert store.lost_jobs() == []
    assert not store.mark_lost(job.id, "killed")
    with pytest.raises(ConflictError):
        store.claim(job.id, "mine")


def test_a_killed_holder_is_known_at_once(store: JobStore, job: JobRecord, holder: subprocess.Popen[str]) -> None:
    store.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    holder.kill()
    # Not collected yet: a process that only waits for its parent does no work any more.
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    assert [lost.id for lost in store.lost_jobs()] == [job.id]
    assert store.mark_lost(job.id, "its process was killed")
    assert store.retry(job.id) is JobStatus.GENERATING_MUSIC
    assert not store.is_held(job.id)
    assert store.claim(job.id, "mine").attempt == 2


def test_this_process_is_there() -> None:
    assert this_process() == this_process()
    assert not is_gone(this_process())


@pytest.mark.parametrize("change", [(0, "another-boot"), (1, "pid:[1]")])
def test_a_process_elsewhere_is_never_called_gone(change: tuple[int, str]) -> None:
    place, value = change
    parts = this_process().split("/")
    parts[place], parts[2] = value, "999999999"
    assert not is_gone("/".join(parts))


def fake_proc(root: Path, stat: str | None) -> Path:
    """A /proc of the same machine in which process NOBODY has this `stat`."""
    (root / "self/ns").mkdir(parents=True)
    (root / "self/ns/pid").symlink_to("pid:[1]")
    for pid, text in ((os.getpid(), "1 (me) S " + "0 " * 18 + "77"), (NOBODY, stat)):
        if text is not None:
            (root / str(pid)).mkdir()
            (root / str(pid) / "stat").write_text(text)
    return root


@pytest.mark.parametrize(
    ("stat", "gone"),
    [
        ("4711 (a (b) c) S " + "0 " * 18 + "5", False),
        ("4711 (a (b) c) S " + "0 " * 18 + "6", True),
        ("4711 (a) Z " + "0 " * 18 + "5", True),
        ("4711 (a) X " + "0 " * 18 + "5", True),
        (None, True),
    ],
)
def test_what_proc_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stat: str | None, gone: bool) -> None:
    boot = this_process().split("/")[0]
    monkeypatch.setattr(presence, "_PROC", fake_proc(tmp_path, stat))
    assert is_gone(f"{boot}/pid:[1]/{NOBODY}/5") is gone


@pytest.mark.parametrize("error", [PermissionError, ProcessLookupError])
def test_a_process_that_is_hidden_is_not_called_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    boot = this_process().split("/")[0]
    monkeypatch.setattr(presence, "_PROC", fake_proc(tmp_path, ""))
    read = Path.read_text

    def read_text(path: Path) -> str:
        if path.parent.name == str(NOBODY):
            raise error
        return read(path)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert is_gone(f"{boot}/pid:[1]/{NOBODY}/5") is (error is ProcessLookupError)


def test_a_process_that_proc_does_not_show_may_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = this_process().split("/")[0]
    monkeypatch.setattr(presence, "_PROC", fake_proc(tmp_path, None))
    assert not is_gone(f"{boot}/pid:[1]/{os.getppid()}/5")
    assert is_gone(f"{boot}/pid:[1]/{NOBODY}/5")


def test_a_number_used_again_is_another_process() -> None:
    parts = this_process().split("/")
    parts[3] = str(int(parts[3]) - 1)
    assert is_gone("/".join(parts))
    assert not is_gone("")
