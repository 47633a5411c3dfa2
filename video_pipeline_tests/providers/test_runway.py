"""Runway's odd parts: its models, prices, refusals and queues, before its fake."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import (
    DoubtfulPurchaseError,
    InvalidInputError,
    MediaError,
    PromptRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudioError,
)
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.providers.runway import DATA_URI_BYTES, RunwayClips, balance, data_uri, framed, shortened
from video_pipeline.providers.workshop import Workshop
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.vendors import Account, Fakes

PROMPT = VisualPrompt(order_index=0, text="a lake at night, mist", description="A lake")
WIDE, SQUARE = (1920, 1080), (1080, 1080)

Animate = Callable[..., Generation]


@pytest.fixture
def account(fakes: Fakes, key: str) -> Account:
    return fakes.account("runway", key)


@pytest.fixture
def animate(fakes: Fakes, cores: Cores, key: str, tmp_path: Path) -> Animate:
    """Have a clip of a picture of the size made."""

    def made(
        name: str = "runway_standard",
        *,
        seconds: int = 2,
        size: tuple[int, int] = WIDE,
        words: str = PROMPT.text,
        purchase: Remembered | None = None,
    ) -> Generation:
        picture = tmp_path / "picture.png"
        cv2.imwrite(str(picture), painted(size))
        engine = RunwayClips(buying.workshop(cores, fakes, key), name)
        told = Remembered() if purchase is None else purchase
        prompt, out = replace(PROMPT, text=words), tmp_path / "clip.mp4"
        return engine.animate(prompt, 2**40 + 7, picture, seconds=seconds, size=size, out=out, purchase=told)

    return made


def painted(size: tuple[int, int]) -> np.ndarray[Any, Any]:
    """A ramp from left to right, red above and blue below."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[..., 1] = np.linspace(0, 255, size[0])
    picture[: size[1] // 2, :, 2], picture[size[1] // 2 :, :, 0] = 255, 255
    return picture


def asked(account: Account) -> dict[str, Any]:
    """The body of the last submission."""
    body: dict[str, Any] = json.loads([call for call in account.calls if call.call == "submit"][-1].body)
    return body


def test_the_standard_engine_takes_the_picture_once_and_any_length(animate: Animate, account: Account) -> None:
    made = animate(seconds=3)
    body = asked(account)
    assert (body["model"], body["ratio"], body["duration"]) == ("gen4_turbo", "1280:720", 3)
    assert body["seed"] == (2**40 + 7) % 2**32
    assert isinstance(body["promptImage"], str)
    assert body["promptText"].endswith(PROMPT.text)
    assert (made.cost_usd, made.credits) == (Decimal("0.15"), 15)
    assert account.bill.total == Decimal("0.15")
    assert made.provider_id in account.tasks


def test_the_loop_begins_and_ends_with_the_picture_and_is_paid_as_long_as_it_is_made(
    animate: Animate, account: Account
) -> None:
    made = animate("runway_gen3", seconds=5)
    body = asked(account)
    assert (body["model"], body["ratio"], body["duration"]) == ("veo3.1_fast", "1920:1080", 6)
    assert [each["position"] for each in body["promptImage"]] == ["first", "last"]
    assert len({each["uri"] for each in body["promptImage"]}) == 1
    assert made.cost_usd == account.bill.total == Decimal("0.60")


@pytest.mark.parametrize(
    ("name", "size", "ratio"),
    [
        ("runway_standard", (1080, 1920), "720:1280"),
        ("runway_standard", SQUARE, "960:960"),
        ("runway_gen3", (1080, 1920), "1080:1920"),
    ],
)
def test_a_shape_has_its_ratio(
    animate: Animate, account: Account, name: str, size: tuple[int, int], ratio: str
) -> None:
    animate(name, size=size)
    assert asked(account)["ratio"] == ratio


def test_a_shape_without_a_ratio_is_whole_in_the_middle(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "square.png"), painted(SQUARE))
    frame = framed(tmp_path / "square.png", SQUARE, WIDE)
    assert frame.shape == (1080, 1920, 3)
    assert np.array_equal(frame[:, 420:1500], painted(SQUARE))
    assert frame[0, 419, 1] == frame[0, 420, 1]
    assert frame[0, 0, 1] > 90


def test_the_picture_goes_along_as_a_jpeg_however_lively_it_is() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (2160, 3840, 3), dtype=np.uint8)
    uri = data_uri(noise)
    assert 2**20 < len(uri) <= DATA_URI_BYTES
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        assert (image.format, image.size) == ("JPEG", (3840, 2160))


def test_words_are_counted_as_runway_does() -> None:
    assert shortened("word " * 200) == "word " * 200
    assert shortened("word " * 300) == "word " * 198 + "word"
    beyond = shortened("\N{SUNRISE} " * 400)
    assert len(beyond.encode("utf-16-le")) // 2 <= 1000
    assert set(beyond) == {"\N{SUNRISE}", " "}
    assert len(shortened("x" + "\N{SUNRISE}" * 600)) == 500


def test_refused_words_are_paid_for(animate: Animate, account: Account) -> None:
    told = Remembered()
    with pytest.raises(PromptRefusedError, match=r"SAFETY\.INPUT\.TEXT.*use other words"):
        animate(words="forbidden", purchase=told)
    assert told.costs == [account.bill.total] == [Decimal("0.10")]


