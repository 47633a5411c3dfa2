"""The preview: the whole programme, small and with sound, before it is approved."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import av

from video_pipeline.domain.access import Scope
from video_pipeline_tests.api.conftest import Stocked
from video_pipeline_tests.api.worker import working


def test_a_preview_is_made_once_for_each_storyboard(stocked: Stocked, tmp_path: Path) -> None:
    anna, path = stocked.anna, f"/jobs/{stocked.waiting}/preview"
    assert anna.get(path).status == 404
    assert anna.get(f"/jobs/{stocked.waiting}").json["preview"] == {"available": False, "url": None, "order": None}
    placed = anna.post(path)
    assert (placed.status, placed.headers["location"], placed.json["kind"]) == (202, placed.json["url"], "preview")
    assert anna.post(path).json["id"] == placed.json["id"]
    with working(stocked.studio):
        done = stocked.wait_for_order(anna, placed.json["url"])
    assert (done["status"], done["error"]) == ("completed", None)

    shown = anna.get(f"/jobs/{stocked.waiting}").json["preview"]
    assert (shown["available"], shown["order"]) == (True, done)
    video = anna.get(shown["url"].removeprefix("/api/v2"))
    assert (video.status, video.headers["content-type"]) == (200, "video/mp4")
    (out := tmp_path / "preview.mp4").write_bytes(video.body)
    with av.open(out) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (854, 480)
        assert file.streams.audio[0].codec.name == "aac"
        assert file.duration is not None
        assert abs(file.duration / 1e6 - 30) < 0.2
    part = anna.get(path, headers={"Range": "bytes=0-99"})
    assert (part.status, part.body) == (206, video.body[:100])

    # It is there: nothing is ordered any more.
    there = anna.post(path)
    assert (there.status, there.json) == (200, done)
    assert len(stocked.desk.jobs.orders(UUID(stocked.waiting))) == 1
    # It shows what it shows: after a change there is none, and back in the old order there is one again.
    for order, status in (([3, 2, 1], 404), ([3, 2, 1], 200)):
        assert anna.post(f"/jobs/{stocked.waiting}/reorder", query={"scene_order": order}).status == 200
        assert anna.get(path).status == status
        assert anna.get(f"/jobs/{stocked.waiting}").json["preview"]["available"] is (status == 200)
    # Looking at it is no download.
    assert anna.get(f"/jobs/{stocked.waiting}").json["download_count"] == 0


def test_before_everything_is_delivered_there_is_nothing_to_preview(stocked: Stocked) -> None:
    job = stocked.ordered(stocked.anna)
    early = stocked.anna.post(f"/jobs/{job}/preview")
    assert (early.status, "music and a picture" in early.json["detail"]) == (409, True)
    assert stocked.desk.jobs.orders(UUID(job)) == []
    assert stocked.key("anna", Scope.READ).post(f"/jobs/{job}/preview").status == 403


def test_orders_are_seen_by_those_who_see_their_job(stocked: Stocked) -> None:
    placed = stocked.anna.post(f"/jobs/{stocked.waiting}/preview").json
    foreign = stocked.user("ben").get(f"/orders/{placed['id']}")
    assert (foreign.status, foreign.json["detail"]) == (404, f"there is no order {placed['id']}")
    assert stocked.user("root", Scope.ADMIN).get(f"/orders/{placed['id']}").status == 200
    assert set(placed) == {
        *("id", "job_id", "kind", "status", "progress", "error", "result", "created_at", "finished_at", "url"),
    }
