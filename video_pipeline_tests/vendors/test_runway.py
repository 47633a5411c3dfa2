"""The odd parts of the fake of Runway."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import av
import pytest

from video_pipeline_tests.vendors import Fakes
from video_pipeline_tests.vendors.calling import Caller, calling, said
from video_pipeline_tests.vendors.media import Picture

IMAGE = "data:image/png;base64," + base64.b64encode(Picture(1, 320, 180, "png").render()).decode()
WISH = {"model": "gen4_turbo", "promptImage": IMAGE, "promptText": "drift", "ratio": "1280:720", "duration": 5}


@pytest.fixture
def runway(served: Fakes, key: str) -> Iterator[Caller]:
    headers = {"Authorization": f"Bearer {key}", "X-Runway-Version": "2024-11-06"}
    with calling(served.base("runway"), headers) as caller:
        yield caller


def _ended(runway: Caller, wish: dict[str, Any], path: str = "/v1/image_to_video") -> dict[str, Any]:
    task = said(runway.post(path, wish))["id"]
    running = said(runway.get(f"/v1/tasks/{task}"))
    assert (running["status"], running["progress"]) == ("RUNNING", 0.5)
    return dict(said(runway.get(f"/v1/tasks/{task}")))


def test_a_clip_has_the_length_and_size_that_were_asked_for(served: Fakes, runway: Caller, key: str) -> None:
    ended = _ended(runway, WISH)
    assert (ended["status"], ended["cost"]) == ("SUCCEEDED", {"credits": 25})
    assert served.account("runway", key).bill.total == Decimal("0.25")
    reply = runway.media(ended["output"][0])
    with av.open(io.BytesIO(reply.data)) as file:
        frames = list(file.decode(video=0))
        assert not file.streams.audio
    assert (len(frames), frames[0].width, frames[0].height) == (120, 1280, 720)
    assert frames[0].to_ndarray().std() > 10
    assert runway.media(ended["output"][0], Authorization="Bearer x").status == 403


def test_asking_again_gives_a_fresh_link(served: Fakes, runway: Caller) -> None:
    ended = _ended(runway, WISH)
    served.clock.advance(62)
    assert runway.media(ended["output"][0]).status == 403
    again = said(runway.get(f"/v1/tasks/{ended['id']}"))
    assert runway.media(again["output"][0]).status == 200


def test_refused_inputs_are_paid_and_what_runway_spoils_is_not(served: Fakes, runway: Caller, key: str) -> None:
    account = served.account("runway", key)
    refused = _ended(runway, {**WISH, "promptText": "forbidden"})
    assert (refused["status"], refused["failureCode"]) == ("FAILED", "SAFETY.INPUT.TEXT")
    assert (refused["cost"], account.bill.total) == ({"credits": 25}, Decimal("0.25"))
    account.next("task_failed")
    spoilt = _ended(runway, WISH)
    assert (spoilt["failureCode"], spoilt["cost"]) == ("INTERNAL.BAD_OUTPUT.CODE01", {"credits": 0})
    assert (len(account.bill), account.bill.total) == (3, Decimal("0.25"))
    wrong = _ended(runway, {**WISH, "promptImage": IMAGE.replace("image/png", "image/jpeg")})
    assert wrong["failureCode"] == "ASSET.INVALID"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gen3a_turbo"},
        {"ratio": "1920:1080"},
        {"duration": 11},
        {"duration": 5.0},
        {"promptText": "\N{SUNRISE}" * 501},
        {"promptImage": "http://127.0.0.1/a.png"},
        {"promptImage": "data:image/png;base64," + "A" * (5 * 2**20)},
        {"promptImage": [{"uri": IMAGE, "position": "last"}]},
        {"model": "veo3.1", "duration": 5},
        {"audio": True},
    ],
)
def test_what_is_out_of_range_is_refused(runway: Caller, changes: dict[str, object]) -> None:
    assert said(runway.post("/v1/image_to_video", {**WISH, **changes}), 400)["issues"]


def test_the_version_is_a_must(runway: Caller) -> None:
    for version in ("", "2023-01-01"):
        reply = runway.post("/v1/image_to_video", WISH, **{"X-Runway-Version": version})
        assert "X-Runway-Version" in said(reply, 400)["error"]


def test_first_and_last_frame_sound_and_text(served: Fakes, runway: Caller, key: str) -> None:
    both = [{"uri": IMAGE, "position": "first"}, {"uri": IMAGE, "position": "last"}]
    veo = {**WISH, "model": "veo3.1_fast", "promptImage": both, "ratio": "1920:1080", "duration": 8}
    assert _ended(runway, {**veo, "audio": True})["cost"] == {"credits": 120}
    text = {"model": "gen4.5", "promptText": "a lake", "ratio": "1280:720", "duration": 2}
    assert _ended(runway, text, "/v1/text_to_video")["cost"] == {"credits": 24}
    image = {"model": "gen4_image", "promptText": "a lake", "ratio": "1280:720"}
    assert _ended(runway, image, "/v1/text_to_image")["cost"] == {"credits": 5}
    assert served.account("runway", key).bill.total == Decimal("1.49")


def test_more_than_the_tier_allows_waits(served: Fakes, runway: Caller, key: str) -> None:
    served.account("runway", key).behaviour.concurrent = 1
    first, second = (said(runway.post("/v1/image_to_video", WISH))["id"] for _ in range(2))
    assert [said(runway.get(f"/v1/tasks/{second}"))["status"] for _ in range(3)] == ["THROTTLED"] * 3
    assert [said(runway.get(f"/v1/tasks/{first}"))["status"] for _ in range(2)] == ["RUNNING", "SUCCEEDED"]
    assert [said(runway.get(f"/v1/tasks/{second}"))["status"] for _ in range(2)] == ["RUNNING", "SUCCEEDED"]


def test_tasks_are_cancelled_and_then_deleted(runway: Caller) -> None:
    path = f"/v1/tasks/{said(runway.post('/v1/image_to_video', WISH))['id']}"
    for status in ("CANCELLED", None):
        deleted = runway.pool.request("DELETE", runway.base + path, headers=dict(runway.headers))
        assert deleted.status == 204
        shown = runway.get(path)
        assert shown.status == 404 if status is None else said(shown)["status"] == status


def test_an_upload_takes_the_place_of_a_data_uri(runway: Caller) -> None:
    told = said(runway.post("/v1/uploads", {"filename": "a.png", "type": "ephemeral"}))
    fields = {**told["fields"], "file": ("a.png", Picture(1, 320, 180, "png").render(), "image/png")}
    keyless = runway.pool.request("POST", told["uploadUrl"], fields={"file": ("a.png", b"x")})
    assert keyless.status == 403
    assert runway.pool.request("POST", told["uploadUrl"], fields=fields).status == 204
    assert _ended(runway, {**WISH, "promptImage": told["runwayUri"]})["status"] == "SUCCEEDED"


def test_credits_end(served: Fakes, runway: Caller, key: str) -> None:
    served.account("runway", key).behaviour.credit = Decimal("0.30")
    said(runway.post("/v1/image_to_video", WISH))
    assert said(runway.get("/v1/organization"))["creditBalance"] == 5
    assert "not have enough credits" in said(runway.post("/v1/image_to_video", WISH), 400)["error"]
