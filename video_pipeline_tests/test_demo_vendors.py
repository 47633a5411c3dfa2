"""The demo before fake vendors: what it says where the bill and the books differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tools.demo_vendors import KEY, Balance, balances
from video_pipeline_tests.vendors import Call, Fakes, Fault
from video_pipeline_tests.vendors.wire import Request


def _found(vendor: str, billed: list[str], *costs: float | None, provider: str = "") -> Balance:
    """What is told of a bill and of purchases with these costs; that of one whose answer was lost has a minus."""
    fakes = Fakes()
    for number, amount in enumerate(billed):
        fakes.account(vendor, KEY).charge(str(number), Decimal(amount), "a lake")
    bought: list[dict[str, Any]] = [
        {
            "what": "a/01",
            "provider": provider or vendor,
            "cost_usd": cost and abs(cost),
            "state": "lost" if (cost or 0) < 0 else "settled",
        }
        for cost in costs
    ]
    (balance,) = balances(fakes, bought)
    return balance


def test_where_bill_and_books_agree_there_is_one_figure() -> None:
    found = _found("openai", ["0.00021", "0.00022"], 0.0005, provider="openai/demo")
    assert found.agrees
    assert str(found) == "openai     billed  2 things, 0.0004 USD"


def test_a_vendor_that_does_not_say_what_it_took_explains_the_difference() -> None:
    """`--images replicate` ended with an error, and no word: the fake billed less than the client's price."""
    found = _found("replicate", ["0.04", "0.04"], 0.05, 0.05, None)
    assert (found.agrees, found.explained) == (False, True)
    assert str(found).endswith(
        "billed  2 things, 0.0800 USD; booked 2, 0.1000 USD: it does not say what it took, so that each counts with "
        "the price of the settings"
    )


@pytest.mark.parametrize(
    ("vendor", "billed", "costs"),
    [("openai", [], [-0.015]), ("mubert", ["0.04"], [0.04, -0.04]), ("mubert", [], [-0.04])],
)
def test_an_answer_that_was_lost_counts_in_the_books_and_may_not_be_on_the_bill(
    vendor: str, billed: list[str], costs: list[float]
) -> None:
    """`--faulty` ended with an error where vendors had broken down before they took anything."""
    found = _found(vendor, billed, *costs)
    assert (found.agrees, found.explained) == (False, True)
    assert "in vain" in str(found)
    assert _found("mubert", ["0.04"], -0.04).agrees


def test_words_count_whole_where_calls_of_the_model_went_wrong() -> None:
    """They are settled with what the grammar says in its place, and not as lost."""
    fakes = Fakes()
    bought = [{"what": "words/00", "provider": "openai/demo", "cost_usd": 0.015, "state": "settled"}]
    (sound,) = balances(fakes, bought)
    call = Request("POST", "/openai/v1/chat/completions", {}, {}, bytes)
    account = fakes.account("openai", KEY)
    account.log(Call.SUBMIT, call, Fault.ERROR_JSON)
    (broken,) = balances(fakes, bought)
    assert (sound.explained, broken.explained) == (False, True)


def test_what_was_billed_twice_or_said_otherwise_is_no_such_difference() -> None:
    for found in (
        _found("replicate", ["0.05", "0.05"], 0.05),
        _found("leonardo", ["0.035"], 0.04),
        _found("leonardo", ["0.035", "0.035"], -0.04),
        _found("mubert", [], 0.04),
    ):
        assert not found.agrees
        assert not found.explained
        assert "this should not be" in str(found)
