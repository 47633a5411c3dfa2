"""Owns one server of fakes for a module of tests, and a key of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from video_pipeline_tests.vendors import Fakes, running


@pytest.fixture(scope="module")
def served() -> Iterator[Fakes]:
    """All vendors; no test hears of the accounts of another."""
    with running() as fakes:
        yield fakes


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """The key of this test."""
    return f"key of {request.node.name}"
