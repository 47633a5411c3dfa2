"""Owns one order's work on the cores: urgency, progress, cancelling, what it costs; hides futures and waiting."""

from __future__ import annotations

import ctypes
import heapq
import logging
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import cv2

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import CancelledError, MachineError
from video_pipeline.ports import IsCancelled, ReportProgress

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_POLL_S = 0.25
_ASK_S = 0.5
"""Asking whether to stop may cost a question to the database."""

_AHEAD = 1
"""Tasks handed out beyond one a worker, so that none waits for its next one; more would get past urgent ones."""

OTHER = "other"
"""The stage of work that the table of stages does not name; the least urgent one."""


@dataclass(frozen=True, slots=True)
class StopFlag:
    """Tells workers to stop: a file, because one render's workers are lent to it and must not be killed."""

    path: Path

    def put_up(self) -> None:
        """Tell them; where the disk has no room even for that, they go on to the end of their task."""
        try:
            self.path.touch()
        except FileNotFoundError:  # the session is gone: no worker finds anything in it
            return
        except OSError as error:
            log.warning("workers cannot be told to stop and finish what they began: %s", error)

    def check(self) -> None:
        """Raise CancelledError when the flag is up."""
        if self.path.exists():
            raise CancelledError("the render was stopped")

    def is_up(self) -> bool:
        """True when the flag is up."""
        return self.path.exists()