def test_what_runway_spoils_is_not_paid_for(animate: Animate, account: Account) -> None:
    account.next("task_failed", "submit")
    told = Remembered()
    with pytest.raises(ProviderUnavailableError, match=r"INTERNAL\.BAD_OUTPUT.*another picture"):
        animate(purchase=told)
    assert told.costs == [account.bill.total] == [Decimal(0)]


@pytest.mark.parametrize(
    ("told", "error", "cost"),
    [
        ({"failureCode": "SAFETY.INPUT.IMAGE"}, PromptRefusedError, "0.10"),
        ({"failureCode": "SAFETY.OUTPUT.VIDEO"}, PromptRefusedError, "0"),
        ({"failureCode": "INPUT_PREPROCESSING.SAFETY.TEXT", "cost": {"credits": 3}}, PromptRefusedError, "0.03"),
        ({"failureCode": "INPUT_PREPROCESSING.INTERNAL"}, ProviderUnavailableError, "0"),
        ({"failureCode": "ASSET.INVALID"}, ProviderRefusedError, "0"),
        ({"failureCode": "THIRD_PARTY.UNAVAILABLE"}, ProviderUnavailableError, "0"),
        ({"failureCode": None, "failure": None, "cost": "?"}, ProviderUnavailableError, "0"),
    ],
)
def test_failures_are_what_their_codes_say(
    animate: Animate,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, Any],
    error: type[StudioError],
    cost: str,
) -> None:
    failed = {"id": "t", "status": "FAILED", "failure": "It failed.", **told}
    monkeypatch.setattr("video_pipeline.providers.http.VendorHttp.get", lambda *_: failed)
    bought = Remembered()
    with pytest.raises(error) as raised:
        animate(purchase=bought)
    assert type(raised.value) is error
    assert bought.costs == [Decimal(cost)]


def test_a_task_that_was_cancelled_there_costs_what_it_says(animate: Animate, account: Account) -> None:
    account.behaviour.polls_until_ready = 10**6

    class Cancelling(Remembered):
        def wait(self, seconds: float) -> None:
            account.cancel(account.tasks[str(self.task_id)])

    told = Cancelling()
    with pytest.raises(ProviderUnavailableError, match="was cancelled there"):
        animate(purchase=told)
    assert told.costs == [Decimal("0.10")]


def test_a_task_that_was_deleted_there_is_not_waited_for(animate: Animate, account: Account) -> None:
    told = Remembered(task_id="00000000-0000-0000-0000-000000000000")
    with pytest.raises(ProviderRefusedError, match="made anew when the job is retried"):
        animate(purchase=told)
    assert told.costs == [Decimal("0.10")]
    assert account.count("submit") == 0


def test_a_queue_and_words_to_come_are_waited_for(animate: Animate, account: Account) -> None:
    account.behaviour.concurrent = 0
    account.next("unknown_state", "poll")

    class Watching(Remembered):
        waits = 0

        def wait(self, seconds: float) -> None:
            self.waits += 1
            if self.waits == 3:
                account.behaviour.concurrent = 1

    told = Watching()
    assert animate(purchase=told).cost_usd == Decimal("0.10")
    assert told.waits >= 4


def test_without_credits_it_says_where_to_buy_some(animate: Animate, account: Account) -> None:
    account.behaviour.credit = Decimal("0.05")
    told = Remembered()
    with pytest.raises(ProviderRefusedError, match=r"not have enough credits.*buy credits at https://dev\.runwayml"):
        animate(purchase=told)
    assert told.told == ["submitting", "refused"]


def test_a_lost_answer_leaves_it_to_a_person(animate: Animate, account: Account) -> None:
    account.next("reset_after", "submit")
    told = Remembered()
    with pytest.raises(DoubtfulPurchaseError, match=r"no list says what became of it$"):
        animate(purchase=told)
    assert "doubtful" in told.told
    assert account.count("submit") == len(account.bill) == 1


@pytest.mark.parametrize("fault", ["limit_seconds", "error_json"])
def test_what_was_shed_is_asked_for_again_and_paid_once(animate: Animate, account: Account, fault: str) -> None:
    account.next(fault, "submit", status=502, wait_s=0.0)
    assert animate().cost_usd == account.bill.total == Decimal("0.10")
    assert account.count("submit") == 2


def test_the_task_gives_a_fresh_link_for_one_that_expired(animate: Animate, account: Account) -> None:
    account.next("expired_link", "media")
    assert animate().cost_usd == account.bill.total
    assert account.count("media") == 2


def test_a_clip_that_is_cut_off_is_fetched_again_and_then_given_up(animate: Animate, account: Account) -> None:
    account.next("truncated_media", "media", times=3)
    told = Remembered()
    with pytest.raises(MediaError, match="cut off"):
        animate(purchase=told)
    assert told.costs == [Decimal("0.10")]
    assert account.count("media") == 3


def test_the_balance_is_in_dollars(fakes: Fakes, account: Account, key: str) -> None:
    account.behaviour.credit = Decimal("12.34")
    assert balance(buying.account(fakes, "runway", key)) == Decimal("12.34")


def test_without_a_key_it_says_what_to_set(cores: Cores, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), painted((320, 180)))
    engine = RunwayClips(Workshop(cores, tmp_path), "runway_standard")
    with pytest.raises(InvalidInputError, match="VIDEO_PIPELINE_RUNWAY_API_KEY"):
        engine.animate(PROMPT, 7, picture, seconds=2, size=WIDE, out=tmp_path / "out", purchase=Remembered())
