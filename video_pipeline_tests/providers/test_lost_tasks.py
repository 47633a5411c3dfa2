"""A task whose answer was lost is found wherever it stands in a list, and nothing else is taken for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import DoubtfulPurchaseError, MediaError, ProviderUnavailableError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers import leonardo, mubert, registry, replicate
from video_pipeline.providers.http import VendorHttp
from video_pipeline.providers.vendor import Accepted, Dealing, Delivery, Findings, Listed, Pace, Page, asks_same, sought
from video_pipeline.providers.vendor.listing import CLOCKS_S, PAGES_MAX
from video_pipeline.providers.vendor.reading import moment_in
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.providers.test_contract import PIECE
from video_pipeline_tests.receivers import receiver, status
from video_pipeline_tests.vendors import Account, Fakes, running

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AGE_S = 60.0


def listed(task_id: str | None, ago_s: float | None, is_same: bool | None = False) -> Listed:
    """A task that was begun so long ago."""
    return Listed(task_id, None if ago_s is None else NOW - timedelta(seconds=ago_s), is_same)


def found(*pages: list[Listed]) -> Findings:
    """What is found for a submission that began a minute ago."""
    return sought((Page(tasks, NOW) for tasks in pages), AGE_S)


def test_the_oldest_that_is_young_enough_comes_first() -> None:
    old = listed("old", AGE_S + CLOCKS_S + 1, True)
    assert found([listed("b", 10, True), listed("x", 20)], [listed("a", 50, True), old]) == Findings(["a", "b"], [])


def test_no_page_is_read_behind_one_that_is_too_old() -> None:
    def pages() -> Iterator[Page]:
        yield Page([listed("x", 10), listed("old", 3600)], NOW)
        raise AssertionError("it is not asked for")

    assert sought(pages(), AGE_S) == Findings([], [])


def test_a_list_that_begins_with_the_oldest_is_read_to_its_end() -> None:
    pages = [listed("old", 9000), listed("older", 8000)], [listed("x", 5000)], [listed("a", 50, True)]
    assert found(*pages) == Findings(["a"], [])


UNSURE = {
    "it has no id that can be asked for": [[listed(None, 10, True)]],
    "it does not say when": [[listed("a", None, True)]],
    "nobody knows any more what it asked for": [[listed("a", 10, None)]],
    "one page is shown again and again": [[listed("x", 10)], [listed("x", 10)]],
    "the list does not end": [[listed(f"x{number}", 10)] for number in range(PAGES_MAX + 1)],
}
OTHERS = listed("known", 20, True)
"""The same words, which another purchase has bought."""


@pytest.mark.parametrize("pages", UNSURE.values(), ids=UNSURE)
@pytest.mark.parametrize("others", [[], [OTHERS]], ids=["alone", "beside another's"])
def test_where_it_cannot_be_told_nobody_says_that_it_is_not_there(
    tmp_path: Path, pages: list[list[Listed]], others: list[Listed]
) -> None:
    """Nor does a task with the same words that is another purchase's: it says nothing of ours."""
    purchase = Clocked(known={"known"}, ago_s=600.0)
    calls = Empty(found=found(*([*page, *others] for page in pages)))
    with pytest.raises(DoubtfulPurchaseError):
        dealing(calls, purchase).have(tmp_path / "raw", lambda _: None)
    assert (purchase.told, calls.submissions) == (["doubtful"], 0)


def test_what_is_vague_and_known_is_no_reason_to_doubt(tmp_path: Path) -> None:
    purchase, calls = Clocked(known={"a", "known"}, ago_s=600.0), Empty(found=found([listed("a", 10, None), OTHERS]))
    dealing(calls, purchase).have(tmp_path / "raw", lambda _: None)
    assert (purchase.told, calls.submissions) == (["refused", "600.0", "submitting", "submitted"], 1)


@pytest.mark.parametrize(
    ("said", "is_same"),
    [
        ({"prompt": "a  lake\n", "duration": 30}, True),  # vendors cut white space off
        ({"prompt": "a lake", "duration": 240}, True),
        ({"prompt": "a lake", "duration": 20}, False),
        ({"prompt": "a sea"}, False),  # whatever else it does not say
        ({"prompt": "a lake"}, None),
        ({"prompt": None, "duration": 30}, None),
        ({"prompt": "a lake", "duration": "30"}, None),
        ({}, None),
    ],
)
def test_a_task_that_says_too_little_is_not_another_one(said: dict[str, Any], is_same: bool | None) -> None:
    assert asks_same(said, {"prompt": ("a lake",), "duration": (30, 240)}) is is_same


def test_a_time_without_a_zone_is_the_latest_that_it_can_be() -> None:
    assert moment_in({"at": "2026-11-20T00:00:00"}, "at") == NOW
    assert moment_in({"at": "2026-11-20T13:00:00+01:00"}, "at") == NOW
    assert moment_in({"at": "2026"}, "at") is None


LAKE = {"prompt": "a lake", "seed": 7, "duration": 30}
SEARCHES: dict[str, Callable[[VendorHttp], Any]] = {
    "leonardo": lambda http: leonardo._Picture(http, {"parameters": LAKE}),
    "mubert": lambda http: mubert._Track(_Keys(http), LAKE),  # type: ignore[arg-type]
    "replicate": lambda http: replicate._Picture(http, LAKE),
}


@dataclass
class _Keys:
    http: VendorHttp

    def call(self, call: Callable[[VendorHttp], Any]) -> Any:
        return call(self.http)


def opened(vendor: str, account: Account, asked: dict[str, Any]) -> str:
    """A task in the list of a fake vendor."""
    kind = {"leonardo": "generation", "mubert": "track", "replicate": "prediction"}[vendor]
    task = account.open(kind, asked["prompt"], asked, owner="c" if vendor == "mubert" else None)
    task.memory.update(model=replicate.MODEL, count=1, quantity=1)
    return task.id


@pytest.mark.parametrize("vendor", SEARCHES)
def test_it_is_found_behind_two_pages_of_others_and_not_among_what_is_older(vendor: str) -> None:
    with running() as fakes:
        account = fakes.account(vendor, "key")
        opened(vendor, account, LAKE)  # of somebody else
        fakes.clock.advance(86_400)
        ours = opened(vendor, account, LAKE)
        for number in range(250):
            opened(vendor, account, LAKE | {"prompt": f"another {number}"})
        headers = {"Authorization": "Bearer key", "customer-id": "c", "access-token": "key"}
        assert SEARCHES[vendor](VendorHttp(vendor, fakes.base(vendor), headers)).search(1.0) == Findings([ours], [])


@pytest.mark.parametrize("vendor", SEARCHES)
def test_an_answer_without_a_list_does_not_say_that_it_is_empty(vendor: str) -> None:
    body = b'{"user_details": [{"user": {"id": "u"}}], "message": "ok"}'
    with receiver(status(200, body)) as strange:
        calls = SEARCHES[vendor](VendorHttp(vendor, strange.url, {}, patience_s=0))
        with pytest.raises(ProviderUnavailableError, match="without a list"):
            calls.search(60.0)


LISTS: dict[str, Callable[[list[Any]], Any]] = {
    "leonardo": lambda rows: {"generations": rows, "user_details": [{"user": {"id": "u"}}]},
    "mubert": lambda rows: {"data": rows, "meta": {"total": len(rows)}},
    "replicate": lambda rows: {"results": rows, "next": None},
}
STAMPS = {"leonardo": "createdAt", "mubert": "created_at", "replicate": "created_at"}


@pytest.mark.parametrize("vendor", LISTS)
@pytest.mark.parametrize("row", [None, {}, {"prompt": "a lake", "input": {"seed": 7}}])
def test_a_row_that_cannot_be_read_may_be_any_task(vendor: str, row: Any) -> None:
    """So it is with every vendor, also beside a task with the same words."""
    now = datetime.now(UTC).isoformat()
    theirs = {"id": "theirs", **LAKE, "input": LAKE, STAMPS[vendor]: now}
    with receiver(status(200, json.dumps(LISTS[vendor]([theirs, row])).encode())) as shown:
        seen = SEARCHES[vendor](VendorHttp(vendor, shown.url, {}, patience_s=0)).search(60.0)
    assert (seen.same, seen.is_whole) == (["theirs"], False)


