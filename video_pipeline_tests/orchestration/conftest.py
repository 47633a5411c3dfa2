"""Owns resources over the test's own database and directories; the studio of the steps' tests serves here as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from video_pipeline import bootstrap
from video_pipeline.orchestration import resources
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.steps.conftest import cache_root, cores, finished_work, order, studio, workshop

__all__ = ["cache_root", "cores", "finished_work", "order", "studio", "workshop"]


@pytest.fixture
def wired(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The project's own resources, their tools those of the test."""
    monkeypatch.setattr(bootstrap, "job_store", lambda url=None: studio.jobs)
    monkeypatch.setattr(bootstrap, "media_store", lambda root=None: studio.media)
    monkeypatch.setattr(bootstrap, "media_tools", lambda binary=None: studio.tools)
    monkeypatch.setattr(bootstrap, "music_providers", lambda: studio.music)
    monkeypatch.setattr(bootstrap, "image_providers", lambda: studio.images)
    monkeypatch.setattr(bootstrap, "video_engines", lambda: studio.engines)
    monkeypatch.setattr(bootstrap, "prompt_writer", lambda: studio.writer)
    return resources.from_settings()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance of the test's own."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened
