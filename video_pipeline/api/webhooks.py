"""Owns webhooks over HTTP; hides nothing. Whoever may spend has webhooks for their own jobs, administrators for all."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from video_pipeline.api import models
from video_pipeline.api.caller import Spender
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import answers
from video_pipeline.domain.access import Principal
from video_pipeline.domain.errors import ForbiddenError, InvalidInputError, NotFoundError
from video_pipeline.domain.webhooks import DeliveryStatus, WebhookRecord

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=OnceRoute)


@router.get("", summary="List webhooks", responses=answers(401, 403))
def list_webhooks(desk: AtDesk, caller: Spender) -> models.Webhooks:
    """Your webhooks, newest first; an administrator's list has all."""
    found = desk.outbox.list_webhooks(None if caller.is_admin else caller.name)
    return models.Webhooks(items=[models.Webhook.model_validate(each) for each in found])


@router.post("", status_code=201, summary="Add a webhook", responses=answers(401, 403, 404, 409))
def add_webhook(new: models.NewWebhook, desk: AtDesk, caller: Spender) -> models.NewWebhookAnswer:
    """Have an address told what happens to your jobs. The secret of its signatures is shown this once."""
    if new.every_user and not caller.is_admin:
        raise ForbiddenError("webhooks for everybody's jobs are for administrators")
    key_id = _key(new, desk, caller)
    desk.messenger().check(new.url)
    if new.channel_id is not None:
        desk.jobs.get_channel(new.channel_id)
    made, secret = desk.outbox.create_webhook(
        new.url,
        user_name=None if new.every_user else caller.name,
        channel_id=new.channel_id,
        key_id=key_id,
        kinds=new.kinds or (),
        description=new.description,
    )
    return models.NewWebhookAnswer(**models.Webhook.model_validate(made).model_dump(), secret=secret)


def _key(new: models.NewWebhook, desk: Desk, caller: Principal) -> UUID | None:
    """The key whose orders are told; NotFoundError, in the same words, for none and for somebody else's."""
    if new.for_key is not None and new.every_user:
        raise InvalidInputError("a key's webhook tells of the key's jobs, not of everybody's; leave out one of both")
    if new.for_key != "this":
        own = None if caller.is_admin or new.for_key is None else desk.access.list_keys(caller.name)
        if own is not None and new.for_key not in {key.id for key in own}:
            raise NotFoundError(f"there is no key {new.for_key}")
        return new.for_key
    if caller.key_id is None:
        raise InvalidInputError("you ask in a session, not with a key; name the id of one")
    return caller.key_id


def _own(desk: Desk, caller: Principal, webhook_id: UUID) -> WebhookRecord:
    found = desk.outbox.get_webhook(webhook_id)
    if not caller.sees(found.user_name):
        raise NotFoundError(f"there is no webhook {webhook_id}")
    return found


@router.get("/{webhook_id}", summary="Show a webhook", responses=answers(401, 403, 404))
def show_webhook(webhook_id: UUID, desk: AtDesk, caller: Spender) -> models.Webhook:
    """A webhook, and why it was disabled if it was."""
    return models.Webhook.model_validate(_own(desk, caller, webhook_id))


@router.patch("/{webhook_id}", summary="Change a webhook", responses=answers(401, 403, 404))
def change_webhook(webhook_id: UUID, change: models.WebhookChange, desk: AtDesk, caller: Spender) -> models.Webhook:
    """Change what is named; what is not named stays."""
    _own(desk, caller, webhook_id)
    if change.url is not None:
        desk.messenger().check(change.url)
    changed = desk.outbox.update_webhook(webhook_id, **change.model_dump(exclude_none=True))
    return models.Webhook.model_validate(changed)


@router.delete("/{webhook_id}", status_code=204, summary="Remove a webhook", responses=answers(401, 403, 404))
def remove_webhook(webhook_id: UUID, desk: AtDesk, caller: Spender) -> None:
    """Remove a webhook, with what it was told and what it was still to be told."""
    desk.outbox.delete_webhook(_own(desk, caller, webhook_id).id)


@router.get("/{webhook_id}/deliveries", summary="What it was told", responses=answers(401, 403, 404))
def deliveries(
    webhook_id: UUID,
    desk: AtDesk,
    caller: Spender,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[UUID | None, Query(description="The last delivery of the page before.")] = None,
) -> models.Deliveries:
    """Deliveries of a webhook, newest first, with their attempts and answers."""
    found = desk.outbox.deliveries(_own(desk, caller, webhook_id).id, status=status, limit=limit, before=before)
    return models.Deliveries(items=[models.Delivery.model_validate(each) for each in found])


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    summary="Send it again",
    responses=answers(401, 403, 404, 409),
)
def replay(webhook_id: UUID, delivery_id: UUID, desk: AtDesk, caller: Spender) -> models.Delivery:
    """Send a delivery once more, under the same id."""
    owned = _own(desk, caller, webhook_id)
    return models.Delivery.model_validate(desk.outbox.replay(delivery_id, webhook_id=owned.id))


@router.post("/{webhook_id}/test", status_code=202, summary="Try it", responses=answers(401, 403, 404, 409))
def test(webhook_id: UUID, desk: AtDesk, caller: Spender) -> models.Delivery:
    """Send a message of the type `ping`."""
    return models.Delivery.model_validate(desk.outbox.ping(_own(desk, caller, webhook_id).id))
