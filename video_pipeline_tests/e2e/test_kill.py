"""kill -9 in the middle of each stage, then retry: what was finished is not made again."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from video_pipeline_tests.e2e.conftest import WAIT_S, Installation

ORDER = ("--scenes", "5", "--scene-seconds", "10", "--seed", "11", "--niche", "Forest Spirits", "--mood", "calm")


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


def recorded(installation: Installation, job: str, kind: str) -> dict[str, tuple[str, str, int]]:
    """The files of a kind that are in the books: checksum, path and time of writing, by name."""
    files = [each for each in installation.json("job", "files", job) if each["kind"].startswith(kind)]
    assert all(each["intact"] for each in files)
    return {each["kind"]: (each["sha256"], each["path"], Path(each["path"]).stat().st_mtime_ns) for each in files}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_finished_work_survives_kills_in_music_images_and_render(installation: Installation) -> None:
    child = installation.start("run", *ORDER)
    wait_until(child, lambda: len(made(installation, "videos/jobs/*/music/*.flac")) >= 2)
    installation.kill(child)
    (listed,) = installation.json("job", "list")
    job = listed["job_id"]
    assert listed["status"] == "generating_music"
    pieces = recorded(installation, job, "music")
    # Two were seen; of the two that are under way at a time none may have come into the books.
    assert 1 <= len(pieces) < 5

    child = installation.start("job", "retry", job)
    wait_until(child, lambda: len(made(installation, "videos/jobs/*/images/*.png")) >= 2)
    installation.kill(child)
    assert installation.json("job", "show", job)["status"] == "generating_image"
    assert pieces.items() <= recorded(installation, job, "music").items()
    pieces, pictures = recorded(installation, job, "music"), recorded(installation, job, "image")
    assert len(pieces) == 5
    assert 1 <= len(pictures) < 5

    child = installation.start("job", "retry", job)
    wait_until(child, lambda: len(stretches(installation)) >= 2)
    installation.kill(child)
    assert installation.json("job", "show", job)["status"] == "rendering"
    assert pictures.items() <= recorded(installation, job, "image").items()
    pictures = recorded(installation, job, "image")
    kept = cached(installation)
    for path in kept:
        # The number of a file that is gone may be given to the next one.
        os.link(path, installation.root / path.name)

    finished = installation.json("job", "retry", job)
    assert finished["status"] == "completed"
    assert finished["retries"] == 3
    assert recorded(installation, job, "music") == pieces
    assert recorded(installation, job, "image") == pictures
    assert kept.items() <= cached(installation).items()
    master = installation.json("job", "show", job)["master"]
    assert master["stretches_reused"] >= 1
    assert master["stretches_encoded"] + master["stretches_reused"] == 5 + 4  # stills and dissolves


def stretches(installation: Installation) -> list[Path]:
    """The encoded stretches of picture in the cache, known by the start code of H.264 in their index."""
    return [path for path in cached(installation) if b'{"header": "00000001' in path.read_bytes()[:100]]


def cached(installation: Installation) -> dict[Path, int]:
    """The pieces of work in the cache, each with its inode: one that is made again gets another."""
    return {path: path.stat().st_ino for path in (installation.root / "data" / "cache" / "entries").glob("*/*")}
