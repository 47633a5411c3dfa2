"""Uploads to YouTube in the books, and which jobs are old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.publishing import Privacy
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.store.material import order_short

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
