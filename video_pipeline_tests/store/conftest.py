"""Owns the fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from video_pipeline.store import LocalMediaStore, PostgresBackups
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.furnished import furnish, put
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


@pytest.fixture
def backups(database: Database, media: LocalMediaStore) -> PostgresBackups:
    """Of the test's database and media store."""
    return PostgresBackups(database.engine, media)


@pytest.fixture(scope="module")
def intact(new_database: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup with one file."""
    place = tmp_path_factory.mktemp("intact")
    media = LocalMediaStore(place / "media")
    put(media, "jobs/x/a.flac", b"sound")
    with new_database() as source:  # type: ignore[attr-defined] # a context manager
        furnish(source.engine)
        PostgresBackups(source.engine, media).make(place / "backup", with_media=True)
    return place / "backup"
