"""Owns one render's work on the cores: order, progress, cancelling; hides futures and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import cv2

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import CancelledError, TransientError
from video_pipeline.ports import IsCancelled, ReportProgress

P = ParamSpec("P")
T = TypeVar("T")

_POLL_S = 0.25
_ASK_S = 0.5
"""Asking whether to stop may cost a question to the database."""


@dataclass(frozen=True, slots=True)
class StopFlag:
    """Tells workers to stop: a file, because one render's workers are lent to it and must not be killed."""

    path: Path

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


class Crew:
    """Workers of `cores` lent to one render; every task has an expected cost in CPU seconds, which weighs progress."""

    def __init__(self, cores: Cores, stop: StopFlag, report: ReportProgress, cancelled: IsCancelled) -> None:
        self.workers = cores.workers
        self.stop = stop
        self._cores = cores
        self._report = report
        self._cancelled = cancelled
        self._running: dict[Future[Any], tuple[float, str]] = {}
        self._announced = 0.0
        self._expected = 0.0
        self._done = 0.0
        self._share = 0.0
        self._next_question = 0.0

    def announce(self, cost: float) -> None:
        """Tell of work whose tasks come later, so that progress is honest from the start."""
        self._announced += cost
        self._expected += cost

    def submit(
        self, cost: float, message: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Queue a task; its cost is taken from what was announced as long as that lasts."""
        covered = min(cost, self._announced)
        self._announced -= covered
        self._expected += cost - covered
        future = self._cores.submit(on_one_core, function, *args, **kwargs)
        self._running[future] = cost, message
        return future

    def _advance(self, cost: float, message: str) -> None:
        self._done += cost
        # Work that turns up late (one more round) must not move the progress backwards.
        self._share = max(self._share, min(self._done / max(self._expected, 1e-9), 1.0))
        self._report(self._share, message)

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
        while not all(future.done() for future in wanted):
            self.poll()
            wait([future for future in self._running if not future.done()], _POLL_S, FIRST_COMPLETED)
            self._settle()
        self._settle()
        return [_result(future) for future in wanted]

    def _settle(self) -> None:
        for future in [future for future in self._running if future.done()]:
            cost, message = self._running.pop(future)
            _result(future)
            self._advance(cost, message)

    def dismiss(self) -> None:
        """Stop all tasks and wait until no worker touches this render any more."""
        self.stop.path.touch()
        for future in self._running:
            future.cancel()
        wait(self._running)
        self._running.clear()


def _result(future: Future[T]) -> T:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise TransientError("a worker process was killed while rendering (out of memory?); try again") from error
