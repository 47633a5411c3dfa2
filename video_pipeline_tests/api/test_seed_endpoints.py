"""The five endpoints of the first API, with its parameters, fields and status codes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import pytest

from video_pipeline.api.app import create_app
from video_pipeline.domain.errors import MachineError, ProviderUnavailableError
from video_pipeline.domain.job import JobStatus
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import Stocked, served
from video_pipeline_tests.api.worker import working

PROMPT = "a lighthouse above a calm sea at night"
WORDS = "A lighthouse above a calm sea."


def refined(client: Client, job: str, scene: int = 2, **changes: Any) -> Reply:
    headers = changes.pop("headers", None)
    return client.post(f"/jobs/{job}/refine", query={"scene_number": scene, **changes}, headers=headers)


def downloads(house: Stocked) -> int:
    count: int = house.anna.get(f"/jobs/{house.finished}").json["download_count"]
    return count


# --- export


def test_an_export_is_mp4_in_medium_unless_asked_otherwise_and_made_once(stocked: Stocked, tmp_path: Path) -> None:
    path = f"/jobs/{stocked.finished}/export"
    with working(stocked.studio):
        first = stocked.anna.get(path)
    assert (first.status, first.headers["content-type"]) == (200, "video/mp4")
    assert first.headers["content-disposition"].startswith("attachment")
    assert "mp4_medium.mp4" in first.headers["content-disposition"]
    (out := tmp_path / "export.mp4").write_bytes(first.body)
    with av.open(out) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec.name, audio.codec.name, video.width, video.height) == ("h264", "aac", 1280, 720)
    # Nobody works any more: what comes now was there.
    orders = len(stocked.desk.jobs.orders(UUID(stocked.finished)))
    again = stocked.anna.get(path, query={"format": "mp4", "quality": "medium"})
    assert hashlib.sha256(again.body).digest() == hashlib.sha256(first.body).digest()
    assert len(stocked.desk.jobs.orders(UUID(stocked.finished))) == orders
    listed = stocked.anna.get(f"/jobs/{stocked.finished}/exports").json["items"]
    medium = next(each for each in listed if each["quality"] == "medium")
    assert medium["sha256"] == hashlib.sha256(first.body).hexdigest()
    assert (medium["width"], medium["height"], medium["bytes"]) == (1280, 720, len(first.body))
    assert stocked.media_path(f"exports/{stocked.finished}/mp4_medium.mp4").read_bytes() == first.body


def test_each_access_to_an_export_and_to_the_video_counts_as_a_download(stocked: Stocked) -> None:
    assert downloads(stocked) == 0
    assert stocked.anna.get(f"/jobs/{stocked.finished}/export", query={"quality": "high"}).status == 200
    assert downloads(stocked) == 1
    assert stocked.anna.get(f"/jobs/{stocked.finished}/video").status == 200
    assert downloads(stocked) == 2
    assert stocked.anna.get(f"/jobs/{stocked.finished}/metadata").json["metrics"]["download_count"] == 2


def test_an_unfinished_job_has_no_export_and_an_unknown_one_is_not_found(stocked: Stocked) -> None:
    unfinished = stocked.anna.get(f"/jobs/{stocked.waiting}/export")
    assert unfinished.status == 400
    assert "awaiting_approval" in unfinished.json["detail"]
    assert stocked.anna.get(f"/jobs/{uuid4()}/export").status == 404
    assert stocked.stranger().get(f"/jobs/{stocked.finished}/export").status == 401


def test_a_job_that_was_cancelled_after_rendering_has_no_export(stocked: Stocked) -> None:
    with stocked.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE video_jobs SET status = 'cancelled', completed_at = NULL WHERE id = %s", (stocked.finished,)
        )
    assert stocked.anna.get(f"/jobs/{stocked.finished}/export", query={"quality": "high"}).status == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"format": "avi"},
        {"quality": "best"},
        {"quality": "1601x900"},
        {"quality": "99999x2"},
        {"format": "flac", "quality": "low"},
        {"format": ""},
    ],
)
def test_an_unknown_format_or_quality_is_told(shared: Stocked, asked: dict[str, str]) -> None:
    reply = shared.anna.get(f"/jobs/{shared.finished}/export", query=asked)
    assert reply.status == 400, reply.json
    assert any(each and each in reply.json["detail"] for each in asked.values()) or asked == {"format": ""}
    assert shared.desk.jobs.orders(UUID(shared.finished)) == []


def test_without_ffmpeg_nothing_is_ordered_and_what_is_there_is_still_handed_out(stocked: Stocked) -> None:
    def missing() -> Studio:
        raise MachineError("there is no usable ffmpeg; install one")

    with served(create_app(replace(stocked.desk, studio=missing))) as address:
        client = Client(f"{address}/api/v2", stocked.anna.key)
        refused = client.get(f"/jobs/{stocked.finished}/export")
        assert refused.status == 503
        assert "ffmpeg" in refused.json["detail"]
        assert stocked.desk.jobs.orders(UUID(stocked.finished)) == []
        assert client.get(f"/jobs/{stocked.finished}/export", query={"quality": "high"}).status == 200


def test_an_export_that_takes_too_long_goes_on_and_says_where_to_look(stocked: Stocked) -> None:
    with served(create_app(replace(stocked.desk, export_limit_s=0.1))) as address:
        client = Client(f"{address}/api/v2", stocked.anna.key)
        late = client.get(f"/jobs/{stocked.finished}/export", query={"format": "m4a", "quality": "low"})
    assert (late.status, late.json["type"]) == (500, "/problems/export-timeout")
    (order,) = stocked.desk.jobs.orders(UUID(stocked.finished))
    assert f"/api/v2/orders/{order.id}" in late.json["detail"]
    with working(stocked.studio):
        stocked.wait_for_order(stocked.anna, f"/api/v2/orders/{order.id}")
    assert stocked.anna.get(f"/jobs/{stocked.finished}/export", query={"format": "m4a", "quality": "low"}).status == 200


def test_an_export_in_the_background_is_an_order_to_look_at(stocked: Stocked) -> None:
    asked = {"format": "m4a,opus", "quality": "low", "wait": "false"}
    placed = stocked.anna.get(f"/jobs/{stocked.finished}/export", query=asked)
    assert placed.status == 202
    assert placed.headers["location"] == placed.json["url"]
    assert (placed.json["kind"], placed.json["status"], placed.json["finished_at"]) == ("export", "pending", None)
    # Asked for again it is the same work.
    assert stocked.anna.get(f"/jobs/{stocked.finished}/export", query=asked).json["id"] == placed.json["id"]
    with working(stocked.studio):
        done = stocked.wait_for_order(stocked.anna, placed.headers["location"])
    assert (done["status"], done["progress"]["percent"]) == ("completed", 100)
    both = stocked.anna.get(f"/jobs/{stocked.finished}/export", query=asked)
    assert both.status == 200
    assert [(each["format"], each["quality"]) for each in both.json["items"]] == [("m4a", "low"), ("opus", "low")]
    for each in both.json["items"]:
        file = stocked.anna.get(each["url"].removeprefix("/api/v2"))
        assert hashlib.sha256(file.body).hexdigest() == each["sha256"]


def test_a_size_of_ones_own_is_an_export_too(stocked: Stocked, tmp_path: Path) -> None:
    with working(stocked.studio):
        made = stocked.anna.get(f"/jobs/{stocked.finished}/export", query={"format": "mov", "quality": "320x180@200k"})
    assert (made.status, made.headers["content-type"]) == (200, "video/quicktime")
    (out := tmp_path / "own.mov").write_bytes(made.body)
    with av.open(out) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (320, 180)


def test_several_exports_can_be_ordered_with_a_form(stocked: Stocked) -> None:
    form = {"formats": ["m4a"], "qualities": ["low", "medium"]}
    placed = stocked.anna.post(f"/jobs/{stocked.finished}/exports", form)
    assert (placed.status, placed.headers["location"]) == (202, placed.json["url"])
    assert stocked.anna.post(f"/jobs/{stocked.waiting}/exports", form).status == 400
    assert stocked.anna.post(f"/jobs/{stocked.finished}/exports", {"formats": [], "qualities": ["low"]}).status == 422
    assert stocked.anna.post(f"/jobs/{stocked.finished}/exports", form | {"formats": ["avi"]}).status == 400


def test_an_export_that_cannot_be_made_is_told_with_its_reason(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MachineError("the disk is full")

    monkeypatch.setattr(stocked.studio.tools, "render_all", broken)
    with working(stocked.studio):
        failed = stocked.anna.get(f"/jobs/{stocked.finished}/export")
    assert (failed.status, failed.json["type"]) == (500, "/problems/export-failed")
    assert "the disk is full" in failed.json["detail"]


# --- refine


def test_a_new_prompt_gives_a_new_picture_costs_two_cents_and_takes_the_approval_back(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    assert anna.post(f"/jobs/{job}/approve").json["approved"] is True
    before = anna.get(f"/jobs/{job}").json
    answer = refined(anna, job, new_image_prompt=PROMPT, new_description=WORDS)
    assert answer.status == 200, answer.json
    after = answer.json
    assert (after["approved"], after["approved_at"], after["status"]) == (False, None, "awaiting_approval")
    assert after["estimated_cost_usd"] == pytest.approx(before["estimated_cost_usd"] + 0.02)
    assert after["refinement_count"] == 1
    assert after["refinements"] == {"used": 1, "limit": 5, "left": 4, "price_usd": 0.02}
    scenes_before, scenes = before["storyboard"]["scenes"], after["storyboard"]["scenes"]
    assert (scenes[1]["image_prompt"], scenes[1]["description"]) == (PROMPT, WORDS)
    assert scenes[1]["image"]["sha256"] != scenes_before[1]["image"]["sha256"]
    assert [scenes[0], scenes[2]] == [scenes_before[0], scenes_before[2]]
    assert answer.headers["etag"] == f'"{after["storyboard"]["etag"]}"'
    assert after["storyboard"]["etag"] != before["storyboard"]["etag"]
    picture = anna.get(scenes[1]["image"]["url"].removeprefix("/api/v2"))
    assert hashlib.sha256(picture.body).hexdigest() == scenes[1]["image"]["sha256"]


def test_a_new_description_alone_costs_nothing_and_counts(stocked: Stocked) -> None:
    before = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    after = refined(stocked.anna, stocked.waiting, new_description=WORDS).json
    assert after["estimated_cost_usd"] == before["estimated_cost_usd"]
    assert after["refinement_count"] == 1
    assert after["storyboard"]["scenes"][1]["description"] == WORDS
    assert after["storyboard"]["scenes"][1]["image"] == before["storyboard"]["scenes"][1]["image"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"scene": 4, "new_description": WORDS}, 400),
        ({"scene": 0, "new_description": WORDS}, 422),
        ({"scene": -1, "new_description": WORDS}, 422),
        ({"new_image_prompt": "x" * 9}, 422),
        ({"new_image_prompt": "x" * 2001}, 422),
        ({"new_description": "x" * 9}, 422),
        ({"new_description": "x" * 1001}, 422),
        ({"new_image_prompt": " " * 2000}, 400),
        ({"new_description": "<script>alert(1)</script>"}, 400),
    ],
)
@pytest.mark.parametrize("wait", ["true", "false"])
def test_what_cannot_be_refined_is_told_and_changes_nothing(
    shared: Stocked, asked: dict[str, Any], status: int, wait: str
) -> None:
    before = shared.anna.get(f"/jobs/{shared.waiting}").json
    reply = refined(shared.anna, shared.waiting, **{**asked, "wait": wait})
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert shared.anna.get(f"/jobs/{shared.waiting}").json == before
    assert shared.desk.jobs.orders(UUID(shared.waiting)) == []


def test_texts_of_the_shortest_and_the_longest_length_are_taken(stocked: Stocked) -> None:
    for prompt, description in (("x" * 10, "y" * 10), ("x" * 2000, "y" * 1000)):
        answer = refined(stocked.anna, stocked.waiting, new_image_prompt=prompt, new_description=description)
        assert answer.status == 200, answer.json
        scene = answer.json["storyboard"]["scenes"][1]
        assert (scene["image_prompt"], scene["description"]) == (prompt, description)


def test_there_is_nothing_to_refine_before_there_is_a_storyboard(stocked: Stocked) -> None:
    job = stocked.ordered(stocked.anna)
    assert refined(stocked.anna, job, 1, new_description=WORDS).status == 400
    assert stocked.anna.post(f"/jobs/{job}/reorder", query={"scene_order": [1, 2, 3]}).status == 400
    assert refined(stocked.anna, str(uuid4()), 1, new_description=WORDS).status == 404


def test_the_sixth_refinement_is_one_too_many(stocked: Stocked) -> None:
    for number in range(1, 6):
        answer = refined(stocked.anna, stocked.waiting, 1, new_description=f"The description number {number}.")
        assert (answer.status, answer.json["refinements"]["left"]) == (200, 5 - number)
    before = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    for wait in ("true", "false"):
        sixth = refined(stocked.anna, stocked.waiting, 1, new_image_prompt=PROMPT, wait=wait)
        assert (sixth.status, sixth.json["type"]) == (429, "/problems/limit-reached")
    assert stocked.anna.get(f"/jobs/{stocked.waiting}").json == before


def test_a_provider_that_fails_changes_nothing_and_no_money_stays_reserved(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        capabilities = stocked.studio.images["dummy"].capabilities

        def illustrate(self, *_: object) -> None:
            raise ProviderUnavailableError("the provider did not answer for 30 s; try again later")

    before = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    monkeypatch.setitem(stocked.studio.images, "dummy", Failing())
    failed = refined(stocked.anna, stocked.waiting, new_image_prompt=PROMPT)
    assert (failed.status, failed.json["type"]) == (500, "/problems/provider-unavailable")
    assert "did not answer" in failed.json["detail"]
    after = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    with stocked.database.engine.connect() as connection:
        entries = connection.exec_driver_sql("SELECT entry::text, amount FROM cost_ledger ORDER BY id").all()
    assert entries == [("reserve", Decimal("0.02")), ("release", Decimal("0.02"))]
    assert stocked.anna.get("/statistics/cost").json["items"][-1]["cost_usd"] == 0


def test_each_earlier_picture_can_come_back(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    first = anna.get(f"/jobs/{job}/scenes/2/versions").json["items"]
    assert [each["current"] for each in first] == [True]
    refined(anna, job, new_image_prompt=PROMPT, new_description=WORDS)
    refined(anna, job, new_image_prompt=f"{PROMPT}, once more")
    versions = anna.get(f"/jobs/{job}/scenes/2/versions").json["items"]
    assert [each["current"] for each in versions] == [True, False, False]
    assert versions[0]["image_prompt"] == f"{PROMPT}, once more"
    assert versions[1]["image_prompt"] == PROMPT
    oldest = versions[2]
    assert (oldest["sha256"], oldest["image_prompt"], oldest["description"]) == tuple(
        first[0][name] for name in ("sha256", "image_prompt", "description")
    )
    shown = anna.get(oldest["url"].removeprefix("/api/v2"))
    assert hashlib.sha256(shown.body).hexdigest() == oldest["sha256"]
    restored = anna.post(f"/jobs/{job}/scenes/2/restore", {"version_id": oldest["id"]})
    assert restored.status == 200
    scene = restored.json["storyboard"]["scenes"][1]
    assert (scene["image"]["sha256"], scene["description"]) == (oldest["sha256"], first[0]["description"])
    assert (restored.json["refinement_count"], restored.json["approved"]) == (2, False)
    assert scene["image"]["versions"] == 2
    assert anna.post(f"/jobs/{job}/scenes/2/restore", {"version_id": oldest["id"]}).status == 404
    kinds = [event["kind"] for event in anna.get(f"/jobs/{job}/history").json["items"]]
    assert [kind for kind in kinds if kind in ("refined", "restored")] == ["refined", "refined", "restored"]


def test_a_refinement_in_the_background_is_an_order_to_look_at(stocked: Stocked) -> None:
    placed = refined(stocked.anna, stocked.waiting, new_image_prompt=PROMPT, wait="false")
    assert (placed.status, placed.headers["location"]) == (202, placed.json["url"])
    assert (placed.json["kind"], placed.json["status"]) == ("refine", "pending")
    with working(stocked.studio):
        done = stocked.wait_for_order(stocked.anna, placed.json["url"])
    job = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    assert done["result"] == {"scene_number": 2, "etag": job["storyboard"]["etag"]}
    assert job["storyboard"]["scenes"][1]["image_prompt"] == PROMPT
    assert (job["refinement_count"], job["approved"]) == (1, False)
    history = stocked.anna.get(f"/jobs/{stocked.waiting}/history").json["items"]
    assert any(each["kind"] == "refined" and "by anna" in each["message"] for each in history)


def test_a_refinement_in_the_background_that_fails_says_why(stocked: Stocked) -> None:
    etag = stocked.anna.get(f"/jobs/{stocked.waiting}/storyboard").headers["etag"]
    placed = refined(stocked.anna, stocked.waiting, new_image_prompt=PROMPT, wait="false", headers={"If-Match": etag})
    assert placed.status == 202
    assert refined(stocked.anna, stocked.waiting, 1, new_description=WORDS).status == 200
    with working(stocked.studio):
        done = stocked.wait_for_order(stocked.anna, placed.json["url"])
    assert done["status"] == "failed"
    assert "changed since" in done["error"]


def test_a_refinement_whose_worker_died_after_the_picture_is_not_made_and_paid_twice(stocked: Stocked) -> None:
    from video_pipeline.steps.on_demand import perform_order

    placed = refined(stocked.anna, stocked.waiting, new_image_prompt=PROMPT, wait="false").json
    jobs = stocked.studio.jobs
    finish = jobs.finish_order
    jobs.finish_order = lambda *_: (_ for _ in ()).throw(ProviderUnavailableError("lost"))  # type: ignore[method-assign]
    with pytest.raises(ProviderUnavailableError):
        perform_order(stocked.studio, UUID(placed["id"]), "first")
    jobs.finish_order = finish  # type: ignore[method-assign]
    assert stocked.anna.get(f"/orders/{placed['id']}").json["status"] == "pending"
    perform_order(stocked.studio, UUID(placed["id"]), "second")
    job = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    assert (job["refinement_count"], job["storyboard"]["scenes"][1]["image"]["versions"]) == (1, 1)


def test_after_a_refinement_and_renewed_approval_only_that_scenes_stretches_are_encoded_again(
    stocked: Stocked,
) -> None:
    anna, job = stocked.anna, stocked.finished
    first = stocked.desk.jobs.master(UUID(job))
    assert first is not None
    answer = refined(anna, job, new_image_prompt=PROMPT)
    assert (answer.status, answer.json["status"], answer.json["video"]["available"]) == (
        *(200, "awaiting_approval"),
        False,
    )
    assert answer.json["exports"] == []
    assert anna.get(f"/jobs/{job}/video").status == 404
    assert anna.post(f"/jobs/{job}/approve").status == 200
    with working(stocked.studio):
        done = stocked.wait_for(anna, job, lambda found: found["status"] == "completed")
    second = stocked.desk.jobs.master(UUID(job))
    assert second is not None
    stretches = first.stretches_encoded + first.stretches_reused
    assert second.stretches_encoded + second.stretches_reused == stretches
    # The picture of scene 2 is in its own stretch and in the two transitions around it.
    assert 0 < second.stretches_encoded <= 3
    assert second.stretches_reused >= 2
    assert second.media.sha256 != first.media.sha256
    assert done["video"]["available"] is True


# --- reorder


def test_scenes_get_the_numbers_of_their_new_places_and_the_chapters_follow(stocked: Stocked) -> None:
    anna, job = stocked.anna, stocked.waiting
    anna.post(f"/jobs/{job}/approve")
    before = anna.get(f"/jobs/{job}").json
    answer = anna.post(f"/jobs/{job}/reorder", query={"scene_order": [3, 2, 1]})
    assert answer.status == 200, answer.json
    after = answer.json
    assert (after["approved"], after["status"]) == (False, "awaiting_approval")
    old, new = before["storyboard"]["scenes"], after["storyboard"]["scenes"]
    assert [scene["scene_number"] for scene in new] == [1, 2, 3]
    for name in ("title", "description", "image_prompt"):
        assert [scene[name] for scene in new] == [old[2][name], old[1][name], old[0][name]]
    for part in ("image", "track"):
        marks = [[scene[part]["url"].partition("?")[2] for scene in scenes] for scenes in (old, new)]
        assert marks[1] == marks[0][::-1]
    assert after["storyboard"]["duration_s"] == before["storyboard"]["duration_s"]
    lines = after["description"].splitlines()
    chapters = lines[lines.index("Chapters") + 1 :]
    assert [line.partition(" ")[2] for line in chapters] == [scene["title"] for scene in new]
    assert after["refinement_count"] == 0


@pytest.mark.parametrize("order", [[], [1, 2], [1, 2, 2], [1, 2, 3, 3], [0, 1, 2], [1, 2, 4], [2**63, 1, 2]])
def test_an_order_that_does_not_name_every_scene_once_is_refused(shared: Stocked, order: list[int]) -> None:
    before = shared.anna.get(f"/jobs/{shared.waiting}").json
    reply = shared.anna.post(f"/jobs/{shared.waiting}/reorder", query={"scene_order": order})
    assert reply.status == (422 if not order else 400), reply.json
    assert shared.anna.get(f"/jobs/{shared.waiting}").json == before


def test_only_who_may_edit_refines_and_reorders_and_a_picture_needs_the_right_to_spend(shared: Stocked) -> None:
    from video_pipeline.domain.access import Scope

    stranger, reader, editor = shared.stranger(), shared.key("anna", Scope.READ), shared.key("anna", Scope.EDIT)
    for client, status in ((stranger, 401), (reader, 403)):
        assert refined(client, shared.waiting, new_description=WORDS).status == status
        assert client.post(f"/jobs/{shared.waiting}/reorder", query={"scene_order": [1, 2, 3]}).status == status
        assert client.get(f"/jobs/{shared.finished}/export").status == status
    assert refined(editor, shared.waiting, new_image_prompt=PROMPT).status == 403


# --- metadata


def test_metadata_is_public_and_has_the_form_of_the_first_api(shared: Stocked) -> None:
    reply = shared.stranger().get(f"/jobs/{shared.finished}/metadata")
    assert reply.status == 200
    found = reply.json
    job = shared.anna.get(f"/jobs/{shared.finished}").json
    assert list(found) == [
        *("job_id", "status", "created_at", "updated_at", "approved", "approved_at"),
        *("scenes", "costs", "metrics", "video", "error"),
    ]
    assert (found["job_id"], found["status"], found["approved"], found["error"]) == (
        *(shared.finished, "completed", True),
        None,
    )
    assert found["scenes"]["details"] == [
        {"scene_number": number, "duration": 10.0, "status": "completed", "has_image": True} for number in (1, 2, 3)
    ]
    assert {name: found["scenes"][name] for name in ("total", "completed", "failed")} == {
        "total": 3,
        "completed": 3,
        "failed": 0,
    }
    assert found["costs"] == {"estimated": 0.0, "actual": 0.0, "currency": "USD"}
    assert found["metrics"] == {"refinement_count": 0, "download_count": job["download_count"]}
    assert found["video"]["available"] is True
    assert found["video"]["url"] == f"/api/v2/jobs/{shared.finished}/video"
    assert found["video"]["parameters"]["duration"] == 30
    assert found["video"]["parameters"]["aspect_ratio"] == "16:9"
    assert found["video"]["parameters"]["style"] == "cozy, quiet"
    assert shared.stranger().get(f"/jobs/{uuid4()}/metadata").status == 404


def test_metadata_of_a_failed_job_says_why_and_which_scenes_are_missing(stocked: Stocked) -> None:
    job = UUID(stocked.waiting)
    with stocked.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM images WHERE video_job_id = %s AND order_index > 1", (str(job),))
    assert stocked.desk.jobs.mark_job_failed(job, "the provider refused the picture") is True
    found = stocked.stranger().get(f"/jobs/{job}/metadata").json
    assert (found["status"], found["error"]) == (JobStatus.FAILED, "the provider refused the picture")
    assert {name: found["scenes"][name] for name in ("total", "completed", "failed")} == {
        "total": 3,
        "completed": 1,
        "failed": 2,
    }
    assert [each["has_image"] for each in found["scenes"]["details"]] == [True, False, False]
    assert found["video"] == {**found["video"], "available": False, "url": None}


# --- video


def test_the_video_is_counted_once_a_download_and_answers_ranges(stocked: Stocked) -> None:
    path = f"/jobs/{stocked.finished}/video"
    whole = stocked.anna.get(path)
    assert (whole.status, whole.headers["content-type"], whole.headers["accept-ranges"]) == (200, "video/mp4", "bytes")
    job = stocked.anna.get(f"/jobs/{stocked.finished}").json
    assert (len(whole.body), job["download_count"]) == (job["video"]["bytes"], 1)

    # A player that asks whether ranges are answered, begins, and seeks: one download.
    size = len(whole.body)
    for asked, first, last in (
        ("bytes=0-1", 0, 1),
        ("bytes=0-", 0, size - 1),
        ("bytes=1000-1999", 1000, 1999),
        ("bytes=-500", size - 500, size - 1),
        (f"bytes={size - 1}-", size - 1, size - 1),
    ):
        part = stocked.anna.get(path, headers={"Range": asked})
        assert (part.status, part.headers["content-range"]) == (206, f"bytes {first}-{last}/{size}"), asked
        assert part.body == whole.body[first : last + 1]
    assert downloads(stocked) == 2
    outside = stocked.anna.get(path, headers={"Range": f"bytes={size}-"})
    assert (outside.status, outside.headers["content-range"]) == (416, f"bytes */{size}")
    assert stocked.anna.get(path, headers={"If-None-Match": whole.headers["etag"]}).status == 304
    assert downloads(stocked) == 2


def test_there_is_no_video_before_it_is_rendered_and_none_when_its_file_is_gone(stocked: Stocked) -> None:
    assert stocked.anna.get(f"/jobs/{stocked.waiting}/video").status == 404
    master = stocked.desk.jobs.master(UUID(stocked.finished))
    assert master is not None
    stocked.media_path(master.media.key).unlink()
    assert stocked.anna.get(f"/jobs/{stocked.finished}/video").status == 404
    assert downloads(stocked) == 0
