"""When a vendor may be asked, by four processes at once: concurrency, rate, quotas, pauses, circuit breaker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from video_pipeline.domain.errors import LimitReachedError
from video_pipeline.domain.purchases import CapScope, Limits, PurchaseRecord, PurchaseState, Turn
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline.store.money.turns import (
    CLOSED_MAX_S,
    CLOSED_S,
    FAILURES_MAX,
    FORGOTTEN_S,
    TRIAL_S,
)
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.errands import VENDOR, Errand, Errands, doing_errands, told
from video_pipeline_tests.store.material import order_short, set_aside
from video_pipeline_tests.store.plain_sql import Sql

PROCESSES = 4
ANY = Limits(concurrency=99)
WORKING = "SELECT count(*) FROM purchases WHERE state IN ('submitting', 'submitted')"
BEGAN = "SELECT array_agg(extract(epoch FROM submitting_at)::float8 ORDER BY submitting_at) FROM purchases"


@pytest.fixture(scope="module")
def errands() -> Iterator[Errands]:
    """A process whose children ask a vendor."""
    with doing_errands() as process:
        yield process


@dataclass
class Queue:
    """Four attempts that ask one vendor."""

    database: Database
    store: PostgresJobStore
    sql: Sql
    leases: list[Lease]

    def reserved(self, process: int = 0, what: str = "music/01") -> PurchaseRecord:
        """What is about to be submitted."""
        return set_aside(self.store, self.leases[process], what=what, provider=VENDOR)

    def ask(self, bought: PurchaseRecord, limits: Limits = ANY, process: int = 0) -> Turn:
        """May it be submitted?"""
        return self.store.begin_submission(self.leases[process], bought.id, limits)

    def errand(self, does: str, process: int = 0, **rest: Any) -> Errand:
        """One errand of one process."""
        return {"does": does, "database": self.database.url, "lease": told(self.leases[process]), **rest}

    def buying(self, count: int, **limits: int) -> list[Errand]:
        """Each of the processes buys `count` things, one after the other."""
        what = [f"music/{number:02}" for number in range(count)]
        return [
            self.errand("buy", process, what=what, price="0.02", limits=limits, hold_s=0.02)
            for process in range(PROCESSES)
        ]

    def away_s(self) -> float:
        """For how long the circuit breaker keeps all away."""
        left = self.sql.one("SELECT extract(epoch FROM closed_until - clock_timestamp())::float8 FROM vendor_states")
        assert isinstance(left, float)
        return left

    def let_time_pass(self) -> None:
        """Until the circuit breaker lets somebody try."""
        self.sql.run("UPDATE vendor_states SET closed_until = clock_timestamp()")

    def fail(self, times: int = 1, submitted: PurchaseRecord | None = None) -> None:
        """Calls that the vendor does not answer: submissions of a purchase, or looks."""
        for _ in range(times):
            self.store.report_vendor(VENDOR, "no answer", submission=submitted and submitted.id)

    def succeed(self, submitted: PurchaseRecord | None = None) -> None:
        """A call that it answers."""
        self.store.report_vendor(VENDOR, None, submission=submitted and submitted.id)

    def tried(self, process: int = 0, what: str = "music/01") -> PurchaseRecord:
        """A trial, after the time for which all are kept away."""
        self.let_time_pass()
        trial = self.reserved(process, what)
        assert self.ask(trial, process=process).wait_s == 0
        return trial


@pytest.fixture
def queue(database: Database, store: PostgresJobStore, sql: Sql) -> Queue:
    """Four attempts, and no cap in their way."""
    store.set_cap(CapScope.JOB, None)
    leases = [store.claim(order_short(store).id, "run", ttl_s=600) for _ in range(PROCESSES)]
    return Queue(database, store, sql, leases)


@contextmanager
def counting(sql: Sql) -> Iterator[list[int]]:
    """Look all the time how many tasks the vendor works on."""
    seen: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.002):
            seen.append(int(str(sql.one(WORKING))))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield seen
        finally:
            ended.set()
            looking.result()


def test_a_vendor_never_works_on_more_than_it_takes_at_once(queue: Queue, errands: Errands) -> None:
    with counting(queue.sql) as seen:
        assert errands.at_once(queue.buying(5, concurrency=2)) == [{"refused": []}] * PROCESSES
    assert max(seen) == 2
    settled = queue.store.purchases(states=[PurchaseState.SETTLED])
    assert len(settled) == PROCESSES * 5


def test_submissions_keep_their_distance(queue: Queue, errands: Errands) -> None:
    distance_s, slack_s = 0.25, 0.2  # between the two statements that put down one submission
    assert errands.at_once(queue.buying(3, concurrency=99, calls_per_minute=240)) == [{"refused": []}] * PROCESSES
    began = queue.sql.one(BEGAN)
    assert isinstance(began, list)
    assert len(began) == PROCESSES * 3
    for first, early in enumerate(began):
        for later in range(first + 1, len(began)):
            assert began[later] - early >= (later - first) * distance_s - slack_s


@pytest.mark.parametrize(("quota", "days"), [("per_day", 1), ("per_month", 30)])
def test_a_quota_is_used_up_and_not_exceeded(queue: Queue, errands: Errands, quota: str, days: int) -> None:
    reports = errands.at_once(queue.buying(3, concurrency=99, **{quota: 5}))
    refused = [each for report in reports if report for each in report["refused"]]
    assert refused == ["LimitReachedError"] * (PROCESSES * 3 - 5)
    counts = "SELECT count(*) FROM purchases WHERE submitting_at IS NOT NULL"
    assert queue.sql.one(counts) == 5
    one_more, limits = queue.reserved(what="music/09"), Limits(99, **{quota: 5})
    back = "UPDATE purchases SET submitting_at = submitting_at - make_interval(hours => :hours)"
    queue.sql.run(back, hours=24 * days - 1)
    with pytest.raises(LimitReachedError, match="5 of 5"):
        queue.ask(one_more, limits)
    queue.sql.run(back, hours=1)
    assert queue.ask(one_more, limits).wait_s == 0


def test_what_the_vendor_did_not_take_up_uses_no_quota(queue: Queue) -> None:
    bought, limits = queue.reserved(), Limits(99, per_day=1)
    for _ in range(3):
        turn = queue.ask(bought, limits)
        assert turn.wait_s == 0
        queue.store.withdraw_submission(bought.id, turn.began_at, "it was busy")


def test_after_five_failures_in_a_row_a_vendor_is_left_alone(queue: Queue, errands: Errands) -> None:
    bought = queue.reserved()
    queue.fail(FAILURES_MAX - 1)
    queue.succeed()
    assert errands.at_once([queue.errand("report", process, error="no answer") for process in range(4)]) == [{}] * 4
    assert queue.store.vendor_states()[0].closed_until is None
    queue.fail()
    turn = queue.ask(bought)
    assert CLOSED_S - 5 < turn.wait_s <= CLOSED_S
    assert "5 times in a row" in turn.reason
    [told_so] = queue.store.vendor_states()
    assert (told_so.failures, told_so.closed_until is not None, told_so.last_error) == (5, True, "no answer")


def test_one_of_four_processes_tries_whether_a_vendor_is_back(queue: Queue, errands: Errands) -> None:
    queue.fail(FAILURES_MAX)
    queue.let_time_pass()
    bought = [queue.reserved(process) for process in range(PROCESSES)]
    limits = {"concurrency": 99}
    asking = [queue.errand("begin", n, purchase=str(each.id), limits=limits) for n, each in enumerate(bought)]
    waits = sorted(report["wait_s"] for report in errands.at_once(asking) if report)
    assert waits[0] == 0
    assert all(TRIAL_S - 10 < each <= TRIAL_S for each in waits[1:])
    assert len(waits) == PROCESSES
    # It answered: the others may go on.
    (trial,) = queue.store.purchases(states=[PurchaseState.SUBMITTING])
    queue.succeed(trial)
    others = [(n, each) for n, each in enumerate(bought) if queue.store.purchase(each.id).state == "reserved"]
    assert [queue.ask(each, process=n).wait_s for n, each in others] == [0, 0, 0]


def test_each_trial_that_fails_doubles_the_time(queue: Queue) -> None:
    queue.fail(FAILURES_MAX)
    told_s = []
    for _ in range(7):
        told_s.append(queue.away_s())
        trial = queue.tried()
        queue.fail(submitted=trial)
        queue.store.close_purchase(trial.id, PurchaseState.RELEASED)
    expected = [min(CLOSED_S * 2**number, CLOSED_MAX_S) for number in range(7)]
    assert told_s == pytest.approx(expected, abs=10)
    assert CLOSED_MAX_S in expected


def test_what_was_begun_before_keeps_nobody_away_for_longer(queue: Queue) -> None:
    """Five tasks are under way, and a look at each of them fails again and again; nobody has tried."""
    begun = [queue.reserved(what=f"music/{number:02}") for number in range(5)]
    for each in begun:
        queue.ask(each)
    queue.fail(FAILURES_MAX)
    for each in begun:
        queue.fail()
        queue.fail(submitted=each)  # its own answer, which was still to come
    assert queue.away_s() <= CLOSED_S
    trial = queue.tried(what="music/10")
    queue.fail(3)
    queue.store.report_vendor(VENDOR, "slow down", 0.0)
    assert TRIAL_S - 10 < queue.away_s() <= TRIAL_S  # it goes on
    queue.fail(submitted=trial)
    queue.fail(submitted=trial)  # one trial counts once
    assert CLOSED_S < queue.away_s() <= 2 * CLOSED_S
    assert queue.store.vendor_states()[0].failures == FAILURES_MAX + 1


def test_only_a_submission_shows_that_a_vendor_is_back(queue: Queue) -> None:
    """It may let read and take nothing up; but what was begun before and succeeds shows it."""
    before, other = queue.reserved(), queue.reserved(1)
    assert queue.ask(before).wait_s == 0
    queue.fail(FAILURES_MAX)
    queue.succeed()
    assert queue.ask(other, process=1).wait_s > CLOSED_S - 5
    queue.succeed(before)
    assert queue.ask(other, process=1).wait_s == 0
    assert queue.store.vendor_states()[0].failures == 0


def test_a_trial_that_is_asked_to_wait_has_not_failed(queue: Queue) -> None:
    queue.fail(FAILURES_MAX)
    trial = queue.tried()
    queue.store.report_vendor(VENDOR, "slow down", 0.0, submission=trial.id)
    assert queue.store.vendor_states()[0].failures == FAILURES_MAX
    queue.tried(1)  # the next one tries
    assert queue.ask(queue.reserved(2), process=2).wait_s > TRIAL_S - 10


def test_a_trial_of_which_nobody_hears_is_followed_by_another(queue: Queue) -> None:
    queue.fail(FAILURES_MAX)
    for process in range(3):
        queue.let_time_pass()
        assert queue.ask(queue.reserved(process), process=process).wait_s == 0
        assert queue.ask(queue.reserved(3, f"music/1{process}"), process=3).wait_s > TRIAL_S - 10


def test_a_trial_that_fails_after_the_next_one_began_counts(queue: Queue) -> None:
    """A vendor that hangs for longer than the others wait would be asked once a minute."""
    queue.fail(FAILURES_MAX)
    late, next_one, silent = queue.tried(), queue.tried(1), queue.tried(2)
    queue.fail(submitted=late)
    assert CLOSED_S < queue.away_s() <= 2 * CLOSED_S
    queue.fail(submitted=next_one)
    assert 2 * CLOSED_S < queue.away_s() <= 4 * CLOSED_S
    queue.succeed(late)
    queue.fail(FAILURES_MAX)
    queue.fail(submitted=silent)  # a trial of another time
    assert queue.away_s() <= CLOSED_S


def test_a_vendor_that_asks_to_be_left_alone_is(queue: Queue, errands: Errands) -> None:
    """`Retry-After`: the longest one counts, and none of them is a failure."""
    for pause_s in (0.2, 1.0, 0.1):
        queue.store.report_vendor(VENDOR, "slow down", pause_s)
    until = queue.store.vendor_states()[0].paused_until
    assert until is not None
    assert errands.at_once(queue.buying(1, concurrency=99)) == [{"refused": []}] * PROCESSES
    began = queue.sql.one(BEGAN)
    assert isinstance(began, list)
    assert min(began) >= until.timestamp()
    for _ in range(FAILURES_MAX + 1):
        queue.store.report_vendor(VENDOR, "slow down", 0.0)
    assert queue.store.vendor_states()[0].failures == 0
    assert queue.ask(queue.reserved(what="music/05")).wait_s == 0


@pytest.mark.timeout(60)
def test_what_a_killed_process_has_submitted_counts_until_it_is_forgotten(queue: Queue, errands: Errands) -> None:
    one = {"concurrency": 1}
    bought = queue.reserved()
    assert errands.at_once([queue.errand("submit_and_die", purchase=str(bought.id), limits=one)]) == [None]
    other = queue.reserved(1)
    assert queue.ask(other, Limits(**one), process=1).wait_s > 0
    back = "UPDATE purchases SET submitting_at = submitting_at - make_interval(secs => :seconds)"
    queue.sql.run(back, seconds=FORGOTTEN_S - 60)
    assert queue.ask(other, Limits(**one), process=1).wait_s > 0
    assert queue.store.vendor_states()[0].under_way == 1
    queue.sql.run(back, seconds=60)
    assert queue.ask(other, Limits(**one), process=1).wait_s == 0
    assert queue.store.purchase(bought.id).state is PurchaseState.SUBMITTED  # it is asked for all the same


def test_who_waits_for_a_turn_still_has_its_money_set_aside(queue: Queue) -> None:
    first, second = queue.reserved(), queue.reserved(1)
    assert queue.ask(first, Limits(1)).wait_s == 0
    assert queue.ask(second, Limits(1), process=1).wait_s > 0
    assert queue.store.purchase(second.id).state is PurchaseState.RESERVED
    queue.store.close_purchase(first.id, PurchaseState.DOUBTFUL)  # nobody works on it
    assert queue.ask(second, Limits(1), process=1).wait_s == 0
