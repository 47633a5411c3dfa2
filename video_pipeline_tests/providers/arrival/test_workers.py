"""A delivered file is read in a worker, which may die of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import MediaError
from video_pipeline.providers.arrival import apart, take_picture


@pytest.fixture(scope="module")
def cores() -> Iterator[Cores]:
    with Cores(1) as pool:
        yield pool


def dies(raw: Path, out: Path, *, vendor: str) -> None:
    """Reads like a parser that a file makes crash."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_file_that_kills_who_reads_it_is_refused(cores: Cores, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"Acme delivered bomb\.png, which crashes the program that reads it"):
        apart(cores, dies, tmp_path / "bomb.png", tmp_path / "out", vendor="Acme")


def test_what_is_refused_in_a_worker_is_refused_here(cores: Cores, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no picture")
    with pytest.raises(MediaError, match=r"^Acme delivered a, which is a text that says 'no picture'"):
        apart(cores, take_picture, tmp_path / "a", tmp_path / "out", vendor="Acme", size=(64, 64))
