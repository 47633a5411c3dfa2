"""Thumbnails over HTTP: to look at, and to choose one."""

from __future__ import annotations

from uuid import UUID, uuid4

import cv2
import numpy as np
import pytest

from video_pipeline.domain.access import Scope
from video_pipeline_tests.api.conftest import Stocked


def test_thumbnails_are_listed_by_their_prediction_and_one_is_selected(shared: Stocked) -> None:
    answer = shared.anna.get(f"/jobs/{shared.finished}/thumbnails").json
    items, weights = answer["items"], answer["weights"]
    assert len(items) >= 6
    assert set(items[0]) == {
        *("id", "variant", "click_prediction", "predicted_by", "parts", "is_selected", "url", "created_at"),
    }
    predictions = [each["click_prediction"] for each in items]
    assert predictions == sorted(predictions, reverse=True)
    assert all("estimate" in each["predicted_by"] for each in items)
    assert [each["is_selected"] for each in items].count(True) == 1
    assert answer["model"] == items[0]["predicted_by"]
    for each in items:
        total = sum(weights[part] for part in each["parts"])
        mean = sum(weights[part] * worth for part, worth in each["parts"].items()) / total
        assert mean == pytest.approx(each["click_prediction"], abs=0.001)


def test_a_thumbnail_is_a_jpeg_as_youtube_wants_it(shared: Stocked) -> None:
    first = shared.anna.get(f"/jobs/{shared.finished}/thumbnails").json["items"][0]
    reply = shared.anna.get(first["url"].removeprefix("/api/v2"))
    assert (reply.status, reply.headers["content-type"]) == (200, "image/jpeg")
    assert reply.body[:3] == b"\xff\xd8\xff"
    picture = cv2.imdecode(np.frombuffer(reply.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (720, 1280, 3)
    assert len(reply.body) < 2_000_000


def test_the_one_that_is_chosen_is_the_only_one(stocked: Stocked) -> None:
    path = f"/jobs/{stocked.finished}/thumbnails"
    last = stocked.anna.get(path).json["items"][-1]
    answer = stocked.anna.post(f"{path}/{last['id']}/select")
    assert answer.status == 200
    assert [each["id"] for each in answer.json["items"] if each["is_selected"]] == [last["id"]]
    assert stocked.anna.get(path).json == answer.json
    selected = stocked.desk.jobs.get_selected_thumbnail(UUID(stocked.finished))
    assert selected is not None
    assert str(selected.id) == last["id"]


def test_what_is_no_thumbnail_of_the_job_is_not_found(shared: Stocked) -> None:
    path = f"/jobs/{shared.finished}/thumbnails"
    other = shared.anna.get(f"/jobs/{shared.waiting}/thumbnails").json["items"]
    for each in (str(uuid4()), *(thumbnail["id"] for thumbnail in other)):
        assert shared.anna.get(f"{path}/{each}/image").status == 404
        assert shared.anna.post(f"{path}/{each}/select").status == 404
    assert shared.key("anna", Scope.READ).post(f"{path}/{uuid4()}/select").status == 403


def test_a_thumbnail_whose_file_is_gone_is_not_found(stocked: Stocked) -> None:
    first = stocked.anna.get(f"/jobs/{stocked.finished}/thumbnails").json["items"][0]
    for key in stocked.desk.media.keys(f"jobs/{stocked.finished}/thumbnails/"):
        stocked.media_path(key).unlink()
    gone = stocked.anna.get(first["url"].removeprefix("/api/v2"))
    assert (gone.status, "gone" in gone.json["detail"]) == (404, True)
