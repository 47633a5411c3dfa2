"""That a run of Dagster has the studio that the terminal has."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from video_pipeline import bootstrap
from video_pipeline.steps.studio import Studio

SET = {
    "VIDEO_PIPELINE_FALLBACKS": '{"mubert": ["procedural"]}',
    "VIDEO_PIPELINE_MUBERT_PLAN": "Startup",
    "VIDEO_PIPELINE_THUMBNAIL_PROVIDER": "procedural",
    "VIDEO_PIPELINE_REFINEMENT_PROVIDER": "procedural",
}


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    for name, value in SET.items():
        monkeypatch.setenv(name, value)
    for function in (bootstrap.settings, bootstrap.vendor_settings):
        function.cache_clear()
    yield
    for function in (bootstrap.settings, bootstrap.vendor_settings):
        function.cache_clear()
    logging.setLogRecordFactory(factory)


def test_a_run_asks_whom_the_terminal_would_ask(wired: dict[str, Any]) -> None:
    """Whom to ask next was known to the terminal alone once."""
    ours, theirs = bootstrap.studio(), wired["studio"].open()
    assert ours.fallbacks == {"mubert": ("procedural",)}
    other = [each.name for each in fields(Studio) if getattr(ours, each.name) != getattr(theirs, each.name)]
    assert other == []
