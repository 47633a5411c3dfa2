"""Money that was taken for nothing: how often that is repeated, of whom else it is asked, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from video_pipeline.domain.errors import ProviderRefusedError, ProviderUnavailableError, StoreUnavailableError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import Generation
from video_pipeline.domain.purchases import UNFINISHED, Item, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import Purchase
from video_pipeline.providers.dummy import DummyImages
from video_pipeline.steps.purchase import obtain
from video_pipeline.steps.studio import Studio
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.steps.test_edits import waiting
from video_pipeline_tests.steps.test_open_purchases import (
    ITEM,
    LIMITS,
    PRICE,
    TERMS,
    Hiccup,
    attempt_at,
    offer,
)
from video_pipeline_tests.store.material import order_short, set_aside

S = PurchaseState
Order = Callable[..., JobRecord]


def paid_failure(asked: list[str], provider: str = "leonardo") -> Callable[[Purchase], Generation]:
    """A vendor that takes its price, makes nothing, and says that it may next time."""

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        asked.append(provider)
        purchase.submitted(f"{provider}-{len(asked)}")
        purchase.failed(PRICE, "the task failed")
        raise ProviderUnavailableError("the task failed; try again")

    return make


def test_what_was_paid_twice_for_nothing_is_not_repeated_by_itself(store: PostgresJobStore) -> None:
    attempt, asked = attempt_at(store, order_short(store)), list[str]()
    with pytest.raises(ProviderUnavailableError):
        obtain(store, attempt, ITEM, [offer(paid_failure(asked))])
    with pytest.raises(ProviderRefusedError, match="paid 2 times") as refused:
        obtain(store, attempt, ITEM, [offer(paid_failure(asked))])
    assert not refused.value.retryable
    other = replace(ITEM, prompt="a harbour at dawn")
    with pytest.raises(ProviderUnavailableError):  # another request begins anew
        obtain(store, attempt, other, [offer(paid_failure(asked))])


def test_after_a_paid_failure_nobody_else_is_paid_as_well(store: PostgresJobStore) -> None:
    attempt, asked = attempt_at(store, order_short(store)), list[str]()
    chain = [offer(paid_failure(asked, name), name) for name in ("leonardo", "gemini")]
    with pytest.raises(ProviderUnavailableError):
        obtain(store, attempt, ITEM, chain)
    assert asked == ["leonardo"]


def test_after_a_failure_that_cost_nothing_the_next_one_is_asked(store: PostgresJobStore) -> None:
    attempt = attempt_at(store, order_short(store))

    def free_failure(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted("task-1")
        purchase.failed(Decimal(0), "the task failed")
        raise ProviderUnavailableError("the task failed; it takes nothing")

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted("task-2")
        return Generation("gemini", "task-2", TERMS, PRICE)

    made = obtain(store, attempt, ITEM, [offer(free_failure), offer(make, "gemini")])
    assert made.provider == "gemini"


def test_what_the_vendor_never_answered_is_possibly_paid_when_something_else_is_wanted(store: PostgresJobStore) -> None:
    attempt = attempt_at(store, order_short(store))
    unanswered = set_aside(store, attempt.lease, str(PRICE))
    store.begin_submission(attempt.lease, unanswered.id, LIMITS)

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted("task-1")
        return Generation("leonardo", "task-1", TERMS, PRICE)

    obtain(store, attempt, Item(ITEM.what, "something else", 7), [offer(make)])
    ended = store.purchase(unanswered.id)
    assert (ended.state, ended.cost_usd) == (S.LOST, PRICE)
    assert "possibly paid" in ended.note


class Inline(DummyImages):
    """A vendor whose answer is the picture."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.capabilities = replace(self.capabilities, price_usd=PRICE, limits=LIMITS)
        self.asked = 0

    def illustrate(self, prompt: Any, seed: int, size: tuple[int, int], out: Any, purchase: Any = None) -> Generation:
        purchase.submitting()
        self.asked += 1
        made = super().illustrate(prompt, seed, size, out)
        purchase.submitted(None)
        return replace(made, provider_id=None, cost_usd=PRICE)


def test_a_picture_that_came_inline_outlives_books_that_are_away(studio: Studio, order: Order, workshop: Any) -> None:
    """Its file is in the store by then, and must not be looked for where it was made."""
    vendor = Inline(workshop)
    books: Any = Hiccup(studio.jobs, "save_image", left=2)
    job = waiting(replace(studio, jobs=books, images={"dummy": vendor}), order)
    assert (job.status, books.left) == (JobStatus.AWAITING_APPROVAL, 0)
    assert vendor.asked == len(studio.jobs.images(job.id))
    assert studio.jobs.purchases(job.id, states=UNFINISHED) == []


def test_what_the_books_took_without_saying_so_is_not_recorded_twice(store: PostgresJobStore) -> None:
    attempt = attempt_at(store, order_short(store))
    told: list[Generation] = []

    def make(purchase: Purchase) -> Generation:
        purchase.submitting()
        purchase.submitted(None)
        return Generation("gemini", None, TERMS, PRICE)

    def keep(generation: Generation) -> Generation:
        told.append(generation)
        assert generation.purchase_id is not None
        store.close_purchase(generation.purchase_id, S.SETTLED, PRICE)
        raise StoreUnavailableError("the database did not answer: it restarts")

    with pytest.raises(StoreUnavailableError, match="did not answer"):
        obtain(store, attempt, ITEM, [replace(offer(make, "gemini"), keep=keep)])
    assert len(told) == 1
