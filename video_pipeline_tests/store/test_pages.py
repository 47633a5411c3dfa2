"""Lists of jobs: each job once, by every filter, while others are ordered."""

from __future__ import annotations

import base64
import random
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.job import JobKind, JobStatus, statuses_for
from video_pipeline.domain.summaries import JobSummary
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.store.crowd import newest_first, random_job, random_jobs
from video_pipeline_tests.store.material import album, order_album, order_short, report, short, storyboard
from video_pipeline_tests.store.plain_sql import Sql

SHARED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def walk(store: PostgresJobStore, **wanted: object) -> list[JobSummary]:
    """All pages."""
    jobs, after = [], None
    while True:
        page = store.page_of_jobs(after=after, **wanted)  # type: ignore[arg-type] # the test says what it wants
        jobs += page.items
        after = page.next_cursor
        if after is None:
            return jobs


def test_a_job_in_short_says_what_the_whole_one_says(store: PostgresJobStore) -> None:
    channel = store.create_channel("Court", "n")
    job = store.create_job(album(channel.id, user_id="ann", project_name="Autumn \U0001f342"))
    (before,) = store.page_of_jobs().items
    assert (before.title, before.scene_count, before.duration_s) == (job.niche_label, None, None)
    lease = store.claim(job.id, "run")
    store.save_storyboard(lease, storyboard(3))
    store.update_job_progress(job.id, {"stage": "music", "percent": 1.5})
    whole = store.get_job(job.id)
    (brief,) = store.page_of_jobs().items
    for name in JobSummary.__dataclass_fields__.keys() & whole.__dataclass_fields__.keys():
        assert getattr(brief, name) == getattr(whole, name), name
    assert (brief.channel_name, brief.title, brief.scene_count) == ("Court", "A calm hour", 3)
    assert (brief.user_id, brief.project_name, brief.duration_s) == ("ann", "Autumn \U0001f342", 90.0)
    store.save_master(lease, report())
    assert store.page_of_jobs().items[0].duration_s == 30.0


def test_a_plan_that_is_none_has_no_count_of_scenes(store: PostgresJobStore, sql: Sql) -> None:
    plans = ("{}", "[]", "3", "null", '"x"', '{"scenes": 3}', '{"scenes": null}', '{"scenes": {}}', '{"scenes": []}')
    jobs = {sql.job(storyboard_data=plan): plan for plan in plans}
    counts = {jobs[job.id]: job.scene_count for job in store.page_of_jobs().items}
    assert counts == dict.fromkeys(plans) | {'{"scenes": []}': 0}


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_have_each_job_once_and_in_order(store: PostgresJobStore, sql: Sql, limit: int) -> None:
    rows = newest_first(random_jobs(sql, random.Random(limit), 60))
    assert [job.id for job in walk(store, limit=limit)] == [row.id for row in rows]
    page = store.page_of_jobs(limit=60)
    assert (len(page.items), page.next_cursor) == (60, None)


def test_what_is_ordered_meanwhile_moves_nothing(store: PostgresJobStore, sql: Sql) -> None:
    """With offsets, one order between two pages showed the last job of the first page again."""
    dice = random.Random(5)
    rows = newest_first(random_jobs(sql, dice, 40))
    channels = list({row.channel_id for row in rows})
    seen, after = [], None
    for _ in range(10):
        page = store.page_of_jobs(limit=4, after=after)
        seen += [job.id for job in page.items]
        after = page.next_cursor
        order_short(store)  # now, long after all others
        random_job(sql, dice, channels)  # somewhere among them
    known = {row.id for row in rows}
    assert len(seen) == len(set(seen))
    assert set(seen[:4]) <= known
    # Those that came between are there as well, in their place.
    rest = [job.id for job in walk(store, limit=50)]
    assert [each for each in rest if each in known] == [row.id for row in rows]
    assert [each for each in seen if each in known] == [row.id for row in rows][: len(set(seen) & known)]


def test_a_job_that_goes_takes_no_other_with_it(store: PostgresJobStore, sql: Sql) -> None:
    rows = newest_first(random_jobs(sql, random.Random(6), 10))
    page = store.page_of_jobs(limit=5)
    sql.run("DELETE FROM video_jobs WHERE id = :id", id=page.items[-1].id)
    rest = walk(store, limit=5)
    assert [job.id for job in store.page_of_jobs(limit=5, after=page.next_cursor).items] == [r.id for r in rows[5:]]
    assert len(rest) == 9


def test_filters_are_those_of_plain_python(store: PostgresJobStore, sql: Sql) -> None:
    dice = random.Random(7)
    rows = newest_first(random_jobs(sql, dice, 120))
    order_album(store)
    for _ in range(40):
        statuses = dice.choice([(), (JobStatus.FAILED,), statuses_for("processing"), tuple(JobStatus)])
        equal = {
            "user_id": dice.choice([None, "ann", "%", "nobody", "an\x00n"]),
            "channel_id": dice.choice([None, rows[0].channel_id, uuid4()]),
            "approved": dice.choice([None, True, False]),
        }
        wanted = equal | {"user_id": equal["user_id"] and str(equal["user_id"]).replace("\x00", "")}
        expected = [
            row.id
            for row in rows
            if (not statuses or row.status in statuses)
            and all(value is None or getattr(row, name) == value for name, value in wanted.items())
        ]
        found = walk(store, limit=dice.choice([3, 200]), statuses=statuses, kind=JobKind.STORYBOARD, **equal)
        assert [job.id for job in found] == expected


