"""Owns `video-pipeline up`: Dagster's webserver and daemon in the foreground; hides their processes and signals."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType

from video_pipeline import bootstrap
from video_pipeline.cli.output import console
from video_pipeline.domain.errors import ConflictError

STOP_TIMEOUT_S = 20


def up() -> None:
    """Start Dagster's web UI and daemon: sensors pick up ordered jobs, schedules order them. Ctrl-C stops both.

    Example: video-pipeline up, then in another shell: video-pipeline job new ...
    """
    from video_pipeline.orchestration.instance import prepare_home, sole_daemon  # noqa: PLC0415 - a second of imports

    settings = bootstrap.settings()
    _check_free(settings.host, settings.port)
    bootstrap.job_store()  # the schema is there before the first sensor looks
    home = prepare_home()
    with sole_daemon():
        address = f"http://{settings.host}:{settings.port}"
        console.print(f"Dagster: {address}  (Ctrl-C stops it)", markup=False, soft_wrap=True)
        code = _run(dagster_command(settings.host, settings.port), home)
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


def _run(command: list[str], home: Path) -> int:
    """Run until it ends or a signal comes; the whole process group ends with it."""
    # Dagster copies the handler of SIGINT to SIGTERM: a child that inherits "ignored", as from a shell script's
    # background job, could never be stopped. A signal that has a handler here is back at its default in the child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(command, cwd=home, start_new_session=True)

    def stop(number: int, frame: FrameType | None) -> None:
        child.send_signal(signal.SIGINT)

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
