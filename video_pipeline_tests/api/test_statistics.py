"""Statistics over HTTP: totals, and cost over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from video_pipeline.domain.access import Scope
from video_pipeline_tests.api.conftest import House, Stocked

SEED_FIELDS = {"total_tasks", "by_status", "total_cost", "total_credits_used", "total_thumbnails"}


def test_totals_have_the_fields_of_the_seed_and_more(stocked: Stocked) -> None:
    stocked.anna.get(f"/jobs/{stocked.finished}/video")
    found = stocked.anna.get("/statistics").json
    assert set(found) == SEED_FIELDS | {"by_word", "total_minutes", "exports", "refinements", "downloads"}
    assert (found["total_tasks"], found["total_cost"], found["total_credits_used"]) == (2, 0, 0)
    assert {word: count for word, count in found["by_status"].items() if count} == {
        "completed": 1,
        "awaiting_approval": 1,
    }
    assert found["by_word"]["completed"] == 1
    assert sum(found["by_word"].values()) == 2
    thumbnails = [
        len(stocked.anna.get(f"/jobs/{job}/thumbnails").json["items"]) for job in (stocked.finished, stocked.waiting)
    ]
    assert found["total_thumbnails"] == sum(thumbnails) > 0
    assert (found["total_minutes"], found["exports"], found["downloads"]) == (0.5, 1, 1)


def test_users_count_their_own_jobs_and_administrators_those_of_anybody(house: House) -> None:
    anna, ben, admin = house.user("anna"), house.user("ben"), house.user("root", Scope.ADMIN)
    house.ordered(anna)
    house.ordered(anna)
    house.ordered(ben)

    def count(client: object, **query: str) -> int:
        total: int = client.get("/statistics", query=query).json["total_tasks"]  # type: ignore[attr-defined]
        return total

    assert (count(anna), count(ben), count(admin)) == (2, 1, 3)
    assert (count(anna, user_id="anna"), count(admin, user_id="ben"), count(admin, user_id="nobody")) == (2, 1, 0)
    for path in ("/statistics", "/statistics/cost"):
        foreign = ben.get(path, query={"user_id": "anna"})
        assert (foreign.status, foreign.json["type"]) == (403, "/problems/not-allowed")
        assert house.stranger().get(path).status == 401


def test_cost_over_time_has_no_gaps(stocked: Stocked) -> None:
    today = datetime.now(UTC).date()
    items = stocked.anna.get("/statistics/cost").json["items"]
    assert len(items) == 31
    assert set(items[0]) == {"period", "jobs", "completed", "cost_usd", "minutes"}
    days = [datetime.fromisoformat(each["period"]).date() for each in items]
    assert days == [days[0] + timedelta(days=number) for number in range(31)]
    assert days[-1] >= today
    assert (sum(each["jobs"] for each in items), sum(each["completed"] for each in items)) == (2, 1)
    assert sum(each["minutes"] for each in items) == 0.5


@pytest.mark.parametrize(("period", "first"), [("week", "2026-01-05"), ("month", "2026-01-01"), ("day", "2026-01-07")])
def test_periods_begin_where_the_calendar_says(house: House, period: str, first: str) -> None:
    query = {"period": period, "since": "2026-01-07T00:00:00Z", "until": "2026-03-01T00:00:00Z"}
    items = house.user("anna").get("/statistics/cost", query=query).json["items"]
    assert items[0]["period"].startswith(first)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"period": "century"}, 422),
        ({"since": "yesterday"}, 422),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, 400),
        ({"since": "1026-01-01T00:00:00Z"}, 400),
    ],
)
def test_times_that_are_none_are_refused(shared: Stocked, query: dict[str, str], status: int) -> None:
    assert shared.anna.get("/statistics/cost", query=query).status == status


def test_a_time_without_a_zone_is_taken_as_utc(shared: Stocked) -> None:
    query = {"since": "2026-01-01T00:00:00", "until": "2026-01-02T00:00:00"}
    (item,) = shared.anna.get("/statistics/cost", query=query).json["items"]
    assert datetime.fromisoformat(item["period"]) == datetime(2026, 1, 1, tzinfo=UTC)
