"""Owns money over HTTP: caps, purchases, who takes how much; hides nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from video_pipeline.api import models
from video_pipeline.api.caller import Admin, Reader, ReadJob
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import answers
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.purchases import CapScope
from video_pipeline.steps.roster import Seller, sellers

router = APIRouter(tags=["money"], route_class=OnceRoute)


@router.get("/money", summary="Show caps and spending", responses=answers(401, 404))
def money(desk: AtDesk, caller: Reader, channel_id: UUID | None = None) -> models.Money:
    """How the caps of the day and the month (UTC) stand, with `channel_id` also those of a new job there."""
    if channel_id is not None:
        desk.jobs.get_channel(channel_id)
    return models.Money(
        spending=[models.Spending.model_validate(each) for each in desk.jobs.spending(channel_id=channel_id)],
        caps=[models.Cap.model_validate(each) for each in desk.jobs.caps()],
    )


@router.put("/money/caps/{scope}", summary="Set a cap", responses=answers(401, 403, 404))
def set_cap(scope: CapScope, new: models.NewCap, desk: AtDesk, caller: Admin) -> models.Cap:
    """Limit what may be paid and set aside for a job, a channel in a month, or all in a day or a month (UTC)."""
    desk.jobs.set_cap(scope, new.amount_usd, channel_id=new.channel_id, by=caller.name)
    caps = {(each.scope, each.channel_id): each for each in desk.jobs.caps()}
    return models.Cap.model_validate(caps[scope, new.channel_id])


@router.get("/jobs/{job_id}/purchases", summary="List what was bought for a job", responses=answers(401, 404))
def purchases(job: ReadJob, desk: AtDesk) -> models.Purchases:
    """What was bought, of whom, and what came of it, the newest first; a doubtful one waits for a person."""
    standing = next(each for each in desk.jobs.spending(job.id) if each.scope is CapScope.JOB)
    return models.Purchases(
        estimated_usd=float(job.estimated_cost_usd),
        paid_usd=float(standing.paid_usd),
        reserved_usd=float(standing.reserved_usd),
        cap_usd=None if standing.cap_usd is None else float(standing.cap_usd),
        items=[models.Purchase.model_validate(each) for each in desk.jobs.purchases(job.id, limit=None)],
    )


@router.post(
    "/purchases/{purchase_id}/resolve",
    summary="Say what became of a doubtful purchase",
    responses=answers(401, 403, 404, 409),
)
def resolve(purchase_id: UUID, said: models.Resolution, desk: AtDesk, caller: Admin) -> models.Purchase:
    """Say, after a look into the vendor's dashboard, whether it took money; then the job can be retried."""
    if said.cost_usd is not None and not said.spent:
        raise InvalidInputError("where nothing was spent there is no cost_usd; leave it out")
    price_usd = desk.jobs.purchase(purchase_id).price_usd
    cost_usd = (price_usd if said.cost_usd is None else said.cost_usd) if said.spent else None
    return models.Purchase.model_validate(desk.jobs.resolve_purchase(purchase_id, cost_usd, by=caller.name))


@router.get("/providers", summary="List providers", responses=answers(401))
def providers(desk: AtDesk, caller: Reader) -> models.Providers:
    """Everybody who can be asked: price, limits, whether a key is missing, how calls have gone lately."""
    found = sellers(desk.roster(), desk.jobs.vendor_states())
    return models.Providers(items=[_provider(desk, each) for each in found])


def _provider(desk: Desk, each: Seller) -> models.Provider:
    known: dict[str, Any] = {"failures": 0, "under_way": 0, "closed_until": None, "paused_until": None}
    state = each.state
    if state is not None:
        known = {name: getattr(state, name) for name in known}
    return models.Provider(
        kind=each.trade,
        name=each.name,
        price_usd=float(each.price_usd),
        second_usd=float(each.second_usd),
        longest_s=each.longest_s,
        largest=each.largest,
        concurrency=each.concurrency,
        local=each.limits is None,
        ready=each.ready,
        missing=each.missing or None,
        fallbacks=list(each.fallbacks),
        last_error="" if state is None else desk.without_places(state.last_error),
        **known,
    )
