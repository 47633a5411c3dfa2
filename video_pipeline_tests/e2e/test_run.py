"""One command from order to file, as programs use it, and what is left of it when the system ends it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import av
import psutil
import pytest

from video_pipeline_tests.e2e.conftest import WAIT_S, Installation, alive

ORDER = ("--niche", "Rainy Library", "--mood", "cozy, quiet", "--seed", "3", "--scene-seconds", "10")
DUMMIES = ("--music-provider", "dummy", "--visual-provider", "dummy")


def test_run_reports_ten_facts_about_a_file_that_plays(installation: Installation) -> None:
    printed = installation.call("run", *ORDER, *DUMMIES, "--scenes", "2", "--json")
    (line,) = printed.splitlines()
    report = json.loads(line)
    assert sorted(report) == [
        "bytes",
        "cost_usd",
        "duration_s",
        "integrated_lufs",
        "job_id",
        "path",
        "peak_rss_bytes",
        "realtime_factor",
        "true_peak_dbtp",
        "wall_s",
    ]
    path = Path(report["path"])
    assert path.is_absolute()
    assert path.stat().st_size == report["bytes"] > 10_000
    assert report["duration_s"] == pytest.approx(20, abs=0.05)
    assert report["integrated_lufs"] == pytest.approx(-14, abs=0.5)
    assert report["true_peak_dbtp"] <= -1
    assert 0 < report["wall_s"] < WAIT_S
    assert report["realtime_factor"] == pytest.approx(report["duration_s"] / report["wall_s"], rel=0.01, abs=0.005)
    assert 50e6 < report["peak_rss_bytes"] < psutil.virtual_memory().total
    assert report["cost_usd"] == 0

    with av.open(str(path)) as opened:
        (picture,), (sound,) = opened.streams.video, opened.streams.audio
        assert (picture.width, picture.height, picture.average_rate) == (1920, 1080, 30)
        frames = sum(1 for _ in opened.decode(picture))
        opened.seek(0)
        seconds = sum(frame.samples for frame in opened.decode(sound)) / sound.rate
    assert frames == 600
    assert seconds == pytest.approx(20, abs=0.05)

    (listed,) = installation.json("job", "list")
    assert (listed["job_id"], listed["status"]) == (report["job_id"], "completed")


def test_doctor_finds_a_machine_that_can_work(installation: Installation) -> None:
    found = installation.json("doctor")
    assert {each["name"] for each in found["examinations"]} >= {"ffmpeg", "database", "storage", "dagster"}
    assert [each for each in found["examinations"] if not each["ok"]] == []
    assert found["ok"] is True


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_that_is_asked_to_end_leaves_no_process_and_a_job_to_retry(installation: Installation) -> None:
    run = installation.start("run", *ORDER, "--visual-provider", "dummy", "--scenes", "3")
    music = (installation.root / "data").glob
    deadline = time.monotonic() + WAIT_S
    while not list(music("videos/jobs/*/music/*.flac")):
        assert run.poll() is None, "the run ended before it could be asked to"
        assert time.monotonic() < deadline, "the run never came so far"
        time.sleep(0.02)
    workers = psutil.Process(run.pid).children(recursive=True)
    assert workers
    run.send_signal(signal.SIGTERM)
    code = run.wait(60)
    psutil.wait_procs(workers, timeout=10)
    assert alive(workers) == []
    assert alive([each for each in psutil.process_iter() if in_session(each, run.pid)]) == []

    (listed,) = installation.json("job", "list")
    assert listed["status"] in {"generating_music", "failed"}
    retried = installation.json("job", "retry", listed["job_id"])
    assert retried["status"] == "completed"
    assert code == 130  # as the command line promises for an interruption


def in_session(process: psutil.Process, session: int) -> bool:
    """True when the process belongs to the session; False when it ended meanwhile."""
    try:
        return os.getsid(process.pid) == session
    except ProcessLookupError:
        return False
