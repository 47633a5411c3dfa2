"""Backup and restore: tried both ways, with damage, with older schemas, and while somebody works."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from video_pipeline.domain.access import Scope
from video_pipeline.domain.errors import ConflictError, InvalidInputError, MachineError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.uploads import FileType
from video_pipeline.store import (
    LocalMediaStore,
    PostgresAccess,
    PostgresBackups,
    PostgresJobStore,
    PostgresOutbox,
    admit_providers,
    connect,
    migrate,
    schema_version,
)
from video_pipeline.store.backup import folder as form
from video_pipeline.store.schema.tables import Base
from video_pipeline_tests.conftest import CHEAP, Database
from video_pipeline_tests.store.material import (
    album,
    await_approval,
    fill,
    order_album,
    order_short,
    reference,
    report,
)
from video_pipeline_tests.store.plain_sql import Sql
from video_pipeline_tests.store.test_migrations import COLUMNS, CONSTRAINTS, ENUMS, INDEXES, OBJECTS, rows

TRIGGERS = "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
NAUGHTY = "a\tb\nc\\N \\. \\x 'q' \"d\" 日本語 🌧 %s"


@pytest.fixture
def other(new_database: Callable[..., object]) -> Iterator[Database]:
    """Another database, fresh and migrated."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager
        yield fresh


@pytest.fixture
def backups(database: Database, media: LocalMediaStore) -> PostgresBackups:
    """Of the test's database and media store."""
    return PostgresBackups(database.engine, media)


