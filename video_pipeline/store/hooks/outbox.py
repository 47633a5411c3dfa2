"""Owns what webhooks are still to be told, in the books; hides the queries and how processes share the work.

Rows are locked in one order everywhere, first the webhook and then its deliveries. A claim locks deliveries alone,
passes over what others have locked, and is over before anything is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Update,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    tuple_,
    update,
)

from video_pipeline.domain.errors import ConflictError, NotFoundError
from video_pipeline.domain.webhooks import (
    CLAIM_S,
    FAILING_TO_DISABLE,
    FAILURES_TO_DISABLE,
    PING,
    DeliveryRecord,
    DeliveryStatus,
    DueDelivery,
    Result,
)
from video_pipeline.store.books.codec import clean
from video_pipeline.store.hooks.webhooks import WEBHOOKS, WELL, WebhookBooks, end_of_key, may_be_told, webhook_row
from video_pipeline.store.schema import tables

DELIVERIES = cast(Table, tables.WebhookDelivery.__table__)

_NOW = func.clock_timestamp()
# Not the clock itself, which changes from row to row: an index is of no use for a bound that moves.
_THIS_MOMENT = func.statement_timestamp()

_AGAIN: dict[str, Any] = {
    "status": DeliveryStatus.PENDING,
    "attempts": 0,
    "next_attempt_at": _NOW,
    "claimed_until": None,
    "delivered_at": None,
}


class PostgresOutbox(WebhookBooks):
    """`ports.Outbox` on PostgreSQL, made of an engine; safe to share between threads."""

    def deliveries(
        self, webhook_id: UUID, *, status: DeliveryStatus | None = None, limit: int = 50, before: UUID | None = None
    ) -> list[DeliveryRecord]:
        """Deliveries of a webhook, newest first; `before` is the id of the last one of the page before.

        NotFoundError when there is no such webhook; after a delivery that is gone nothing comes.
        """
        order = (DELIVERIES.c.created_at, DELIVERIES.c.id)
        query = select(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook_id)
        if status is not None:
            query = query.where(DELIVERIES.c.status == status)
        if before is not None:
            last = select(*order).where(DELIVERIES.c.id == before).scalar_subquery()
            query = query.where(tuple_(*order) < last)
        with self._transaction() as connection:
            webhook_row(connection, webhook_id)
            rows = connection.execute(query.order_by(*(each.desc() for each in order)).limit(limit))
            return [_delivery_record(row) for row in rows]

    def get_delivery(self, delivery_id: UUID) -> DeliveryRecord:
        """The delivery; NotFoundError when there is none."""
        with self._transaction() as connection:
            return _delivery_record(_delivery(connection, delivery_id))

    def replay(self, delivery_id: UUID, *, webhook_id: UUID | None = None) -> DeliveryRecord:
        """Make a delivery due now with all its attempts ahead, also one that was delivered; its id stays the same.

        NotFoundError, also when it is none of `webhook_id`'s; ConflictError while the webhook is not active.
        """
        with self._transaction() as connection:
            owner = _delivery(connection, delivery_id).webhook_id
            if webhook_id not in (None, owner):
                raise NotFoundError(f"webhook {webhook_id} has no delivery {delivery_id}")
            _active_webhook(connection, owner)
            again = update(DELIVERIES).where(DELIVERIES.c.id == delivery_id).values(_AGAIN).returning(DELIVERIES)
            return _delivery_record(connection.execute(again).one())

    def ping(self, webhook_id: UUID) -> DeliveryRecord:
        """Leave a test message for a webhook; NotFoundError, or ConflictError while it is not active."""
        delivery_id = uuid4()
        payload = func.jsonb_build_object(
            *("id", str(delivery_id), "type", PING, "created_at", _NOW),
            *("data", func.jsonb_build_object("webhook_id", str(webhook_id))),
        )
        message = insert(DELIVERIES).values(id=delivery_id, webhook_id=webhook_id, payload=payload)
        with self._transaction() as connection:
            _active_webhook(connection, webhook_id)
            return _delivery_record(connection.execute(message.returning(DELIVERIES)).one())

    def claim_due(self, *, limit: int, per_webhook: int, busy: Collection[UUID] = ()) -> list[DueDelivery]:
        """Take up to `limit` due deliveries for CLAIM_S seconds, of each active webhook at most `per_webhook`.

        No other process gets them meanwhile; afterwards any may. Those of webhooks that work come first, none comes of
        the webhooks `busy`.
        """
        ready = (
            select(DELIVERIES.c.id)
            .where(DELIVERIES.c.webhook_id == WEBHOOKS.c.id, _is_due())
            .order_by(DELIVERIES.c.next_attempt_at)
            .limit(per_webhook)
            .with_for_update(skip_locked=True)
            .lateral("ready")
        )
        chosen = (
            select(ready.c.id)
            .select_from(WEBHOOKS.join(ready, true()))
            .where(may_be_told(), WEBHOOKS.c.id.not_in(busy))
            .order_by(WEBHOOKS.c.failures_in_a_row)
            .limit(limit)
        )
        return self._claim(chosen)

    def claim_delivery(self, delivery_id: UUID) -> DueDelivery | None:
        """Take this one, if it is due and nobody else has it."""
        chosen = (
            select(DELIVERIES.c.id)
            .join(WEBHOOKS, WEBHOOKS.c.id == DELIVERIES.c.webhook_id)
            .where(DELIVERIES.c.id == delivery_id, may_be_told(), _is_due())
            .with_for_update(of=DELIVERIES, skip_locked=True)
        )
        return next(iter(self._claim(chosen)), None)

    def record_result(self, due: DueDelivery, result: Result) -> bool:
        """Record an attempt, and how its webhook does; False when the claim was lost meanwhile.

        A webhook is disabled when its receiver is gone, or has failed FAILURES_TO_DISABLE times in a row and for
        FAILING_TO_DISABLE.
        """
        delivered = result.status is DeliveryStatus.DELIVERED
        values: dict[str, Any] = {
            "status": result.status,
            "attempts": DELIVERIES.c.attempts + 1,
            "claimed_until": None,
            "last_status_code": result.status_code,
            "last_error": result.error and clean(result.error),
            "last_attempt_at": _NOW,
            "delivered_at": _NOW if delivered else None,
        }
        if result.retry_in_s is not None:
            values["next_attempt_at"] = _NOW + timedelta(seconds=result.retry_in_s)
        with self._transaction() as connection:
            lock = select(WEBHOOKS.c.id).where(WEBHOOKS.c.id == due.webhook_id).with_for_update(key_share=True)
            connection.execute(lock)
            if not connection.execute(update(DELIVERIES).where(_ours(due)).values(values)).rowcount:
                return False
            _judge(connection, due.webhook_id, result)
        return True

    def release(self, claimed: Sequence[DueDelivery]) -> None:
        """Give back what was claimed and not sent."""
        if claimed:
            with self._transaction() as connection:
                ours = or_(*(_ours(due) for due in claimed))
                connection.execute(update(DELIVERIES).where(ours).values(claimed_until=None))

    def forget_delivered(self, *, older_than_days: int) -> int:
        """Remove deliveries that were delivered or given up that long ago; how many."""
        old = and_(
            DELIVERIES.c.status != DeliveryStatus.PENDING,
            func.coalesce(DELIVERIES.c.last_attempt_at, DELIVERIES.c.created_at)
            < _THIS_MOMENT - timedelta(days=older_than_days),
        )
        with self._transaction() as connection:
            return connection.execute(delete(DELIVERIES).where(old)).rowcount

    def _claim(self, chosen: Select[UUID]) -> list[DueDelivery]:
        # In a WITH of its own: as a condition of the UPDATE the planner could run it more than once.
        due: CTE = chosen.cte("due")
        statement = (
            update(DELIVERIES)
            .where(DELIVERIES.c.id == due.c.id, WEBHOOKS.c.id == DELIVERIES.c.webhook_id)
            .values(claimed_until=_NOW + timedelta(seconds=CLAIM_S))
            .returning(DELIVERIES, WEBHOOKS.c.url, WEBHOOKS.c.secret, WEBHOOKS.c.failures_in_a_row)
        )
        with self._transaction() as connection:
            connection.execute(_give_up())
            rows = connection.execute(statement).all()
        rows = sorted(rows, key=lambda row: (row.failures_in_a_row, row.next_attempt_at, row.event_id or 0))
        return [_due_delivery(row) for row in rows]


def _is_due() -> ColumnElement[bool]:
    pending, due = DELIVERIES.c.status == DeliveryStatus.PENDING, DELIVERIES.c.next_attempt_at <= _THIS_MOMENT
    return and_(pending, due, _is_unclaimed())


def _is_unclaimed() -> ColumnElement[bool]:
    return or_(DELIVERIES.c.claimed_until.is_(None), DELIVERIES.c.claimed_until <= _THIS_MOMENT)


def _give_up() -> Update:
    """Let what waits for a key that ended for good wait no more; what somebody is sending is left to them."""
    end = end_of_key()
    left = (
        select(DELIVERIES.c.id, end.label("why"))
        .join(WEBHOOKS, WEBHOOKS.c.id == DELIVERIES.c.webhook_id)
        .where(WEBHOOKS.c.api_key_id.is_not(None), end.is_not(None))
        .where(DELIVERIES.c.status == DeliveryStatus.PENDING, _is_unclaimed())
        .with_for_update(of=DELIVERIES, skip_locked=True)
        .cte("left")
    )
    dead = {"status": DeliveryStatus.DEAD, "claimed_until": None, "last_error": left.c.why}
    return update(DELIVERIES).where(DELIVERIES.c.id == left.c.id).values(dead)


def _ours(due: DueDelivery) -> ColumnElement[bool]:
    """The condition that nobody has claimed or replayed it since: then it would have another end of its claim."""
    return and_(DELIVERIES.c.id == due.id, DELIVERIES.c.claimed_until == due.claimed_until)


def _judge(connection: Connection, webhook_id: UUID, result: Result) -> None:
    """Count what an attempt says about its webhook, and disable one that is gone or has failed for days."""
    change = update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id)
    if result.status is DeliveryStatus.DELIVERED:
        connection.execute(change.values(WELL))
        return
    since = func.coalesce(WEBHOOKS.c.failing_since, _NOW)
    connection.execute(change.values(failures_in_a_row=WEBHOOKS.c.failures_in_a_row + 1, failing_since=since))
    off = change.where(WEBHOOKS.c.is_active)
    if result.is_gone:
        connection.execute(off.values(is_active=False, disabled_reason="its receiver answered 410 Gone"))
        return
    hopeless = and_(
        WEBHOOKS.c.failures_in_a_row >= FAILURES_TO_DISABLE, WEBHOOKS.c.failing_since <= _NOW - FAILING_TO_DISABLE
    )
    reason = f"nothing was delivered for {FAILING_TO_DISABLE.days} days; the last error: {result.error or 'none'}"
    connection.execute(off.where(hopeless).values(is_active=False, disabled_reason=clean(reason)))


def _active_webhook(connection: Connection, webhook_id: UUID) -> None:
    """Lock a webhook; ConflictError when it or its key is not active: what waits for it would wait for good."""
    row = webhook_row(connection, webhook_id, locked=True)
    if not row.is_active:
        reason = f" ({row.disabled_reason})" if row.disabled_reason else ""
        raise ConflictError(f"webhook {webhook_id} is not active{reason}; activate it first")
    if not connection.execute(select(exists().where(WEBHOOKS.c.id == webhook_id, may_be_told()))).scalar():
        raise ConflictError(f"the key of webhook {webhook_id} counts no more; make one for another key")


def _delivery(connection: Connection, delivery_id: UUID) -> Row[Any]:
    row = connection.execute(select(DELIVERIES).where(DELIVERIES.c.id == delivery_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no delivery {delivery_id}")
    return row


def _delivery_record(row: Row[Any]) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        webhook_id=row.webhook_id,
        event_id=row.event_id,
        payload=row.payload,
        status=row.status,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at if row.status is DeliveryStatus.PENDING else None,
        last_status_code=row.last_status_code,
        last_error=row.last_error,
        last_attempt_at=row.last_attempt_at,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )


def _due_delivery(row: Row[Any]) -> DueDelivery:
    return DueDelivery(
        id=row.id,
        webhook_id=row.webhook_id,
        url=row.url,
        secret=row.secret,
        payload=row.payload,
        attempts=row.attempts,
        claimed_until=row.claimed_until,
    )
