"""Owns an installation in a scratch directory and the command line to use it, as an operator would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

WAIT_S = 240


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of the processes that still run; one that is over and not yet asked for its exit code does not."""
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


class Installation:
    """One data directory, and processes that use it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.api_port = free_port()
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("VIDEO_", "DAGSTER", "FFMPEG"))
            },
            "VIDEO_PIPELINE_DATA_DIR": str(root / "data"),
            "VIDEO_PIPELINE_STATE_DIR": str(root / "state"),
            "VIDEO_PIPELINE_PORT": str(self.port),
            "VIDEO_PIPELINE_API_PORT": str(self.api_port),
            "VIDEO_PIPELINE_WORKERS": "2",
        }
        self._children: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        with (self.root / f"{arguments[0]}-{len(self._children)}.log").open("w") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "video_pipeline", *arguments],
                env=self.environment,
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self._children.append(child)
        return child

    def call(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run a command to its end; its standard output, or error. The exit code must be `code`."""
        done = subprocess.run(
            [sys.executable, "-m", "video_pipeline", *arguments],
            env={**self.environment, **environment},
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.call(*arguments, "--json").splitlines()[-1])

    def wait_for(self, job: str, status: str) -> dict[str, Any]:
        """Watch the job until it waits for a person or has ended, which must be in `status`; all that is known of it.

        One process that looks into the books: to start one every second took a core from what was waited for.
        """
        self.call("job", "watch", job)
        shown: dict[str, Any] = self.json("job", "show", job)
        assert shown["status"] == status, shown["error"]
        return shown

    def graphql(self, query: str) -> Any:
        """Ask Dagster's webserver."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=json.dumps({"query": query}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())["data"]

    @property
    def studio(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.api_port}"

    def is_ready(self) -> bool:
        """Whether the studio says that it can work."""
        with urllib.request.urlopen(f"{self.studio}/api/v2/ready", timeout=20) as answer:
            return bool(json.loads(answer.read())["status"] == "ready")

    def start_up(self) -> subprocess.Popen[str]:
        """Start `up` and wait until Dagster and the studio answer."""
        up = self.start("up")
        deadline = time.monotonic() + 120
        while True:
            try:
                self.graphql("{ version }")
                assert self.is_ready()
            except OSError:
                assert up.poll() is None, f"up ended with {up.returncode}"
                assert time.monotonic() < deadline, "the webserver does not answer"
                time.sleep(0.5)
            else:
                return up

    def kill(self, child: subprocess.Popen[str]) -> None:
        """SIGKILL the process alone, as an operator or the kernel would."""
        child.kill()
        child.wait(30)

    def close(self) -> None:
        """End everything that is still there."""
        for child in self._children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGINT)
                try:
                    child.wait(30)
                except subprocess.TimeoutExpired:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait(30)
        self.call("db", "info")  # the last user of the embedded server stops it


@contextmanager
def installed() -> Iterator[Installation]:
    """An installation in a directory that an unprivileged server may enter."""
    root = Path(tempfile.mkdtemp(prefix="vp-e2e-"))
    root.chmod(0o711)
    opened = Installation(root)
    try:
        yield opened
    finally:
        opened.close()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation of the test's own."""
    with installed() as opened:
        yield opened


def check_that_it_ends(installation: Installation, up: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send the signal: `up` ends well, and none of the processes that it started is left."""
    processes = psutil.Process(up.pid).children(recursive=True)
    assert len(processes) >= 4  # dagster dev, webserver, daemon and code server
    assert directories(processes) == {str(installation.root)}
    up.send_signal(number)
    assert up.wait(60) == 0
    psutil.wait_procs(processes, timeout=10)
    assert alive(processes) == []
    with pytest.raises(OSError, match="refused"):
        installation.graphql("{ version }")


def directories(processes: list[psutil.Process]) -> set[str]:
    """The working directories of those that still run."""
    found = set()
    for each in processes:
        with suppress(psutil.NoSuchProcess):  # a zombie as well
            found.add(each.cwd())
    return found


def homes(installation: Installation) -> list[Path]:
    """Every place where Dagster was told to live."""
    return sorted(each.parent for each in installation.root.rglob("dagster.yaml"))
