"""`money`: how caps stand and are set, what was bought, and what a person says of what is doubtful."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.domain.purchases import TRIALS, Item, Limits, PurchaseRecord, PurchaseState
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.steps.test_retention import Order

PRICE = Decimal("0.04")


def doubtful(studio: Studio, job: JobRecord, what: str = "images/02") -> PurchaseRecord:
    """A purchase whose answer was lost."""
    lease = studio.jobs.claim(job.id, "run")
    bought = studio.jobs.reserve(lease, "leonardo", Item(what, "a harbour", 7), PRICE)
    studio.jobs.begin_submission(lease, bought.id, Limits(concurrency=9))
    studio.jobs.close_purchase(bought.id, PurchaseState.DOUBTFUL, note="the answer was lost")
    studio.jobs.release(lease)
    return studio.jobs.purchase(bought.id)


def standing(call: Call, *options: str) -> dict[str, tuple[Any, ...]]:
    told = in_json(call, "money", "spending", *options)
    return {each["scope"]: (each["cap_usd"], each["paid_usd"], each["reserved_usd"], each["left_usd"]) for each in told}


def test_caps_are_set_and_stand_as_they_were_set(call: Call, order: Order, studio: Studio) -> None:
    job = order()
    doubtful(studio, job)
    assert standing(call) == {"day": (50, 0, 0.04, 49.96), "month": (500, 0, 0.04, 499.96)}
    assert in_json(call, "money", "cap", "month", "none")["amount_usd"] is None
    code, out, _ = call("money", "cap", "job", "$1.5", "--channel", "Test Channel")
    assert (code, "the cap of a job of the channel Test Channel is $1.50" in out) == (0, True)
    assert "job (its channel's own)" in call("money", "spending", "--job", str(job.id))[1]
    assert "these channels keep their own: Test Channel" in call("money", "cap", "job", "9")[1]
    told = standing(call, "--job", str(job.id))
    assert told["job"] == (1.5, 0, 0.04, 1.46)
    assert told["month"] == (None, 0, 0.04, None)
    assert standing(call, "--channel", "Test Channel")["job"] == (1.5, 0, 0, 1.5)
    assert {(cap["scope"], cap["amount_usd"], cap["set_by"]) for cap in in_json(call, "money", "caps")} == {
        ("month", None, "operator"),
        ("job", 1.5, "operator"),
        ("job", 9, "operator"),
        ("day", 50, None),
    }


def test_caps_are_told_to_people(call: Call, order: Order) -> None:
    order()
    call("money", "cap", "channel", "5", "--channel", "Test Channel")
    out = call("money", "caps")[1]
    assert "Test Channel" in out
    assert "nobody" in out
    assert (
        "no limit" in call("money", "spending", "--channel", str(uuid4()))[2] + call("money", "cap", "day", "NONE")[1]
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("cap", "day", "5", "--channel", "Test Channel"), 2),
        (("cap", "day", "lots"), 2),
        (("cap", "day", "NaN"), 2),
        (("cap", "year", "5"), 2),
        (("cap", "job", "5", "--channel", "Nobody's"), 4),
        (("spending", "--job", "123456", "--channel", "x"), 2),
        (("purchases", "--job", "123456"), 4),
        (("resolve", "123456", "--spent"), 4),
        (("resolve", "12", "--spent"), 2),
        (("resolve", "123456"), 2),
        (("resolve", "123456", "1", "--unspent"), 2),
    ],
)
def test_what_is_not_usable_is_refused(call: Call, order: Order, arguments: tuple[str, ...], code: int) -> None:
    order()
    assert call("money", *arguments)[0] == code


def test_what_was_bought_is_listed_with_what_came_of_it(call: Call, order: Order, studio: Studio) -> None:
    assert "nothing was bought" in call("money", "purchases")[1]
    bought = doubtful(studio, order())
    trial = studio.jobs.reserve(None, "mubert", Item("trial/mubert/music", "a piece", 7), PRICE)
    assert trial.job_id == TRIALS
    row = in_json(call, "money", "purchases", "--state", "doubtful")
    assert [(each["id"], each["provider"], each["state"], each["price_usd"]) for each in row] == [
        (str(bought.id), "leonardo", "doubtful", 0.04)
    ]
    assert [each["id"] for each in in_json(call, "money", "purchases", "--trials")] == [str(trial.id)]
    assert [each["id"] for each in in_json(call, "money", "purchases", "--job", str(bought.job_id))] == [str(bought.id)]
    out = call("money", "purchases")[1]
    for words in (str(bought.id)[:8], "the answer was lost", "a trial", "money resolve ID"):
        assert words in out, words
    # By what somebody finds it in a dashboard.
    assert bought.submitting_at is not None
    asked = f"at {bought.submitting_at:%Y-%m-%d %H:%M:%S} UTC leonardo was asked for: a harbour"
    assert f"{str(bought.id)[:8]}: {asked}" in out
    assert (row[0]["prompt"], row[0]["submitting_at"]) == ("a harbour", bought.submitting_at.isoformat())


def test_a_doubtful_purchase_is_spent_or_not_and_said_once(call: Call, order: Order, studio: Studio) -> None:
    job = order()
    spent, unspent = doubtful(studio, job), doubtful(studio, job, "images/03")
    code, out, _ = call("money", "resolve", str(spent.id)[:8], "--spent", "0.05")
    assert (code, "is lost; $0.05 were taken" in out, f"job retry {str(job.id)[:8]}" in out) == (0, True, True)
    told = in_json(call, "money", "resolve", str(unspent.id), "--unspent")
    assert (told["state"], told["cost_usd"]) == ("released", 0)
    assert told["note"] == "the answer was lost; nothing was taken, says operator"
    assert studio.jobs.get_job(job.id).actual_cost_usd == Decimal("0.05")
    entries = [(str(each.entry), each.amount_usd) for each in studio.jobs.cost_entries(job.id)]
    assert entries == [("reserve", PRICE), ("reserve", PRICE), ("settle", Decimal("0.05")), ("release", PRICE)]
    code, _, err = call("money", "resolve", str(spent.id), "--unspent")
    assert (code, "is lost; only a doubtful one" in err) == (1, True)
    assert len(studio.jobs.cost_entries(job.id)) == 4


def test_its_price_is_taken_where_no_amount_is_said(call: Call, order: Order, studio: Studio) -> None:
    bought = doubtful(studio, order())
    assert in_json(call, "money", "resolve", str(bought.id), "--spent")["cost_usd"] == 0.04
