"""What is said about videos, uploads to YouTube and what was measured there, in the books, and which jobs are old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.publication import Publication, UploadStrategy
from video_pipeline.domain.publishing import Privacy
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import album, fill, order_album, order_short, short, storyboard
from video_pipeline_tests.store.plain_sql import Sql
from video_pipeline_tests.store.test_edits import delivered

URL = "https://youtube.com/watch?v=dQw4w9WgXcQ"


def test_uploads_are_recorded_and_listed_newest_first(store: PostgresJobStore) -> None:
    job, other = order_short(store), order_short(store)
    first = store.add_youtube_upload(job.id, "dQw4w9WgXcQ", URL, "My Video")
    assert (first.privacy, first.tags, first.description) == (Privacy.PRIVATE, (), None)
    second = store.add_youtube_upload(
        job.id, "b", URL, "Again", description="d", privacy=Privacy.PUBLIC, tags=("rain", "sleep"), category="10"
    )
    third = store.add_youtube_upload(other.id, "c", URL, "Other")
    assert second.tags == ("rain", "sleep")
    assert store.get_youtube_uploads(job.id) == [second, first]
    assert store.get_youtube_uploads() == [third, second, first]
    assert store.get_youtube_uploads(limit=1) == [third]
    assert store.get_youtube_uploads(uuid4()) == []


def test_an_upload_of_nothing_or_with_refused_texts_is_not_recorded(store: PostgresJobStore) -> None:
    with pytest.raises(NotFoundError):
        store.add_youtube_upload(uuid4(), "a", URL, "My Video")
    job = order_short(store)
    with pytest.raises(InvalidInputError, match="title"):
        store.add_youtube_upload(job.id, "a", URL, "x" * 101)
    assert store.get_youtube_uploads() == []


def test_only_ended_unpublished_jobs_are_old(store: PostgresJobStore) -> None:
    waiting, gone, published = (order_short(store) for _ in range(3))
    for job in (gone, published):
        store.cancel(job.id)
    store.add_youtube_upload(published.id, "a", URL, "My Video")
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert [job.id for job in store.jobs_finished_before(later)] == [gone.id]
    assert store.jobs_finished_before(later - timedelta(hours=1)) == []
    assert store.get_job(waiting.id).id == waiting.id


def test_a_published_job_knows_where_its_video_is(store: PostgresJobStore) -> None:
    job = order_short(store).id
    assert store.get_publication(job) == Publication()
    store.add_youtube_upload(job, "dQw4w9WgXcQ", URL, "My Video")
    assert store.get_publication(job) == Publication(video_url=URL, youtube_video_id="dQw4w9WgXcQ")


def test_what_is_said_is_changed_field_by_field(store: PostgresJobStore) -> None:
    """`update_video_task` of the first API."""
    job = order_short(store).id
    words: dict[str, Any] = {"youtube_title": "Rain", "youtube_description": "Calm.", "youtube_tags": ["rain", "calm"]}
    said = store.update_video_task(job, by="ada", **words, credits_used=250, video_url="https://example.org/v.mp4")
    assert said == store.get_publication(job)
    assert said == Publication(
        "Rain", "Calm.", ("rain", "calm"), video_url="https://example.org/v.mp4", credits_used=250
    )
    assert store.update_video_task(job, by="ada", youtube_tags=None, credits_used=None) == replace(
        said, youtube_tags=(), credits_used=None
    )
    assert [(each.kind, each.message) for each in store.events(job)][1:] == [
        ("described", "credits_used, video_url, youtube_description, youtube_tags, youtube_title, by ada"),
        ("described", "credits_used, youtube_tags, by ada"),
    ]
    store.update_video_task(job, by="ada", youtube_title="Rain")  # says what is said already
    assert len(store.events(job)) == 3


def test_a_time_and_a_strategy_belong_together(store: PostgresJobStore) -> None:
    job, moment = order_short(store).id, datetime(2026, 3, 1, 18, tzinfo=UTC)
    said = store.update_video_task(job, by="ada", scheduled_time=moment)
    assert (said.upload_strategy, said.scheduled_time) == (UploadStrategy.SCHEDULED, moment)
    said = store.update_video_task(job, by="ada", upload_strategy="immediate")
    assert (said.upload_strategy, said.scheduled_time) == ("immediate", None)
    for wrong in (
        {"upload_strategy": "scheduled"},
        {"upload_strategy": "manual", "scheduled_time": moment},
        {"scheduled_time": datetime(2026, 3, 1, 18)},
        {"upload_strategy": "whenever"},
    ):
        with pytest.raises(InvalidInputError):
            store.update_video_task(job, by="ada", **wrong)
    assert store.get_publication(job) == said


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"status": "completed"}, "it changes with the work"),
        ({"cost": 12.5}, "the sum of what was paid"),
        ({"duration": 180}, "it is measured"),
        ({"prompt": "A pond"}, "update_job_config"),
        ({"colour": "blue"}, "there is no such field"),
        ({"youtube_title": ""}, "1 to 100"),
        ({"youtube_title": "x" * 101}, "1 to 100"),
        ({"youtube_description": "a <b>"}, "< or >"),
        ({"youtube_tags": ["x" * 501]}, "at most 500"),
        ({"video_url": "javascript:alert(1)"}, "no address"),
        ({"video_url": "https://a b"}, "no address"),
        ({"youtube_video_id": "a/b"}, "no id of a YouTube video"),
        ({"credits_used": -1}, "credits"),
        ({"credits_used": 2**31}, "credits"),
    ],
)
def test_what_is_not_written_by_hand_is_told(store: PostgresJobStore, wrong: dict[str, Any], told: str) -> None:
    job = order_short(store)
    with pytest.raises(InvalidInputError, match=told):
        store.update_video_task(job.id, by="ada", **({"youtube_tags": ["other"]} | wrong))
    assert store.get_publication(job.id) == Publication()
    with pytest.raises(NotFoundError):
        store.update_video_task(uuid4(), by="ada", **wrong)


def test_words_of_people_outlive_plans_and_edits(store: PostgresJobStore) -> None:
    early = order_short(store).id
    store.update_video_task(early, by="ada", youtube_title="Mine")
    fill(store, store.claim(early, "run"), 1)
    plan = storyboard(1)
    said = store.get_publication(early)
    assert (said.youtube_title, said.youtube_description) == ("Mine", plan.description)
    late = delivered(store)
    store.update_video_task(late.id, by="ada", youtube_description="My own words")
    before = store.get_job(late.id)
    assert before.storyboard == late.storyboard
    lease = store.claim(late.id, "edit", edit=True)
    store.refine_scene_in_storyboard(lease, 1, by="ada", description="a quieter room than before")
    after = store.get_publication(late.id)
    assert (after.youtube_title, after.youtube_description) == (plan.title, "My own words")


def test_saying_something_else_leaves_the_approval(store: PostgresJobStore) -> None:
    job = delivered(store)
    store.approve_storyboard(job.id)
    store.update_video_task(job.id, by="ada", youtube_title="Mine")
    assert store.get_job(job.id).approved


def test_figures_are_recorded_by_day_and_replaced(store: PostgresJobStore) -> None:
    job, day = order_short(store).id, date(2026, 3, 1)
    with pytest.raises(InvalidInputError, match="not published"):
        store.save_video_analytics(job, day, views=1)
    store.add_youtube_upload(job, "dQw4w9WgXcQ", URL, "My Video")
    first = store.save_video_analytics(job, day, views=10)
    assert (first.youtube_video_id, first.views, first.watch_time_hours) == ("dQw4w9WgXcQ", 10, None)
    figures = {"watch_time_hours": Decimal("3.25"), "revenue_usd": Decimal("-0.10")}
    again = store.save_video_analytics(job, day, views=12, **figures)
    assert (again.id, again.views) == (first.id, 12)
    assert (again.watch_time_hours, again.revenue_usd) == tuple(figures.values())
    other = store.save_video_analytics(job, day, views=5, youtube_video_id="short_1")
    later = store.save_video_analytics(job, day + timedelta(days=1), views=20)
    assert store.get_video_analytics(job) == [later, again, other]
    assert store.get_video_analytics(job, limit=1) == [later]
    for use in (store.get_video_analytics, lambda wrong: store.save_video_analytics(wrong, day, views=1)):
        with pytest.raises(NotFoundError):
            use(uuid4())


@pytest.mark.parametrize(
    "wrong",
    [
        {"views": -1},
        {"views": 2**31},
        {"views": 1, "watch_time_hours": Decimal("-0.01")},
        {"views": 1, "watch_time_hours": Decimal("NaN")},
        {"views": 1, "revenue_usd": Decimal("1e9")},
        {"views": 1, "youtube_video_id": "a b"},
    ],
)
def test_figures_that_nobody_measured_are_refused(store: PostgresJobStore, wrong: dict[str, Any]) -> None:
    job = order_short(store).id
    with pytest.raises(InvalidInputError):
        store.save_video_analytics(job, date(2026, 3, 1), **({"youtube_video_id": "a"} | wrong))
    assert store.get_video_analytics(job) == []


def test_what_was_ordered_is_changed_until_it_is_begun(store: PostgresJobStore, database: Database) -> None:
    """`update_job_config` of the builder."""
    channel = store.create_channel("Here", "N").id
    job = store.create_job(short(channel), preparing=True)
    other = replace(short(channel, 2), niche_label="Mountains", seed=9)
    changed = store.update_job_config(job.id, other, by="ada")
    assert brief_from_json(changed.brief) == other
    assert (changed.niche_label, changed.status) == ("Mountains", job.status)
    assert (changed.output_directory, changed.created_at) == (job.output_directory, job.created_at)
    assert Sql(database.engine).one("SELECT seed FROM video_jobs") == 9
    assert [each.kind for each in store.events(job.id)] == ["created", "configured"]
    elsewhere = store.create_channel("There", "N").id
    for wrong in (album(channel), replace(other, channel_id=elsewhere), replace(other, user_id="bob")):
        with pytest.raises(InvalidInputError, match="stays"):
            store.update_job_config(job.id, wrong, by="ada")
    with pytest.raises(NotFoundError):
        store.update_job_config(uuid4(), other, by="ada")
    planned = order_album(store)
    lease = store.claim(planned.id, "run")
    brief = album(planned.channel_id)
    with pytest.raises(ConflictError, match="begun"):
        store.update_job_config(planned.id, brief, by="ada")
    store.save_storyboard(lease, storyboard(20))
    store.release(lease)
    with pytest.raises(ConflictError, match="begun"):
        store.update_job_config(planned.id, brief, by="ada")
    assert store.get_job(job.id) == changed


def test_a_run_says_where_it_puts_what_it_makes(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    sql = Sql(database.engine)
    assert sql.one("SELECT run_dir FROM video_jobs") is None
    store.claim(job.id, "run")
    assert sql.one("SELECT run_dir FROM video_jobs") == job.output_directory
