"""Counts and sums are those of plain Python over the same rows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import Generation, Licence
from video_pipeline.domain.money import LedgerEntry
from video_pipeline.domain.statistics import PERIODS_MAX, Period, PeriodCost, ProviderSum
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.store.crowd import START, Row, random_jobs
from video_pipeline_tests.store.material import fill, order_album, order_short, report, save_image
from video_pipeline_tests.store.plain_sql import SHA, Sql

PRICED = Generation("replicate", "r-1", Licence("Terms", "https://example.org/terms"), Decimal("0.0215"))


@dataclass(frozen=True)
class Payment:
    """One entry of the ledger as it was put into the books."""

    job: Row
    entry: str
    amount: Decimal
    created_at: datetime


def pay(sql: Sql, dice: random.Random, rows: list[Row], count: int) -> list[Payment]:
    """Entries of all kinds at all times."""
    payments = []
    for number in range(count):
        entry = dice.choice(["reserve", "settle", "settle", "release"])
        amount = Decimal(dice.randrange(1, 100_000)) / 10_000
        payment = Payment(dice.choice(rows), entry, amount, START + timedelta(hours=dice.randrange(24 * 45)))
        payments.append(payment)
        values = {"request_key": f"k{number}", "provider": "replicate", "entry": entry, "amount": amount}
        job = {"video_job_id": payment.job.id, "channel_id": payment.job.channel_id, "created_at": payment.created_at}
        sql.insert("cost_ledger", **values, **job)
    return payments


@pytest.mark.parametrize("user", [None, "ann", "%", "nobody"])
def test_statistics_are_those_of_plain_python(store: PostgresJobStore, sql: Sql, user: str | None) -> None:
    dice = random.Random(1)
    rows = random_jobs(sql, dice, 60)
    payments = pay(sql, dice, rows, 60)
    for row in dice.choices(rows, k=40):
        sql.insert("thumbnails", video_job_id=row.id, variant="text", image_url="a.jpg")
    file = {"local_file_path": "a", "sha256": SHA, "bytes": 1, "width": 1, "height": 1, "duration_seconds": 1}
    for row in rows[:25]:
        sql.insert("exports", video_job_id=row.id, format="mp4", quality="low", report="{}", **file)
    theirs = [row for row in rows if user is None or row.user_id == user]
    stats = store.get_storyboard_stats(user)
    statuses = [row.status for row in theirs]
    assert stats.total_tasks == len(theirs)
    assert stats.by_status == {status: statuses.count(status) for status in JobStatus}
    assert sum(stats.by_word.values()) == stats.total_tasks
    for word, count in stats.by_word.items():
        assert len(store.get_video_tasks(user, word, limit=200)) == count
    assert stats.total_cost == sum(p.amount for p in payments if p.entry == "settle" and p.job in theirs)
    assert stats.total_credits_used == sum(row.credits_used or 0 for row in theirs)
    seconds = sum(row.duration or 0 for row in theirs if row.status == "completed")
    assert stats.total_minutes == pytest.approx(seconds / 60)
    assert stats.refinements == sum(row.refinement_count for row in theirs)
    assert stats.downloads == sum(row.download_count for row in theirs)
    ids = {row.id for row in theirs}
    for name, table in (("total_thumbnails", "thumbnails"), ("exports", "exports")):
        query = f"SELECT count(*) FROM {table} WHERE video_job_id = ANY(CAST(:ids AS uuid[]))"
        assert getattr(stats, name) == sql.one(query, ids=list(map(str, ids)))


def test_what_was_paid_for_a_deleted_job_stays_in_the_sum(store: PostgresJobStore, sql: Sql) -> None:
    job = order_album(store, user_id="ann")
    save_image(store, store.claim(job.id, "run"), 1, by=PRICED)
    assert store.get_storyboard_stats("ann").total_cost == PRICED.cost_usd
    sql.run("DELETE FROM video_jobs")
    assert store.get_storyboard_stats().total_cost == PRICED.cost_usd
    assert store.get_storyboard_stats("ann").total_cost == 0
    now = datetime.now(UTC)
    span = (Period.DAY, now - timedelta(days=1), now + timedelta(days=1))
    assert sum(row.cost_usd for row in store.cost_over_time(*span, channel_id=job.channel_id)) == PRICED.cost_usd
    assert sum(row.cost_usd for row in store.cost_over_time(*span, user_id="ann")) == 0


def first_moment(period: Period, when: datetime) -> datetime:
    """Of the period of UTC in which `when` lies."""
    day = when.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)


def in_python(
    period: Period, rows: list[Row], payments: list[Payment], since: datetime, until: datetime
) -> list[PeriodCost]:
    """The same sums, slowly."""
    hours = int((until - since) / timedelta(hours=1))
    moments = [*(since + timedelta(hours=hour) for hour in range(hours + 1)), until - timedelta(microseconds=1)]
    starts = sorted({first_moment(period, moment) for moment in moments if moment < until})

    def at(when: datetime | None, start: datetime) -> bool:
        return when is not None and since <= when < until and first_moment(period, when) == start

    series = []
    for start in starts:
        done = [row for row in rows if row.status == "completed" and at(row.completed_at, start)]
        paid = (each.amount for each in payments if each.entry == "settle" and at(each.created_at, start))
        minutes = sum(row.duration or 0 for row in done) / 60
        ordered = sum(at(row.created_at, start) for row in rows)
        series.append(PeriodCost(start, ordered, len(done), sum(paid, Decimal(0)), pytest.approx(minutes)))
    return series


@pytest.mark.parametrize("period", Period)
def test_costs_over_time_are_those_of_plain_python(store: PostgresJobStore, sql: Sql, period: Period) -> None:
    dice = random.Random(2)
    rows = random_jobs(sql, dice, 80)
    payments = pay(sql, dice, rows, 80)
    far = timezone(timedelta(hours=-7, minutes=-30))
    for _ in range(12):
        since = START + timedelta(hours=dice.randrange(-200, 900), seconds=dice.choice([0, 1]))
        until = since + timedelta(hours=dice.choice([1, 24, 500, 2000]))
        user, channel = dice.choice([None, "ann"]), dice.choice([None, rows[0].channel_id])
        theirs = [row for row in rows if user in (None, row.user_id) and channel in (None, row.channel_id)]
        paid = [payment for payment in payments if payment.job in theirs]
        found = store.cost_over_time(period, since.astimezone(far), until, user_id=user, channel_id=channel)
        assert found == in_python(period, theirs, paid, since, until)


def test_quiet_periods_have_their_rows_also_where_clocks_change(store: PostgresJobStore) -> None:
    rows = store.cost_over_time(Period.DAY, START, START + timedelta(days=400))
    assert [row.period for row in rows] == [first_moment(Period.DAY, START) + timedelta(days=n) for n in range(401)]
    assert {(row.jobs, row.completed, row.cost_usd, row.minutes) for row in rows} == {(0, 0, Decimal(0), 0.0)}
    midnight = START + timedelta(hours=2)
    assert [row.period for row in store.cost_over_time(Period.DAY, midnight, midnight + timedelta(days=1))] == [
        midnight
    ]
    months = store.cost_over_time(Period.MONTH, datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
    assert [row.period.month for row in months] == [1, 2, 3]


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (START, START, "begin before it ends"),
        (START, START - timedelta(days=1), "begin before it ends"),
        (START.replace(tzinfo=None), START, "with their zone"),
        (START, START + timedelta(days=PERIODS_MAX), "periods"),
        (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "periods"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), START, "calendar"),
        (START, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "calendar"),
    ],
)
def test_unusable_times_are_refused(store: PostgresJobStore, since: datetime, until: datetime, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        store.cost_over_time(Period.DAY, since, until)


def test_the_edges_of_the_calendar_are_usable(store: PostgresJobStore) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for period in Period:
        assert store.cost_over_time(period, first, first + timedelta(hours=1))[0].period == first
        assert len(store.cost_over_time(period, last - timedelta(hours=1), last)) == 1


def test_gauges_show_the_state_of_the_studio(store: PostgresJobStore, sql: Sql) -> None:
    assert store.gauges().oldest_waiting_s == {}
    held, idle, older, done = order_album(store), order_short(store), order_short(store), order_short(store)
    lease = store.claim(held.id, "run")
    fill(store, lease, 1)
    save_image(store, lease, 1, by=PRICED)
    save_image(store, lease, 1, by=PRICED)
    store.save_export(done.id, report("a.mp4"))
    store.cancel(done.id)
    sql.insert("cost_ledger", video_job_id=uuid4(), request_key="r", entry="reserve", amount=1, provider="leonardo")
    since = "UPDATE video_jobs SET updated_at = clock_timestamp() - CAST(:ago AS interval) WHERE id = :id"
    back_date(sql, since, held.id, "3 hours")
    back_date(sql, since, idle.id, "1 hour")
    back_date(sql, since, older.id, "2 hours")
    gauges = store.gauges()
    expected = dict.fromkeys(JobStatus, 0) | {JobStatus.PLANNED: 3, JobStatus.CANCELLED: 1}
    assert gauges.jobs == expected
    assert gauges.oldest_waiting_s == {JobStatus.PLANNED: pytest.approx(7200, abs=60)}  # the held one waits for nobody
    assert gauges.live_leases == 1
    assert gauges.ledger == (
        ProviderSum("leonardo", LedgerEntry.RESERVE, 1, Decimal(1)),
        ProviderSum("replicate", LedgerEntry.SETTLE, 2, 2 * PRICED.cost_usd),
    )
    assert (gauges.exports, gauges.export_bytes) == (1, 1000)
    sql.run("UPDATE job_leases SET expires_at = clock_timestamp() - INTERVAL '1 second'")
    gauges = store.gauges()
    assert gauges.live_leases == 0
    assert gauges.oldest_waiting_s == {JobStatus.PLANNED: pytest.approx(10800, abs=60)}


def back_date(sql: Sql, statement: str, job: UUID, ago: str) -> None:
    """Write a time that the trigger would replace."""
    with sql.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(
            statement.replace(":ago", "%(ago)s").replace(":id", "%(id)s"), {"ago": ago, "id": job}
        )
