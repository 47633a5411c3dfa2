"""Money: reserved once, settled or released once, and never noise."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import LeaseLostError
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import order_short

PRICE = Decimal("0.02")


@pytest.fixture
def lease(store: PostgresJobStore) -> Lease:
    """The right to write to a fresh job."""
    return store.claim(order_short(store, 3).id, "run")


def entries(database: Database) -> list[tuple[object, ...]]:
    """What is in the ledger."""
    query = "SELECT entry, amount, message FROM cost_ledger ORDER BY id"
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_reservation_is_settled_with_the_vendors_own_figure(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    reservation = store.reserve_cost(lease, "leonardo", PRICE, "images/02")
    assert store.get_job(lease.job_id).actual_cost_usd == 0
    store.settle_cost(reservation, Decimal("0.0311"))
    assert entries(database) == [("reserve", PRICE, "images/02"), ("settle", Decimal("0.0311"), "images/02")]
    assert store.get_job(lease.job_id).actual_cost_usd == Decimal("0.0311")


def test_only_the_first_outcome_counts(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    reservation = store.reserve_cost(lease, "leonardo", PRICE, "images/02")
    store.settle_cost(reservation, PRICE)
    store.settle_cost(reservation, PRICE)
    store.release_cost(reservation, "too late")
    assert [entry for entry, *_ in entries(database)] == ["reserve", "settle"]
    assert store.get_job(lease.job_id).actual_cost_usd == PRICE


def test_a_failure_gives_the_money_back(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    reservation = store.reserve_cost(lease, "leonardo", PRICE, "images/02")
    store.release_cost(reservation, "it said no\x00")
    store.release_cost(reservation, "again")
    assert entries(database)[1:] == [("release", PRICE, "it said no")]
    assert store.get_job(lease.job_id).actual_cost_usd == 0


def test_what_was_billed_after_it_was_given_up_is_in_the_books(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    reservation = store.reserve_cost(lease, "leonardo", PRICE, "images/02")
    store.release(lease)
    store.claim(lease.job_id, "the next attempt")
    for _ in range(2):
        store.settle_cost(reservation, PRICE)
    assert [entry for entry, *_ in entries(database)] == ["reserve", "release", "settle"]
    assert store.get_job(lease.job_id).actual_cost_usd == PRICE


def test_nothing_is_written_for_nothing(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    free = store.reserve_cost(lease, "dummy", Decimal(0), "images/02")
    store.settle_cost(free, Decimal(0))
    store.release_cost(free, "no")
    assert entries(database) == []
    # Cheaper or dearer than expected is both told.
    store.settle_cost(store.reserve_cost(lease, "dummy", Decimal(0), "images/02"), PRICE)
    store.settle_cost(store.reserve_cost(lease, "dummy", PRICE, "images/03"), Decimal(0))
    assert [(entry, amount) for entry, amount, _ in entries(database)] == [
        ("settle", PRICE),
        ("reserve", PRICE),
        ("settle", Decimal(0)),
    ]


def test_nothing_is_reserved_without_the_job(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    store.release(lease)
    with pytest.raises(LeaseLostError):
        store.reserve_cost(lease, "leonardo", PRICE, "images/02")
    assert entries(database) == []
