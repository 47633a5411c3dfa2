"""Owns plain SQL against a fresh database, past all of our code; hides the columns that a row needs at least."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

SHA = "a" * 64
NOT_NULL, FOREIGN_KEY, UNIQUE, CHECK, RESTRICT = "23502", "23503", "23505", "23514", "23001"
ENUM, TOO_LONG, OUT_OF_RANGE = "22P02", "22001", "22003"
"""SQLSTATEs, PostgreSQL documentation, appendix A."""


class Sql:
    """Plain statements on one database, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _begin(self) -> AbstractContextManager[Connection]:
        return self.engine.begin()

    def run(self, *statements: str, **values: object) -> None:
        """Run statements in one transaction."""
        with self._begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def one(self, statement: str, **values: object) -> object:
        """The first value of the first row."""
        with self._begin() as connection:
            return connection.execute(text(statement), values).scalar()

    def insert(self, table: str, **values: object) -> UUID:
        """Insert one row and return its id."""
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        return self.one(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id", **values)  # type: ignore[return-value] # ids are UUIDs

    def channel(self, **values: object) -> UUID:
        """A channel as the first schema's own columns describe it."""
        return self.insert("channels", **({"name": "Court", "brand_niche": "Medieval"} | values))

    def job(self, channel: UUID | None = None, **values: object) -> UUID:
        """A job as the first schema's own columns describe it."""
        row = {
            "channel_id": channel or self.channel(),
            "niche_label": "Royal Court Ambience",
            "mood_keywords": "elegant, classical",
            "target_duration_minutes": 75,
            "output_directory": "jobs/1",
        }
        return self.insert("video_jobs", **(row | values))

    def track(self, job: UUID, order_index: object = 1, **values: object) -> UUID:
        """A piece of music as the first schema's own columns describe it."""
        row = {
            "video_job_id": job,
            "provider": "mubert",
            "order_index": order_index,
            "duration_seconds": 210.55,
            "local_file_path": "a.flac",
            "prompt_text": "waltz",
        }
        return self.insert("audio_tracks", **(row | values))

    def image(self, job: UUID | None, order_index: object = 1, **values: object) -> UUID:
        """A picture as the first schema's own columns describe it."""
        row = {
            "video_job_id": job,
            "provider": "leonardo",
            "order_index": order_index,
            "local_file_path": "a.png",
            "prompt_text": "ballroom",
        }
        return self.insert("images", **(row | values))

    def pairs(self, job: UUID, count: int = 20) -> None:
        """The works of an album."""
        for index in range(1, count + 1):
            self.track(job, index)
            self.image(job, index)


class UndoneSql(Sql):
    """Plain statements on one connection, each behind a savepoint; nothing of it stays."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.engine)
        self.connection = connection

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self.connection.begin_nested():
            yield self.connection


def state(error: pytest.ExceptionInfo[DBAPIError]) -> str:
    """The SQLSTATE of a refusal."""
    return str(error.value.orig.pgcode)  # type: ignore[union-attr] # psycopg2's errors have it
