"""How a database is reached: URLs, time limits, and what its errors become."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import create_engine, event, make_url, text

from video_pipeline.domain.errors import ConflictError, InvalidInputError, MachineError, StoreUnavailableError
from video_pipeline.store import EmbeddedPostgres, connect, rewritten_url, url_of_schema
from video_pipeline.store.server.engine import transaction
from video_pipeline_tests.conftest import Database

GUEST = f"guest_{os.getpid()}"


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


def test_a_missing_right_or_table_is_an_error_of_the_machine_with_a_remedy(database: Database) -> None:
    with pytest.raises(MachineError, match=r"permission denied.*grant the right"):
        execute(database, f"CREATE ROLE {GUEST}", f"SET LOCAL ROLE {GUEST}", "SELECT * FROM video_jobs")
    with pytest.raises(MachineError, match=r'"nothing" does not exist.*video-pipeline db migrate'):
        execute(database, "SELECT * FROM nothing")


def test_a_schema_for_another_program(database: Database) -> None:
    url = make_url(database.url).update_query_dict({"options": "-cstatement_timeout=5s -csearch_path=public"})
    engine = connect(url.render_as_string(hide_password=False))
    # Read without our own time limits, which every connection of `connect` sets.
    other = create_engine(url_of_schema(engine, "beside"))
    assert url_of_schema(engine, "beside") == other.url.render_as_string(hide_password=False)
    with other.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (v int)"))
        found = connection.execute(text("SELECT schemaname FROM pg_tables WHERE tablename = 'alembic_version'"))
        assert set(found.scalars()) == {"public", "beside"}
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "5s"
    for each in (engine, other):
        each.dispose()


def test_who_may_not_make_a_schema_is_told_the_way_out(database: Database) -> None:
    execute(database, f"CREATE ROLE {GUEST}")
    engine = connect(database.url)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f"SET LOCAL ROLE {GUEST}"))
    try:
        with pytest.raises(MachineError, match=r"permission denied.*VIDEO_PIPELINE_DAGSTER_DATABASE_URL"):
            url_of_schema(engine, "beside")
    finally:
        engine.dispose()
        execute(database, f"DROP ROLE {GUEST}")


def test_values_and_rules_of_the_schema_have_their_own_errors(database: Database) -> None:
    insert = "INSERT INTO channels (name, brand_niche, youtube_channel_id) VALUES (:name, 'n', 'UC1')"
    with pytest.raises(InvalidInputError):
        execute(database, insert, name="x" * 256)
    with pytest.raises(ConflictError, match="channels_youtube_channel_id_key"):
        execute(database, insert, insert, name="a")
