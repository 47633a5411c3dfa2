"""The way from no schema to the newest and back."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from video_pipeline.domain.errors import MachineError
from video_pipeline.store import connect, downgrade, migrate, schema_version
from video_pipeline.store.schema.tables import Base
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.plain_sql import SHA, Sql

OBJECTS = """
SELECT 'relation ' || relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'
UNION SELECT 'type ' || typname FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = 'public'
UNION SELECT 'function ' || proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'
"""
COLUMNS = """
SELECT table_name, column_name, udt_name, is_nullable, column_default, character_maximum_length, numeric_precision,
    numeric_scale, identity_generation
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f', 'c')
    AND conrelid::regclass::text <> 'alembic_version'
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
ENUMS = """
SELECT typname, array_agg(enumlabel::text ORDER BY enumsortorder)::text FROM pg_enum JOIN pg_type t ON t.oid = enumtypid
GROUP BY typname
"""

TRIGGERS = "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"


def rows(engine: Engine, query: str) -> set[tuple[object, ...]]:
    """What a query of the catalogue finds."""
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(query))}


def test_up_down_up(empty_database: Database) -> None:
    engine = empty_database.engine
    before = rows(engine, OBJECTS)
    assert schema_version(engine) is None
    migrate(engine)
    full = rows(engine, OBJECTS)
    assert schema_version(engine) == "0019"
    migrate(engine)  # nothing left to do
    assert rows(engine, OBJECTS) == full
    downgrade(engine)
    assert schema_version(engine) is None
    assert {name for (name,) in rows(engine, OBJECTS) - before} == {
        "relation alembic_version",
        "relation alembic_version_pkc",
        "type alembic_version",
        "type _alembic_version",
    }
    migrate(engine)
    assert rows(engine, OBJECTS) == full


