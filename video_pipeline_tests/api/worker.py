"""Owns a stand-in for Dagster in tests of the API: one thread that does what its sensors would start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.steps.on_demand import perform_order
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.studio import Studio

BEFORE = (JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE)
AFTER = (JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, JobStatus.READY_FOR_EXPORT)


@contextmanager
def working(studio: Studio) -> Iterator[None]:
    """Perform jobs and orders as they come, until the end of the block."""
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            with suppress(StudioError):
                _round(studio)
            ended.wait(0.05)

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _round(studio: Studio) -> None:
    for order in studio.jobs.waiting_orders(10):
        perform_order(studio, order.id, "test-order")
    for job in studio.jobs.list_jobs(statuses=BEFORE, idle=True, oldest_first=True):
        for stage in (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES):
            perform(studio, job.id, stage, "test-run")
    for job in studio.jobs.list_jobs(statuses=AFTER, approved=True, idle=True, oldest_first=True):
        for stage in (Stage.MASTER, Stage.EXPORTS):
            perform(studio, job.id, stage, "test-run")
