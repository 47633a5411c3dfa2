"""Owns what is said about a video where it is published, and what is measured there; hides which words are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.publishing import check_texts

VIDEO_ID = r"[A-Za-z0-9_-]{1,100}"
URL_MAX_CHARACTERS = 2000
COUNT_MAX = 2**31 - 1
AMOUNT_MAX = Decimal("99999999.99")
"""Of a column NUMERIC(10, 2)."""


class UploadStrategy(StrEnum):
    """When a finished video is to be published."""

    MANUAL = "manual"  # when somebody does it
    IMMEDIATE = "immediate"  # as soon as it is delivered
    SCHEDULED = "scheduled"  # at `scheduled_time`


@dataclass(frozen=True, slots=True)
class Publication:
    """What is said about a video where it is published; None and no tags: nothing yet."""

    youtube_title: str | None = None
    youtube_description: str | None = None
    youtube_tags: tuple[str, ...] = ()
    video_url: str | None = None  # where people see it
    youtube_video_id: str | None = None
    upload_strategy: str | None = None  # an UploadStrategy
    scheduled_time: datetime | None = None  # UTC
    credits_used: int | None = None  # of the vendors that made it


ELSEWHERE = {
    "status": "it changes with the work",
    "completed_at": "it is set when the job completes",
    "error_message": "it is set when the job fails",
    "cost": "it is the sum of what was paid",
    "duration": "it is measured",
    "prompt": "it is part of what was ordered: update_job_config",
    "engine": "it is part of what was ordered: update_job_config",
}
"""What older clients wrote as well, and why nobody writes it by hand here."""


def changed(publication: Publication, changes: Mapping[str, Any]) -> Publication:
    """`publication` with some fields replaced; None clears one. InvalidInputError for what is not usable."""
    known = {field.name for field in fields(Publication)}
    for name in changes:
        if name not in known:
            reason = ELSEWHERE.get(name, f"there is no such field; there are: {', '.join(sorted(known))}")
            raise InvalidInputError(f"{name} cannot be written: {reason}")
    given = dict(changes)
    if "youtube_tags" in given:
        given["youtube_tags"] = tuple(given["youtube_tags"] or ())
    moment = given.get("scheduled_time")
    if moment is not None:
        given["scheduled_time"] = moment if moment.tzinfo is None else moment.astimezone(UTC)
        given.setdefault("upload_strategy", UploadStrategy.SCHEDULED)
    elif "upload_strategy" in given and given["upload_strategy"] != UploadStrategy.SCHEDULED:
        given["scheduled_time"] = None
    after = replace(publication, **given)
    _check(after)
    return after


def _check(publication: Publication) -> None:
    # A title that is not there yet is no title that is empty.
    title = "untitled" if publication.youtube_title is None else publication.youtube_title
    check_texts(title, publication.youtube_description or "", publication.youtube_tags)
    url, video_id, credit = publication.video_url, publication.youtube_video_id, publication.credits_used
    if url is not None and not (re.fullmatch(r"https?://\S+", url) and len(url) <= URL_MAX_CHARACTERS):
        raise InvalidInputError(f"{url[:80]!r} is no address of a video; write https://...")
    if video_id is not None:
        check_video_id(video_id)
    if credit is not None and not 0 <= credit <= COUNT_MAX:
        raise InvalidInputError(f"credits are from 0 to {COUNT_MAX}, not {credit}")
    strategy, moment = publication.upload_strategy, publication.scheduled_time
    if strategy is not None and strategy not in tuple(UploadStrategy):
        raise InvalidInputError(f"{strategy[:40]!r} is no upload strategy; one of: {', '.join(UploadStrategy)}")
    if (strategy == UploadStrategy.SCHEDULED) != (moment is not None):
        raise InvalidInputError("the upload strategy scheduled needs a scheduled time, and nothing else has one")
    if moment is not None and moment.tzinfo is None:
        raise InvalidInputError("a scheduled time needs a zone, for example 2026-03-01T18:00:00+01:00")


def check_video_id(video_id: str) -> None:
    """Raise InvalidInputError unless YouTube could have given such an id."""
    if not re.fullmatch(VIDEO_ID, video_id):
        raise InvalidInputError(f"{video_id[:80]!r} is no id of a YouTube video; it is the part behind youtu.be/")


@dataclass(frozen=True, slots=True)
class VideoAnalytics:
    """What was measured of a published video up to one day."""

    id: UUID
    job_id: UUID
    youtube_video_id: str
    snapshot_date: date
    views: int
    watch_time_hours: Decimal | None
    revenue_usd: Decimal | None
    created_at: datetime


def check_figures(views: int, watch_time_hours: Decimal | None, revenue_usd: Decimal | None) -> None:
    """Raise InvalidInputError for figures that nobody can have measured. Revenue can be taken back, below zero."""
    if not 0 <= views <= COUNT_MAX:
        raise InvalidInputError(f"views are from 0 to {COUNT_MAX}, not {views}")
    for name, amount, least in (
        ("watch time", watch_time_hours, Decimal(0)),
        ("revenue", revenue_usd, -AMOUNT_MAX),
    ):
        if amount is not None and not (amount.is_finite() and least <= amount <= AMOUNT_MAX):
            raise InvalidInputError(f"{name} is from {least} to {AMOUNT_MAX}, not {amount}")
