"""Owns `video-pipeline up` and `api`: the studio and Dagster in the foreground; hides their processes and signals."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from types import FrameType

from video_pipeline import bootstrap
from video_pipeline.cli.output import console
from video_pipeline.domain.errors import ConflictError
from video_pipeline.settings import Settings
from video_pipeline.steps.admit import first_user

STOP_TIMEOUT_S = 20
POLL_S = 0.2

_PR_SET_PDEATHSIG = 1


def up() -> None:
    """Start the studio and Dagster: the page and REST API, sensors that pick up jobs, schedules. Ctrl-C stops all.

    Example: video-pipeline up, then open the addresses that it prints
    """
    from video_pipeline.orchestration.instance import prepare_home, sole_daemon  # noqa: PLC0415 - a second of imports

    settings = bootstrap.settings()
    _check_free(settings.host, settings.port, "VIDEO_PIPELINE_PORT")
    _check_free(settings.api_host, settings.api_port, "VIDEO_PIPELINE_API_PORT")
    bootstrap.job_store()  # the schema is there before the first sensor looks
    prepare_home()
    with sole_daemon() as lock:
        console.print(f"Studio:  {settings.studio_url}", markup=False, soft_wrap=True)
        console.print(f"Dagster: {settings.dagster_web}  (Ctrl-C stops both)", markup=False, soft_wrap=True)
        for risk in exposures(settings):
            console.print(f"Caution: {risk}", markup=False, soft_wrap=True)
        _tell_first_user()
        # The daemon holds the lock as long as it lives, the studio does not.
        code = _run(
            {"studio": (studio_command(), ()), "dagster": (dagster_command(settings.host, settings.port), (lock,))}
        )
    sys.exit(code)


def api() -> None:
    """Serve the page and the REST API alone; Dagster, which does the work, runs elsewhere.

    Example: VIDEO_PIPELINE_API_PORT=8080 video-pipeline api
    """
    from video_pipeline.api.serve import serve  # noqa: PLC0415 - a second of imports

    settings = bootstrap.settings()
    _check_free(settings.api_host, settings.api_port, "VIDEO_PIPELINE_API_PORT")
    serve(settings.api_host, settings.api_port)


def exposures(settings: Settings) -> list[str]:
    """What somebody who makes this installation reachable from elsewhere should know, one line each."""
    risks = []
    if not _is_loopback(settings.host):
        risks.append(
            f"whoever reaches Dagster at {settings.host} may do everything: it has no login of its own; "
            "put a proxy that has one before it, and VIDEO_PIPELINE_HOST back to 127.0.0.1"
        )
    if not _is_loopback(settings.api_host) and not settings.studio_url.startswith("https://"):
        risks.append(
            f"passwords and keys travel to {settings.api_host} in the clear; put a proxy that speaks https before it, "
            "and say in VIDEO_PIPELINE_API_URL where it is"
        )
    return risks


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tell_first_user() -> None:
    """Where nobody may sign in yet, make somebody who may, and say it this once."""
    made = first_user(bootstrap.access_store())
    if made is not None:
        name, password = made
        console.print(f"Sign in: {name}, password {password}", markup=False, soft_wrap=True)
        console.print(f"         shown once; change it with: video-pipeline user password {name}", markup=False)


def studio_command() -> list[str]:
    """The command that serves the page and the REST API."""
    return [sys.executable, "-m", "video_pipeline", "api"]


def dagster_command(host: str, port: int) -> list[str]:
    """The command that starts webserver, daemon and code server together."""
    module = ["-m", "video_pipeline.definitions"]
    return [sys.executable, "-m", "dagster", "dev", *module, "-h", host, "-p", str(port), "--log-level", "warning"]


def _check_free(host: str, port: int, variable: str) -> None:
    """Raise ConflictError when something listens there already: a second daemon would fight the first."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = f"stop what uses it, or set {variable}"
            raise ConflictError(f"cannot listen on {host}:{port}: {error.strerror}; {remedy}") from error


def _run(commands: Mapping[str, tuple[Sequence[str], tuple[int, ...]]]) -> int:
    """Run until one of them ends or a signal comes; children that do not end by themselves then are killed."""
    # A signal that has a handler here is back at its default in the child. Dagster copies the handler of SIGINT to
    # SIGTERM, so a child that inherited "ignored", as from a shell script's background job, could never be stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    children = [
        subprocess.Popen(
            command,
            start_new_session=True,
            pass_fds=descriptors,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs yet, and one system call is made
        )
        for command, descriptors in commands.values()
    ]
    asked: list[float] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(time.monotonic())
        for child in children:
            child.send_signal(signal.SIGINT)

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        code = _first_end(children, asked)
        if not asked:
            stop(signal.SIGINT, None)  # one alone is of no use
        for child in children:
            _end(child, asked[0] + STOP_TIMEOUT_S)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return code


def _first_end(children: list[subprocess.Popen[bytes]], asked: list[float]) -> int:
    """Wait until a child ends by itself or all were asked to; the exit code."""
    while True:
        for child in children:
            code = child.poll()
            if code is not None and not asked:
                return code
        if asked:
            return 0
        time.sleep(POLL_S)


def _end(child: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        child.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _end_with_parent() -> None:
    """Have the kernel interrupt this process when the one that started it is gone (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
