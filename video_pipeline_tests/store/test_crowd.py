"""With ten thousand jobs: how many statements each verb sends, and that the server finds its way by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from video_pipeline.domain.job import JobKind, JobStatus
from video_pipeline.domain.statistics import Period
from video_pipeline.domain.summaries import PAGE_MAX
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.crowd import crowd, listening

JOBS = 10_000
Verb = Callable[[PostgresJobStore], object]


@pytest.fixture(scope="module")
def full(new_database: Callable[..., object]) -> Iterator[Database]:
    """A database with many jobs, which no test changes."""
    with new_database() as fresh:  # type: ignore[attr-defined] # a context manager
        channel = PostgresJobStore(fresh.engine).create_channel("Harbor", "Ambience")
        crowd(fresh.engine, channel.id, JOBS)
        yield fresh


@pytest.fixture
def many(full: Database) -> PostgresJobStore:
    """The job store on that database."""
    return PostgresJobStore(full.engine)


def middle(store: PostgresJobStore) -> str:
    """A cursor with half of the jobs before it."""
    after = None
    for _ in range(JOBS // PAGE_MAX // 2):
        after = store.page_of_jobs(limit=PAGE_MAX, after=after).next_cursor
    assert after is not None
    return after


def test_pages_reach_every_job(many: PostgresJobStore) -> None:
    seen, after = set(), None
    for _ in range(JOBS // PAGE_MAX):
        page = many.page_of_jobs(limit=PAGE_MAX, after=after)
        seen |= {job.id for job in page.items}
        after = page.next_cursor
    assert (len(seen), after) == (JOBS, None)


NOW = datetime.now(UTC)
VERBS: dict[str, tuple[int, Verb]] = {
    "a page": (1, lambda store: store.page_of_jobs(limit=PAGE_MAX)),
    "a filtered page": (
        1,
        lambda store: store.page_of_jobs(
            statuses=[JobStatus.FAILED],
            kind=JobKind.STORYBOARD,
            user_id="user3",
            words="harbor -snow 雨",
            approved=False,
        ),
    ),
    "tasks": (1, lambda store: store.get_video_tasks("user3", "failed", 200, 100)),
    "a page, and its jobs by id": (
        2,
        lambda store: store.summaries([job.id for job in store.page_of_jobs(limit=PAGE_MAX).items]),
    ),
    "statistics": (2, lambda store: store.get_storyboard_stats()),
    "statistics of a user": (2, lambda store: store.get_storyboard_stats("user3")),
    "costs": (1, lambda store: store.cost_over_time(Period.DAY, NOW - timedelta(days=30), NOW, user_id="user3")),
    "events": (1, lambda store: store.events_after(0, limit=500)),
    "the last event": (1, lambda store: store.latest_event_id()),
    "changes": (1, lambda store: store.changed_jobs(NOW - timedelta(days=1))),
    "the last change": (1, lambda store: store.latest_change()),
    "channels": (1, lambda store: store.list_channels_with_counts()),
    "gauges": (5, lambda store: store.gauges()),
}


@pytest.mark.parametrize("name", VERBS)
def test_the_number_of_statements_does_not_grow(full: Database, many: PostgresJobStore, name: str) -> None:
    count, verb = VERBS[name]
    with listening(full.engine) as heard:
        answer = verb(many)
    assert answer
    assert len(heard.sent) == count


PLANS: dict[str, tuple[str, Verb]] = {
    "the first page": ("Index Only Scan using idx_video_jobs_page", lambda store: store.page_of_jobs()),
    "a page in the middle": (
        "Index Only Scan using idx_video_jobs_page",
        lambda store: store.page_of_jobs(after=middle(store)),
    ),
    "a page of a user": (
        "Index Only Scan using idx_video_jobs_user_page",
        lambda store: store.page_of_jobs(user_id="user3", after=middle(store)),
    ),
    "a page of a rare status": (
        "Index Scan using idx_video_jobs_status",
        lambda store: store.page_of_jobs(statuses=[JobStatus.RENDERING]),
    ),
    "a word": ("Bitmap Index Scan on idx_video_jobs_search", lambda store: store.page_of_jobs(words="number77")),
    "a word that nobody used": (
        "Bitmap Index Scan on idx_video_jobs_search",
        lambda store: store.page_of_jobs(words="zzz "),
    ),
    "words further on": (
        "Bitmap Index Scan on idx_video_jobs_search",
        lambda store: store.page_of_jobs(words="rain number77", after=middle(store)),
    ),
    "the beginning of an id": ("BitmapOr", lambda store: store.page_of_jobs(words="abcdef")),
    "summaries": ("Index", lambda store: store.summaries([job.id for job in store.page_of_jobs().items])),
    "events": ("Index Scan using job_events_pkey", lambda store: store.events_after(JOBS - 50)),
    "the last event": ("job_events_pkey", lambda store: store.latest_event_id()),
    "changes": ("idx_video_jobs_updated_at", lambda store: store.changed_jobs(datetime.now(UTC))),
    "the last change": ("idx_video_jobs_updated_at", lambda store: store.latest_change()),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_server_reads_no_whole_table(full: Database, many: PostgresJobStore, name: str) -> None:
    way, verb = PLANS[name]
    with listening(full.engine) as heard:
        verb(many)
    plan = heard.plan(full.engine)
    assert way in plan, plan
    assert "Seq Scan on video_jobs" not in plan, plan
    assert "Seq Scan on job_events" not in plan, plan


def test_a_word_of_every_job_and_one_of_few_find_theirs(many: PostgresJobStore) -> None:
    assert len(many.page_of_jobs(words="rain", limit=PAGE_MAX).items) == PAGE_MAX
    found = many.page_of_jobs(words="number77", limit=PAGE_MAX)
    wanted = {f"number{n}" for n in range(1, JOBS + 1) if str(n).startswith("77")}
    assert {job.title.split()[-1] for job in found.items} == wanted
    assert found.items[0].scene_count == 3
