"""Owns `video-pipeline webhook`; hides nothing."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.keys import find_key
from video_pipeline.cli.output import console, print_json, print_table
from video_pipeline.domain.webhooks import CLAIM_S, DeliveryRecord, DeliveryStatus, WebhookRecord
from video_pipeline.steps.notify import deliver_now, subscribe

app = typer.Typer(help="Addresses that are told what happens to jobs.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Webhook = Annotated[UUID, typer.Argument(metavar="ID", help="The webhook's id.")]

POLL_S = 0.2


@app.command("new", epilog="Example: video-pipeline webhook new https://example.com/hook --kinds moved,approved")
def new(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are sent, by POST.")],
    channel: Annotated[str | None, typer.Option(help="Name or id of the channel; by default every channel.")] = None,
    user: Annotated[str | None, typer.Option(help="Whose jobs are told; by default everybody's.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Name or id of an API key: what is ordered with it is told, while it counts.")
    ] = None,
    kinds: Annotated[str, typer.Option(help="Events with commas between; by default all.")] = "",
    description: Annotated[str, typer.Option(help="A note for people.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a webhook and show its secret, this once."""
    webhook, secret = subscribe(
        bootstrap.outbox(),
        bootstrap.messenger(),
        url,
        user_name=user,
        channel_id=bootstrap.job_store().find_channel(channel).id if channel else None,
        key_id=find_key(bootstrap.access_store().list_keys(user), key).id if key else None,
        kinds=[kind.strip() for kind in kinds.split(",") if kind.strip()],
        description=description,
    )
    if as_json:
        print_json(webhook_json(webhook) | {"secret": secret})
        return
    console.print(f"webhook {webhook.id} {webhook.url}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"secret {secret} (not shown again; the receiver checks signatures with it)",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("list", epilog="Example: video-pipeline webhook list --json")
def list_(
    user: Annotated[str | None, typer.Option(help="Only those of this user.")] = None, as_json: AsJson = False
) -> None:
    """List webhooks, newest first."""
    webhooks = bootstrap.outbox().list_webhooks(user)
    if as_json:
        print_json([webhook_json(webhook) for webhook in webhooks])
        return
    rows = [
        (
            w.id,
            w.url,
            w.user_name or "all",
            str(w.key_id)[:8] if w.key_id else "any",
            w.channel_id or "all",
            ", ".join(w.kinds) or "all",
            _state(w),
        )
        for w in webhooks
    ]
    empty = "no webhooks yet: video-pipeline webhook new URL"
    print_table("Webhooks", ("id", "URL", "user", "key", "channel", "events", "state"), rows, empty=empty)


@app.command("deliveries", epilog="Example: video-pipeline webhook deliveries 3fa85f64-... --status dead")
def deliveries(
    webhook: Webhook,
    status: Annotated[DeliveryStatus | None, typer.Option(help="Only those in this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List what a webhook was told, and is still to be told, newest first."""
    found = bootstrap.outbox().deliveries(webhook, status=status, limit=limit)
    if as_json:
        print_json([delivery_json(delivery) for delivery in found])
        return
    rows = [
        (d.id, d.payload["type"], d.status, d.attempts, f"{d.created_at:%Y-%m-%d %H:%M:%S}", d.last_error)
        for d in found
    ]
    columns = ("id", "what", "status", "attempts", "happened (UTC)", "last error")
    print_table("Deliveries", columns, rows, empty="no deliveries")


@app.command("replay", epilog="Example: video-pipeline webhook replay 7c9e6679-...")
def replay(
    delivery: Annotated[UUID, typer.Argument(metavar="DELIVERY", help="The delivery's id.")], as_json: AsJson = False
) -> None:
    """Send a delivery again, whatever became of it; the running studio does it at once."""
    found = bootstrap.outbox().replay(delivery)
    _answer(found, f"delivery {found.id} is due now", as_json)


@app.command("test", epilog="Example: video-pipeline webhook test 3fa85f64-...")
def try_out(webhook: Webhook, as_json: AsJson = False) -> None:
    """Send a test message now and show what was answered; exit code 1 when it did not arrive."""
    outbox = bootstrap.outbox()
    sent = _sent(outbox.ping(webhook).id)
    arrived = sent.status is DeliveryStatus.DELIVERED
    answer = f"answered {sent.last_status_code}" if arrived else f"not delivered: {sent.last_error}"
    _answer(sent, answer, as_json)
    if not arrived:
        raise typer.Exit(1)


@app.command("remove", epilog="Example: video-pipeline webhook remove 3fa85f64-...")
def remove(webhook: Webhook, as_json: AsJson = False) -> None:
    """Remove a webhook with its deliveries."""
    bootstrap.outbox().delete_webhook(webhook)
    if as_json:
        print_json({"webhook_id": str(webhook), "removed": True})
    else:
        console.print(f"webhook {webhook} is removed", markup=False, highlight=False)


def webhook_json(webhook: WebhookRecord) -> dict[str, Any]:
    """A webhook for programs, without its secret."""
    return {
        "webhook_id": str(webhook.id),
        "url": webhook.url,
        "user": webhook.user_name,
        "channel_id": webhook.channel_id and str(webhook.channel_id),
        "key_id": webhook.key_id and str(webhook.key_id),
        "kinds": list(webhook.kinds) or None,
        "description": webhook.description,
        "active": webhook.is_active,
        "disabled_reason": webhook.disabled_reason,
        "failures_in_a_row": webhook.failures_in_a_row,
        "created_at": webhook.created_at.isoformat(),
    }


def delivery_json(delivery: DeliveryRecord) -> dict[str, Any]:
    """A delivery for programs."""
    times = ("next_attempt_at", "last_attempt_at", "delivered_at", "created_at")
    return {
        "delivery_id": str(delivery.id),
        "webhook_id": str(delivery.webhook_id),
        "status": str(delivery.status),
        "attempts": delivery.attempts,
        "last_status_code": delivery.last_status_code,
        "last_error": delivery.last_error,
        **{name: at and at.isoformat() for name in times for at in (getattr(delivery, name),)},
        "payload": delivery.payload,
    }


def _sent(delivery_id: UUID) -> DeliveryRecord:
    """The delivery after its first attempt, which the running studio may make before this process does."""
    outbox, messenger = bootstrap.outbox(), bootstrap.messenger()
    deadline = time.monotonic() + CLAIM_S
    while True:
        found = deliver_now(outbox, messenger, delivery_id)
        if found.attempts or time.monotonic() > deadline:
            return found
        time.sleep(POLL_S)


def _state(webhook: WebhookRecord) -> str:
    if webhook.is_active:
        return f"{webhook.failures_in_a_row} failures" if webhook.failures_in_a_row else "active"
    return webhook.disabled_reason or "off"


def _answer(delivery: DeliveryRecord, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(delivery_json(delivery))
    else:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
