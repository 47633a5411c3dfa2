"""The comparison of books and store: what is wrong is told, and what is right is not."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.inventory import Check, Fault, Inventory
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.check import ABANDONED_S, SETTLED_S, check_files
from video_pipeline.steps.files import job_files
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload
from video_pipeline.store import LocalMediaStore, PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import reference
from video_pipeline_tests.store.plain_sql import SHA, Sql
from video_pipeline_tests.store.test_migrations import COLUMNS, rows

Order = Callable[..., JobRecord]

PLACE = re.compile("path|url$|file$")
"""In the name of a column that may say where something is."""


def settled(studio: Studio, job_id: UUID | None = None, *, deep: bool = False) -> Check:
    """A look from a time when nothing is new any more."""
    return check_files(studio.jobs, studio.media, job_id, deep=deep, now=time.time() + SETTLED_S + 60)


def faults(check: Check) -> dict[str, Fault]:
    """What is wrong with which file."""
    return {each.key: each.fault for each in check.findings}


def put(media: LocalMediaStore, key: str, content: bytes = b"a file") -> MediaReference:
    """A file in the store."""
    with media.scratch(uuid4()) as scratch:
        (scratch / "made").write_bytes(content)
        return media.adopt(scratch / "made", key)


@pytest.fixture
def uploads(studio: Studio, order: Order) -> dict[str, MediaReference]:
    """A job's files by their names."""
    job = order().id
    names = ("kept", "gone", "longer", "other")
    return {
        name: keep_upload(studio, job, FileType.QUOTES, f"{name}.txt", [f"Breathe {name}.\n".encode()]).media
        for name in names
    }


def test_what_is_missing_and_changed_is_told(studio: Studio, uploads: dict[str, MediaReference]) -> None:
    assert settled(studio, deep=True).passed
    studio.media.path(uploads["gone"].key).unlink()
    studio.media.path(uploads["longer"].key).write_bytes(b"a longer text than before\n")
    studio.media.path(uploads["other"].key).write_bytes(b"breathe OTHER.\n")  # as long as before
    seen, read = settled(studio), settled(studio, deep=True)
    assert faults(seen) == {uploads["gone"].key: Fault.MISSING, uploads["longer"].key: Fault.CHANGED}
    assert faults(read) == faults(seen) | {uploads["other"].key: Fault.CHANGED}
    assert not seen.passed
    assert {each.what for each in read.findings} == {"upload"}
    (count,) = read.counts
    assert (count.recorded, count.intact) == (4, 1)
    assert studio.media.path(uploads["other"].key).is_file()  # nothing is deleted


def test_what_is_in_no_book_is_told_when_it_is_not_new(
    studio: Studio, media: LocalMediaStore, uploads: dict[str, MediaReference], order: Order
) -> None:
    job, other, unknown = studio.jobs.list_jobs()[0].id, order().id, uuid4()
    strays = {
        *(f"jobs/{job}/music/99-a1.flac", f"jobs/{job}/files/{uuid4()}.mp4", f"jobs/{job}/views"),
        *(f"jobs/{unknown}/sheets/poster.jpg", f"jobs/{other}/images/1.png", "jobs/notes.txt", "notes.txt"),
        f"exports/{unknown}/mp4_low.mp4.otio",
    }
    for key in strays:
        put(media, key)
    (media.root / "a\tname\n").write_bytes(b"of somebody else's")
    fresh = check_files(studio.jobs, media)
    assert (set(faults(fresh)), fresh.young) == ({"a\tname\n"}, len(strays))
    assert faults(settled(studio)) == dict.fromkeys({*strays, "a\tname\n"}, Fault.ORPHANED)
    assert set(faults(settled(studio, other))) == {f"jobs/{other}/images/1.png"}
    assert {each.job_id for each in settled(studio).findings} == {job, other, None}
    with pytest.raises(NotFoundError):
        settled(studio, unknown)


