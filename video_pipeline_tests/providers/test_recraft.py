"""Recraft's odd parts: answers that hold the picture, units, refusals, and pictures that have to be larger."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import (
    DoubtfulPurchaseError,
    InvalidInputError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.providers.http import VendorHttp
from video_pipeline.providers.recraft import RecraftImages, balance
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.vendors import Account, Fakes

PROMPT = VisualPrompt(order_index=0, text="a lake at night, mist; no text", description="A lake")
HD, UHD = (1920, 1080), (3840, 2160)

Paint = Callable[..., Generation]


@pytest.fixture
def account(fakes: Fakes, key: str) -> Account:
    return fakes.account("recraft", key)


@pytest.fixture
def paint(fakes: Fakes, cores: Cores, key: str, tmp_path: Path) -> Paint:
    """Have a picture made, at `out.png`."""

    def made(size: tuple[int, int] = HD, *, words: str = PROMPT.text, purchase: Remembered | None = None) -> Generation:
        told = Remembered() if purchase is None else purchase
        images = RecraftImages(buying.workshop(cores, fakes, key))
        return images.illustrate(replace(PROMPT, text=words), 2**40 + 7, size, tmp_path / "out.png", told)

    return made


def asked(account: Account) -> list[dict[str, Any]]:
    """The bodies of all submissions."""
    return [json.loads(call.body) for call in account.calls if call.call == "submit"]


@pytest.mark.parametrize(("size", "made"), [(HD, "1344x768"), ((1080, 1920), "768x1344"), ((1080, 1080), "1024x1024")])
def test_each_shape_has_its_size_and_is_bought_once(
    paint: Paint, account: Account, tmp_path: Path, size: tuple[int, int], made: str
) -> None:
    told = Remembered()
    generation = paint(size, purchase=told)
    (body,) = asked(account)
    assert (body["model"], body["size"], body["n"], body["response_format"]) == ("recraftv4_1", made, 1, "b64_json")
    assert body["random_seed"] == 7
    assert (generation.cost_usd, generation.credits) == (Decimal("0.04"), 40)
    assert generation.provider_id
    assert account.bill.total == generation.cost_usd
    assert told.told == ["submitting", "submitted"]
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == size


def test_what_has_to_be_much_larger_is_enlarged_there(paint: Paint, account: Account, tmp_path: Path) -> None:
    generation = paint(UHD)
    assert asked(account)[1]["image_url"].startswith("data:image/png;base64,")
    assert (generation.cost_usd, generation.credits) == (Decimal("0.044"), 44)
    assert account.bill.total == generation.cost_usd
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == UHD


@pytest.mark.parametrize(("fault", "cost"), [("error_json", "0.04"), ("gateway_lost", "0.044"), ("limit_bare", "0.04")])
@pytest.mark.slow
def test_what_cannot_be_enlarged_there_is_enlarged_here(
    paint: Paint, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, cost: str
) -> None:
    post = VendorHttp.post

    def failing(http: Any, path: str, *rest: Any, **more: Any) -> Any:
        if path.endswith("crispUpscale"):
            account.next(fault, "submit", status=500)
        return post(http, path, *rest, **more)

    monkeypatch.setattr("video_pipeline.providers.http.VendorHttp.post", failing)
    generation = paint(UHD)
    assert generation.cost_usd == account.bill.total == Decimal(cost)
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == UHD


def test_refused_words_cost_nothing(paint: Paint, account: Account) -> None:
    told = Remembered()
    with pytest.raises(PromptRefusedError, match=r"rejected by moderation.*; use others"):
        paint(words="forbidden", purchase=told)
    assert told.told == ["submitting", "refused"]
    assert account.bill.total == 0


def test_without_units_it_says_where_to_buy_some(paint: Paint, account: Account) -> None:
    account.behaviour.credit = Decimal("0.03")
    with pytest.raises(ProviderRefusedError, match=r"Not enough credits.*recraft\.ai/profile/api"):
        paint()


def test_a_lost_answer_leaves_it_to_a_person(paint: Paint, account: Account) -> None:
    account.next("cut_off", "submit")
    told = Remembered()
    with pytest.raises(DoubtfulPurchaseError, match=r"no list says what became of it"):
        paint(purchase=told)
    assert account.count("submit") == len(account.bill) == 1


def test_a_black_picture_is_paid_and_not_taken(paint: Paint, account: Account, tmp_path: Path) -> None:
    account.next("black", "submit")
    told = Remembered()
    with pytest.raises(MediaError, match="which is black"):
        paint(purchase=told)
    assert told.costs == [account.bill.total] == [Decimal("0.04")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"data": []},
        {"data": [None], "credits": "?"},
        {"data": [{"b64_json": "no base64!"}], "credits": True},
        {"data": [{"image_id": 3, "url": "https://example.org/a.png"}], "credits": -1},
    ],
)
def test_an_answer_without_a_picture_is_paid_and_told(
    paint: Paint, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr("video_pipeline.providers.http.VendorHttp.post", lambda *_, **__: answer)
    told = Remembered()
    with pytest.raises(MediaError, match=r"recraft delivered .* empty"):
        paint(purchase=told)
    assert told.costs == [Decimal("0.04")]


@pytest.mark.parametrize("fault", ["limit_seconds", "error_json"])
def test_what_was_certainly_not_made_is_asked_for_again(paint: Paint, account: Account, fault: str) -> None:
    account.next(fault, "submit", wait_s=0.0)
    assert paint().cost_usd == account.bill.total
    assert account.count("submit") == 2


def test_the_balance_is_in_dollars(fakes: Fakes, account: Account, key: str) -> None:
    account.behaviour.credit = Decimal("12.345")
    assert balance(buying.account(fakes, "recraft", key)) == Decimal("12.345")


def test_without_a_key_it_says_what_to_set(cores: Cores, tmp_path: Path) -> None:
    images = RecraftImages(Workshop(cores, tmp_path))
    with pytest.raises(InvalidInputError, match="VIDEO_PIPELINE_RECRAFT_API_KEY"):
        images.illustrate(PROMPT, 7, HD, tmp_path / "out.png", Remembered())
