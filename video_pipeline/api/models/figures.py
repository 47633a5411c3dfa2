"""Owns the forms of sums and estimates; hides nothing."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from video_pipeline.api.models.base import Answer
from video_pipeline.domain.job import JobStatus


class Pieces(Answer):
    """How many things a provider is asked for, and its price for one."""

    pieces: int
    price_usd: float


class Estimate(Answer):
    """What an order is expected to take."""

    duration_s: float
    length_note: str | None = Field(description="What the length is a guess of, before the music is here.")
    scenes: int
    music: Pieces
    images: Pieces
    clips: Pieces
    thumbnail: Pieces = Field(description="A picture that is bought for thumbnails alone.")
    words_usd: float = Field(description="For a language model that writes.")
    estimated_cost_usd: float
    cap_note: str | None = Field(description="Which cap of spending the order would come up against, if one.")
    computing: str


class Totals(Answer):
    """Everything ordered so far; amounts in US dollars."""

    total_tasks: int
    by_status: dict[JobStatus, int]
    by_word: dict[str, int]
    total_cost: float
    total_credits_used: int
    total_thumbnails: int
    total_minutes: float
    exports: int
    refinements: int
    downloads: int


class PeriodCost(Answer):
    """What happened within one period."""

    period: datetime = Field(description="Its first moment.")
    jobs: int
    completed: int
    cost_usd: float
    minutes: float


class CostOverTime(Answer):
    """Periods without gaps, oldest first."""

    items: list[PeriodCost]
