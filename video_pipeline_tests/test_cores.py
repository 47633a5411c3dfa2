"""Worker processes: they work, fail alone, and go when their owner goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from video_pipeline.cores import Cores, available_cores

OWNER = """
import os, sys, time
from video_pipeline.cores import Cores
pool = Cores(2)
print(*{{pool.submit(os.getpid).result() for _ in range(6)}}, flush=True)
{ending}
"""


def test_work_is_done_in_other_processes() -> None:
    with Cores(2) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        assert pool.submit(pow, 2, 10).result() == 1024


def test_an_error_reaches_the_caller() -> None:
    with Cores(1) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()


def crash() -> None:
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        crash()
    return "done"


def cube(number: int) -> int:
    time.sleep(0.05)
    return number**3


def test_a_killed_worker_costs_only_its_own_work() -> None:
    """What others had in the same pool failed as well: what ran, what waited and what was handed in just then."""
    with Cores(2) as pool:
        before = [pool.submit(cube, number) for number in range(3)]
        crashing = [pool.submit(crash), pool.submit(crash)]
        after = [pool.submit(cube, number) for number in range(3, 8)]
        assert [each.result(timeout=60) for each in before + after] == [number**3 for number in range(8)]
        for each in crashing:
            with pytest.raises(BrokenProcessPool):
                each.result(timeout=60)
        assert pool.submit(pow, 3, 3).result(timeout=60) == 27


def test_work_whose_worker_was_killed_by_chance_is_done_again(tmp_path: Path) -> None:
    with Cores(1) as pool:
        assert pool.submit(crash_once, tmp_path / "mark").result(timeout=60) == "done"


def test_work_that_waits_when_the_pool_is_closed_is_cancelled_for_those_who_wait() -> None:
    pool = Cores(1)
    queued = [pool.submit(cube, number) for number in range(20)]
    assert queued[0].result(timeout=60) == 0
    pool.close()
    assert not wait(queued, timeout=20).not_done
    assert queued[-1].cancelled()
    assert pool.submit(pow, 3, 3).result(timeout=60) == 27
    pool.close()


def test_there_is_at_least_one_core() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("ending", ["time.sleep(600)", "sys.exit(0)", "import os; os._exit(3)"])
def test_no_worker_outlives_its_owner(ending: str) -> None:
    """An owner that is killed, that ends in order, and that vanishes without any clean-up."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER.format(ending=ending)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    workers = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split() if psutil.pid_exists(int(pid))]
    if "sleep" in ending:
        assert workers
        owner.kill()
    owner.wait(30)
    owner.stdout.close()
    deadline = time.monotonic() + 20
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        assert time.monotonic() < deadline, "workers are still there"
        time.sleep(0.1)
