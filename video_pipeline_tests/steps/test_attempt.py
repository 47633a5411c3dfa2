"""One attempt: what it reports."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.domain.errors import StoreUnavailableError
from video_pipeline.domain.progress import Progress, Stage
from video_pipeline.domain.records import Lease
from video_pipeline.steps.attempt import Attempt
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
