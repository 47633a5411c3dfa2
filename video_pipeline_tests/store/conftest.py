"""Owns the fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.plain_sql import Sql, UndoneSql


@pytest.fixture
def sql(database: Database) -> Sql:
    """Plain SQL on a fresh, migrated database."""
    return Sql(database.engine)


@pytest.fixture(scope="module")
def common_database(new_database: Callable[..., object]) -> Iterator[Database]:
    """One migrated database for the tests of a module that leave nothing behind."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager
        yield fresh


@pytest.fixture
def undone_sql(common_database: Database) -> Iterator[Sql]:
    """Plain SQL that is rolled back."""
    with common_database.engine.connect() as connection:
        yield UndoneSql(connection)
        connection.rollback()
