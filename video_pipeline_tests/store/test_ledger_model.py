"""Money in the database against a model of it in Python, by random walks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as walk
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from video_pipeline.domain.errors import (
    CancelledError,
    CapReachedError,
    ConflictError,
    LeaseLostError,
    LimitReachedError,
)
from video_pipeline.domain.purchases import (
    CHANNEL_SCOPES,
    UNFINISHED,
    CapScope,
    Item,
    Limits,
    PurchaseState,
)
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import FREE, save_track, short
from video_pipeline_tests.store.money_model import Bought, MoneyModel, Paid, rounded_up
from video_pipeline_tests.store.plain_sql import RESTRICT, state

S = PurchaseState
PROVIDERS = ("mubert", "beatoven")
JOBS = 3  # two of the first channel, one of the second

which = st.integers(0, 30)
"""One of what there is, by its number modulo their count."""

newest = st.sampled_from([0, 0, 0, 1, 1, 2, 4, 7])
"""The same, counted from the end."""

prices = st.sampled_from([Decimal("0.00005"), Decimal(7)]) | st.decimals(0, 9, places=4)
costs = st.sampled_from([Decimal(0), Decimal("0.00011")]) | st.decimals(0, 12, places=4)
amounts = st.none() | st.decimals(0, 30, places=4)
limits = st.builds(
    Limits,
    concurrency=st.integers(1, 4),
    per_day=st.none() | st.integers(1, 4),
    per_month=st.none() | st.integers(2, 6),
)
outcomes = st.sampled_from([S.SETTLED, S.RELEASED, S.LOST, S.DOUBTFUL])

FORBIDDEN = (
    "UPDATE cost_ledger SET amount = 0",
    "UPDATE cost_ledger SET created_at = created_at - INTERVAL '1 day'",
    "DELETE FROM cost_ledger",
    "TRUNCATE cost_ledger",
)

OF_OLD = """
WITH bought AS (
    INSERT INTO purchases (video_job_id, channel_id, what, provider, prompt, request, state, price, created_at)
    VALUES (:job, :channel, :what, :provider, 'rain', repeat('a', 64), 'submitted', :price, :at) RETURNING id
), entry AS (
    INSERT INTO cost_ledger (video_job_id, channel_id, request_key, entry, amount, provider, created_at)
    SELECT :job, :channel, id::text, 'reserve', :price, :provider, :at FROM bought WHERE :price > 0
)
SELECT id FROM bought
"""


class MoneyMachine(RuleBasedStateMachine):
    """Three jobs of two channels, and everything that can happen to their money."""

    new_database: Callable[..., Any]

    @initialize()
    def open_the_books(self) -> None:
        """Fresh books, as the model begins."""
        self.ending = ExitStack()
        self.database: Database = self.ending.enter_context(self.new_database())
        self.store = PostgresJobStore(self.database.engine)
        self.channels = [self.store.create_channel(f"Channel {number}", "Harbour").id for number in range(2)]
        ordered = [self.store.create_job(short(self.channels[number // 2])) for number in range(JOBS)]
        self.channel_of = {job.id: job.channel_id for job in ordered}
        self.jobs = list(self.channel_of)
        self.deleted: set[UUID] = set()
        self.cancelled: set[UUID] = set()
        self.failed: set[UUID] = set()
        self.live: dict[UUID, Lease] = {}
        self.unreleased: set[UUID] = set()  # also those whose lease ran out
        self.leases: list[Lease] = []
        self.model = MoneyModel()
        self.seen: list[tuple[Any, ...]] = []
        self.tasks = 0
        for job_id in self.jobs:
            self._take(job_id)

    def _take(self, job_id: UUID) -> None:
        self.live[job_id] = self.store.claim(job_id, f"run {len(self.leases)}")
        self.leases.append(self.live[job_id])
        self.unreleased.add(job_id)
        self.model.abandon(job_id)

    def _sql(self, statement: str, **values: object) -> list[Any]:
        with self.database.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def _bought(self, number: int) -> Bought:
        """One of the purchases, counted from the newest one."""
        return self.model.bought[-1 - number % len(self.model.bought)]

    @rule(number=which, how=st.sampled_from(["while it is held", "given back", "run out"]))
    def claim(self, number: int, how: str) -> None:
        """A new attempt; the older one has lost the job from then on."""
        job_id = self.jobs[number % JOBS]
        if job_id in self.deleted:
            return
        if job_id in self.live and how == "while it is held":
            expect(ConflictError, lambda: self.store.claim(job_id, "another"))
            return
        if job_id in self.live and how == "given back":
            self.store.release(self.live[job_id])
            if job_id in self.cancelled:
                self.model.end_all(job_id)
        self._sql("UPDATE job_leases SET expires_at = clock_timestamp() WHERE video_job_id = :job", job=job_id)
        self._take(job_id)

    @rule(number=which, sure=st.integers(0, 2))
    def lose(self, number: int, sure: int) -> None:
        """An attempt was killed, and the sweep finds out; a cancelled job has nobody after that."""
        job_id = self.jobs[number % JOBS]
        if sure:
            return
        self._sql("UPDATE job_leases SET expires_at = clock_timestamp() WHERE video_job_id = :job", job=job_id)
        self.live.pop(job_id, None)
        self.store.lost_jobs()
        for each in (self.cancelled & self.unreleased) - set(self.live):
            self.unreleased.remove(each)
            self.model.end_all(each)

    @rule(number=which, is_lost=st.booleans())
    def fail(self, number: int, is_lost: bool) -> None:
        """A failure ends the attempt; what it had asked nobody for is free."""
        job_id = self.jobs[number % JOBS]
        is_over = job_id in self.failed | self.cancelled | self.deleted
        if is_lost:
            assert self.store.mark_lost(job_id, "no word") is (not is_over and job_id not in self.live)
            is_over = is_over or job_id in self.live
        else:
            assert self.store.mark_job_failed(job_id, "no") is not is_over
        if not is_over:
            self.failed.add(job_id)
            self.live.pop(job_id, None)
            self.unreleased.discard(job_id)
            self.model.abandon(job_id)

    @rule(number=which)
    def release(self, number: int) -> None:
        """An attempt ends without a word about its purchases."""
        lease = self.leases[number % len(self.leases)]
        self.store.release(lease)
        newest = [each for each in self.leases if each.job_id == lease.job_id][-1]
        if lease == newest and lease.job_id in self.unreleased:
            self.unreleased.remove(lease.job_id)
            self.live.pop(lease.job_id, None)
            if lease.job_id in self.cancelled:
                self.model.end_all(lease.job_id)

    @rule(number=newest, what=st.integers(1, 2), provider=st.sampled_from(PROVIDERS), price=prices)
    def reserve(self, number: int, what: int, provider: str, price: Decimal) -> None:
        """By any lease there ever was, the newest ones rather than others."""
        lease = self.leases[-1 - number % len(self.leases)]
        job_id, item = lease.job_id, Item(f"music/{what:02}", "slow piano", 7)
        call = lambda: self.store.reserve(lease, provider, item, price)  # noqa: E731 - one call, five outcomes
        exceeded = self.model.exceeded(job_id, self.channel_of[job_id], rounded_up(price))
        if self.live.get(job_id) != lease:
            expect(LeaseLostError, call)
        elif job_id in self.cancelled:
            expect(CancelledError, call)
        elif exceeded:
            assert expect(CapReachedError, call).may_pass is all(exceeded)
        elif self.model.is_wanted(job_id, item.what):
            expect(ConflictError, call)
        else:
            new = call()
            assert new.price_usd == rounded_up(price)
            self.model.bought.append(
                Bought(new.id, job_id, self.channel_of[job_id], item.what, provider, new.price_usd, new.created_at)
            )
            for each in self.store.spending(job_id) if new.price_usd else ():
                assert each.cap_usd is None or each.paid_usd + each.reserved_usd <= each.cap_usd

    @rule(number=which, what=st.integers(1, 2), price=prices, days=st.sampled_from([1, 40]))
    def inherit(self, number: int, what: int, price: Decimal, days: int) -> None:
        """A task of yesterday, or of another month, is still open."""
        job_id, name, at = self.jobs[number % JOBS], f"music/{what:02}", datetime.now(UTC) - timedelta(days=days)
        if self.model.is_wanted(job_id, name) or job_id in self.deleted:
            return
        values = {"job": job_id, "channel": self.channel_of[job_id], "what": name, "provider": PROVIDERS[0]}
        price = rounded_up(price)
        [(purchase_id,)] = self._sql(OF_OLD, price=price, at=at, **values)
        channel_id = self.channel_of[job_id]
        self.model.bought.append(Bought(purchase_id, job_id, channel_id, name, PROVIDERS[0], price, at, S.SUBMITTED))

    @rule(number=which, price=prices, told=st.none() | st.decimals(0, 9, places=4))
    def submit(self, number: int, price: Decimal, told: Decimal | None) -> None:
        """What goes well at first, of two places: several steps in one, so that walks get far."""
        job_id = self.jobs[number % JOBS]
        if job_id not in self.live:
            self.claim(number, "run out")
        for what in (1, 2) if job_id in self.live else ():
            already = len(self.model.bought)
            self.reserve(len(self.leases) - 1 - self.leases.index(self.live[job_id]), what, PROVIDERS[0], price)
            if len(self.model.bought) > already:
                self.begin_submission(0, 0, Limits(concurrency=99))
                self.record_task(0, told)

    @precondition(lambda self: self.model.bought)
    @rule(number=newest, older=st.sampled_from([0, 0, 0, 1]), allowed=limits)
    def begin_submission(self, number: int, older: int, allowed: Limits) -> None:
        """Within what a vendor allows, or not."""
        bought = self._bought(number)
        mine = [lease for lease in self.leases if lease.job_id == bought.job_id]
        lease = mine[-1 - older % len(mine)]
        call = lambda: self.store.begin_submission(lease, bought.id, allowed)  # noqa: E731 - one call, six outcomes
        if self.live.get(bought.job_id) != lease:
            expect(LeaseLostError, call)
        elif bought.job_id in self.cancelled:
            expect(CancelledError, call)
        elif bought.state is not S.RESERVED:
            expect(ConflictError, call)
        elif self.model.is_used_up(bought.provider, allowed):
            expect(LimitReachedError, call)
        elif self.model.under_way(bought.provider) >= allowed.concurrency:
            assert call().wait_s > 0
        else:
            turn = call()
            assert turn.wait_s == 0
            bought.state, bought.is_asked = S.SUBMITTING, True
            bought.began.append(turn.began_at)

    @precondition(lambda self: self.model.bought)
    @rule(number=newest, told=st.none() | st.decimals(0, 9, places=4))
    def record_task(self, number: int, told: Decimal | None) -> None:
        """The vendor has taken it up; that is so, whoever has the job now."""
        bought = self._bought(number)
        self.tasks += 1
        call = lambda: self.store.record_task(bought.id, f"task-{self.tasks}", told)  # noqa: E731 - two outcomes
        if bought.state in (S.SUBMITTING, S.DOUBTFUL):
            call()
            bought.state, bought.told = S.SUBMITTED, told
        else:
            expect(ConflictError, call)
            known = {each.id for each in self.model.bought}
            [stray] = [each.id for each in self.store.purchases(limit=1000) if each.id not in known]
            self.model.stray(bought, stray, told)
            expect(ConflictError, call)  # told again: it is known by now

    @precondition(lambda self: self.model.bought)
    @rule(number=newest, older=st.sampled_from([0, 0, 0, 1]))
    def withdraw(self, number: int, older: int) -> None:
        """The vendor did not take it up; whoever is late says so of a submission before the last one."""
        bought = self._bought(number)
        began_at = bought.began[-1 - older % len(bought.began)] if bought.began else None
        call = lambda: self.store.withdraw_submission(bought.id, began_at, "it said no")  # noqa: E731 - two outcomes
        if bought.state is S.SUBMITTING and began_at == bought.began[-1]:
            call()
            bought.state, bought.is_asked = S.RESERVED, False
        else:
            expect(ConflictError, call)

    @precondition(lambda self: self.model.bought)
    @rule(number=newest, outcome=outcomes, cost=costs)
    def close(self, number: int, outcome: PurchaseState, cost: Decimal) -> None:
        """Any outcome of any purchase, also after it had one."""
        bought = self._bought(number)
        told = self.store.close_purchase(bought.id, outcome, cost)
        assert told is self.model.close(bought, outcome, cost)

    @precondition(lambda self: self.model.bought)
    @rule(number=newest, cost=costs, older=st.sampled_from([0, 0, 1]))
    def keep(self, number: int, cost: Decimal, older: int) -> None:
        """A piece of music comes into the books together with what it cost."""
        bought = self._bought(number)
        mine = [lease for lease in self.leases if lease.job_id == bought.job_id]
        lease = mine[-1 - older % len(mine)]
        by = replace(FREE, provider=bought.provider, cost_usd=cost, purchase_id=bought.id)
        if self.live.get(bought.job_id) == lease:
            save_track(self.store, lease, 1, by=by)
            self.model.close(bought, S.SETTLED, cost)
        else:
            expect(LeaseLostError, lambda: save_track(self.store, lease, 1, by=by))

    @rule(number=which, cost=costs)
    def pay(self, number: int, cost: Decimal) -> None:
        """A piece of music for which nothing was set aside."""
        lease, cost = self.leases[number % len(self.leases)], rounded_up(cost)
        if self.live.get(lease.job_id) != lease:
            return
        save_track(self.store, lease, 2, by=replace(FREE, cost_usd=cost))
        if cost:
            job_id = lease.job_id
            self.model.paid.append(Paid(job_id, job_id, self.channel_of[job_id], datetime.now(UTC), cost))

    @rule(scope=st.sampled_from(CapScope), whose=st.sampled_from([None, 0, 1]), amount=amounts)
    def set_cap(self, scope: CapScope, whose: int | None, amount: Decimal | None) -> None:
        """Also below what is spent already."""
        channel_id = self.channels[whose] if whose is not None and scope in CHANNEL_SCOPES else None
        self.store.set_cap(scope, amount, channel_id=channel_id)
        self.model.caps[scope, channel_id] = amount

    @rule(number=which, sure=st.integers(0, 3))
    def cancel(self, number: int, sure: int) -> None:
        """For good, so not too often."""
        job_id = self.jobs[number % JOBS]
        if sure or job_id in self.deleted:
            return
        self.store.cancel(job_id)
        if job_id not in self.cancelled and job_id not in self.live:
            self.model.end_all(job_id)
        self.cancelled.add(job_id)

    @rule(number=which, force=st.integers(0, 3))
    def delete(self, number: int, force: int) -> None:
        """The job goes, its money stays; at times whatever stands in the way goes first."""
        job_id = self.jobs[number % JOBS]
        if job_id in self.deleted:
            return
        if not force:
            self.cancel(number, 0)
            self.release(max(n for n, lease in enumerate(self.leases) if lease.job_id == job_id))
        if job_id in self.live or job_id not in self.cancelled | self.failed:
            expect(ConflictError, lambda: self.store.delete_job(job_id))
            return
        self.store.delete_job(job_id)
        self.model.end_all(job_id)
        self.deleted.add(job_id)
        self.unreleased.discard(job_id)

    @rule(statement=st.sampled_from(FORBIDDEN))
    def rewrite(self, statement: str) -> None:
        """Nobody rewrites the ledger, whatever the program that tries."""
        if self.seen or statement.startswith("TRUNCATE"):
            with pytest.raises(DBAPIError) as refused:
                self._sql(statement)
            assert state(refused) == RESTRICT

    @invariant()
    def the_ledger_agrees(self) -> None:
        """No entry ever changes, and the entries alone tell what the model tells."""
        rows = self._sql("SELECT * FROM cost_ledger ORDER BY id")
        assert rows[: len(self.seen)] == self.seen
        self.seen = rows
        kinds = Counter((row.request_key, row.entry == "reserve") for row in rows)
        assert set(kinds.values()) <= {1}
        self._check_paid(rows)
        self._check_set_aside(rows)

    def _check_paid(self, rows: list[Any]) -> None:
        """For each job, and on the job itself as long as it is there."""
        settled: Counter[UUID] = Counter()
        for row in rows:
            settled[row.video_job_id] += row.amount if row.entry == "settle" else 0
        for job_id in self.jobs:
            assert settled[job_id] == self.model.paid_by(job_id)
            if job_id not in self.deleted:
                assert self.store.get_job(job_id).actual_cost_usd == self.model.paid_by(job_id)

    def _check_set_aside(self, rows: list[Any]) -> None:
        """A reservation without an outcome is money of an open purchase, and the other way round."""
        ended = {row.request_key for row in rows if row.entry != "reserve"}
        open_ones = {
            row.request_key: row.amount for row in rows if row.entry == "reserve" and row.request_key not in ended
        }
        assert open_ones == {str(each.id): each.price for each in self.model.bought if each.is_open and each.price}

    @invariant()
    def the_caps_stand_as_in_the_model(self) -> None:
        """For each job, each channel, the day and the month."""
        asked = [{"job_id": job_id} for job_id in self.jobs if job_id not in self.deleted]
        for question in (*asked, *({"channel_id": each} for each in self.channels), {}):
            job_id = question.get("job_id")
            channel_id = self.channel_of[job_id] if job_id else question.get("channel_id")
            for told in self.store.spending(**question):
                expected = self.model.stands(told.scope, job_id, channel_id)
                assert (told.paid_usd, told.reserved_usd) == expected, told.scope
                assert told.cap_usd == self.model.cap(told.scope, channel_id)

    @invariant()
    def purchases_are_as_far_as_in_the_model(self) -> None:
        """Each one, and of one thing at most one that is unfinished."""
        records = self.store.purchases(limit=1000)
        assert {each.id: each.state for each in records} == {each.id: each.state for each in self.model.bought}
        wanted = Counter((each.job_id, each.what) for each in records if each.state in UNFINISHED)
        assert set(wanted.values()) <= {1}

    def teardown(self) -> None:
        """The books are thrown away."""
        if hasattr(self, "ending"):
            self.ending.close()


def expect(error: type[Exception], call: Callable[[], Any]) -> Any:
    """The call fails in this way and in no other; how."""
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    return raised.value


def follow(new_database: Callable[..., object], examples: int, steps: int) -> None:
    """Walk at random, with the books beside the model."""
    machine = type("Machine", (MoneyMachine,), {"new_database": staticmethod(new_database)})
    # To shrink a walk that fails would take minutes, and each of its steps says enough.
    phases = (Phase.reuse, Phase.generate)
    how = settings(
        max_examples=examples, stateful_step_count=steps, phases=phases, suppress_health_check=list(HealthCheck)
    )
    walk(machine, settings=how)


def test_the_books_follow_the_model(new_database: Callable[..., object]) -> None:
    follow(new_database, examples=18, steps=30)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_books_follow_the_model_on_long_walks(new_database: Callable[..., object]) -> None:
    follow(new_database, examples=100, steps=60)