def on_one_core(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a worker, where OpenCV's own threads would only queue for the cores."""
    cv2.setNumThreads(1)
    return function(*args, **kwargs)


def _timed(work: Callable[[], T], /) -> tuple[T, float]:
    """The result of `work` and the CPU seconds it took, those of processes that it started and ended included."""
    before = _spent()
    result = on_one_core(work)
    _give_memory_back()
    return result, _spent() - before


def _spent() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _give_memory_back() -> None:
    """Return to the system what the task has freed: encoders leave 100 MB behind that a worker would keep."""
    with suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(order=True, slots=True)
class _Task:
    urgency: int
    number: int  # first come, first served
    cost: float = field(compare=False)
    message: str = field(compare=False)
    stage: str = field(compare=False)
    work: Callable[[], Any] = field(compare=False)
    promised: Future[Any] = field(compare=False)


class Crew:
    """Workers of `cores` lent to one order; every task has an expected cost in CPU seconds, which weighs progress.

    `stages` tells the kind of work of each function, the most urgent kind first: what others wait for comes before
    what only fills the time. Safe to use from several threads; progress is told, and cancelling asked for, in the
    thread that made the crew.
    """

    def __init__(
        self,
        cores: Cores,
        stop: StopFlag,
        report: ReportProgress,
        cancelled: IsCancelled,
        stages: Mapping[Callable[..., Any], str] | None = None,
    ) -> None:
        self.workers = cores.workers
        self.stop = stop
        self.spent: dict[str, float] = {}  # CPU seconds by stage
        self._stages = dict(stages or {})
        self._ranks = {stage: rank for rank, stage in enumerate(dict.fromkeys([*self._stages.values(), OTHER]))}
        self._cores = cores
        self._report = report
        self._cancelled = cancelled
        self._owner = threading.get_ident()
        self._changed = threading.Condition()  # guards all that follows
        self._waiting: list[_Task] = []
        self._out = 0  # tasks with the workers
        self._news: list[_Task] = []  # finished tasks that were not reported yet
        self._shared: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._dismissed = False
        self._count = 0
        self._announced = 0.0
        self._expected = 0.0
        self._done = 0.0
        self._share = 0.0
        self._next_question = 0.0

    def announce(self, cost: float) -> None:
        """Tell of work whose tasks come later, so that progress is honest from the start."""
        with self._changed:
            self._announced += cost
            self._expected += cost

    def retract(self, cost: float) -> None:
        """Take back part of what was announced: it turned out to be done already."""
        with self._changed:
            taken = min(cost, self._announced)
            self._announced -= taken
            self._expected -= taken

    def submit(
        self, cost: float, message: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Queue a task; its cost is taken from what was announced as long as that lasts."""
        stage = self._stages.get(function, OTHER)
        promised: Future[T] = Future()
        with self._changed:
            self._check()
            covered = min(cost, self._announced)
            self._announced -= covered
            self._expected += cost - covered
            self._count += 1
            work = partial(function, *args, **kwargs)
            task = _Task(self._ranks[stage], self._count, cost, message, stage, work, promised)
            heapq.heappush(self._waiting, task)
        self._hand_out()
        return promised

    def share(self, key: str, make: Callable[[], T]) -> T:
        """What `make` returned for the first caller with this `key`: work that several need is queued once."""
        with self.alone(key):
            if key not in self._shared:
                self._shared[key] = make()
            shared: T = self._shared[key]
            return shared

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Keep other threads out that ask for the same `key`; what the first one makes, the next one finds."""
        with self._changed:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            yield

    def poll(self) -> None:
        """Raise CancelledError when the operator wants to stop."""
        now = time.monotonic()
        if now < self._next_question:
            return
        self._next_question = now + _ASK_S
        if self._cancelled():
            raise CancelledError("the operator cancelled the render")

    def gather(self, futures: Iterable[Future[T]]) -> list[T]:
        """Wait for tasks and return their results in order; the first failure is raised at once."""
        wanted = list(futures)
        open_ = set(wanted)

        def finished() -> bool:
            for future in [future for future in open_ if future.done()]:
                _result(future)
                open_.discard(future)
            return not open_

        self.wait_until(finished)
        return [_result(future) for future in wanted]

    def wait_until(self, finished: Callable[[], bool]) -> None:
        """Wait until `finished`, which is asked whenever a task has ended or `wake` was called."""
        while not finished():
            self._tell()
            self._hand_out()
            with self._changed:
                self._check()
                if not finished():
                    self._changed.wait(_POLL_S)
        self._tell()

    def wake(self) -> None:
        """Make those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def dismiss(self) -> None:
        """Stop all tasks and wait until no worker touches this render any more."""
        with self._changed:
            self._dismissed = True
            for task in self._waiting:
                task.promised.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        self.stop.put_up()
        with self._changed:
            self._changed.wait_for(lambda: self._out == 0)

    def _check(self) -> None:
        if self._dismissed:
            raise CancelledError("the render was stopped")

    def _hand_out(self) -> None:
        """Give the most urgent tasks to the workers.

        Not with the lock held, and never from the pool's own thread: who closes the pool holds the pool's lock and
        waits for that thread, which would wait here.
        """
        while (task := self._next()) is not None:
            try:
                given = self._cores.submit(_timed, task.work)
            except BaseException as error:
                # The pool was closed, or no process can be started. Whatever it was: nobody may wait for this task.
                given = Future()
                given.set_exception(error)
                self._ended(task, given)
                if not isinstance(error, Exception):
                    raise
            else:
                given.add_done_callback(partial(self._ended, task))

    def _next(self) -> _Task | None:
        with self._changed:
            while self._waiting and self._out < self.workers + _AHEAD:
                task = heapq.heappop(self._waiting)
                if task.promised.set_running_or_notify_cancel():
                    self._out += 1
                    return task
        return None

    def _ended(self, task: _Task, given: Future[tuple[Any, float]]) -> None:
        with self._changed:
            self._out -= 1
            error = None if given.cancelled() else given.exception()
            if error is not None or given.cancelled():
                task.promised.set_exception(_explained(error, task.message))
            else:
                result, seconds = given.result()
                self.spent[task.stage] = self.spent.get(task.stage, 0.0) + seconds
                self._news.append(task)
                task.promised.set_result(result)
            self._changed.notify_all()

    def _tell(self) -> None:
        if threading.get_ident() != self._owner:
            return
        self.poll()
        with self._changed:
            news, self._news = self._news, []
            expected = max(self._expected, 1e-9)
        for task in news:
            self._done += task.cost
            # Work that turns up late (one more round) must not move the progress backwards.
            self._share = max(self._share, min(self._done / expected, 1.0))
            self._report(self._share, task.message)


def _result(future: Future[T]) -> T:
    if future.cancelled():
        raise _explained(None, "")
    return future.result()


def _explained(error: BaseException | None, aim: str) -> BaseException:
    if error is None:
        return CancelledError("the render was stopped")
    if isinstance(error, BrokenProcessPool):
        told = worker_died(aim)
        told.__cause__ = error
        return told
    return error


def worker_died(aim: str) -> MachineError:
    """What to tell when a worker died twice before it had reached its aim, say, "decoded track 1 of 3"."""
    return MachineError(
        f"a worker process died twice before it had {aim}: there is too little memory, or a file makes the program "
        "crash that reads it; use fewer workers (VIDEO_PIPELINE_WORKERS), or replace that file"
    )
