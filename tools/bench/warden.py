"""Owns running one program to its end and measuring its whole process tree; hides orphans, sampling and signals.

Run as `python -m tools.bench.warden REPORT LIMIT_S -- program arguments...`. It adopts orphans (a fork server outlives
its parent), so the CPU time of every descendant is counted exactly, by the kernel. Memory is sampled. It never leaves
a descendant behind, whether the program ends, fails, takes too long, or the warden itself is told to end.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

SAMPLE_S = 0.2
PSS_EVERY = 5
"""A proportional size costs the kernel a walk over all pages of a process; once a second is enough."""

_GRACE_S = 3.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_TAIL_BYTES = 2000


class ToldToEndError(Exception):
    """The benchmark wants this to end."""


@dataclass(slots=True)
class Peaks:
    """The largest memory so far; bytes over all processes of the tree."""

    rss: int = 0
    pss: int = 0


def main() -> int:
    """Run the program named on the command line; write the report."""
    report, limit_s, argv = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[4:]
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the benchmark, which then ends this
    signal.signal(signal.SIGTERM, _told_to_end)
    log = report.with_suffix(".log")
    with log.open("wb") as messages:
        facts = run(argv, limit_s, messages.fileno())
    report.write_text(json.dumps({**facts, "tail": _tail(log)}))
    return 0


def _told_to_end(_signal: int, _frame: FrameType | None) -> None:
    raise ToldToEndError


def run(argv: list[str], limit_s: float, messages: int) -> dict[str, float | str]:
    """Run `argv` and measure it; `status` is finished, failed, killed, late or ended."""
    peaks, over = Peaks(), threading.Event()
    sampler = threading.Thread(target=_sample, args=(peaks, over), daemon=True)
    status, code, began = "finished", 0, time.monotonic()
    try:
        child = _start(argv, messages)
        sampler.start()
        code = child.wait(limit_s)
        status = "killed" if code < 0 else "failed" if code else "finished"
    except subprocess.TimeoutExpired:
        status = "late"
    except ToldToEndError:
        status = "ended"
    finally:
        wall_s = time.monotonic() - began
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end has begun
        end_descendants(_GRACE_S if status in ("finished", "failed", "killed") else 0.0)
        over.set()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "status": status,
        "code": code,
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_rss_bytes": peaks.rss,
        "peak_pss_bytes": peaks.pss,
    }


def _start(argv: list[str], messages: int) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=messages,
        stderr=messages,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, and this process has no other thread yet
    )


def _sample(peaks: Peaks, over: threading.Event) -> None:
    me, count = psutil.Process(), 0
    while not over.wait(SAMPLE_S):
        rss = pss = 0
        for process in me.children(recursive=True):
            with suppress(psutil.Error):
                rss += process.memory_info().rss
                pss += process.memory_full_info().pss if count % PSS_EVERY == 0 else 0
        peaks.rss, peaks.pss, count = max(peaks.rss, rss), max(peaks.pss, pss), count + 1


def end_descendants(patience_s: float) -> None:
    """Wait `patience_s` seconds for what is left, then end it by its id; returns when nothing is left."""
    deadline = time.monotonic() + patience_s
    sign = signal.SIGTERM
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            continue
        if time.monotonic() > deadline:
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    process.send_signal(sign)
            sign, deadline = signal.SIGKILL, time.monotonic() + _GRACE_S
        time.sleep(0.01)


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - _TAIL_BYTES, 0))
        return file.read().decode(errors="replace").strip()


if __name__ == "__main__":
    sys.exit(main())
