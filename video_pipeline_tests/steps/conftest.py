"""Owns a small studio for tests: real Postgres, real ffmpeg, dummy providers, and jobs of three short scenes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.domain.job import Approval
from video_pipeline.domain.records import JobRecord
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.providers import registry
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.studio import Studio


@pytest.fixture(scope="session")
def cores() -> Iterator[Cores]:
    """Worker processes for the whole session."""
    with Cores() as pool:
        yield pool


@pytest.fixture(scope="session")
def finished_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Encoded stretches and sounds of all tests: most of them order the same video, and look at other things.

    Each of pytest-xdist's processes has a folder of its own beneath one that they share.
    """
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "finished work"


@pytest.fixture
def cache_root(finished_work: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where a test's studio keeps finished work; a directory of its own for tests marked `own_cache`."""
    return tmp_path / "cache" if request.node.get_closest_marker("own_cache") else finished_work


@pytest.fixture
def workshop(cores: Cores, tmp_path: Path) -> Workshop:
    """What providers may use; the library is empty."""
    return Workshop(cores, tmp_path / "library")


@pytest.fixture
def studio(store: JobStore, media: MediaStore, workshop: Workshop, cache_root: Path) -> Studio:
    """A studio with dummy providers."""
    return Studio(
        jobs=store,
        media=media,
        tools=FfmpegTools(find_ffmpeg(None), workshop.cores, cache_root),
        ambience=registry.ambience_providers(workshop),
        music=registry.music_providers(workshop),
        images=registry.image_providers(workshop),
        engines=registry.video_engines(workshop),
        writer=registry.prompt_writer(),
    )


@pytest.fixture
def order(store: JobStore) -> Callable[..., JobRecord]:
    """Order a job of three scenes of ten seconds from the dummy providers; keywords change the brief."""

    def ordered(**changes: object) -> JobRecord:
        channel = store.create_channel("Test Channel", "Rainy Library")
        brief = StoryboardBrief(
            channel_id=channel.id,
            niche_label="Rainy Library",
            mood_keywords="cozy, quiet",
            seed=7,
            approval=Approval.REQUIRED,
            music_provider="dummy",
            visual_provider="dummy",
            scene_count=3,
            scene_seconds=10,
        )
        return store.create_job(replace(brief, **changes))

    return ordered
