"""Replicate's odd parts: its list, its waits in words, what it forgets, before its fake."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import (
    AnswerLostError,
    DoubtfulPurchaseError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.providers import replicate
from video_pipeline.providers.http import Account as VendorAccount
from video_pipeline.providers.replicate import PRICE_USD, ReplicateImages, made_size
from video_pipeline.providers.vendor import Delivery, Failure
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.receivers import receiver, status
from video_pipeline_tests.vendors import Account, Fakes

PROMPT = VisualPrompt(order_index=0, text="a lake at night, mist", description="A lake")
SIZE = (1920, 1080)

Illustrate = Callable[..., Generation]


@pytest.fixture
def account(fakes: Fakes, key: str) -> Account:
    return fakes.account("replicate", key)


@pytest.fixture
def illustrate(fakes: Fakes, cores: Cores, key: str, tmp_path: Path) -> Illustrate:
    def illustrated(
        words: str = PROMPT.text,
        *,
        size: tuple[int, int] = (640, 360),
        purchase: Remembered | None = None,
        seed: int = 7,
    ) -> Generation:
        images = ReplicateImages(buying.workshop(cores, fakes, key))
        told = Remembered() if purchase is None else purchase
        return images.illustrate(replace(PROMPT, text=words), seed, size, tmp_path / "a.png", told)

    return illustrated


def test_a_picture_is_asked_for_once_and_cut_to_size(illustrate: Illustrate, account: Account, tmp_path: Path) -> None:
    told = Remembered()
    made = illustrate(size=SIZE, purchase=told, seed=2**40 + 7)
    asked = json.loads(account.calls[0].body)["input"]
    assert (asked["prompt"], asked["width"], asked["height"], asked["seed"]) == (PROMPT.text, 1920, 1088, 7)
    assert cv2.imread(str(tmp_path / "a.png")).shape == (1080, 1920, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert made.provider_id == told.task_id == account.bill.charges[0].task_id
    assert (made.cost_usd, len(account.bill), told.told) == (PRICE_USD, 1, ["submitting", "submitted"])


@pytest.mark.parametrize(
    ("size", "asked"),
    [
        ((1920, 1080), (1920, 1088)),
        ((1080, 1920), (1088, 1920)),
        ((1080, 1080), (1088, 1088)),
        ((3840, 2160), (2048, 1152)),
        ((320, 180), (464, 256)),
        ((4000, 300), (2048, 256)),
    ],
)
def test_sides_are_what_the_model_makes(size: tuple[int, int], asked: tuple[int, int]) -> None:
    assert made_size(size) == asked


@pytest.mark.parametrize("fault", ["reset_after", "cut_off", "truncated_json", "gateway_lost"])
def test_a_lost_answer_is_found_in_the_list(illustrate: Illustrate, account: Account, fault: str) -> None:
    others = [illustrate(seed=8), illustrate("another lake")]
    account.next(fault, "submit")
    told = Remembered()
    made = illustrate(purchase=told)
    assert told.told == ["submitting", "trouble", "submitted"]
    assert made.provider_id not in {other.provider_id for other in others}
    assert len(account.bill) == account.count("submit") == 3


def test_a_later_attempt_finds_it_too_and_nothing_that_is_anothers(illustrate: Illustrate, account: Account) -> None:
    first = illustrate()
    account.next("reset_after", "submit")
    account.next("error_json", "list", times=40)  # longer than the attempt has patience
    told = Remembered(known={str(first.provider_id)})
    with pytest.raises(ProviderUnavailableError):
        _impatient(illustrate, told)
    with account.lock:
        account._queued.clear()
    made = illustrate(purchase=told)
    assert made.provider_id != first.provider_id
    assert len(account.bill) == account.count("submit") == 2


def test_what_its_list_has_forgotten_is_doubtful(illustrate: Illustrate, account: Account, fakes: Fakes) -> None:
    known = {str(illustrate().provider_id)}
    fakes.clock.advance(3700)
    began = time.monotonic() - 3700
    made = illustrate(purchase=Remembered(began=began, known=known))  # all that it has forgotten is in the books
    fakes.clock.advance(3700)
    with pytest.raises(DoubtfulPurchaseError):
        illustrate(purchase=Remembered(began=began, known=known))
    assert illustrate(purchase=Remembered(began=began, known={*known, str(made.provider_id)}))
    assert account.count("submit") == 3


def _impatient(illustrate: Illustrate, told: Remembered) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VendorAccount, "http", _without_patience(VendorAccount.http))
        illustrate(purchase=told)


def _without_patience(http: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, headers, **given: http(self, headers, **given, patience_s=0)


def test_what_never_came_is_sent_again_when_the_list_lacks_it(illustrate: Illustrate, account: Account) -> None:
    account.next("error_page", "submit", status=502)
    told = Remembered()
    illustrate(purchase=told)
    assert told.told == ["submitting", "trouble", "refused", "submitting", "submitted"]
    assert len(account.bill) == 1


@pytest.mark.parametrize("fault", ["limit_seconds", "limit_date", "limit_bare", "error_json"])
def test_what_was_certainly_not_accepted_is_sent_again(illustrate: Illustrate, account: Account, fault: str) -> None:
    account.next(fault, "submit", wait_s=0.2)
    told = Remembered()
    illustrate(purchase=told)
    assert told.told == ["submitting", "refused", "trouble", "submitting", "submitted"]
    assert len(account.bill) == 1


def test_a_wait_in_words_is_kept(illustrate: Illustrate, account: Account) -> None:
    account.next("limit_bare", "submit", wait_s=90)
    with pytest.raises(ProviderUnavailableError) as raised:
        illustrate()
    assert raised.value.retry_after_s == 90


def test_no_credit_is_said_and_not_tried_again(illustrate: Illustrate, account: Account) -> None:
    account.behaviour.credit = Decimal(0)
    told = Remembered()
    with pytest.raises(ProviderRefusedError, match="top it up"):
        illustrate(purchase=told)
    assert (told.told, account.count("submit")) == (["submitting", "refused"], 1)


def test_an_input_that_is_refused_is_named(illustrate: Illustrate, account: Account) -> None:
    with pytest.raises(ProviderRefusedError, match="prompt is required"):
        illustrate("")
    assert account.count("submit") == 1


def test_refused_words_are_never_sent_again(illustrate: Illustrate, account: Account) -> None:
    told = Remembered()
    with pytest.raises(PromptRefusedError, match=r"\(E005\); use others"):
        illustrate("a forbidden lake", purchase=told)
    assert (told.told, told.costs) == (["submitting", "submitted", "failed"], [Decimal(0)])
    assert (account.count("submit"), len(account.bill)) == (1, 0)


def test_a_prediction_that_failed_or_was_cancelled_may_be_made_again(illustrate: Illustrate, account: Account) -> None:
    account.next("task_failed")
    with pytest.raises(ProviderUnavailableError, match=r"E6716.*retry the job"):
        illustrate()
    cancelled = account.open("prediction", PROMPT.text, {}, id="cancelled")
    cancelled.memory.update(model=replicate.MODEL, count=1)
    account.cancel(cancelled)
    with pytest.raises(ProviderUnavailableError, match="canceled"):
        illustrate(purchase=Remembered(task_id="cancelled"))


def test_strange_states_and_troubled_polls_are_waited_for(illustrate: Illustrate, account: Account) -> None:
    account.next("unknown_state", "poll", times=2)
    account.next("error_page", "poll", status=502)
    account.next("truncated_json", "poll")
    illustrate()
    assert len(account.bill) == 1


@pytest.mark.parametrize("fault", ["truncated_media", "page_as_media", "expired_link", "cut_off", "wrong_picture"])
def test_media_is_fetched_until_it_is_usable(
    illustrate: Illustrate, account: Account, tmp_path: Path, fault: str
) -> None:
    account.next(fault, "media")
    illustrate()
    assert cv2.imread(str(tmp_path / "a.png")).shape == (360, 640, 3)
    assert account.count("media") == (1 if fault == "wrong_picture" else 2)
    assert len(account.bill) == 1


def test_a_black_picture_was_paid_for(illustrate: Illustrate, account: Account, tmp_path: Path) -> None:
    account.next("black")
    told = Remembered()
    with pytest.raises(MediaError, match="is black"):
        illustrate(purchase=told)
    assert (told.told[-1], told.costs) == ("failed", [PRICE_USD])
    assert list(tmp_path.iterdir()) == []


def test_what_was_deleted_or_is_gone_was_paid_for(illustrate: Illustrate, account: Account, fakes: Fakes) -> None:
    made = illustrate()
    fakes.clock.advance(3600)
    for task_id, why in ((made.provider_id, "has deleted"), ("nobodys", "does not know")):
        told = Remembered(task_id=task_id)
        with pytest.raises(MediaError, match=f"{why}.*it was paid for"):
            illustrate(purchase=told)
        assert (told.told, told.costs) == (["failed"], [PRICE_USD])
    assert account.count("submit") == 1


def test_nobody_else_gets_to_see_the_token(cores: Cores, fakes: Fakes, tmp_path: Path) -> None:
    images = ReplicateImages(buying.workshop(cores, fakes, "wrong-key"))
    with pytest.raises(ProviderRefusedError, match="VIDEO_PIPELINE_REPLICATE_API_KEY") as raised:
        images.illustrate(PROMPT, 7, SIZE, tmp_path / "a.png", Remembered())
    assert "wrong-key" not in str(raised.value)


def looked(answer: object) -> object:
    """What a look makes of an answer."""
    with receiver(status(200, json.dumps(answer).encode())) as vendor:
        http = VendorAccount("replicate", vendor.url, {"api_key": "a-key"}).http({})
        return replicate._Picture(http, {}).look("an-id")


@pytest.mark.parametrize(
    ("output", "link"),
    [
        ("https://a/1", "https://a/1"),
        (["https://a/1", "https://a/2"], "https://a/1"),
        ([], None),
        ({}, None),
        ([5], None),
    ],
)
def test_the_output_comes_in_several_shapes(output: object, link: str | None) -> None:
    assert looked({"status": "succeeded", "output": output}) == Delivery(link=link)


def test_answers_of_any_shape_are_understood() -> None:
    for answer in ({}, [], None, {"status": ["succeeded"]}, {"status": "starting", "output": "https://a/1"}):
        assert looked(answer) is None
    aborted = looked({"status": "aborted", "error": None})
    assert isinstance(aborted, Failure)
    assert "no reason given" in str(aborted.error)
    for listed in ({"results": []}, {"results": [None, {}, {"id": "a", "input": []}]}):
        with receiver(status(200, json.dumps(listed).encode())) as vendor:
            http = VendorAccount("replicate", vendor.url, {"api_key": "a-key"}).http({})
            calls = replicate._Picture(http, {"prompt": "a", "seed": 1})
            assert calls.search(60.0).same == []
            with pytest.raises(AnswerLostError, match="without the id"):
                calls.submit()
