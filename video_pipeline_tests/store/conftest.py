"""Owns the fixtures of the store's tests."""

from __future__ import annotations

import pytest

from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.plain_sql import Sql


@pytest.fixture
def sql(database: Database) -> Sql:
    """Plain SQL on a fresh, migrated database."""
    return Sql(database.engine)
