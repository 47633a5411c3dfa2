"""Owns figures over many jobs over HTTP; hides nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator

from video_pipeline.api import models
from video_pipeline.api.caller import Reader
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.problems import answers
from video_pipeline.domain.access import Principal
from video_pipeline.domain.errors import ForbiddenError, InvalidInputError
from video_pipeline.domain.statistics import Period

router = APIRouter(prefix="/statistics", tags=["statistics"])

SINCE_DEFAULT = timedelta(days=30)


def _written(value: object) -> object:
    """A bare number would be taken for seconds since 1970, in which nobody thinks."""
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("write it as 2026-07-01T00:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_written)]
User = Annotated[str | None, Query(max_length=64, description="Whose jobs; by default yours, an administrator's: all.")]


def _whose(caller: Principal, user_id: str | None) -> str | None:
    if caller.is_admin:
        return user_id
    if user_id not in (None, caller.name):
        raise ForbiddenError("figures of other users are for administrators")
    return caller.name


@router.get("", summary="Totals", responses=answers(401, 403))
def totals(desk: AtDesk, caller: Reader, user_id: User = None) -> models.Totals:
    """Jobs by status, cost, credits, thumbnails, minutes, downloads."""
    return models.Totals.model_validate(desk.jobs.get_storyboard_stats(_whose(caller, user_id)))


@router.get("/cost", summary="Cost and output over time", responses=answers(401, 403))
def cost(
    desk: AtDesk,
    caller: Reader,
    period: Period = Period.DAY,
    since: Annotated[Moment | None, Query(description="By default 30 days ago; UTC.")] = None,
    until: Annotated[Moment | None, Query(description="By default now.")] = None,
    user_id: User = None,
) -> models.CostOverTime:
    """Per day, week or month (UTC), without gaps: jobs ordered and completed, cost in US dollars, minutes made."""
    end = _utc(until) or datetime.now(UTC)
    start = _utc(since) or _before(end)
    rows = desk.jobs.cost_over_time(period, start, end, user_id=_whose(caller, user_id))
    return models.CostOverTime(items=[models.PeriodCost.model_validate(each) for each in rows])


def _before(end: datetime) -> datetime:
    try:
        return end - SINCE_DEFAULT
    except OverflowError as error:
        raise InvalidInputError(f"there is no time before {end}; say since when") from error


def _utc(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
