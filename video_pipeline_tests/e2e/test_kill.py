"""kill -9 in the middle of each stage, then retry: what was finished is not made again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from video_pipeline_tests.e2e.conftest import WAIT_S, Installation

ORDER = ("--scenes", "6", "--scene-seconds", "12", "--seed", "11", "--niche", "Forest Spirits", "--mood", "calm")


def made(installation: Installation, pattern: str) -> dict[Path, int]:
    """Files of the installation by path, each with its time of writing in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in (installation.root / "data").glob(pattern)}


def wait_until(child: subprocess.Popen[str], enough: Callable[[], bool]) -> None:
    """Poll quickly until `enough`; the child must still be at work."""
    deadline = time.monotonic() + WAIT_S
    while not enough():
        assert child.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "the run never came so far"
        time.sleep(0.02)


@pytest.mark.timeout(600)
def test_finished_work_survives_kills_in_music_images_and_render(installation: Installation) -> None:
    music, images, stretches = "videos/jobs/*/music/*.flac", "videos/jobs/*/images/*.png", "cache/**/*"
    child = installation.start("run", *ORDER)

    wait_until(child, lambda: len(made(installation, music)) >= 2)
    installation.kill(child)
    (job,) = installation.json("job", "list")
    assert job["status"] == "generating_music"
    pieces = made(installation, music)
    assert 2 <= len(pieces) < 6

    child = installation.start("job", "retry", job["job_id"])
    wait_until(child, lambda: len(made(installation, images)) >= 1)
    installation.kill(child)
    assert installation.json("job", "show", job["job_id"])["status"] == "generating_image"
    assert pieces.items() <= made(installation, music).items()
    assert len(made(installation, music)) == 6
    pieces, pictures = made(installation, music), made(installation, images)
    assert 1 <= len(pictures) < 6

    child = installation.start("job", "retry", job["job_id"])
    wait_until(child, lambda: _stretches(made(installation, stretches)) >= 3)
    installation.kill(child)
    assert installation.json("job", "show", job["job_id"])["status"] == "rendering"
    assert pictures.items() <= made(installation, images).items()
    pictures = made(installation, images)
    encoded = {path: at for path, at in made(installation, stretches).items() if path.is_file()}

    finished = installation.json("job", "retry", job["job_id"])
    assert finished["status"] == "completed"
    assert finished["retries"] == 3
    assert made(installation, music) == pieces
    assert made(installation, images) == pictures
    kept = made(installation, stretches)
    assert all(path in kept for path in encoded)
    assert all(each["intact"] for each in installation.json("job", "files", job["job_id"]))


def _stretches(files: dict[Path, int]) -> int:
    return sum(path.is_file() and path.suffix not in {".part", ".lock", ".tmp"} for path in files)
