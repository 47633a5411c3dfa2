"""The odd parts of the fake of Leonardo."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from PIL import Image

from video_pipeline_tests.receivers import receiver
from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.calling import Caller, calling, said, wait_for

LAKE = {"prompt": "a lake", "width": 1920, "height": 1080, "quantity": 1, "seed": 3}


@pytest.fixture
def leonardo(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(served.base("leonardo"), {"Authorization": f"Bearer {key}"}) as caller:
        yield caller


def _create(leonardo: Caller, **changes: object) -> str:
    body = {"model": "lucid-origin", "public": False, "parameters": {**LAKE, **changes}}
    return said(leonardo.post("/v2/generations", body))["generate"]["generationId"]


def _images(leonardo: Caller, task: str) -> list[dict[str, Any]]:
    pending = said(leonardo.get(f"/v1/generations/{task}"))["generations_by_pk"]
    assert (pending["status"], pending["generated_images"]) == ("PENDING", [])
    complete = said(leonardo.get(f"/v1/generations/{task}"))["generations_by_pk"]
    assert complete["status"] == "COMPLETE"
    return complete["generated_images"]


def test_an_image_has_the_size_that_was_asked_for(leonardo: Caller) -> None:
    images = _images(leonardo, _create(leonardo))
    reply = leonardo.media(images[0]["url"])
    with Image.open(io.BytesIO(reply.data)) as image:
        assert (image.format, image.size) == ("JPEG", (1920, 1080))
        assert np.asarray(image).std() > 30
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert leonardo.media(images[0]["url"], Authorization="Bearer x").status == 403


def test_who_forgets_to_say_one_pays_four(served: Fakes, leonardo: Caller, key: str) -> None:
    parameters = {name: value for name, value in LAKE.items() if name != "quantity"}
    body = {"model": "lucid-origin", "parameters": parameters}
    generate = said(leonardo.post("/v2/generations", body))["generate"]
    assert generate["cost"] == {"amount": "0.140", "unit": "DOLLARS"}
    assert served.account("leonardo", key).bill.total == Decimal("0.140")
    assert len(_images(leonardo, generate["generationId"])) == 4


def test_a_failure_may_be_a_200_with_a_list(served: Fakes, leonardo: Caller, key: str) -> None:
    account = served.account("leonardo", key)
    account.next("as_list")
    answer = said(leonardo.post("/v2/generations", {"model": "lucid-origin", "parameters": dict(LAKE)}))
    assert answer[0]["extensions"]["details"]["message"]
    assert len(account.bill) == 0


def test_refusals_and_marks_of_the_moderation(served: Fakes, leonardo: Caller, key: str) -> None:
    account = served.account("leonardo", key)
    body = {"model": "lucid-origin", "parameters": {**LAKE, "prompt": "something Forbidden"}}
    assert said(leonardo.post("/v2/generations", body), 403)["error"].startswith("content moderation filter:")
    assert (account.refused, len(account.bill)) == (["something Forbidden"], 0)
    account.next("nsfw")
    assert _images(leonardo, _create(leonardo))[0]["nsfw"] is True


def test_black_and_mislabelled_pictures(served: Fakes, leonardo: Caller, key: str) -> None:
    account = served.account("leonardo", key)
    account.next("black")
    url = _images(leonardo, _create(leonardo, width=64, height=64))[0]["url"]
    with Image.open(io.BytesIO(leonardo.media(url).data)) as image:
        assert not np.asarray(image).any()
    account.next("wrong_picture")
    mislabelled = leonardo.media(url)
    assert (mislabelled.headers["Content-Type"], mislabelled.data[:4]) == ("image/jpeg", b"\x89PNG")


@pytest.mark.parametrize(
    "changes",
    [{"width": 1921}, {"width": 3848}, {"height": 8}, {"prompt": ""}, {"prompt": "x" * 2001}, {"quantity": 9}],
)
def test_parameters_out_of_range_are_refused(leonardo: Caller, changes: dict[str, object]) -> None:
    body = {"model": "lucid-origin", "parameters": {**LAKE, **changes}}
    assert said(leonardo.post("/v2/generations", body), 400)["code"] == "validation-failed"


def test_a_lost_task_is_found_in_the_list(served: Fakes, leonardo: Caller, key: str) -> None:
    account = served.account("leonardo", key)
    account.next("gateway_lost")
    body = {"model": "lucid-origin", "parameters": dict(LAKE)}
    assert leonardo.post("/v2/generations", body).status == 504
    user = said(leonardo.get("/v1/me"))["user_details"][0]["user"]["id"]
    listed = said(leonardo.get(f"/v1/generations/user/{user}?limit=5"))["generations"]
    assert [row["id"] for row in listed] == list(account.tasks)


def test_a_picture_becomes_larger(served: Fakes, leonardo: Caller, key: str) -> None:
    image = _images(leonardo, _create(leonardo, width=640, height=360))[0]
    wish = {"generatedImageId": image["id"], "upscaleMultiplier": 2.0}
    answer = said(leonardo.post("/v1/variations/universal-upscaler", wish))["universalUpscaler"]
    rows = [said(leonardo.get(f"/v1/variations/{answer['id']}")) for _ in range(2)]
    states = [row["generated_image_variation_generic"][0] for row in rows]
    assert [state["status"] for state in states] == ["PENDING", "COMPLETE"]
    with Image.open(io.BytesIO(leonardo.media(states[1]["url"]).data)) as large:
        assert large.size == (1280, 720)
    assert len(served.account("leonardo", key).bill) == 2


def test_the_older_create_has_smaller_sizes(leonardo: Caller) -> None:
    wish = {"prompt": "a lake", "width": 1536, "height": 864, "num_images": 1}
    assert said(leonardo.post("/v1/generations", wish))["sdGenerationJob"]["generationId"]
    assert leonardo.post("/v1/generations", {**wish, "width": 1920}).status == 400
    assert leonardo.post("/v1/generations", {**wish, "num_images": 5}).status == 400


def test_the_webhook_bears_the_callback_key(served: Fakes, leonardo: Caller, key: str) -> None:
    with receiver() as hook:
        behaviour = served.account("leonardo", key).behaviour
        behaviour.webhook_url, behaviour.webhook_key = hook.url, "callback"
        task = _create(leonardo)
        wait_for(lambda: hook.messages)
    message = hook.messages[0]
    assert message.headers["authorization"] == "Bearer callback"
    assert task.encode() in message.body
    assert b"image_generation.complete" in message.body
