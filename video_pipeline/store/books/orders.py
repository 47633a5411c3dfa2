"""Owns work orders in the books: placing, beginning, signs of life, the end; hides how a dead attempt is known.

An attempt is named by its number. It is dead when nothing was heard of it for STALE_S seconds, or at once when its
process ran on this machine and is gone. A job is locked before its orders, so that no verb waits for its deletion.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.errors import ConflictError, LeaseLostError, NotFoundError
from video_pipeline.domain.orders import (
    ATTEMPTS_MAX,
    RETRY_DELAY_S,
    STALE_S,
    UNFINISHED,
    OrderKind,
    OrderProgress,
    OrderStatus,
    WorkOrder,
    check_request,
    digest,
    title_of,
)
from video_pipeline.store.books.base import EVENTS, JOBS, ORDERS, Books, write_event
from video_pipeline.store.books.codec import clean
from video_pipeline.store.server.presence import is_gone, this_process

_NOW = func.clock_timestamp()
_SILENT = ORDERS.c.heartbeat_at <= _NOW - timedelta(seconds=STALE_S)
_BEGUN = "order_begun"
_OF_JOB = (
    select(ORDERS).where(ORDERS.c.video_job_id == bindparam("job_id")).order_by(ORDERS.c.created_at.desc(), ORDERS.c.id)
)


class OrderBooks(Books):
    """Verbs about orders."""

    def place_order(self, job_id: UUID, kind: OrderKind, request: Mapping[str, Any], by: str) -> WorkOrder:
        """Order work for a job, or find the same order that is not finished yet; see ports.OrderBook."""
        wanted = _kept(check_request(kind, request))
        place = {"video_job_id": job_id, "kind": kind, "request_sha256": digest(wanted)}
        order_id = uuid4()
        statement = (
            insert(ORDERS)
            .values(id=order_id, request=wanted, ordered_by=clean(by), **place)
            # Changed to what it is: the row that was there is locked and returned.
            .on_conflict_do_update(
                index_elements=list(place), index_where=ORDERS.c.status.in_(UNFINISHED), set_={"kind": kind}
            )
            .returning(ORDERS)
        )
        with self._transaction() as connection:
            _hold_job(connection, job_id)
            row = connection.execute(statement).one()
            if row.id == order_id:
                write_event(connection, job_id, "ordered", message=f"{title_of(kind, wanted)}, by {by}")
        return _record(row)

    def get_order(self, order_id: UUID) -> WorkOrder:
        """The order; NotFoundError when there is none."""
        with self._transaction() as connection:
            return _record(_row(connection, order_id))

    def orders(self, job_id: UUID) -> list[WorkOrder]:
        """The orders of a job, newest first."""
        with self._transaction() as connection:
            return [_record(row) for row in connection.execute(_OF_JOB, {"job_id": job_id})]

    def orders_under_way(self) -> list[tuple[WorkOrder, str | None]]:
        """All orders that are not finished, oldest first, each with the user whose job it is for."""
        query = select(ORDERS, JOBS.c.user_id).join(JOBS, JOBS.c.id == ORDERS.c.video_job_id)
        query = query.where(ORDERS.c.status.in_(UNFINISHED)).order_by(ORDERS.c.created_at, ORDERS.c.id)
        with self._transaction() as connection:
            return [(_record(row), row.user_id) for row in connection.execute(query)]

    def waiting_orders(self, limit: int) -> list[WorkOrder]:
        """Orders that want a run, oldest first: pending ones, and those whose attempt died.

        One that failed in a way that may pass waits for RETRY_DELAY_S seconds times its attempts.
        """
        rested = ORDERS.c.heartbeat_at <= _NOW - ORDERS.c.attempt * timedelta(seconds=RETRY_DELAY_S)
        pending = and_(ORDERS.c.status == OrderStatus.PENDING, or_(ORDERS.c.heartbeat_at.is_(None), rested))
        begun = ORDERS.c.status == OrderStatus.IN_PROGRESS
        query = select(ORDERS, _SILENT.label("silent")).where(or_(pending, begun)).order_by(ORDERS.c.created_at)
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return [_record(row) for row in rows if row.status is OrderStatus.PENDING or _is_dead(row)][:limit]

    def begin_order(self, order_id: UUID, run_id: str) -> WorkOrder:
        """Begin the next attempt of `run_id`; see ports.OrderBook."""
        values = {
            "status": OrderStatus.IN_PROGRESS,
            "attempt": ORDERS.c.attempt + 1,
            "run_id": clean(run_id),
            "holder": this_process(),
            "heartbeat_at": _NOW,
            "started_at": func.coalesce(ORDERS.c.started_at, _NOW),
            "progress": None,
        }
        with self._transaction() as connection:
            row = _locked(connection, order_id)
            if row.status not in UNFINISHED:
                raise ConflictError(f"order {order_id} is {row.status}; place it again")
            if row.status is OrderStatus.IN_PROGRESS and not _is_dead(row):
                raise ConflictError(f"order {order_id} is being worked on by attempt {row.attempt} (run {row.run_id})")
            if row.attempt >= ATTEMPTS_MAX:
                why = row.error_message or "its process ended without a word"
                return _end(
                    connection, row, OrderStatus.FAILED, error_message=f"given up after {row.attempt} tries: {why}"
                )
            begun = _change(connection, row, values)
            write_event(connection, row.video_job_id, _BEGUN, message=run_id, attempt=begun.attempt)
        return begun

    def order_progress(self, order_id: UUID, attempt: int, percent: float, message: str) -> None:
        """Record how far an attempt is (0 to 100), and that it lives; NotFoundError when the order is gone."""
        progress = {"percent": round(min(max(percent, 0.0), 100.0), 1), "message": clean(message)}
        ours = and_(ORDERS.c.id == order_id, ORDERS.c.attempt == attempt, ORDERS.c.status == OrderStatus.IN_PROGRESS)
        with self._transaction() as connection:
            statement = update(ORDERS).where(ours).values(progress=progress, heartbeat_at=_NOW)
            if not connection.execute(statement).rowcount:
                raise _lost(_row(connection, order_id), attempt)

    def finish_order(self, order_id: UUID, attempt: int, result: Mapping[str, Any]) -> WorkOrder:
        """Record what an attempt made; the order is completed."""
        with self._transaction() as connection:
            row = _owned(connection, order_id, attempt)
            made = {"percent": 100.0, "message": "finished"}
            return _end(connection, row, OrderStatus.COMPLETED, result=dict(result), progress=made, error_message=None)

    def fail_order(self, order_id: UUID, attempt: int, message: str) -> WorkOrder:
        """Record why an attempt failed for good."""
        with self._transaction() as connection:
            return _end(connection, _owned(connection, order_id, attempt), OrderStatus.FAILED, error_message=message)

    def postpone_order(self, order_id: UUID, attempt: int, message: str) -> WorkOrder:
        """Let an order wait for another attempt, or fail it when it has none left; see ports.OrderBook."""
        with self._transaction() as connection:
            return _again(connection, _owned(connection, order_id, attempt), attempt, message)

    def miss_order(self, order_id: UUID, attempt: int, message: str) -> WorkOrder:
        """Count an attempt whose run ended before it could begin the order; see ports.OrderBook."""
        with self._transaction() as connection:
            row = _locked(connection, order_id)
            waits = row.status is OrderStatus.PENDING or (row.status is OrderStatus.IN_PROGRESS and _is_dead(row))
            return _again(connection, row, attempt + 1, message) if waits and row.attempt == attempt else _record(row)

    def order_run_is_gone(self, order_id: UUID, run_id: str) -> bool:
        """True when a run that had begun the order works on it no more; False when in doubt."""
        begun = and_(EVENTS.c.kind == _BEGUN, EVENTS.c.message == clean(run_id))
        query = select(ORDERS, _SILENT.label("silent")).where(ORDERS.c.id == order_id)
        with self._transaction() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return False
            if row.run_id == clean(run_id):
                return is_gone(row.holder) or (row.status is OrderStatus.IN_PROGRESS and bool(row.silent))
            ours = and_(EVENTS.c.video_job_id == row.video_job_id, begun)
            return connection.execute(select(EVENTS.c.id).where(ours).limit(1)).one_or_none() is not None


def is_ordered_work_live(connection: Connection, job_id: UUID) -> bool:
    """True while an attempt at an order of the job lives. With the job locked against others, none begins meanwhile."""
    return job_id in jobs_with_live_orders(connection, ORDERS.c.video_job_id == job_id)


def jobs_with_live_orders(connection: Connection, which: ColumnElement[bool]) -> set[UUID]:
    """The jobs of which something that was ordered is being made, among the orders `which`."""
    begun = and_(which, ORDERS.c.status == OrderStatus.IN_PROGRESS)
    rows = connection.execute(select(ORDERS, _SILENT.label("silent")).where(begun)).all()
    return {row.video_job_id for row in rows if not _is_dead(row)}


def _kept(request: dict[str, Any]) -> dict[str, Any]:
    return {name: clean(value) if isinstance(value, str) else value for name, value in request.items()}


def _row(connection: Connection, order_id: UUID) -> Row[Any]:
    row = connection.execute(select(ORDERS).where(ORDERS.c.id == order_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no order {order_id}")
    return row


def _hold_job(connection: Connection, job_id: UUID) -> None:
    """Keep the job from being deleted until the end of the transaction; NotFoundError when it is gone."""
    query = select(JOBS.c.id).where(JOBS.c.id == job_id).with_for_update(read=True, key_share=True)
    if connection.execute(query).one_or_none() is None:
        raise NotFoundError(f"there is no job {job_id}")


def _locked(connection: Connection, order_id: UUID) -> Row[Any]:
    """The order, held until the end of the transaction, and whether nothing was heard of it for too long."""
    _hold_job(connection, _row(connection, order_id).video_job_id)
    query = select(ORDERS, _SILENT.label("silent")).where(ORDERS.c.id == order_id).with_for_update()
    return connection.execute(query).one()


def _owned(connection: Connection, order_id: UUID, attempt: int) -> Row[Any]:
    row = _locked(connection, order_id)
    if row.status is not OrderStatus.IN_PROGRESS or row.attempt != attempt:
        raise _lost(row, attempt)
    return row


def _lost(row: Row[Any], attempt: int) -> LeaseLostError:
    now = f"attempt {row.attempt} owns it" if row.attempt != attempt else f"it is {row.status}"
    return LeaseLostError(f"attempt {attempt} may no longer write to order {row.id}: {now}")


def _is_dead(row: Row[Any]) -> bool:
    return bool(row.silent) or is_gone(row.holder)


def _change(connection: Connection, row: Row[Any], values: dict[str, Any]) -> WorkOrder:
    return _record(
        connection.execute(update(ORDERS).where(ORDERS.c.id == row.id).values(values).returning(ORDERS)).one()
    )


def _again(connection: Connection, row: Row[Any], attempt: int, message: str) -> WorkOrder:
    if attempt >= ATTEMPTS_MAX:
        told = f"given up after {attempt} tries: {message}"
        return _end(connection, row, OrderStatus.FAILED, error_message=told, attempt=attempt)
    values = {"status": OrderStatus.PENDING, "attempt": attempt, "error_message": clean(message), "heartbeat_at": _NOW}
    return _change(connection, row, values | {"progress": None})


def _end(connection: Connection, row: Row[Any], status: OrderStatus, **values: Any) -> WorkOrder:
    told = values["error_message"] = values.get("error_message") and clean(values["error_message"])
    ended = _change(connection, row, {"status": status, "finished_at": _NOW} | values)
    message = f"{ended.title}: {told}" if told else ended.title
    write_event(connection, row.video_job_id, f"order_{status}", message=message, attempt=ended.attempt)
    return ended


def _record(row: Row[Any]) -> WorkOrder:
    return WorkOrder(
        id=row.id,
        job_id=row.video_job_id,
        kind=row.kind,
        request=row.request,
        ordered_by=row.ordered_by,
        status=row.status,
        progress=row.progress and OrderProgress(**row.progress),
        result=row.result,
        error_message=row.error_message,
        attempt=row.attempt,
        run_id=row.run_id,
        heartbeat_at=row.heartbeat_at,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
