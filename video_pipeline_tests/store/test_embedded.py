"""The embedded server's life: shared, adopted, recovered, refused. Each test has a server of its own."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import psutil
import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from video_pipeline.domain.errors import MachineError
from video_pipeline.store import EmbeddedPostgres
from video_pipeline.store.server import postmaster
from video_pipeline_tests.places import open_directory

PARTNER = """
import sys
from pathlib import Path
from video_pipeline.store import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), state_dir=Path(sys.argv[2]))
server.start()
print(server.url(), flush=True)
sys.stdin.readline()
server.stop()
"""


@pytest.fixture
def bare_place() -> Iterator[Path]:
    """A directory of a server's own, which every user may enter; whatever still runs there is ended afterwards."""
    with open_directory() as path:
        yield path
        for process in running_in(path):
            process.kill()


@pytest.fixture(scope="module")
def finished_home(short_dir: Path) -> Path:
    """What a server that was made, started and stopped leaves on the disk."""
    with EmbeddedPostgres(short_dir / "finished", state_dir=short_dir / "state"):
        pass
    return short_dir / "finished" / "server"


@pytest.fixture
def place(bare_place: Path, finished_home: Path) -> Path:
    """A place with a finished cluster in it, which is copied much faster than made."""
    home = bare_place / "data" / "server"
    shutil.copytree(finished_home, home)
    for source in (finished_home, *finished_home.rglob("*")):
        status = source.stat()
        os.chown(home / source.relative_to(finished_home), status.st_uid, status.st_gid)
    return bare_place


def new(place: Path, name: str = "data") -> EmbeddedPostgres:
    """The server of a data directory under `place`."""
    return EmbeddedPostgres(place / name, state_dir=place / "state")


def ask(server: EmbeddedPostgres, query: str, database: str = "video_pipeline") -> object:
    """One value from the server, on a connection of its own."""
    engine = create_engine(server.url(database), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(query))
        return result.scalar() if result.returns_rows else None


def identity(server: EmbeddedPostgres) -> object:
    """When the server process began: another one has another time."""
    return ask(server, "SELECT pg_postmaster_start_time()")


def running_in(place: Path) -> list[psutil.Process]:
    """PostgreSQL processes whose cluster lies under `place`."""
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "postgres" and Path(process.cwd()).is_relative_to(place):
                found.append(process)
        except (psutil.Error, OSError):  # gone, or nobody's any more
            continue
    return found


def left_in(place: Path) -> list[psutil.Process]:
    """Those that do not end; a server process that was told to end may take a moment on a busy machine."""
    return psutil.wait_procs(running_in(place), timeout=10)[1]


def main_process(place: Path) -> psutil.Process:
    """The server process itself, of which all others are children."""
    return psutil.Process(int((cluster_of(place) / "postmaster.pid").read_text().split()[0]))


def cluster_of(place: Path) -> Path:
    """The directory with the database files."""
    (found,) = [path.parent for path in place.glob("*/server/cluster/PG_VERSION")]
    return found


def socket_of(server: EmbeddedPostgres) -> Path:
    """The directory of the server's socket."""
    return Path(unquote(server.url().partition("host=")[2].partition("&")[0]))


