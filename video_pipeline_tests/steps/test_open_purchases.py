"""Purchases that are open when something else happens: takeovers, cancels, edits, a vendor or books out of order."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from video_pipeline.domain.errors import (
    CapReachedError,
    ConflictError,
    InvalidInputError,
    LeaseLostError,
    PromptRefusedError,
    ProviderUnavailableError,
    StoreUnavailableError,
    StudioError,
)
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import TRIALS, UNFINISHED, CapScope, Item, Limits, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import Purchase
from video_pipeline.providers.dummy import DummyImages
from video_pipeline.providers.vendor import Accepted, Dealing, Pace
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.open_purchase import CLOSED_PATIENCE_S, OpenPurchase
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.reorder import reorder
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.trial import _Operator
from video_pipeline.store import PostgresJobStore
from video_pipeline.store.books import entries
from video_pipeline.store.money.turns import FAILURES_MAX
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.steps.test_edits import WORDS, repaint, told_delivered, waiting
from video_pipeline_tests.steps.test_pipeline import BEFORE, go
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
        statement = (
            "UPDATE job_leases SET expires_at = clock_timestamp() - interval '1 second' WHERE video_job_id = :id"
        )
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
    began_at = store.begin_submission(slow.lease, bought.id, LIMITS).began_at
    asleep(database, job)
    successor = attempt_at(store, job, "successor")
    store.withdraw_submission(bought.id, began_at, "the vendor's list does not have it")
    store.begin_submission(successor.lease, bought.id, LIMITS)
    store.record_task(bought.id, "task-2")
    with contextlib.suppress(StudioError):
        store.record_task(bought.id, "task-1")  # the slow attempt's answer: the vendor made two
    assert store.known_tasks("leonardo", ["task-1", "task-2"]) == {"task-1", "task-2"}


def test_a_refusal_that_comes_late_undoes_no_submission_of_a_successor(
    store: PostgresJobStore, database: Database
) -> None:
    """Else its task could not be recorded: it would be booked as one more, and the thing be paid for a second time."""
    job = order_short(store)
    slow = attempt_at(store, job, "slow")

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        asleep(database, job)
        successor = attempt_at(store, job, "successor")
        (found,) = store.purchases(job.id)
        taken_up = OpenPurchase(store, successor, found, LIMITS)
        taken_up.refused("the vendor's list does not have it")
        taken_up.submitting()
        with pytest.raises(LeaseLostError):
            purchase.refused("the answer to the first one, at last")
        taken_up.submitted("task-2")
        raise LeaseLostError("it ends")

    with pytest.raises(LeaseLostError):
        obtain(store, slow, ITEM, [offer(make)])
    (bought,) = store.purchases(job.id)
    assert (bought.state, bought.task_id) == (S.SUBMITTED, "task-2")


def test_a_refusal_of_a_trial_that_comes_late_undoes_no_later_submission(store: PostgresJobStore) -> None:
    """Trials have no attempt: an operator tries again while the first one hangs."""
    bought = store.reserve(None, "leonardo", ITEM, PRICE)
    late = OpenPurchase(store, _Operator(), bought, LIMITS)
    late.submitting()
    (found,) = store.purchases(TRIALS)
    again = OpenPurchase(store, _Operator(), found, LIMITS)
    again.refused("the vendor's list does not have it")
    again.submitting()
    with pytest.raises(ConflictError, match="since then"):
        late.refused("the answer to the first one, at last")
    again.submitted("task-2")
    assert store.purchase(bought.id).task_id == "task-2"


def test_a_doubt_that_comes_late_is_none_about_what_a_successor_has_submitted(
    store: PostgresJobStore, database: Database
) -> None:
    job = order_short(store)
    slow = attempt_at(store, job, "slow")
    late = OpenPurchase(store, slow, set_aside(store, slow.lease, str(PRICE)), LIMITS)
    late.submitting()
    asleep(database, job)
    successor = attempt_at(store, job, "successor")
    (found,) = store.purchases(job.id)
    OpenPurchase(store, successor, found, LIMITS).submitted("task-1")
    with pytest.raises(LeaseLostError):
        late.doubtful("its list cannot be read")
    assert store.purchase(found.id).state is S.SUBMITTED


def test_a_machine_that_slept_looks_for_what_it_submitted_before(
    store: PostgresJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its monotonic clock slept as well: a task of an hour ago would be too old to be ours, and be made again."""
    attempt = attempt_at(store, order_short(store))
    purchase = OpenPurchase(store, attempt, set_aside(store, attempt.lease, str(PRICE)), LIMITS)
    purchase.submitting()
    awake = time.time
    with monkeypatch.context() as slept:
        slept.setattr(time, "time", lambda: awake() + 3600)
        assert (purchase.unanswered_s or 0) >= 3600
    with monkeypatch.context() as set_back:
        set_back.setattr(time, "time", lambda: awake() - 3600)
        assert (purchase.unanswered_s or -1) >= 0


