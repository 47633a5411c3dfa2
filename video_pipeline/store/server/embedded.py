"""Owns the embedded PostgreSQL server of a data directory; hides how processes share it.

Each user of the server holds a shared file lock as long as it lives, and the last one to leave stops the server. A
process that was killed leaves its lock to the kernel, and the server to whoever starts next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from video_pipeline.domain.errors import MachineError
from video_pipeline.store.server import premises
from video_pipeline.store.server.postmaster import PORT, ROLE, Launch, shut_down

DATABASES = ("video_pipeline", "dagster")


class EmbeddedPostgres:
    """The PostgreSQL server of `data_dir`, shared by all processes that start it there."""

    def __init__(self, data_dir: Path, *, user: str | None = None, state_dir: Path | None = None) -> None:
        """`user` and `state_dir` matter to root only, and default to the environment (see README)."""
        self.data_dir = data_dir
        self._user = user or os.environ.get("VIDEO_PIPELINE_POSTGRES_USER") or "nobody"
        self._state_dir = state_dir or Path(os.environ.get("VIDEO_PIPELINE_STATE_DIR") or premises.STATE_DIR)
        self._guard = threading.Lock()
        self._membership: int | None = None  # descriptor of the shared lock
        self._pid = 0  # the process that holds it
        self._home = data_dir
        self._socket: Path | None = None

    def start(self) -> None:
        """Start the server, or join the one that runs; nothing happens when this object has done so already.

        MachineError when it cannot run here; the message has the end of the server's log.
        """
        with self._guard:
            if self._membership is not None and self._pid == os.getpid():
                return
            try:
                server = premises.server_account(self._user)
                self.data_dir.mkdir(parents=True, exist_ok=True)
                with _locked(self.data_dir / "server.lock"):
                    self._home = premises.prepare_home(self.data_dir, server, self._state_dir.resolve())
                with _locked(self._home / "start.lock"):
                    membership = _open_lock(self._home / "users.lock", fcntl.LOCK_SH)
                    try:
                        self._socket = Launch(self._home, server, self._state_dir.resolve()).ensure_running()
                        _create_databases(self._socket)
                    except BaseException:
                        os.close(membership)
                        raise
                    self._membership, self._pid = membership, os.getpid()
            except PermissionError as error:
                raise MachineError(
                    f"the embedded PostgreSQL in {self.data_dir} did not start: {error}; run as the user to whom the "
                    "directory belongs, or choose another data directory"
                ) from error
            except (OSError, subprocess.TimeoutExpired, psycopg2.Error) as error:
                raise MachineError(f"the embedded PostgreSQL in {self.data_dir} did not start: {error}") from error

    def stop(self) -> None:
        """Leave the server; it ends when nobody else uses it. Nothing happens when it was not started."""
        with self._guard:
            membership, self._membership = self._membership, None
            if membership is None:
                return
            try:
                # A forked child shares its parent's lock and must not take it away.
                if self._pid == os.getpid() and self._home.is_dir():
                    with _locked(self._home / "start.lock"):
                        if _only_user(membership):
                            shut_down(self._home / "cluster")
            finally:
                os.close(membership)

    def url(self, database: str = DATABASES[0]) -> str:
        """The SQLAlchemy URL of `database`, always `postgresql+psycopg2://`, through the Unix socket."""
        if self._socket is None:
            raise MachineError("the embedded PostgreSQL has no address before it is started")
        query = {"host": str(self._socket), "port": str(PORT)}
        return URL.create("postgresql+psycopg2", username=ROLE, database=database, query=query).render_as_string()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = _open_lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _open_lock(path: Path, mode: int) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, mode)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _only_user(membership: int) -> bool:
    """Turn our shared lock into an exclusive one; False when somebody else holds a share."""
    try:
        fcntl.flock(membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _create_databases(socket: Path) -> None:
    connection = psycopg2.connect(host=str(socket), port=PORT, user=ROLE, dbname="postgres", connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            there = {name for (name,) in cursor.fetchall()}
            for name in DATABASES:
                if name not in there:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    finally:
        connection.close()
