"""Owns making many things at once, each kept as soon as it is finished; hides the threads.

Threads, because a provider makes its caller wait: for a vendor, or for a worker process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from video_pipeline.domain.errors import PermanentError, StudioError, TransientError
from video_pipeline.steps.attempt import Attempt

Item = TypeVar("Item")
Made = TypeVar("Made")


def make_all(
    attempt: Attempt,
    items: Sequence[Item],
    make: Callable[[Item], Made],
    *,
    at_once: int,
    finished_before: int,
    noun: str,
) -> list[Made]:
    """Call `make` for each item, `at_once` at a time, and return the results in the order of `items`.

    `finished_before` things of an earlier attempt count into the progress. When one fails, those that are under way
    are finished and kept, no new ones start, and one error names all that failed, the same words once; it is transient
    only if all are.
    """
    tally = _Tally(attempt, finished_before, finished_before + len(items), noun)
    tally.report([])
    futures: list[Future[Made]] = []
    with ThreadPoolExecutor(max(at_once, 1), thread_name_prefix=noun) as pool:
        try:
            for item in items:
                _wait_for_place(futures, max(at_once, 1))
                tally.report(futures)
                if attempt.stopped() or _any_failed(futures):
                    break
                futures.append(pool.submit(make, item))
            while _running(futures):
                wait(_running(futures), return_when=FIRST_COMPLETED)
                tally.report(futures)
        except BaseException:  # a signal: the pool would wait for threads that know nothing of it
            attempt.interrupt()
            raise
    tally.report(futures)
    attempt.raise_if_stopped()
    _raise_all([error for future in futures if (error := future.exception()) is not None], noun)
    return [future.result() for future in futures]


@dataclass(frozen=True, slots=True)
class _Tally:
    """How many things are ready, told to the attempt."""

    attempt: Attempt
    before: int
    total: int
    noun: str

    def report(self, futures: Sequence[Future[Made]]) -> None:
        ready = self.before + sum(future.done() and future.exception() is None for future in futures)
        self.attempt.report(ready / max(self.total, 1), f"{ready} of {self.total} {self.noun} ready")


def _running(futures: Sequence[Future[Made]]) -> list[Future[Made]]:
    return [future for future in futures if not future.done()]


def _any_failed(futures: Sequence[Future[Made]]) -> bool:
    return any(future.done() and future.exception() is not None for future in futures)


def _wait_for_place(futures: Sequence[Future[Made]], places: int) -> None:
    while len(_running(futures)) >= places and not _any_failed(futures):
        wait(_running(futures), return_when=FIRST_COMPLETED)


def _raise_all(errors: list[BaseException], noun: str) -> None:
    if not errors:
        return
    for error in errors:
        if not isinstance(error, StudioError):
            raise error
    if len(errors) == 1:
        raise errors[0]
    text = f"{len(errors)} {noun} failed: " + "; ".join(dict.fromkeys(map(str, errors)))
    kind = TransientError if all(isinstance(error, TransientError) for error in errors) else PermanentError
    raise kind(text) from errors[0]
