"""Owns a small pool of material that is made in a moment, instead of by the providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.material import Pool
from video_pipeline_tests.ffmpeg.material import detailed_picture, music, write_sound


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of two pieces of music (14 s) and two pictures, one of them not of 1080p."""
    folder = tmp_path_factory.mktemp("sources")
    for number in range(2):
        write_sound(folder / f"{number}.flac", music(14, number))
        detailed_picture(folder / f"{number}.png", number, ((1920, 1080), (800, 600))[number])
    return folder


@pytest.fixture(scope="session")
def pool(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """The same as a pool."""
    folder = tmp_path_factory.mktemp("pool")
    return Pool(folder, tuple(sorted(sources.glob("*.flac"))), tuple(sorted(sources.glob("*.png"))), "tests")
