"""The pack for a dispute about rights: its times are those of the video, its checksums those of the files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from video_pipeline.domain.errors import ConflictError, MachineError, NotFoundError
from video_pipeline.domain.job import Approval
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import Licence, Use
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import Item, PurchaseState
from video_pipeline.domain.records import JobRecord, Lease
from video_pipeline.domain.storyboard import seed_of
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import JobStore
from video_pipeline.steps.cue_sheet import cue_sheet
from video_pipeline.steps.export import timeline_of
from video_pipeline.steps.licence_pack import licence_pack, write_licence_pack
from video_pipeline.steps.licence_words import shown_line, stamp
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.refine import refine
from video_pipeline.steps.reorder import reorder
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.thumbnails import thumbnails
from video_pipeline_tests.naughty import NAUGHTY
from video_pipeline_tests.steps.test_clips import illustrated, ordered
from video_pipeline_tests.store.material import FREE, order_short, save_image, save_track, storyboard

Order = Callable[..., JobRecord]
TERMS = "https://example.org/terms"
PAGE = b"%PDF-1.7 You may."
FORMULAS = ('=HYPERLINK("http://example.org")', "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1")


def opened(pack: bytes) -> dict[str, bytes]:
    """The files of a pack, after its own checks."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def delivered(studio: Studio, order: Order) -> JobRecord:
    """A job with its music and pictures."""
    job = order(approval=Approval.REQUIRED)
    for stage in (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES):
        job = perform(studio, job.id, stage, "run")
    return job


def test_its_times_are_those_of_the_video(studio: Studio, order: Order) -> None:
    job = delivered(studio, order)
    files = opened(licence_pack(studio.jobs, job.id))
    timeline = timeline_of(studio, job)
    tracks, pictures = table(files["tracklist.csv"]), table(files["pictures.csv"])
    cuts = [*timeline.sound_starts, timeline.samples]
    assert [(row["start"], row["end"]) for row in tracks] == [
        (stamp(Fraction(start, SAMPLE_RATE)), stamp(Fraction(end, SAMPLE_RATE))) for start, end in pairwise(cuts)
    ]
    assert (tracks[0]["start"], tracks[-1]["end"]) == ("00:00:00", "00:00:30")
    fades = timeline.crossfades
    assert [row["audible_from"] for row in tracks[1:]] == [stamp(Fraction(fade.start, SAMPLE_RATE)) for fade in fades]
    assert tracks[0]["audible_until"] > tracks[0]["end"]  # with the crossfade
    assert [row["start"] for row in pictures] == [
        stamp(timeline.rate.seconds(each)) for each in timeline.picture_starts
    ]
    assert [row["file"] for row in tracks] == [each.media.key for each in timeline.sounds]
    assert [row["file"] for row in pictures] == [each.media.key for each in timeline.pictures]
    assert job.storyboard is not None
    assert [row["title"] for row in tracks] == [scene.title for scene in job.storyboard.scenes]
    for row in tracks:
        assert f"{row['start']}-{row['end']}  {row['title']}" in files["tracklist.txt"].decode()


def test_it_says_from_what_each_thing_was_made(studio: Studio, order: Order) -> None:
    job = delivered(studio, order)
    files = opened(licence_pack(studio.jobs, job.id))
    assert job.storyboard is not None
    seed = job.brief["seed"]
    told = [(row["prompt"], row["seed"], row["provider"], row["licence"]) for row in table(files["tracklist.csv"])]
    assert told == [
        (scene.music.text, str(seed_of(scene.music, seed)), "dummy", "CC0 1.0 Universal")
        for scene in job.storyboard.scenes
        if scene.music
    ]
    pictures = [(row["prompt"], row["seed"]) for row in table(files["pictures.csv"])]
    assert pictures == [(scene.visual.text, str(seed_of(scene.visual, seed))) for scene in job.storyboard.scenes]
    rows = json.loads(files["licences.json"])["licences"]
    assert {row["in_video"] for row in rows} == {True}
    assert {(row["allowed"], row["refused"]) for row in table(files["pictures.csv"])} == {
        ("youtube_video monetised_video derivative_work standalone_release", "content_id_registration")
    }
    readme = files["README.txt"].decode()
    assert "THEY WERE NOT READ before" in readme
    assert "No upload to YouTube is recorded." in readme
    assert "not allowed  content id registration" in readme


