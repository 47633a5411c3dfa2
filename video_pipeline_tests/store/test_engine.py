"""How a database is reached: URLs, time limits, and what its errors become."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url, text

from video_pipeline.domain.errors import ConflictError, InvalidInputError, StoreUnavailableError
from video_pipeline.store import EmbeddedPostgres, connect, rewritten_url
from video_pipeline.store.engine import transaction
from video_pipeline_tests.conftest import Database


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg2://u:p@h:5432/d"),
        (" postgresql+psycopg2://u:p@h/d\n", "postgresql+psycopg2://u:p@h/d"),
        ("postgresql://u:p%40ss@h/d?sslmode=require", "postgresql+psycopg2://u:p%40ss@h/d?sslmode=require"),
    ],
)
def test_urls_are_rewritten_to_the_one_driver(given: str, used: str) -> None:
    assert rewritten_url(given) == used


@pytest.mark.parametrize(
    "given",
    [
        "sqlite:///x.db",
        "postgresql+psycopg://u:hunter2@h/d",
        "postgres://u:hunter2@h/d",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h",
        "hunter2",
        "",
        "postgresql://u:hunter2@h:port/d",
    ],
)
def test_other_urls_are_refused_with_the_right_form_and_without_the_password(given: str) -> None:
    with pytest.raises(
        InvalidInputError, match=r"postgresql\+psycopg2://user:password@host:5432/video_pipeline"
    ) as raised:
        rewritten_url(given)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(InvalidInputError):
        connect(given)


def test_sessions_have_time_limits_and_speak_utc(database: Database) -> None:
    with transaction(database.engine) as connection:
        shown = {name: connection.execute(text(f"SHOW {name}")).scalar() for name in ("statement_timeout", "timezone")}
    assert shown == {"statement_timeout": "1min", "timezone": "UTC"}


def test_no_answer_is_an_error_that_may_pass(postgres: EmbeddedPostgres) -> None:
    url = make_url(postgres.url()).set(database="nobody_made_this").render_as_string()
    engine = connect(url)
    with pytest.raises(StoreUnavailableError, match="nobody_made_this") as raised, transaction(engine):
        pass
    assert raised.value.retryable
    engine.dispose()


def execute(database: Database, *statements: str, **values: str) -> None:
    """Run statements in one transaction."""
    with transaction(database.engine) as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def test_a_statement_that_waits_too_long_is_an_error_that_may_pass(database: Database) -> None:
    with pytest.raises(StoreUnavailableError, match="statement timeout"):
        execute(database, "SET LOCAL statement_timeout = 50", "SELECT pg_sleep(10)")


def test_a_cut_connection_is_an_error_that_may_pass_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(StoreUnavailableError):
        execute(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    execute(database, "SELECT 1")


def test_values_and_rules_of_the_schema_have_their_own_errors(database: Database) -> None:
    insert = "INSERT INTO channels (name, brand_niche, youtube_channel_id) VALUES (:name, 'n', 'UC1')"
    with pytest.raises(InvalidInputError):
        execute(database, insert, name="x" * 256)
    with pytest.raises(ConflictError, match="channels_youtube_channel_id_key"):
        execute(database, insert, insert, name="a")
