"""The rules between rows that the database itself keeps: pairs, cascades, append-only tables, one of each."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from video_pipeline_tests.store.plain_sql import CHECK, ENUM, RESTRICT, SHA, UNIQUE, Sql, state


@pytest.mark.parametrize("status", ["awaiting_approval", "rendering"])
@pytest.mark.parametrize("missing", ["track", "image", "pair", "nothing"])
def test_an_album_is_approved_and_rendered_only_with_20_pairs(sql: Sql, status: str, missing: str) -> None:
    job = sql.job()
    sql.pairs(job)
    spoil = {
        "track": "DELETE FROM audio_tracks WHERE order_index = 7",
        "image": "DELETE FROM images WHERE order_index = 20",
        "pair": "UPDATE images SET order_index = NULL WHERE order_index = 3",
        "nothing": "SELECT 1",
    }[missing]
    statements = (spoil, f"UPDATE video_jobs SET status = '{status}'")
    if missing == "nothing":
        sql.run(*statements)
        assert sql.one("SELECT status FROM video_jobs") == status
        return
    with pytest.raises(IntegrityError, match="exactly 20 audio tracks paired with 20 images") as error:
        sql.run(*statements)
    assert state(error) == CHECK
    assert sql.one("SELECT count(*) FROM audio_tracks") == 20


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM audio_tracks WHERE order_index = 7",
        "DELETE FROM images",
        "UPDATE images SET order_index = NULL WHERE order_index = 3",
        "UPDATE audio_tracks SET video_job_id = :other WHERE order_index = 5",
        "INSERT INTO images (video_job_id, provider, local_file_path, prompt_text) VALUES (:job, 'dummy', 'a', 'b')",
    ],
)
def test_the_pairs_of_an_album_that_awaits_approval_stay(sql: Sql, spoil: str) -> None:
    job, other = sql.job(), sql.job()
    sql.pairs(job)
    sql.run("UPDATE video_jobs SET status = 'awaiting_approval' WHERE id = :id", id=job)
    with pytest.raises(IntegrityError, match="needs exactly 20"):
        sql.run(spoil, job=job, other=other)
    sql.run(  # replacing one within a transaction is what a refinement does
        "DELETE FROM images WHERE order_index = 3 AND video_job_id = :job",
        "INSERT INTO images (video_job_id, provider, order_index, local_file_path, prompt_text)"
        " VALUES (:job, 'dummy', 3, 'a', 'b')",
        job=job,
    )
    sql.run("DELETE FROM video_jobs WHERE id = :job", job=job)
    assert sql.one("SELECT count(*) FROM images") == 0


def test_an_album_cannot_be_born_with_nothing_in_a_later_status(sql: Sql) -> None:
    with pytest.raises(IntegrityError, match="needs exactly 20"):
        sql.job(status="rendering")


def test_the_rule_of_pairs_holds_against_a_concurrent_change(sql: Sql) -> None:
    """Neither of two transactions sees the other's change; the later one to be checked waits, and is refused."""
    job = sql.job()
    sql.pairs(job)
    check = "SET CONSTRAINTS ALL IMMEDIATE"
    with sql.engine.connect() as mover, ThreadPoolExecutor(1) as pool:
        mover.execute(text("UPDATE video_jobs SET status = 'awaiting_approval'"))
        mover.execute(text(check))
        deleting = pool.submit(sql.run, "DELETE FROM images WHERE order_index = 1", check)
        with pytest.raises(TimeoutError):
            deleting.result(0.3)
        mover.commit()
        with pytest.raises(IntegrityError, match="needs exactly 20"):
            deleting.result()
    assert sql.one("SELECT count(*) FROM images") == 20


def test_deleting_goes_down_to_everything_that_belongs_to_it(sql: Sql) -> None:
    channel = sql.channel()
    job, stays = sql.job(channel), sql.job()
    for owner in (job, stays):
        fill(sql, owner)
    tables = "audio_tracks images render_tasks thumbnails exports job_files youtube_uploads video_analytics job_events"
    counted = {table: sql.one(f"SELECT count(*) FROM {table}") for table in (*tables.split(), "job_leases")}
    assert set(counted.values()) == {2}
    sql.run("DELETE FROM channels WHERE id = :id", id=channel)
    assert {table: sql.one(f"SELECT count(*) FROM {table}") for table in counted} == dict.fromkeys(counted, 1)
    assert sql.one("SELECT count(*) FROM video_jobs") == 1
    assert sql.one("SELECT count(*) FROM cost_ledger") == 2  # money was spent, whatever is deleted


