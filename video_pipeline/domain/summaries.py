"""Owns the short forms in which jobs and channels are listed, and pages of them; hides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from video_pipeline.domain.job import Approval, JobKind, JobStatus
from video_pipeline.domain.records import ChannelRecord

T = TypeVar("T")

PAGE_MAX = 200
"""Most entries of one page."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and where the next part begins."""

    items: tuple[T, ...]
    next_cursor: str | None  # opaque; None on the last page


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One ordered video without its plan."""

    id: UUID
    channel_id: UUID
    channel_name: str
    kind: JobKind
    status: JobStatus
    title: str  # the planned one, and before there is a plan the niche
    niche_label: str
    mood_keywords: str
    project_name: str | None
    user_id: str | None
    target_duration_minutes: int
    duration_s: float | None  # of the plan, and of the video once there is one; to the second
    approval: Approval
    approved: bool
    progress: dict[str, Any] | None
    error_message: str | None
    estimated_cost_usd: Decimal
    actual_cost_usd: Decimal
    refinement_count: int
    download_count: int
    retry_count: int
    scene_count: int | None  # None before there is a plan
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelSummary(ChannelRecord):
    """A YouTube channel and how much was made for it."""

    total_jobs: int
    completed_jobs: int
