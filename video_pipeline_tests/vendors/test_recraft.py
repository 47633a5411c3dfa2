"""The odd parts of the fake of Recraft."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.calling import Caller, calling, said

GENERATE = "/images/generations"
WISH = {"prompt": "a lake", "size": "16:9"}


@pytest.fixture
def recraft(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(served.base("recraft"), {"Authorization": f"Bearer {key}"}) as caller:
        yield caller


@pytest.mark.parametrize(
    ("model", "size", "credits"),
    [("recraftv4_1", (1344, 768), 40), ("recraftv4_1_pro", (2688, 1536), 250), ("recraftv3", (1820, 1024), 40)],
)
def test_families_differ_in_size_and_price(
    served: Fakes, recraft: Caller, key: str, model: str, size: tuple[int, int], credits: int
) -> None:
    answer = said(recraft.post(GENERATE, {**WISH, "model": model}))
    assert answer["credits"] == credits
    reply = recraft.media(answer["data"][0]["url"])
    with Image.open(io.BytesIO(reply.data)) as image:
        assert (image.size, image.format) == (size, "PNG")
    assert served.account("recraft", key).bill.total == Decimal(credits) / 1000


def test_the_picture_itself_may_be_asked_for(recraft: Caller) -> None:
    wish = {**WISH, "response_format": "b64_json", "image_format": "webp", "n": 2}
    answer = said(recraft.post(GENERATE, wish))
    images = [Image.open(io.BytesIO(base64.b64decode(each["b64_json"]))) for each in answer["data"]]
    assert [image.format for image in images] == ["WEBP", "WEBP"]
    assert images[0].tobytes() != images[1].tobytes()


def test_the_time_of_making_is_not_always_told(recraft: Caller) -> None:
    assert ["created" in said(recraft.post(GENERATE, WISH)) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": ""},
        {"prompt": "x" * 1001, "model": "recraftv3"},
        {"n": 7},
        {"size": "1280x720"},
        {"style": "digital_illustration"},
        {"negative_prompt": "text"},
        {"controls": {"no_text": True}},
        {"controls": {"colors": [{"rgb": [0, 0, 256]}]}},
        {"model": "recraftv3", "style": "a", "style_id": "b"},
        {"prompt": "forbidden"},
    ],
)
def test_what_is_wrong_or_refused_costs_nothing(
    served: Fakes, recraft: Caller, key: str, changes: dict[str, Any]
) -> None:
    problem = said(recraft.post(GENERATE, {**WISH, **changes}), 400)
    assert problem["code"]
    assert problem["message"]
    assert len(served.account("recraft", key).bill) == 0


def test_credits_are_counted_and_end(served: Fakes, recraft: Caller, key: str) -> None:
    served.account("recraft", key).behaviour.credit = Decimal("0.05")
    said(recraft.post(GENERATE, WISH))
    assert said(recraft.get("/users/me"))["credits"] == 10
    assert said(recraft.post(GENERATE, WISH), 402)["code"] == "not_enough_credits"