def test_what_is_drawn_anew_needs_no_row(studio: Studio, media: LocalMediaStore, order: Order) -> None:
    job, upload = order().id, uuid4()
    for name in ("sheets/poster.jpg", "views/x-160.jpg", "previews/x.mp4", "thumbnails/estimates.json"):
        put(media, f"jobs/{job}/{name}")
    studio.media.append_part(upload, 0, b"on its way")
    with media.scratch(job) as scratch, media.lock("jobs/x/y"):
        (scratch / "half.mp4").write_bytes(b"half")
        found = settled(studio)
    assert (found.findings, found.beside, found.young) == ([], 4, 0)
    put(media, f"jobs/{job}/thumbnails/stray.jpg")
    assert set(faults(settled(studio))) == {f"jobs/{job}/thumbnails/stray.jpg"}


def test_an_upload_whose_file_is_whole_and_not_recorded_yet_is_no_orphan(
    studio: Studio, media: LocalMediaStore, order: Order, database: Database
) -> None:
    job, upload = order().id, uuid4()
    row = {"id": upload, "job_id": job, "file_type": "quotes", "filename": "q.txt", "bytes": 6, "received": 6}
    sql = Sql(database.engine)
    sql.insert("job_uploads", expires_at="2099-01-01", **row)
    put(media, f"jobs/{job}/files/{upload}.txt")
    assert settled(studio).passed
    sql.run("DELETE FROM job_uploads")
    assert set(faults(settled(studio))) == {f"jobs/{job}/files/{upload}.txt"}