def partner(place: Path) -> subprocess.Popen[str]:
    """Another process that uses the server of `place`; it has started when its first line comes."""
    return subprocess.Popen(
        [sys.executable, "-c", PARTNER, str(place / "data"), str(place / "state")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens soon; the whole test's limit is the only one."""
    while not true():
        time.sleep(0.02)


def test_it_starts_serves_and_ends(bare_place: Path) -> None:
    server = new(bare_place)
    with pytest.raises(MachineError, match="before it is started"):
        server.url()
    with server:
        for database in ("video_pipeline", "dagster"):
            assert server.url(database).startswith("postgresql+psycopg2://video_pipeline@/")
            assert ask(server, "SELECT current_database()", database) == database
        before = identity(server)
        server.start()  # twice is once
        assert identity(server) == before
        socket = socket_of(server)
        assert socket.stat().st_mode & 0o777 == 0o700
        assert ask(server, "CREATE TABLE kept AS SELECT 42 AS answer") is None
    assert left_in(bare_place) == []
    server.stop()  # twice is once
    with server:
        assert ask(server, "SELECT answer FROM kept") == 42


def test_it_is_set_up_as_promised(place: Path) -> None:
    wanted = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "fsync": "on",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "logging_collector": "on",
        "dynamic_shared_memory_type": "mmap",
    }
    with new(place) as server:
        assert {name: ask(server, f"SHOW {name}") for name in wanted} == wanted
        assert ask(server, "SELECT datlocale FROM pg_database WHERE datname = 'video_pipeline'") == "C.UTF-8"
        assert ask(server, "SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules") == "local peer"
        assert ask(server, "SELECT count(*) FROM pg_roles WHERE rolcanlogin") == 1
        opened = [each for each in main_process(place).net_connections() if each.family.name.startswith("AF_INET")]
        assert opened == []


def test_it_needs_no_name_that_the_environment_changes(bare_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGHOST": "nowhere", "PGPORT": "1", "PGUSER": "x", "PGDATABASE": "x", "PGDATA": "/x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "no_SUCH.locale")
    with new(bare_place, "da ta'$(x)\"é") as server:
        assert ask(server, "SELECT 1") == 1


def test_processes_share_one_server_and_the_last_one_stops_it(place: Path) -> None:
    others = [partner(place) for _ in range(2)]
    server = new(place)
    server.start()
    urls = {other.stdout.readline().strip() for other in others}  # type: ignore[union-attr] # it is a pipe
    assert urls == {server.url()}
    before = identity(server)
    others[0].communicate("\n")
    assert identity(server) == before
    server.stop()
    assert main_process(place).is_running()
    others[1].communicate("\n")
    assert [other.returncode for other in others] == [0, 0]
    assert left_in(place) == []


@pytest.mark.slow
def test_several_may_start_a_server_that_was_never_made(bare_place: Path) -> None:
    started = [partner(bare_place) for _ in range(3)]
    urls = {each.stdout.readline().strip() for each in started}  # type: ignore[union-attr] # it is a pipe
    assert len(urls) == 1
    assert urls != {""}
    for each in started:
        each.communicate("\n")
    assert [each.returncode for each in started] == [0, 0, 0]
    assert left_in(bare_place) == []


def test_two_users_in_one_process_share_it_too(place: Path) -> None:
    with new(place) as first:
        with new(place) as second:
            assert identity(first) == identity(second)
        assert ask(first, "SELECT 1") == 1
    assert left_in(place) == []


def test_a_killed_user_leaves_the_server_to_the_next_one(place: Path) -> None:
    killed = partner(place)
    assert killed.stdout is not None
    killed.stdout.readline()
    before = main_process(place).pid
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with new(place) as server:
        assert main_process(place).pid == before
        assert ask(server, "SELECT 1") == 1
    assert left_in(place) == []


def test_a_killed_server_is_recovered(place: Path) -> None:
    server, next_one = new(place), new(place)
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    host = str(socket_of(server))
    session = psycopg2.connect(host=host, user="video_pipeline", dbname="video_pipeline")
    session.cursor().execute("CREATE TABLE lost (x integer)")  # and no commit
    busy = psycopg2.connect(host=host, user="video_pipeline", dbname="video_pipeline", async_=True)
    wait_until(lambda: busy.poll() == psycopg2.extensions.POLL_OK)
    # A backend at work does not notice at once that its server has died, and holds its memory.
    busy.cursor().execute("SELECT count(*) FROM generate_series(1, 20000000)")
    main_process(place).kill()
    with next_one:
        assert ask(next_one, "SELECT answer FROM kept") == 42
        assert ask(next_one, "SELECT to_regclass('lost')") is None
        assert ask(server, "SELECT 1") == 1  # who used the killed one goes on with the new one
        session.close()
        busy.close()
        server.stop()
        assert ask(next_one, "SELECT 1") == 1
    assert left_in(place) == []


def test_lock_files_whose_number_was_given_away_do_not_hinder(place: Path) -> None:
    with new(place) as server:
        files = [cluster_of(place) / "postmaster.pid", socket_of(server) / ".s.PGSQL.5432.lock"]
        contents = [file.read_text() for file in files]
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        for file, content in zip(files, contents, strict=True):
            file.write_text(content.replace(content.split("\n")[0], str(bystander.pid), 1))
        with new(place) as server:
            assert ask(server, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_half_made_cluster_is_made_anew(bare_place: Path) -> None:
    with new(bare_place):
        part = cluster_of(bare_place).with_name("cluster.part")
    shutil.rmtree(cluster_of(bare_place))
    (part / "base").mkdir(parents=True)
    (part / "PG_VERSION").write_text("18\n")
    with new(bare_place) as server:
        assert ask(server, "SELECT 1") == 1
    assert not part.exists()


def test_a_missing_database_is_made_again(place: Path) -> None:
    with new(place) as server:
        ask_outside_transaction(server, "DROP DATABASE dagster")
    with new(place) as server:
        assert ask(server, "SELECT 1", "dagster") == 1


def ask_outside_transaction(server: EmbeddedPostgres, statement: str) -> None:
    """Run what no transaction allows."""
    engine = create_engine(server.url("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))


def test_another_major_version_is_refused_with_the_remedy(place: Path) -> None:
    with new(place):
        version = cluster_of(place) / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(MachineError, match=r"made by PostgreSQL 16, this installation has 18.*pg_dumpall"):
        new(place).start()
    version.write_text("18\n")
    with new(place) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_failed_start_shows_the_end_of_the_log(place: Path) -> None:
    with new(place):
        control = cluster_of(place) / "global" / "pg_control"
    control.write_bytes(b"")
    with pytest.raises(MachineError, match=r"did not start\. The end of its log:\n.*pg_control"):
        new(place).start()
    assert left_in(place) == []


def test_a_full_disk_is_told_and_leaves_nothing_half_made(bare_place: Path) -> None:
    """A limit on the size of files stands in for a full disk: writes fail in the middle.

    Those of initdb, or before them those of the copied binaries, where root's server cannot enter the installation.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(
            MachineError, match=r"(database cluster|PostgreSQL binaries) (.|\n)* failed:(.|\n)*File too large"
        ):
            new(bare_place).start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(bare_place.glob("data/server/cluster*")) == []
    with new(bare_place) as server:
        assert ask(server, "SELECT 1") == 1


@pytest.mark.parametrize("where", ["file/data", "/proc/nowhere/data"])
def test_a_place_that_cannot_be_written_is_told(bare_place: Path, where: str) -> None:
    (bare_place / "file").write_text("")
    with pytest.raises(MachineError, match="did not start"):
        EmbeddedPostgres(bare_place / where, state_dir=bare_place / "state").start()


def test_a_path_too_long_for_a_socket_gets_a_short_one(bare_place: Path) -> None:
    with new(bare_place, "x" * 120) as server:
        socket = socket_of(server)
        assert not socket.is_relative_to(bare_place)
        assert len(os.fsencode(socket / ".s.PGSQL.5432")) <= 107
        assert socket.stat().st_mode & 0o777 == 0o700
        assert ask(server, "SELECT 1") == 1
    assert not socket.exists()


def test_a_server_that_does_not_answer_in_time_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new(place):
        process = main_process(place)
        process.suspend()
        monkeypatch.setattr(postmaster, "START_LIMIT_S", 0.3)
        try:
            with pytest.raises(MachineError, match="did not start"):
                new(place).start()
        finally:
            process.resume()


def test_a_forked_child_does_not_stop_its_parents_server(place: Path) -> None:
    with new(place) as server:
        child = os.fork()
        if child == 0:
            server.stop()
            os._exit(0)
        os.waitpid(child, 0)
        assert ask(server, "SELECT 1") == 1
        with new(place) as other:
            other.stop()
        assert ask(server, "SELECT 1") == 1
    assert left_in(place) == []


def test_a_data_directory_that_was_deleted_under_it(place: Path) -> None:
    server = new(place)
    server.start()
    shutil.rmtree(place / "data")
    server.stop()
    for process in running_in(place):
        with contextlib.suppress(psutil.NoSuchProcess):  # it may be ending by itself
            process.kill()
    with new(place) as again:
        assert ask(again, "SELECT 1") == 1
