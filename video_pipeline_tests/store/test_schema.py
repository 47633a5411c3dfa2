"""The columns that the database itself keeps in order: each rule broken with plain SQL, past all of our code."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from video_pipeline_tests.store.plain_sql import (
    CHECK,
    ENUM,
    FOREIGN_KEY,
    NOT_NULL,
    OUT_OF_RANGE,
    SHA,
    TOO_LONG,
    UNIQUE,
    Sql,
    state,
)


def test_rows_of_the_first_schema_get_its_defaults(sql: Sql) -> None:
    job = sql.job()
    sql.track(job)
    sql.image(job)
    render = sql.insert("render_tasks", video_job_id=job, ffmpeg_command="ffmpeg")
    with sql.engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM video_jobs")).one()
        channel = connection.execute(text("SELECT * FROM channels")).one()
        task = connection.execute(text("SELECT * FROM render_tasks")).one()
    assert (row.status, row.kind, row.approved, row.retry_count) == ("planned", "album", False, 0)
    assert row.created_at.utcoffset() is not None
    assert row.created_at == row.updated_at
    assert channel.is_active
    assert (task.id, task.resolution, task.status, task.completed_at) == (render, "1920x1080", "pending", None)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("target_duration_minutes", 59, CHECK),
        ("target_duration_minutes", 91, CHECK),
        ("target_duration_minutes", None, NOT_NULL),
        ("channel_id", uuid4(), FOREIGN_KEY),
        ("niche_label", None, NOT_NULL),
        ("niche_label", "x" * 256, TOO_LONG),
        ("mood_keywords", None, NOT_NULL),
        ("output_directory", None, NOT_NULL),
        ("status", "unheard_of", ENUM),
        ("kind", "opera", ENUM),
        ("prompts_json", "{no json", ENUM),
        ("approved", True, CHECK),
        ("refinement_count", 6, CHECK),
        ("refinement_count", -1, CHECK),
        ("download_count", -1, CHECK),
        ("retry_count", -1, CHECK),
        ("estimated_cost", "-0.01", CHECK),
        ("actual_cost", "-0.01", CHECK),
        ("bpm", 0, CHECK),
        ("credits_used", -1, CHECK),
        ("duration", -1, CHECK),
        ("upload_strategy", "x" * 51, TOO_LONG),
        ("youtube_video_id", "x" * 101, TOO_LONG),
    ],
)
def test_an_unusable_job_is_refused(undone_sql: Sql, column: str, value: object, code: str) -> None:
    with pytest.raises(DBAPIError) as error:
        undone_sql.job(**{column: value})
    assert state(error) == code


def test_the_edges_of_the_length_are_usable_and_other_kinds_have_other_lengths(sql: Sql) -> None:
    for minutes in (60, 90):
        sql.job(target_duration_minutes=minutes)
    short = sql.job(kind="storyboard", target_duration_minutes=1)
    for minutes in (0, 721):
        with pytest.raises(IntegrityError) as error:
            sql.job(kind="storyboard", target_duration_minutes=minutes)
        assert state(error) == CHECK
    with pytest.raises(IntegrityError):
        sql.run("UPDATE video_jobs SET kind = 'album' WHERE id = :id", id=short)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("name", None, NOT_NULL),
        ("name", "x" * 256, TOO_LONG),
        ("brand_niche", None, NOT_NULL),
        ("youtube_channel_id", "UC1", UNIQUE),
        ("youtube_channel_id", "x" * 101, TOO_LONG),
        ("is_active", None, NOT_NULL),
    ],
)
def test_an_unusable_channel_is_refused(undone_sql: Sql, column: str, value: object, code: str) -> None:
    undone_sql.channel(youtube_channel_id="UC1")
    undone_sql.channel()
    undone_sql.channel()  # several without an id are fine
    with pytest.raises(DBAPIError) as error:
        undone_sql.channel(**{column: value})
    assert state(error) == code


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("order_index", 0, CHECK),
        ("order_index", 21, CHECK),
        ("order_index", None, NOT_NULL),
        ("order_index", 1, UNIQUE),
        ("duration_seconds", 0, CHECK),
        ("duration_seconds", -1, CHECK),
        ("duration_seconds", 10_000, OUT_OF_RANGE),
        ("provider", "vinyl", ENUM),
        ("provider", None, NOT_NULL),
        ("local_file_path", None, NOT_NULL),
        ("prompt_text", None, NOT_NULL),
        ("video_job_id", None, NOT_NULL),
        ("video_job_id", uuid4(), FOREIGN_KEY),
        ("kind", "storyboard", FOREIGN_KEY),
        ("sha256", "XYZ", CHECK),
        ("sha256", SHA, CHECK),  # measured as a whole or not at all
        ("cost", -1, CHECK),
    ],
)
def test_an_unusable_track_is_refused(undone_sql: Sql, column: str, value: object, code: str) -> None:
    job = undone_sql.job()
    undone_sql.track(job, 1)
    row = {"order_index": 2} | {column: value}
    with pytest.raises(DBAPIError) as error:
        undone_sql.track(**({"job": job} | row)) if column != "video_job_id" else undone_sql.track(value, 2)  # type: ignore[arg-type] # meant
    assert state(error) == code


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("order_index", 0, CHECK),
        ("order_index", 21, CHECK),
        ("order_index", 1, UNIQUE),
        ("provider", "mubert", ENUM),
        ("local_file_path", None, NOT_NULL),
        ("prompt_text", None, NOT_NULL),
        ("kind", "build", FOREIGN_KEY),
        ("perceptual_hash", "zz", CHECK),
        ("width", 1920, CHECK),
    ],
)
def test_an_unusable_image_is_refused(undone_sql: Sql, column: str, value: object, code: str) -> None:
    job = undone_sql.job()
    undone_sql.image(job, 1)
    with pytest.raises(DBAPIError) as error:
        undone_sql.image(**({"job": job, "order_index": 2} | {column: value}))  # type: ignore[arg-type] # the columns of the case
    assert state(error) == code


def test_pictures_may_stand_alone(sql: Sql) -> None:
    for _ in range(2):
        sql.image(None, 1)
        sql.image(None, None)
    assert sql.one("SELECT count(*) FROM images") == 4


def test_other_kinds_have_as_many_scenes_as_they_want(sql: Sql) -> None:
    job = sql.job(kind="storyboard", target_duration_minutes=10)
    sql.track(job, 60, kind="storyboard")
    sql.image(job, 60, kind="storyboard")
    with pytest.raises(IntegrityError) as error:
        sql.track(job, 0, kind="storyboard")
    assert state(error) == CHECK
    with pytest.raises(IntegrityError) as error:
        sql.track(job, 61)  # as an album's, which the job is not
    assert state(error) in (CHECK, FOREIGN_KEY)


INDEXES = {
    "idx_channels_is_active": "btree (is_active)",
    "idx_channels_created_at": "btree (created_at DESC)",
    "idx_video_jobs_channel_id": "btree (channel_id)",
    "idx_video_jobs_status": "btree (status)",
    "idx_video_jobs_created_at": "btree (created_at DESC)",
    "idx_video_jobs_prompts": "gin (prompts_json)",
    "idx_audio_tracks_video_job_id": "btree (video_job_id)",
    "idx_audio_tracks_order": "btree (video_job_id, order_index)",
    "idx_images_video_job_id": "btree (video_job_id)",
    "idx_images_order": "btree (video_job_id, order_index)",
    "idx_render_tasks_video_job_id": "btree (video_job_id)",
    "idx_render_tasks_status": "btree (status)",
    "idx_render_tasks_created_at": "btree (created_at DESC)",
    "idx_job_files_job": "btree (job_id)",
    "idx_youtube_job": "btree (job_id)",
}


def test_the_indexes_have_their_names(sql: Sql) -> None:
    with sql.engine.connect() as connection:
        found = {row.indexname: row.indexdef for row in connection.execute(text("SELECT * FROM pg_indexes"))}
    assert {name: found[name].partition(" USING ")[2] for name in INDEXES} == INDEXES