def test_a_list_of_mubert_that_ends_before_its_own_count_was_not_seen_whole() -> None:
    with receiver(status(200, b'{"data": [], "meta": {"total": 3}}')) as cut:
        calls = SEARCHES["mubert"](VendorHttp("mubert", cut.url, {}, patience_s=0))
        assert calls.search(60.0) == Findings([], [], is_whole=False)


@pytest.mark.parametrize(
    ("model", "seed", "seen"),
    [
        (f"{replicate.MODEL}:3a1f", 7, Findings(["a"], [])),
        ("somebody/flux-2-pro", 7, Findings([], ["a"])),
        ("somebody/flux-2-pro", None, Findings([], [])),
        ("somebody/flux-2-pro", 8, Findings([], [])),
    ],
)
def test_what_another_model_of_replicate_made_is_ours_only_if_it_was_asked_for_the_very_same(
    model: str, seed: int | None, seen: Findings
) -> None:
    """The vendor may have moved ours: to take that for another one would be to pay twice."""
    row = {"id": "a", "model": model, "created_at": datetime.now(UTC).isoformat(), "input": LAKE | {"seed": seed}}
    with receiver(status(200, json.dumps(LISTS["replicate"]([row])).encode())) as shown:
        assert SEARCHES["replicate"](VendorHttp("replicate", shown.url, {}, patience_s=0)).search(60.0) == seen


@pytest.fixture
def have(fakes: Fakes, key: str, cores: Cores, tmp_path: Path) -> Callable[[str, Remembered], Generation]:
    """Have a small thing made by a vendor, the same each time."""
    shop, out = buying.workshop(cores, fakes, key), tmp_path / "made"
    picture = VisualPrompt(order_index=1, text="a lake at night", description="A lake")

    def made(vendor: str, purchase: Remembered) -> Generation:
        if vendor == "mubert":
            return registry.music_providers(shop)[vendor].compose(PIECE, 7, out, purchase)
        return registry.image_providers(shop)[vendor].illustrate(picture, 7, (320, 184), out, purchase)

    return made


@pytest.mark.parametrize("vendor", SEARCHES)
def test_a_list_that_is_stuck_costs_no_second_submission(
    fakes: Fakes, key: str, have: Callable[[str, Remembered], Generation], vendor: str
) -> None:
    """It shows a task with the same words that another purchase has bought, and not ours, on every page."""
    theirs = have(vendor, Remembered())
    account = fakes.account(vendor, key)
    account.behaviour.list_is_stuck = True
    account.next("reset_after", "submit")
    told = Remembered(known={str(theirs.provider_id)})
    with pytest.raises(DoubtfulPurchaseError):
        have(vendor, told)
    assert told.told == ["submitting", "trouble", "doubtful"]
    assert len(account.bill) == account.count("submit") == 2  # theirs and ours


@dataclass
class Clocked(Remembered):
    """A purchase whose clock moves only when it waits; an earlier attempt has submitted `ago_s` ago."""

    ago_s: float | None = 0.0

    @property
    def unanswered_s(self) -> float | None:
        """Seconds since the submission began."""
        return self.ago_s

    def submitting(self) -> None:
        """See the port."""
        self.told.append("submitting")
        self.ago_s = 0.0

    def submitted(self, task_id: str | None, cost_usd: Decimal | None = None, credits: Decimal | None = None) -> None:
        """See the port."""
        super().submitted(task_id, cost_usd, credits)
        self.ago_s = None

    def refused(self, why: str) -> None:
        """See the port."""
        super().refused(why)
        self.told.append(f"{self.ago_s}")
        self.ago_s = None

    def wait(self, seconds: float) -> None:
        """See the port."""
        self.ago_s = None if self.ago_s is None else self.ago_s + seconds


