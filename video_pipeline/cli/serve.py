"""Owns `video-pipeline up`: Dagster's webserver and daemon in the foreground; hides their processes and signals."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from video_pipeline import bootstrap
from video_pipeline.cli.output import console
from video_pipeline.domain.errors import ConflictError

STOP_TIMEOUT_S = 20

_PR_SET_PDEATHSIG = 1


def up() -> None:
    """Start Dagster's web UI and daemon: sensors pick up ordered jobs, schedules order them. Ctrl-C stops both.

    Example: video-pipeline up, then in another shell: video-pipeline job new ...
    """
    from video_pipeline.orchestration.instance import prepare_home, sole_daemon  # noqa: PLC0415 - a second of imports

    settings = bootstrap.settings()
    _check_free(settings.host, settings.port)
    bootstrap.job_store()  # the schema is there before the first sensor looks
    prepare_home()
    with sole_daemon() as lock:
        address = f"http://{settings.host}:{settings.port}"
        console.print(f"Dagster: {address}  (Ctrl-C stops it)", markup=False, soft_wrap=True)
        code = _run(dagster_command(settings.host, settings.port), lock)
    sys.exit(code)


def dagster_command(host: str, port: int) -> list[str]:
    """The command that starts webserver, daemon and code server together."""
    module = ["-m", "video_pipeline.definitions"]
    return [sys.executable, "-m", "dagster", "dev", *module, "-h", host, "-p", str(port), "--log-level", "warning"]


def _check_free(host: str, port: int) -> None:
    """Raise ConflictError when something listens there already: a second daemon would fight the first."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = "stop what uses it, or set VIDEO_PIPELINE_PORT"
            raise ConflictError(f"cannot listen on {host}:{port}: {error.strerror}; {remedy}") from error


def _run(command: list[str], lock: int) -> int:
    """Run until it ends or a signal comes; a child that does not end by itself then is killed with its group."""
    # A signal that has a handler here is back at its default in the child. Dagster copies the handler of SIGINT to
    # SIGTERM, so a child that inherited "ignored", as from a shell script's background job, could never be stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(
        command,
        start_new_session=True,
        pass_fds=(lock,),
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs yet, and one system call is made
    )
    asked: list[float] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(time.monotonic())
        child.send_signal(signal.SIGINT)

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        while True:
            try:
                return child.wait(1)
            except subprocess.TimeoutExpired:
                if asked and time.monotonic() - asked[0] > STOP_TIMEOUT_S:
                    os.killpg(child.pid, signal.SIGKILL)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _end_with_parent() -> None:
    """Have the kernel interrupt this process when the one that started it is gone (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
