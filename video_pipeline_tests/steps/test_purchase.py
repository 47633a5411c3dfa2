"""Buying one thing: set aside, taken up again, booked once, and had of another only where nothing can be bought."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import (
    AnswerLostError,
    CancelledError,
    CapReachedError,
    DoubtfulPurchaseError,
    LeaseLostError,
    LimitReachedError,
    MachineError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StoreUnavailableError,
)
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.progress import Progress, Stage
from video_pipeline.domain.purchases import CapScope, Item, Limits, PurchaseRecord, PurchaseState
from video_pipeline.ports import Purchase
from video_pipeline.steps import purchase as buying
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.purchase import Offer, obtain
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import order_short

PRICE, COST, TOLD = Decimal(2), Decimal("1.25"), Decimal("1.5")
ITEM = Item("music/01", "slow piano", 7)
ANY = Limits(concurrency=99)
S = PurchaseState

Deed = Callable[[Purchase], None]


@dataclass
class Vendor:
    """A vendor that does what a test says, and remembers how often it was asked."""

    name: str = "mubert"
    deed: Deed = lambda _purchase: None
    price: Decimal = PRICE
    limits: Limits | None = ANY
    keeping: list[Exception] = field(default_factory=list)  # what goes wrong with what came
    asked: list[str | None] = field(default_factory=list)  # the task each time, as it was found

    def offer(self, store: PostgresJobStore) -> Offer[str]:
        """What it would do."""

        def make(purchase: Purchase) -> Generation:
            self.asked.append(purchase.task_id)
            self.deed(purchase)
            return Generation(self.name, None, Licence("of a test", "https://example.org/licence"), COST)

        def keep(generation: Generation) -> str:
            if self.keeping:
                raise self.keeping.pop()
            if generation.purchase_id is not None:
                store.close_purchase(generation.purchase_id, S.SETTLED, generation.cost_usd)
            return self.name

        return Offer(self.name, self.price, self.limits, make, keep)


def submits(told: Decimal | None = None) -> Deed:
    """Accepts it, unless it has done so before."""

    def deed(purchase: Purchase) -> None:
        if purchase.task_id is None:
            purchase.submitting()
            purchase.submitted(str(uuid4()), told)

    return deed


def then(*deeds: Deed) -> Deed:
    """One after the other."""

    def deed(purchase: Purchase) -> None:
        for each in deeds:
            each(purchase)

    return deed


def fails(error: BaseException) -> Deed:
    """Ends so."""

    def deed(_purchase: Purchase) -> None:
        raise error

    return deed


def begins(purchase: Purchase) -> None:
    """Sends it; the answer is not known."""
    purchase.submitting()


def doubts(purchase: Purchase) -> None:
    """Says that nobody knows."""
    purchase.doubtful("the answer of mubert was lost")
    raise DoubtfulPurchaseError("the answer of mubert was lost, and no list has it")


@dataclass
class Buyer:
    """One job, and the attempt that has it."""

    store: PostgresJobStore
    database: Database
    attempt: Attempt

    def buy(self, *vendors: Vendor, item: Item = ITEM) -> str:
        """The thing, from the first of them that can."""
        return obtain(self.store, self.attempt, item, [each.offer(self.store) for each in vendors])

    def again(self) -> None:
        """The process ends without a word, and another attempt has the job."""
        self.store.release(self.attempt.lease)
        lease = self.store.claim(self.attempt.job_id, "the next run")
        self.attempt = Attempt(self.store, lease, Stage.MUSIC)

    def bought(self) -> list[tuple[str, PurchaseState, Decimal | None]]:
        """All purchases, the oldest one first."""
        records: Sequence[PurchaseRecord] = self.store.purchases(self.attempt.job_id)
        return [(each.provider, each.state, each.cost_usd) for each in reversed(records)]

    def paid(self) -> Decimal:
        """What the job has cost."""
        return self.store.get_job(self.attempt.job_id).actual_cost_usd

    def entries(self) -> list[str]:
        """What is in the ledger."""
        return [str(each.entry) for each in self.store.cost_entries(self.attempt.job_id)]


@pytest.fixture
def buyer(store: PostgresJobStore, database: Database) -> Buyer:
    """A job that nobody has bought anything for."""
    lease = store.claim(order_short(store).id, "run")
    return Buyer(store, database, Attempt(store, lease, Stage.MUSIC))


def test_a_thing_is_paid_with_what_its_vendor_takes(buyer: Buyer) -> None:
    assert buyer.buy(Vendor(deed=submits())) == "mubert"
    assert buyer.bought() == [("mubert", S.SETTLED, COST)]
    assert (buyer.paid(), buyer.entries()) == (COST, ["reserve", "settle"])


def test_what_this_machine_makes_for_nothing_leaves_no_trace(buyer: Buyer) -> None:
    free = Vendor("procedural", price=Decimal(0), limits=None, deed=submits())
    assert buyer.buy(free) == "procedural"
    assert (buyer.bought(), buyer.entries(), buyer.store.vendor_states()) == ([], [], [])


def test_what_a_vendor_makes_for_nothing_still_has_its_turns(buyer: Buyer) -> None:
    assert buyer.buy(Vendor(price=Decimal(0), deed=submits())) == "mubert"
    assert buyer.bought() == [("mubert", S.SETTLED, COST)]


@pytest.mark.parametrize(
    "deed",
    [
        fails(ProviderUnavailableError("no answer")),
        fails(ProviderRefusedError("no credit")),
        fails(LimitReachedError("the quota is used up")),
        then(begins, lambda it: it.refused("busy"), fails(ProviderUnavailableError("busy"))),
        then(submits(), lambda it: it.failed(Decimal(0), "no"), fails(ProviderRefusedError("no"))),
    ],
    ids=["unavailable", "refused", "quota", "withdrawn", "failed for nothing"],
)
def test_the_next_provider_is_asked_when_the_one_before_has_ended_it_for_nothing(buyer: Buyer, deed: Deed) -> None:
    first, second = Vendor(deed=deed), Vendor("beatoven", deed=submits())
    assert buyer.buy(first, second) == "beatoven"
    assert buyer.bought() == [("mubert", S.RELEASED, Decimal(0)), ("beatoven", S.SETTLED, COST)]
    assert buyer.paid() == COST


def test_what_was_paid_for_in_vain_is_not_paid_for_at_the_next_provider(buyer: Buyer) -> None:
    noise = then(submits(), lambda it: it.failed(PRICE, "noise"), fails(ProviderRefusedError("noise")))
    with pytest.raises(ProviderRefusedError):
        buyer.buy(Vendor(deed=noise), Vendor("beatoven", deed=submits()))
    assert buyer.bought() == [("mubert", S.LOST, PRICE)]


@pytest.mark.parametrize(
    ("deed", "left"),
    [
        (then(begins, fails(ProviderUnavailableError("it broke off"))), S.SUBMITTING),
        (then(begins, fails(AnswerLostError("it broke off"))), S.SUBMITTING),
        (then(submits(), fails(ProviderUnavailableError("it is not ready"))), S.SUBMITTED),
        (then(submits(), fails(ProviderRefusedError("it does not let us fetch"))), S.SUBMITTED),
        (then(begins, doubts), S.DOUBTFUL),
    ],
    ids=["sent", "answer lost", "at work", "fetch refused", "doubtful"],
)
def test_nobody_else_is_asked_while_something_may_have_been_bought(
    buyer: Buyer, deed: Deed, left: PurchaseState
) -> None:
    first, second = Vendor(deed=deed), Vendor("beatoven", deed=submits())
    with pytest.raises((ProviderUnavailableError, AnswerLostError, ProviderRefusedError, DoubtfulPurchaseError)):
        buyer.buy(first, second)
    assert (len(first.asked), second.asked) == (1, [])
    assert buyer.bought() == [("mubert", left, None)]
    assert buyer.entries() == ["reserve"]


def test_refused_words_are_sent_to_nobody_else_and_not_again(buyer: Buyer) -> None:
    first = Vendor(deed=then(begins, lambda it: it.refused("moderated"), fails(PromptRefusedError("moderated"))))
    second = Vendor("beatoven", deed=submits())
    with pytest.raises(PromptRefusedError):
        buyer.buy(first, second)
    assert (len(first.asked), second.asked) == (1, [])
    assert buyer.bought() == [("mubert", S.RELEASED, Decimal(0))]


def test_nobody_else_is_asked_when_there_is_no_money(buyer: Buyer) -> None:
    buyer.store.set_cap(CapScope.JOB, PRICE - 1)
    second = Vendor("beatoven", deed=submits(), price=Decimal("0.01"))
    with pytest.raises(CapReachedError):
        buyer.buy(Vendor(deed=submits()), second)
    assert (second.asked, buyer.bought(), buyer.entries()) == ([], [], [])


def test_money_that_may_come_back_is_waited_for_only_so_long(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buying, "CAP_PATIENCE_S", 0.2)
    monkeypatch.setattr(buying, "LOOK_AGAIN_S", (0.05, 0.1))
    buyer.store.set_cap(CapScope.JOB, PRICE)
    buyer.store.reserve(buyer.attempt.lease, "beatoven", Item("music/02", "rain", 7), PRICE)
    with pytest.raises(CapReachedError) as reached:
        buyer.buy(Vendor(deed=submits()))
    assert reached.value.may_pass


def test_the_last_providers_error_is_the_one_that_is_told(buyer: Buyer) -> None:
    vendors = (
        Vendor(deed=fails(ProviderRefusedError("one"))),
        Vendor("beatoven", deed=fails(ProviderRefusedError("two"))),
    )
    with pytest.raises(ProviderRefusedError, match="two"):
        buyer.buy(*vendors)


def test_what_was_submitted_is_taken_up_and_not_submitted_again(buyer: Buyer) -> None:
    vendor = Vendor(deed=then(submits(TOLD), fails(ProviderUnavailableError("it is not ready"))))
    with pytest.raises(ProviderUnavailableError):
        buyer.buy(vendor)
    buyer.again()
    told: list[Decimal | None] = []
    vendor.deed = then(lambda it: told.append(it.cost_usd), submits())
    other = Vendor("beatoven", deed=submits())
    # Even where another one is the first to be asked by now.
    assert buyer.buy(other, vendor) == "mubert"
    assert vendor.asked[0] is None
    assert vendor.asked[1] is not None
    assert (told, other.asked, buyer.entries()) == ([TOLD], [], ["reserve", "settle"])


def test_a_submission_without_an_answer_is_told_to_the_next_attempt(buyer: Buyer) -> None:
    vendor = Vendor(deed=then(begins, fails(AnswerLostError("it broke off"))))
    with pytest.raises(AnswerLostError):
        buyer.buy(vendor)
    buyer.again()
    ages: list[float | None] = []
    vendor.deed = lambda it: (
        ages.append(it.unanswered_s),
        it.submitted("found in its list"),
        ages.append(it.unanswered_s),
    )[0]
    assert buyer.buy(vendor) == "mubert"
    assert ages[0] is not None
    assert 0 <= ages[0] < 60
    assert ages[1] is None
    assert buyer.entries() == ["reserve", "settle"]


@pytest.mark.parametrize(("told", "owed"), [(None, PRICE), (TOLD, TOLD), (Decimal(0), Decimal(0))])
def test_what_was_submitted_in_other_words_is_lost_and_bought_anew(
    buyer: Buyer, told: Decimal | None, owed: Decimal
) -> None:
    vendor = Vendor(deed=then(submits(told), fails(ProviderUnavailableError("it is not ready"))))
    with pytest.raises(ProviderUnavailableError):
        buyer.buy(vendor)
    buyer.again()
    vendor.deed = submits()
    assert buyer.buy(vendor, item=replace(ITEM, prompt="fast piano")) == "mubert"
    assert vendor.asked == [None, None]
    assert buyer.bought() == [("mubert", S.LOST, owed), ("mubert", S.SETTLED, COST)]
    assert buyer.paid() == owed + COST


def test_what_a_provider_has_that_is_offered_no_more_is_lost(buyer: Buyer) -> None:
    with pytest.raises(ProviderUnavailableError):
        buyer.buy(Vendor(deed=then(submits(), fails(ProviderUnavailableError("it is not ready")))))
    buyer.again()
    assert buyer.buy(Vendor("beatoven", deed=submits())) == "beatoven"
    assert buyer.bought() == [("mubert", S.LOST, PRICE), ("beatoven", S.SETTLED, COST)]


def test_what_was_only_reserved_in_other_words_is_given_back(buyer: Buyer) -> None:
    buyer.store.reserve(buyer.attempt.lease, "mubert", replace(ITEM, prompt="fast piano"), PRICE)
    assert buyer.buy(Vendor(deed=submits())) == "mubert"
    assert buyer.bought() == [("mubert", S.RELEASED, Decimal(0)), ("mubert", S.SETTLED, COST)]


@pytest.mark.parametrize(
    ("outcome", "cost"), [(S.LOST, PRICE), (S.RELEASED, Decimal(0))], ids=["it was billed", "it was not"]
)
def test_nothing_is_bought_in_doubt_until_a_person_has_looked(
    buyer: Buyer, outcome: PurchaseState, cost: Decimal
) -> None:
    vendor, other = Vendor(deed=then(begins, doubts)), Vendor("beatoven", deed=submits())
    with pytest.raises(DoubtfulPurchaseError) as first:
        buyer.buy(vendor)
    [doubtful] = buyer.store.purchases(buyer.attempt.job_id)
    remedy = (
        "; look into the dashboard of mubert whether $2.00 were taken for music/01, say what is so with "
        f"'video-pipeline money resolve {doubtful.id}', then 'video-pipeline job retry {buyer.attempt.job_id}'"
    )
    assert str(first.value) == "the answer of mubert was lost, and no list has it" + remedy
    vendor.deed = submits()
    for item in (ITEM, replace(ITEM, prompt="fast piano")):
        buyer.again()
        with pytest.raises(DoubtfulPurchaseError) as again:
            buyer.buy(vendor, other, item=item)
        assert str(again.value) == "the answer of mubert was lost" + remedy
    assert (len(vendor.asked), other.asked) == (1, [])
    assert buyer.store.close_purchase(doubtful.id, outcome, cost, note="seen in the dashboard")
    assert buyer.buy(vendor) == "mubert"
    assert buyer.paid() == cost + COST


@pytest.mark.parametrize(
    ("deed", "told", "left", "paid"),
    [
        (submits(), None, S.LOST, PRICE),
        (submits(TOLD), TOLD, S.LOST, TOLD),
        (submits(Decimal(0)), Decimal(0), S.LOST, Decimal(0)),
        (lambda _it: None, None, S.RELEASED, Decimal(0)),
        (begins, None, S.SUBMITTING, Decimal(0)),
    ],
    ids=["submitted", "submitted and told", "submitted for nothing", "reserved", "sent"],
)
def test_a_cancelled_job_pays_for_what_its_vendor_has_begun(
    buyer: Buyer, deed: Deed, told: Decimal | None, left: PurchaseState, paid: Decimal
) -> None:
    with pytest.raises(CancelledError):
        buyer.buy(Vendor(deed=then(deed, fails(CancelledError("the job was cancelled")))))
    [(_, state, _)] = buyer.bought()
    assert (state, buyer.paid()) == (left, paid)
    # What nobody could end in the attempt ends with it.
    buyer.store.cancel(buyer.attempt.job_id)
    buyer.store.release(buyer.attempt.lease)
    assert {each.reserved_usd for each in buyer.store.spending(buyer.attempt.job_id)} == {Decimal(0)}
    assert buyer.paid() == (PRICE if left is S.SUBMITTING else paid)


def test_a_cancelled_job_stops_waiting_for_its_turn(buyer: Buyer) -> None:
    buyer.store.report_vendor("mubert", "slow down", 30.0)

    def cancelled(purchase: Purchase) -> None:
        buyer.store.cancel(buyer.attempt.job_id)
        buyer.attempt.watch()

    with pytest.raises(CancelledError):
        buyer.buy(Vendor(deed=then(cancelled, submits())))
    assert buyer.bought() == [("mubert", S.RELEASED, Decimal(0))]


def test_nothing_is_set_aside_for_a_cancelled_job(buyer: Buyer) -> None:
    buyer.store.cancel(buyer.attempt.job_id)
    with pytest.raises(CancelledError):
        buyer.buy(Vendor(deed=submits()))
    assert buyer.bought() == []


def test_a_vendor_that_is_away_for_long_is_not_waited_for(buyer: Buyer) -> None:
    buyer.store.report_vendor("mubert", "slow down", 300.0)
    assert buyer.buy(Vendor(deed=submits()), Vendor("beatoven", deed=submits())) == "beatoven"
    with pytest.raises(ProviderUnavailableError) as away:
        buyer.buy(Vendor(deed=submits()))
    assert away.value.retry_after_s == pytest.approx(300, abs=20)


@pytest.mark.parametrize(
    ("deed", "error", "left"),
    [
        (submits(), MediaError("it is silent"), S.LOST),
        (submits(), MachineError("the disk is full"), S.SUBMITTED),
        (submits(), LeaseLostError("another attempt has the job"), S.SUBMITTED),
        (submits(), StoreUnavailableError("no answer"), S.SUBMITTED),
        (submits(), KeyboardInterrupt(), S.SUBMITTED),
        (begins, MachineError("the disk is full"), S.LOST),
        (begins, MediaError("it is silent"), S.LOST),
    ],
)
def test_what_came_and_could_not_be_kept_is_lost_unless_it_comes_again(
    buyer: Buyer, deed: Deed, error: Any, left: PurchaseState
) -> None:
    vendor = Vendor(deed=deed, keeping=[error])
    with pytest.raises(type(error)):
        buyer.buy(vendor)
    assert [(state, cost) for _, state, cost in buyer.bought()] == [(left, COST if left is S.LOST else None)]
    buyer.again()
    assert buyer.buy(vendor) == "mubert"
    assert (vendor.asked[1] is not None) is (left is S.SUBMITTED)
    assert buyer.paid() == COST * (2 if left is S.LOST else 1)


@pytest.mark.parametrize(
    ("deed", "left"), [(lambda _it: None, S.RESERVED), (begins, S.SUBMITTING), (submits(), S.SUBMITTED)]
)
def test_books_that_do_not_answer_end_nothing(buyer: Buyer, deed: Deed, left: PurchaseState) -> None:
    """What was asked of them may have been done; the next attempt looks."""
    vendor = Vendor(deed=then(deed, fails(StoreUnavailableError("no answer"))))
    with pytest.raises(StoreUnavailableError):
        buyer.buy(vendor, Vendor("beatoven", deed=submits()))
    assert buyer.bought() == [("mubert", left, None)]


def test_a_thing_that_was_kept_before_the_books_fell_silent_is_not_lost(buyer: Buyer) -> None:
    """The commit went through, and its answer did not."""
    offer = Vendor(deed=begins).offer(buyer.store)

    def keep(generation: Generation) -> str:
        offer.keep(generation)
        raise StoreUnavailableError("no answer")

    with pytest.raises(StoreUnavailableError):
        obtain(buyer.store, buyer.attempt, ITEM, [replace(offer, keep=keep)])
    assert buyer.bought() == [("mubert", S.SETTLED, COST)]
    assert (buyer.paid(), buyer.entries()) == (COST, ["reserve", "settle"])


def test_things_of_other_places_do_not_stand_in_the_way(buyer: Buyer) -> None:
    """The second piece has a doubtful purchase; the first one is bought all the same."""
    second = replace(ITEM, what="music/02")
    with pytest.raises(DoubtfulPurchaseError):
        buyer.buy(Vendor(deed=then(begins, doubts)), item=second)
    assert buyer.buy(Vendor(deed=submits())) == "mubert"


def test_an_open_purchase_is_found_among_hundreds(buyer: Buyer) -> None:
    """A list of the newest two hundred did not have it, and the job could not go on: it was refused as a second one."""
    with pytest.raises(ProviderUnavailableError):
        buyer.buy(Vendor(deed=then(submits(), fails(ProviderUnavailableError("it is not ready")))))
    others = (
        "INSERT INTO purchases (video_job_id, what, provider, prompt, request, state, price, created_at)"
        " SELECT :job, 'clips/' || n, 'runway', 'x', repeat('a', 64), 'submitted', 0,"
        " clock_timestamp() + n * INTERVAL '1 second' FROM generate_series(1, 250) AS n"
    )
    with buyer.database.engine.begin() as connection:
        connection.execute(text(others), {"job": buyer.attempt.job_id})
    vendor = Vendor(deed=submits())
    assert buyer.buy(vendor) == "mubert"
    assert vendor.asked[0] is not None


def test_a_wait_for_a_vendor_in_trouble_is_told_once_and_a_wait_for_its_work_is_not(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.steps.open_purchase.TOLD_FROM_S", 0.0)
    record, told = buyer.store.update_job_progress, []

    def listening(job_id: UUID, progress: Progress) -> bool:
        told.append(progress.message)
        return record(job_id, progress)

    monkeypatch.setattr(buyer.store, "update_job_progress", listening)

    def deed(purchase: Purchase) -> None:
        purchase.trouble("mubert GET /tracks: HTTP 503")
        purchase.wait(0.001)
        purchase.wait(0.001)

    buyer.attempt.report(0.0, "0 of 1 ready")
    buyer.buy(Vendor(deed=deed))
    before, waiting, after = told
    assert re.fullmatch(
        r"0 of 1 ready; waits for mubert: GET /tracks: HTTP 503; next try at \d\d:\d\d:\d\d UTC", waiting
    )
    assert (before, after) == ("0 of 1 ready", "0 of 1 ready")
