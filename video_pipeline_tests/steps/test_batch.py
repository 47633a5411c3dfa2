"""Making many things at once."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import pytest

from video_pipeline.domain.errors import PermanentError, ProviderRefusedError, ProviderUnavailableError, TransientError
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.batch import make_all
from video_pipeline.steps.studio import Studio


@pytest.fixture
def attempt(studio: Studio, order: Callable[..., JobRecord]) -> Attempt:
    """A live attempt."""
    return Attempt(studio.jobs, studio.jobs.claim(order().id, "run"), Stage.MUSIC)


def made(attempt: Attempt, make: Callable[[int], int], count: int = 6, at_once: int = 2) -> list[int]:
    return make_all(attempt, range(count), make, at_once=at_once, finished_before=0, noun="things")


def test_results_come_in_the_order_of_the_items(attempt: Attempt) -> None:
    first_may_end = threading.Event()

    def make(item: int) -> int:
        if item == 0:
            assert first_may_end.wait(20)
        if item == 1:
            first_may_end.set()
        return item * item

    assert made(attempt, make) == [0, 1, 4, 9, 16, 25]


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_than_asked_for_run_at_once(attempt: Attempt, at_once: int) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def make(item: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return item

    made(attempt, make, count=9, at_once=at_once)
    assert most == at_once


def test_after_a_failure_no_new_ones_start(attempt: Attempt) -> None:
    started = []

    def make(item: int) -> int:
        started.append(item)
        if item == 1:
            raise ProviderRefusedError("no")
        return item

    with pytest.raises(ProviderRefusedError, match="no"):
        made(attempt, make, count=50, at_once=1)
    assert started == [0, 1]


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ((ProviderUnavailableError("a"), ProviderUnavailableError("b")), TransientError),
        ((ProviderUnavailableError("a"), ProviderRefusedError("b")), PermanentError),
    ],
)
def test_several_failures_become_one_that_names_all(
    attempt: Attempt, errors: tuple[Exception, Exception], kind: type[Exception]
) -> None:
    both = threading.Barrier(2, timeout=20)

    def make(item: int) -> int:
        both.wait()
        raise errors[item]

    with pytest.raises(kind, match=r"2 things failed: a; b"):
        made(attempt, make, count=2)


def test_what_failed_for_the_same_reason_says_it_once(attempt: Attempt) -> None:
    both = threading.Barrier(2, timeout=20)

    def make(item: int) -> int:
        both.wait()
        raise PermanentError("the cap is reached")

    with pytest.raises(PermanentError, match=r"2 things failed: the cap is reached$"):
        made(attempt, make, count=2)


def test_a_bug_is_not_dressed_up_as_a_failed_delivery(attempt: Attempt) -> None:
    def make(item: int) -> int:
        return 1 // item

    with pytest.raises(ZeroDivisionError):
        made(attempt, make)


def test_progress_counts_what_was_there_before(attempt: Attempt, studio: Studio) -> None:
    make_all(attempt, [1], lambda item: item, at_once=1, finished_before=3, noun="things")
    progress = studio.jobs.get_job(attempt.job_id).progress
    assert progress is not None
    assert progress["message"] == "4 of 4 things ready"
    assert progress["stage_percent"] == 100.0


def test_a_signal_ends_the_waits_of_all_threads(attempt: Attempt) -> None:
    """`run` went on for three minutes after SIGTERM: the pool waited for threads that waited for a vendor."""

    def ends(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    seen: list[BaseException] = []

    def make(item: int) -> int:
        if item == 1:
            threading.Event().wait(0.1)  # until the pool knows of both threads
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        try:
            attempt.pause(20)
        except TransientError as error:
            seen.append(error)
            raise
        return item

    previous = signal.signal(signal.SIGUSR1, ends)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            made(attempt, make)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert time.monotonic() - began < 5
    assert [str(each) for each in seen] == ["interrupted; retry the job, and it goes on from there"] * 2
