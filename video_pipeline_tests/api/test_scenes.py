"""Pictures and music of scenes over HTTP."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from video_pipeline_tests.api.client import Reply
from video_pipeline_tests.api.conftest import Stocked

FOR_EVER = "private, max-age=31536000, immutable"
PROMPT = "a lighthouse above a calm sea at night"


def size(reply: Reply) -> tuple[int, int]:
    picture = cv2.imdecode(np.frombuffer(reply.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


def test_the_picture_of_a_scene_is_the_png_that_was_made(shared: Stocked) -> None:
    scene = shared.anna.get(f"/jobs/{shared.finished}/storyboard").json["scenes"][0]
    reply = shared.anna.get(scene["image"]["url"].removeprefix("/api/v2"))
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
    assert hashlib.sha256(reply.body).hexdigest() == scene["image"]["sha256"]
    assert size(reply) == (scene["image"]["width"], scene["image"]["height"]) == (1920, 1080)
    assert reply.headers["cache-control"] == FOR_EVER
    assert reply.headers["etag"]


@pytest.mark.parametrize(
    ("asked", "given"), [(64, 64), (100, 64), (320, 320), (640, 640), (1000, 960), (1919, 1280), (1920, 1920)]
)
def test_a_smaller_picture_is_a_jpeg_at_most_as_wide_as_asked_for(shared: Stocked, asked: int, given: int) -> None:
    reply = shared.anna.get(f"/jobs/{shared.finished}/scenes/1/image", query={"width": asked})
    assert (reply.status, reply.headers["content-type"]) == (200, "image/jpeg")
    assert size(reply) == (given, given * 9 // 16)
    again = shared.anna.get(f"/jobs/{shared.finished}/scenes/1/image", query={"width": asked})
    assert (again.body, again.headers["etag"]) == (reply.body, reply.headers["etag"])


@pytest.mark.parametrize("width", [0, 63, 1921, -5, "wide"])
def test_widths_have_limits(shared: Stocked, width: int | str) -> None:
    assert shared.anna.get(f"/jobs/{shared.finished}/scenes/1/image", query={"width": width}).status == 422


def test_an_address_without_a_mark_is_not_kept(shared: Stocked) -> None:
    for name in ("image", "track", "waveform"):
        reply = shared.anna.get(f"/jobs/{shared.finished}/scenes/1/{name}")
        assert reply.headers["cache-control"] == "private, no-cache", name
        marked = shared.anna.get(f"/jobs/{shared.finished}/scenes/1/{name}", query={"v": "abc"})
        assert marked.headers["cache-control"] == FOR_EVER, name


def test_what_one_has_already_is_not_sent_again(shared: Stocked) -> None:
    for name in ("image", "image?width=320", "track", "waveform"):
        path = f"/jobs/{shared.finished}/scenes/1/{name}"
        first = shared.anna.get(path)
        for mark in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}', "*"):
            again = shared.anna.get(path, headers={"If-None-Match": mark})
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"]), name
        assert shared.anna.get(path, headers={"If-None-Match": '"other"'}).status == 200


def test_an_earlier_picture_stays_at_its_address(stocked: Stocked) -> None:
    anna, path = stocked.anna, f"/jobs/{stocked.waiting}/scenes/2"
    before = anna.get(f"{path}/image")
    anna.post(f"/jobs/{stocked.waiting}/refine", query={"scene_number": 2, "new_image_prompt": PROMPT})
    present, earlier = anna.get(f"{path}/versions").json["items"]
    assert (present["id"], present["current"], earlier["current"]) == (None, True, False)
    assert set(present) == {
        *("id", "image_prompt", "description", "url", "preview_url", "sha256", "provider", "cost_usd"),
        *("created_at", "current"),
    }
    old = anna.get(earlier["url"].removeprefix("/api/v2"))
    assert (old.body, old.headers["cache-control"]) == (before.body, FOR_EVER)
    assert anna.get(f"{path}/image").body != before.body
    assert size(anna.get(earlier["preview_url"].removeprefix("/api/v2"))) == (640, 360)
    # It belongs to its scene alone.
    assert anna.get(f"/jobs/{stocked.waiting}/scenes/1/image", query={"version": earlier["id"]}).status == 404


def test_the_music_of_a_scene_is_flac_and_can_be_sought_in(shared: Stocked) -> None:
    scene = shared.anna.get(f"/jobs/{shared.finished}/storyboard").json["scenes"][2]
    path = scene["track"]["url"].removeprefix("/api/v2")
    whole = shared.anna.get(path)
    assert (whole.status, whole.headers["content-type"], whole.body[:4]) == (200, "audio/flac", b"fLaC")
    assert whole.headers["accept-ranges"] == "bytes"
    size = len(whole.body)
    for asked, first, last in (("bytes=0-3", 0, 3), ("bytes=100-", 100, size - 1), ("bytes=-10", size - 10, size - 1)):
        part = shared.anna.get(path, headers={"Range": asked})
        assert (part.status, part.headers["content-range"]) == (206, f"bytes {first}-{last}/{size}")
        assert part.body == whole.body[first : last + 1]
    outside = shared.anna.get(path, headers={"Range": f"bytes={size}-"})
    assert (outside.status, outside.headers["content-type"]) == (416, "application/problem+json")
    # Of several parts those are sent that there are.
    for asked in (f"bytes=0-3,{size}-", "bytes=0-1,2-3"):
        part = shared.anna.get(path, headers={"Range": asked})
        assert (part.status, part.body) == (206, whole.body[:4]) or part.headers["content-type"].startswith(
            "multipart/"
        )
    # What changed since is sent whole, and so is what nobody can have meant.
    same = {"Range": "bytes=0-3", "If-Range": whole.headers["etag"]}
    assert len(shared.anna.get(path, headers=same).body) == 4
    for headers in (
        same | {"If-Range": '"another"'},
        *({"Range": asked} for asked in ("bytes=9-3", "bytes=a-b", "bytes=-", "bytes", "lines=1-2", "bytes=1-2-3", "")),
    ):
        reply = shared.anna.get(path, headers=headers)
        assert (reply.status, len(reply.body)) == (200, size), headers


def test_the_waveform_is_a_picture(shared: Stocked) -> None:
    scene = shared.anna.get(f"/jobs/{shared.finished}/storyboard").json["scenes"][0]
    reply = shared.anna.get(scene["track"]["waveform_url"].removeprefix("/api/v2"))
    assert (reply.status, reply.headers["content-type"], reply.body[:4]) == (200, "image/png", b"\x89PNG")
    assert size(reply)[0] > 100


@pytest.mark.parametrize("number", [0, 4, -1, 10**9])
@pytest.mark.parametrize("name", ["image", "track", "waveform", "versions"])
def test_a_scene_that_there_is_not_is_not_found(shared: Stocked, number: int, name: str) -> None:
    assert shared.anna.get(f"/jobs/{shared.finished}/scenes/{number}/{name}").status == 404


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_a_number_beyond_all_scenes_is_not_found_either(shared: Stocked, number: int) -> None:
    for name in ("image", "track", "waveform", "versions"):
        assert shared.anna.get(f"/jobs/{shared.finished}/scenes/{number}/{name}").status in (404, 422)


def test_before_there_are_pictures_there_is_nothing_to_see(stocked: Stocked) -> None:
    job = stocked.ordered(stocked.anna)
    for name in ("scenes/1/image", "scenes/1/track", "scenes/1/versions", "storyboard", "preview"):
        assert stocked.anna.get(f"/jobs/{job}/{name}").status == 404
