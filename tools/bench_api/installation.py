"""Owns a studio of the benchmark's own: directory, database, users, keys, the server process; hides how each ends.

Everything lies in a scratch directory under a short name that PostgreSQL's user may enter. The server is the real
command on a free port of the loopback, and is ended by its id.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from tools.bench.measure import ROOT, say
from tools.bench_api.books import Filled, fill, opened
from video_pipeline.domain.access import Scope
from video_pipeline.store import EmbeddedPostgres, PostgresAccess, migrate

CHIEF = "chief"
USERS = tuple(f"producer{n}" for n in range(1, 9))
PASSWORD = "a password of the benchmark"  # noqa: S105 - of an installation that is thrown away
START_S = 120.0
_END_S = 15.0
_TAIL_CHARACTERS = 2000
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Installation:
    """What is there to be read."""

    folder: Path
    url: str  # of the database
    engine: Engine
    filled: Filled
    keys: list[tuple[str, str]]  # user and key of each reader


@dataclass(frozen=True, slots=True)
class Server:
    """A studio that is served."""

    pid: int
    port: int


def environment(folder: Path) -> dict[str, str]:
    """The environment of an installation in `folder`; nothing of the caller's own settings is in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIDEO_", "FFMPEG_", "DAGSTER_"))}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "VIDEO_PIPELINE_DATA_DIR": str(folder / "studio"),
        "VIDEO_PIPELINE_STATE_DIR": str(folder / "state"),
    }


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A directory that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"vp-{name}-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def installed(folder: Path, jobs: int, *, listeners: int, readers: int) -> Iterator[Installation]:
    """A studio with its database, full of jobs, and a key for each listener, then for each reader."""
    postgres = EmbeddedPostgres(folder / "studio" / "postgres", state_dir=folder / "state")
    with postgres:
        engine = opened(postgres.url())
        migrate(engine)
        access = PostgresAccess(engine)
        access.create_user(CHIEF, PASSWORD, Scope.ADMIN)
        for user in USERS:
            access.create_user(user, PASSWORD, Scope.SPEND)
        began = time.monotonic()
        filled = fill(engine, jobs, list(USERS))
        say(f"{filled.jobs} jobs with {filled.scenes} scenes in {time.monotonic() - began:.0f} s")
        yield Installation(folder, postgres.url(), engine, filled, _keys(access, listeners, readers))
        engine.dispose()


def _keys(access: PostgresAccess, listeners: int, readers: int) -> list[tuple[str, str]]:
    """Every listener may see the jobs of the first user: as that one, or as the chief, who sees all."""
    owners = [(USERS[0], CHIEF)[n % 2] for n in range(listeners)] + [USERS[n % len(USERS)] for n in range(readers)]
    scopes = {CHIEF: Scope.ADMIN}
    return [(user, access.create_key(user, "bench", scopes.get(user, Scope.READ))[1]) for user in owners]


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """The studio in `folder`, served by a process of its own until the end of the block."""
    port = _free_port()
    log = folder / "server.log"
    settings = environment(folder) | {"VIDEO_PIPELINE_API_PORT": str(port)}
    with log.open("wb") as messages:
        process = subprocess.Popen(
            [sys.executable, "-m", "video_pipeline", "api"],
            cwd=folder,  # where no .env is
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=messages,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call
        )
    try:
        _await(process, port, log)
        yield Server(process.pid, port)
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {_tail(log)}")
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/health", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not start: {_tail(log)}") from error
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_S)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_TAIL_CHARACTERS:]
