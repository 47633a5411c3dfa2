"""Owns the worker processes that use the machine's cores; hides how they are started and how they die.

Workers come from a fork server: they start in milliseconds after the first one, inherit no locks or sockets of the
parent, and are killed by the kernel when the fork server goes, which happens when the parent dies for any reason.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_PR_SET_PDEATHSIG = 1
_SINGLE_THREADED = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def available_cores() -> int:
    """How many cores this process may use (its CPU affinity), at least 1."""
    return max(len(os.sched_getaffinity(0)), 1)


class Cores:
    """A pool of worker processes, one a core; starts on first use and is safe to call from several threads."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_cores()
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `function` in a worker; it, its arguments and its result must be picklable."""
        with self._lock:
            if self._pool is None:
                self._pool = self._start()
            try:
                return self._pool.submit(function, *args, **kwargs)
            except BrokenProcessPool:
                # A worker was killed (out of memory, an operator); its own task has failed, the next ones need not.
                self._pool.shutdown(wait=False)
                self._pool = self._start()
                return self._pool.submit(function, *args, **kwargs)

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["numpy", "scipy.signal", "cv2", "av"])
        # One worker is one core: a library that starts its own threads would only make them queue.
        os.environ.update({name: os.environ.get(name, value) for name, value in _SINGLE_THREADED.items()})
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_start_worker)

    def close(self) -> None:
        """Drop work that has not started and stop the workers."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=True, cancel_futures=True)
                self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _start_worker() -> None:
    die_with_parent()
    # Ctrl-C belongs to the parent, which then closes the pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (Linux; elsewhere nothing happens)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (AttributeError, OSError):
        return