def test_the_tables_in_code_are_the_tables_of_the_migration(database: Database, empty_database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    # Autogenerate does not look at checks, precisions and the order of enums; the catalogue has it all.
    Base.metadata.create_all(empty_database.engine)
    for query in (COLUMNS, CONSTRAINTS, INDEXES, ENUMS):
        assert rows(empty_database.engine, query) == rows(database.engine, query)


def test_more_exports_up_and_down(empty_database: Database) -> None:
    engine, sql = empty_database.engine, Sql(empty_database.engine)
    migrate(engine, "0001")
    before = rows(engine, CONSTRAINTS)
    job = sql.job()
    file = {"local_file_path": "a", "sha256": SHA, "bytes": 1, "width": 1, "height": 1, "duration_seconds": 1}

    def record(format_: str, quality: str) -> None:
        sql.insert("exports", video_job_id=job, format=format_, quality=quality, report="{}", **file)

    record("mp4", "high")
    with pytest.raises(IntegrityError, match="exports_format_check"):
        record("av1", "high")
    migrate(engine)
    for pair in (("av1", "high"), ("flac", "high"), ("webm", "vertical"), ("mp4", "1600x900@4000k")):
        record(*pair)
    # Which words there are is the domain's business, how a size is spelt is known here as well.
    for pair in (("avi", "high"), ("mp4", "1600x900@4000"), ("mp4", ""), ("mp4", "1x1"), ("mp4", "high; --")):
        with pytest.raises(IntegrityError, match=r"exports_(format|quality)_check"):
            record(*pair)
    assert sql.one("SELECT count(*) FROM exports") == 5
    downgrade(engine, "0001")
    assert rows(engine, CONSTRAINTS) == before
    # What the former schema cannot name is forgotten, the rest stays.
    assert rows(engine, "SELECT format, quality FROM exports") == {("mp4", "high")}


def test_webhooks_of_keys_up_and_down(empty_database: Database) -> None:
    engine, sql = empty_database.engine, Sql(empty_database.engine)
    migrate(engine, "0010")
    before = [rows(engine, query) for query in (COLUMNS, CONSTRAINTS, INDEXES)]
    job = sql.job()
    plain = sql.insert("webhooks", url="https://example.com/", secret="s", user_name="ada")
    migrate(engine)
    user = sql.insert("users", name="ada", password_hash="scrypt$", scope="spend")
    key = sql.insert("api_keys", user_id=user, name="shop", key_hash=SHA, scope="spend")
    sql.run("UPDATE video_jobs SET api_key_id = :key", key=key)
    own = {"url": "https://example.com/", "secret": "s", "api_key_id": key}
    with pytest.raises(IntegrityError, match="webhooks_api_key_id_check"):
        sql.insert("webhooks", **own)
    sql.insert("webhooks", user_name="ada", **own)
    downgrade(engine, "0010")
    assert [rows(engine, query) for query in (COLUMNS, CONSTRAINTS, INDEXES)] == before
    # It would be told of everything that its user orders.
    assert rows(engine, "SELECT id FROM webhooks") == {(plain,)}
    assert rows(engine, "SELECT id FROM video_jobs") == {(job,)}


def test_a_day_of_analytics_has_one_row(empty_database: Database) -> None:
    engine, sql = empty_database.engine, Sql(empty_database.engine)
    migrate(engine, "0011")
    before = rows(engine, INDEXES)
    day = {"video_job_id": sql.job(), "youtube_video_id": "a", "snapshot_date": "2026-03-01"}
    for hour, views in (("09", 1), ("11", 3), ("10", 2)):
        sql.insert("video_analytics", **day, views=views, created_at=f"2026-03-02 {hour}:00+00")
    sql.insert("video_analytics", **day | {"snapshot_date": "2026-03-02"}, views=9)
    migrate(engine)
    assert rows(engine, "SELECT views FROM video_analytics") == {(3,), (9,)}  # the last one of a day counts
    with pytest.raises(IntegrityError, match="idx_video_analytics_day"):
        sql.insert("video_analytics", **day)
    downgrade(engine, "0011")
    assert rows(engine, INDEXES) == before


def test_licences_of_pictures_for_thumbnails_up_and_down(empty_database: Database) -> None:
    engine, sql = empty_database.engine, Sql(empty_database.engine)
    migrate(engine, "0017")
    before = [rows(engine, query) for query in (COLUMNS, CONSTRAINTS, INDEXES, ENUMS, TRIGGERS)]
    job = sql.job()
    row = {"video_job_id": job, "order_index": 1, "provider": "recraft", "licence": "terms", "sha256": SHA}
    track = sql.insert("licences", kind="track", **row)
    drawn = sql.insert("thumbnails", video_job_id=job, variant="plain", image_url="jobs/x/thumbnails/plain.jpg")
    migrate(engine)
    sql.insert("licences", kind="thumbnail", **row)
    assert rows(engine, "SELECT id, pictures::text FROM thumbnails") == {(drawn, "[]")}
    with pytest.raises(IntegrityError, match="thumbnails_pictures_check"):
        sql.run("UPDATE thumbnails SET pictures = '{}'")
    downgrade(engine, "0017")
    assert [rows(engine, query) for query in (COLUMNS, CONSTRAINTS, INDEXES, ENUMS, TRIGGERS)] == before
    # What the former schema has no word for is forgotten, and evidence is no more rewritten than before.
    assert rows(engine, "SELECT id, kind::text FROM licences") == {(track, "track")}
    with pytest.raises(IntegrityError, match="append-only"):
        sql.run("DELETE FROM licences")
    migrate(engine)
    sql.insert("licences", kind="thumbnail", **row)


def test_no_extension_is_needed(database: Database) -> None:
    assert rows(database.engine, "SELECT extname FROM pg_extension") == {("plpgsql",)}


def test_several_may_migrate_at_once(empty_database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        engines = [connect(empty_database.url) for _ in range(4)]
        list(pool.map(migrate, engines))
    for engine in engines:
        engine.dispose()
    assert schema_version(empty_database.engine) == "0019"


def test_processes_may_migrate_at_once(empty_database: Database) -> None:
    code = "import sys; from video_pipeline.store import connect, migrate; migrate(connect(sys.argv[1]))"
    started = [subprocess.Popen([sys.executable, "-c", code, empty_database.url]) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert schema_version(empty_database.engine) == "0019"


def test_a_failed_migration_leaves_nothing(empty_database: Database) -> None:
    with empty_database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE cost_ledger (id integer)"))  # in the way, near the end
    before = rows(empty_database.engine, OBJECTS)
    with pytest.raises(Exception, match="cost_ledger"):
        migrate(empty_database.engine)
    assert rows(empty_database.engine, OBJECTS) == before


def test_a_schema_from_the_future_is_not_touched(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MachineError, match="9999"):
        migrate(database.engine)
    assert schema_version(database.engine) == "9999"
