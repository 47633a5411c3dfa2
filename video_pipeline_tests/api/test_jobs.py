"""Jobs over HTTP: ordering, finding, deciding, deleting."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.access import Scope
from video_pipeline.domain.job import JobStatus
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import BRIEF, House, Stocked

SUMMARY = {
    *("id", "channel_id", "channel_name", "kind", "status", "title", "niche_label", "mood_keywords", "project_name"),
    *("user_id", "target_duration_minutes", "duration_s", "approval", "approved", "progress", "error_message"),
    *("estimated_cost_usd", "actual_cost_usd", "refinement_count", "download_count", "retry_count", "scene_count"),
    *("created_at", "updated_at", "completed_at"),
}
JOB = SUMMARY | {
    *("brief", "description", "tags", "approved_at", "storyboard", "refinements", "exports", "video", "preview"),
    *("computing", "links", "missing_files"),
}
ALBUM: dict[str, Any] = {
    "kind": "album",
    "niche_label": "Royal Court Ambience",
    "mood_keywords": "elegant, serene",
    "target_duration_minutes": 60,
}


def ids(client: Client, **query: Any) -> list[str]:
    reply = client.get("/jobs", query=query)
    assert reply.status == 200, reply.json
    return [each["id"] for each in reply.json["items"]]


def stamp(house: House, job: str, status: str) -> None:
    """Put a job into a status, as if it had gone there."""
    failed = "planned" if status == "failed" else None
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE video_jobs SET status = %s, failed_from = %s, error_message = %s WHERE id = %s",
            (status, failed, failed and "broken", job),
        )


def test_a_storyboard_is_ordered_and_has_every_field_from_the_beginning(house: House) -> None:
    anna = house.user("anna")
    reply = anna.post("/jobs", {"channel_id": house.channel(), **BRIEF, "project_name": "Winter"})
    assert reply.status == 201
    job = reply.json
    assert set(job) == JOB
    assert reply.headers["location"] == job["links"]["self"] == f"/api/v2/jobs/{job['id']}"
    assert (job["kind"], job["status"], job["user_id"], job["project_name"]) == (
        *("storyboard", "planned", "anna"),
        "Winter",
    )
    assert (job["storyboard"], job["exports"], job["tags"], job["scene_count"]) == (None, [], [], None)
    assert job["video"] == {
        **dict.fromkeys(("url", "bytes", "duration_s", "integrated_lufs", "true_peak_dbtp")),
        "available": False,
    }
    assert job["preview"] == {"available": False, "url": None, "order": None}
    assert anna.get(f"/jobs/{job['id']}").json == job
    (event,) = anna.get(f"/jobs/{job['id']}/history").json["items"]
    assert (event["kind"], event["status_to"]) == ("created", "planned")


def test_an_album_is_ordered_by_its_minutes(house: House) -> None:
    reply = house.user("anna").post("/jobs", {"channel_id": house.channel(), **ALBUM, "overlay": "bars"})
    assert reply.status == 201, reply.json
    assert (reply.json["kind"], reply.json["target_duration_minutes"]) == ("album", 60)
    assert reply.json["brief"]["overlay"] == "bars"
    assert reply.json["computing"]


def test_a_job_in_full_has_its_scenes_files_and_costs(shared: Stocked) -> None:
    job = shared.anna.get(f"/jobs/{shared.finished}").json
    assert set(job) == JOB
    board = job["storyboard"]
    assert [scene["scene_number"] for scene in board["scenes"]] == [1, 2, 3]
    assert [scene["start_s"] for scene in board["scenes"]] == [0, 10, 20]
    assert set(board["scenes"][0]) == {
        *("scene_number", "title", "description", "image_prompt", "music_prompt", "tempo_bpm", "key", "instruments"),
        *("footage", "moves", "rewordable", "refused"),
        *("start_s", "duration_s", "motion", "transition", "status", "image", "track"),
    }
    assert all(scene["status"] == "completed" for scene in board["scenes"])
    assert set(job["video"]) == {"available", "url", "bytes", "duration_s", "integrated_lufs", "true_peak_dbtp"}
    assert job["video"]["integrated_lufs"] == pytest.approx(-14, abs=0.5)
    (export,) = job["exports"]
    assert set(export) == {
        *("format", "quality", "width", "height", "bytes", "duration_s", "integrated_lufs", "true_peak_dbtp"),
        *("sha256", "created_at", "url"),
    }
    assert job["progress"] == {**job["progress"], "stage": "exports", "percent": 100, "eta_s": None}
    assert job["refinements"] == {"used": 0, "limit": 5, "left": 5, "price_usd": 0.02}
    assert job["links"]["dagster_run"] is None  # "made before" is no run of Dagster
    assert shared.anna.get(f"/jobs/{shared.finished}/storyboard").json == board


def test_the_run_that_worked_on_a_job_is_linked(stocked: Stocked) -> None:
    run = str(uuid4())
    with stocked.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE video_jobs SET run_id = %s WHERE id = %s", (run, stocked.finished))
    links = stocked.anna.get(f"/jobs/{stocked.finished}").json["links"]
    assert links["dagster_run"] == f"http://127.0.0.1:3000/runs/{run}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "opera"}, "kind"),
        ({"kind": "music_video"}, "song_title"),
        ({"channel_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, "channel_id"),
        ({"channel_id": "the first one"}, "channel_id"),
        ({"niche_label": ""}, "niche_label"),
        ({"niche_label": "   "}, "niche_label"),
        ({"niche_label": "x" * 256}, "niche_label"),
        ({"niche_label": "bell\x07"}, "niche_label"),
        ({"mood_keywords": "x" * 2001}, "mood_keywords"),
        ({"mood_keywords": " "}, "mood_keywords"),
        ({"scene_count": 0}, "scene_count"),
        ({"scene_count": 61}, "scene_count"),
        ({"scene_count": None}, "scene_count"),
        ({"scene_seconds": 9}, "scene_seconds"),
        ({"scene_seconds": 601}, "scene_seconds"),
        ({"scene_seconds": "long"}, "scene_seconds"),
        ({"target_duration_minutes": 60}, "target_duration_minutes"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"motion": "jumpy"}, "motion"),
        ({"transition": "star wipe"}, "transition"),
        ({"overlay": "hearts"}, "overlay"),
        ({"music_provider": "mozart"}, "music_provider"),
        ({"visual_provider": "vermeer"}, "visual_provider"),
        ({"project_name": "x" * 256}, "project_name"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_field_that_is_not_usable_is_named(shared: Stocked, changes: dict[str, Any], field: str) -> None:
    before = ids(shared.anna)
    order = {"channel_id": shared.anna.get("/channels").json["items"][0]["id"], **BRIEF, **changes}
    for path in ("/jobs", "/jobs/estimate"):
        reply = shared.anna.post(path, order)
        assert (reply.status, reply.headers["content-type"]) == (422, "application/problem+json")
        assert [each["field"] for each in reply.json["errors"]] == [field]
    assert ids(shared.anna) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"visual_provider": "leonardo"}, "visual_provider"), ({"music_provider": "beatoven"}, "music_provider")],
)
def test_an_order_is_refused_where_a_key_is_missing_and_its_estimate_is_not(
    shared: Stocked, changes: dict[str, Any], field: str
) -> None:
    before = ids(shared.anna)
    order = {"channel_id": shared.anna.get("/channels").json["items"][0]["id"], **BRIEF, **changes}
    reply = shared.anna.post("/jobs", order)
    assert (reply.status, [each["field"] for each in reply.json["errors"]]) == (422, [field])
    assert "needs a key: set VIDEO_PIPELINE_" in reply.json["errors"][0]["message"]
    assert ids(shared.anna) == before
    assert shared.anna.post("/jobs/estimate", order).json["estimated_cost_usd"] > 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"target_duration_minutes": 59}, "target_duration_minutes"),
        ({"target_duration_minutes": 91}, "target_duration_minutes"),
        ({"target_duration_minutes": None}, "target_duration_minutes"),
        ({"scene_count": 3}, "scene_count"),
        ({"scene_seconds": 30}, "scene_seconds"),
    ],
)
def test_an_album_has_its_own_fields(shared: Stocked, changes: dict[str, Any], field: str) -> None:
    channel = shared.anna.get("/channels").json["items"][0]["id"]
    reply = shared.anna.post("/jobs", {"channel_id": channel, **ALBUM, **changes})
    assert (reply.status, [each["field"] for each in reply.json["errors"]]) == (422, [field])


def test_a_body_that_is_no_json_is_refused(shared: Stocked) -> None:
    json = {"Content-Type": "application/json"}
    for raw in (b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe"):
        reply = shared.anna.call("POST", "/jobs", raw=raw, headers=json)
        assert (reply.status, reply.headers["content-type"]) == (422, "application/problem+json"), raw


def test_an_estimate_says_what_an_order_would_take_and_orders_nothing(shared: Stocked) -> None:
    channel = shared.anna.get("/channels").json["items"][0]["id"]
    before = ids(shared.anna)
    reader = shared.key("anna", Scope.READ)
    found = reader.post("/jobs/estimate", {"channel_id": channel, **BRIEF})
    assert found.status == 200
    assert found.json == {
        "duration_s": 30.0,
        "scenes": 3,
        "music": {"pieces": 3, "price_usd": 0.0},
        "images": {"pieces": 3, "price_usd": 0.0},
        "clips": {"pieces": 0, "price_usd": 0.0},
        "thumbnail": {"pieces": 0, "price_usd": 0.0},
        "words_usd": 0.0,
        "cap_note": None,
        "length_note": None,
        "estimated_cost_usd": 0.0,
        "computing": found.json["computing"],
    }
    assert found.json["computing"]
    album = reader.post("/jobs/estimate", {"channel_id": channel, **ALBUM}).json
    assert (album["scenes"], album["duration_s"]) == (20, 3600)
    assert ids(shared.anna) == before
    assert reader.post("/jobs", {"channel_id": channel, **BRIEF}).status == 403


def test_lists_are_filtered_by_status_kind_channel_and_approval(house: House) -> None:
    anna = house.user("anna")
    other = house.channel()
    jobs = {
        status: house.ordered(anna)
        for status in ("planned", "generating_music", "rendering", "failed", "cancelled", "awaiting_approval")
    }
    for status, job in jobs.items():
        stamp(house, job, status)
    album = anna.post("/jobs", {"channel_id": other, **ALBUM}).json["id"]
    assert ids(anna) == [album, *reversed(jobs.values())]
    assert ids(anna, status="failed") == [jobs["failed"]]
    assert ids(anna, status=["failed", "cancelled"]) == [jobs["cancelled"], jobs["failed"]]
    assert ids(anna, status="pending") == [album, jobs["planned"]]
    assert ids(anna, status="queued") == [album, jobs["planned"]]
    for word in ("processing", "running"):
        assert ids(anna, status=word) == [jobs["rendering"], jobs["generating_music"]]
    assert ids(anna, status=["processing", "rendering", "failed"]) == [
        jobs[each] for each in ("failed", "rendering", "generating_music")
    ]
    assert ids(anna, kind="album") == [album]
    assert ids(anna, channel_id=other) == [album]
    assert ids(anna, channel_id=str(uuid4())) == []
    assert ids(anna, approved="true") == []
    assert len(ids(anna, approved="false")) == 7
    unknown = anna.get("/jobs", query={"status": "asleep"})
    assert (unknown.status, "awaiting_approval" in unknown.json["detail"]) == (400, True)
    assert anna.get("/jobs", query={"kind": "opera"}).status == 422


def test_lists_are_cut_into_pages_that_neither_repeat_nor_miss_a_job(house: House) -> None:
    anna = house.user("anna")
    jobs = [house.ordered(anna) for _ in range(7)]
    found, cursor, pages = [], None, 0
    while True:
        page = anna.get("/jobs", query={"limit": 3, **({"cursor": cursor} if cursor else {})}).json
        assert all(set(each) == SUMMARY for each in page["items"])
        found += [each["id"] for each in page["items"]]
        if pages == 0:
            house.ordered(anna)  # a new one moves nothing
        cursor, pages = page["next_cursor"], pages + 1
        if cursor is None:
            break
    assert (found, pages) == (jobs[::-1], 3)
    assert anna.get("/jobs", query={"cursor": "not one of ours"}).status == 400
    for limit in (0, 201, "many"):
        assert anna.get("/jobs", query={"limit": limit}).status == 422


def test_jobs_are_found_by_words(house: House) -> None:
    anna = house.user("anna")
    library = house.ordered(anna, niche_label="Rainy Library")
    castle = house.ordered(anna, niche_label="Castle Nights", mood_keywords="mysterious, stone", project_name="Winter")
    assert ids(anna, q="castle") == [castle]
    assert ids(anna, q="LIBRARY") == [library]
    assert ids(anna, q="mysterious") == [castle]
    assert ids(anna, q="volcano") == []
    for strange in ("'; DROP TABLE video_jobs; --", "& | ! ( )", "%", "\\", "🌧"):
        assert isinstance(ids(anna, q=strange), list)


def test_users_see_their_own_jobs_and_administrators_all(house: House) -> None:
    anna, ben, admin = house.user("anna"), house.user("ben"), house.user("root", Scope.ADMIN)
    first, second = house.ordered(anna), house.ordered(ben)
    assert (ids(anna), ids(ben), ids(admin)) == ([first], [second], [second, first])
    foreign, unknown = ben.get(f"/jobs/{first}"), ben.get(f"/jobs/{uuid4()}")
    assert (foreign.status, unknown.status) == (404, 404)
    assert foreign.json["detail"] == f"there is no job {first}"
    assert admin.get(f"/jobs/{first}").json["user_id"] == "anna"


def test_approval_is_given_once_the_storyboard_waits(stocked: Stocked) -> None:
    anna = stocked.anna
    answer = anna.post(f"/jobs/{stocked.waiting}/approve")
    assert (answer.status, answer.json["approved"]) == (200, True)
    assert answer.json["approved_at"] is not None
    assert answer.headers["etag"] == f'"{answer.json["storyboard"]["etag"]}"'
    assert ids(anna, approved="true") == [stocked.waiting, stocked.finished]
    early = stocked.ordered(anna)
    refused = anna.post(f"/jobs/{early}/approve")
    assert refused.status == 409, refused.json
    assert anna.get(f"/jobs/{early}").json["approved"] is False


def test_a_job_is_cancelled_once_and_for_good(stocked: Stocked) -> None:
    answer = stocked.anna.post(f"/jobs/{stocked.waiting}/cancel")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    for path, status in (("cancel", 200), ("retry", 409), ("approve", 409)):
        assert stocked.anna.post(f"/jobs/{stocked.waiting}/{path}").status == status
    assert stocked.anna.get(f"/jobs/{stocked.waiting}").json["status"] == "cancelled"
    assert stocked.anna.post(f"/jobs/{stocked.finished}/cancel").status == 409
    assert stocked.anna.get(f"/jobs/{stocked.finished}").json["status"] == "completed"


def test_only_a_failed_job_is_retried_and_goes_on_where_it_failed(stocked: Stocked) -> None:
    anna, job = stocked.anna, UUID(stocked.waiting)
    for each in (stocked.waiting, stocked.finished, stocked.ordered(anna)):
        refused = anna.post(f"/jobs/{each}/retry")
        assert refused.status == 409
        assert "failed" in refused.json["detail"]
    assert stocked.desk.jobs.mark_job_failed(job, "the disk was full") is True
    failed = anna.get(f"/jobs/{job}").json
    assert (failed["status"], failed["error_message"]) == ("failed", "the disk was full")
    answer = anna.post(f"/jobs/{job}/retry")
    assert answer.status == 200, answer.json
    assert (answer.json["status"], answer.json["retry_count"], answer.json["error_message"]) == (
        *("awaiting_approval", 1),
        None,
    )
    editor = stocked.key("anna", Scope.EDIT)
    assert editor.post(f"/jobs/{job}/retry").status == 403


def test_a_finished_job_is_deleted_with_its_files_and_one_in_work_is_not(stocked: Stocked) -> None:
    anna, media = stocked.anna, stocked.desk.media
    refused = anna.call("DELETE", f"/jobs/{stocked.waiting}")
    assert (refused.status, "cancel it" in refused.json["detail"]) == (409, True)
    anna.get(f"/jobs/{stocked.finished}/scenes/1/image", query={"width": 320})
    files = media.keys(f"jobs/{stocked.finished}/") + media.keys(f"exports/{stocked.finished}/")
    assert len(files) > 8
    assert anna.call("DELETE", f"/jobs/{stocked.finished}").status == 204
    assert anna.get(f"/jobs/{stocked.finished}").status == 404
    assert anna.call("DELETE", f"/jobs/{stocked.finished}").status == 404
    assert media.keys(f"jobs/{stocked.finished}/") + media.keys(f"exports/{stocked.finished}/") == []
    assert all(path.is_file() for path in map(media.path, media.keys(f"jobs/{stocked.waiting}/")))
    assert isinstance(media.path("x"), Path)


def test_a_published_job_is_not_deleted(stocked: Stocked) -> None:
    with stocked.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO youtube_uploads (job_id, video_id, video_url, title, privacy) "
            "VALUES (%s, 'abc', 'https://youtu.be/abc', 'Rain', 'private')",
            (stocked.finished,),
        )
    assert stocked.anna.call("DELETE", f"/jobs/{stocked.finished}").status == 409
    assert stocked.anna.get(f"/jobs/{stocked.finished}/video").status == 200


def test_the_history_tells_everything_in_its_order(shared: Stocked) -> None:
    items = shared.anna.get(f"/jobs/{shared.finished}/history").json["items"]
    assert set(items[0]) == {"id", "kind", "status_from", "status_to", "message", "created_at"}
    assert [each["id"] for each in items] == sorted(each["id"] for each in items)
    moves = [(each["status_from"], each["status_to"]) for each in items if each["kind"] == "moved"]
    flow = ["planned", "generating_music", "generating_image", "awaiting_approval", "rendering", "ready_for_export"]
    assert moves == list(zip(flow, [*flow[1:], "completed"], strict=True))
    assert moves[-1][1] == JobStatus.COMPLETED


def test_channels_are_added_listed_with_their_jobs_and_put_to_rest(house: House) -> None:
    editor, reader = house.user("anna", Scope.EDIT), house.user("ben", Scope.READ)
    form = {"name": "Castle Nights", "brand_niche": "Medieval Ambience", "youtube_channel_id": "UC1"}
    made = editor.post("/channels", form)
    assert (made.status, made.json["is_active"]) == (201, True)
    assert editor.post("/channels", form | {"name": "Another"}).status == 409
    assert reader.post("/channels", form).status == 403
    house.user("carl").post("/jobs", {**BRIEF, "channel_id": made.json["id"]})
    (listed,) = reader.get("/channels").json["items"]
    assert listed == {**made.json, "total_jobs": 1, "completed_jobs": 0}
    resting = editor.call("PATCH", f"/channels/{made.json['id']}", body={"is_active": False})
    assert (resting.status, resting.json) == (200, {**listed, "is_active": False})
    assert editor.call("PATCH", f"/channels/{uuid4()}", body={"is_active": True}).status == 404


def test_the_options_are_what_can_be_ordered(shared: Stocked) -> None:
    found = shared.anna.get("/options").json
    assert set(found) == {
        *("kinds", "motions", "transitions", "overlays", "music_providers", "image_providers", "album", "storyboard"),
        "files",
        *("formats", "qualities", "statuses", "prompt", "description", "refinements_max", "refinement_price_usd"),
        *("files", "music_video", "build", "aspect_ratios", "ambience"),
    }
    assert (found["kinds"], found["album"]) == (
        ["album", "storyboard", "music_video", "build"],
        {"minutes": [60, 90], "scenes": 20},
    )
    assert found["storyboard"] == {"scenes": [1, 60], "scene_seconds": [10, 600]}
    assert (found["prompt"], found["description"]) == ([10, 2000], [10, 1000])
    assert (found["refinements_max"], found["refinement_price_usd"]) == (5, 0.02)
    assert {"name": "dummy", "price_usd": 0.0, "missing": None} in found["music_providers"]
    assert found["statuses"] == list(JobStatus)
