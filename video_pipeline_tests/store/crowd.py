"""Owns many jobs at once, and what a test wants to know about the statements that read them; hides the SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event, text

from video_pipeline.domain.job import JobKind, JobStatus
from video_pipeline_tests.store.plain_sql import Sql

START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
"""Just before Europe changes its clocks, for sums that must not care."""

WORDS = ("rain", "rainy", "night", "harbor", "Lisbon", "café", "lo-fi", "дождь", "ночь")


@dataclass(frozen=True)
class Row:
    """One job as it was put into the books."""

    id: UUID
    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.values.get(name)


def random_jobs(sql: Sql, dice: random.Random, count: int) -> list[Row]:
    """Jobs of three channels and three users, or of nobody, in every status; some ordered in the same moment."""
    channels = [sql.channel(name=f"Channel {n}") for n in range(3)]
    return [random_job(sql, dice, channels) for _ in range(count)]


def random_job(sql: Sql, dice: random.Random, channels: list[UUID]) -> Row:
    """One of them."""
    created = START + timedelta(hours=dice.randrange(24 * 40))
    status = dice.choice(list(JobStatus))
    values = {
        "channel_id": dice.choice(channels),
        "status": status.value,
        "kind": JobKind.STORYBOARD.value,
        "user_id": dice.choice([None, "ann", "bob", "%"]),
        "niche_label": f"{dice.choice(WORDS)} {dice.choice(WORDS)}",
        "mood_keywords": dice.choice(WORDS),
        "youtube_title": dice.choice([None, "", f"{dice.choice(WORDS)} {dice.choice(WORDS)}"]),
        "target_duration_minutes": 3,
        "duration": dice.choice([None, dice.randrange(10_000)]),
        "approved": False,
        "created_at": created,
        "completed_at": created + timedelta(minutes=dice.randrange(10_000)) if status is JobStatus.COMPLETED else None,
        "credits_used": dice.choice([None, dice.randrange(100)]),
        "refinement_count": dice.randrange(6),
        "download_count": dice.randrange(6),
    }
    if dice.random() < 0.3:
        values |= {"approved": True, "approved_at": created}
    return Row(sql.job(**values), values)


def newest_first(rows: list[Row]) -> list[Row]:
    """As lists show them: PostgreSQL compares UUIDs by their bytes, as Python does."""
    return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)


@dataclass
class Statements:
    """What was sent to the server."""

    sent: list[tuple[str, Any]] = field(default_factory=list)

    def plan(self, engine: Engine) -> str:
        """How the server would do the last of them."""
        statement, values = self.sent[-1]
        with engine.connect() as connection:
            return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))


@contextmanager
def listening(engine: Engine) -> Iterator[Statements]:
    """Keep the statements that are sent meanwhile."""
    heard = Statements()

    def keep(_connection: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        heard.sent.append((statement, values))

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", keep)


_JOBS = """
INSERT INTO video_jobs (channel_id, status, kind, niche_label, mood_keywords, target_duration_minutes,
    output_directory, user_id, youtube_title, youtube_description, storyboard_data, duration, created_at, updated_at,
    completed_at)
SELECT :channel, (ARRAY['completed', 'planned', 'completed', 'failed'])[1 + n % 4]::video_job_status, 'storyboard',
    'Niche ' || n % 50, 'calm, slow', 3, 'jobs/x', 'user' || n % 20, 'Rain over harbor number' || n,
    repeat('Music for the evening. ', 20), '{"scenes": [{}, {}, {}]}', 3600,
    CURRENT_TIMESTAMP - n * INTERVAL '1 minute', CURRENT_TIMESTAMP - n * INTERVAL '1 minute', CURRENT_TIMESTAMP
FROM generate_series(1, :count) AS n
"""
_BESIDE = (
    "INSERT INTO job_events (video_job_id, kind, status_to) SELECT id, 'created', 'planned' FROM video_jobs",
    "INSERT INTO cost_ledger (video_job_id, channel_id, request_key, entry, amount, provider)"
    " SELECT id, channel_id, id::text, 'settle', 0.02, 'replicate' FROM video_jobs",
    "INSERT INTO thumbnails (video_job_id, variant, image_url) SELECT id, 'text', 'a.jpg' FROM video_jobs",
)


_UNSEEN = (
    "SELECT count(*) FROM pg_class WHERE relname IN ('video_jobs', 'job_events') AND relallvisible < 0.9 * relpages"
)


def crowd(engine: Engine, channel: UUID, count: int) -> None:
    """Many jobs with an event, a payment and a thumbnail each, and what the server wants to know to plan well."""
    with engine.begin() as connection:
        connection.execute(text(_JOBS), {"channel": channel, "count": count})
        for statement in _BESIDE:
            connection.execute(text(statement))
    deadline = time.monotonic() + 60
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        # It marks no page as seen by all before the commit, and those of up to 31 neighbours, have reached the log,
        # which takes a moment on a server that answers before they have.
        while connection.execute(text(_UNSEEN)).scalar_one():
            assert time.monotonic() < deadline, "the server does not mark what all may see"
            time.sleep(0.2)
            connection.execute(text("VACUUM ANALYZE video_jobs, job_events"))