def fill(sql: Sql, job: UUID) -> None:
    """One row in each table that belongs to a job."""
    sql.track(job)
    sql.image(job)
    sql.insert("render_tasks", video_job_id=job, ffmpeg_command="ffmpeg")
    sql.insert("thumbnails", video_job_id=job, variant="bold_text", image_url="u", click_prediction=0.85)
    file = {"local_file_path": "a", "sha256": SHA, "bytes": 1, "width": 1, "height": 1, "duration_seconds": 1}
    sql.insert("exports", video_job_id=job, format="mp4", quality="low", report=json.dumps({}), **file)
    sql.insert("job_files", job_id=job, file_type="videos", filename="a.mp4", file_path="uploads/a.mp4")
    sql.insert("youtube_uploads", job_id=job, video_id="v", video_url="u", title="t", privacy="private", tags='["a"]')
    sql.insert("video_analytics", video_job_id=job, youtube_video_id="v", snapshot_date="2026-11-20")
    sql.insert("job_events", video_job_id=job, kind="created")
    money = {"entry": "reserve", "amount": "0.02", "provider": "replicate", "request_key": str(job)}
    sql.insert("cost_ledger", video_job_id=job, **money)
    sql.run("INSERT INTO job_leases (video_job_id, attempt, run_id, expires_at) VALUES (:job, 1, 'r', now())", job=job)


@pytest.mark.parametrize("table", ["channels", "video_jobs"])
def test_a_trigger_keeps_updated_at(sql: Sql, table: str) -> None:
    sql.job()
    before = sql.one(f"SELECT updated_at FROM {table}")
    sql.run(f"UPDATE {table} SET id = id, updated_at = '2001-01-01'")
    after = sql.one(f"SELECT updated_at FROM {table}")
    assert after > before  # type: ignore[operator] # both are times


@pytest.mark.parametrize("table", ["job_events", "cost_ledger"])
@pytest.mark.parametrize(
    "rewrite",
    ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"],
)
def test_events_and_money_are_append_only(sql: Sql, table: str, rewrite: str) -> None:
    fill(sql, sql.job())
    with pytest.raises(IntegrityError, match="append-only") as error:
        sql.run(rewrite.format(table))
    assert state(error) == RESTRICT
    assert sql.one(f"SELECT count(*) FROM {table}") == 1


def test_a_request_is_reserved_once_and_ends_once(sql: Sql) -> None:
    job = sql.job()
    money = {"video_job_id": job, "amount": "0.02", "provider": "replicate", "request_key": "k"}
    sql.insert("cost_ledger", entry="reserve", **money)
    sql.insert("cost_ledger", entry="settle", **money)
    for entry in ("reserve", "settle", "release"):
        with pytest.raises(IntegrityError) as error:
            sql.insert("cost_ledger", entry=entry, **money)
        assert state(error) == UNIQUE
    with pytest.raises(IntegrityError) as error:
        sql.insert("cost_ledger", entry="reserve", **(money | {"amount": -1, "request_key": "l"}))
    assert state(error) == CHECK


def test_one_thumbnail_is_selected(sql: Sql) -> None:
    job = sql.job()
    row = {"video_job_id": job, "variant": "bold_text", "image_url": "u"}
    sql.insert("thumbnails", is_selected=True, **row)
    sql.insert("thumbnails", **row)
    with pytest.raises(IntegrityError) as error:
        sql.insert("thumbnails", is_selected=True, **row)
    assert state(error) == UNIQUE
    for prediction in (-0.01, 1.01, "NaN"):
        with pytest.raises(IntegrityError) as error:
            sql.insert("thumbnails", click_prediction=prediction, **row)
        assert state(error) == CHECK


def test_a_file_name_is_taken_once_per_type(sql: Sql) -> None:
    job = sql.job()
    row = {"job_id": job, "filename": "a.mp4", "file_path": "p"}
    for file_type in ("videos", "music", "sounds", "quotes"):
        sql.insert("job_files", file_type=file_type, **row)
    with pytest.raises(IntegrityError) as error:
        sql.insert("job_files", file_type="music", **row)
    assert state(error) == UNIQUE
    with pytest.raises(DBAPIError) as other:
        sql.insert("job_files", file_type="fonts", **row)
    assert state(other) == ENUM


def test_a_job_has_one_lease(sql: Sql) -> None:
    insert = "INSERT INTO job_leases (video_job_id, attempt, run_id, expires_at) VALUES (:job, 1, 'r', now())"
    job = sql.job()
    sql.run(insert, job=job)
    with pytest.raises(IntegrityError) as error:
        sql.run(insert, job=job)
    assert state(error) == UNIQUE
