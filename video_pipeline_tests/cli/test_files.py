"""Giving a job its files on the command line, and starting it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.ports import JobStore
from video_pipeline_tests.cli.conftest import Call, in_json

NEW = (
    "job",
    "new",
    "--scenes",
    "1",
    "--scene-seconds",
    "10",
    "--niche",
    "Rain",
    "--mood",
    "calm",
    "--channel",
    "Quiet",
)


def test_a_job_waits_for_its_files_and_is_started(call: Call, store: JobStore, tmp_path: Path) -> None:
    store.create_channel("Quiet", "Rain")
    job = in_json(call, *NEW, "--preparing")
    assert job["status"] == "preparing"
    quotes = tmp_path / "quotes.txt"
    quotes.write_text("Be still.")
    kept = in_json(call, "job", "add-file", job["job_id"][:8], str(quotes), "--type", "quotes")
    assert (kept["filename"], kept["file_type"], kept["bytes"]) == ("quotes.txt", "quotes", 9)
    assert [each["kind"] for each in in_json(call, "job", "files", job["job_id"])] == ["quotes quotes.txt"]
    code, out, _ = call("job", "watch", job["job_id"])
    assert (code, "is preparing" in out) == (0, True)
    assert in_json(call, "job", "start", job["job_id"])["status"] == "planned"
    code, _, err = call("job", "start", job["job_id"])
    assert (code, "only one that is preparing can be started" in err) == (1, True)


def test_files_are_refused_and_removed_in_words(call: Call, order: Any, store: JobStore, tmp_path: Path) -> None:
    job: JobRecord = order()
    text = tmp_path / "a.mp3"
    text.write_text("this is no sound")
    empty = tmp_path / "empty.wav"
    empty.touch()
    for path, kind, expected, words in (
        (text, "music", 1, "no sound file"),
        (empty, "sounds", 2, "empty"),
        (tmp_path / "missing", "videos", 2, "is no file"),
        (text, "pictures", 2, "pictures"),
    ):
        code, _, err = call("job", "add-file", str(job.id), str(path), "--type", kind)
        assert (code, words in err) == (expected, True), err
    assert store.get_job_files(job.id) == []
    call("job", "add-file", str(job.id), str(text), "--type", "quotes", "--name", "q.txt")
    assert call("job", "remove-file", str(job.id), "other.txt")[0] == 4
    assert call("job", "remove-file", str(job.id), "q.txt")[0] == 0
    assert store.get_file_counts(job.id)[FileType.QUOTES] == 0
    assert store.get_job(job.id).status is JobStatus.PLANNED
