"""What is ordered, said about and measured of a video, over HTTP."""

from __future__ import annotations

from uuid import UUID

from video_pipeline_tests.api.conftest import BRIEF, House, Stocked


def test_texts_are_shown_and_changed_field_by_field(stocked: Stocked) -> None:
    anna, path = stocked.anna, f"/jobs/{stocked.finished}/publication"
    shown = anna.get(path).json
    title = anna.get(f"/jobs/{stocked.finished}").json["title"]
    assert (shown["youtube_title"], shown["video_url"], shown["upload_strategy"]) == (title, None, None)
    changed = anna.call("PATCH", path, body={"youtube_title": "Mine", "scheduled_time": "2026-03-01T18:00:00+01:00"})
    assert (changed.status, changed.json["youtube_title"], changed.json["upload_strategy"]) == (
        200,
        "Mine",
        "scheduled",
    )
    assert changed.json["scheduled_time"] == "2026-03-01T17:00:00Z"
    assert changed.json["youtube_tags"] == shown["youtube_tags"]
    assert anna.get(path).json == changed.json
    cleared = anna.call("PATCH", path, body={"upload_strategy": None, "youtube_tags": []}).json
    assert (cleared["upload_strategy"], cleared["scheduled_time"], cleared["youtube_tags"]) == (None, None, [])
    for wrong, status in (
        ({"status": "completed"}, 422),
        ({"scheduled_time": "2026-03-01T18:00:00"}, 422),
        ({"credits_used": "7"}, 422),
        ({"youtube_title": "a <b>"}, 400),
        ({"video_url": "ftp://example.org/v"}, 400),
    ):
        assert anna.call("PATCH", path, body=wrong).status == status, wrong
    assert anna.get(path).json == cleared


def test_figures_are_put_by_day(stocked: Stocked) -> None:
    anna, path = stocked.anna, f"/jobs/{stocked.finished}/analytics"
    assert anna.get(path).json == {"items": []}
    assert anna.call("PUT", f"{path}/2026-03-01", body={"views": 7}).status == 400  # of which video?
    stocked.desk.jobs.add_youtube_upload(UUID(stocked.finished), "dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ", "A")
    for views in (7, 9):
        body = {"views": views, "watch_time_hours": 1.25, "revenue_usd": None}
        put = anna.call("PUT", f"{path}/2026-03-01", body=body)
        assert (put.status, put.json["views"], put.json["watch_time_hours"]) == (200, views, 1.25)
    assert anna.get(path).json == {"items": [put.json]}
    for day, body in (("2026-02-30", {"views": 1}), ("2026-03-01", {}), ("2026-03-01", {"views": 1.5})):
        assert anna.call("PUT", f"{path}/{day}", body=body).status == 422


def test_an_order_is_changed_while_it_waits(house: House) -> None:
    anna, channel = house.user("anna"), house.channel()
    job = house.ordered(anna, channel_id=channel, preparing=True, seed=5)
    changed = {**BRIEF, "channel_id": channel, "niche_label": "Mountains", "scene_count": 2, "seed": None}
    put = anna.call("PUT", f"/jobs/{job}/brief", body=changed)
    assert (put.status, put.json["niche_label"], put.json["status"]) == (200, "Mountains", "preparing")
    brief = house.desk.jobs.get_job(UUID(job)).brief
    assert (brief["scene_count"], brief["seed"], brief["user_id"]) == (2, 5, "anna")
    other = {**changed, "channel_id": house.channel()}
    assert anna.call("PUT", f"/jobs/{job}/brief", body=other).status == 400
    assert house.user("ben").call("PUT", f"/jobs/{job}/brief", body=changed).status == 404
    house.desk.jobs.claim(UUID(job), "run")
    assert anna.call("PUT", f"/jobs/{job}/brief", body=changed).status == 409
