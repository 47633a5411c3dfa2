"""Owns the verbs by which jobs are found, counted and followed; hides PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.feed import ChangeKey, FeedItem, JobChange
from video_pipeline.domain.inventory import Inventory
from video_pipeline.domain.job import JobKind, JobStatus
from video_pipeline.domain.statistics import Gauges, Period, PeriodCost, StoryboardStats
from video_pipeline.domain.summaries import ChannelSummary, JobSummary, Page


class SummaryBook(Protocol):
    """Jobs and channels in short forms: any of these is one query, however many there are."""

    def page_of_jobs(
        self,
        *,
        statuses: Sequence[JobStatus] = (),
        kind: JobKind | None = None,
        channel_id: UUID | None = None,
        approved: bool | None = None,
        user_id: str | None = None,
        words: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[JobSummary]:
        """Jobs, newest first, from the place that the cursor `after` names; 1 to PAGE_MAX of them.

        `words` is what somebody typed into a search box; nothing in it is an error. InvalidInputError for a cursor that
        no page gave or a limit out of range.
        """
        ...

    def get_video_tasks(
        self, user_id: str | None = None, status: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[JobSummary]:
        """Jobs, newest first, by a user, in a status or in those that a coarse word means."""
        ...

    def summaries(self, job_ids: Collection[UUID]) -> dict[UUID, JobSummary]:
        """The jobs with these ids, those that exist."""
        ...

    def list_channels_with_counts(self, *, active_only: bool = False) -> list[ChannelSummary]: ...
    def get_channel(self, channel_id: UUID) -> ChannelSummary: ...
    def set_channel_active(self, channel_id: UUID, is_active: bool) -> ChannelSummary: ...


class StatisticsBook(Protocol):
    """Sums over jobs."""

    def get_storyboard_stats(self, user_id: str | None = None) -> StoryboardStats: ...
    def cost_over_time(
        self,
        period: Period,
        since: datetime,
        until: datetime,
        *,
        user_id: str | None = None,
        channel_id: UUID | None = None,
    ) -> list[PeriodCost]:
        """One row for each period that the half-open time touches, none left out; InvalidInputError when unusable.

        The first and the last row count only what lies within the time asked for.
        """
        ...

    def gauges(self) -> Gauges: ...


class InventoryBook(Protocol):
    """What there should be in the media store, and where the books come from."""

    def restored_at(self) -> datetime | None:
        """When these books were last put back from a backup; None when they never were."""
        ...

    def inventory(self, job_id: UUID | None = None) -> Inventory:
        """The files of one job or of all, and the jobs that there are."""
        ...


class FeedBook(Protocol):
    """What happens, for readers that ask again and again; see `domain.feed.Overlap` for missing nothing."""

    def events_after(
        self, event_id: int, *, limit: int = 500, job_id: UUID | None = None, given: Collection[int] = ()
    ) -> list[FeedItem]:
        """Lines of history with a number above `event_id` and not in `given`, in their order."""
        ...

    def latest_event_id(self) -> int:
        """The highest number given out and seen; 0 before there is any."""
        ...

    def changed_jobs(self, since: datetime, *, limit: int = 500, given: Collection[ChangeKey] = ()) -> list[JobChange]:
        """Jobs written at `since` or later and not in `given`, the earliest change first."""
        ...

    def latest_change(self) -> datetime:
        """When a job was last written, as far as is seen; the database's time before there is any."""
        ...
