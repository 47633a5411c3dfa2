"""`job licence`: the licences of a video, its pack, and what is left of a job that is deleted."""

from __future__ import annotations

import hashlib
import math
import zipfile
from pathlib import Path

from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import ThumbnailDraft
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.steps.test_retention import Order
from video_pipeline_tests.store.material import FREE, fill, save_image
from video_pipeline_tests.store.plain_sql import SHA


def test_licences_are_listed_and_packed(call: Call, order: Order, studio: Studio, tmp_path: Path) -> None:
    job = order()
    code, out, _ = call("job", "licence", str(job.id))
    assert (code, "nothing was made" in out) == (0, True)
    pack = tmp_path / "a pack.zip"
    code, _, err = call("job", "licence", str(job.id), "--zip", str(pack))
    assert (code, "not all there" in err, pack.exists()) == (1, True, False)
    lease = studio.jobs.claim(job.id, "run")
    fill(studio.jobs, lease, 3)  # type: ignore[arg-type] # the real store
    save_image(studio.jobs, lease, 2, content="better")  # type: ignore[arg-type] # the real store
    rows = in_json(call, "job", "licence", str(job.id)[:8])
    assert [(row["kind"], row["order_index"], row["in_video"]) for row in rows[2:4]] == [
        ("track", 2, True),
        ("image", 2, False),
    ]
    assert (rows[0]["licence"], rows[0]["cost_usd"], rows[0]["job_id"]) == ("CC0 1.0", "0.0000", str(job.id))
    out = call("job", "licence", str(job.id))[1]
    assert out.count("CC0 1.0") == len(rows) == 7
    studio.jobs.record_made(lease, LicensedKind.THUMBNAIL, FREE, prompt="a pier", sha256=SHA)
    for is_drawn, word in ((False, "no"), (True, "yes")):
        picture = MediaReference(f"jobs/{job.id}/thumbnails/bought-a1.png", SHA, 1)
        draft = ThumbnailDraft("plain", f"jobs/{job.id}/thumbnails/plain.jpg", 0.5, (picture,) if is_drawn else ())
        studio.jobs.replace_thumbnails(job.id, [draft], "appeal-2")
        row = in_json(call, "job", "licence", str(job.id))[-1]
        assert (row["kind"], row["in_video"], row["in_thumbnails"]) == ("thumbnail", False, is_drawn)
        (line,) = [each for each in call("job", "licence", str(job.id))[1].splitlines() if "thumbnail 1" in each]
        assert word in line.split()
    code, out, _ = call("job", "licence", str(job.id), "--zip", str(pack))
    assert (code, f"{pack} ({math.ceil(pack.stat().st_size / 1000)} kB) is written" in out) == (0, True)
    told = in_json(call, "job", "licence", str(job.id), "--zip", str(pack))
    assert told["sha256"] == hashlib.sha256(pack.read_bytes()).hexdigest()
    assert (told["bytes"], told["path"]) == (pack.stat().st_size, str(pack))
    with zipfile.ZipFile(pack) as archive:
        assert "tracklist.csv" in archive.namelist()
    # One that was kept since the publication is not there a second time.
    pack.write_bytes(b"another")
    code, _, err = call("job", "licence", str(job.id), "--zip", str(pack))
    assert (code, "holds something else; keep it" in err, pack.read_bytes()) == (2, True, b"another")
    code, _, err = call("job", "licence", str(job.id), "--zip", str(tmp_path / "nowhere" / "a.zip"))
    assert (code, "cannot write" in err) == (1, True)


def test_licences_of_a_deleted_job_are_there_by_its_whole_id(call: Call, order: Order, studio: Studio) -> None:
    job, other = order(), order()
    lease = studio.jobs.claim(job.id, "run")
    save_image(studio.jobs, lease, 1)  # type: ignore[arg-type] # the real store
    studio.jobs.release(lease)
    for each in (job, other):
        studio.jobs.cancel(each.id)
        studio.jobs.delete_job(each.id)
    (row,) = in_json(call, "job", "licence", str(job.id))
    assert (row["kind"], row["in_video"]) == ("image", False)
    for wrong in (str(job.id)[:8], str(other.id)):
        assert call("job", "licence", wrong)[0] == 4, wrong
    assert call("job", "licence", str(job.id), "--zip", "a.zip")[0] == 4
