"""The odd parts of the fake of Replicate."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from video_pipeline_tests.receivers import receiver, status
from video_pipeline_tests.vendors import Fakes, running
from video_pipeline_tests.vendors.calling import Caller, calling, said, wait_for

PRO = "/models/black-forest-labs/flux-2-pro/predictions"
WIDE = {"prompt": "a lake", "aspect_ratio": "custom", "width": 1920, "height": 1080}


@pytest.fixture
def replicate(served: Fakes, key: str) -> Iterator[Caller]:
    with calling(served.base("replicate"), {"Authorization": f"Bearer {key}"}) as caller:
        yield caller


def _done(replicate: Caller, path: str, wish: dict[str, Any]) -> dict[str, Any]:
    task = said(replicate.post(path, {"input": wish}), 201)
    assert task["status"] == "starting"
    states = [said(replicate.get(f"/predictions/{task['id']}")) for _ in range(2)]
    assert states[0]["status"] == "processing"
    return dict(states[1])


@pytest.mark.parametrize(
    ("model", "wish", "size", "format"),
    [
        ("flux-2-pro", WIDE, (1920, 1088), "WEBP"),
        ("flux-2-pro", {**WIDE, "aspect_ratio": "16:9", "resolution": "4 MP"}, (2752, 1536), "WEBP"),
        ("flux-1.1-pro", {**WIDE, "aspect_ratio": "16:9", "output_format": "png"}, (1344, 768), "PNG"),
        ("flux-1.1-pro-ultra", {**WIDE, "aspect_ratio": "16:9"}, (2752, 1536), "JPEG"),
    ],
)
def test_each_model_has_sizes_of_its_own(
    replicate: Caller, model: str, wish: dict[str, Any], size: tuple[int, int], format: str
) -> None:
    done = _done(replicate, f"/models/black-forest-labs/{model}/predictions", wish)
    reply = replicate.media(done["output"])
    with Image.open(io.BytesIO(reply.data)) as image:
        assert (image.size, image.format) == (size, format)
    assert reply.headers["Content-Type"] == f"image/{format.lower()}"


def test_some_models_answer_with_a_list(served: Fakes, replicate: Caller, key: str) -> None:
    path = "/models/black-forest-labs/flux-schnell/predictions"
    done = _done(replicate, path, {"prompt": "a lake", "aspect_ratio": "16:9", "num_outputs": 2})
    assert len(done["output"]) == 2
    assert served.account("replicate", key).bill.total == Decimal("0.006")


def test_waiting_brings_the_result_when_it_is_ready(served: Fakes, replicate: Caller, key: str) -> None:
    waited = said(replicate.post(PRO, {"input": WIDE}, Prefer="wait=5"), 201)
    assert (waited["status"], waited["output"]) == ("processing", None)
    served.account("replicate", key).behaviour.polls_until_ready = 1
    assert said(replicate.post(PRO, {"input": WIDE}, Prefer="wait"), 201)["output"].startswith("http")


def test_no_id_comes_twice_also_of_another_server(served: Fakes, replicate: Caller, key: str) -> None:
    """The second demo in the same books was told that its tasks were those of purchases of the first one."""
    first = said(replicate.post(PRO, {"input": WIDE}), 201)["id"]
    with running() as others, calling(others.base("replicate"), {"Authorization": f"Bearer {key}"}) as again:
        assert said(again.post(PRO, {"input": WIDE}), 201)["id"] != first
    assert len(first) == 26


def test_everything_is_forgotten_after_a_while(served: Fakes, replicate: Caller) -> None:
    done = _done(replicate, PRO, WIDE)
    served.clock.advance(62)
    late = said(replicate.get(f"/predictions/{done['id']}"))
    assert (late["status"], late["data_removed"], late["output"], late["input"]) == ("succeeded", True, None, {})
    assert replicate.media(done["output"]).status == 403


def test_refusals_are_failures_that_cost_nothing(served: Fakes, replicate: Caller, key: str) -> None:
    refused = _done(replicate, PRO, {**WIDE, "prompt": "forbidden lake"})
    assert refused["status"] == "failed"
    assert "flagged as sensitive" in refused["error"]
    account = served.account("replicate", key)
    assert len(account.bill) == 0
    account.next("task_failed")
    broken = _done(replicate, PRO, WIDE)
    assert broken["status"] == "failed"
    assert "sensitive" not in broken["error"]


@pytest.mark.parametrize(
    "changes", [{"width": 2064}, {"height": 255}, {"safety_tolerance": 6}, {"output_format": "gif"}, {"prompt": ""}]
)
def test_inputs_out_of_range_are_named(replicate: Caller, changes: dict[str, Any]) -> None:
    problem = said(replicate.post(PRO, {"input": {**WIDE, **changes}}), 422)
    assert problem["invalid_fields"][0]["field"] == f"input.{next(iter(changes))}"


def test_the_limit_stands_in_the_words(served: Fakes, replicate: Caller, key: str) -> None:
    account = served.account("replicate", key)
    account.next("limit_bare", wait_s=30)
    reply = replicate.post(PRO, {"input": WIDE})
    assert "Retry-After" not in reply.headers
    assert said(reply, 429) == {"detail": "Request was throttled. Your rate limit resets in ~30s."}
    account.behaviour.credit = Decimal("0.03")
    assert said(replicate.post(PRO, {"input": WIDE}), 402)["status"] == 402


def test_a_webhook_is_signed_and_sent_again(served: Fakes, replicate: Caller) -> None:
    secret = said(replicate.get("/webhooks/default/secret"))["key"]
    with receiver(status(500), status(200)) as hook:
        wish = {"input": WIDE, "webhook": hook.url, "webhook_events_filter": ["completed"]}
        task = said(replicate.post(PRO, wish), 201)
        wait_for(lambda: len(hook.messages) == 2)
    message = hook.messages[1]
    assert json.loads(message.body)["status"] == "succeeded"
    assert json.loads(message.body)["id"] == task["id"]
    signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    mark = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
    assert message.headers["webhook-signature"] == f"v1,{base64.b64encode(mark).decode()}"
    assert said(replicate.post(PRO, {"input": WIDE, "webhook": "http://example.org/"}), 422)["title"]


def test_what_nobody_waits_for_is_cancelled(served: Fakes, replicate: Caller) -> None:
    first = said(replicate.post(PRO, {"input": WIDE}), 201)
    assert said(replicate.post(f"/predictions/{first['id']}/cancel", {}))["status"] == "canceled"
    second = said(replicate.post(PRO, {"input": WIDE}, **{"Cancel-After": "10s"}), 201)
    served.clock.advance(11)
    assert said(replicate.get("/predictions"))["results"][0]["status"] == "aborted"
    assert said(replicate.get(f"/predictions/{second['id']}"))["status"] == "aborted"
