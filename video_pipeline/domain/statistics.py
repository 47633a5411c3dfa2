"""Owns what is counted and summed over jobs; hides nothing. Amounts are US dollars, periods are those of UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from video_pipeline.domain.job import FILTER_WORDS, JobStatus
from video_pipeline.domain.money import LedgerEntry


class Period(StrEnum):
    """A stretch of the calendar over which is summed."""

    DAY = "day"
    WEEK = "week"  # begins on Monday
    MONTH = "month"


PERIODS_MAX = 1000
"""Most rows of one series: almost three years of days."""

STATUS_WORDS: dict[str, tuple[JobStatus, ...]] = {
    "pending": FILTER_WORDS["pending"],
    "processing": FILTER_WORDS["processing"],
    "awaiting_approval": (JobStatus.AWAITING_APPROVAL,),
    "completed": (JobStatus.COMPLETED,),
    "failed": (JobStatus.FAILED,),
    "cancelled": (JobStatus.CANCELLED,),
}
"""Coarse words by which jobs are counted; each status belongs to one, and as a filter each word finds as many."""


@dataclass(frozen=True, slots=True)
class StoryboardStats:
    """Everything ordered so far, by everybody or by one user."""

    total_tasks: int
    by_status: dict[JobStatus, int]  # every status, also those that no job has
    by_word: dict[str, int]  # the same by STATUS_WORDS
    total_cost: Decimal  # what was paid, by the ledger
    total_credits_used: int
    total_thumbnails: int
    total_minutes: float  # of the completed videos
    exports: int
    refinements: int
    downloads: int


@dataclass(frozen=True, slots=True)
class PeriodCost:
    """What happened within one period."""

    period: datetime  # its first moment, UTC
    jobs: int  # ordered
    completed: int
    cost_usd: Decimal  # paid
    minutes: float  # of the videos completed

    @property
    def idle(self) -> bool:
        """True when nothing was ordered, finished or paid."""
        return not (self.jobs or self.completed or self.cost_usd or self.minutes)


@dataclass(frozen=True, slots=True)
class ProviderSum:
    """All entries of one kind that the ledger has for one provider."""

    provider: str
    entry: LedgerEntry
    entries: int
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Gauges:
    """The studio's state at one moment, as a monitor wants it."""

    jobs: dict[JobStatus, int]  # every status, also those that no job has
    oldest_waiting_s: dict[JobStatus, float]  # since the last change of the job that waits longest; see `gauges`
    live_leases: int
    ledger: tuple[ProviderSum, ...]
    exports: int
    export_bytes: int
