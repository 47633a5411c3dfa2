"""What happened since: in order, joined with its job, and nothing missed that comes to be seen late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import text

from video_pipeline.domain.feed import change_key, overlapping_changes, overlapping_events
from video_pipeline.domain.job import JobStatus
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import album, order_short, storyboard

EVENT = "INSERT INTO job_events (video_job_id, kind) VALUES (:job, :kind)"


def test_events_come_with_their_job(store: PostgresJobStore) -> None:
    assert store.latest_event_id() == 0
    channel = store.create_channel("Court", "n")
    job = store.create_job(album(channel.id, user_id="ann"))
    lease = store.claim(job.id, "run")
    store.save_storyboard(lease, storyboard(2))
    store.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=lease)
    items = store.events_after(0)
    assert [item.event for item in items] == store.events(job.id)
    assert {(item.user_id, item.channel_id) for item in items} == {("ann", channel.id)}
    assert {(item.title, item.status) for item in items} == {("A calm hour", JobStatus.GENERATING_MUSIC)}
    assert store.latest_event_id() == items[-1].event.id


def test_events_are_asked_for_by_number_job_and_what_is_known(store: PostgresJobStore) -> None:
    jobs = [order_short(store) for _ in range(4)]
    numbers = [item.event.id for item in store.events_after(0)]
    assert [item.event.job_id for item in store.events_after(0)] == [job.id for job in jobs]
    assert [item.event.id for item in store.events_after(numbers[1])] == numbers[2:]
    assert [item.event.id for item in store.events_after(0, limit=2)] == numbers[:2]
    assert [item.event.id for item in store.events_after(0, limit=2, given=numbers[:3])] == numbers[3:]
    assert [item.event.job_id for item in store.events_after(0, job_id=jobs[2].id)] == [jobs[2].id]
    assert store.events_after(0, job_id=uuid4()) == store.events_after(numbers[-1]) == []


def test_an_event_of_a_slower_transaction_is_not_missed(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    reader = overlapping_events(store.latest_event_id())

    def fresh(began_s: float) -> list[str]:
        rows = store.events_after(reader.floor, given=reader.given)
        return [item.event.kind for item in reader.fresh(rows, began_s)]

    with database.engine.connect() as slow, database.engine.connect() as quick:
        slow.execute(text(EVENT), {"job": job.id, "kind": "first"})
        quick.execute(text(EVENT), {"job": job.id, "kind": "second"})
        quick.commit()
        assert fresh(0.0) == ["second"]
        assert fresh(1.0) == []
        after_the_last = store.latest_event_id()
        slow.commit()
    assert store.events_after(after_the_last) == []  # what a reader without overlap would have been told
    assert fresh(2.0) == ["first"]
    assert fresh(60.0) == fresh(61.0) == []
    assert list(reader.given) == [reader.floor]


def test_changes_of_jobs_come_in_the_order_of_their_times(store: PostgresJobStore) -> None:
    start = store.latest_change()
    first, second, third = (order_short(store) for _ in range(3))
    assert start <= first.updated_at
    store.update_job_progress(first.id, {"stage": "music", "percent": 3})
    changes = store.changed_jobs(start)
    assert [each.job_id for each in changes] == [second.id, third.id, first.id]
    last = changes[-1]
    assert (last.progress, last.status, last.user_id) == ({"stage": "music", "percent": 3}, JobStatus.PLANNED, None)
    assert last.channel_id == first.channel_id
    assert last.updated_at == store.get_job(first.id).updated_at == store.latest_change()
    assert store.changed_jobs(start, limit=1) == changes[:1]
    assert store.changed_jobs(last.updated_at) == [last]
    assert store.changed_jobs(start, given=[change_key(each) for each in changes[:2]]) == [last]
    assert store.changed_jobs(datetime(9999, 1, 1, tzinfo=UTC)) == []


def test_a_change_of_a_slower_transaction_is_not_missed(store: PostgresJobStore, database: Database) -> None:
    slow_job, quick_job = order_short(store), order_short(store)
    # The last one known is given again at first: another job may have changed in the same moment.
    reader = overlapping_changes(store.latest_change())
    progress = text("UPDATE video_jobs SET progress = '{}' WHERE id = :job")

    def fresh(began_s: float) -> list[object]:
        rows = store.changed_jobs(reader.floor, given=reader.given)
        return [change.job_id for change in reader.fresh(rows, began_s)]

    assert fresh(0.0) == [quick_job.id]
    with database.engine.connect() as slow, database.engine.connect() as quick:
        slow.execute(progress, {"job": slow_job.id})
        quick.execute(progress, {"job": quick_job.id})
        quick.commit()
        assert fresh(1.0) == [quick_job.id]
        slow.commit()
    assert fresh(2.0) == [slow_job.id]
    assert fresh(3.0) == []
    store.update_job_progress(quick_job.id, {"percent": 1})
    assert fresh(4.0) == [quick_job.id]
    assert fresh(60.0) == fresh(61.0) == []


def test_many_jobs_written_in_one_moment_all_come(store: PostgresJobStore, database: Database) -> None:
    job = order_short(store)
    with database.engine.begin() as connection:
        copies = """INSERT INTO video_jobs (channel_id, kind, niche_label, mood_keywords, target_duration_minutes,
            output_directory) SELECT channel_id, kind, 'n', 'm', 3, 'o' FROM video_jobs, generate_series(1, 30)"""
        connection.execute(text(copies))
    reader, found = overlapping_changes(job.updated_at - timedelta(seconds=1)), set()
    for began_s in range(0, 80, 10):
        rows = store.changed_jobs(reader.floor, limit=7, given=reader.given)
        new = reader.fresh(rows, float(began_s))
        assert found.isdisjoint(each.job_id for each in new)
        found |= {each.job_id for each in new}
    assert len(found) == 31
