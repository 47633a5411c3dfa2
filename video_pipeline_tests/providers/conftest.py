"""Owns what the tests of vendors' clients stand on: fake vendors, an account of its own for each test, one worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from video_pipeline.cores import Cores
from video_pipeline_tests.vendors import Fakes, running


@pytest.fixture(scope="module")
def cores() -> Iterator[Cores]:
    """One worker process."""
    with Cores(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def fakes() -> Iterator[Fakes]:
    """The fake vendors of a module."""
    with running() as served:
        yield served


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key that no other test has, and with it an account of its own at each vendor."""
    return f"key-{request.node.name}"
