"""Money over HTTP: caps and how they stand, what was bought for a job, who can be asked."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.access import Scope
from video_pipeline.domain.purchases import Item, PurchaseRecord, PurchaseState
from video_pipeline_tests.api.conftest import House

PRICE = Decimal("0.04")


def bought(house: House, job_id: str, what: str, state: PurchaseState) -> PurchaseRecord:
    """Something bought for a job."""
    jobs = house.desk.jobs
    lease = jobs.claim(UUID(job_id), "a test")
    made = jobs.reserve(lease, "leonardo", Item(what, "a harbour", 7), PRICE)
    jobs.close_purchase(made.id, state, PRICE, note="because")
    jobs.release(lease)
    return jobs.purchase(made.id)


def test_caps_are_set_by_administrators_and_seen_by_everybody(house: House) -> None:
    anna, boss, channel = house.user("anna"), house.user("root", Scope.ADMIN), house.channel()
    assert {each["scope"]: each["cap_usd"] for each in anna.get("/money").json["spending"]} == {"day": 50, "month": 500}
    made = boss.call("PUT", "/money/caps/job", body={"amount_usd": 1.25, "channel_id": channel}).json
    assert (made["amount_usd"], made["set_by"], made["channel_id"]) == (1.25, "root", channel)
    assert boss.call("PUT", "/money/caps/month", body={"amount_usd": None}).json["amount_usd"] is None
    told = anna.get("/money", query={"channel_id": channel}).json
    assert {each["scope"]: each["left_usd"] for each in told["spending"]} == {
        "job": 1.25,
        "channel": None,
        "day": 50,
        "month": None,
    }
    assert len(told["caps"]) == 2
    assert {each["scope"]: (each["channel_id"], each["is_own"]) for each in told["spending"]} == {
        "job": (channel, True),
        "channel": (channel, False),
        "day": (None, False),
        "month": (None, False),
    }


def test_what_is_wrong_with_a_value_is_told_without_python(house: House) -> None:
    anna, boss = house.user("anna"), house.user("root", Scope.ADMIN)
    too_much = boss.call("PUT", "/money/caps/day", body={"amount_usd": 1e30}).json["detail"]
    assert too_much == "amount_usd: Input should be less than or equal to 99999999"
    short = anna.post("/jobs", {"kind": "storyboard", "channel_id": house.channel(), "prompt": "y"}).json["detail"]
    assert "prompt: String should have at least 10 characters" in short


@pytest.mark.parametrize(
    ("scope", "body", "status"),
    [
        ("day", {"amount_usd": -1}, 422),
        ("day", {"amount_usd": "5"}, 422),
        ("day", {"amount_usd": 1e12}, 422),
        ("day", {}, 422),
        ("year", {"amount_usd": 5}, 422),
        ("day", {"amount_usd": 5, "channel_id": str(uuid4())}, 400),
        ("job", {"amount_usd": 5, "channel_id": str(uuid4())}, 404),
    ],
)
def test_a_cap_that_cannot_be_is_refused(house: House, scope: str, body: dict[str, object], status: int) -> None:
    boss = house.user("root", Scope.ADMIN)
    assert boss.call("PUT", f"/money/caps/{scope}", body=body).status == status
    assert house.desk.jobs.caps() == []


def test_what_was_bought_is_listed_and_a_doubtful_one_resolved_once(house: House) -> None:
    anna, boss = house.user("anna"), house.user("root", Scope.ADMIN)
    job_id = house.ordered(anna)
    bought(house, job_id, "images/01", PurchaseState.SETTLED)
    lost = bought(house, job_id, "images/02", PurchaseState.DOUBTFUL)
    told = anna.get(f"/jobs/{job_id}/purchases").json
    assert (told["paid_usd"], told["reserved_usd"], told["cap_usd"]) == (0.04, 0.04, 20)
    assert [(each["what"], each["state"], each["cost_usd"]) for each in told["items"]] == [
        ("images/02", "doubtful", None),
        ("images/01", "settled", 0.04),
    ]
    path = f"/purchases/{lost.id}/resolve"
    assert boss.post(path, {"spent": False, "cost_usd": 0.04}).status == 400
    assert boss.post(path, {"spent": "yes"}).status == 422
    done = boss.post(path, {"spent": True})
    assert (done.json["state"], done.json["cost_usd"]) == ("lost", 0.04)
    assert done.json["note"] == "because; $0.04 were taken, says root"
    assert boss.post(path, {"spent": False}).status == 409
    assert boss.post(f"/purchases/{uuid4()}/resolve", {"spent": False}).status == 404
    assert anna.get(f"/jobs/{job_id}/purchases").json["reserved_usd"] == 0


def test_a_long_job_shows_all_that_was_bought_for_it(house: House) -> None:
    """A music video of clips buys hundreds of things; a doubtful one among the first has to be found."""
    anna, jobs = house.user("anna"), house.desk.jobs
    job_id = house.ordered(anna)
    first = bought(house, job_id, "music/01", PurchaseState.DOUBTFUL)
    lease = jobs.claim(UUID(job_id), "a test")
    for number in range(1, 201):
        jobs.reserve(lease, "leonardo", Item(f"images/{number:02}", "a harbour", 7), Decimal(0))
    items = anna.get(f"/jobs/{job_id}/purchases").json["items"]
    assert (len(items), items[-1]["id"]) == (201, str(first.id))


def test_providers_say_whether_they_are_ready_and_how_it_went_lately(house: House) -> None:
    house.desk.jobs.report_vendor("leonardo", f"cannot write {house.desk.media.path('here')}")
    anna = house.user("anna", Scope.READ)
    items = anna.get("/providers").json["items"]
    found = {(each["kind"], each["name"]): each for each in items}
    leonardo, own = found["picture", "leonardo"], found["picture", "procedural"]
    assert (leonardo["ready"], leonardo["local"], leonardo["failures"]) == (False, False, 1)
    assert "VIDEO_PIPELINE_LEONARDO_API_KEY" in leonardo["missing"]
    assert str(house.desk.media.path("here").parent) not in leonardo["last_error"]
    assert (own["ready"], own["missing"], own["local"], own["price_usd"]) == (True, None, True, 0)
    assert found["clip", "runway_standard"]["second_usd"] == 0.05
    assert (found["music", "mubert"]["longest_s"], leonardo["largest"], own["largest"]) == (3600, [3840, 2160], None)
    choices = {each["name"]: each["missing"] for each in anna.get("/options").json["image_providers"]}
    assert choices["procedural"] is None
    assert choices["leonardo"] == leonardo["missing"]
