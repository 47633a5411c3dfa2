"""One attempt: what it reports."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.domain.errors import StoreUnavailableError
from video_pipeline.domain.progress import Progress, Stage
from video_pipeline.domain.records import JobRecord, Lease
from video_pipeline.steps.attempt import Attempt, rest
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import order_short


class BusyBooks(PostgresJobStore):
    """Books that refuse every report of progress."""

    def update_job_progress(self, job_id: object, progress: Progress | dict[str, Any]) -> bool:
        """Refuse."""
        raise StoreUnavailableError("the database did not answer: it restarts")


def test_a_refused_report_does_not_stop_the_work(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    attempt = Attempt(BusyBooks(database.engine), Lease(uuid4(), uuid4(), 1, "run"), Stage.MUSIC)
    attempt.report(0.5, "half")
    assert "it restarts" in caplog.text
    attempt.raise_if_stopped()


@pytest.mark.parametrize(
    ("shares", "eta_s"),
    [
        ((0.0,), None),
        ((0.0, 0.25), 30.0),
        ((0.8,), None),  # all of it was there before
        ((0.8, 0.9), 10.0),
        ((0.8, 0.9, 1.0), 0.0),
    ],
)
def test_the_time_left_follows_from_what_was_done_since_the_first_report(
    store: PostgresJobStore, shares: tuple[float, ...], eta_s: float | None
) -> None:
    job = order_short(store)
    now = 100.0

    def clock() -> float:
        return now

    attempt = Attempt(store, store.claim(job.id, "run"), Stage.MUSIC, clock)
    now += 1000  # between the claim and the first report; says nothing about the pace
    for share in shares:
        attempt.report(share, "going on")
        now += 10
    progress = store.get_job(job.id).progress
    assert progress is not None
    assert progress["eta_s"] == (pytest.approx(eta_s) if eta_s is not None else None)


def message(store: PostgresJobStore, job: JobRecord) -> str:
    """What the progress says."""
    return str((store.get_job(job.id).progress or {}).get("message"))


def test_what_is_waited_for_stands_beside_what_is_done_until_it_goes_on(store: PostgresJobStore) -> None:
    job = order_short(store)
    attempt = Attempt(store, store.claim(job.id, "run"), Stage.MUSIC)
    attempt.report(0.25, "1 of 4 ready")
    with attempt.waiting("waits for mubert: 503; next try at 12:00:01 UTC"):
        with (
            attempt.waiting("waits for beatoven: 429"),
            attempt.waiting("waits for mubert: 503; next try at 12:00:02 UTC"),
        ):
            told = "1 of 4 ready; waits for mubert: 503; next try at 12:00:02 UTC; waits for beatoven: 429"
            assert message(store, job) == told
        assert message(store, job) == "1 of 4 ready; waits for mubert: 503; next try at 12:00:01 UTC"
    assert message(store, job) == "1 of 4 ready"
    with suppress(StoreUnavailableError), attempt.waiting("waits for mubert: 503"):
        raise StoreUnavailableError("it ends")
    assert message(store, job) == "1 of 4 ready"
    progress = store.get_job(job.id).progress
    assert progress is not None
    assert progress["stage_percent"] == 25


def test_an_edit_leaves_the_progress_of_its_job_alone(store: PostgresJobStore) -> None:
    job = order_short(store)
    attempt = Attempt(store, store.claim(job.id, "run"), Stage.IMAGES, is_edit=True)
    before = store.get_job(job.id).progress
    with attempt.waiting("waits for leonardo: 503"):
        assert store.get_job(job.id).progress == before


def test_a_job_that_rests_before_another_try_says_so_and_wakes_when_it_is_cancelled(
    store: PostgresJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order_short(store)
    Attempt(store, store.claim(job.id, "run"), Stage.MUSIC).report(0.25, "1 of 4 ready")
    monkeypatch.setattr("video_pipeline.steps.attempt.RENEWAL_S", 0.02)
    seen: list[str] = []
    looks = threading.Timer(0.1, lambda: (seen.append(message(store, job)), store.cancel(job.id)))
    looks.start()
    began = time.monotonic()
    rest(store, job.id, "mubert: HTTP 503", 60)
    looks.join()
    assert time.monotonic() - began < 5
    assert re.fullmatch(r"1 of 4 ready; waits for another try: mubert: HTTP 503; next try at \d\d:\d\d:\d\d UTC", *seen)
    assert message(store, job) == "1 of 4 ready"
