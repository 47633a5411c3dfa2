"""One live attempt at a time: leases, and writes that come too late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import ConflictError, LeaseLostError, NotFoundError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import Lease
from video_pipeline.store import PostgresJobStore
from video_pipeline.store.books.fences import hold
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import (
    await_approval,
    fill,
    order_short,
    report,
    save_image,
    save_track,
    storyboard,
)


def expire(database: Database) -> None:
    """Let all leases run out, as if their time had passed."""
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE job_leases SET expires_at = clock_timestamp() - interval '1 second'"))


def writes(store: PostgresJobStore, lease: Lease) -> dict[str, object]:
    """Every write that holds a lease."""
    return {
        "renew": lambda: store.renew(lease),
        "move": lambda: store.move(lease.job_id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=lease),
        "storyboard": lambda: store.save_storyboard(lease, storyboard(1)),
        "track": lambda: save_track(store, lease, 1),
        "image": lambda: save_image(store, lease, 1),
        "open render": lambda: store.open_render_task(lease, "1920x1080"),
        "close render": lambda: store.close_render_task(lease, uuid4(), "failed"),
        "master": lambda: store.save_master(lease, report()),
    }


WRITES = ("renew", "move", "storyboard", "track", "image", "open render", "close render", "master")


def test_a_claim_counts_the_attempt_and_excludes_others(store: PostgresJobStore) -> None:
    job = order_short(store)
    assert not store.is_held(job.id)
    lease = store.claim(job.id, "run-1")
    assert (lease.attempt, lease.run_id, lease.job_id) == (1, "run-1", job.id)
    assert store.is_held(job.id)
    for run in ("run-1", "run-2"):
        with pytest.raises(ConflictError, match=r"attempt 1 \(run run-1\)"):
            store.claim(job.id, run)
    assert store.get_job(job.id).attempt == 1
    store.release(lease)
    assert not store.is_held(job.id)
    again = store.claim(job.id, "run-2")
    assert again.attempt == 2
    assert again.token != lease.token
    claims = [event.message for event in store.events(job.id) if event.kind == "claimed"]
    assert claims == ["run-1", "run-2"]
    with pytest.raises(NotFoundError):
        store.claim(uuid4(), "run")


def test_times_of_an_attempt_are_kept(store: PostgresJobStore, database: Database) -> None:
    def times() -> tuple[object, ...]:
        with database.engine.connect() as connection:
            return tuple(connection.execute(text("SELECT run_id, started_at, finished_at FROM video_jobs")).one())

    job = order_short(store)
    assert times() == (None, None, None)
    store.release(store.claim(job.id, "run-1"))
    run, started, finished = times()
    assert (run, finished) == ("run-1", None)
    store.claim(job.id, "run-2")
    assert times() == ("run-2", started, None)
    store.mark_job_failed(job.id, "no")
    assert times()[2] is not None
    store.retry(job.id)
    assert times()[2] is None


def test_of_many_claims_at_once_one_wins(store: PostgresJobStore) -> None:
    job = order_short(store)
    ready = threading.Barrier(8)

    def claim(number: int) -> Lease | None:
        ready.wait()
        try:
            return store.claim(job.id, f"run-{number}")
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [lease for lease in pool.map(claim, range(8)) if lease]
    assert len(won) == 1
    assert store.get_job(job.id).attempt == 1


def test_an_expired_lease_is_lost_and_may_be_replaced(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    old = store.claim(job.id, "run-1", ttl_s=60)
    assert store.lost_jobs() == []
    expire(database)
    assert not store.is_held(job.id)
    assert [lost.id for lost in store.lost_jobs()] == [job.id]
    new = store.claim(job.id, "run-2")
    assert new.attempt == 2
    assert store.lost_jobs() == []
    store.release(old)  # too late, and so without effect
    assert store.is_held(job.id)


@pytest.mark.parametrize("write", WRITES)
def test_a_newer_attempt_shuts_the_older_one_out(store: PostgresJobStore, database: Database, write: str) -> None:
    job = order_short(store)
    old = store.claim(job.id, "run-1")
    assert set(writes(store, old)) == set(WRITES)
    expire(database)
    new = store.claim(job.id, "run-2")
    before = store.get_job(job.id), store.events(job.id)
    with pytest.raises(LeaseLostError, match=r"attempt 2 \(run run-2\) owns the job now"):
        writes(store, old)[write]()  # type: ignore[operator] # a table of calls
    assert (store.get_job(job.id), store.events(job.id)) == before
    store.renew(new)


@pytest.mark.parametrize("write", sorted(set(WRITES) - {"renew"}))
def test_an_expired_lease_writes_nothing_until_it_is_renewed(
    store: PostgresJobStore, database: Database, write: str
) -> None:
    lease = store.claim(order_short(store).id, "run-1")
    expire(database)
    with pytest.raises(LeaseLostError, match="expired"):
        writes(store, lease)[write]()  # type: ignore[operator] # a table of calls
    store.renew(lease)  # the machine slept, and nobody has taken over
    store.save_storyboard(lease, storyboard(1))


def test_a_released_revoked_or_made_up_lease_writes_nothing(store: PostgresJobStore) -> None:
    released = store.claim(order_short(store).id, "run")
    store.release(released)
    store.release(released)
    revoked = store.claim(order_short(store).id, "run")
    assert store.mark_job_failed(revoked.job_id, "lost")
    made_up = Lease(order_short(store).id, uuid4(), 1, "run")
    foreign = replace(store.claim(order_short(store).id, "run"), job_id=made_up.job_id)
    for lease in (released, revoked, made_up, foreign):
        with pytest.raises(LeaseLostError):
            store.renew(lease)
        with pytest.raises(LeaseLostError):
            store.save_storyboard(lease, storyboard(1))


def test_a_lease_holds_until_the_end_of_a_write(store: PostgresJobStore, database: Database) -> None:
    """A claim that begins while an attempt writes waits for it: no write lands after the job changed hands."""
    lease = store.claim(order_short(store).id, "run-1", ttl_s=1)
    claims: list[Lease] = []

    def claim_when_expired() -> None:
        while not claims:
            with suppress(ConflictError):
                claims.append(store.claim(lease.job_id, "run-2"))

    with database.engine.begin() as connection:
        hold(connection, lease)
        other = threading.Thread(target=claim_when_expired)
        other.start()
        other.join(1.5)  # by now the lease has run out
        assert claims == []
    other.join()
    assert [claim.attempt for claim in claims] == [2]


def test_only_jobs_that_somebody_should_work_on_are_lost(store: PostgresJobStore, database: Database) -> None:
    waiting = store.claim(order_short(store).id, "waits for approval")
    fill(store, waiting, 1)
    await_approval(store, waiting)
    planned = store.claim(order_short(store).id, "planned")
    working = store.claim(order_short(store).id, "works")
    store.move(working.job_id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=working)
    failed = store.claim(order_short(store).id, "fails")
    store.mark_job_failed(failed.job_id, "no")
    cancelled = store.claim(order_short(store).id, "cancelled")
    store.cancel(cancelled.job_id)
    order_short(store)  # never claimed
    expire(database)
    assert {job.id for job in store.lost_jobs()} == {planned.job_id, working.job_id}