def test_what_changes_during_the_look_is_not_told(
    studio: Studio, media: LocalMediaStore, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is replaced by another one, and one is recorded, between the two looks."""
    job = order().id
    old = studio.jobs.add_file(job, FileType.QUOTES, "old.txt", reference(f"jobs/{job}/files/old.txt"))
    late = put(media, f"jobs/{job}/files/late.txt")
    inventory = PostgresJobStore.inventory
    seen: list[Inventory] = []

    def changing(self: PostgresJobStore, job_id: UUID | None = None) -> Inventory:
        seen.append(inventory(self, job_id))
        if len(seen) == 1:
            studio.jobs.delete_file(job, old.id)
            studio.jobs.add_file(job, FileType.QUOTES, "late.txt", late)
        return seen[-1]

    monkeypatch.setattr(PostgresJobStore, "inventory", changing)
    assert settled(studio).findings == []
    assert len(seen) == 2
    assert settled(studio).passed
    assert len(seen) == 3  # where nothing seems wrong the books are read once


def test_every_column_that_names_a_file_is_looked_at(studio: Studio, database: Database) -> None:
    sql = Sql(database.engine)
    job = sql.job(local_video_path="m.mp4", kind="storyboard", target_duration_minutes=5)
    sha, size = {"sha256": SHA}, {"bytes": 5}
    picture = sha | size | {"width": 1, "height": 1, "mean_luma": 1, "perceptual_hash": "0" * 16}
    clip = {"clip_path": "clip.mp4", "clip_sha256": SHA, "clip_bytes": 5, "clip_frames": 3}
    sound = sha | size | {"samples": 1, "channels": 2, "integrated_lufs": -14, "true_peak_dbtp": -1, "range_lu": 1}
    sound |= {"longest_silence_s": 0}
    sql.track(job, kind="storyboard", local_file_path="t.flac", **sound)
    sql.image(job, kind="storyboard", local_file_path="i.png", **picture, **clip)
    sql.image(None, order_index=None, local_file_path="alone.png")
    former = {"order_index": 1, "image_prompt": "", "description": "", "provider": "dummy", "seed": 1, "cost": 0}
    former |= {"created_at": "2026-01-01", "local_file_path": "v.png", **picture, **clip, "clip_path": "vclip.mp4"}
    sql.insert("image_versions", video_job_id=job, **former)
    bed = {"name": "rain", "order_index": 1, "level_db": -9, "ducking_db": 3, "provider": "dummy", "cost": 0}
    sql.insert("sound_beds", video_job_id=job, local_file_path="b.flac", duration_seconds=1, **bed, **sound)
    encode = {"format": "mp4", "quality": "low", "width": 1, "height": 1, "duration_seconds": 1, "report": "{}"}
    sql.insert("exports", video_job_id=job, local_file_path="e.mp4", **sha, **size, **encode)
    sql.insert("job_files", job_id=job, file_type="quotes", filename="f", file_path="f.txt")
    sql.insert("thumbnails", video_job_id=job, variant="minimal", image_url="th.jpg")
    found = settled(studio)
    assert {(each.what, each.key) for each in found.findings} == {
        *{("track", "t.flac"), ("image", "i.png"), ("clip", "clip.mp4"), ("image", "alone.png"), ("bed", "b.flac")},
        *{("earlier image", "v.png"), ("earlier clip", "vclip.mp4"), ("master", "m.mp4"), ("export", "e.mp4")},
        *{("upload", "f.txt"), ("thumbnail", "th.jpg")},
    }
    # A new column with a place in it has to be added to the inventory, or to this list of those that are none.
    named = {f"{table}.{column}" for table, column, *_ in rows(database.engine, COLUMNS) if PLACE.search(str(column))}
    assert named == {
        *("audio_tracks.local_file_path", "sound_beds.local_file_path", "images.local_file_path", "images.clip_path"),
        *("image_versions.local_file_path", "image_versions.clip_path", "video_jobs.local_video_path"),
        *("exports.local_file_path", "job_files.file_path", "thumbnails.image_url"),
        "render_tasks.local_video_path",  # of each attempt, also of those whose file was replaced
        *("video_jobs.music_file", "video_jobs.video_url", "youtube_uploads.video_url", "webhooks.url"),
        *(f"{table}.license_document_url" for table in ("audio_tracks", "images", "image_versions", "sound_beds")),
        *("licences.terms_url", "licences.licence_url", "provider_terms.url"),  # of pages elsewhere
    }


@pytest.mark.parametrize("deep", [False, True])
def test_a_disk_that_fails_is_told_and_the_rest_looked_at(
    studio: Studio, uploads: dict[str, MediaReference], monkeypatch: pytest.MonkeyPatch, deep: bool
) -> None:
    """It ended the look with a traceback, after an hour of reading."""
    bad = studio.media.path(uploads["kept"].key)
    studio.media.path(uploads["gone"].key).unlink()
    name = "open" if deep else "stat"
    asked = getattr(Path, name)

    def failing(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == bad:
            raise OSError(errno.EIO, "Input/output error", str(self))
        return asked(self, *args, **kwargs)

    # Others that were read before are remembered; this one is not, as in a process that was started for the check.
    studio.media.__dict__["_known"].clear()
    monkeypatch.setattr(Path, name, failing)
    found = settled(studio, deep=deep)
    assert faults(found) == {uploads["kept"].key: Fault.UNREADABLE, uploads["gone"].key: Fault.MISSING}
    assert {each.detail for each in found.findings} >= {"it cannot be read: Input/output error"}


def test_what_a_killed_process_left_half_written_is_told_after_a_day(
    studio: Studio, media: LocalMediaStore, order: Order
) -> None:
    job = order().id
    left = f"jobs/{job}/sheets/.preview.mp4.0a1b.part"
    put(media, f"jobs/{job}/sheets/poster.jpg")
    media.path(left).write_bytes(b"half of it")
    found = settled(studio)
    assert (found.findings, found.beside, found.young) == ([], 1, 1)
    later = check_files(studio.jobs, media, job, now=time.time() + ABANDONED_S + 60)
    assert faults(later) == {left: Fault.ORPHANED}
    assert [each.kind for each in job_files(studio, job)] == ["sheet poster"]


def test_a_place_outside_of_the_store_is_told_and_not_read(
    studio: Studio, media: LocalMediaStore, order: Order, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 1000)
    media.root.mkdir(exist_ok=True)
    (media.root / "link").symlink_to(tmp_path)
    studio.jobs.add_file(order().id, FileType.QUOTES, "q.txt", reference("link/secret"))
    (found,) = [each for each in settled(studio, deep=True).findings if each.key == "link/secret"]
    assert found.fault is Fault.CHANGED
    assert "leads out" in found.detail
