"""Owns the workshop that the render tests share: worker processes, a cache, material."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from video_pipeline.cores import Cores
from video_pipeline.ffmpeg import FfmpegBinary, FfmpegTools, find_ffmpeg
from video_pipeline_tests.ffmpeg.material import Workshop


@pytest.fixture(scope="session")
def cores() -> Iterator[Cores]:
    with Cores() as workers:
        yield workers


@pytest.fixture(scope="session")
def binary() -> FfmpegBinary:
    return find_ffmpeg(None)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, cores: Cores, binary: FfmpegBinary) -> Workshop:
    folder = tmp_path_factory.mktemp("workshop")
    return Workshop(folder, FfmpegTools(binary, cores, folder / "cache"), binary.path)


@pytest.fixture
def fresh(workshop: Workshop, tmp_path: Path, cores: Cores, binary: FfmpegBinary) -> Workshop:
    """The same material with an empty cache."""
    return Workshop(workshop.folder, FfmpegTools(binary, cores, tmp_path / "cache"), binary.path)
