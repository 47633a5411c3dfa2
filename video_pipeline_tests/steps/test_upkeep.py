"""What is done with purchases that were left open: which end, when, at what, and which a person may end before."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.purchases import TRIALS, Item, PurchaseRecord, PurchaseState
from video_pipeline.domain.records import JobRecord, Lease
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.upkeep import settle_open
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.steps.test_open_purchases import LIMITS, PRICE
from video_pipeline_tests.store.material import order_short, set_aside

S = PurchaseState
Order = Callable[..., JobRecord]


def asked_for(store: Any, lease: Lease | None, what: str = "images/02", task: str | None = "task-1") -> PurchaseRecord:
    """What a vendor was asked for, and has taken up unless `task` is None."""
    bought: PurchaseRecord = store.reserve(lease, "leonardo", Item(what, "a harbour at night", 7), PRICE)
    store.begin_submission(lease, bought.id, LIMITS)
    if task is not None:
        store.record_task(bought.id, task, Decimal("0.01"))
    return bought


def pass_time(database: Database, hours: int) -> None:
    """As it would be later: everything was so many hours before."""
    ago = f"interval '{hours} hours'"
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE video_jobs SET finished_at = finished_at - {ago}"))
        connection.execute(
            text(f"UPDATE purchases SET created_at = created_at - {ago}, submitting_at = submitting_at - {ago}")
        )


def completed(store: Any, job: JobRecord, database: Database) -> None:
    """As the books would have it when all is delivered and the process was killed before it gave the job back."""
    with database.engine.begin() as connection:
        done = "UPDATE video_jobs SET status = 'completed', finished_at = clock_timestamp() WHERE id = :id"
        connection.execute(text(done), {"id": job.id})
        connection.execute(text("UPDATE job_leases SET expires_at = clock_timestamp()"))


def test_what_was_left_open_for_a_finished_job_ends_after_an_hour(
    studio: Studio, order: Order, database: Database
) -> None:
    job = order()
    lease = studio.jobs.claim(job.id, "run")
    told, silent = asked_for(studio.jobs, lease), asked_for(studio.jobs, lease, "images/03", None)
    kept, doubtful = asked_for(studio.jobs, lease, "images/04", None), asked_for(studio.jobs, lease, "images/05", None)
    studio.jobs.withdraw_submission(kept.id, studio.jobs.purchase(kept.id).submitting_at, "it said no")
    studio.jobs.close_purchase(doubtful.id, S.DOUBTFUL)
    completed(studio.jobs, job, database)
    assert settle_open(studio) == []
    pass_time(database, 2)
    ended = {each.id: each for each in settle_open(studio)}
    assert {key: (each.state, each.cost_usd) for key, each in ended.items()} == {
        told.id: (S.LOST, Decimal("0.01")),  # as the vendor has said
        silent.id: (S.LOST, PRICE),
        kept.id: (S.RELEASED, 0),
    }
    assert "counted as paid" in ended[told.id].note
    assert "possibly paid" in ended[silent.id].note
    assert studio.jobs.purchase(doubtful.id).state is S.DOUBTFUL
    assert studio.jobs.get_job(job.id).actual_cost_usd == PRICE + Decimal("0.01")
    assert settle_open(studio) == []


def test_what_a_failed_job_has_ordered_waits_a_week_for_a_retry(
    studio: Studio, order: Order, database: Database
) -> None:
    job = order()
    bought = asked_for(studio.jobs, studio.jobs.claim(job.id, "run"))
    studio.jobs.mark_job_failed(job.id, "the vendor was late")
    pass_time(database, 24)
    assert settle_open(studio) == []
    pass_time(database, 24 * 7)
    assert [each.id for each in settle_open(studio)] == [bought.id]


def test_nothing_ends_of_a_job_that_waits_or_is_worked_on(studio: Studio, order: Order, database: Database) -> None:
    waiting, finished = order(), order()
    asked_for(studio.jobs, studio.jobs.claim(waiting.id, "run"))
    lease = studio.jobs.claim(finished.id, "run")
    asked_for(studio.jobs, lease, task="task-2")
    completed(studio.jobs, finished, database)
    studio.jobs.renew(lease)
    pass_time(database, 24 * 30)
    assert settle_open(studio) == []


def test_a_trial_that_was_killed_ends_as_well(studio: Studio, database: Database) -> None:
    bought = asked_for(studio.jobs, None, "trial/leonardo/picture")
    assert bought.job_id == TRIALS
    assert settle_open(studio) == []
    pass_time(database, 2)
    assert [each.id for each in settle_open(studio)] == [bought.id]


def test_a_person_may_end_what_nobody_works_on(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run")
    told, silent = asked_for(store, lease), asked_for(store, lease, "images/03", None)
    reserved = set_aside(store, lease, what="images/04")
    for each in (told, silent, reserved):
        with pytest.raises(ConflictError, match="nobody works"):
            store.resolve_purchase(each.id, None)
    store.release(lease)
    assert store.resolve_purchase(told.id, Decimal("0.03")).cost_usd == Decimal("0.03")
    assert store.resolve_purchase(silent.id, None).state is S.RELEASED
    with pytest.raises(ConflictError, match="is reserved"):
        store.resolve_purchase(reserved.id, None)
