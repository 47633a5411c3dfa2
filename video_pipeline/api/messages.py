"""Owns what listeners of the live stream are told: one thing each; hides the form of their bodies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from video_pipeline.api import shapes
from video_pipeline.domain.feed import FeedItem, JobChange
from video_pipeline.domain.orders import OrderProgress, OrderStatus, WorkOrder
from video_pipeline.ports import JobStore

ENDS = ("order_completed", "order_failed")
"""Lines of history that tell the end of an order."""

_SAME_TIME = timedelta(seconds=5)
"""An order and the line of history about its end are written together."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be told."""

    event: str  # job, progress, order
    id: int | None  # of the line of history
    job_id: UUID
    user_id: str | None
    body: dict[str, Any]


def of_event(item: FeedItem) -> Message:
    """A line of history as a message."""
    body = {
        "event": shapes.event(item.event).model_dump(mode="json"),
        "job": {
            "id": str(item.event.job_id),
            "channel_id": str(item.channel_id),
            "title": item.title,
            "status": str(item.status),
        },
    }
    return Message("job", item.event.id, item.event.job_id, item.user_id, body)


def of_change(change: JobChange) -> Message:
    """Progress as a message."""
    body = {
        "job_id": str(change.job_id),
        "status": str(change.status),
        "progress": change.progress,
        "updated_at": change.updated_at.isoformat(),
    }
    return Message("progress", None, change.job_id, change.user_id, body)


def of_order(order: WorkOrder, user_id: str | None) -> Message:
    """How far an order is as a message."""
    return Message("order", None, order.job_id, user_id, shapes.order(order).model_dump(mode="json"))


class OrderNews:
    """Finds out what changed about orders since the last look; made of the books."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self._told: dict[UUID, tuple[OrderStatus, OrderProgress | None]] = {}

    def fresh(self, events: Iterable[FeedItem]) -> list[Message]:
        """How far orders under way are, where that changed, and those whose end is among `events`."""
        under_way = self._jobs.orders_under_way()
        seen = {order.id: (order.status, order.progress) for order, _ in under_way}
        news = [of_order(order, owner) for order, owner in under_way if self._told.get(order.id) != seen[order.id]]
        self._told = seen
        return [*news, *(of_order(*each) for each in _ended(self._jobs, [e for e in events if e.event.kind in ENDS]))]


def _ended(jobs: JobStore, ends: Sequence[FeedItem]) -> list[tuple[WorkOrder, str | None]]:
    found: dict[UUID, tuple[WorkOrder, str | None]] = {}
    for end in ends:
        for order in jobs.orders(end.event.job_id):
            if order.finished_at is not None and abs(order.finished_at - end.event.created_at) < _SAME_TIME:
                found[order.id] = order, end.user_id
    return list(found.values())
