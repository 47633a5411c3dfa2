"""Owns one attempt at one step of a job: its lease, its heartbeat, its progress; hides the threads behind them.

While an attempt lives, a thread renews the lease and asks whether the job was cancelled or taken over. When the process
is killed the renewals stop, the lease expires, and the next attempt may start; what this one wrote stays.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from video_pipeline.domain.errors import CancelledError, LeaseLostError, StudioError
from video_pipeline.domain.progress import Progress, Stage, overall_percent
from video_pipeline.domain.records import Lease
from video_pipeline.ports import JobStore

LEASE_TTL_S = 45
RENEWAL_S = 10.0
PROGRESS_INTERVAL_S = 0.5

SHARE_MIN = 0.01
"""Share of the work that has to be done before the time left is more than a guess."""

log = logging.getLogger(__name__)


class Attempt:
    """The right to work on one stage of one job, and the line on which it reports."""

    def __init__(
        self,
        jobs: JobStore,
        lease: Lease,
        stage: Stage,
        clock: Callable[[], float] = time.monotonic,
        *,
        is_edit: bool = False,
    ) -> None:
        self.lease = lease
        self.stage = stage
        self.is_edit = is_edit  # somebody has asked for one thing, and waits for it
        self._jobs = jobs
        self._clock = clock
        self._first: tuple[float, float] | None = None  # time and finished share of the first report
        self._reported = float("-inf")
        self._lock = threading.Lock()
        self._stopped: StudioError | None = None

    @property
    def job_id(self) -> UUID:
        """The job."""
        return self.lease.job_id

    def stopped(self) -> bool:
        """True when the work should end soon: cancelled, or taken over by a newer attempt."""
        return self._stopped is not None

    def raise_if_stopped(self) -> None:
        """Raise CancelledError or LeaseLostError when the work should end."""
        if self._stopped is not None:
            raise self._stopped

    def pause(self, seconds: float) -> None:
        """Let time pass; raises CancelledError or LeaseLostError as soon as the work should end."""
        deadline = time.monotonic() + seconds
        while True:
            self.raise_if_stopped()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, PROGRESS_INTERVAL_S))

    def report(self, fraction: float, message: str) -> None:
        """Put progress into the books, at most twice a second; from any thread.

        Books that do not take it are no reason to stop the work. The time left follows from what was done since the
        first report, because what an earlier attempt left took no time now.
        """
        with self._lock:
            now = self._clock()
            if now - self._reported < PROGRESS_INTERVAL_S and fraction < 1:
                return
            self._reported = now
            self._first = self._first or (now, fraction)
            began, share = self._first
            done = fraction - share
            eta = (now - began) * (1 - fraction) / done if done > SHARE_MIN else None
        percent = round(100 * min(max(fraction, 0.0), 1.0), 1)
        eta = eta if eta is None else round(eta, 1)
        progress = Progress(self.stage, overall_percent(self.stage, percent), percent, message, eta)
        try:
            self._jobs.update_job_progress(self.job_id, progress)
        except StudioError as error:
            log.warning("progress of job %s not recorded: %s", self.job_id, error)

    def watch(self) -> None:
        """Renew the lease once and look whether the job was cancelled; called by the heartbeat."""
        try:
            self._jobs.renew(self.lease, ttl_s=LEASE_TTL_S)
            if self._jobs.is_cancelled(self.job_id):
                self._stopped = CancelledError(f"job {self.job_id} was cancelled")
        except LeaseLostError as error:
            self._stopped = error
        except StudioError as error:
            # The database may be away for a moment; the lease outlives several missed renewals.
            log.warning("lease of job %s not renewed: %s", self.job_id, error)


@contextmanager
def attempt(jobs: JobStore, job_id: UUID, stage: Stage, run_id: str) -> Iterator[Attempt]:
    """Claim the job for one stage, keep the claim alive, give it back at the end.

    Raises ConflictError while another attempt is live.
    """
    current = Attempt(jobs, jobs.claim(job_id, run_id, ttl_s=LEASE_TTL_S), stage)
    with _alive(jobs, current):
        yield current
        current.raise_if_stopped()


@contextmanager
def edit(jobs: JobStore, job_id: UUID, what: str) -> Iterator[Attempt]:
    """Claim the job for an edit of its storyboard; `what` is done and by whom stands in the way of others meanwhile.

    The job stays in the hands of the run that had it last. Raises ConflictError while another attempt is live, or when
    the job's status allows no edit.
    """
    # An edit reports no progress: the job's own stands as it was. It ends where the pictures do.
    current = Attempt(jobs, jobs.claim(job_id, what, ttl_s=LEASE_TTL_S, edit=True), Stage.IMAGES, is_edit=True)
    with _alive(jobs, current):
        yield current


@contextmanager
def _alive(jobs: JobStore, current: Attempt) -> Iterator[None]:
    """Keep the claim alive, and give it back at the end."""
    ended = threading.Event()

    def heartbeat() -> None:
        while not ended.wait(RENEWAL_S):
            current.watch()

    thread = threading.Thread(target=heartbeat, name=f"lease-{current.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        jobs.release(current.lease)
