"""Webhooks in the books: what an event leaves for them, who may take it, and what an attempt makes of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from video_pipeline.domain.access import Scope
from video_pipeline.domain.errors import ConflictError, IllegalMoveError, InvalidInputError, NotFoundError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.webhooks import FAILURES_TO_DISABLE, TOLD, DeliveryStatus, Result
from video_pipeline.store import PostgresAccess, PostgresJobStore, PostgresOutbox
from video_pipeline.store.books.base import write_event
from video_pipeline.store.server.engine import transaction
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import album, await_approval, fill, order_album, order_short, report
from video_pipeline_tests.store.plain_sql import Sql

URL = "https://example.com/hook"
DONE = Result(DeliveryStatus.DELIVERED, 200)


@pytest.fixture
def outbox(database: Database) -> PostgresOutbox:
    """The outbox on the database of the job store."""
    return PostgresOutbox(database.engine)


def add(outbox: PostgresOutbox, **changes: object) -> UUID:
    """A webhook's id."""
    return outbox.create_webhook(URL, **changes)[0].id  # type: ignore[arg-type] # the test says what it changes


def told(outbox: PostgresOutbox, webhook_id: UUID) -> list[str]:
    """The types of what a webhook is told, oldest first."""
    return [delivery.payload["type"] for delivery in reversed(outbox.deliveries(webhook_id))]


def test_a_webhook_is_made_found_changed_and_removed(outbox: PostgresOutbox) -> None:
    made, secret = outbox.create_webhook(URL, user_name="ada", kinds=["moved", "created"], description=" mine ")
    assert (made.url, made.user_name, made.kinds, made.description) == (URL, "ada", ("created", "moved"), "mine")
    assert made.is_active
    assert (made.channel_id, made.disabled_reason, made.failures_in_a_row) == (None, None, 0)
    assert secret.startswith("whsec_")
    assert secret not in repr(made)
    everybodys = add(outbox)
    assert [each.id for each in outbox.list_webhooks()] == [everybodys, made.id]
    assert outbox.list_webhooks("ada") == [made] == [outbox.get_webhook(made.id)]
    assert outbox.list_webhooks("bob") == []
    changed = outbox.update_webhook(made.id, is_active=False, url="http://example.org/", kinds=[], description="")
    assert (changed.is_active, changed.url, changed.kinds, changed.description) == (
        False,
        "http://example.org/",
        (),
        "",
    )
    assert outbox.update_webhook(made.id) == changed == outbox.get_webhook(made.id)
    outbox.delete_webhook(made.id)
    for use in (outbox.get_webhook, outbox.delete_webhook, outbox.update_webhook, outbox.ping, outbox.deliveries):
        with pytest.raises(NotFoundError, match="no webhook"):
            use(made.id)


def test_every_secret_is_another_one(outbox: PostgresOutbox) -> None:
    assert len({outbox.create_webhook(URL)[1] for _ in range(5)}) == 5


def test_what_is_not_usable_is_refused_and_leaves_nothing(outbox: PostgresOutbox) -> None:
    for wrong in (
        {"url": "ftp://example.com/"},
        {"url": URL, "kinds": ["exploded"]},
        {"url": URL, "description": "x" * 501},
    ):
        with pytest.raises(InvalidInputError):
            outbox.create_webhook(**wrong)  # type: ignore[arg-type] # as the case says
    with pytest.raises(NotFoundError, match="no channel"):
        outbox.create_webhook(URL, channel_id=uuid4())
    assert outbox.list_webhooks() == []
    hook = add(outbox)
    for wrong in ({"url": "nonsense"}, {"kinds": ["exploded"]}, {"description": "x" * 501}):
        with pytest.raises(InvalidInputError):
            outbox.update_webhook(hook, **wrong)  # type: ignore[arg-type] # as the case says


