"""What a used studio has in its store is what the books say, after all that writes files there."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.inventory import Check
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps import sheets
from video_pipeline.steps.check import SETTLED_S, check_files
from video_pipeline.steps.export import export
from video_pipeline.steps.refine import refine
from video_pipeline.steps.uploads import keep_upload
from video_pipeline_tests.api.conftest import Stocked


def look(stocked: Stocked, job: UUID | None = None) -> Check:
    """Into every file, at a time when none is new any more."""
    now = time.time() + SETTLED_S + 60
    return check_files(stocked.desk.jobs, stocked.desk.media, job, deep=True, now=now)


def test_after_all_that_writes_files_nothing_is_wrong(stocked: Stocked) -> None:
    anna, studio, job = stocked.anna, stocked.studio, UUID(stocked.finished)
    path = f"/jobs/{job}"
    shown = anna.get(path).json
    for scene in shown["storyboard"]["scenes"]:
        for url in (scene["image"]["preview_url"], scene["track"]["waveform_url"]):
            assert anna.get(url.removeprefix("/api/v2")).status == 200
    sheets.contact_sheet(studio, job)
    sheets.waveform(studio, job, 1)
    sheets.poster(studio, job)
    export(studio, studio.jobs.get_job(job), Rendition.parse("m4a", "low"), report=lambda *_: None, cancelled=bool)
    keep_upload(studio, job, FileType.QUOTES, "q.txt", [b"Breathe in.\n"])
    found = look(stocked)
    assert found.findings == []
    assert {count.what for count in found.counts} == {"track", "image", "master", "export", "upload", "thumbnail"}
    assert all(count.intact == count.recorded > 0 for count in found.counts)
    assert found.beside > 8
    # The former master and its exports are forgotten, and lie there until the next one takes their place.
    refine(studio, job, 2, image_prompt="A quiet pond", description=None, by="anna")
    refined = look(stocked)
    assert refined.findings == []
    assert {count.what for count in refined.counts} == {"track", "image", "earlier image", "upload", "thumbnail"}
    # Every file belongs to a job, so a look at each job sees the same.
    alone = [look(stocked, UUID(each)) for each in (stocked.finished, stocked.waiting)]
    assert sum(each.beside for each in alone) == refined.beside
    assert [each.findings for each in alone] == [[], []]
    picture: Path = next(iter(stocked.media_path(f"jobs/{job}").glob("images/*.png")))
    picture.unlink()
    assert [each.fault for each in look(stocked).findings] == ["missing"]