@dataclass
class Empty:
    """A vendor whose list stays as it is: empty, if nothing else is said."""

    ages: list[float] = field(default_factory=list)
    found: Findings | None = field(default_factory=lambda: Findings([]))
    submissions: int = 0

    def submit(self) -> Accepted:
        self.submissions += 1
        return Accepted("second")

    def search(self, age_s: float) -> Findings | None:
        self.ages.append(age_s)
        return self.found

    def look(self, _task_id: str) -> Delivery:
        return Delivery(content=b"x")


def dealing(calls: Any, purchase: Remembered, http: Any = None, pace: Pace | None = None) -> Dealing:
    """One with a vendor that answers within a minute, and whose list is behind by half of one."""
    return Dealing("vendor", http, calls, purchase, pace or Pace(poll_s=7.0, deadline_s=600.0), Decimal("0.04"))


def test_a_later_attempt_withdraws_nothing_that_may_still_be_on_its_way(tmp_path: Path) -> None:
    purchase, calls = Clocked(ago_s=1.0), Empty()
    dealing(calls, purchase).have(tmp_path / "raw", lambda _: None)
    assert purchase.told == ["refused", "90.0", "submitting", "submitted"]
    assert calls.ages[-1] == 90.0


@dataclass
class Moving(Empty):
    """A list to which others add while it is read, until a submission is `until_s` old; then it shows `holds`."""

    until_s: float = 0.0
    holds: Findings = field(default_factory=lambda: Findings([]))

    def search(self, age_s: float) -> Findings | None:
        self.ages.append(age_s)
        return self.holds if age_s >= self.until_s else Findings([], is_whole=False)


@pytest.mark.parametrize("until_s", [1.0, 89.0, 119.0])
def test_a_list_that_moves_while_it_is_read_is_read_again(tmp_path: Path, until_s: float) -> None:
    """With four tracks at once a job asked a person about each answer that was lost."""
    purchase, calls = Clocked(), Moving(until_s=until_s, holds=Findings(["ours"]))
    dealing(calls, purchase).have(tmp_path / "raw", lambda _: None)
    assert (purchase.told, calls.submissions) == (["submitted"], 0)


def test_a_list_that_was_seen_whole_late_says_that_it_is_not_there(tmp_path: Path) -> None:
    purchase, calls = Clocked(), Moving(until_s=100.0)
    dealing(calls, purchase).have(tmp_path / "raw", lambda _: None)
    assert purchase.told[0] == "refused"
    assert calls.submissions == 1


def test_a_list_that_is_never_seen_whole_is_left_to_a_person_in_time(tmp_path: Path) -> None:
    purchase, calls = Clocked(), Moving(until_s=1e9)
    with pytest.raises(DoubtfulPurchaseError):
        dealing(calls, purchase).have(tmp_path / "raw", lambda _: None)
    assert (purchase.told, calls.ages[-1], calls.submissions) == (["doubtful"], 120.0, 0)


def test_what_cannot_be_found_is_left_to_a_person(tmp_path: Path) -> None:
    purchase = Clocked()
    with pytest.raises(DoubtfulPurchaseError, match=r"no list says what became of it$"):
        dealing(Empty(found=None), purchase).have(tmp_path / "raw", lambda _: None)
    assert purchase.told == ["doubtful"]


def test_a_link_that_never_works_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    with receiver(status(404)) as network:
        http = VendorHttp("vendor", network.url, {}, messenger=HttpMessenger(allow_private=True))
        purchase = Remembered(task_id="t")
        calls: Any = Empty()
        calls.look = lambda _task_id: Delivery(link=network.url)
        with pytest.raises(MediaError):
            dealing(calls, purchase, http, Pace(0.01, 0.06)).have(tmp_path / "raw", lambda _: None)
        assert 5 <= len(network.messages) <= 8
    assert purchase.costs == [Decimal("0.04")]
