"""Owns performing what was ordered on demand: one attempt at one order; hides its heartbeat and its end.

An order is no stage of a job: it moves no job, and what it makes can be ordered again. While an attempt lives, a thread
tells the books so, and asks whether the job was cancelled or deleted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from video_pipeline.domain.errors import (
    CancelledError,
    ConflictError,
    LeaseLostError,
    NotFoundError,
    StudioError,
)
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.orders import OrderKind, WorkOrder, wanted_renditions
from video_pipeline.ports import JobStore
from video_pipeline.steps.export import export_all
from video_pipeline.steps.preview import make_preview
from video_pipeline.steps.refine import refine
from video_pipeline.steps.studio import Studio

HEARTBEAT_S = 10.0
PROGRESS_INTERVAL_S = 0.5

DELIVERED = (JobStatus.READY_FOR_EXPORT, JobStatus.COMPLETED)
"""The statuses in which the master shows the storyboard as it is."""

log = logging.getLogger(__name__)


class Errand:
    """One attempt at an order, and the line on which it reports."""

    def __init__(self, jobs: JobStore, order: WorkOrder, clock: Callable[[], float] = time.monotonic) -> None:
        self.order = order
        self._jobs = jobs
        self._clock = clock
        self._reported = float("-inf")
        self._said = (0.0, "begins")
        self._lock = threading.Lock()
        self._stopped: StudioError | None = None

    def stopped(self) -> bool:
        """True when the work should end soon: the job was cancelled or deleted, or another attempt has the order."""
        return self._stopped is not None

    def raise_if_stopped(self) -> None:
        """Raise CancelledError or LeaseLostError when the work should end."""
        if self._stopped is not None:
            raise self._stopped

    def report(self, fraction: float, message: str) -> None:
        """Put progress into the books, at most twice a second; from any thread.

        Books that do not take it are no reason to stop the work.
        """
        with self._lock:
            self._said = (100 * fraction, message)
            now = self._clock()
            if now - self._reported < PROGRESS_INTERVAL_S and fraction < 1:
                return
            self._reported = now
        self._tell()

    def watch(self) -> None:
        """Give one sign of life, and look whether the job was cancelled; called by the heartbeat."""
        self._tell()
        try:
            if self._jobs.is_cancelled(self.order.job_id):
                self._stopped = CancelledError(f"job {self.order.job_id} was cancelled")
        except NotFoundError:
            self._stopped = CancelledError(f"job {self.order.job_id} was deleted")
        except StudioError as error:
            log.warning("job %s could not be looked at: %s", self.order.job_id, error)

    def _tell(self) -> None:
        percent, message = self._said
        try:
            self._jobs.order_progress(self.order.id, self.order.attempt, percent, message)
        except NotFoundError:
            self._stopped = CancelledError(f"job {self.order.job_id} was deleted")
        except LeaseLostError as error:
            self._stopped = error
        except StudioError as error:
            # The database may be away for a moment; an attempt is given up after several missed signs of life.
            log.warning("progress of order %s not recorded: %s", self.order.id, error)


def perform_order(studio: Studio, order_id: UUID, run_id: str) -> WorkOrder:
    """Make one attempt at an order and return it completed; one that is finished is returned as it is.

    An error that may pass lets the order wait for another attempt, any other one fails it; either is raised again.
    ConflictError while another attempt is live, CancelledError when the job was cancelled or deleted.
    """
    found = studio.jobs.get_order(order_id)
    order = found if found.finished else studio.jobs.begin_order(order_id, run_id)
    if order.finished:
        return order
    with _alive(studio.jobs, order) as errand:
        try:
            errand.watch()
            errand.raise_if_stopped()
            result = WORKS[order.kind](studio, errand)
            errand.raise_if_stopped()
            return studio.jobs.finish_order(order_id, order.attempt, result)
        except BaseException as error:
            _end(studio.jobs, order, error)
            # Tools know only that they were told to stop.
            errand.raise_if_stopped()
            raise


@contextmanager
def _alive(jobs: JobStore, order: WorkOrder) -> Iterator[Errand]:
    errand, ended = Errand(jobs, order), threading.Event()

    def heartbeat() -> None:
        while not ended.wait(HEARTBEAT_S):
            errand.watch()

    thread = threading.Thread(target=heartbeat, name=f"order-{order.id}", daemon=True)
    thread.start()
    try:
        yield errand
    finally:
        ended.set()
        thread.join()


def _end(jobs: JobStore, order: WorkOrder, error: BaseException) -> None:
    """Put the failure into the books; where they refuse it, the order is another attempt's or gone."""
    text = str(error) or type(error).__name__
    try:
        if getattr(error, "retryable", False):
            jobs.postpone_order(order.id, order.attempt, text)
        else:
            # Also an interrupt from the keyboard or from Dagster: whoever stops the work does not want it begun again.
            jobs.fail_order(order.id, order.attempt, text)
    except StudioError as refused:
        log.warning("the end of order %s (%s) is not in the books: %s", order.id, text, refused)


def _export(studio: Studio, errand: Errand) -> dict[str, Any]:
    job = studio.jobs.get_job(errand.order.job_id)
    if job.status not in DELIVERED:
        raise ConflictError(f"job {job.id} is {job.status}; exports are made when it is rendered")
    wanted = wanted_renditions(errand.order.request)
    made = export_all(studio, job, wanted, report=errand.report, cancelled=errand.stopped)
    return {"renditions": [record.report.rendition.name for record in made]}


def _preview(studio: Studio, errand: Errand) -> dict[str, Any]:
    made = make_preview(studio, errand.order.job_id, report=errand.report, cancelled=errand.stopped)
    return {"key": made.key, "bytes": made.bytes, "fingerprint": made.fingerprint}


def _refine(studio: Studio, errand: Errand) -> dict[str, Any]:
    order, asked = errand.order, errand.order.request
    # The name stands in the history: a picture that an earlier attempt bought without living to say so is not bought
    # again.
    by = f"{order.ordered_by}, order {order.id}"
    told = (each for each in studio.jobs.events(order.job_id) if each.kind in ("refined", "reworded"))
    refined = any(each.message.endswith(by) for each in told)
    if not refined:
        errand.report(0.1, "makes the picture" if asked["image_prompt"] else "changes the description")
        refine(
            studio,
            order.job_id,
            asked["scene_number"],
            image_prompt=asked["image_prompt"],
            description=asked["description"],
            by=by,
            expected=asked["expected"],
        )
    return {"scene_number": asked["scene_number"], "etag": studio.jobs.storyboard_version(order.job_id)}


WORKS: dict[OrderKind, Callable[[Studio, Errand], dict[str, Any]]] = {
    OrderKind.EXPORT: _export,
    OrderKind.PREVIEW: _preview,
    OrderKind.REFINE: _refine,
}
"""What is done for an order of each kind; the result is kept with it."""
