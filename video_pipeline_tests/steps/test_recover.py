"""Bringing stopped jobs back, and orders by schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from video_pipeline.domain.errors import ConflictError, IllegalMoveError
from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.records import JobRecord
from video_pipeline.ports import JobStore
from video_pipeline.steps.order import order_for_active_channels
from video_pipeline.steps.recover import bring_back

Order = Callable[..., JobRecord]


def test_a_job_whose_process_was_killed_is_taken_up_when_its_lease_ends(store: JobStore, order: Order) -> None:
    job = order()
    store.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC)
    store.claim(job.id, "killed", ttl_s=1)  # never released
    assert bring_back(store, job.id) is JobStatus.GENERATING_MUSIC
    again = store.get_job(job.id)
    assert again.retry_count == 1
    assert "failed" in [event.status_to for event in store.events(job.id)]


def test_a_job_that_is_being_worked_on_is_left_alone(store: JobStore, order: Order) -> None:
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
        bring_back(store, job.id, sleep=sleep, clock=clock)
    assert store.get_job(job.id).status is JobStatus.GENERATING_MUSIC


def test_a_cancelled_job_stays_cancelled(store: JobStore, order: Order) -> None:
    job = order()
    store.cancel(job.id)
    with pytest.raises(IllegalMoveError):
        bring_back(store, job.id)


def test_the_schedule_orders_one_album_for_each_idle_channel(store: JobStore) -> None:
    idle = store.create_channel("Idle", "Deep Sea Ambience")
    busy = store.create_channel("Busy", "Lo-Fi Study Beats")
    first = order_for_active_channels(store, date(2026, 11, 20))
    assert {job.channel_id for job in first} == {idle.id, busy.id}
    assert all(job.kind is JobKind.ALBUM and job.approval is Approval.REQUIRED for job in first)

    assert order_for_active_channels(store, date(2026, 11, 21)) == []
    finished = next(job for job in first if job.channel_id == idle.id)
    store.cancel(finished.id)
    (second,) = order_for_active_channels(store, date(2026, 11, 21))
    assert second.channel_id == idle.id
    assert (second.mood_keywords, second.brief["seed"]) != (finished.mood_keywords, finished.brief["seed"])
