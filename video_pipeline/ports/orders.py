"""Owns the verbs of work that is ordered on demand; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from video_pipeline.domain.orders import OrderKind, WorkOrder


class OrderBook(Protocol):
    """Work orders. A write with the number of an attempt raises LeaseLostError when another attempt owns the order."""

    def place_order(self, job_id: UUID, kind: OrderKind, request: Mapping[str, Any], by: str) -> WorkOrder:
        """Order work for a job; the same request that is not finished yet is returned instead of a second one.

        InvalidInputError as `check_request` says, NotFoundError for an unknown job.
        """
        ...

    def get_order(self, order_id: UUID) -> WorkOrder: ...
    def orders(self, job_id: UUID) -> list[WorkOrder]:
        """The orders of a job, newest first."""
        ...

    def orders_under_way(self) -> list[tuple[WorkOrder, str | None]]:
        """All orders that are not finished, oldest first, each with the user whose job it is for."""
        ...

    def waiting_orders(self, limit: int) -> list[WorkOrder]:
        """Orders that want a run, oldest first: pending ones, and those whose attempt died."""
        ...

    def begin_order(self, order_id: UUID, run_id: str) -> WorkOrder:
        """Begin the next attempt; ConflictError when another one is live or the order is finished.

        An order that was begun ATTEMPTS_MAX times is not begun again: it is returned as failed.
        """
        ...

    def order_progress(self, order_id: UUID, attempt: int, percent: float, message: str) -> None:
        """Record how far an attempt is (0 to 100), and that it lives; NotFoundError when the order is gone."""
        ...

    def finish_order(self, order_id: UUID, attempt: int, result: Mapping[str, Any]) -> WorkOrder: ...
    def fail_order(self, order_id: UUID, attempt: int, message: str) -> WorkOrder: ...
    def postpone_order(self, order_id: UUID, attempt: int, message: str) -> WorkOrder:
        """Let an order wait for another attempt because this one failed in a way that may pass.

        It is failed instead when it was begun ATTEMPTS_MAX times.
        """
        ...

    def miss_order(self, order_id: UUID, attempt: int, message: str) -> WorkOrder:
        """Count an attempt whose run ended before it could begin the order, which had `attempt` attempts until then.

        Nothing changes when somebody has begun or finished it meanwhile.
        """
        ...

    def order_run_is_gone(self, order_id: UUID, run_id: str) -> bool:
        """True when a run that had begun the order works on it no more; False when in doubt."""
        ...
