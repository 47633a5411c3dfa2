"""Jobs that wait for their files, and what makes them begin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.brief import KINDS, StoryboardBrief
from video_pipeline.domain.errors import ConflictError, IllegalMoveError, NotFoundError
from video_pipeline.domain.job import JobKind, JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.receive import abandon, open_upload
from video_pipeline.steps.start import start_job
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload, remove_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedBrief(StoryboardBrief):
    """A kind that cannot do without quotes."""

    kind: ClassVar[JobKind] = JobKind.STORYBOARD

    @property
    def needed_files(self) -> tuple[FileType, ...]:
        return (FileType.QUOTES,)


@pytest.fixture
def waiting(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> JobRecord:
    """A job that waits for quotes."""
    monkeypatch.setitem(KINDS, JobKind.STORYBOARD, QuotedBrief)
    channel = studio.jobs.create_channel("Test Channel", "Rainy Library")
    brief = QuotedBrief(
        channel_id=channel.id, niche_label="Rain", mood_keywords="calm", seed=1, scene_count=1, scene_seconds=10
    )
    return studio.jobs.create_job(brief, preparing=True)


def test_a_job_that_waits_for_files_is_left_alone_until_it_is_started(studio: Studio, waiting: JobRecord) -> None:
    assert waiting.status is JobStatus.PREPARING
    with pytest.raises(IllegalMoveError, match="begins when it is planned, not preparing"):
        perform(studio, waiting.id, Stage.STORYBOARD, "too early")
    assert studio.jobs.lost_jobs() == []
    assert studio.jobs.mark_lost(waiting.id, "nobody works on it") is False
    with pytest.raises(ConflictError, match=r"a file of quotes \(quotes\) is missing"):
        start_job(studio.jobs, studio.media, waiting.id)
    keep_upload(studio, waiting.id, FileType.QUOTES, "q.txt", [b"Be still."])
    started = start_job(studio.jobs, studio.media, waiting.id, by="anna")
    assert started.status is JobStatus.PLANNED
    last = studio.jobs.events(waiting.id)[-1]
    assert (last.status_from, last.status_to, last.message) == (
        JobStatus.PREPARING,
        JobStatus.PLANNED,
        "started by anna",
    )
    with pytest.raises(ConflictError, match="is planned; only one that is preparing can be started"):
        start_job(studio.jobs, studio.media, waiting.id)


def test_it_does_not_begin_while_a_file_is_on_its_way(studio: Studio, waiting: JobRecord) -> None:
    keep_upload(studio, waiting.id, FileType.QUOTES, "q.txt", [b"Be still."])
    upload = open_upload(studio.jobs, waiting.id, FileType.VIDEOS, "rain.mp4", 1000)
    with pytest.raises(ConflictError, match=r"rain\.mp4 is still on the way"):
        start_job(studio.jobs, studio.media, waiting.id)
    abandon(studio.jobs, studio.media, waiting.id, upload.id)
    assert start_job(studio.jobs, studio.media, waiting.id).status is JobStatus.PLANNED


def test_files_that_a_video_is_made_of_stay_once_it_was_started(studio: Studio, waiting: JobRecord) -> None:
    first, second = (
        keep_upload(studio, waiting.id, FileType.QUOTES, f"{name}.txt", [b"Be still."]) for name in ("a", "b")
    )
    remove_upload(studio, waiting.id, first.id)
    start_job(studio.jobs, studio.media, waiting.id)
    with pytest.raises(ConflictError, match=r"b\.txt can be removed before it is started, or with the whole job"):
        remove_upload(studio, waiting.id, second.id)
    assert studio.media.holds(second.media)
    studio.jobs.cancel(waiting.id)
    remove_upload(studio, waiting.id, second.id)


def test_of_two_that_start_it_at_once_one_does(studio: Studio, waiting: JobRecord) -> None:
    keep_upload(studio, waiting.id, FileType.QUOTES, "q.txt", [b"Be still."])

    def start(_: int) -> bool:
        try:
            return start_job(studio.jobs, studio.media, waiting.id) is not None
        except ConflictError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(start, range(4))) == 1
    moves = [each for each in studio.jobs.events(waiting.id) if each.status_to is JobStatus.PLANNED]
    assert len(moves) == 1


def test_a_file_that_is_removed_at_the_same_moment_is_either_there_or_missed(
    studio: Studio, waiting: JobRecord
) -> None:
    kept = keep_upload(studio, waiting.id, FileType.QUOTES, "q.txt", [b"Be still."])

    def tried(verb: str) -> bool:
        try:
            if verb == "start":
                start_job(studio.jobs, studio.media, waiting.id)
            else:
                remove_upload(studio, waiting.id, kept.id)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(tried, ("start", "remove"))) == 1
    is_started = studio.jobs.get_job(waiting.id).status is JobStatus.PLANNED
    assert is_started == bool(studio.jobs.get_job_files(waiting.id))


def test_there_must_be_a_job(studio: Studio) -> None:
    missing: UUID = uuid4()
    with pytest.raises(NotFoundError, match="no job"):
        start_job(studio.jobs, studio.media, missing)
