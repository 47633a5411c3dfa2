"""An edit takes the lease of a job, but not the job from the run that had it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from video_pipeline.domain.errors import BeingEditedError, ConflictError, LeaseLostError
from video_pipeline.domain.job import JobStatus
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.test_edits import S, delivered, describe, edit, everything, new_picture
from video_pipeline_tests.store.test_fences import expire

CLAIM = """
import sys, uuid
from video_pipeline.store import PostgresJobStore, connect
store = PostgresJobStore(connect(sys.argv[1]))
lease = store.claim(uuid.UUID(sys.argv[2]), sys.argv[3], ttl_s=600, edit=sys.argv[4] == "edit")
if sys.argv[4] == "release":
    store.release(lease)
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def process(database: Database) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that claims a job and stays."""
    children: list[subprocess.Popen[str]] = []

    def start(job_id: object, name: str, how: str) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", CLAIM, database.url, str(job_id), name, how]
        child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "claimed\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def test_an_edit_counts_as_an_attempt_and_leaves_the_run_alone(store: PostgresJobStore, database: Database) -> None:
    def run() -> tuple[object, ...]:
        with database.engine.connect() as connection:
            return tuple(connection.execute(text("SELECT run_id, started_at FROM video_jobs")).one())

    job = delivered(store)
    before, events = run(), store.events(job.id)
    lease = edit(store, job.id)
    assert lease.attempt == job.attempt + 1 == store.get_job(job.id).attempt
    assert (run(), store.events(job.id)) == (before, events)
    assert store.is_held(job.id)
    store.release(lease)
    assert not store.is_held(job.id)


def test_edits_and_runs_exclude_each_other_and_say_who_is_there(store: PostgresJobStore) -> None:
    job = delivered(store)
    lease = edit(store, job.id)
    for another_edit in (True, False):
        with pytest.raises(BeingEditedError, match=r"attempt 2 \(an edit by ada\), whose lease ends at"):
            store.claim(job.id, "other", edit=another_edit)
    store.release(lease)
    store.claim(job.id, "run-9")
    with pytest.raises(ConflictError, match=r"attempt 3 \(run run-9\)") as caught:
        edit(store, job.id)
    assert not caught.value.retryable
    assert BeingEditedError.retryable


def test_an_edit_that_was_overtaken_writes_nothing(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store)
    slow = edit(store, job.id)
    expire(database)
    store.release(edit(store, job.id))
    before = everything(store, job.id)
    with pytest.raises(LeaseLostError):
        store.refine_scene_in_storyboard(slow, 1, by="ada", description="A quiet quay at night")
    assert everything(store, job.id) == before


@pytest.mark.parametrize("status", [S.AWAITING_APPROVAL, S.READY_FOR_EXPORT, S.COMPLETED])
def test_a_killed_edit_leaves_the_job_as_it_was(
    store: PostgresJobStore, process: Callable[..., subprocess.Popen[str]], status: JobStatus
) -> None:
    job = delivered(store, status=status)
    before = everything(store, job.id)
    child = process(job.id, "an edit by bob", "edit")
    assert store.is_held(job.id)
    kill(child)
    assert store.lost_jobs() == []
    assert not store.is_held(job.id)
    assert everything(store, job.id) == before
    describe(store, job.id)  # at once, without waiting for the lease to run out


def test_a_run_of_a_living_process_goes_on_after_an_edit(
    store: PostgresJobStore, process: Callable[..., subprocess.Popen[str]]
) -> None:
    job = delivered(store)
    child = process(job.id, "the-run", "release")
    lease = edit(store, job.id)
    assert not store.run_is_gone(job.id, "the-run")
    store.release(lease)
    assert not store.run_is_gone(job.id, "the-run")
    assert store.run_is_gone(job.id, "run")  # the one before
    kill(child)
    assert store.run_is_gone(job.id, "the-run")


def test_a_run_that_died_before_an_edit_is_gone(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store, status=S.READY_FOR_EXPORT)
    store.claim(job.id, "the-run")
    expire(database)  # its machine went down
    assert store.run_is_gone(job.id, "the-run")
    lease = edit(store, job.id)
    assert store.run_is_gone(job.id, "the-run")
    store.release(lease)
    assert store.run_is_gone(job.id, "the-run")
    assert store.get_job(job.id).run_id == "the-run"


def test_a_run_whose_storyboard_was_edited_does_not_fail_the_job(store: PostgresJobStore) -> None:
    job = delivered(store, status=S.READY_FOR_EXPORT)
    store.release(edit(store, job.id))  # which changed nothing
    assert store.mark_job_failed(job.id, "no disk", run_id="run")
    assert store.retry(job.id) is S.READY_FOR_EXPORT
    describe(store, job.id)
    assert not store.mark_job_failed(job.id, "the run found no master", run_id="run")
    assert store.get_job(job.id).status is S.AWAITING_APPROVAL
    store.release(store.claim(job.id, "run"))  # it came back
    assert store.mark_job_failed(job.id, "no disk", run_id="run")


def test_a_run_that_fails_during_an_edit_is_still_the_jobs_run(store: PostgresJobStore) -> None:
    job = delivered(store)
    edit(store, job.id)
    assert not store.mark_job_failed(job.id, "no", run_id="another run")
    assert store.mark_job_failed(job.id, "no", run_id="run")


def test_a_claim_gives_back_what_a_dead_attempt_had_reserved(store: PostgresJobStore, database: Database) -> None:
    job = delivered(store)
    new_picture(store, edit(store, job.id))
    expire(database)
    store.release(edit(store, job.id))
    store.release(store.claim(job.id, "run-2"))
    with database.engine.connect() as connection:
        entries = connection.execute(text("SELECT entry, amount, message FROM cost_ledger ORDER BY id")).all()
    assert [entry for entry, *_ in entries] == ["reserve", "release"]
    assert entries[0].amount == entries[1].amount
    assert entries[1].message == "its attempt ended without a word"
