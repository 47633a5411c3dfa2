"""Measuring a process tree: what it costs, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tools.bench.measure import ROOT, measure

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_the_cpu_time_of_an_orphan_counts(tmp_path: Path) -> None:
    """A fork server outlives the program that started it, so nobody but the warden waits for it."""
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"
    done = measure(python(script), tmp_path, [], limit_s=60)
    assert done.usable
    assert done.cpu_s >= 0.5


def test_memory_is_that_of_all_processes_at_once(tmp_path: Path) -> None:
    hold = "import time; kept = b'x' * 60_000_000; time.sleep(1.5)"
    script = f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {hold!r}]); exec({hold!r}); c.wait()"
    done = measure(python(script), tmp_path, [], limit_s=60)
    assert done.peak_rss_bytes > 120_000_000
    assert 120_000_000 < done.peak_pss_bytes <= done.peak_rss_bytes


def test_the_size_of_the_output_is_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = measure(python(f"open({str(out)!r}, 'wb').write(bytes(1234))"), tmp_path, [out], limit_s=60)
    assert (done.status, done.output_bytes) == ("finished", 1234)


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("raise SystemExit('no such codec')", "failed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
    ],
)
def test_a_rival_that_fails_is_told_and_does_not_end_the_benchmark(tmp_path: Path, script: str, status: str) -> None:
    done = measure(python(script), tmp_path, [], limit_s=60)
    assert done.status == status
    assert not done.usable
    assert ("no such codec" in done.message) == (status == "failed")


@pytest.mark.slow
def test_a_rival_that_takes_too_long_is_ended_with_all_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    done = measure(python(_sleepers(pids)), tmp_path, [], limit_s=1.5)
    assert done.status == "late"
    assert _alive(pids) == []


def test_a_warden_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    pids, report = tmp_path / "pids", tmp_path / "report.json"
    argv = [sys.executable, "-m", "tools.bench.warden", str(report), "60", "--", *python(_sleepers(pids))]
    warden = subprocess.Popen(argv, cwd=ROOT)
    _wait_for(pids)
    warden.send_signal(signal.SIGTERM)
    assert warden.wait(20) == 0
    assert json.loads(report.read_text())["status"] == "ended"
    assert _alive(pids) == []


def _sleepers(pids: Path) -> str:
    """A program that starts another one in a session of its own and sleeps; both ignore SIGTERM."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    return (
        "import os, pathlib, subprocess, sys;"
        f"c = subprocess.Popen([sys.executable, '-c', {deaf!r}], start_new_session=True);"
        f"p = pathlib.Path({str(pids)!r}); p.with_suffix('.part').write_text(f'{{os.getpid()}} {{c.pid}}');"
        f"p.with_suffix('.part').rename(p); exec({deaf!r})"
    )


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pids: Path) -> list[int]:
    numbers = [int(word) for word in pids.read_text().split()]
    assert len(numbers) == 2
    return [pid for pid in numbers if pid != os.getpid() and psutil.pid_exists(pid)]
