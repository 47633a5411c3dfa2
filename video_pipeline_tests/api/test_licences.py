"""Licences over HTTP: the rows, and the pack for a dispute."""

from __future__ import annotations

import io
import json
import zipfile
from uuid import UUID

from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import ThumbnailDraft
from video_pipeline.domain.thumbnails import MODEL
from video_pipeline_tests.api.conftest import Stocked
from video_pipeline_tests.store.material import FREE
from video_pipeline_tests.store.plain_sql import SHA

PROMPT = "a quiet reading room with tall windows and slow rain"


def test_rows_say_what_is_in_the_video(stocked: Stocked) -> None:
    path = f"/jobs/{stocked.waiting}"
    before = stocked.anna.get(f"{path}/licences").json["items"]
    assert [(row["kind"], row["in_video"]) for row in before] == [("track", True)] * 3 + [("image", True)] * 3
    first = before[0]
    assert (first["provider"], first["licence"], first["cost_usd"]) == ("dummy", "CC0 1.0 Universal", "0.0000")
    assert (first["terms_sha256"], first["refused"]) == (None, ["content_id_registration"])
    refined = stocked.anna.post(f"{path}/refine", query={"scene_number": 2, "new_image_prompt": PROMPT})
    assert refined.status == 200
    after = stocked.anna.get(f"{path}/licences").json["items"]
    assert [row["in_video"] for row in after].count(False) == 1
    assert (after[-1]["prompt"], after[-1]["in_video"]) == (PROMPT, True)


def test_a_picture_for_thumbnails_is_not_in_the_video(stocked: Stocked) -> None:
    jobs, job_id = stocked.desk.jobs, UUID(stocked.waiting)
    lease = jobs.claim(job_id, "run")
    jobs.record_made(lease, LicensedKind.THUMBNAIL, FREE, prompt=PROMPT, sha256=SHA)
    jobs.release(lease)

    def told() -> list[tuple[str, bool, bool]]:
        rows = stocked.anna.get(f"/jobs/{job_id}/licences").json["items"]
        return [(row["prompt"], row["in_video"], row["in_thumbnails"]) for row in rows if row["kind"] == "thumbnail"]

    assert told() == [(PROMPT, False, False)]
    key = f"jobs/{job_id}/thumbnails/"
    drawn = ThumbnailDraft("plain", f"{key}plain.jpg", 0.5, (MediaReference(f"{key}bought-a1.png", SHA, 1),))
    jobs.replace_thumbnails(job_id, [drawn], MODEL)
    assert told() == [(PROMPT, False, True)]


def test_the_pack_is_a_download_and_always_the_same(shared: Stocked) -> None:
    path = f"/jobs/{shared.finished}/licences.zip"
    reply = shared.anna.get(path)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/zip")
    name = f"licences-{shared.finished[:8]}.zip"
    assert reply.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert shared.anna.get(path).body == reply.body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as pack:
        rows = json.loads(pack.read("licences.json"))["licences"]
        assert {row["sha256"] for row in rows} == {
            row["sha256"] for row in shared.anna.get(f"/jobs/{shared.finished}/licences").json["items"]
        }
        shown = {name: pack.read(name) for name in pack.namelist()}
    assert str(shared.desk.media.path("x").parent).encode() not in b"".join(shown.values())


def test_the_link_is_there_once_the_video_is(stocked: Stocked) -> None:
    finished = stocked.anna.get(f"/jobs/{stocked.finished}").json["links"]["licences"]
    assert stocked.anna.get(finished.removeprefix("/api/v2")).status == 200
    assert stocked.anna.get(f"/jobs/{stocked.waiting}").json["links"]["licences"] is None


def test_before_everything_is_there_it_is_refused(stocked: Stocked) -> None:
    job = stocked.ordered(stocked.anna)
    assert stocked.anna.get(f"/jobs/{job}/licences").json == {"items": []}
    reply = stocked.anna.get(f"/jobs/{job}/licences.zip")
    assert (reply.status, "not all there" in reply.json["detail"]) == (409, True)
    assert stocked.desk.jobs.get_job(UUID(job)).storyboard is None
