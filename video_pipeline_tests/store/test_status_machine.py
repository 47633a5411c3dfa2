"""The status machine in the database against a model of it in a few lines of Python, by random walks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from video_pipeline.domain.editing import EDITABLE
from video_pipeline.domain.errors import ConflictError, IllegalMoveError, LeaseLostError, LimitReachedError
from video_pipeline.domain.job import TRANSITIONS, JobStatus
from video_pipeline.domain.money import REFINEMENTS_MAX
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import fill, order_short

S = JobStatus
statuses = st.sampled_from(list(JobStatus))


class StatusMachine(RuleBasedStateMachine):
    """One job with all its works, pushed around; the model knows what must have happened."""

    store: PostgresJobStore

    @initialize()
    def order(self) -> None:
        """A fresh job, as the model begins."""
        lease = self.store.claim(order_short(self.store).id, "setup")
        fill(self.store, lease, 1)
        self.store.release(lease)
        self.job_id: UUID = lease.job_id
        self.status = S.PLANNED
        self.failed_from: JobStatus | None = None
        self.approved = False
        self.retries = 0
        self.refinements = 0
        self.attempt = 1
        self.leases: list[Lease] = []
        self.live: Lease | None = None
        self.changes = 0  # of status

    def _change(self, target: JobStatus) -> None:
        if target is S.FAILED:
            self.failed_from = self.status
        elif self.status is S.FAILED:
            self.failed_from = None
        if target is S.AWAITING_APPROVAL and self.status in (S.RENDERING, S.READY_FOR_EXPORT, S.COMPLETED):
            self.approved = False
        self.status = target
        self.changes += 1

    @rule(current=statuses, to=statuses, which=st.none() | st.integers(0, 5))
    def move(self, current: JobStatus, to: JobStatus, which: int | None) -> None:
        """Any move, with or without one of the leases there ever were."""
        lease = self.leases[which % len(self.leases)] if which is not None and self.leases else None
        call: Callable[[], Any] = lambda: self.store.move(self.job_id, current, to, lease=lease)  # noqa: E731 - one call, three outcomes
        if to not in TRANSITIONS[current]:
            expect(IllegalMoveError, call)
        elif lease is not None and lease != self.live:
            expect(LeaseLostError, call)
        elif current is not self.status:
            expect(ConflictError, call)
        else:
            call()
            self._change(to)

    @rule(to=statuses)
    def move_on(self, to: JobStatus) -> None:
        """A legal move, so that walks get far."""
        if to in TRANSITIONS[self.status]:
            self.store.move(self.job_id, self.status, to)
            self._change(to)

    @rule()
    def fail(self) -> None:
        """A failure ends the attempt."""
        works = S.FAILED in TRANSITIONS[self.status]
        assert self.store.mark_job_failed(self.job_id, "no") is works
        if works:
            self._change(S.FAILED)
            self.live = None

    @rule()
    def retry(self) -> None:
        """Back to where it failed."""
        if self.status is S.FAILED:
            assert self.failed_from is not None
            assert self.store.retry(self.job_id) is self.failed_from
            self._change(self.failed_from)
            self.retries += 1
        else:
            expect(IllegalMoveError, lambda: self.store.retry(self.job_id))

    @rule(sure=st.integers(0, 9))
    def cancel(self, sure: int) -> None:
        """For good, so not too often."""
        if sure:
            return
        if self.status is S.COMPLETED:
            expect(IllegalMoveError, lambda: self.store.cancel(self.job_id))
            return
        self.store.cancel(self.job_id)
        if self.status is not S.CANCELLED:
            self._change(S.CANCELLED)

    @rule()
    def approve(self) -> None:
        """Only what awaits it."""
        if self.status is S.AWAITING_APPROVAL:
            assert self.store.approve_storyboard(self.job_id)
            self.approved = True
        else:
            expect(ConflictError, lambda: self.store.approve_storyboard(self.job_id))

    @rule()
    def claim(self) -> None:
        """One at a time."""
        if self.live is not None:
            expect(ConflictError, lambda: self.store.claim(self.job_id, "run"))
            return
        self.live = self.store.claim(self.job_id, "run")
        self.leases.append(self.live)
        self.attempt += 1

    @rule()
    def edit(self) -> None:
        """Takes the lease for a moment, and the approval back."""
        if self.status not in EDITABLE or self.live is not None:
            expect(ConflictError, lambda: self.store.claim(self.job_id, "an edit", edit=True))
            return
        lease = self.store.claim(self.job_id, "an edit", edit=True)
        self.leases.append(lease)
        self.attempt += 1
        if self.refinements < REFINEMENTS_MAX:
            self.store.refine_scene_in_storyboard(lease, 1, by="ada", description="A quiet quay at night")
            self.refinements += 1
            self.approved = False
            if self.status is not S.AWAITING_APPROVAL:
                self._change(S.AWAITING_APPROVAL)
        else:
            expect(
                LimitReachedError,
                lambda: self.store.refine_scene_in_storyboard(lease, 1, by="ada", description="A quiet quay"),
            )
        self.store.release(lease)

    @rule(which=st.integers(0, 5))
    def release(self, which: int) -> None:
        """Any lease there ever was; only the live one matters."""
        if self.leases:
            lease = self.leases[which % len(self.leases)]
            self.store.release(lease)
            self.live = None if lease == self.live else self.live

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        """After each step."""
        job = self.store.get_job(self.job_id)
        counts = job.retry_count, job.attempt, job.refinement_count
        assert counts == (self.retries, self.attempt, self.refinements)
        assert (job.status, job.failed_from, job.approved) == (self.status, self.failed_from, self.approved)
        assert (job.completed_at is not None) is (self.status is S.COMPLETED)
        assert job.approved is (job.approved_fingerprint is not None)
        assert self.store.is_held(self.job_id) is (self.live is not None)

    def teardown(self) -> None:
        """The history tells every change, end to end."""
        if not hasattr(self, "job_id"):
            return
        told = [event for event in self.store.events(self.job_id) if event.status_from and event.status_to]
        assert len(told) == self.changes
        path = [S.PLANNED, *(event.status_to for event in told)]
        assert [event.status_from for event in told] == path[:-1]
        assert path[-1] is self.status


def expect(error: type[Exception], call: Callable[[], Any]) -> None:
    """The call fails in this way and in no other."""
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error


def test_the_database_follows_the_model(database: Database) -> None:
    class Machine(StatusMachine):
        store = PostgresJobStore(database.engine)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