def held(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table, as the server writes it."""
    with engine.connect() as connection:
        return {
            name: sorted(connection.execute(text(f"SELECT row::text FROM {name} AS row")).scalars())
            for name in (*Base.metadata.tables, "alembic_version")
        }


def shape(engine: Engine) -> list[set[tuple[object, ...]]]:
    """What the catalogue says of the schema."""
    return [rows(engine, query) for query in (OBJECTS, COLUMNS, CONSTRAINTS, INDEXES, ENUMS, TRIGGERS)]


def furnish(engine: Engine) -> None:
    """Rows of all kinds, with texts that COPY has to escape."""
    store, access, outbox = PostgresJobStore(engine), PostgresAccess(engine, cost=CHEAP), PostgresOutbox(engine)
    access.create_user("ada", "correct horse battery", Scope.SPEND)
    key, _ = access.create_key("ada", "shop", Scope.SPEND)
    access.open_session("ada", "correct horse battery")
    channel = store.create_channel(NAUGHTY, NAUGHTY).id
    outbox.create_webhook("https://example.com/", key_id=key.id, kinds=["created"], description="x")
    store.create_job(album(channel, user_id="ada", niche_label=NAUGHTY), key_id=key.id)
    job = order_short(store)
    lease = store.claim(job.id, "run")
    fill(store, lease, 1)
    store.settle_cost(store.reserve_cost(lease, "leonardo", Decimal("0.02"), NAUGHTY), Decimal("0.03"))
    await_approval(store, lease)
    store.approve_storyboard(job.id)
    store.move(job.id, JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, lease=lease)
    store.save_master(lease, report())
    store.release(lease)
    store.add_file(job.id, FileType.QUOTES, "q.txt", reference("jobs/x/files/q.txt"))
    store.save_thumbnail(job.id, "minimal", "jobs/x/thumbnails/minimal.jpg", 0.5, "x")
    store.add_youtube_upload(job.id, "a", "https://youtu.be/a", NAUGHTY, tags=("a", "b"))


def put(media: LocalMediaStore, key: str, content: bytes) -> None:
    with media.scratch(uuid4()) as scratch:
        (scratch / "x").write_bytes(content)
        media.adopt(scratch / "x", key)


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


def write_on(store: PostgresJobStore) -> None:
    """An order, with a payment: a row in each table that has numbers."""
    lease = store.claim(order_short(store).id, "run")
    store.settle_cost(store.reserve_cost(lease, "leonardo", Decimal("0.02"), "x"), Decimal("0.02"))
    store.release(lease)


def test_numbers_go_on_however_often_books_are_restored(
    database: Database, backups: PostgresBackups, tmp_path: Path
) -> None:
    """A sequence that was restarted and not used since was taken for a new one: every write failed from then on."""
    store = PostgresJobStore(database.engine)
    write_on(store)
    first = backups.make(tmp_path / "first").database.numbers
    assert first == {"job_events.id": 3, "cost_ledger.id": 3}
    backups.restore(tmp_path / "first", replace=True)
    assert backups.make(tmp_path / "second").database.numbers == first
    backups.restore(tmp_path / "second", replace=True)
    write_on(store)
    # And what says too little, as backups of that time do, goes on behind its rows.
    wrong = shutil.copytree(tmp_path / "first", tmp_path / "wrong")
    resealed(wrong, lambda said: said["database"].update(numbers={"job_events.id": 1}))  # type: ignore[attr-defined] # JSON
    Sql(database.engine).run("ALTER TABLE job_events ALTER id RESTART", "ALTER TABLE cost_ledger ALTER id RESTART")
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
        case "file missing":
            (folder / "media" / "jobs" / "x" / "a.flac").unlink()
        case _:
            raise AssertionError(how)


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


@pytest.fixture(scope="module")
def untouched(new_database: Callable[..., object]) -> Iterator[Database]:
    """A database with a job, in which no test of a refusal changes anything."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager
        order_album(PostgresJobStore(fresh.engine))
        yield fresh


@pytest.mark.parametrize(
    "how",
    ["cut", "changed", "table missing", "sums missing", "sums cut", "facts changed", "folder empty", "file missing"],
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
    assert schema_version(other.engine) == "0011"
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
    assert schema_version(database.engine) == "0011"


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
    assert schema_version(other.engine) == "0011"


def test_who_uses_a_table_is_waited_for_and_then_named(
    database: Database, media: LocalMediaStore, intact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.store.backup.replacing._PATIENCE_MS", 50)
    with database.engine.connect() as reader:
        reader.execute(text("SELECT FROM video_jobs"))
        with pytest.raises(ConflictError, match="somebody uses the database"):
            PostgresBackups(database.engine, media).restore(intact)
    PostgresBackups(database.engine, media).restore(intact)


def test_files_are_told_and_put_back(
    database: Database, media: LocalMediaStore, backups: PostgresBackups, tmp_path: Path
) -> None:
    for name in ("kept", "gone", "changed"):
        put(media, f"jobs/x/{name}.flac", name.encode())
    put(media, "jobs/x/later.flac", b"later")
    media.remove("jobs/x/later.flac")
    backups.make(tmp_path / "full", with_media=True)
    backups.make(tmp_path / "list")
    # The bytes are shared, and what happens to a name in the store does not reach them.
    copy = tmp_path / "full" / "media" / "jobs" / "x" / "kept.flac"
    assert copy.stat().st_ino == media.path("jobs/x/kept.flac").stat().st_ino
    media.remove("jobs/x/gone.flac")
    put(media, "jobs/x/changed.flac", b"Changed")
    for folder in ("list", "full"):
        found = backups.restore(tmp_path / folder)
        assert [each.key for each in found.missing] == ["jobs/x/gone.flac"]
        assert [each.key for each in found.changed] == ["jobs/x/changed.flac"]
        assert found.put_back == ()
    with pytest.raises(InvalidInputError, match="only a list"):
        backups.restore(tmp_path / "list", with_media=True)
    mended = backups.restore(tmp_path / "full", with_media=True)
    assert [each.key for each in mended.put_back] == ["jobs/x/changed.flac", "jobs/x/gone.flac"]
    for name in ("kept", "gone", "changed"):
        assert media.path(f"jobs/x/{name}.flac").read_bytes() == name.encode()
    assert media.path("jobs/x/gone.flac").stat().st_nlink == 1  # none of the backup's own names


def test_sha256sum_reads_the_sums(intact: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--quiet", form.SUMS], cwd=intact, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
