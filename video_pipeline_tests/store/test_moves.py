"""Changes of status: compare-and-set, failure, retry, cancel, approval, and the history of all that."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.errors import ConflictError, IllegalMoveError, InvalidInputError, NotFoundError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import Lease, fingerprint
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.store.material import (
    await_approval,
    fill,
    order_album,
    order_short,
    report,
    save_image,
    save_track,
    storyboard,
)

S = JobStatus


def waiting_job(store: PostgresJobStore, scenes: int = 1) -> Lease:
    """A job that awaits approval, with all its works."""
    lease = store.claim(order_short(store, scenes).id, "run")
    fill(store, lease, scenes)
    await_approval(store, lease)
    return lease


def history(store: PostgresJobStore, job_id: UUID) -> list[tuple[str, JobStatus | None, JobStatus | None]]:
    """Kinds and statuses of the events."""
    return [(event.kind, event.status_from, event.status_to) for event in store.events(job_id)]


def test_a_move_leaves_its_line_in_the_history(store: PostgresJobStore) -> None:
    job = order_short(store)
    store.move(job.id, S.PLANNED, S.GENERATING_MUSIC, "music begins")
    assert store.get_job(job.id).status is S.GENERATING_MUSIC
    event = store.events(job.id)[-1]
    assert (event.kind, event.status_from, event.status_to) == ("moved", S.PLANNED, S.GENERATING_MUSIC)
    assert event.message == "music begins"


def test_illegal_stale_and_unknown_moves_change_nothing(store: PostgresJobStore) -> None:
    job = order_short(store)
    with pytest.raises(IllegalMoveError):
        store.move(job.id, S.PLANNED, S.COMPLETED)
    with pytest.raises(ConflictError, match="is planned, not generating_music any more"):
        store.move(job.id, S.GENERATING_MUSIC, S.GENERATING_IMAGE)
    with pytest.raises(NotFoundError):
        store.move(uuid4(), S.PLANNED, S.GENERATING_MUSIC)
    other = store.claim(order_short(store).id, "run")
    with pytest.raises(InvalidInputError, match="the lease is for job"):
        store.move(job.id, S.PLANNED, S.GENERATING_MUSIC, lease=other)
    assert store.get_job(job.id) == job
    assert history(store, job.id) == [("created", None, S.PLANNED)]


def test_of_many_equal_moves_at_once_one_wins(store: PostgresJobStore) -> None:
    job = order_short(store)
    ready = threading.Barrier(8)

    def move(target: JobStatus) -> bool:
        ready.wait()
        try:
            store.move(job.id, S.PLANNED, target)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(move, [S.GENERATING_MUSIC, S.CANCELLED] * 4))
    assert sum(won) == 1
    assert len(store.events(job.id)) == 2


def test_an_album_without_its_pairs_does_not_await_approval(store: PostgresJobStore) -> None:
    lease = store.claim(order_album(store).id, "run")
    store.save_storyboard(lease, storyboard(20))
    for index in range(1, 21):
        save_track(store, lease, index)
    for index in range(1, 20):
        save_image(store, lease, index)
    with pytest.raises(ConflictError, match=r"20 tracks, 19 images, 19 pairs"):
        await_approval(store, lease)
    assert store.get_job(lease.job_id).status is S.GENERATING_IMAGE
    save_image(store, lease, 20)
    store.move(lease.job_id, S.GENERATING_IMAGE, S.AWAITING_APPROVAL, lease=lease)
    assert store.approve_storyboard(lease.job_id)


def test_a_failure_is_kept_and_a_retry_returns_to_where_it_happened(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run")
    store.move(lease.job_id, S.PLANNED, S.GENERATING_MUSIC, lease=lease)
    assert store.mark_job_failed(lease.job_id, "API timeout\x00 after 3 tries\ud800")
    failed = store.get_job(lease.job_id)
    assert (failed.status, failed.failed_from) == (S.FAILED, S.GENERATING_MUSIC)
    assert failed.error_message == "API timeout after 3 tries?"
    assert not store.is_held(lease.job_id)
    assert not store.mark_job_failed(lease.job_id, "again")
    assert store.retry(lease.job_id) is S.GENERATING_MUSIC
    back = store.get_job(lease.job_id)
    assert (back.status, back.failed_from, back.error_message, back.retry_count) == (S.GENERATING_MUSIC, None, None, 1)
    with pytest.raises(IllegalMoveError, match="only a failed job can be retried"):
        store.retry(lease.job_id)
    assert history(store, lease.job_id)[-2:] == [
        ("moved", S.GENERATING_MUSIC, S.FAILED),
        ("retried", S.FAILED, S.GENERATING_MUSIC),
    ]


def test_a_move_approves_in_the_same_transaction_or_does_not_happen(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run")
    store.move(lease.job_id, S.PLANNED, S.GENERATING_MUSIC)
    store.move(lease.job_id, S.GENERATING_MUSIC, S.GENERATING_IMAGE)
    with pytest.raises(ConflictError, match="no storyboard"):
        store.move(lease.job_id, S.GENERATING_IMAGE, S.AWAITING_APPROVAL, lease=lease, approve_by="auto")
    assert store.get_job(lease.job_id).status is S.GENERATING_IMAGE
    fill(store, lease, 1)
    store.move(lease.job_id, S.GENERATING_IMAGE, S.AWAITING_APPROVAL, lease=lease, approve_by="auto")
    job = store.get_job(lease.job_id)
    assert (job.status, job.approved) == (S.AWAITING_APPROVAL, True)


@pytest.mark.parametrize("content", ["", "other bytes"])
def test_an_approval_survives_files_made_again_only_with_the_same_bytes(store: PostgresJobStore, content: str) -> None:
    lease = store.claim(order_short(store).id, "run")
    fill(store, lease, 1)
    await_approval(store, lease)
    store.approve_storyboard(lease.job_id)
    store.save_master(lease, report())
    store.save_export(lease.job_id, report("exports/x.mp4"))
    store.mark_job_failed(lease.job_id, "a file was lost")
    assert store.retry(lease.job_id, S.GENERATING_MUSIC) is S.GENERATING_MUSIC

    lease = store.claim(lease.job_id, "again")
    save_track(store, lease, 1, content=content)
    store.move(lease.job_id, S.GENERATING_MUSIC, S.GENERATING_IMAGE, lease=lease)
    store.move(lease.job_id, S.GENERATING_IMAGE, S.AWAITING_APPROVAL, lease=lease)
    same = not content
    assert store.get_job(lease.job_id).approved is same
    assert (store.master(lease.job_id) is not None) is same
    assert len(store.exports(lease.job_id)) == same


def test_an_album_without_its_pairs_cannot_return_to_where_it_needs_them(store: PostgresJobStore) -> None:
    lease = store.claim(order_album(store).id, "run")
    store.mark_job_failed(lease.job_id, "x")
    with pytest.raises(ConflictError, match="20"):
        store.retry(lease.job_id, S.RENDERING)
    assert store.get_job(lease.job_id).status is S.FAILED
    assert store.retry(lease.job_id, S.GENERATING_MUSIC) is S.GENERATING_MUSIC


def test_what_is_not_working_does_not_fail(store: PostgresJobStore) -> None:
    assert not store.mark_job_failed(uuid4(), "x")
    job = order_short(store)
    store.cancel(job.id)
    assert not store.mark_job_failed(job.id, "x")
    assert store.get_job(job.id).status is S.CANCELLED


def test_a_stray_run_does_not_fail_the_job_of_another(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run-2")
    assert not store.mark_job_failed(lease.job_id, "x", run_id="run-1")
    assert store.get_job(lease.job_id).status is S.PLANNED
    assert store.mark_job_failed(lease.job_id, "x", run_id="run-2")
    idle = order_short(store)
    assert store.mark_job_failed(idle.id, "x", run_id="run-1")


def test_a_run_that_ended_late_does_not_fail_a_job_that_another_one_gave_back(store: PostgresJobStore) -> None:
    job = order_short(store)
    store.release(store.claim(job.id, "run-1"))
    store.release(store.claim(job.id, "run-2"))
    assert not store.mark_job_failed(job.id, "x", run_id="run-1")
    assert store.mark_job_failed(job.id, "x", run_id="run-2")


def test_only_a_job_that_nobody_works_on_is_lost(store: PostgresJobStore) -> None:
    assert not store.mark_lost(uuid4(), "gone")
    lease = store.claim(order_short(store).id, "run")
    assert not store.mark_lost(lease.job_id, "gone")
    store.release(lease)
    assert store.mark_lost(lease.job_id, "its process ended")
    lost = store.get_job(lease.job_id)
    assert (lost.status, lost.failed_from, lost.error_message) == (S.FAILED, S.PLANNED, "its process ended")
    assert not store.mark_lost(lease.job_id, "again")


def test_a_job_that_waits_for_a_person_is_not_lost(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run")
    fill(store, lease, 1)
    await_approval(store, lease)
    store.release(lease)
    assert not store.mark_lost(lease.job_id, "gone")
    store.approve_storyboard(lease.job_id)
    assert store.mark_lost(lease.job_id, "its delivery never began")


def test_cancelling_is_for_good(store: PostgresJobStore) -> None:
    lease = store.claim(order_short(store).id, "run")
    assert not store.is_cancelled(lease.job_id)
    store.cancel(lease.job_id)
    store.cancel(lease.job_id)
    assert store.is_cancelled(lease.job_id)
    assert [kind for kind, _, _ in history(store, lease.job_id)].count("cancelled") == 1
    with pytest.raises(ConflictError, match="is cancelled, not planned"):
        store.move(lease.job_id, S.PLANNED, S.GENERATING_MUSIC, lease=lease)
    store.release(lease)
    failed = order_short(store)
    store.mark_job_failed(failed.id, "x")
    store.cancel(failed.id)
    assert store.is_cancelled(failed.id)
    with pytest.raises(NotFoundError):
        store.is_cancelled(uuid4())
    with pytest.raises(NotFoundError):
        store.cancel(uuid4())


def test_a_completed_job_has_its_times_and_cannot_be_cancelled(store: PostgresJobStore) -> None:
    lease = waiting_job(store)
    for current, target in ((S.AWAITING_APPROVAL, S.RENDERING), (S.RENDERING, S.READY_FOR_EXPORT)):
        store.move(lease.job_id, current, target, lease=lease)
        assert store.get_job(lease.job_id).completed_at is None
    store.move(lease.job_id, S.READY_FOR_EXPORT, S.COMPLETED, lease=lease)
    assert store.get_job(lease.job_id).completed_at is not None
    with pytest.raises(IllegalMoveError):
        store.cancel(lease.job_id)


def test_approval_is_given_to_what_is_there(store: PostgresJobStore) -> None:
    lease = waiting_job(store, 2)
    job_id = lease.job_id
    assert store.approve_storyboard(job_id, by="ada")
    job = store.get_job(job_id)
    assert job.approved
    assert job.approved_at is not None
    assert job.storyboard is not None
    assert job.approved_fingerprint == fingerprint(job.storyboard, store.works(job_id))
    assert [job.id for job in store.list_jobs(approved=True)] == [job_id]
    assert store.approve_storyboard(job_id)  # nothing new to approve
    assert store.get_job(job_id).approved_at == job.approved_at
    save_image(store, lease, 2, content="another picture")
    assert store.approve_storyboard(job_id)
    assert store.get_job(job_id).approved_fingerprint != job.approved_fingerprint
    approvals = [event for event in store.events(job_id) if event.kind == "approved"]
    assert len(approvals) == 2
    assert approvals[0].message.startswith("by ada")


def test_approval_needs_something_to_approve(store: PostgresJobStore) -> None:
    with pytest.raises(NotFoundError):
        store.approve_storyboard(uuid4())
    lease = store.claim(order_short(store, 2).id, "run")
    with pytest.raises(ConflictError, match="is planned"):
        store.approve_storyboard(lease.job_id)
    await_approval(store, lease)
    with pytest.raises(ConflictError, match="no storyboard"):
        store.approve_storyboard(lease.job_id)
    store.save_storyboard(lease, storyboard(2))
    save_track(store, lease, 1)
    with pytest.raises(ConflictError, match="1 of 2 pieces of music"):
        store.approve_storyboard(lease.job_id)
    save_track(store, lease, 2)
    with pytest.raises(ConflictError, match="0 of 2 pictures"):
        store.approve_storyboard(lease.job_id)
    assert not store.get_job(lease.job_id).approved


@pytest.mark.parametrize("how_far", range(4))
def test_going_back_to_the_storyboard_takes_the_approval_back(store: PostgresJobStore, how_far: int) -> None:
    lease = waiting_job(store)
    store.approve_storyboard(lease.job_id)
    flow = (S.AWAITING_APPROVAL, S.RENDERING, S.READY_FOR_EXPORT, S.COMPLETED)
    for index in range(how_far):
        store.move(lease.job_id, flow[index], flow[index + 1], lease=lease)
    if how_far == 0:
        store.save_storyboard(lease, storyboard(1, "Another plan"))
    else:
        store.move(lease.job_id, flow[how_far], S.AWAITING_APPROVAL, lease=lease)
    job = store.get_job(lease.job_id)
    assert (job.status, job.approved, job.approved_at, job.approved_fingerprint) == (
        S.AWAITING_APPROVAL,
        False,
        None,
        None,
    )
    assert job.completed_at is None
    assert store.events(lease.job_id)[-1].kind == "approval_reset"


def test_a_failed_render_keeps_its_approval(store: PostgresJobStore) -> None:
    lease = waiting_job(store)
    store.approve_storyboard(lease.job_id)
    store.move(lease.job_id, S.AWAITING_APPROVAL, S.RENDERING, lease=lease)
    store.save_master(lease, report())
    store.mark_job_failed(lease.job_id, "disk full")
    assert store.retry(lease.job_id) is S.RENDERING
    assert store.get_job(lease.job_id).approved
