"""Backup and restore: tried both ways, with damage, with older schemas, and while somebody works."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from video_pipeline.domain.access import Scope
from video_pipeline.domain.errors import ConflictError, InvalidInputError, MachineError
from video_pipeline.store import (
    LocalMediaStore,
    PostgresAccess,
    PostgresBackups,
    PostgresJobStore,
    admit_providers,
    connect,
    migrate,
    schema_version,
)
from video_pipeline.store.backup import folder as form
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.furnished import furnish, held, put, write_on
from video_pipeline_tests.store.material import (
    order_album,
    order_short,
)
from video_pipeline_tests.store.plain_sql import Sql
from video_pipeline_tests.store.test_migrations import COLUMNS, CONSTRAINTS, ENUMS, INDEXES, OBJECTS, rows

TRIGGERS = "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"


@pytest.fixture
def other(new_database: Callable[..., object]) -> Iterator[Database]:
    """Another database, fresh and migrated."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager
        yield fresh


def shape(engine: Engine) -> list[set[tuple[object, ...]]]:
    """What the catalogue says of the schema."""
    return [rows(engine, query) for query in (OBJECTS, COLUMNS, CONSTRAINTS, INDEXES, ENUMS, TRIGGERS)]


def test_there_and_back_again(
    database: Database, other: Database, media: LocalMediaStore, backups: PostgresBackups, tmp_path: Path
) -> None:
    furnish(database.engine)
    admit_providers(database.engine, music=("of_our_own",), visual=())
    put(media, "jobs/x/master.mp4", b"film")
    facts = backups.make(tmp_path / "backup", with_media=True)
    assert backups.check(tmp_path / "backup") == facts
    assert (facts.files, facts.bytes) == (1, 4)
    before = held(database.engine)
    filled = {name for name, found in before.items() if found}
    assert {"video_jobs", "job_events", "cost_ledger", "webhook_deliveries", "sessions", "thumbnails"} <= filled

    elsewhere = LocalMediaStore(tmp_path / "elsewhere")
    new = PostgresBackups(other.engine, elsewhere)
    assert [each.key for each in new.restore(tmp_path / "backup").missing] == ["jobs/x/master.mp4"]
    assert held(other.engine) == before
    assert shape(other.engine) == shape(database.engine)
    # What is made next gets the same number here and there.
    for engine in (database.engine, other.engine):
        store = PostgresJobStore(engine)
        job = order_album(store)
        assert store.events(job.id)[0].id == facts.database.numbers["job_events.id"]
    # And back: the first database takes what the second one has.
    after = held(other.engine)
    new.make(tmp_path / "second")
    done = backups.restore(tmp_path / "second", replace=True)
    assert held(database.engine) == after
    assert (done.missing, done.changed) == ((), ())
    sql = Sql(database.engine)
    with pytest.raises(Exception, match="append-only"):
        sql.run("DELETE FROM cost_ledger")


def test_numbers_go_on_however_often_books_are_restored(
    database: Database, backups: PostgresBackups, tmp_path: Path
) -> None:
    """A sequence that was restarted and not used since was taken for a new one: every write failed from then on."""
    store = PostgresJobStore(database.engine)
    write_on(store)
    first = backups.make(tmp_path / "first").database.numbers
    assert first == {"job_events.id": 3, "cost_ledger.id": 3, "licences.id": 2, "provider_terms.id": 2}
    backups.restore(tmp_path / "first", replace=True)
    assert backups.make(tmp_path / "second").database.numbers == first
    backups.restore(tmp_path / "second", replace=True)
    write_on(store)
    # And what says too little, as backups of that time do, goes on behind its rows.
    wrong = shutil.copytree(tmp_path / "first", tmp_path / "wrong")
    resealed(wrong, lambda said: said["database"].update(numbers={"job_events.id": 1}))  # type: ignore[attr-defined] # JSON
    numbered = ("job_events", "cost_ledger", "licences", "provider_terms")
    Sql(database.engine).run(*(f"ALTER TABLE {table} ALTER id RESTART" for table in numbered))
    backups.restore(wrong, replace=True)
    write_on(store)


def test_the_same_books_make_the_same_bytes(database: Database, backups: PostgresBackups, tmp_path: Path) -> None:
    furnish(database.engine)
    for name in ("one", "two"):
        backups.make(tmp_path / name)
    for path in sorted((tmp_path / "one" / "database").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / "database" / path.name).read_bytes()


