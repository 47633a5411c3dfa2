"""Retention: what would go, what goes, and what stays whatever its age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.retention import cleanup_old_jobs, old_jobs
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload

Order = Callable[..., JobRecord]


def test_only_old_jobs_that_were_not_published_go_with_their_files(studio: Studio, order: Order) -> None:
    old, published, working = order(), order(), order()
    for job in (old, published, working):
        keep_upload(studio, job.id, FileType.QUOTES, "q.txt", [b"Breathe in.\n"])
    for job in (old, published):
        studio.jobs.cancel(job.id)
    studio.jobs.add_youtube_upload(published.id, "a", "https://youtu.be/a", "My Video")
    soon, much_later = datetime.now(UTC) + timedelta(days=9), datetime.now(UTC) + timedelta(days=11)

    assert old_jobs(studio, 10, now=soon) == []
    (found,) = old_jobs(studio, 10, now=much_later)
    assert (found.job.id, found.files, found.bytes) == (old.id, 1, len(b"Breathe in.\n"))
    assert studio.jobs.get_job(old.id).id == old.id  # looking removes nothing

    assert cleanup_old_jobs(studio, 10, now=much_later) == [found]
    with pytest.raises(NotFoundError):
        studio.jobs.get_job(old.id)
    assert studio.media.keys(f"jobs/{old.id}/") == []
    for job in (published, working):
        (file,) = studio.jobs.get_job_files(job.id)
        assert studio.media.holds(file.media)
    assert cleanup_old_jobs(studio, 10, now=much_later) == []


@pytest.mark.parametrize("days", [0, -3, 10**6])
def test_a_span_that_makes_no_sense_removes_nothing(studio: Studio, order: Order, days: int) -> None:
    studio.jobs.cancel(order().id)
    with pytest.raises(InvalidInputError, match="days"):
        cleanup_old_jobs(studio, days)
