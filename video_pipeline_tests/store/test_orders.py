"""Orders in the books: one at a time for the same wish, one attempt at a time, and none for ever."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.domain.errors import ConflictError, InvalidInputError, LeaseLostError, NotFoundError
from video_pipeline.domain.orders import ATTEMPTS_MAX, RETRY_DELAY_S, OrderKind, OrderProgress, OrderStatus, WorkOrder
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.store.material import order_short
from video_pipeline_tests.store.plain_sql import Sql

LOW = {"renditions": [{"format": "webm", "quality": "low"}]}

BEGIN = """
import sys, uuid
from video_pipeline.store import PostgresJobStore, connect
print(PostgresJobStore(connect(sys.argv[1])).begin_order(uuid.UUID(sys.argv[2]), sys.argv[3]).attempt, flush=True)
sys.stdin.read()
"""


def placed(store: PostgresJobStore, request: dict[str, Any] = LOW, kind: OrderKind = OrderKind.EXPORT) -> WorkOrder:
    return store.place_order(order_short(store).id, kind, request, "ann")


def silence(sql: Sql, seconds: int = 61) -> None:
    """Let the last sign of life of all orders be that long ago."""
    sql.run(f"UPDATE work_orders SET heartbeat_at = heartbeat_at - interval '{seconds} seconds'")


def kinds(store: PostgresJobStore, order: WorkOrder) -> list[str]:
    return [event.kind for event in store.events(order.job_id)]


def test_an_order_goes_from_placing_to_its_result(store: PostgresJobStore) -> None:
    order = placed(store)
    assert (order.status, order.attempt, order.ordered_by, order.finished) == (OrderStatus.PENDING, 0, "ann", False)
    assert store.waiting_orders(10) == [order]

    begun = store.begin_order(order.id, "run-1")
    assert (begun.status, begun.attempt, begun.run_id) == (OrderStatus.IN_PROGRESS, 1, "run-1")
    assert store.waiting_orders(10) == []
    store.order_progress(order.id, 1, 41.26, "half\x00 way")
    assert store.get_order(order.id).progress == OrderProgress(41.3, "half way")

    finished = store.finish_order(order.id, 1, {"renditions": ["webm_low"]})
    assert finished == store.get_order(order.id)
    assert (finished.status, finished.result, finished.finished) == (
        OrderStatus.COMPLETED,
        {"renditions": ["webm_low"]},
        True,
    )
    assert finished.started_at is not None
    assert finished.finished_at is not None
    assert finished.created_at <= finished.started_at <= finished.finished_at
    assert kinds(store, order) == ["created", "ordered", "order_begun", "order_completed"]
    assert store.events(order.job_id)[1].message == "export webm_low, by ann"


def test_the_same_wish_is_one_order_until_it_is_finished(store: PostgresJobStore) -> None:
    first = placed(store)
    again = store.place_order(first.job_id, OrderKind.EXPORT, {"renditions": LOW["renditions"] * 2}, "bob")
    assert again == first
    store.begin_order(first.id, "run")
    assert store.place_order(first.job_id, OrderKind.EXPORT, LOW, "bob").id == first.id
    assert kinds(store, first).count("ordered") == 1
    others = [
        store.place_order(first.job_id, OrderKind.PREVIEW, {}, "bob"),
        store.place_order(first.job_id, OrderKind.EXPORT, {"renditions": [{"format": "mp4", "quality": "low"}]}, "bob"),
        placed(store),
    ]
    store.fail_order(first.id, 1, "no room")
    later = store.place_order(first.job_id, OrderKind.EXPORT, LOW, "bob")
    assert len({first.id, later.id, *(other.id for other in others)}) == 5
    assert [order.id for order in store.orders(first.job_id)] == [later.id, others[1].id, others[0].id, first.id]


def test_of_many_that_order_the_same_at_once_all_get_one(store: PostgresJobStore) -> None:
    job = order_short(store)
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda _: store.place_order(job.id, OrderKind.PREVIEW, {}, "ann"), range(16)))
    assert len({order.id for order in orders}) == 1
    assert len(store.orders(job.id)) == 1


def test_of_many_that_begin_an_order_one_may(store: PostgresJobStore) -> None:
    order = placed(store)

    def begin(number: int) -> int:
        try:
            return store.begin_order(order.id, f"run-{number}").attempt
        except ConflictError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(begin, range(8))) == [0] * 7 + [1]


@pytest.mark.parametrize(
    ("kind", "request_", "complaint"),
    [
        (OrderKind.EXPORT, {}, "1 to 24 pairs"),
        (OrderKind.EXPORT, {"renditions": []}, "1 to 24 pairs"),
        (OrderKind.EXPORT, {"renditions": [{"format": "mp4", "quality": f"{64 + 2 * n}x64"} for n in range(25)]}, "24"),
        (OrderKind.EXPORT, {"renditions": [{"format": "avi", "quality": "low"}]}, "unknown export"),
        (OrderKind.EXPORT, {"renditions": [{"format": "mp4", "quality": 3}]}, "are words"),
        (OrderKind.EXPORT, {"renditions": [{"format": "mp4"}]}, "is a pair"),
        (OrderKind.PREVIEW, {"width": 3}, "knows no 'width'; it takes: nothing"),
        (OrderKind.REFINE, {"scene_number": 0, "image_prompt": "a calm lake"}, "counted from 1"),
        (OrderKind.REFINE, {"scene_number": True, "image_prompt": "a calm lake"}, "counted from 1"),
        (OrderKind.REFINE, {"scene_number": 1}, "an image prompt, a description or both"),
        (OrderKind.REFINE, {"scene_number": 1, "image_prompt": "short"}, "image prompt has 5 characters; 10 to 2000"),
        (
            OrderKind.REFINE,
            {"scene_number": 1, "description": "x" * 1001},
            "description has 1001 characters; 10 to 1000",
        ),
        (OrderKind.REFINE, {"scene_number": 1, "description": ["a calm lake"]}, "is a text"),
        (OrderKind.REFINE, {"scene_number": 1, "description": "a calm\x00 lake"}, "control characters"),
        (OrderKind.REFINE, {"scene_number": 1, "image_prompt": "a calm lake", "expected": 3}, "by a word"),
    ],
)
def test_what_cannot_be_done_cannot_be_ordered(
    store: PostgresJobStore, kind: OrderKind, request_: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        placed(store, request_, kind)


def test_a_refinement_is_kept_as_it_was_wished(store: PostgresJobStore) -> None:
    order = placed(store, {"scene_number": 2, "image_prompt": "a calm \n lake"}, OrderKind.REFINE)
    assert order.request == {
        "scene_number": 2,
        "image_prompt": "a calm lake",
        "description": None,
        "expected": None,
    }
    assert order.title == "refine scene 2"


def test_orders_of_nothing_and_for_nothing_are_not_found(store: PostgresJobStore) -> None:
    with pytest.raises(NotFoundError, match="no job"):
        store.place_order(uuid4(), OrderKind.PREVIEW, {}, "ann")
    for verb in (
        lambda: store.get_order(uuid4()),
        lambda: store.begin_order(uuid4(), "run"),
        lambda: store.order_progress(uuid4(), 1, 0, ""),
        lambda: store.finish_order(uuid4(), 1, {}),
    ):
        with pytest.raises(NotFoundError, match="no order"):
            verb()


def test_an_attempt_that_is_silent_for_a_minute_may_be_replaced_and_writes_no_more(
    store: PostgresJobStore, sql: Sql
) -> None:
    order = placed(store)
    store.begin_order(order.id, "run-1")
    silence(sql, 55)
    assert store.waiting_orders(10) == []
    silence(sql, 6)
    assert [each.id for each in store.waiting_orders(10)] == [order.id]
    assert store.begin_order(order.id, "run-2").attempt == 2
    for write in (
        lambda: store.order_progress(order.id, 1, 99, "late"),
        lambda: store.finish_order(order.id, 1, {}),
        lambda: store.fail_order(order.id, 1, "late"),
        lambda: store.postpone_order(order.id, 1, "late"),
    ):
        with pytest.raises(LeaseLostError, match=r"attempt 1 may no longer write to order .*: attempt 2 owns it"):
            write()
    store.finish_order(order.id, 2, {})
    with pytest.raises(LeaseLostError, match="it is completed"):
        store.order_progress(order.id, 2, 99, "late")
    with pytest.raises(ConflictError, match="completed; place it again"):
        store.begin_order(order.id, "run-3")


def test_a_silent_attempt_that_lives_goes_on_when_nobody_replaced_it(store: PostgresJobStore, sql: Sql) -> None:
    """The machine slept; nobody else was there."""
    order = placed(store)
    store.begin_order(order.id, "run-1")
    silence(sql)
    store.order_progress(order.id, 1, 50, "awake")
    assert store.waiting_orders(10) == []


def test_an_attempt_whose_process_was_killed_is_known_to_be_dead_at_once(
    store: PostgresJobStore, database: Database
) -> None:
    order = placed(store)
    arguments = [sys.executable, "-c", BEGIN, database.url, str(order.id), "run-1"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "1\n"
        assert store.waiting_orders(10) == []
        assert not store.order_run_is_gone(order.id, "run-1")
        child.kill()
        child.communicate()
    assert store.order_run_is_gone(order.id, "run-1")
    assert [each.id for each in store.waiting_orders(10)] == [order.id]
    assert store.begin_order(order.id, "run-2").attempt == 2
    assert store.order_run_is_gone(order.id, "run-1")
    assert not store.order_run_is_gone(order.id, "run-2")
    assert not store.order_run_is_gone(order.id, "never began")


def test_an_order_whose_attempts_die_is_given_up(store: PostgresJobStore, sql: Sql) -> None:
    order = placed(store)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        assert store.begin_order(order.id, f"run-{attempt}").attempt == attempt
        silence(sql)
    given_up = store.begin_order(order.id, "one too many")
    assert given_up.status is OrderStatus.FAILED
    assert given_up.error_message == "given up after 3 tries: its process ended without a word"
    assert store.waiting_orders(10) == []


def test_what_may_pass_is_tried_again_after_a_rest_and_not_for_ever(store: PostgresJobStore, sql: Sql) -> None:
    order = placed(store)
    for attempt in range(1, ATTEMPTS_MAX):
        store.begin_order(order.id, f"run-{attempt}")
        postponed = store.postpone_order(order.id, attempt, "the vendor is busy")
        assert (postponed.status, postponed.error_message) == (OrderStatus.PENDING, "the vendor is busy")
        assert store.waiting_orders(10) == []
        silence(sql, RETRY_DELAY_S * attempt)
        assert [each.id for each in store.waiting_orders(10)] == [order.id]
    store.begin_order(order.id, "run-3")
    failed = store.postpone_order(order.id, 3, "the vendor is busy")
    assert failed.status is OrderStatus.FAILED
    assert failed.error_message == "given up after 3 tries: the vendor is busy"


def test_runs_that_end_before_they_begin_an_order_are_counted_once_each(store: PostgresJobStore) -> None:
    order = placed(store)
    assert store.miss_order(order.id, 0, "its run did not start").attempt == 1
    assert store.miss_order(order.id, 0, "its run did not start").attempt == 1
    assert store.begin_order(order.id, "run").attempt == 2
    assert store.miss_order(order.id, 2, "it lives").status is OrderStatus.IN_PROGRESS
    store.postpone_order(order.id, 2, "busy")
    assert store.miss_order(order.id, 2, "its run did not start").status is OrderStatus.FAILED


def test_a_success_after_a_failure_tells_of_no_error(store: PostgresJobStore) -> None:
    order = placed(store)
    store.begin_order(order.id, "run-1")
    store.postpone_order(order.id, 1, "busy")
    store.begin_order(order.id, "run-2")
    assert store.finish_order(order.id, 2, {"x": 1}).error_message is None


def test_the_oldest_orders_come_first_and_no_more_than_asked_for(store: PostgresJobStore) -> None:
    orders = [placed(store) for _ in range(4)]
    store.begin_order(orders[0].id, "run")
    assert [order.id for order in store.waiting_orders(2)] == [orders[1].id, orders[2].id]


def test_orders_go_with_their_job(store: PostgresJobStore, sql: Sql) -> None:
    order = placed(store)
    store.begin_order(order.id, "run")
    sql.run("DELETE FROM video_jobs")
    with pytest.raises(NotFoundError, match="no order"):
        store.order_progress(order.id, 1, 10, "")


def test_a_job_is_not_deleted_while_what_was_ordered_of_it_is_made(store: PostgresJobStore, sql: Sql) -> None:
    order = placed(store)
    store.cancel(order.job_id)
    store.begin_order(order.id, "run")
    with pytest.raises(ConflictError, match="is being made; it can be deleted when that is over"):
        store.delete_job(order.job_id)
    silence(sql)
    store.delete_job(order.job_id)
    with pytest.raises(NotFoundError, match="no order"):
        store.get_order(order.id)


@pytest.mark.parametrize(
    "spoil",
    [
        "status = 'completed', result = '{}'",
        "status = 'completed', finished_at = now()",
        "status = 'failed', finished_at = now()",
        "status = 'in_progress', attempt = 1, run_id = 'x', heartbeat_at = now()",
        "finished_at = now()",
        "result = '{}'",
        "attempt = -1",
        "request_sha256 = 'x'",
    ],
)
def test_the_database_itself_refuses_an_order_that_contradicts_itself(
    store: PostgresJobStore, sql: Sql, spoil: str
) -> None:
    placed(store)
    with pytest.raises(Exception, match=r"work_orders_.*_check"):
        sql.run(f"UPDATE work_orders SET {spoil}")
