"""Money: set aside once, taken or given back once, and never noise."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import CapReachedError, ConflictError, InvalidInputError, LeaseLostError
from video_pipeline.domain.purchases import TRIALS, CapScope, Item, Limits, PurchaseRecord, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import order_short, set_aside

PRICE = Decimal("0.02")
S = PurchaseState


@pytest.fixture
def lease(store: PostgresJobStore) -> Lease:
    """The right to write to a fresh job."""
    return store.claim(order_short(store, 3).id, "run")


def entries(database: Database) -> list[tuple[object, ...]]:
    """What is in the ledger."""
    query = "SELECT entry, amount, message FROM cost_ledger ORDER BY id"
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_what_is_set_aside_is_replaced_by_the_vendors_own_figure(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    bought = set_aside(store, lease)
    assert store.get_job(lease.job_id).actual_cost_usd == 0
    assert store.close_purchase(bought.id, S.SETTLED, Decimal("0.0311"), credits=Decimal("3.5"))
    assert entries(database) == [("reserve", PRICE, "images/02"), ("settle", Decimal("0.0311"), "images/02")]
    assert store.get_job(lease.job_id).actual_cost_usd == Decimal("0.0311")
    with database.engine.connect() as connection:
        assert (
            connection.execute(text("SELECT credits_used FROM video_jobs")).scalar_one() == 4
        )  # whole ones, rounded up
    closed = store.purchase(bought.id)
    assert (closed.state, closed.cost_usd, closed.credits) == (S.SETTLED, Decimal("0.0311"), Decimal("3.5"))


def test_only_the_first_outcome_counts(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    bought = set_aside(store, lease)
    outcomes = [(S.SETTLED, PRICE), (S.SETTLED, PRICE), (S.RELEASED, Decimal(0)), (S.DOUBTFUL, Decimal(0))]
    assert [store.close_purchase(bought.id, *each) for each in outcomes] == [True, False, False, False]
    assert [entry for entry, *_ in entries(database)] == ["reserve", "settle"]
    assert store.get_job(lease.job_id).actual_cost_usd == PRICE


def test_a_failure_gives_the_money_back(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    bought = set_aside(store, lease)
    assert store.close_purchase(bought.id, S.RELEASED, note="it said no\x00")
    assert not store.close_purchase(bought.id, S.RELEASED, note="again")
    assert entries(database)[1:] == [("release", PRICE, "it said no")]
    assert store.get_job(lease.job_id).actual_cost_usd == 0
    assert set_aside(store, lease).id != bought.id  # it may be bought again


def test_what_was_billed_after_it_was_given_up_is_in_the_books(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    bought = set_aside(store, lease)
    store.release(lease)
    store.claim(lease.job_id, "the next attempt")
    assert [store.close_purchase(bought.id, S.SETTLED, PRICE) for _ in range(2)] == [True, False]
    assert [entry for entry, *_ in entries(database)] == ["reserve", "release", "settle"]
    assert store.get_job(lease.job_id).actual_cost_usd == PRICE


def test_nothing_is_written_for_nothing(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    store.close_purchase(set_aside(store, lease, "0").id, S.SETTLED)
    store.close_purchase(set_aside(store, lease, "0").id, S.RELEASED)
    assert entries(database) == []
    # Cheaper or dearer than expected is both told.
    store.close_purchase(set_aside(store, lease, "0").id, S.SETTLED, PRICE)
    store.close_purchase(set_aside(store, lease, what="images/03").id, S.SETTLED, Decimal(0))
    assert [(entry, amount) for entry, amount, _ in entries(database)] == [
        ("settle", PRICE),
        ("reserve", PRICE),
        ("settle", Decimal(0)),
    ]


def test_nothing_is_set_aside_without_the_job(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    store.release(lease)
    with pytest.raises(LeaseLostError):
        set_aside(store, lease)
    assert entries(database) == []
    assert store.purchases(lease.job_id) == []


def test_one_thing_is_bought_once_at_a_time(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    set_aside(store, lease)
    with pytest.raises(ConflictError):
        set_aside(store, lease, provider="replicate")
    assert [entry for entry, *_ in entries(database)] == ["reserve"]


def test_what_the_vendor_has_is_not_given_back_when_the_attempt_ends_without_a_word(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    named, asked, kept = (set_aside(store, lease, what=f"images/{number:02}") for number in (1, 2, 3))
    for each in (named, asked):
        assert store.begin_submission(lease, each.id, Limits(concurrency=9)).wait_s == 0
    store.record_task(named.id, "task-1")
    store.release(lease)
    store.claim(lease.job_id, "the next attempt")
    assert {record.id: record.state for record in store.purchases(lease.job_id)} == {
        named.id: S.SUBMITTED,
        asked.id: S.SUBMITTING,
        kept.id: S.RELEASED,
    }
    assert [entry for entry, *_ in entries(database)] == ["reserve"] * 3 + ["release"]


def test_money_in_doubt_stays_set_aside_until_somebody_has_looked(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    bought = set_aside(store, lease)
    assert store.close_purchase(bought.id, S.DOUBTFUL, note="no answer")
    assert [entry for entry, *_ in entries(database)] == ["reserve"]
    assert next(each for each in store.spending(lease.job_id) if each.scope == "job").reserved_usd == PRICE
    assert store.close_purchase(bought.id, S.LOST, PRICE, note="it is on the bill")
    assert store.get_job(lease.job_id).actual_cost_usd == PRICE


def test_caps_are_told_for_a_job_that_is_not_there_yet(store: PostgresJobStore, lease: Lease) -> None:
    set_aside(store, lease)
    channel_id = store.get_job(lease.job_id).channel_id
    store.set_cap(CapScope.CHANNEL, Decimal(3), channel_id=channel_id)
    told = {each.scope: each for each in store.spending(channel_id=channel_id)}
    assert list(told) == list(CapScope)
    assert (told[CapScope.JOB].reserved_usd, told[CapScope.JOB].cap_usd) == (0, Decimal(20))
    assert (told[CapScope.CHANNEL].reserved_usd, told[CapScope.CHANNEL].cap_usd) == (PRICE, 3)
    assert [each.scope for each in store.spending()] == [CapScope.DAY, CapScope.MONTH]


TRIAL = Item("trial/leonardo/picture", "a harbour at night", 7)


def test_a_trial_belongs_to_no_job_and_counts_for_day_and_month(store: PostgresJobStore, database: Database) -> None:
    store.set_cap(CapScope.JOB, Decimal(0))
    bought = store.reserve(None, "leonardo", TRIAL, PRICE)
    assert (bought.job_id, bought.channel_id) == (TRIALS, None)
    assert [(each.scope, each.reserved_usd) for each in store.spending()] == [("day", PRICE), ("month", PRICE)]
    assert store.begin_submission(None, bought.id, Limits(concurrency=1)).wait_s == 0
    with pytest.raises(ConflictError, match="not reserved"):
        store.begin_submission(None, bought.id, Limits(concurrency=1))
    store.record_task(bought.id, "task-1")
    assert store.close_purchase(bought.id, S.SETTLED, PRICE)
    assert entries(database) == [("reserve", PRICE, TRIAL.what), ("settle", PRICE, TRIAL.what)]
    store.set_cap(CapScope.DAY, PRICE)
    with pytest.raises(CapReachedError, match="for this day"):
        store.reserve(None, "leonardo", TRIAL, PRICE)


def test_only_what_is_doubtful_is_resolved(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    bought = set_aside(store, lease)
    with pytest.raises(ConflictError, match="is reserved; only a doubtful one"):
        store.resolve_purchase(bought.id, None)
    store.close_purchase(bought.id, S.DOUBTFUL)
    for wrong in ("-1", "NaN", "1e12"):
        with pytest.raises(InvalidInputError):
            store.resolve_purchase(bought.id, Decimal(wrong))
    done = store.resolve_purchase(bought.id, Decimal("0.03"), by="boss")
    assert (done.state, done.cost_usd, done.note) == (S.LOST, Decimal("0.03"), "$0.03 were taken, says boss")
    assert [entry for entry, *_ in entries(database)] == ["reserve", "settle"]
    # Also what was said not to be on the bill, and is: the later word is no other outcome.
    other = set_aside(store, lease, what="images/03")
    store.close_purchase(other.id, S.DOUBTFUL)
    store.resolve_purchase(other.id, None)
    with pytest.raises(ConflictError):
        store.resolve_purchase(other.id, PRICE)
    assert store.find_purchase(str(other.id)[:8].upper()) == store.purchase(other.id)


def open_ones(store: PostgresJobStore, lease: Lease) -> tuple[PurchaseRecord, PurchaseRecord]:
    """One that is reserved, and one that the vendor has taken up for less than its price."""
    kept, asked = set_aside(store, lease, "3", "images/01"), set_aside(store, lease, "2")
    store.begin_submission(lease, asked.id, Limits(concurrency=9))
    store.record_task(asked.id, "task-1", Decimal("1.5"))
    return kept, asked


def check_ended(store: PostgresJobStore, kept: PurchaseRecord, asked: PurchaseRecord) -> None:
    """What nobody was asked for is free again; what somebody was asked for is paid as was told."""
    assert (store.purchase(kept.id).state, store.purchase(asked.id).state) == (S.RELEASED, S.LOST)
    assert {(each.paid_usd, each.reserved_usd) for each in store.spending()} == {(Decimal("1.5"), 0)}


def test_what_a_cancelled_job_had_under_way_ends_with_its_attempt(store: PostgresJobStore, lease: Lease) -> None:
    """The attempt keeps the job until it notices, and once nobody came after it: its money was set aside for ever."""
    bought = open_ones(store, lease)
    store.cancel(lease.job_id)
    assert store.purchase(bought[0].id).state is S.RESERVED
    store.release(lease)
    check_ended(store, *bought)


def test_what_a_cancelled_job_had_under_way_ends_when_its_attempt_was_killed(
    store: PostgresJobStore, lease: Lease
) -> None:
    bought = open_ones(store, lease)
    store.cancel(lease.job_id)
    store.renew(lease, ttl_s=0)
    assert store.lost_jobs() == []
    check_ended(store, *bought)


def test_a_job_that_fails_keeps_no_money_that_nobody_was_asked_for(store: PostgresJobStore, lease: Lease) -> None:
    kept, asked = open_ones(store, lease)
    store.renew(lease, ttl_s=0)
    assert store.mark_lost(lease.job_id, "its process was killed")
    assert (store.purchase(kept.id).state, store.purchase(asked.id).state) == (S.RELEASED, S.SUBMITTED)


def test_what_is_billed_for_a_deleted_job_counts_for_its_channel(store: PostgresJobStore, lease: Lease) -> None:
    channel_id = store.get_job(lease.job_id).channel_id
    bought = set_aside(store, lease)
    store.cancel(lease.job_id)
    store.release(lease)
    store.delete_job(lease.job_id)
    assert store.close_purchase(bought.id, S.SETTLED, PRICE)
    told = {each.scope: each.paid_usd for each in store.spending(channel_id=channel_id)}
    assert (told[CapScope.CHANNEL], told[CapScope.DAY]) == (PRICE, PRICE)


def test_the_remedy_is_about_the_very_cap_that_holds(store: PostgresJobStore, lease: Lease) -> None:
    """Whoever raised the cap of all channels found the one of the channel where it was."""
    channel_id = store.get_job(lease.job_id).channel_id
    store.set_cap(CapScope.JOB, Decimal("0.2"), channel_id=channel_id)
    named = rf"cap of \$0\.20 for this job.*'video-pipeline money cap job AMOUNT --channel {channel_id}'"
    with pytest.raises(CapReachedError, match=named):
        set_aside(store, lease, "2")
    told = {each.scope: (each.channel_id, each.is_own) for each in store.spending(lease.job_id)}
    assert told == {
        CapScope.JOB: (channel_id, True),
        CapScope.CHANNEL: (channel_id, False),
        CapScope.DAY: (None, False),
        CapScope.MONTH: (None, False),
    }
    store.set_cap(CapScope.JOB, Decimal(25), channel_id=channel_id)
    store.set_cap(CapScope.DAY, Decimal(1))
    with pytest.raises(CapReachedError, match="'video-pipeline money cap day AMOUNT', or retry tomorrow"):
        set_aside(store, lease, "2")


def test_nobody_waits_for_one_cap_while_another_is_there_to_stay(store: PostgresJobStore, lease: Lease) -> None:
    set_aside(store, lease, "3")
    store.set_cap(CapScope.JOB, Decimal(4))
    with pytest.raises(CapReachedError, match="this job") as reached:
        set_aside(store, lease, "2", "images/01")
    assert reached.value.may_pass
    store.set_cap(CapScope.MONTH, Decimal(1))
    with pytest.raises(CapReachedError, match="this month") as reached:
        set_aside(store, lease, "2", "images/01")
    assert not reached.value.may_pass


@pytest.mark.parametrize(("told", "paid"), [(None, "2"), (Decimal("1.5"), "1.5"), (Decimal(0), "0")])
def test_one_more_than_was_wanted_costs_what_its_vendor_says(
    store: PostgresJobStore, lease: Lease, told: Decimal | None, paid: str
) -> None:
    bought = set_aside(store, lease, "2")
    store.begin_submission(lease, bought.id, Limits(concurrency=9))
    store.record_task(bought.id, "task-1")
    for _ in range(2):
        with pytest.raises(ConflictError):
            store.record_task(bought.id, "task-2", told)
    assert store.purchase(bought.id).task_id == "task-1"
    assert store.known_tasks("leonardo", ["task-1", "task-2"]) == {"task-1", "task-2"}
    assert store.get_job(lease.job_id).actual_cost_usd == Decimal(paid)


def test_a_task_of_another_purchase_is_told_as_such(store: PostgresJobStore, lease: Lease) -> None:
    first, second = set_aside(store, lease), set_aside(store, lease, what="images/03")
    for each in (first, second):
        store.begin_submission(lease, each.id, Limits(concurrency=9))
    store.record_task(first.id, "task-1")
    with pytest.raises(ConflictError, match="images/02"):
        store.record_task(second.id, "task-1")
    assert store.purchase(second.id).state is S.SUBMITTING