def test_plans_are_named_and_a_provider_without_seeds_gets_none(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer = studio.music["dummy"]
    monkeypatch.setattr(composer, "capabilities", replace(composer.capabilities, takes_seed=False))
    job = delivered(replace(studio, plans={"dummy": "Creator", "mubert": "Startup"}), order)
    files = opened(licence_pack(studio.jobs, job.id))
    assert {(row["plan"], row["seed"]) for row in table(files["tracklist.csv"])} == {("Creator", "")}
    assert {(row["plan"], row["seed"] != "") for row in table(files["pictures.csv"])} == {("Creator", True)}
    assert "plan         Creator" in files["README.txt"].decode()


def test_its_checksums_are_those_of_the_files(studio: Studio, order: Order, tmp_path: Path) -> None:
    job = order(approval=Approval.AUTO)
    for stage in Stage:
        perform(studio, job.id, stage, "run")
    studio.jobs.add_youtube_upload(job.id, "dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ", "Rain on the roof")
    out = tmp_path / "dispute.zip"
    size = write_licence_pack(studio.jobs, job.id, out)
    assert out.stat().st_size == size
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []
    files = opened(out.read_bytes())
    listed = dict(line.split("  ")[::-1] for line in files["checksums.sha256"].decode().splitlines())
    for key, sha256 in listed.items():
        assert hashlib.sha256(studio.media.path(key).read_bytes()).hexdigest() == sha256
    rows = json.loads(files["licences.json"])["licences"]
    assert {row["sha256"] for row in rows} <= set(listed.values())
    (export,) = studio.jobs.exports(job.id)
    assert export.report.media.key in listed
    assert "https://youtu.be/dQw4w9WgXcQ" in files["README.txt"].decode()
    root = studio.media.path("x").parent
    assert all(str(root).encode() not in content for content in files.values())
    # As the README says, by the program that everybody has.
    if program := shutil.which("sha256sum"):
        (tmp_path / "checksums").write_bytes(files["checksums.sha256"])
        command = [program, "--check", "--strict", str(tmp_path / "checksums")]
        subprocess.run(command, cwd=root, check=True, capture_output=True)


def test_the_same_state_gives_the_same_bytes(studio: Studio, order: Order) -> None:
    job = delivered(studio, order)
    first = licence_pack(studio.jobs, job.id)
    assert licence_pack(studio.jobs, job.id) == first
    studio.jobs.add_youtube_upload(job.id, "a", "https://youtu.be/a", "A")
    assert licence_pack(studio.jobs, job.id) != first


def test_what_was_replaced_stays_and_what_was_moved_keeps_its_row(studio: Studio, order: Order) -> None:
    job = delivered(studio, order)
    before = {row.id for row in studio.jobs.licences(job.id)}
    refine(studio, job.id, 2, image_prompt="a quiet reading room with tall windows", description=None, by="ada")
    reorder(studio, job.id, [3, 1, 2], by="ada")
    files = opened(licence_pack(studio.jobs, job.id))
    rows = json.loads(files["licences.json"])["licences"]
    (replaced,) = [row for row in rows if not row["in_video"]]
    (new,) = [row for row in rows if row["id"] not in before]
    assert (replaced["kind"], replaced["order_index"], new["order_index"]) == ("image", 2, 2)
    pictures = table(files["pictures.csv"])
    assert [row["sha256"] for row in pictures][2] == new["sha256"]
    assert pictures[2]["prompt"] == "a quiet reading room with tall windows"
    assert pictures[2]["seed"] == str(new["seed"])
    assert all(row["provider"] for row in (*pictures, *table(files["tracklist.csv"])))


@pytest.mark.slow
def test_a_clip_and_its_picture_are_told_apart_and_shown_as_often_as_they_are(studio: Studio) -> None:
    job = illustrated(studio, ordered(studio, seconds=10, cut=4))
    sheet = cue_sheet(studio.jobs, studio.jobs.get_job(job.id))
    timeline = timeline_of(studio, job)
    clips = [cue for cue in sheet.seen if cue.kind is LicensedKind.CLIP]
    images = [cue for cue in sheet.seen if cue.kind is LicensedKind.IMAGE]
    assert [cue.media for cue in clips] == [each.media for each in timeline.pictures]
    assert [cue.span for cue in clips] == [cue.span for cue in images]
    assert sheet.seen[-1].span.end == sheet.seconds
    assert {cue.licence.provider for cue in sheet.seen if cue.licence} == {"dummy"}
    (song,) = sheet.heard
    assert song.licence is not None
    assert (song.licence.provider, song.licence.prompt, song.licence.seed) == ("upload", None, None)
    assert song.licence.provider_task_id == song.media.sha256


@pytest.fixture
def naughty(store: JobStore) -> Callable[[str], Any]:
    """Makes a job of one scene whose every text is the same; the files of its pack."""

    def made(text: str) -> dict[str, bytes]:
        lease = store.claim(order_short(store, 1).id, "run")  # type: ignore[arg-type] # the real store
        _written(store, lease, text)
        return opened(licence_pack(store, lease.job_id))

    return made


def _written(store: JobStore, lease: Lease, text: str) -> None:
    known = text.replace("\x00", "").encode("utf-8", "replace").decode()
    plan = storyboard(1, title=known)
    (scene,) = plan.scenes
    assert scene.music is not None
    music, visual = replace(scene.music, title=known), replace(scene.visual, description=known)
    store.save_storyboard(lease, replace(plan, scenes=(replace(scene, music=music, visual=visual),)))
    licence = Licence(text, text, plan=text, terms_url=TERMS, uses=(Use.YOUTUBE_VIDEO,))
    by = replace(FREE, provider_id=text[:200], licence=licence)
    track = save_track(store, lease, 1)  # type: ignore[arg-type] # the real store
    image = save_image(store, lease, 1, by=by)  # type: ignore[arg-type] # the real store
    store.save_track(lease, replace(music, text=text), by, track.media, track.facts)
    store.save_image(lease, replace(visual, text=known), by, image.media, image.facts)


def test_texts_may_hold_anything_and_no_cell_is_a_formula(naughty: Callable[[str], Any]) -> None:
    for text in (*NAUGHTY, *FORMULAS):
        check_texts(naughty(text), text)


def check_texts(files: dict[str, bytes], text: str) -> None:
    """Nothing of `text` is lost in the tables, and people see one line of it."""
    known = text.replace("\x00", "").encode("utf-8", "replace").decode()
    for name in ("tracklist.csv", "pictures.csv"):
        (row,) = table(files[name])
        for column in ("prompt", "licence", "plan", "title"):
            assert row[column] in (known, f"'{known}")
            assert not row[column].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    rows = json.loads(files["licences.json"])["licences"]
    assert [row["prompt"] for row in rows[2:]] == [known, known]
    for name in ("README.txt", "tracklist.txt"):
        shown = files[name].decode()
        assert all(each.isprintable() or each in "\n\u200d" for each in shown)
    assert len(files["tracklist.txt"].decode().splitlines()) == 4


def test_lines_are_seen_as_they_are() -> None:
    assert shown_line(" a\r\n\u202eb\x1b[2J\u200b ") == "a b [2J"
    assert shown_line("👩🏽‍🚀 田中") == "👩🏽‍🚀 田中"


def test_pages_of_terms_come_with_it(store: JobStore, naughty: Callable[[str], Any]) -> None:
    sha256 = hashlib.sha256(PAGE).hexdigest()
    taken = store.record_terms("procedural", TERMS, sha256, PAGE)
    files = naughty("Plain")
    name = f"terms/{sha256}.pdf"
    assert files[name] == PAGE
    readme = files["README.txt"].decode()
    assert f"read {taken.fetched_at:%Y-%m-%d %H:%M:%S} UTC" in readme
    assert f"SHA-256 {sha256}" in readme
    assert f"as they were: {name}" in readme
    assert "NOT READ" not in readme
    (row,) = table(files["tracklist.csv"])
    assert (row["terms_url"], row["terms_sha256"]) == (TERMS, sha256)
    assert row["terms_read_at"].startswith(f"{taken.fetched_at:%Y-%m-%d}")


def test_costs_are_those_of_the_ledger_without_what_errors_said(store: JobStore) -> None:
    lease = store.claim(order_short(store, 1).id, "run")  # type: ignore[arg-type] # the real store
    _written(store, lease, "Plain")
    for what, state in (("images/1", PurchaseState.SETTLED), ("images/2", PurchaseState.RELEASED)):
        bought = store.reserve(lease, "leonardo", Item(what, "a harbour", 7), Decimal(1))
        store.close_purchase(bought.id, state, Decimal(2), note="cannot write /srv/secret/01.png")
    save_image(store, lease, 1, by=replace(FREE, cost_usd=Decimal("0.0250")))  # type: ignore[arg-type] # the real store
    files = opened(licence_pack(store, lease.job_id))
    told = [(row["entry"], row["amount_usd"], row["what"]) for row in table(files["costs.csv"])]
    assert told == [
        ("reserve", "1.0000", "images/1"),
        ("settle", "2.0000", "images/1"),
        ("reserve", "1.0000", "images/2"),
        ("release", "1.0000", "images/2"),
        ("settle", "0.0250", "images/01"),
    ]
    assert all(b"secret" not in content for content in files.values())


def test_things_without_a_row_are_said_to_have_none(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = store.claim(order_short(store, 1).id, "run")  # type: ignore[arg-type] # the real store
    _written(store, lease, "Plain")
    monkeypatch.setattr(type(store), "licences", lambda *_: [])
    files = opened(licence_pack(store, lease.job_id))
    assert "Nothing was written down when these were made:\n  track 1, image 1" in files["README.txt"].decode()
    assert "no licence was written down" in files["tracklist.txt"].decode()
    assert table(files["tracklist.csv"])[0]["provider"] == ""


def test_a_picture_for_thumbnails_is_in_it_and_not_in_the_video(studio: Studio, order: Order) -> None:
    """The first was drawn over, the second replaced it."""
    free = replace(studio, thumbnail_provider="procedural")
    job = delivered(free, order)
    first = opened(licence_pack(free.jobs, job.id))
    told = {row["kind"]: row for row in json.loads(first["licences.json"])["licences"]}
    assert {kind: (row["in_video"], row["in_thumbnails"]) for kind, row in told.items()} == {
        "track": (True, False),
        "image": (True, False),
        "thumbnail": (False, True),
    }
    assert f"{told['thumbnail']['sha256']}  jobs/{job.id}/thumbnails/bought-a" in first["checksums.sha256"].decode()
    readme = first["README.txt"].decode()
    assert "  procedural (1 x picture for thumbnails)\n" in readme
    assert "Each thing that is heard or seen has its row." in readme
    assert b"thumbnail" not in first["pictures.csv"]

    free.media.remove(f"jobs/{job.id}/thumbnails/bought.json")
    thumbnails(free, job.id)
    after = opened(licence_pack(free.jobs, job.id))
    rows = json.loads(after["licences.json"])["licences"]
    assert [row["in_thumbnails"] for row in rows if row["kind"] == "thumbnail"] == [False]
    assert b"bought" not in after["checksums.sha256"]
    assert "x picture for thumbnails" not in after["README.txt"].decode()


@pytest.mark.slow
def test_a_picture_for_thumbnails_from_before_there_were_rows_is_said_to_have_none(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(studio.jobs), "record_made", lambda *_, **__: None)
    job = delivered(replace(studio, thumbnail_provider="procedural"), order)
    files = opened(licence_pack(studio.jobs, job.id))
    assert "Nothing was written down when these were made:\n  picture for thumbnails" in files["README.txt"].decode()
    assert f"jobs/{job.id}/thumbnails/bought-a" in files["checksums.sha256"].decode()


def test_before_everything_is_there_it_is_refused(store: JobStore, tmp_path: Path) -> None:
    job = order_short(store, 1)  # type: ignore[arg-type] # the real store
    with pytest.raises(ConflictError, match="not all there"):
        write_licence_pack(store, job.id, tmp_path / "a.zip")
    with pytest.raises(NotFoundError):
        licence_pack(store, job.channel_id)
    assert list(tmp_path.iterdir()) == []


def test_a_pack_that_cannot_be_written_leaves_the_former_one(store: JobStore, tmp_path: Path) -> None:
    lease = store.claim(order_short(store, 1).id, "run")  # type: ignore[arg-type] # the real store
    _written(store, lease, "Plain")
    with pytest.raises(MachineError, match=r"cannot write .*nowhere"):
        write_licence_pack(store, lease.job_id, tmp_path / "nowhere" / "a.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(MachineError, match="cannot write"):
        write_licence_pack(store, lease.job_id, tmp_path / "folder.zip")
    assert [each.name for each in tmp_path.iterdir()] == ["folder.zip"]
