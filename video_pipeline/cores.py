"""Owns the worker processes that use the machine's cores; hides how they are started and how they die.

Workers come from a fork server: they start in milliseconds after the first one and inherit no locks or sockets of
their owner. Each watches its owner and goes when the owner has gone, for whatever reason.

A worker that is killed (out of memory, a crash in a codec) takes the work of all others down with it, because the pool
cannot tell whose fault it was. So what was lost is done a second time, each piece in a process that nobody shares:
the innocent succeed, and what dies once more is to blame.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import select
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing.context import ForkServerContext
from multiprocessing.util import Finalize
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_SINGLE_THREADED = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def at_process_end(function: Callable[[], object], *, priority: int) -> None:
    """Call `function` when this process ends in order, higher priorities first.

    Unlike `atexit` this also works in a process that multiprocessing started, as Dagster starts its run workers; such
    a process first waits for its own children, so a pool that is not closed before would keep it alive for ever.
    """
    Finalize(None, function, exitpriority=priority)


def available_cores() -> int:
    """How many cores this process may use (its CPU affinity), at least 1."""
    return max(len(os.sched_getaffinity(0)), 1)


def fork_server() -> ForkServerContext:
    """The source of processes that start in milliseconds; the first one waits for the numeric libraries."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["numpy", "cv2", "av"])
    # One worker is one core: a library that starts its own threads would only make them queue.
    os.environ.update({name: os.environ.get(name, value) for name, value in _SINGLE_THREADED.items()})
    return context


class Cores:
    """A pool of worker processes, one a core; starts on first use and is safe to call from several threads."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_cores()
        self._pool: ProcessPoolExecutor | None = None
        self._second_tries: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        at_process_end(self.close, priority=100)

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `function` in a worker; it, its arguments and its result must be picklable.

        It may be done twice, so it must not matter whether it was begun before. BrokenProcessPool when the worker died
        both times: it needs more memory than there is, or crashes the program that does it.
        """
        work = partial(function, *args, **kwargs)
        with self._lock:
            if self._pool is None or self._second_tries is None:
                self._pool, self._second_tries = _pool(self.workers), ThreadPoolExecutor(max(self.workers // 4, 1))
            try:
                given = self._pool.submit(work)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False)
                self._pool = _pool(self.workers)
                given = self._pool.submit(work)
            promised: Future[T] = Future()
            given.add_done_callback(partial(_settle, promised, work, self._second_tries))
        return promised

    def close(self) -> None:
        """Drop work that has not started and stop the workers."""
        with self._lock:
            for pool in (self._pool, self._second_tries):
                if pool is not None:
                    pool.shutdown(wait=True, cancel_futures=True)
            self._pool = self._second_tries = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=fork_server(), initializer=_start_worker, initargs=(os.getpid(),))


def _settle(
    promised: Future[T], work: Callable[[], T], second_tries: ThreadPoolExecutor | None, done: Future[T]
) -> None:
    """Keep the promise by what is `done`, or by a second try if one is left and the worker died.

    Called by the thread that serves the pool: whoever closes the pool holds its lock and waits for that thread.
    """
    if done.cancelled():
        promised.cancel()
        promised.set_running_or_notify_cancel()
    elif (error := done.exception()) is None:
        promised.set_result(done.result())
    elif isinstance(error, BrokenProcessPool) and second_tries is not None:
        try:
            again = second_tries.submit(_alone, work)
        except RuntimeError:  # closed meanwhile
            promised.set_exception(error)
            return
        again.add_done_callback(partial(_settle, promised, work, None))
    else:
        promised.set_exception(error)


def _alone(work: Callable[[], T]) -> T:
    with _pool(1) as cell:
        return cell.submit(work).result()


def _start_worker(owner: int) -> None:
    # Ctrl-C belongs to the owner, which then closes the pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with, args=(owner,), name="owner-watch", daemon=True).start()
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Make the allocator reuse what a task has freed: by default glibc gives every array of some megabytes back at
    once, and fetching its pages again takes as long as measuring or encoding the sound in them."""
    with suppress(AttributeError, OSError):  # another C library than glibc
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        library.mallopt(_M_TRIM_THRESHOLD, 64 << 20)


# From malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def _die_with(owner: int) -> None:
    """Kill this worker when the process `owner` has ended.

    A worker's parent is the fork server, which lives as long as its workers do, so the death of the parent (which the
    kernel could signal) says nothing about the owner.
    """
    try:
        watched = os.pidfd_open(owner)
    except ProcessLookupError:
        os.kill(os.getpid(), signal.SIGKILL)
        return
    select.select([watched], [], [])
    os.kill(os.getpid(), signal.SIGKILL)