def test_a_submission_that_its_own_attempt_has_withdrawn_meanwhile_is_made_again(
    store: PostgresJobStore, database: Database
) -> None:
    job = order_short(store)
    slow = attempt_at(store, job, "slow")
    bought = set_aside(store, slow.lease, str(PRICE))
    early = OpenPurchase(store, slow, bought, LIMITS)
    early.submitting()
    asleep(database, job)
    successor = attempt_at(store, job, "successor")
    taken_up = OpenPurchase(store, successor, store.purchase(bought.id), LIMITS)
    early.refused("it said no, late")
    taken_up.refused("the vendor's list does not have it")
    taken_up.submitting()
    taken_up.submitted("task-1")
    assert store.purchase(bought.id).task_id == "task-1"


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
    with contextlib.suppress(StoreUnavailableError):
        obtain(books, attempt, ITEM, [offer(make, "beatoven")])
    assert store.purchases(job.id)[0].task_id == "task-1"  # it has no list in which to look for it


def test_books_that_hear_nothing_of_a_vendor_cost_nothing_that_came(store: PostgresJobStore) -> None:
    """How a call went is only for the circuit breaker; a picture that came with the answer does not come again."""
    job = order_short(store)
    attempt = attempt_at(store, job)

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted(None)
        return Generation("gemini", None, TERMS, PRICE)

    books: Any = Hiccup(store, "report_vendor")
    assert obtain(books, attempt, ITEM, [offer(make, "gemini")]).cost_usd == PRICE


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
    trial = store.reserve(None, "leonardo", ITEM, PRICE)
    store.begin_submission(None, trial.id, LIMITS)
    store.report_vendor("leonardo", "502", submission=trial.id)
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
    job = waiting(studio, order)
    vendor = Vendor(workshop)
    vendor.is_away = True
    with pytest.raises(ProviderUnavailableError):
        repaint(replace(studio, images={"dummy": vendor}), job, 3)
    told_delivered(studio, job)
    assert studio.jobs.purchases(job.id, states=UNFINISHED) == []


def test_what_came_is_kept_though_the_books_did_not_answer_once(store: PostgresJobStore) -> None:
    """A picture that came with the answer, as Gemini's do, cannot be fetched again."""
    job = order_short(store)
    attempt = attempt_at(store, job)
    asked: list[str] = []
    kept: list[Generation] = []

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted(None)
        asked.append("gemini")
        return Generation("gemini", None, TERMS, PRICE)

    def keep(generation: Generation) -> Generation:
        if not kept:
            kept.append(generation)
            raise StoreUnavailableError("the database did not answer: it restarts")
        return generation

    for _ in range(2):  # as Dagster does, which repeats what may pass
        try:
            obtain(store, attempt, ITEM, [Offer("gemini", PRICE, LIMITS, make, keep)])
            break
        except StoreUnavailableError:
            continue
    assert len(asked) == 1


def test_nothing_is_submitted_for_a_job_that_was_cancelled(store: PostgresJobStore) -> None:
    """Its attempt notices within ten seconds; the books know at once."""
    job = order_short(store)
    attempt = attempt_at(store, job)
    bought = set_aside(store, attempt.lease, str(PRICE))
    store.cancel(job.id)
    with pytest.raises(StudioError):
        store.begin_submission(attempt.lease, bought.id, LIMITS)
    with pytest.raises(StudioError):
        set_aside(store, attempt.lease, str(PRICE), "images/03")


def test_others_wait_for_the_outcome_of_a_trial(store: PostgresJobStore) -> None:
    job = order_short(store)
    attempt = attempt_at(store, job)
    for _ in range(FAILURES_MAX):
        store.report_vendor("leonardo", "502")
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE vendor_states SET closed_until = clock_timestamp()"))
    trial, other = (set_aside(store, attempt.lease, what=f"images/{number:02}") for number in (1, 2))
    assert not store.begin_submission(attempt.lease, trial.id, LIMITS).wait_s
    assert store.begin_submission(attempt.lease, other.id, LIMITS).wait_s <= CLOSED_PATIENCE_S


def test_a_task_that_fails_while_its_vendor_takes_nothing_up_keeps_nobody_away(store: PostgresJobStore) -> None:
    """Three looks at what was submitted before fail; then a submission of another one does, which is the trial."""
    job = order_short(store)
    attempt = attempt_at(store, job)
    looked = OpenPurchase(store, attempt, set_aside(store, attempt.lease), LIMITS)
    looked.submitting()
    looked.submitted("task-1")
    for _ in range(FAILURES_MAX):
        looked.trouble("502")
    away_until = store.vendor_states()[0].closed_until
    for _ in range(3):
        looked.trouble("502")
    assert store.vendor_states()[0].closed_until == away_until
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE vendor_states SET closed_until = clock_timestamp()"))
    tried = OpenPurchase(store, attempt, set_aside(store, attempt.lease, what="images/03"), LIMITS)
    tried.submitting()
    looked.trouble("502")
    assert store.vendor_states()[0].failures == FAILURES_MAX
    tried.trouble("its answer was lost")
    assert store.vendor_states()[0].failures == FAILURES_MAX + 1
    tried.submitted("task-2")  # it stands in the list, which can be read
    assert store.vendor_states()[0].failures == FAILURES_MAX + 1


