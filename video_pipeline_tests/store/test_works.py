"""What is made for a job, in the books: read back as it was written, replaced in its place, paid once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from video_pipeline.domain.delivery import MASTER, Format, Quality, Rendition
from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.media import AudioFacts, Generation, ImageFacts, Licence, Loudness
from video_pipeline.domain.records import Clip, Lease
from video_pipeline.store import PostgresJobStore, admit_providers, connect
from video_pipeline.store.schema.tables import VideoJob
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import (
    FREE,
    music_prompt,
    order_short,
    reference,
    report,
    save_image,
    save_track,
    storyboard,
    visual_prompt,
)

PAID = Generation("replicate", "pred-1", Licence("commercial", None), Decimal("0.0250"))


@pytest.fixture
def lease(store: PostgresJobStore) -> Lease:
    """The right to write to a fresh job."""
    return store.claim(order_short(store, 3).id, "run")


def values(database: Database, query: str) -> list[tuple[object, ...]]:
    """Rows of a plain query."""
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_storyboard_is_read_back(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    plan = storyboard(3)
    store.save_storyboard(lease, plan)
    assert store.get_job(lease.job_id).storyboard == plan
    texts = "SELECT youtube_title, youtube_description, youtube_tags, duration FROM video_jobs"
    assert values(database, texts) == [(plan.title, plan.description, ["calm", "evening"], 90)]
    (prompts,) = values(database, "SELECT prompts_json FROM video_jobs")[0]
    assert prompts == plan.prompts()


def test_works_are_read_back_in_order(store: PostgresJobStore, lease: Lease) -> None:
    tracks = [save_track(store, lease, index) for index in (3, 1, 2)]
    images = [save_image(store, lease, index) for index in (2, 3, 1)]
    assert store.tracks(lease.job_id) == sorted(tracks, key=lambda track: track.order_index)
    assert store.images(lease.job_id) == sorted(images, key=lambda image: image.order_index)
    first = store.tracks(lease.job_id)[0]
    assert first.media == reference("jobs/x/music/01.flac")
    assert first.facts == AudioFacts(48_000 * 31, 2, Loudness(-16.2, -1.5, 4.25), 0.125)
    assert (first.provider, first.provider_track_id, first.prompt_text) == ("procedural", "p-1", music_prompt(1).text)
    assert first.licence_url == "https://example.org/cc0"
    picture = store.images(lease.job_id)[0]
    assert picture.facts == ImageFacts(1920, 1080, 101.5, "00ff00ff00ff00ff")
    assert (picture.provider, picture.prompt_text) == ("procedural", visual_prompt(1).text)
    assert store.tracks(uuid4()) == []


def test_a_work_made_again_takes_the_place_of_the_first(store: PostgresJobStore, lease: Lease) -> None:
    old = save_track(store, lease, 1)
    new = save_track(store, lease, 1, content="better")
    assert store.tracks(lease.job_id) == [new]
    assert (new.id, new.media.sha256 != old.media.sha256) == (old.id, True)
    save_image(store, lease, 1)
    better = save_image(store, lease, 1, content="better")
    assert store.images(lease.job_id) == [better]


def test_what_was_paid_is_in_the_ledger_and_on_the_job(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    save_track(store, lease, 1, by=PAID)
    save_image(store, lease, 1, by=PAID)
    save_image(store, lease, 1, by=PAID, content="made again, and paid again")
    save_image(store, lease, 2, by=FREE)
    assert store.get_job(lease.job_id).actual_cost_usd == Decimal("0.0750")
    assert values(database, "SELECT sum(amount), count(*) FROM cost_ledger WHERE entry = 'settle'") == [
        (Decimal("0.0750"), 3)
    ]
    assert values(database, "SELECT provider, licence, cost FROM audio_tracks") == [
        ("replicate", "commercial", Decimal("0.0250"))
    ]


def test_a_clip_is_shown_instead_of_its_picture(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    clip = Clip(reference("jobs/x/images/02.mp4"), 240)
    with pytest.raises(NotFoundError, match="no picture 2"):
        store.save_clip(lease, 2, PAID, clip)
    pictures = [save_image(store, lease, index, by=PAID) for index in (1, 2)]
    shown = store.save_clip(lease, 2, replace(PAID, cost_usd=Decimal("0.5000")), clip)
    assert shown == replace(pictures[1], clip=clip, cost_usd=Decimal("0.5250"))
    assert store.images(lease.job_id) == [pictures[0], shown]
    paid = "SELECT sum(amount) FROM cost_ledger WHERE entry = 'settle'"
    assert values(database, paid) == [(Decimal("0.5500"),)]
    # A picture made again has nothing that was made of the former one.
    assert save_image(store, lease, 2).clip is None


def test_texts_of_a_provider_may_hold_anything(store: PostgresJobStore, lease: Lease) -> None:
    strange = replace(FREE, provider_id="a\x00b\ud800", licence=Licence("\x00", "\x00u"))
    assert save_track(store, lease, 1, by=strange).provider_track_id == "ab?"
    assert save_image(store, lease, 1, by=strange).provider_image_id == "ab?"


def test_an_unknown_provider_is_refused(store: PostgresJobStore, lease: Lease) -> None:
    for save in (save_track, save_image):
        with pytest.raises(InvalidInputError, match="no provider 'vinyl'; known: dummy"):
            save(store, lease, 1, by=replace(FREE, provider="vinyl"))  # type: ignore[operator] # one of two functions


def test_a_new_provider_is_admitted_once_and_for_all_processes(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    for _ in range(2):
        admit_providers(database.engine, ["vinyl", "dummy"], ["dummy", "etching_2"])
    other = PostgresJobStore(connect(database.url))  # another process, which was told nothing
    assert save_track(other, lease, 1, by=replace(FREE, provider="vinyl")).provider == "vinyl"
    save_image(store, lease, 1, by=replace(FREE, provider="etching_2"))
    assert [track.provider for track in store.tracks(lease.job_id)] == ["vinyl"]
    assert [image.provider for image in store.images(lease.job_id)] == ["etching_2"]
    with pytest.raises(InvalidInputError, match="no provider 'vinyl'; known: dummy, leonardo"):
        save_image(store, lease, 1, by=replace(FREE, provider="vinyl"))


@pytest.mark.parametrize("name", ["", "Vinyl", "2vinyl", "x'); DROP TABLE exports; --", "v" * 32, "vinyl\n"])
def test_only_plain_names_of_providers_are_admitted(database: Database, name: str) -> None:
    with pytest.raises(InvalidInputError, match="no name of a provider"):
        admit_providers(database.engine, [], ["dummy", name])


def test_render_tasks_open_and_close(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    shown = "SELECT status, error_message, ffmpeg_command, resolution, completed_at IS NULL FROM render_tasks"
    left_open = store.open_render_task(lease, "1920x1080")
    assert values(database, shown) == [("in_progress", None, "", "1920x1080", True)]
    failed = store.open_render_task(lease, "1920x1080")
    store.close_render_task(lease, failed, "no space left\x00")
    done = store.open_render_task(lease, "1280x720")
    store.close_render_task(lease, done, report())
    by_id = {
        row[0]: row[1:]
        for row in values(database, "SELECT id, status, error_message, ffmpeg_command, resolution FROM render_tasks")
    }
    assert by_id[left_open] == ("failed", "its attempt ended without a word", "", "1920x1080")
    assert by_id[failed] == ("failed", "no space left", "", "1920x1080")
    assert by_id[done] == ("completed", None, "ffmpeg -i a b", "1920x1080")
    with pytest.raises(NotFoundError, match="no render task"):
        store.close_render_task(lease, uuid4(), "x")


def test_a_master_and_its_render_task_are_recorded_together_or_not_at_all(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    task = store.open_render_task(lease, "1920x1080")
    with pytest.raises(NotFoundError, match="no render task"):
        store.save_master(lease, report(), task_id=uuid4())
    assert store.master(lease.job_id) is None
    store.save_master(lease, report(), task_id=task)
    assert store.master(lease.job_id) == report()
    assert values(database, "SELECT status, local_video_path, completed_at IS NULL FROM render_tasks") == [
        ("completed", "jobs/x/master.mp4", False)
    ]


def test_the_master_and_its_exports(store: PostgresJobStore, lease: Lease) -> None:
    job_id = lease.job_id
    assert store.master(job_id) is None
    silent = replace(report(), loudness=Loudness(float("-inf"), float("-inf"), 0.0))
    store.save_master(lease, silent)
    assert store.master(job_id) == silent
    assert store.get_job(job_id).local_video_path == silent.media.key
    small = report("exports/x/webm_low.webm", Rendition(Format.WEBM, Quality.LOW))
    first = store.save_export(job_id, report(rendition=MASTER))
    second = store.save_export(job_id, small)
    assert store.exports(job_id) == [first, second]
    again = store.save_export(job_id, replace(small, wall_s=9.0))
    assert (again.id, again.report.wall_s) == (second.id, 9.0)
    store.save_master(lease, replace(silent, wall_s=2.0))  # the same file, told again
    assert len(store.exports(job_id)) == 2
    store.save_master(lease, report(content="rendered anew"))
    assert store.exports(job_id) == []
    with pytest.raises(NotFoundError):
        store.save_export(uuid4(), small)
    with pytest.raises(NotFoundError):
        store.master(uuid4())


@pytest.mark.parametrize("name", ["av1_uhd", "m4a_medium", "webm_vertical", "mp4_1600x900@4000k", "flac_high"])
def test_exports_of_every_format_and_size_come_back(store: PostgresJobStore, lease: Lease, name: str) -> None:
    made = replace(report(f"exports/x/{name}", Rendition.parse(*name.split("_"))), stages={"mix": 1.25, "sound": 30.0})
    store.save_export(lease.job_id, made)
    assert [record.report for record in store.exports(lease.job_id)] == [made]


def test_a_report_from_before_stages_were_measured_is_read(
    store: PostgresJobStore, lease: Lease, database: Database
) -> None:
    store.save_export(lease.job_id, replace(report(), stages={"mix": 1.0}))
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE exports SET report = report - 'stages'"))
    assert [record.report for record in store.exports(lease.job_id)] == [report()]


def test_rows_without_measurements_are_no_works_yet(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    insert = """INSERT INTO images (video_job_id, kind, provider, order_index, local_file_path, prompt_text)
        VALUES (:job, 'storyboard', 'dummy', 1, 'a.png', 'p')"""
    with database.engine.begin() as connection:
        connection.execute(text(insert), {"job": lease.job_id})
    assert store.images(lease.job_id) == []
    assert save_image(store, lease, 1) == store.images(lease.job_id)[0]


def test_nothing_is_null_and_not_the_json_value_null(store: PostgresJobStore, lease: Lease, database: Database) -> None:
    store.update_job_progress(lease.job_id, {"percent": 1})
    with database.engine.begin() as connection:
        connection.execute(update(VideoJob).values(progress=None, youtube_tags=None))
    assert values(database, "SELECT progress IS NULL, youtube_tags IS NULL FROM video_jobs") == [(True, True)]