@pytest.mark.parametrize("naughty", ["a\x00b", "\ud800", "'; DROP TABLE webhooks; --", "%s {0} \\", "日本語 🌧"])
def test_naughty_texts_are_kept_as_far_as_postgres_can(outbox: PostgresOutbox, naughty: str) -> None:
    made, _ = outbox.create_webhook(URL, user_name=naughty, description=naughty)
    assert outbox.list_webhooks(naughty) == [made]


def test_an_event_leaves_its_facts(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    before = datetime.now(UTC)
    job = order_album(store, user_id="ada")
    store.mark_job_failed(job.id, "no music\x00")
    failed, created = outbox.deliveries(hook)
    assert created.payload["type"] == "job.created"
    assert created.payload["data"]["status"] == "planned"
    events = store.events(job.id)
    assert failed.payload == {
        "id": str(failed.id),
        "type": "job.moved",
        "created_at": failed.payload["created_at"],
        "data": {
            "event_id": events[-1].id,
            "job_id": str(job.id),
            "channel_id": str(job.channel_id),
            "kind": "album",
            "status_from": "planned",
            "status": "failed",
            "message": "no music",
            "title": None,
            "user_id": "ada",
        },
    }
    assert before <= datetime.fromisoformat(failed.payload["created_at"]) <= datetime.now(UTC)
    assert failed.event_id == events[-1].id
    assert (failed.status, failed.attempts, failed.last_error) == (DeliveryStatus.PENDING, 0, None)


def test_the_whole_flow_is_told_in_its_order(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    job = order_short(store)
    lease = store.claim(job.id, "run")
    fill(store, lease, 1)
    await_approval(store, lease)
    store.approve_storyboard(job.id)
    store.move(job.id, JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, lease=lease)
    store.save_master(lease, report())
    store.move(job.id, JobStatus.RENDERING, JobStatus.AWAITING_APPROVAL, lease=lease)
    store.cancel(job.id)
    kinds = ["created", "moved", "moved", "moved", "approved", "moved", "moved", "approval_reset", "cancelled"]
    assert told(outbox, hook) == [f"job.{kind}" for kind in kinds]
    # What an attempt does for itself is nobody else's business.
    assert {event.kind for event in store.events(job.id)} - set(TOLD) == {"claimed", "planned", "rendered"}
    title = outbox.deliveries(hook)[0].payload["data"]["title"]
    assert title == "A calm hour"


def test_a_webhook_is_told_what_it_asked_for(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    channel = store.create_channel("Here", "N").id
    of_channel, of_user = add(outbox, channel_id=channel), add(outbox, user_name="ada")
    of_kind, asleep = add(outbox, kinds=["cancelled", "approved"]), add(outbox)
    outbox.update_webhook(asleep, is_active=False)
    hers = order_album(store, user_id="ada")
    here = store.create_job(album(channel))
    store.cancel(here.id)
    assert told(outbox, of_channel) == ["job.created", "job.cancelled"]
    assert {each.payload["data"]["job_id"] for each in outbox.deliveries(of_channel)} == {str(here.id)}
    assert [each.payload["data"]["job_id"] for each in outbox.deliveries(of_user)] == [str(hers.id)]
    assert told(outbox, of_kind) == ["job.cancelled"]
    assert told(outbox, asleep) == []


def test_a_key_is_told_what_it_ordered_as_long_as_it_counts(
    store: PostgresJobStore, outbox: PostgresOutbox, access: PostgresAccess, database: Database
) -> None:
    access.create_user("ada", "correct horse battery", Scope.SPEND)
    shop, laptop = (access.create_key("ada", name, Scope.SPEND, timedelta(days=1))[0].id for name in ("shop", "laptop"))
    made, _ = outbox.create_webhook(URL, key_id=shop, user_name="somebody else")
    assert (made.user_name, made.key_id) == ("ada", shop)
    channel = store.create_channel("Here", "N").id
    job = store.create_job(album(channel, user_id="ada"), key_id=shop).id
    store.create_job(album(channel, user_id="ada"), key_id=laptop)
    store.create_job(album(channel, user_id="ada"))
    # Nobody else's, not even when it was ordered with the key: the key may not read it.
    store.create_job(album(channel, user_id="bob"), key_id=shop)
    assert {each.payload["data"]["job_id"] for each in outbox.deliveries(made.id)} == {str(job)}
    assert told(outbox, made.id) == ["job.created"]
    sql = Sql(database.engine)
    for silence, voice, why in (
        ("users SET disabled_at = now() WHERE :key = :key", "users SET disabled_at = NULL", "its user is disabled"),
        ("api_keys SET expires_at = now() WHERE id = :key", "api_keys SET expires_at = NULL", "its key expired"),
        ("api_keys SET revoked_at = now() WHERE id = :key", "api_keys SET revoked_at = NULL", "its key was revoked"),
    ):
        sql.run(f"UPDATE {silence}", key=shop)
        shown = [outbox.get_webhook(made.id), *outbox.list_webhooks(), outbox.update_webhook(made.id, is_active=True)]
        assert {(each.is_active, each.disabled_reason) for each in shown} == {(False, why)}
        store.cancel(store.create_job(album(channel, user_id="ada"), key_id=shop).id)
        (waiting,) = outbox.deliveries(made.id)
        assert outbox.claim_due(limit=9, per_webhook=9) == []
        assert outbox.claim_delivery(waiting.id) is None
        with pytest.raises(ConflictError, match="counts no more"):
            outbox.replay(waiting.id)
        with pytest.raises(ConflictError, match="counts no more"):
            outbox.create_webhook(URL, key_id=shop)
        # What can count again is waited for; what ended for good is given up.
        waiting = outbox.get_delivery(waiting.id)
        ended = (DeliveryStatus.DEAD, "its key expired") if "key" in why else (DeliveryStatus.PENDING, None)
        assert (waiting.status, waiting.last_error) == ended
        sql.run(f"UPDATE {voice}")
    assert outbox.get_webhook(made.id) == made
    assert outbox.claim_due(limit=9, per_webhook=9) == []
    outbox.replay(waiting.id)
    (due,) = outbox.claim_due(limit=9, per_webhook=9)
    assert due.payload["data"]["job_id"] == str(job)
    with pytest.raises(NotFoundError, match="no key"):
        outbox.create_webhook(URL, key_id=uuid4())


def test_a_user_without_a_name_hears_of_no_job_of_nobody(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox, user_name="")
    order_album(store)
    assert told(outbox, hook) == []


def test_what_is_rolled_back_is_not_told(database: Database, store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    job = order_short(store)
    hook = add(outbox)

    def fail_after_writing() -> None:
        with transaction(database.engine) as connection:
            write_event(connection, job.id, "refined", message="never happened")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        fail_after_writing()
    with pytest.raises(IllegalMoveError):
        store.move(job.id, JobStatus.PLANNED, JobStatus.COMPLETED)
    assert told(outbox, hook) == []


def test_what_is_told_outlives_its_job_and_goes_with_its_webhook(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    hook = add(outbox)
    job = order_short(store)
    sql.run("DELETE FROM video_jobs WHERE id = :id", id=job.id)
    (left,) = outbox.claim_due(limit=10, per_webhook=10)
    assert left.payload["data"]["job_id"] == str(job.id)
    assert outbox.record_result(left, DONE)
    outbox.delete_webhook(hook)
    assert sql.one("SELECT count(*) FROM webhook_deliveries") == 0


def test_a_channel_takes_its_webhooks_with_it(sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    channel = store.create_channel("C", "N").id
    add(outbox, channel_id=channel)
    sql.run("DELETE FROM channels WHERE id = :id", id=channel)
    assert outbox.list_webhooks() == []


def test_a_webhook_that_is_just_being_removed_does_not_fail_a_job(
    database: Database, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    """Its foreign key would: the row is still seen, and gone when the delivery refers to it."""
    job = order_short(store)
    gone, kept = add(outbox), add(outbox)
    with ThreadPoolExecutor(1) as pool:
        with database.engine.begin() as connection:
            connection.execute(text("DELETE FROM webhooks WHERE id = :id"), {"id": gone})
            cancelling = pool.submit(store.cancel, job.id)
            _until_somebody_waits(database)
        cancelling.result(10)
    assert told(outbox, kept) == ["job.cancelled"]


def _until_somebody_waits(database: Database) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + 10
    with database.engine.connect() as connection:
        while not connection.execute(waiting).scalar():
            assert time.monotonic() < deadline, "nobody waits for the row"
            connection.rollback()
            time.sleep(0.01)


def test_a_claim_is_exclusive_until_it_runs_out(sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    add(outbox)
    order_short(store)
    (due,) = outbox.claim_due(limit=10, per_webhook=10)
    assert outbox.claim_due(limit=10, per_webhook=10) == []
    assert outbox.claim_delivery(due.id) is None
    sql.run("UPDATE webhook_deliveries SET claimed_until = clock_timestamp() - interval '1 second'")
    (again,) = outbox.claim_due(limit=10, per_webhook=10)
    assert (again.id, again.payload, again.attempts) == (due.id, due.payload, 0)
    # The one that was so slow finds its claim lost, and what it says does not count.
    assert not outbox.record_result(due, DONE)
    assert outbox.get_delivery(due.id).status is DeliveryStatus.PENDING
    assert outbox.record_result(again, DONE)
    assert not outbox.record_result(again, DONE)
    assert outbox.claim_due(limit=10, per_webhook=10) == []


def test_what_is_given_back_is_due_at_once(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    add(outbox)
    order_short(store)
    claimed = outbox.claim_due(limit=10, per_webhook=10)
    outbox.release(claimed)
    (again,) = outbox.claim_due(limit=10, per_webhook=10)
    assert again.id == claimed[0].id
    outbox.release(claimed)  # lost by now: it takes nothing away from the one who has it
    assert outbox.claim_due(limit=10, per_webhook=10) == []
    outbox.release([])


def test_no_webhook_takes_more_than_its_share_and_those_that_work_come_first(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    dead, well, busy = add(outbox), add(outbox), add(outbox)
    for _ in range(6):
        order_short(store)
    sql.run("UPDATE webhooks SET failures_in_a_row = 7 WHERE id = :id", id=dead)
    claimed = outbox.claim_due(limit=5, per_webhook=3, busy=[busy])
    assert [due.webhook_id for due in claimed] == [well, well, well, dead, dead]
    assert [due.payload["data"]["event_id"] for due in claimed] == [
        *sorted(due.payload["data"]["event_id"] for due in claimed[:3]),
        *sorted(due.payload["data"]["event_id"] for due in claimed[3:]),
    ]


def test_of_many_who_claim_at_once_each_gets_other_deliveries(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    hooks = [add(outbox) for _ in range(4)]
    for _ in range(15):
        order_short(store)

    def claim_all(_: int) -> list[UUID]:
        taken: list[UUID] = []
        while claimed := outbox.claim_due(limit=7, per_webhook=3):
            taken += [due.id for due in claimed]
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [each for batch in pool.map(claim_all, range(6)) for each in batch]
    assert len(taken) == len(set(taken)) <= 15 * len(hooks)
    # Who came while others held a row passed it over, so a round may end early; nothing is lost by that.
    rest = [due.id for due in outbox.claim_due(limit=1000, per_webhook=1000)]
    assert len({*taken, *rest}) == 15 * len(hooks)
    assert not {*taken} & {*rest}


def test_what_is_not_due_is_not_claimed(sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    order_short(store)
    (due,) = outbox.claim_due(limit=1, per_webhook=1)
    assert outbox.record_result(due, Result(DeliveryStatus.PENDING, 500, "it answered 500", 3600.0))
    assert outbox.claim_due(limit=1, per_webhook=1) == []
    found = outbox.get_delivery(due.id)
    assert (found.attempts, found.last_status_code, found.last_error) == (1, 500, "it answered 500")
    assert found.next_attempt_at is not None
    assert found.last_attempt_at is not None
    assert 3590 < (found.next_attempt_at - found.last_attempt_at).total_seconds() < 3610
    sql.run("UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp()")
    outbox.update_webhook(hook, is_active=False)
    assert outbox.claim_due(limit=1, per_webhook=1) == []
    assert outbox.claim_delivery(due.id) is None
    outbox.update_webhook(hook, is_active=True)
    claimed = outbox.claim_delivery(due.id)
    assert claimed is not None
    assert claimed.attempts == 1


def test_the_secret_of_a_claimed_delivery_is_the_webhooks_and_is_not_shown(
    store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    _, secret = outbox.create_webhook(URL)
    order_short(store)
    (due,) = outbox.claim_due(limit=1, per_webhook=1)
    assert due.secret == secret
    assert secret not in repr(due)


@pytest.mark.parametrize("end", [DONE, Result(DeliveryStatus.DEAD, 500, "no")])
def test_what_is_over_can_be_replayed_under_the_same_id(
    store: PostgresJobStore, outbox: PostgresOutbox, end: Result
) -> None:
    hook = add(outbox)
    order_short(store)
    (due,) = outbox.claim_due(limit=1, per_webhook=1)
    outbox.record_result(due, end)
    over = outbox.get_delivery(due.id)
    assert (over.status, over.next_attempt_at) == (end.status, None)
    assert (over.delivered_at is None) is (end is not DONE)
    with pytest.raises(NotFoundError, match="has no delivery"):
        outbox.replay(due.id, webhook_id=uuid4())
    again = outbox.replay(due.id, webhook_id=hook)
    assert (again.id, again.status, again.attempts, again.delivered_at) == (due.id, DeliveryStatus.PENDING, 0, None)
    assert again.payload == due.payload
    assert [each.id for each in outbox.claim_due(limit=1, per_webhook=1)] == [due.id]
    outbox.replay(due.id)
    assert outbox.claim_delivery(due.id) is not None  # also while somebody else sends it


def test_for_a_webhook_that_is_off_nothing_is_replayed_or_tested(
    store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    hook = add(outbox)
    order_short(store)
    outbox.update_webhook(hook, is_active=False)
    with pytest.raises(ConflictError, match="activate it first"):
        outbox.replay(outbox.deliveries(hook)[0].id)
    with pytest.raises(ConflictError, match="activate it first"):
        outbox.ping(hook)
    for use in (outbox.replay, outbox.get_delivery):
        with pytest.raises(NotFoundError, match="no delivery"):
            use(uuid4())


def test_a_ping_is_a_delivery_of_no_event(outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    first, second = outbox.ping(hook), outbox.ping(hook)
    assert first.id != second.id
    assert (first.event_id, first.payload["type"], first.payload["id"]) == (None, "ping", str(first.id))
    assert first.payload["data"] == {"webhook_id": str(hook)}
    assert datetime.fromisoformat(first.payload["created_at"]).tzinfo is not None
    assert {due.id for due in outbox.claim_due(limit=9, per_webhook=9)} == {first.id, second.id}


def test_deliveries_are_listed_page_by_page(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    for _ in range(7):
        order_short(store)
    (due,) = outbox.claim_due(limit=1, per_webhook=1)
    outbox.record_result(due, DONE)
    everything = outbox.deliveries(hook)
    assert [each.event_id for each in everything] == sorted((each.event_id or 0 for each in everything), reverse=True)
    pages = [outbox.deliveries(hook, limit=3)]
    while pages[-1]:
        pages.append(outbox.deliveries(hook, limit=3, before=pages[-1][-1].id))
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [each for page in pages for each in page] == everything
    assert [each.id for each in outbox.deliveries(hook, status=DeliveryStatus.DELIVERED)] == [due.id]
    assert len(outbox.deliveries(hook, status=DeliveryStatus.PENDING)) == 6
    assert outbox.deliveries(hook, before=uuid4()) == []


def _fail(outbox: PostgresOutbox, count: int, result: Result | None = None) -> None:
    for _ in range(count):
        (due,) = outbox.claim_due(limit=1, per_webhook=1)
        assert outbox.record_result(due, result or Result(DeliveryStatus.PENDING, None, "nobody there", 0.0))


def test_a_webhook_that_failed_for_days_is_disabled_with_the_reason(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    hook = add(outbox)
    order_short(store)
    _fail(outbox, FAILURES_TO_DISABLE + 5)  # within seconds, such as while a receiver is being installed
    assert outbox.get_webhook(hook).is_active
    assert outbox.get_webhook(hook).failures_in_a_row == FAILURES_TO_DISABLE + 5
    sql.run("UPDATE webhooks SET failing_since = clock_timestamp() - interval '73 hours'")
    _fail(outbox, 1)
    off = outbox.get_webhook(hook)
    assert not off.is_active
    assert off.disabled_reason == "nothing was delivered for 3 days; the last error: nobody there"
    on = outbox.update_webhook(hook, is_active=True)
    assert (on.is_active, on.disabled_reason, on.failures_in_a_row) == (True, None, 0)
    _fail(outbox, 1)  # what was pending is still there
    assert outbox.get_webhook(hook).is_active


def test_few_failures_over_days_are_no_reason_to_disable(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    hook = add(outbox)
    order_short(store)
    _fail(outbox, 1)
    sql.run("UPDATE webhooks SET failing_since = clock_timestamp() - interval '30 days'")
    _fail(outbox, FAILURES_TO_DISABLE - 2)
    assert outbox.get_webhook(hook).is_active


def test_one_success_forgets_the_failures(sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    order_short(store)
    order_short(store)
    _fail(outbox, 9)
    sql.run("UPDATE webhooks SET failing_since = clock_timestamp() - interval '30 days'")
    _fail(outbox, 1, DONE)
    assert outbox.get_webhook(hook).failures_in_a_row == 0
    _fail(outbox, 9)
    assert outbox.get_webhook(hook).is_active


def test_a_receiver_that_is_gone_disables_its_webhook(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    order_short(store)
    _fail(outbox, 1, Result(DeliveryStatus.DEAD, 410, "it answered 410", is_gone=True))
    assert outbox.get_webhook(hook).disabled_reason == "its receiver answered 410 Gone"
    order_short(store)
    assert told(outbox, hook) == ["job.created"]


def test_a_result_for_a_webhook_that_is_gone_is_nothing(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    order_short(store)
    (due,) = outbox.claim_due(limit=1, per_webhook=1)
    outbox.delete_webhook(hook)
    assert not outbox.record_result(due, DONE)
    outbox.release([due])


def test_what_is_over_is_forgotten_after_a_while(sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    hook = add(outbox)
    for _ in range(3):
        order_short(store)
    first, second = outbox.claim_due(limit=2, per_webhook=2)
    outbox.record_result(first, DONE)
    outbox.record_result(second, Result(DeliveryStatus.DEAD, 500, "no"))
    assert outbox.forget_delivered(older_than_days=30) == 0
    sql.run(
        "UPDATE webhook_deliveries SET last_attempt_at = clock_timestamp() - interval '31 days',"
        " created_at = clock_timestamp() - interval '31 days'"
    )
    assert outbox.forget_delivered(older_than_days=30) == 2
    (pending,) = outbox.deliveries(hook)
    assert pending.status is DeliveryStatus.PENDING