def test_a_vendor_that_says_no_is_there(store: PostgresJobStore) -> None:
    """Its refusal of a trial is an answer: the breaker is not to keep others away for it."""
    job = order_short(store)
    attempt = attempt_at(store, job)
    for _ in range(FAILURES_MAX):
        store.report_vendor("leonardo", "502")
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE vendor_states SET closed_until = clock_timestamp()"))

    class Refusing:
        def submit(self) -> Accepted:
            raise PromptRefusedError("use other words")

    def make(purchase: Purchase) -> Generation:
        http: Any = None
        calls: Any = Refusing()
        Dealing("leonardo", http, calls, purchase, Pace(1.0, 1.0), PRICE).have(Path("nowhere"), lambda _: None)
        raise AssertionError("it refuses")

    with pytest.raises(PromptRefusedError):
        obtain(store, attempt, ITEM, [offer(make)])
    assert store.vendor_states()[0].closed_until is None


def test_a_picture_for_thumbnails_that_is_late_leaves_no_money_set_aside(
    studio: Studio, order: Order, workshop: Any
) -> None:
    vendor = Vendor(workshop)
    vendor.is_away = True
    studio = replace(studio, images={**studio.images, "late": vendor}, thumbnail_provider="late")
    job = waiting(studio, order)
    assert vendor.asked == 1
    told_delivered(studio, job)
    assert studio.jobs.purchases(job.id, states=UNFINISHED) == []


def test_a_cancel_and_an_outcome_do_not_wait_for_each_other(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    late = attempt_at(store, job)
    bought = set_aside(store, late.lease, str(PRICE))
    store.begin_submission(late.lease, bought.id, LIMITS)
    asleep(database, job)
    failed: list[BaseException] = []

    def cancel() -> None:
        try:
            store.cancel(job.id)
        except StudioError as error:
            failed.append(error)

    ending = threading.Thread(target=cancel)
    with database.engine.begin() as connection:  # `close`, slowly
        entries._changed(connection, bought.id, UNFINISHED, {"state": S.LOST, "cost": PRICE})
        ending.start()
        time.sleep(0.3)
        try:
            entries._put_onto_job(connection, job.id, PRICE, None)
        except DBAPIError as error:
            failed.append(error)
            connection.rollback()
    ending.join()
    assert not failed


def test_refused_words_are_not_sent_again(store: PostgresJobStore) -> None:
    job = order_short(store)
    asked: list[str] = []

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        asked.append("leonardo")
        purchase.refused("moderation")
        raise PromptRefusedError("leonardo refused the words; use others")

    for run in ("first", "retried by its operator"):
        attempt = attempt_at(store, job, run)
        with pytest.raises(PromptRefusedError):
            obtain(store, attempt, ITEM, [offer(make)])
        store.release(attempt.lease)
    assert len(asked) == 1


class Prudish(DummyImages):
    """A vendor whose moderation refuses the words of the second scene."""

    refused: str | None = None

    def illustrate(self, prompt: Any, *order: Any) -> Generation:
        if self.refused is None and prompt.order_index == 2:
            self.refused = prompt.text
        if prompt.text == self.refused:
            raise PromptRefusedError("the vendor refused the words; use others")
        return super().illustrate(prompt, *order)


def test_a_job_whose_words_were_refused_gets_others(studio: Studio, order: Order, workshop: Any) -> None:
    """Its music is paid by then; an order of another job would pay for that again."""
    studio = replace(studio, images={"dummy": Prudish(workshop)})
    job = order()
    with pytest.raises(PromptRefusedError):
        go(studio, job.id, *BEFORE)
    repaint(studio, job, 2)
    bring_back(studio.jobs, studio.media, job.id)
    assert go(studio, job.id, Stage.IMAGES).status is JobStatus.AWAITING_APPROVAL


def test_other_words_for_a_failed_job_cost_nothing_and_are_for_what_is_not_there(
    studio: Studio, order: Order, workshop: Any
) -> None:
    studio = replace(studio, images={"dummy": Prudish(workshop)})
    job = order()
    with pytest.raises(PromptRefusedError):
        go(studio, job.id, *BEFORE)
    made = {image.order_index for image in studio.jobs.images(job.id)}
    after = repaint(studio, job, 2)
    assert (after.status, after.refinement_count) == (JobStatus.FAILED, 0)
    assert [each.kind for each in studio.jobs.events(job.id)][-1] == "reworded"
    assert after.storyboard is not None
    assert after.storyboard.scenes[1].visual.text == WORDS
    for there in made:
        with pytest.raises(ConflictError, match="has its picture"):
            repaint(studio, job, there)
    with pytest.raises(InvalidInputError, match="does not exist"):
        repaint(studio, job, 9)


def test_a_job_that_failed_over_something_else_gets_no_other_words(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    told_delivered(studio, job)
    with studio.jobs._engine.begin() as connection:  # type: ignore[attr-defined] # the store's own
        connection.execute(text("UPDATE video_jobs SET status = 'failed', failed_from = 'rendering'"))
    with pytest.raises(ConflictError, match="is failed"):
        repaint(studio, job, 2)
