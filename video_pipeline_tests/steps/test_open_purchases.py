"""Purchases that are open when something else happens: takeovers, cancels, edits, a vendor or books out of order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import (
    CapReachedError,
    LeaseLostError,
    ProviderUnavailableError,
    StoreUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import UNFINISHED, CapScope, Item, Limits, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import Purchase
from video_pipeline.providers.dummy import DummyImages
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.reorder import reorder
from video_pipeline.steps.studio import Studio
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.steps.test_edits import repaint, waiting
from video_pipeline_tests.store.material import order_short, set_aside

S = PurchaseState
Order = Callable[..., JobRecord]
LIMITS = Limits(concurrency=9)
ITEM = Item("images/02", "a harbour at night", 7)
PRICE = Decimal("0.02")
TERMS = Licence("terms", None)


def attempt_at(store: PostgresJobStore, job: JobRecord, run: str = "run") -> Attempt:
    """The right to work on a job."""
    return Attempt(store, store.claim(job.id, run), Stage.IMAGES)


def offer(make: Callable[[Purchase], Generation], provider: str = "leonardo") -> Offer[Generation]:
    """What a vendor would do; what it made is kept at once."""
    return Offer(provider, PRICE, LIMITS, make, lambda generation: generation)


def asleep(database: Database, job: JobRecord) -> None:
    """Let the lease of a job run out, as when the machine of its attempt sleeps."""
    with database.engine.begin() as connection:
        statement = "UPDATE job_leases SET expires_at = clock_timestamp() - interval '1 second' WHERE video_job_id = :id"
        connection.execute(text(statement), {"id": job.id})


def test_an_attempt_that_lost_its_job_ends_no_purchase_of_its_successor(
    store: PostgresJobStore, database: Database
) -> None:
    job = order_short(store)
    sleeper = attempt_at(store, job, "sleeper")
    asleep(database, job)
    successor = attempt_at(store, job, "successor")
    bought = set_aside(store, successor.lease, str(PRICE))

    def make(purchase: Purchase) -> Generation:
        # Between the sleeper's look into the books and its submission the successor submits.
        store.begin_submission(successor.lease, bought.id, LIMITS)
        store.record_task(bought.id, "task-1")
        purchase.submitting()
        raise AssertionError("it may not submit")

    with pytest.raises(LeaseLostError):
        obtain(store, sleeper, ITEM, [offer(make)])
    assert store.purchase(bought.id).state is S.SUBMITTED


def test_an_answer_that_comes_after_all_is_in_the_books(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    slow = attempt_at(store, job, "slow")
    bought = set_aside(store, slow.lease, str(PRICE))
    store.begin_submission(slow.lease, bought.id, LIMITS)
    asleep(database, job)
    successor = attempt_at(store, job, "successor")
    store.withdraw_submission(bought.id, "the vendor's list does not have it")
    store.begin_submission(successor.lease, bought.id, LIMITS)
    store.record_task(bought.id, "task-2")
    try:
        store.record_task(bought.id, "task-1")  # the slow attempt's answer: the vendor made two
    except StudioError:
        pass
    assert store.known_tasks("leonardo", ["task-1", "task-2"]) == {"task-1", "task-2"}


def test_a_cancelled_job_leaves_no_money_set_aside(store: PostgresJobStore) -> None:
    job = order_short(store)
    attempt = attempt_at(store, job)
    bought = set_aside(store, attempt.lease, str(PRICE))
    store.begin_submission(attempt.lease, bought.id, LIMITS)
    store.cancel(job.id)  # while its attempt works
    store.release(attempt.lease)  # it has noticed
    assert store.purchases(job.id, states=UNFINISHED) == []


@pytest.mark.parametrize("cost", ["9e999999", "1e30", "100000000"])
def test_no_figure_of_a_vendor_keeps_its_task_out_of_the_books(store: PostgresJobStore, cost: str) -> None:
    job = order_short(store)
    attempt = attempt_at(store, job)

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted("task-1", Decimal(cost))
        raise ProviderUnavailableError("later")

    with pytest.raises(ProviderUnavailableError):
        obtain(store, attempt, ITEM, [offer(make)])
    assert store.purchases(job.id)[0].task_id == "task-1"


@pytest.mark.parametrize("cost", ["9e999999", "1e30"])
def test_no_figure_of_a_vendor_keeps_what_it_made_out_of_the_books(store: PostgresJobStore, cost: str) -> None:
    job = order_short(store)
    attempt = attempt_at(store, job)
    bought = set_aside(store, attempt.lease, str(PRICE))
    store.begin_submission(attempt.lease, bought.id, LIMITS)
    store.record_task(bought.id, "task-1")
    assert store.close_purchase(bought.id, S.SETTLED, Decimal(cost))
    assert store.purchase(bought.id).state is S.SETTLED


@dataclass
class Hiccup:
    """Books that do not answer once."""

    store: Any
    name: str
    left: int = 1

    def __getattr__(self, name: str) -> Any:
        if name == self.name and self.left:
            self.left -= 1
            raise StoreUnavailableError("the database did not answer: it restarts")
        return getattr(self.store, name)


def test_books_that_do_not_answer_once_cost_no_task_id(store: PostgresJobStore) -> None:
    job = order_short(store)
    attempt = attempt_at(store, job)

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted("task-1")
        return Generation("beatoven", "task-1", TERMS, PRICE)

    books: Any = Hiccup(store, "record_task")
    try:
        obtain(books, attempt, ITEM, [offer(make, "beatoven")])
    except StoreUnavailableError:
        pass
    assert store.purchases(job.id)[0].task_id == "task-1"  # it has no list in which to look for it


@pytest.mark.parametrize("pause_s", [1e9, 1e12, 1e15])
def test_no_vendor_closes_itself_for_years(store: PostgresJobStore, pause_s: float) -> None:
    store.report_vendor("leonardo", "429", pause_s)
    job = order_short(store)
    attempt = attempt_at(store, job)
    turn = store.begin_submission(attempt.lease, set_aside(store, attempt.lease).id, LIMITS)
    assert turn.wait_s <= 86_400


def test_a_vendor_may_fail_for_weeks(store: PostgresJobStore, database: Database) -> None:
    store.report_vendor("leonardo", "502")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE vendor_states SET failures = 1100"))
    store.report_vendor("leonardo", "502")
    assert store.vendor_states()[0].failures == 1101


def test_what_a_vendor_has_said_it_takes_is_booked_when_its_job_is_given_up(store: PostgresJobStore) -> None:
    job = order_short(store)
    attempt = attempt_at(store, job)
    bought = set_aside(store, attempt.lease, "0.04")
    store.begin_submission(attempt.lease, bought.id, LIMITS)
    store.record_task(bought.id, "task-1", Decimal("0.035"))
    store.release(attempt.lease)
    store.cancel(job.id)
    assert store.purchase(bought.id).cost_usd == Decimal("0.035")


def test_what_cannot_be_kept_for_another_reason_is_not_bought_of_the_next_one(store: PostgresJobStore) -> None:
    """A picture came, and its clip's engine was away: another picture would not help."""
    job = order_short(store)
    attempt = attempt_at(store, job)
    asked: list[str] = []

    def maker(provider: str) -> Offer[Generation]:
        def make(purchase: Purchase) -> Generation:
            purchase.submitting()
            purchase.submitted(None)  # the answer was the picture
            asked.append(provider)
            return Generation(provider, None, TERMS, PRICE)

        def keep(generation: Generation) -> Generation:
            raise ProviderUnavailableError("runway: no clip for now")

        return Offer(provider, PRICE, LIMITS, make, keep)

    with pytest.raises(ProviderUnavailableError):
        obtain(store, attempt, ITEM, [maker("gemini"), maker("leonardo")])
    assert asked == ["gemini"]


