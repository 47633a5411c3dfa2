"""Gemini's odd parts: pictures in the answer, refusals in a 200, waits in the details, before its fake."""

from __future__ import annotations

import base64
import json
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
    LimitReachedError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.providers import gemini
from video_pipeline.providers.gemini import GeminiImages, ratio_for
from video_pipeline.providers.http import Account as VendorAccount
from video_pipeline.providers.vendor import Delivery
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.receivers import receiver, status
from video_pipeline_tests.vendors import Account, Fakes

PROMPT = VisualPrompt(order_index=0, text="a lake at night, mist", description="A lake")
SIZE = (1920, 1080)
PRICE = Decimal("0.10")

Illustrate = Callable[..., Generation]


@pytest.fixture
def account(fakes: Fakes, key: str) -> Account:
    return fakes.account("gemini", key)


@pytest.fixture
def illustrate(fakes: Fakes, cores: Cores, key: str, tmp_path: Path) -> Illustrate:
    def illustrated(
        words: str = PROMPT.text,
        *,
        size: tuple[int, int] = SIZE,
        purchase: Remembered | None = None,
        model: str = gemini.MODEL,
    ) -> Generation:
        workshop = replace(buying.workshop(cores, fakes, key), models={"gemini": model})
        told = Remembered() if purchase is None else purchase
        return GeminiImages(workshop).illustrate(replace(PROMPT, text=words), 2**40 + 7, size, tmp_path / "a.png", told)

    return illustrated


def test_a_picture_is_asked_for_once_in_2k(illustrate: Illustrate, account: Account, tmp_path: Path) -> None:
    told = Remembered()
    made = illustrate(purchase=told)
    assert json.loads(account.calls[0].body) == {
        "contents": [{"role": "user", "parts": [{"text": PROMPT.text}]}],
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
            "seed": 7,
        },
    }
    # The draft, which comes first, is 64 pixels wide: enlarged, it would be refused.
    assert cv2.imread(str(tmp_path / "a.png")).shape == (1080, 1920, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (made.cost_usd, account.bill.total, made.provider_id) == (PRICE, PRICE, None)
    assert told.told == ["submitting", "submitted"]


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((1920, 1080), "16:9"),
        ((1080, 1920), "9:16"),
        ((1080, 1080), "1:1"),
        ((2560, 1080), "21:9"),
        ((1440, 1080), "4:3"),
    ],
)
def test_the_nearest_shape_is_asked_for(size: tuple[int, int], ratio: str) -> None:
    assert ratio_for(size) == ratio


def test_other_models_have_other_sizes_and_prices(illustrate: Illustrate, account: Account) -> None:
    lite = illustrate(model=gemini.LITE_MODEL, size=(1280, 720))
    pro = illustrate(model="gemini-3-pro-image")
    assert [charge.amount for charge in account.bill] == [lite.cost_usd, pro.cost_usd]
    with pytest.raises(ProviderRefusedError, match="the model's name"):
        illustrate(model="imagen-4.0-generate-001")


@pytest.mark.parametrize("fault", ["reset_after", "cut_off", "truncated_json", "gateway_lost"])
def test_a_lost_answer_is_doubtful_and_never_sent_again(illustrate: Illustrate, account: Account, fault: str) -> None:
    account.next(fault, "submit")
    told = Remembered()
    with pytest.raises(DoubtfulPurchaseError, match="no list says what became of it"):
        illustrate(purchase=told)
    assert told.told == ["submitting", "trouble", "doubtful"]
    assert account.count("submit") == len(account.bill) == 1
    with pytest.raises(DoubtfulPurchaseError):
        illustrate(purchase=Remembered(began=told.began))
    assert account.count("submit") == 1


def test_a_page_of_a_proxy_leaves_it_to_a_person(illustrate: Illustrate, account: Account) -> None:
    account.next("error_page", "submit", status=503)
    with pytest.raises(DoubtfulPurchaseError):
        illustrate()
    assert account.count("submit") == 1


@pytest.mark.parametrize("fault", ["limit_seconds", "limit_date", "limit_bare", "error_json", "as_list"])
def test_what_was_certainly_not_accepted_is_sent_again(illustrate: Illustrate, account: Account, fault: str) -> None:
    account.next(fault, "submit", wait_s=0.2)
    told = Remembered()
    illustrate(purchase=told)
    assert told.told == ["submitting", "refused", "trouble", "submitting", "submitted"]
    assert len(account.bill) == 1


