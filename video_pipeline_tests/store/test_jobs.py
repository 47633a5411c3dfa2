"""Channels and jobs in the books: made, found, listed, counted."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from video_pipeline import ports
from video_pipeline.domain.brief import MusicVideoBrief, brief_from_json
from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.job import WORKING, Approval, JobKind, JobStatus
from video_pipeline.domain.progress import Progress, Stage
from video_pipeline.store import LocalMediaStore, PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import album, order_album, order_short, paid, set_aside, short


def test_the_stores_are_what_the_ports_ask_for(store: PostgresJobStore, media: LocalMediaStore) -> None:
    books: ports.JobStore = store
    files: ports.MediaStore = media
    for port, tool in ((ports.JobStore, books), (ports.MediaStore, files)):
        verbs = {name for name in vars(port) if not name.startswith("_")}
        assert {name for name in verbs if callable(getattr(tool, name, None))} == verbs


def test_channels_are_found_by_id_name_and_youtube_id(store: PostgresJobStore) -> None:
    court = store.create_channel("  Royal   Court ", "Medieval", "UC123")
    harbour = store.create_channel("Harbour", "Sea")
    assert court.name == "Royal Court"
    assert store.list_channels() == [harbour, court]
    for wanted in (str(court.id), str(court.id).upper(), "royal COURT", "UC123", " Royal Court "):
        assert store.find_channel(wanted) == court
    for nowhere in ("nowhere", "nowhere\x00", "%", "' OR '1'='1"):
        with pytest.raises(NotFoundError, match="there is no channel"):
            store.find_channel(nowhere)
    store.create_channel("harbour", "Another one")
    with pytest.raises(InvalidInputError, match=str(harbour.id)):
        store.find_channel("Harbour")


def test_unusable_channels_are_refused(store: PostgresJobStore) -> None:
    for name in ("", "   ", "x" * 256, "a\x00b"):
        with pytest.raises(InvalidInputError, match="name of a channel"):
            store.create_channel(name, "n")
    store.create_channel("a", "n", "UC1")
    with pytest.raises(ConflictError, match="belongs to channel 'a'"):
        store.create_channel("b", "n", "UC1")


def test_an_inactive_channel_is_left_out_when_asked(store: PostgresJobStore, database: Database) -> None:
    awake, asleep = store.create_channel("Awake", "n"), store.create_channel("Asleep", "n")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE channels SET is_active = FALSE WHERE id = :id"), {"id": asleep.id})
    assert store.list_channels(active_only=True) == [awake]


def test_a_refresh_token_is_never_shown(store: PostgresJobStore, database: Database) -> None:
    channel = store.create_channel("Court", "n", "UC1")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE channels SET youtube_refresh_token = 'hunter2'"))
    seen = [store.find_channel("Court"), *store.list_channels(), store.create_channel("b", "n")]
    assert seen[0].id == channel.id
    assert "hunter2" not in repr(seen)


def test_an_order_is_kept_as_it_was_given(store: PostgresJobStore) -> None:
    channel = store.create_channel("Court", "n")
    brief = album(channel.id, approval=Approval.AUTO, user_id="u1", project_name="Autumn \U0001f342")
    job = store.create_job(brief)
    assert brief_from_json(job.brief) == brief
    assert (job.kind, job.status, job.approval) == (JobKind.ALBUM, JobStatus.PLANNED, Approval.AUTO)
    assert (job.niche_label, job.mood_keywords) == (brief.niche_label, brief.mood_keywords)
    assert (job.target_duration_minutes, job.attempt, job.retry_count, job.storyboard) == (60, 0, 0, None)
    assert job.output_directory == f"jobs/{job.id}"
    assert (job.estimated_cost_usd, job.actual_cost_usd) == (Decimal(0), Decimal(0))
    assert store.get_job(job.id) == job
    (event,) = store.events(job.id)
    assert (event.kind, event.status_from, event.status_to) == ("created", None, JobStatus.PLANNED)
    few = store.create_job(short(channel.id, 3), "elsewhere/few")
    assert (few.kind, few.target_duration_minutes) == (JobKind.STORYBOARD, 2)
    assert few.output_directory == "elsewhere/few"


def test_an_order_of_a_music_video_fills_its_columns(store: PostgresJobStore, database: Database) -> None:
    said = {
        "song_title": "Night Train",
        "music_file": "night.flac",
        "genre": "synthwave",
        "bpm": 92,
        "engine": "pictures",
        "prompt": "a train that crosses a sleeping city",
    }
    channel = store.create_channel("Court", "n").id
    brief = MusicVideoBrief(channel_id=channel, niche_label="Nights", mood_keywords="calm", seed=1, **said)  # type: ignore[arg-type] # by name
    job = store.create_job(brief)
    with database.engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM video_jobs WHERE id = :id"), {"id": job.id}).one()
    assert {name: row._mapping[name] for name in said} == said
    assert brief_from_json(job.brief) == brief


def test_orders_that_lead_nowhere_are_refused(store: PostgresJobStore) -> None:
    with pytest.raises(NotFoundError, match="channel"):
        store.create_job(album(uuid4()))
    channel = store.create_channel("Court", "n")
    for directory in ("/etc", "../x", "jobs/../../x", "a//b", "a\x00"):
        with pytest.raises(InvalidInputError, match="media key"):
            store.create_job(album(channel.id), directory)
    with pytest.raises(NotFoundError, match="job"):
        store.get_job(uuid4())


def test_jobs_are_found_by_the_beginning_of_their_id(store: PostgresJobStore, database: Database) -> None:
    first = order_album(store)
    alike = [UUID(f"abcdef12-0000-4000-8000-00000000000{n}") for n in range(2)]
    with database.engine.begin() as connection:
        for new in alike:
            other = order_album_within(connection, first.channel_id, new)
            assert other == new
    plain = first.id.hex
    for wanted in (str(first.id), plain, plain.upper(), plain[:8], f" {str(first.id)[:11]} "):
        assert store.find_job(wanted).id == first.id
    assert store.find_job(str(alike[1])).id == alike[1]
    with pytest.raises(InvalidInputError, match="several jobs") as error:
        store.find_job("abcdef12")
    assert all(str(each) in str(error.value) for each in alike)
    with pytest.raises(NotFoundError, match="no job ffffff99"):
        store.find_job("ffffff99")
    for wanted in ("", plain[:5], "zzzzzz", "%", "______", plain + "0", "a' OR '1'='1"):
        with pytest.raises(InvalidInputError, match="no job id"):
            store.find_job(wanted)


def order_album_within(connection: object, channel: UUID, job: UUID) -> UUID:
    """A job with a chosen id."""
    insert = """INSERT INTO video_jobs (id, channel_id, niche_label, mood_keywords, target_duration_minutes,
        output_directory) VALUES (:job, :channel, 'n', 'm', 60, 'o') RETURNING id"""
    return connection.execute(text(insert), {"job": job, "channel": channel}).scalar()  # type: ignore[attr-defined] # a connection


def test_lists_are_filtered_and_ordered(store: PostgresJobStore) -> None:
    first, second, third = (order_short(store) for _ in range(3))
    assert [job.id for job in store.list_jobs()] == [third.id, second.id, first.id]
    assert [job.id for job in store.list_jobs(oldest_first=True, limit=2)] == [first.id, second.id]
    assert [job.id for job in store.list_jobs(channel_id=second.channel_id)] == [second.id]
    store.cancel(first.id)
    assert [job.id for job in store.list_jobs(statuses=[JobStatus.CANCELLED])] == [first.id]
    lease = store.claim(third.id, "run")
    assert [job.id for job in store.list_jobs(idle=True)] == [second.id, first.id]
    store.release(lease)
    assert len(store.list_jobs(idle=True)) == 3
    assert store.list_jobs(approved=True) == []
    assert len(store.list_jobs(approved=False)) == 3


def test_coarse_words_mean_sets_of_statuses_and_the_last_change_comes_first(store: PostgresJobStore) -> None:
    first, second, third = (order_short(store) for _ in range(3))
    store.move(second.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    store.update_job_progress(first.id, {"percent": 1})
    assert [job.id for job in store.get_jobs_by_status("pending")] == [first.id, third.id]
    assert [job.id for job in store.get_jobs_by_status("queued", limit=1)] == [first.id]
    for word in ("processing", "running", "generating_music"):
        assert [job.id for job in store.get_jobs_by_status(word)] == [second.id]
    with pytest.raises(InvalidInputError, match="unknown status"):
        store.get_jobs_by_status("paused")


def test_progress_is_replaced(store: PostgresJobStore) -> None:
    job = order_short(store)
    given = {"stage": "storyboard", "percent": 25, "message": "Generating storyboard…"}
    assert store.update_job_progress(job.id, given)
    assert store.get_job(job.id).progress == given
    assert store.get_job(job.id).updated_at > job.updated_at
    assert store.update_job_progress(job.id, Progress(Stage.MUSIC, 12.5, 25.0, "5 of 20\x00", 90.5))
    assert store.get_job(job.id).progress == {
        "stage": "music",
        "current_step": "music",
        "percent": 12.5,
        "stage_percent": 25.0,
        "message": "5 of 20",
        "eta_s": 90.5,
    }
    assert not store.update_job_progress(uuid4(), {})


def test_counters_count(store: PostgresJobStore) -> None:
    job = order_short(store)
    assert [store.increment_retry_count(job.id) for _ in range(3)] == [1, 2, 3]
    assert [store.increment_download_count(job.id) for _ in range(2)] == [1, 2]
    assert store.get_download_count(job.id) == 2
    assert store.get_refinement_count(job.id) == 0
    assert store.increment_estimated_cost(job.id, Decimal("0.02")) == Decimal("0.02")
    assert store.increment_estimated_cost(job.id, Decimal("0.02")) == Decimal("0.04")
    assert store.get_job(job.id).estimated_cost_usd == Decimal("0.04")
    for count in (store.increment_retry_count, store.increment_download_count, store.get_download_count):
        with pytest.raises(NotFoundError):
            count(uuid4())


def test_rows_of_the_first_schema_are_read(store: PostgresJobStore, database: Database) -> None:
    channel = store.create_channel("Court", "n")
    with database.engine.begin() as connection:
        job_id = order_album_within(connection, channel.id, uuid4())
    job = store.get_job(job_id)
    assert (job.kind, job.approval, job.brief) == (JobKind.ALBUM, Approval.REQUIRED, {})
    assert order_album(store).id != job_id


@pytest.mark.parametrize("status", JobStatus)
def test_only_a_job_that_is_over_is_deleted(store: PostgresJobStore, database: Database, status: JobStatus) -> None:
    job, other = order_short(store), order_short(store)
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE video_jobs SET status = :status WHERE id = :id"), {"status": status, "id": job.id}
        )
    if status in WORKING:
        with pytest.raises(ConflictError, match=f"is {status}; cancel it before"):
            store.delete_job(job.id)
        assert store.get_job(job.id).status is status
        return
    store.delete_job(job.id)
    for call in (store.get_job, store.delete_job):
        with pytest.raises(NotFoundError):
            call(job.id)
    assert store.events(job.id) == []
    assert store.list_jobs() == [other]


def test_a_job_in_somebodys_hands_is_not_deleted(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run")
    store.cancel(lease.job_id)  # which it has not noticed yet
    with pytest.raises(ConflictError, match="is being worked on"):
        store.delete_job(lease.job_id)
    store.release(lease)
    store.delete_job(lease.job_id)


def test_a_published_job_keeps_its_books(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    store.cancel(job.id)
    upload = "INSERT INTO youtube_uploads (job_id, video_id, video_url, title) VALUES (:id, 'v', 'https://y', 't')"
    with database.engine.begin() as connection:
        connection.execute(text(upload), {"id": job.id})
    with pytest.raises(ConflictError, match="was published"):
        store.delete_job(job.id)
    assert store.get_job(job.id).status is JobStatus.CANCELLED


def test_what_was_paid_for_a_deleted_job_stays_in_the_ledger(store: PostgresJobStore, database: Database) -> None:
    lease = store.claim(order_short(store).id, "run")
    paid(store, lease, "0.02", "0.03", "images/01")
    set_aside(store, lease)  # and then it was killed
    store.cancel(lease.job_id)
    store.release(lease)
    store.delete_job(lease.job_id)
    with database.engine.connect() as connection:
        entries = connection.execute(text("SELECT entry, video_job_id FROM cost_ledger ORDER BY id")).all()
    assert [entry for entry, _ in entries] == ["reserve", "settle", "reserve", "release"]
    assert {job_id for _, job_id in entries} == {lease.job_id}