def test_a_backup_is_there_whole_or_not_at_all(
    database: Database,
    backups: PostgresBackups,
    media: LocalMediaStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    furnish(database.engine)
    (tmp_path / "taken").mkdir()
    with pytest.raises(InvalidInputError, match="exists"):
        backups.make(tmp_path / "taken")
    with pytest.raises(InvalidInputError, match="lies in the media store"):
        backups.make(media.root / "backups" / "today")
    monkeypatch.setattr(media, "all_keys", lambda: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(MachineError, match="No space left"):
        backups.make(tmp_path / "full")
    assert {path.name for path in tmp_path.iterdir()} - {"media"} == {"taken"}
    monkeypatch.undo()
    backups.make(tmp_path / "deep" / "well")
    folder = tmp_path / "deep" / "well"
    assert folder.stat().st_mode & 0o077 == 0


def damage(folder: Path, how: str) -> None:
    """Do to a backup what disks, transfers and people do."""
    table = folder / "database" / "video_jobs.copy"
    match how:
        case "cut":
            table.write_bytes(table.read_bytes()[:-7])
        case "changed":
            table.write_bytes(table.read_bytes().replace(b"Harbour", b"harbour"))
        case "table missing":
            table.unlink()
        case "sums missing":
            (folder / form.SUMS).unlink()
        case "sums cut":
            (folder / form.SUMS).write_text("".join((folder / form.SUMS).read_text().splitlines(True)[:3]))
        case "facts changed":
            (folder / form.FACTS).write_text((folder / form.FACTS).read_text().replace('"format": 1', '"format": 2'))
        case "folder empty":
            for path in folder.rglob("*"):
                path.unlink() if path.is_file() else None
        case _:
            raise AssertionError(how)


@pytest.fixture(scope="module")
def untouched(new_database: Callable[..., object]) -> Iterator[Database]:
    """A database with a job, in which no test of a refusal changes anything."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager
        order_album(PostgresJobStore(fresh.engine))
        yield fresh


@pytest.mark.parametrize(
    "how",
    ["cut", "changed", "table missing", "sums missing", "sums cut", "facts changed", "folder empty"],
)
def test_a_damaged_backup_is_told_and_changes_nothing(
    untouched: Database, media: LocalMediaStore, intact: Path, tmp_path: Path, how: str
) -> None:
    folder = shutil.copytree(intact, tmp_path / "damaged")
    before = held(untouched.engine)
    damage(folder, how)
    with pytest.raises(InvalidInputError):
        PostgresBackups(untouched.engine, media).restore(folder, replace=True)
    assert held(untouched.engine) == before


def resealed(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change what a backup says of itself, with checksums that fit."""
    said = json.loads((folder / form.FACTS).read_text())
    change(said)
    (folder / form.FACTS).write_text(json.dumps(said))
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    sums = [f"{form.sha256_of(folder / name)}  {name}\n" for name in names if name != form.SUMS]
    (folder / form.SUMS).write_text("".join(sums))


def test_what_fails_in_the_middle_is_undone(
    untouched: Database, media: LocalMediaStore, intact: Path, tmp_path: Path
) -> None:
    """Every table but the last ones was filled by then; the numbers that were given must not go back either."""
    before, numbers = held(untouched.engine), "SELECT last_value, is_called FROM job_events_id_seq"
    given = rows(untouched.engine, numbers)
    broken = shutil.copytree(intact, tmp_path / "broken")
    last = json.loads((broken / form.FACTS).read_text())["database"]["tables"][-1]["name"]
    with (broken / form.table_file(last)).open("a") as file:
        file.write("no row of this table\n")
    resealed(broken, lambda said: None)
    backups = PostgresBackups(untouched.engine, media)
    with pytest.raises(InvalidInputError, match="does not take the backup"):
        backups.restore(broken, replace=True)
    fewer = shutil.copytree(intact, tmp_path / "fewer")
    resealed(fewer, lambda said: said["database"]["tables"][0].update(rows=99))  # type: ignore[index] # JSON
    with pytest.raises(InvalidInputError, match="where it says 99"):
        backups.restore(fewer, replace=True)
    assert held(untouched.engine) == before
    assert rows(untouched.engine, numbers) == given


def test_a_schema_of_the_future_is_refused_with_a_word(
    untouched: Database, media: LocalMediaStore, intact: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(intact, tmp_path / "future")
    resealed(folder, lambda said: said["database"].update(revision="9999"))  # type: ignore[attr-defined] # JSON
    before = held(untouched.engine)
    with pytest.raises(InvalidInputError, match=r"schema 9999.*newer one"):
        PostgresBackups(untouched.engine, media).restore(folder, replace=True)
    assert held(untouched.engine) == before


def test_an_older_schema_is_restored_and_brought_forward(
    empty_database: Database, other: Database, media: LocalMediaStore, tmp_path: Path
) -> None:
    """As if the program had been replaced by this one between backup and restore."""
    engine, sql = empty_database.engine, Sql(empty_database.engine)
    migrate(engine, "0010")
    admit_providers(engine, music=("of_our_own",), visual=())
    admit_providers(other.engine, music=("of_theirs",), visual=("theirs",))
    job = sql.job()
    sql.track(job, provider="of_our_own")
    sql.run("INSERT INTO job_events (video_job_id, kind) VALUES (:job, 'created')", job=job)
    assert PostgresBackups(engine, media).make(tmp_path / "old").database.revision == "0010"
    PostgresBackups(other.engine, media).restore(tmp_path / "old")
    assert schema_version(other.engine) == "0019"
    assert rows(other.engine, "SELECT id, api_key_id FROM video_jobs") == {(job, None)}
    migrate(engine)
    assert held(other.engine) == held(engine)
    admit_providers(engine, music=("of_theirs",), visual=("theirs",))
    names = ENUMS.replace("ORDER BY enumsortorder", "ORDER BY enumlabel")  # they come in the order of their admission
    assert rows(other.engine, names) == rows(engine, names)
    assert [*shape(other.engine)[:4], shape(other.engine)[5]] == [*shape(engine)[:4], shape(engine)[5]]


def test_books_with_jobs_are_replaced_only_when_that_is_said(
    database: Database, media: LocalMediaStore, intact: Path
) -> None:
    store, backups = PostgresJobStore(database.engine), PostgresBackups(database.engine, media)
    order_album(store)
    with pytest.raises(ConflictError, match=r"1 jobs, 1 channels, which .*--replace"):
        backups.restore(intact)
    lease = store.claim(order_short(store).id, "run")
    before = held(database.engine)
    with pytest.raises(ConflictError, match=f"job {lease.job_id} is being worked on"):
        backups.restore(intact, replace=True)
    assert held(database.engine) == before
    store.release(lease)
    backups.restore(intact, replace=True)
    with connect(database.url).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM video_jobs")).scalar() == 2
    assert schema_version(database.engine) == "0019"


def test_who_has_no_jobs_yet_loses_nothing_unasked(
    database: Database, media: LocalMediaStore, access: PostgresAccess, intact: Path
) -> None:
    access.create_user("ada", "correct horse battery", Scope.SPEND)
    access.create_key("ada", "shop", Scope.SPEND)
    before = held(database.engine)
    with pytest.raises(ConflictError, match="has 1 users, 1 keys, which"):
        PostgresBackups(database.engine, media).restore(intact)
    assert held(database.engine) == before


def test_tables_of_somebody_else_are_left_alone(
    database: Database, media: LocalMediaStore, intact: Path, tmp_path: Path
) -> None:
    sql, backups = Sql(database.engine), PostgresBackups(database.engine, media)
    sql.run("CREATE TABLE shop (id BIGINT GENERATED ALWAYS AS IDENTITY)", "INSERT INTO shop DEFAULT VALUES")
    backups.restore(intact)
    assert "shop.id" not in backups.make(tmp_path / "backup").database.numbers
    assert sql.one("INSERT INTO shop DEFAULT VALUES RETURNING id") == 2
    assert sql.one("SELECT count(*) FROM shop") == 2
    sql.run("CREATE SCHEMA other", "CREATE TABLE other.sales (job UUID REFERENCES video_jobs)")
    with pytest.raises(ConflictError, match=r'other\.sales .* refers to video_jobs.* DROP CONSTRAINT "sales_job_fkey"'):
        backups.restore(intact, replace=True)
    sql.run("DROP TABLE other.sales")
    backups.restore(intact, replace=True)


def test_what_stands_on_the_tables_is_named_when_they_are_made_anew(
    empty_database: Database, other: Database, media: LocalMediaStore, tmp_path: Path
) -> None:
    migrate(empty_database.engine, "0010")
    PostgresBackups(empty_database.engine, media).make(tmp_path / "old")
    Sql(other.engine).run("CREATE VIEW report AS SELECT id FROM video_jobs")
    with pytest.raises(ConflictError, match="view report"):
        PostgresBackups(other.engine, media).restore(tmp_path / "old")
    assert schema_version(other.engine) == "0019"


def test_who_uses_a_table_is_waited_for_and_then_named(
    database: Database, media: LocalMediaStore, intact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.store.backup.replacing._PATIENCE_MS", 50)
    with database.engine.connect() as reader:
        reader.execute(text("SELECT FROM video_jobs"))
        with pytest.raises(ConflictError, match="somebody uses the database"):
            PostgresBackups(database.engine, media).restore(intact)
    PostgresBackups(database.engine, media).restore(intact)


def test_books_that_are_replaced_are_kept_and_what_was_paid_since_is_told(
    database: Database, media: LocalMediaStore, tmp_path: Path
) -> None:
    store = PostgresJobStore(database.engine)
    backups = PostgresBackups(database.engine, media, replaced=tmp_path / "former")
    write_on(store)
    assert backups.make(tmp_path / "backup").database
    write_on(store)
    before, moment = held(database.engine), restored_at(database)
    done = backups.restore(tmp_path / "backup", replace=True).replaced
    assert (done.entries, done.paid_usd) == (2, Decimal("0.02"))
    assert done.folder is not None
    assert done.folder.parent == tmp_path / "former"
    first = restored_at(database)
    assert moment is None
    assert first is not None
    back = backups.restore(done.folder, replace=True).replaced
    assert held(database.engine) == before
    assert (back.entries, back.paid_usd) == (0, 0)
    assert restored_at(database) > first  # type: ignore[operator] # a moment by now


def restored_at(database: Database) -> object:
    """When the books were put back."""
    return Sql(database.engine).one("SELECT restored_at FROM installation")