def test_a_wait_in_the_details_is_kept(illustrate: Illustrate, account: Account) -> None:
    account.next("limit_bare", "submit", wait_s=361.5)
    with pytest.raises(ProviderUnavailableError) as raised:
        illustrate()
    assert raised.value.retry_after_s == 361.5
    assert account.count("submit") == 1


def test_no_waiting_helps_against_the_quota_of_the_day(illustrate: Illustrate, account: Account) -> None:
    account.next("no_quota")
    told = Remembered()
    with pytest.raises(LimitReachedError, match="retry tomorrow"):
        illustrate(purchase=told)
    assert told.told == ["submitting", "refused"]
    assert account.count("submit") == 1


@pytest.mark.parametrize("times", [1, 2], ids=["in the feedback", "in the candidate"])
def test_refused_words_are_never_sent_again(illustrate: Illustrate, account: Account, times: int) -> None:
    told = Remembered()
    for _ in range(times):
        told = Remembered()
        with pytest.raises(PromptRefusedError, match="use others"):
            illustrate("a forbidden lake", purchase=told)
    assert told.told == ["submitting", "refused"]
    assert (account.count("submit"), len(account.bill)) == (times, 0)


def test_no_picture_without_a_reason_is_asked_for_once_more(illustrate: Illustrate, account: Account) -> None:
    account.next("no_image")
    illustrate()
    assert (account.count("submit"), len(account.bill)) == (2, 1)
    account.next("no_image", times=2)
    told = Remembered()
    with pytest.raises(ProviderRefusedError, match=r"2 times \(NO_IMAGE\)"):
        illustrate(purchase=told)
    assert told.told == ["submitting", "refused", "trouble", "submitting", "refused"]
    assert account.count("submit") == 4


def test_a_mislabelled_picture_is_taken_as_what_it_is(illustrate: Illustrate, account: Account, tmp_path: Path) -> None:
    account.next("wrong_picture", "submit")
    illustrate()
    assert cv2.imread(str(tmp_path / "a.png")).shape == (1080, 1920, 3)


@pytest.mark.parametrize(("fault", "why"), [("black", "is black"), ("truncated_media", "damaged or cut off")])
def test_what_is_not_usable_was_paid_for(
    illustrate: Illustrate, account: Account, tmp_path: Path, fault: str, why: str
) -> None:
    account.next(fault, "submit")
    told = Remembered()
    with pytest.raises(MediaError, match=why):
        illustrate(purchase=told)
    assert told.told == ["submitting", "submitted", "failed"]
    assert (told.costs, account.count("submit")) == ([PRICE], 1)
    assert list(tmp_path.iterdir()) == []


def test_keys_are_in_no_address_and_in_no_message(
    illustrate: Illustrate, fakes: Fakes, cores: Cores, tmp_path: Path
) -> None:
    with pytest.raises(ProviderRefusedError, match="VIDEO_PIPELINE_GEMINI_API_KEY") as raised:
        GeminiImages(buying.workshop(cores, fakes, "wrong-key")).illustrate(
            PROMPT, 7, SIZE, tmp_path / "a.png", Remembered()
        )
    assert "wrong-key" not in str(raised.value)


def submitted(answer: object) -> Delivery:
    """What becomes of an answer to a submission."""
    with receiver(status(200, json.dumps(answer).encode())) as vendor:
        http = VendorAccount("gemini", vendor.url, {"api_key": "a-key"}).http({})
        return gemini._Picture(http, gemini.MODEL, {}).submit()


def _candidate(**parts: Any) -> dict[str, Any]:
    return {"candidates": [parts]}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({}, AnswerLostError),
        ([], AnswerLostError),
        ({"candidates": None, "promptFeedback": "none"}, AnswerLostError),
        (_candidate(content=None), ProviderUnavailableError),
        (_candidate(content={"parts": [None, {"inlineData": {"data": 5}}]}), ProviderUnavailableError),
        (
            _candidate(content={"parts": [{"text": "I would rather not."}]}, finishReason="STOP"),
            ProviderUnavailableError,
        ),
        (_candidate(finishReason="IMAGE_RECITATION"), PromptRefusedError),
        ({"promptFeedback": {"blockReason": "SOMETHING_NEW"}}, PromptRefusedError),
    ],
)
def test_answers_of_any_shape_are_understood(answer: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        submitted(answer)


@pytest.mark.parametrize("name", ["inlineData", "inline_data"])
@pytest.mark.parametrize("data", [base64.b64encode(b"picture").decode(), "no base64 at all!"])
def test_what_came_is_handed_on_whatever_it_is(name: str, data: str) -> None:
    assert submitted(_candidate(content={"parts": [{name: {"data": data}}]})).content
