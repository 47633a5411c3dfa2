"""Telling webhooks: real receivers on loopback, real books, and every way in which a receiver misbehaves."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from video_pipeline.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError
from video_pipeline.domain.webhooks import BACKOFF_S, CLAIM_S, DeliveryStatus, DueDelivery, Reply, Result, verify
from video_pipeline.outbound import HttpMessenger
from video_pipeline.steps import notify
from video_pipeline.steps.notify import Courier, deliver_due, deliver_now, revise, subscribe
from video_pipeline.store import PostgresJobStore, PostgresOutbox
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.receivers import OK, Receiver, drip, hang_up, receiver, status, until
from video_pipeline_tests.store.material import order_short
from video_pipeline_tests.store.plain_sql import Sql

MESSENGER = HttpMessenger(allow_private=True)


@pytest.fixture
def sql(database: Database) -> Sql:
    """Plain SQL on the database of the job store."""
    return Sql(database.engine)


@pytest.fixture
def outbox(database: Database) -> PostgresOutbox:
    """The outbox on the database of the job store."""
    return PostgresOutbox(database.engine)


@pytest.fixture
def told() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with receiver() as each:
        yield each


def deliver(outbox: PostgresOutbox, **changes: object) -> int:
    """One round without chance in it."""
    return deliver_due(outbox, MESSENGER, jitter=lambda: 0.5, **changes)  # type: ignore[arg-type] # the test says


def hook_to(outbox: PostgresOutbox, told: Receiver) -> UUID:
    """A webhook to this receiver."""
    return outbox.create_webhook(told.url)[0].id


def eventually(what: Callable[[], bool]) -> None:
    """Wait until it is so, 10 seconds at most."""
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_an_event_arrives_signed(store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver) -> None:
    webhook, secret = subscribe(outbox, MESSENGER, told.url)
    job = order_short(store)
    assert deliver(outbox) == 1
    (message,) = told.messages
    assert verify(secret, message.headers, message.body, now=time.time())
    assert message.headers["content-type"] == "application/json"
    (delivery,) = outbox.deliveries(webhook.id)
    assert message.headers["webhook-id"] == str(delivery.id)
    assert json.loads(message.body) == delivery.payload
    assert delivery.payload["data"]["job_id"] == str(job.id)
    assert (delivery.status, delivery.attempts, delivery.last_status_code) == (DeliveryStatus.DELIVERED, 1, 204)
    assert deliver(outbox) == 0
    assert len(told.messages) == 1


def test_any_text_of_a_job_arrives_signed(store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver) -> None:
    _, secret = subscribe(outbox, MESSENGER, told.url, kinds=["moved"])
    store.mark_job_failed(order_short(store).id, "日本語 🌧 </script> \u2028 \x00 \"'\\ \r\n")
    deliver(outbox)
    (message,) = told.messages
    assert verify(secret, message.headers, message.body, now=time.time())
    assert json.loads(message.body)["data"]["message"] == "日本語 🌧 </script> \u2028  \"'\\ \r\n"


def test_a_url_is_looked_at_when_it_is_given(outbox: PostgresOutbox, told: Receiver) -> None:
    public_only = HttpMessenger()
    with pytest.raises(InvalidInputError, match="is private"):
        subscribe(outbox, public_only, told.url)
    with pytest.raises(InvalidInputError, match="only https"):
        subscribe(outbox, public_only, "ftp://example.com/")
    assert outbox.list_webhooks() == []
    webhook, _ = subscribe(outbox, MESSENGER, told.url, description="mine")
    with pytest.raises(InvalidInputError, match="is private"):
        revise(outbox, public_only, webhook.id, url="http://127.0.0.1/")
    assert revise(outbox, public_only, webhook.id, is_active=False).url == told.url
    with pytest.raises(NotFoundError):
        revise(outbox, public_only, uuid4(), is_active=False)


def test_an_address_that_became_private_is_refused_at_each_sending(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    """What a name means may change between the order and the sending; then nothing is sent, and it is tried again."""
    addresses = ["93.184.216.34"]
    messenger = HttpMessenger(resolve=lambda host, port: addresses)
    webhook, _ = subscribe(outbox, messenger, f"http://innocent.example:{told.port}/")
    order_short(store)
    addresses[:] = ["127.0.0.1"]
    assert deliver_due(outbox, messenger) == 1
    (delivery,) = outbox.deliveries(webhook.id)
    assert (delivery.status, delivery.last_status_code) == (DeliveryStatus.PENDING, None)
    assert "innocent.example: its address is private" in (delivery.last_error or "")
    assert told.messages == []


def test_a_failure_is_tried_again_later_with_the_same_id(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    with receiver(status(500, b"out of order"), OK) as told:
        webhook, secret = subscribe(outbox, MESSENGER, told.url)
        order_short(store)
        deliver(outbox, now=lambda: 1_767_225_600.0)
        (failed,) = outbox.deliveries(webhook.id)
        assert (failed.status, failed.attempts, failed.last_status_code) == (DeliveryStatus.PENDING, 1, 500)
        assert failed.last_error == "it answered 500: out of order"
        assert failed.next_attempt_at is not None
        assert failed.last_attempt_at is not None
        wait_s = (failed.next_attempt_at - failed.last_attempt_at).total_seconds()
        assert wait_s == pytest.approx(BACKOFF_S[0], abs=0.5)
        assert deliver(outbox) == 0  # not yet
        sql.run("UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp()")
        deliver(outbox, now=lambda: 1_767_225_605.0)
    assert outbox.deliveries(webhook.id)[0].status is DeliveryStatus.DELIVERED
    first, second = told.messages
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.headers["webhook-timestamp"] == "1767225605"
    assert verify(secret, second.headers, second.body, now=1_767_225_605)


def test_what_is_given_up_is_dead_and_can_be_replayed(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    with receiver(status(503)) as told:
        hook = hook_to(outbox, told)
        order_short(store)
        for _ in range(len(BACKOFF_S) + 1):
            assert deliver(outbox) == 1
            sql.run("UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp()")
        assert deliver(outbox) == 0
        (dead,) = outbox.deliveries(hook, status=DeliveryStatus.DEAD)
        assert (dead.attempts, dead.next_attempt_at) == (len(BACKOFF_S) + 1, None)
        told.answers[:] = [OK]
        outbox.replay(dead.id)
        assert deliver(outbox) == 1
    assert outbox.get_delivery(dead.id).status is DeliveryStatus.DELIVERED
    assert set(told.ids) == {str(dead.id)}


def test_410_ends_the_webhook(store: PostgresJobStore, outbox: PostgresOutbox) -> None:
    with receiver(status(410)) as told:
        hook = hook_to(outbox, told)
        order_short(store)
        order_short(store)
        deliver(outbox)
        assert deliver(outbox) == 0
    assert len(told.messages) == 1
    assert not outbox.get_webhook(hook).is_active
    assert {each.status for each in outbox.deliveries(hook)} == {DeliveryStatus.DEAD, DeliveryStatus.PENDING}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(302, Location="http://elsewhere.example/x"), "a redirect to elsewhere.example, which is not followed"),
        (status(404, b"<h1>no</h1>"), "it answered 404: <h1>no</h1>"),
        (hang_up, "broke off"),
    ],
)
def test_what_a_receiver_did_is_said(
    store: PostgresJobStore, outbox: PostgresOutbox, answer: Callable[..., None], error: str
) -> None:
    with receiver(answer) as told:
        hook = hook_to(outbox, told)
        order_short(store)
        deliver(outbox)
    (delivery,) = outbox.deliveries(hook)
    assert delivery.status is DeliveryStatus.PENDING
    assert error in (delivery.last_error or "")


def test_one_slow_receiver_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    monkeypatch.setattr(notify, "SEND_TIMEOUT_S", 0.5)
    with receiver(drip(b"")) as slow:
        hook = hook_to(outbox, slow)
        well = hook_to(outbox, told)
        for _ in range(4):
            order_short(store)
        begun = time.monotonic()
        assert deliver(outbox) == 5  # four, and one that was enough to see that nobody is there
        assert time.monotonic() - begun < 3
    assert len(told.messages) == 4
    assert len(slow.messages) == 1
    assert {each.status for each in outbox.deliveries(well)} == {DeliveryStatus.DELIVERED}
    assert [each.attempts for each in outbox.deliveries(hook)] == [0, 0, 0, 1]
    # What was not tried is not held back for a minute.
    assert len(outbox.claim_due(limit=9, per_webhook=9)) == 3


def test_the_courier_serves_others_while_one_does_not_answer(
    store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    answer_now = threading.Event()
    with receiver(until(answer_now, OK)) as stuck:
        hook = hook_to(outbox, stuck)
        hook_to(outbox, told)
        order_short(store)
        with Courier(outbox, MESSENGER, idle_s=0.01):
            eventually(lambda: len(stuck.messages) == 1 and len(told.messages) == 1)
            for count in (2, 3):  # while the first one still waits for its answer
                order_short(store)
                eventually(lambda count=count: len(told.messages) == count)  # type: ignore[misc] # bound at once
            assert len(stuck.messages) == 1
            answer_now.set()
            eventually(lambda: all(each.status is DeliveryStatus.DELIVERED for each in outbox.deliveries(hook)))
    assert len(stuck.messages) == 3


def test_of_several_couriers_one_delivers_each(store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver) -> None:
    hooks = [hook_to(outbox, told) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: order_short(store), range(8)))
    with (
        Courier(outbox, MESSENGER, idle_s=0.01),
        Courier(outbox, MESSENGER, idle_s=0.01),
        Courier(outbox, MESSENGER, idle_s=0.01),
    ):
        eventually(lambda: all(not outbox.deliveries(hook, status=DeliveryStatus.PENDING) for hook in hooks))
    assert len(told.ids) == len(set(told.ids)) == 8 * len(hooks)


class Crash(BaseException):
    """The end of a process, as far as its thread can tell."""


class CrashingOutbox(PostgresOutbox):
    """Books to which a process comes back no more after sending."""

    def record_result(self, due: DueDelivery, result: Result) -> bool:
        """Not any more."""
        raise Crash


def test_after_a_crash_between_sending_and_recording_it_is_sent_again_with_the_same_id(
    sql: Sql, database: Database, store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    hook = hook_to(outbox, told)
    order_short(store)
    (delivery,) = outbox.deliveries(hook)
    with pytest.raises(Crash):
        deliver_now(CrashingOutbox(database.engine), MESSENGER, delivery.id)
    assert deliver(outbox) == 0  # the claim of the one that is gone still lasts
    left_s = sql.one("SELECT extract(epoch FROM claimed_until - clock_timestamp()) FROM webhook_deliveries")
    assert CLAIM_S - 30 < float(str(left_s)) <= CLAIM_S
    sql.run("UPDATE webhook_deliveries SET claimed_until = clock_timestamp()")
    assert deliver(outbox) == 1
    assert told.ids == [str(delivery.id)] * 2
    assert outbox.get_delivery(delivery.id).status is DeliveryStatus.DELIVERED


def test_one_is_sent_at_once_unless_somebody_has_it(
    store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    hook = hook_to(outbox, told)
    first, second = outbox.ping(hook), outbox.ping(hook)
    assert outbox.claim_delivery(second.id) is not None
    assert deliver_now(outbox, MESSENGER, first.id).status is DeliveryStatus.DELIVERED
    assert deliver_now(outbox, MESSENGER, first.id).attempts == 1  # it is over
    assert deliver_now(outbox, MESSENGER, second.id).status is DeliveryStatus.PENDING
    assert told.ids == [str(first.id)]


class FailingOutbox(PostgresOutbox):
    """Books that are away now and then."""

    is_away = True
    asked = 0

    def claim_due(self, **wanted: object) -> list[DueDelivery]:  # type: ignore[override] # passed on as it came
        """As told, unless it is away."""
        self.asked += 1
        if self.is_away:
            raise StoreUnavailableError("the database did not answer")
        return super().claim_due(**wanted)  # type: ignore[arg-type] # passed on as it came


def test_the_courier_survives_books_that_are_away_and_says_so_once(
    database: Database, store: PostgresJobStore, told: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = FailingOutbox(database.engine)
    hook_to(outbox, told)
    order_short(store)
    with caplog.at_level(logging.WARNING), Courier(outbox, MESSENGER, idle_s=0.01):
        eventually(lambda: outbox.asked > 5)
        assert told.messages == []
        outbox.is_away = False
        eventually(lambda: len(told.messages) == 1)
    assert [record.message for record in caplog.records] == ["webhooks wait: the database did not answer"]


class RefusingOutbox(PostgresOutbox):
    """Books that take no result."""

    def record_result(self, due: DueDelivery, result: Result) -> bool:
        """Not now."""
        raise StoreUnavailableError("the database did not answer")


def test_an_error_of_the_books_while_sending_reaches_the_caller_after_the_other_sends(
    database: Database, store: PostgresJobStore, told: Receiver
) -> None:
    outbox = RefusingOutbox(database.engine)
    for _ in range(3):
        hook_to(outbox, told)
    order_short(store)
    with pytest.raises(StoreUnavailableError):
        deliver_due(outbox, MESSENGER)
    assert len(told.messages) == 3


class BrokenMessenger:
    """A messenger with a fault in it."""

    def check(self, url: str) -> None:
        """All is well."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        """Nothing is well."""
        raise ZeroDivisionError("a fault")


def test_the_courier_survives_faults_and_shows_where_they_are(
    store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    hook_to(outbox, told)
    order_short(store)
    with caplog.at_level(logging.WARNING), Courier(outbox, BrokenMessenger(), idle_s=0.01):
        eventually(lambda: bool(caplog.records))
    assert "a fault" in caplog.records[0].message
    assert caplog.records[0].exc_info


def test_the_courier_stops_within_a_second_though_a_receiver_does_not_answer(
    store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    never = threading.Event()
    with receiver(until(never, OK)) as stuck:
        hook_to(outbox, stuck)
        order_short(store)
        courier = Courier(outbox, MESSENGER)
        courier.start()
        courier.start()  # it runs already
        eventually(lambda: len(stuck.messages) == 1)
        begun = time.monotonic()
        courier.stop()
        courier.stop()  # it is over already
        assert time.monotonic() - begun < 1
        never.set()
        # What was on its way ends by itself, and here there is still somebody to record it.
        eventually(lambda: _is_delivered(outbox))


def _is_delivered(outbox: PostgresOutbox) -> bool:
    (hook,) = outbox.list_webhooks()
    return all(each.status is DeliveryStatus.DELIVERED for each in outbox.deliveries(hook.id))


def test_an_idle_courier_stops_at_once(outbox: PostgresOutbox) -> None:
    courier = Courier(outbox, MESSENGER, idle_s=30)
    courier.start()
    begun = time.monotonic()
    courier.stop()
    assert time.monotonic() - begun < 1


def test_what_was_not_begun_is_given_back_when_cancelled(
    monkeypatch: pytest.MonkeyPatch, store: PostgresJobStore, outbox: PostgresOutbox
) -> None:
    monkeypatch.setattr(notify, "SENDERS", 1)
    never = threading.Event()
    with receiver(until(never, OK)) as stuck:
        hook_to(outbox, stuck)
        hook_to(outbox, stuck)
        order_short(store)
        assert deliver(outbox, cancelled=lambda: bool(stuck.messages)) == 1
        (back,) = outbox.claim_due(limit=9, per_webhook=9)
        assert str(back.id) not in stuck.ids
        never.set()
        eventually(lambda: any(outbox.get_delivery(UUID(each)).attempts for each in stuck.ids))


def test_nothing_is_begun_so_late_that_its_claim_could_run_out(
    monkeypatch: pytest.MonkeyPatch, store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    monkeypatch.setattr(notify, "SEND_TIMEOUT_S", float(CLAIM_S))
    hook_to(outbox, told)
    order_short(store)
    assert deliver(outbox) == 0
    assert told.messages == []
    assert len(outbox.claim_due(limit=1, per_webhook=1)) == 1


def test_the_courier_forgets_what_is_long_over(
    sql: Sql, store: PostgresJobStore, outbox: PostgresOutbox, told: Receiver
) -> None:
    hook = hook_to(outbox, told)
    order_short(store)
    deliver(outbox)
    sql.run("UPDATE webhook_deliveries SET last_attempt_at = clock_timestamp() - interval '31 days'")
    with Courier(outbox, MESSENGER, idle_s=0.01):
        eventually(lambda: outbox.deliveries(hook) == [])