class Vendor(DummyImages):
    """A vendor with a price; a refinement costs what every picture costs."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.capabilities = replace(self.capabilities, price_usd=Decimal("0.10"), limits=LIMITS)
        self.asked = 0
        self.is_away = False

    def illustrate(self, prompt: Any, seed: int, size: tuple[int, int], out: Any, purchase: Any = None) -> Generation:
        task_id = purchase.task_id
        if task_id is None:
            purchase.submitting()
            self.asked += 1
            task_id = f"task-{self.asked}"
            purchase.submitted(task_id)
        if self.is_away:
            raise ProviderUnavailableError("not ready; retry later")
        made = super().illustrate(prompt, seed, size, out)
        return replace(made, provider_id=task_id, cost_usd=self.capabilities.price_usd)


def test_a_refinement_stays_below_the_cap(studio: Studio, order: Order, workshop: Any) -> None:
    job = waiting(studio, order)
    studio.jobs.set_cap(CapScope.JOB, Decimal("0.05"))
    vendor = Vendor(workshop)
    with pytest.raises(CapReachedError):
        repaint(replace(studio, images={"dummy": vendor}), job)
    assert vendor.asked == 0


def test_a_refinement_that_was_begun_follows_its_scene(studio: Studio, order: Order, workshop: Any) -> None:
    job = waiting(studio, order)
    vendor = Vendor(workshop)
    studio = replace(studio, images={"dummy": vendor})
    vendor.is_away = True
    with pytest.raises(ProviderUnavailableError):
        repaint(studio, job, 3)
    vendor.is_away = False
    reorder(studio, job.id, [3, 1, 2], by="ada")
    repaint(studio, job, 1)  # the same scene, the same words
    assert vendor.asked == 1
    assert studio.jobs.purchases(job.id, states=UNFINISHED) == []


def test_a_refinement_that_was_begun_survives_another_caption(studio: Studio, order: Order, workshop: Any) -> None:
    job = waiting(studio, order)
    vendor = Vendor(workshop)
    studio = replace(studio, images={"dummy": vendor})
    vendor.is_away = True
    with pytest.raises(ProviderUnavailableError):
        repaint(studio, job, 3)
    vendor.is_away = False
    repaint(studio, job, 1, None, description="Something else")  # type: ignore[arg-type] # no picture
    repaint(studio, job, 3)
    assert vendor.asked == 1


def test_a_finished_job_leaves_no_money_set_aside(studio: Studio, order: Order, workshop: Any) -> None:
    from video_pipeline_tests.steps.test_edits import told_delivered

    job = waiting(studio, order)
    vendor = Vendor(workshop)
    vendor.is_away = True
    with pytest.raises(ProviderUnavailableError):
        repaint(replace(studio, images={"dummy": vendor}), job, 3)
    told_delivered(studio, job)
    assert studio.jobs.purchases(job.id, states=UNFINISHED) == []