@pytest.mark.parametrize("limit", [0, -1, 201, 10**30])
def test_a_page_has_a_size(store: PostgresJobStore, limit: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 200"):
        store.page_of_jobs(limit=limit)
    with pytest.raises(InvalidInputError, match="1 to 200"):
        store.get_video_tasks(limit=limit)


def forged(text: str) -> str:
    """A cursor with a content of somebody's own."""
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "....", "é", "\x00", "A" * 10_000, "WyI", "' OR 1=1", "==="),
        *map(
            forged, ("", "null", "[]", "{}", "3", '["a","b"]', "[1,2]", '["2026-01-01T00:00:00+00:00"]', "[" * 10_000)
        ),
        forged('["2026-01-01T00:00:00","00000000-0000-0000-0000-000000000000"]'),
        forged('["2026-01-01T00:00:00+00:00","no id"]'),
        forged('["2026-01-01T00:00:00+00:00","00000000-0000-0000-0000-000000000000",1]'),
        forged('["-4713-01-01T00:00:00+00:00","00000000-0000-0000-0000-000000000000"]'),
    ],
)
def test_what_no_page_gave_is_no_cursor(store: PostgresJobStore, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="no cursor"):
        store.page_of_jobs(after=cursor)


@SHARED
@given(
    st.text(max_size=60)
    | st.datetimes(timezones=st.timezones()).map(lambda at: forged(f'["{at.isoformat()}","{uuid4()}"]'))
)
def test_a_forged_cursor_is_an_error_of_ours_or_a_place(store: PostgresJobStore, cursor: str) -> None:
    try:
        page = store.page_of_jobs(after=cursor)
    except InvalidInputError:
        return
    assert page.items == ()


def test_the_words_of_the_older_list_work(store: PostgresJobStore, sql: Sql) -> None:
    rows = newest_first(random_jobs(sql, random.Random(8), 50))
    ids = [row.id for row in rows]
    assert [job.id for job in store.get_video_tasks()] == ids
    pages = [store.get_video_tasks(limit=20, offset=offset) for offset in (0, 20, 40, 60)]
    assert [job.id for page in pages for job in page] == ids
    for word in ("pending", "processing", "completed", "queued"):
        expected = [row.id for row in rows if row.user_id == "ann" and row.status in statuses_for(word)]
        assert [job.id for job in store.get_video_tasks("ann", word)] == expected
    with pytest.raises(InvalidInputError, match="unknown status"):
        store.get_video_tasks(status="paused")
    for offset in (-1, 2**63):
        with pytest.raises(InvalidInputError, match="offset"):
            store.get_video_tasks(offset=offset)


def test_summaries_are_had_by_id(store: PostgresJobStore) -> None:
    first, second = order_short(store), order_album(store)
    found = store.summaries([first.id, uuid4(), first.id])
    assert set(found) == {first.id}
    assert found[first.id] in store.page_of_jobs().items
    assert store.summaries([]) == {}
    assert set(store.summaries({first.id, second.id})) == {first.id, second.id}


def test_channels_know_how_much_was_made_for_them(store: PostgresJobStore, sql: Sql) -> None:
    rows = random_jobs(sql, random.Random(9), 40)
    empty = store.create_channel("Empty", "n", "UC1")
    listed = store.list_channels_with_counts()
    assert [channel.id for channel in listed] == [channel.id for channel in store.list_channels()]
    assert (listed[0].id, listed[0].total_jobs, listed[0].completed_jobs) == (empty.id, 0, 0)
    for channel in listed[1:]:
        theirs = [row.status for row in rows if row.channel_id == channel.id]
        assert (channel.total_jobs, channel.completed_jobs) == (len(theirs), theirs.count("completed"))
        assert store.get_channel(channel.id) == channel


def test_a_channel_is_put_to_sleep_and_woken(store: PostgresJobStore) -> None:
    channel = store.create_channel("Court", "n")
    store.create_job(short(channel.id))
    asleep = store.set_channel_active(channel.id, False)
    assert (asleep.is_active, asleep.total_jobs) == (False, 1)
    assert store.list_channels_with_counts(active_only=True) == []
    assert store.list_channels(active_only=True) == []
    assert store.set_channel_active(channel.id, True).is_active
    assert [each.id for each in store.list_channels_with_counts(active_only=True)] == [channel.id]


def test_channels_that_are_not_there_are_told(store: PostgresJobStore) -> None:
    nowhere = uuid4()
    for verb in (store.get_channel, lambda channel: store.set_channel_active(channel, True)):
        with pytest.raises(NotFoundError, match=f"no channel {nowhere}"):
            verb(nowhere)
