"""Eight processes and one cap: never a cent too much, none left over, and everybody gets a turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from video_pipeline.domain.purchases import CapScope, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.errands import CENT, Errand, Errands, doing_errands, told
from video_pipeline_tests.store.material import set_aside, short

BUYERS = 8
FAIR = 4
"""Nobody gets less than this part of an equal share."""

EXPOSED = text("""
SELECT coalesce(sum(entry.amount) FILTER (WHERE entry.entry = 'settle'), 0)
     + coalesce(sum(entry.amount) FILTER (WHERE entry.entry = 'reserve' AND NOT EXISTS (
           SELECT FROM cost_ledger AS outcome
           WHERE outcome.request_key = entry.request_key AND outcome.entry <> 'reserve')), 0)
FROM cost_ledger AS entry
""")


@pytest.fixture(scope="module")
def errands() -> Iterator[Errands]:
    """A process whose children buy."""
    with doing_errands() as process:
        yield process


@dataclass
class Watch:
    """What was paid or set aside, as often as one could look."""

    seen: list[Decimal] = field(default_factory=list)


@contextmanager
def watching(engine: Engine) -> Iterator[Watch]:
    """Look all the time."""
    watch, ended = Watch(), threading.Event()

    def look() -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not ended.is_set():
                watch.seen.append(connection.execute(EXPOSED).scalar_one())
                time.sleep(0.002)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield watch
        finally:
            ended.set()
            looking.result()


def leases_under(store: PostgresJobStore, scope: CapScope) -> list[Lease]:
    """Eight attempts whose money counts for one cap of `scope`."""
    channels = [store.create_channel(f"Channel {number}", "Harbour").id for number in range(BUYERS)]
    match scope:
        case CapScope.JOB:
            return [store.claim(store.create_job(short(channels[0])).id, "run", ttl_s=600)] * BUYERS
        case CapScope.CHANNEL:
            channels = channels[:1] * BUYERS
    return [store.claim(store.create_job(short(each)).id, "run", ttl_s=600) for each in channels]


def replayed(engine: Engine) -> tuple[Decimal, Decimal]:
    """From the history alone: the most that was ever paid and set aside, and what was paid in the end."""
    held: dict[str, Decimal] = {}
    paid = most = Decimal(0)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT request_key, entry::text, amount FROM cost_ledger ORDER BY id")).all()
    for key, entry, amount in rows:
        if entry == "reserve":
            held[key] = amount
        else:
            set_before = held.pop(key)
            paid += amount if entry == "settle" else 0
            assert amount <= set_before
        most = max(most, paid + sum(held.values()))
    assert not held
    return most, paid


def hammer(database: Database, errands: Errands, scope: CapScope, cap: Decimal) -> None:
    """Spend all that a cap allows, by eight processes at once."""
    store = PostgresJobStore(database.engine)
    for each in (CapScope.JOB, CapScope.DAY, CapScope.MONTH):
        store.set_cap(each, None)
    store.set_cap(scope, cap)
    does: list[Errand] = [
        {"does": "spend_all", "database": database.url, "lease": told(lease), "seed": seed}
        for seed, lease in enumerate(leases_under(store, scope))
    ]
    with watching(database.engine) as watch:
        reports = errands.at_once(does)
    most, paid = replayed(database.engine)
    assert len(watch.seen) > 50
    assert max(watch.seen) <= cap
    assert most <= cap
    told_paid = [Decimal(report["paid"]) for report in reports if report]
    assert len(told_paid) == BUYERS
    assert sum(told_paid) == paid
    assert cap - paid < CENT == min(each for report in reports if report for each in report["refused"]) * CENT
    assert min(told_paid) >= paid / BUYERS / FAIR


@pytest.mark.parametrize("scope", [CapScope.JOB, CapScope.CHANNEL, CapScope.DAY])
def test_eight_processes_spend_a_cap_and_not_a_cent_more(database: Database, errands: Errands, scope: CapScope) -> None:
    hammer(database, errands, scope, Decimal("12.34"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scope", list(CapScope))
def test_eight_processes_spend_a_large_cap_and_not_a_cent_more(
    database: Database, errands: Errands, scope: CapScope
) -> None:
    hammer(database, errands, scope, Decimal("100.0001"))


@pytest.mark.parametrize(
    ("outcome", "cost", "refused"),
    [
        (PurchaseState.RELEASED, "0", []),
        (PurchaseState.SETTLED, "1.5", []),
        # Long before its patience ends: what is paid does not come back.
        (PurchaseState.LOST, "4", ["CapReachedError"]),
    ],
)
def test_who_waits_gets_what_another_gives_back(
    database: Database, errands: Errands, tmp_path: Path, outcome: PurchaseState, cost: str, refused: list[str]
) -> None:
    store = PostgresJobStore(database.engine)
    store.set_cap(CapScope.DAY, Decimal(5))
    one, other = leases_under(store, CapScope.DAY)[:2]
    held = set_aside(store, one, "4")
    flag = tmp_path / "waits"
    errand: Errand = {"does": "buy", "database": database.url, "lease": told(other), "flag": str(flag)}
    errand |= {"what": ["music/01"], "price": "3", "limits": {"concurrency": 9}}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(errands.at_once, [errand])
        while not flag.exists():
            time.sleep(0.01)
        assert store.purchases(other.job_id) == []
        store.close_purchase(held.id, outcome, Decimal(cost))
        assert waiting.result(timeout=20) == [{"refused": refused}]
    assert store.get_job(other.job_id).actual_cost_usd == (0 if refused else 3)
