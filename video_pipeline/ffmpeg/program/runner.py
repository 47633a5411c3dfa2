"""Owns the ffmpeg process: starting, watching, ending it; hides pipes, process groups and signals.

ffmpeg-python's own `run` neither cancels nor limits time, and blocks for ever once the child has written 64 KiB of
messages; hence it only builds arguments, and they are run here.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from video_pipeline.domain.errors import CancelledError, MachineError, MediaError
from video_pipeline.ffmpeg.program.command import Argv, with_progress

OnProgress = Callable[[float], None]
"""Called with the seconds of output written so far."""

_KEPT_LINES = 200
_KEPT_CHARACTERS = 2000  # of one line
_POLL_S = 0.1
_GRACE_S = 10.0
"""The kernel may need a moment to end a process that waits for a disk or a driver."""

_NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")
_PR_SET_PDEATHSIG = 1


def run(
    command: Argv,
    *,
    limit_s: float,
    stall_s: float | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    on_progress: OnProgress | None = None,
) -> str:
    """Run `command` to its end and return what it complained about (its last lines, often empty).

    Raises MediaError when it fails, takes longer than `limit_s` or writes nothing more for `stall_s`, CancelledError
    when `is_stopped` says so, and MachineError when it cannot be started or has no room to write. In each of these
    cases no process of its group is left.
    """
    reading, writing = os.pipe()
    try:
        process = _start(with_progress(command, writing), writing)
    except OSError as error:
        os.close(reading)
        raise MachineError(f"cannot start {command[0]}: {error}; set FFMPEG_BINARY to a working ffmpeg") from error
    finally:
        os.close(writing)
    complaints: deque[str] = deque(maxlen=_KEPT_LINES)
    assert process.stderr is not None
    pace = _Pace(stall_s)
    drains = [
        threading.Thread(target=_keep_lines, args=(process.stderr, complaints), daemon=True),
        threading.Thread(target=_follow, args=(reading, pace, on_progress), daemon=True),
    ]
    for drain in drains:
        drain.start()
    try:
        _watch(process, command, limit_s, pace, is_stopped)
    finally:
        _end(process)
        for drain in drains:
            # One that the kernel holds, or a child that went its own way, may keep the pipes open for ever.
            drain.join(_GRACE_S)
    said = "\n".join(list(complaints))  # a copy: it may still grow
    # Said with success as well: some versions end well when only the last bytes did not fit.
    if any(words in said for words in _NO_ROOM) or process.returncode == -signal.SIGXFSZ:
        raise MachineError(f"{_described(command)} has no room for what it writes: {said or 'file size limit'}")
    if process.returncode != 0:
        raise MediaError(f"{_described(command)} failed with status {process.returncode}: {said or 'no message'}")
    return said


def _start(argv: Argv, kept: int) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    # A process group of its own, so that cancelling ends whatever it may have started, and Ctrl-C is not its business.
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(kept,),
        start_new_session=True,
        # The kernel kills it with the thread that started it, and that thread waits below for its end.
        preexec_fn=die_with_parent,  # noqa: PLW1509 - only one system call is made between fork and exec
    )


class _Pace:
    """Whether output still grows, and what went wrong with telling so; written by one thread, read by another."""

    def __init__(self, stall_s: float | None) -> None:
        self.failure: BaseException | None = None
        self._stall_s = stall_s
        self._reached = -1.0
        self._at = time.monotonic()

    def note(self, seconds: float) -> None:
        """Output has grown to `seconds`."""
        if seconds > self._reached:
            self._reached, self._at = seconds, time.monotonic()

    def is_stalled(self) -> bool:
        """True when it has not grown for too long."""
        return self._stall_s is not None and time.monotonic() - self._at > self._stall_s


def _watch(
    process: subprocess.Popen[bytes], command: Argv, limit_s: float, pace: _Pace, is_stopped: Callable[[], bool]
) -> None:
    deadline = time.monotonic() + limit_s
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
            return
        if is_stopped():
            raise CancelledError(f"{_described(command)} was cancelled")
        if time.monotonic() > deadline:
            raise MediaError(f"{_described(command)} took longer than {limit_s:.0f} s and was ended")
        if pace.failure is not None:
            raise pace.failure
        if pace.is_stalled():
            raise MediaError(f"{_described(command)} stood still and was ended")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    # Asked politely, ffmpeg first finishes its file, which may mean to copy gigabytes; nobody wants that file.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)


def _keep_lines(stream: IO[bytes], lines: deque[str]) -> None:
    with stream:
        while line := stream.readline(_KEPT_CHARACTERS):
            lines.append(line.decode(errors="replace").rstrip())


def _follow(descriptor: int, pace: _Pace, on_progress: OnProgress | None) -> None:
    with os.fdopen(descriptor, "rb") as pipe:
        for line in pipe:
            name, _, value = line.partition(b"=")
            # The first report may say N/A.
            if name == b"out_time_us" and value.strip().isdigit():
                seconds = int(value) / 1_000_000
                pace.note(seconds)
                if on_progress and pace.failure is None:
                    try:
                        on_progress(seconds)
                    except BaseException as error:  # noqa: BLE001 - raised by the thread that waits for the process
                        pace.failure = error


def _described(command: Argv) -> str:
    inputs = [Path(command[i + 1]).name for i, word in enumerate(command[:-1]) if word == "-i"]
    return f"ffmpeg on {', '.join(inputs) or 'nothing'}"
