"""Bringing stopped jobs back, and orders by schedule."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from video_pipeline.domain.errors import ConflictError, IllegalMoveError, InvalidInputError
from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.media import Generation, MediaReference
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.providers.dummy import DummyImages
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.files import job_files
from video_pipeline.steps.order import order_for_active_channels
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.studio import Studio
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.store.material import await_approval, fill, order_album, storyboard

Order = Callable[..., JobRecord]


def test_a_job_whose_process_was_killed_is_taken_up_when_its_lease_ends(
    store: JobStore, media: MediaStore, order: Order
) -> None:
    job = order()
    lease = store.claim(job.id, "killed", ttl_s=1)  # never released
    store.save_storyboard(lease, storyboard(3))
    store.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    assert bring_back(store, media, job.id) is JobStatus.GENERATING_MUSIC
    again = store.get_job(job.id)
    assert again.retry_count == 1
    assert "failed" in [event.status_to for event in store.events(job.id)]


def test_a_job_that_is_being_worked_on_is_left_alone(store: JobStore, media: MediaStore, order: Order) -> None:
    job = order()
    store.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    store.claim(job.id, "alive", ttl_s=600)
    now = 0.0

    def clock() -> float:
        return now

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    with pytest.raises(ConflictError, match="being worked on"):
        bring_back(store, media, job.id, sleep=sleep, clock=clock)
    assert store.get_job(job.id).status is JobStatus.GENERATING_MUSIC


def test_a_cancelled_job_stays_cancelled(store: JobStore, media: MediaStore, order: Order) -> None:
    job = order()
    store.cancel(job.id)
    with pytest.raises(IllegalMoveError):
        bring_back(store, media, job.id)


def finish(studio: Studio, job: JobRecord, *stages: Stage) -> JobRecord:
    """Perform the stages one after the other."""
    for stage in stages:
        perform(studio, job.id, stage, "run")
    return studio.jobs.get_job(job.id)


def rendered(studio: Studio, order: Order) -> JobRecord:
    """A job whose master is made, approved by a person."""
    job = finish(studio, order(), Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
    studio.jobs.approve_storyboard(job.id)
    return finish(studio, job, Stage.MASTER)


def media_of(studio: Studio, job: JobRecord, what: Stage) -> MediaReference:
    """One file of a stage."""
    master = studio.jobs.master(job.id)
    assert master is not None
    files = {
        Stage.MUSIC: studio.jobs.tracks(job.id)[1].media,
        Stage.IMAGES: studio.jobs.images(job.id)[2].media,
        Stage.MASTER: master.media,
    }
    return files[what]


@pytest.mark.parametrize(
    ("lost", "resumes"),
    [
        pytest.param(Stage.MUSIC, JobStatus.GENERATING_MUSIC, marks=pytest.mark.slow),
        (Stage.IMAGES, JobStatus.GENERATING_IMAGE),
        pytest.param(Stage.MASTER, JobStatus.RENDERING, marks=pytest.mark.slow),
    ],
)
def test_a_file_that_was_lost_later_is_made_again_and_what_was_approved_stays_so(
    studio: Studio, order: Order, lost: Stage, resumes: JobStatus
) -> None:
    job = rendered(studio, order)
    assert job.status is JobStatus.READY_FOR_EXPORT
    gone = media_of(studio, job, lost)
    if lost is Stage.IMAGES:
        studio.media.locate(gone).write_bytes(b"damaged")
    else:
        studio.media.remove(gone.key)

    assert bring_back(studio.jobs, studio.media, job.id) is resumes
    left = list(Stage)[list(Stage).index(lost) :]
    done = finish(studio, job, *left)
    assert done.status is JobStatus.COMPLETED
    assert done.approved_fingerprint == job.approved_fingerprint
    assert all(file.intact for file in job_files(studio, job.id))


def test_other_bytes_than_those_approved_are_shown_to_a_person_again(
    studio: Studio, order: Order, workshop: Workshop
) -> None:
    job = rendered(studio, order)
    studio.media.remove(media_of(studio, job, Stage.IMAGES).key)
    bring_back(studio.jobs, studio.media, job.id)

    class OtherImages(DummyImages):
        def illustrate(
            self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, _: object = None
        ) -> Generation:
            return super().illustrate(prompt, seed + 1, size, out)

    finish(replace(studio, images={"dummy": OtherImages(workshop)}), job, Stage.IMAGES)
    waiting = studio.jobs.get_job(job.id)
    assert (waiting.status, waiting.approved) == (JobStatus.AWAITING_APPROVAL, False)
    assert studio.jobs.master(job.id) is None  # it showed the lost picture


def test_an_approved_job_whose_delivery_never_began_goes_on(studio: Studio, order: Order) -> None:
    job = finish(studio, order(), Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
    with pytest.raises(IllegalMoveError, match="nothing to retry"):
        bring_back(studio.jobs, studio.media, job.id)
    studio.jobs.approve_storyboard(job.id)
    assert bring_back(studio.jobs, studio.media, job.id) is JobStatus.AWAITING_APPROVAL
    again = studio.jobs.get_job(job.id)
    assert (again.approved, again.retry_count) == (True, 1)


def test_an_album_that_lost_everything_starts_with_its_music(store: PostgresJobStore, media: MediaStore) -> None:
    job = order_album(store)
    lease = store.claim(job.id, "run")
    fill(store, lease, 20)  # in the books only: there are no files
    await_approval(store, lease)
    store.release(lease)
    store.approve_storyboard(job.id)
    assert bring_back(store, media, job.id) is JobStatus.GENERATING_MUSIC
    assert len(store.tracks(job.id)) == 20


def test_two_ticks_at_once_order_once(studio: Studio, store: JobStore) -> None:
    for name in ("One", "Two", "Three"):
        store.create_channel(name, "Deep Sea Ambience")
    ready = threading.Barrier(4)

    def tick(_: int) -> list[JobRecord]:
        ready.wait()
        return order_for_active_channels(studio, date(2026, 11, 20))

    with ThreadPoolExecutor(4) as pool:
        ordered = [job for jobs in pool.map(tick, range(4)) for job in jobs]
    assert len({job.channel_id for job in ordered}) == 3
    assert len(ordered) == len(store.list_jobs()) == 3


def test_the_schedule_orders_one_album_for_each_idle_channel(studio: Studio, store: JobStore) -> None:
    idle = store.create_channel("Idle", "Deep Sea Ambience")
    busy = store.create_channel("Busy", "Lo-Fi Study Beats")
    first = order_for_active_channels(studio, date(2026, 11, 20))
    assert {job.channel_id for job in first} == {idle.id, busy.id}
    assert all(job.kind is JobKind.ALBUM and job.approval is Approval.REQUIRED for job in first)

    assert order_for_active_channels(studio, date(2026, 11, 21)) == []
    finished = next(job for job in first if job.channel_id == idle.id)
    store.cancel(finished.id)
    (second,) = order_for_active_channels(studio, date(2026, 11, 21))
    assert second.channel_id == idle.id
    assert (second.mood_keywords, second.brief["seed"]) != (finished.mood_keywords, finished.brief["seed"])


def test_the_schedule_orders_nothing_of_a_provider_that_lacks_its_key(studio: Studio, store: JobStore) -> None:
    store.create_channel("Idle", "Deep Sea Ambience")
    keyless = replace(studio, images={**studio.images, "procedural": studio.images["leonardo"]})
    with pytest.raises(InvalidInputError, match="leonardo needs a key: set VIDEO_PIPELINE_LEONARDO_API_KEY"):
        order_for_active_channels(keyless)
    assert store.list_jobs() == []
