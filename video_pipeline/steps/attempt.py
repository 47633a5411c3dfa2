"""Owns one attempt at one step of a job: its lease, its heartbeat, its progress; hides the threads behind them.

While an attempt lives, a thread renews the lease and asks whether the job was cancelled or taken over. When the process
is killed the renewals stop, the lease expires, and the next attempt may start; what this one wrote stays.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID

from video_pipeline.domain.errors import CancelledError, LeaseLostError, StudioError, TransientError
from video_pipeline.domain.progress import Progress, Stage, overall_percent, waits_for
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
        self._writing = threading.Lock()
        self._stopped: StudioError | None = None
        self._said = (0.0, "")  # share and message of the last report
        self._waits: dict[int, str] = {}  # what is waited for, the oldest one first
        self._number = itertools.count()

    @property
    def job_id(self) -> UUID:
        """The job."""
        return self.lease.job_id

    def stopped(self) -> bool:
        """True when the work should end soon: cancelled, or taken over by a newer attempt."""
        return self._stopped is not None

    def interrupt(self) -> None:
        """End the work in every thread soon: a signal ends the process. What is open is taken up by the next one."""
        if self._stopped is None:
            self._stopped = TransientError("interrupted; retry the job, and it goes on from there")

    def raise_if_stopped(self) -> None:
        """Raise CancelledError, LeaseLostError, or TransientError after `interrupt`, when the work should end."""
        if self._stopped is not None:
            raise self._stopped

    def pause(self, seconds: float) -> None:
        """Let time pass; raises what `raise_if_stopped` does, as soon as the work should end."""
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
            self._said = fraction, message
            if now - self._reported < PROGRESS_INTERVAL_S and fraction < 1:
                return
            self._reported = now
            self._first = self._first or (now, fraction)
            began, share = self._first
            done = fraction - share
            eta = (now - began) * (1 - fraction) / done if done > SHARE_MIN else None
        self._record(fraction, message, eta)

    @contextmanager
    def waiting(self, why: str) -> Iterator[None]:
        """Say in the progress what is waited for, `why`, until the block ends; an edit has no progress to say it in."""
        if self.is_edit:
            yield
            return
        number = next(self._number)
        self._waits[number] = why
        self._record(*self._said)
        try:
            yield
        finally:
            del self._waits[number]
            if not isinstance(self._stopped, LeaseLostError):
                self._record(*self._said)

    def _record(self, fraction: float, message: str, eta: float | None = None) -> None:
        percent = round(100 * min(max(fraction, 0.0), 1.0), 1)
        eta = eta if eta is None else round(eta, 1)
        with self._writing:  # a wait that is over may not come back
            # Of those who wait for the same, with some chance in it, the last one speaks.
            waits = {each.rpartition("; ")[0] or each: each for each in self._waits.copy().values()}
            message = "; ".join((message or str(self.stage), *waits.values()))
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


def rest(jobs: JobStore, job_id: UUID, why: str, seconds: float) -> None:
    """Let `seconds` pass before a stage is tried again, and say so in the job's progress; less when it is cancelled."""
    deadline = time.monotonic() + seconds
    with _told(jobs, job_id, waits_for("another try", why, datetime.now(UTC), seconds)):
        while (left_s := deadline - time.monotonic()) > 0:
            time.sleep(min(left_s, RENEWAL_S))
            with suppress(StudioError):
                if jobs.is_cancelled(job_id):
                    return


@contextmanager
def _told(jobs: JobStore, job_id: UUID, waits: str) -> Iterator[None]:
    """Add `waits` to a job's progress until the block ends; books that are away go without."""
    before = None
    with suppress(StudioError):
        before = jobs.get_job(job_id).progress
        if before:
            jobs.update_job_progress(job_id, {**before, "message": f"{before['message']}; {waits}", "eta_s": None})
    try:
        yield
    finally:
        with suppress(StudioError):
            if before:
                jobs.update_job_progress(job_id, before)


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
