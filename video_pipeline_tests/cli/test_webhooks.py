"""`video-pipeline webhook`: from making one to removing it, with a receiver on loopback."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline import bootstrap
from video_pipeline.domain.access import Scope
from video_pipeline.domain.webhooks import verify
from video_pipeline.outbound import HttpMessenger
from video_pipeline.steps.studio import Studio
from video_pipeline.store import PostgresAccess, PostgresOutbox
from video_pipeline_tests.cli.conftest import Call, in_json
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.receivers import receiver, status


@pytest.fixture
def outbox(database: Database, monkeypatch: pytest.MonkeyPatch) -> PostgresOutbox:
    """The outbox behind the command line; private addresses are allowed."""
    opened = PostgresOutbox(database.engine)
    monkeypatch.setattr(bootstrap, "outbox", lambda: opened)
    monkeypatch.setattr(bootstrap, "messenger", lambda: HttpMessenger(allow_private=True))
    return opened


def test_a_webhook_from_its_making_to_its_end(call: Call, outbox: PostgresOutbox, studio: Studio) -> None:
    channel = in_json(call, "channel", "new", "Castle", "--niche", "N")["channel_id"]
    with receiver() as told:
        kinds = ("--kinds", "moved, cancelled", "--channel", "castle", "--user", "ada", "--description", "mine")
        made = in_json(call, "webhook", "new", told.url, *kinds)
        assert made["secret"].startswith("whsec_")
        shown = {name: value for name, value in made.items() if name != "secret"}
        assert shown["kinds"] == ["moved", "cancelled"]
        assert (shown["channel_id"], shown["user"], shown["active"]) == (channel, "ada", True)
        assert in_json(call, "webhook", "list") == in_json(call, "webhook", "list", "--user", "ada") == [shown]
        sent = in_json(call, "webhook", "test", made["webhook_id"])
        assert (sent["status"], sent["attempts"], sent["payload"]["type"]) == ("delivered", 1, "ping")
        assert verify(made["secret"], told.messages[0].headers, told.messages[0].body, now=time.time())
        assert in_json(call, "webhook", "deliveries", made["webhook_id"]) == [sent]
        assert in_json(call, "webhook", "deliveries", made["webhook_id"], "--status", "dead") == []
        assert in_json(call, "webhook", "replay", sent["delivery_id"])["status"] == "pending"
    assert in_json(call, "webhook", "remove", made["webhook_id"])["removed"]
    assert in_json(call, "webhook", "list") == []


def test_a_key_is_named_or_its_id_given(
    call: Call, outbox: PostgresOutbox, access: PostgresAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "access_store", lambda: access)
    for user in ("ada", "bob"):
        access.create_user(user, "correct horse battery", Scope.SPEND)
    old, shop, other = (access.create_key(user, "the shop", Scope.SPEND)[0].id for user in ("ada", "ada", "bob"))
    access.revoke_key(old)
    url = "https://example.com/hook"
    made = in_json(call, "webhook", "new", url, "--user", "ada", "--key", "the shop")
    assert (made["key_id"], made["user"]) == (str(shop), "ada")
    assert in_json(call, "webhook", "new", url, "--key", str(other)[:8])["user"] == "bob"
    for wrong, code in ((("the shop",), 2), (("nobody",), 4), ((str(other), "--user", "ada"), 4), ((str(old),), 1)):
        assert call("webhook", "new", url, "--key", *wrong)[0] == code, wrong
    assert len(outbox.list_webhooks()) == 2
    access.revoke_key(shop)
    assert "its key was revoked" in call("webhook", "list", "--user", "ada")[1]


def test_what_people_read(call: Call, outbox: PostgresOutbox) -> None:
    assert "no webhooks yet" in call("webhook", "list")[1]
    with receiver(status(204), status(500, b"[red]out[/red] of order")) as told:
        code, out, _ = call("webhook", "new", told.url)
        assert code == 0
        assert told.url in out
        assert "secret whsec_" in out
        (hook,) = outbox.list_webhooks()
        assert "no deliveries" in call("webhook", "deliveries", str(hook.id))[1]
        code, out, _ = call("webhook", "test", str(hook.id))
        assert (code, out.strip()) == (0, "answered 204")
        code, out, _ = call("webhook", "test", str(hook.id))
        assert (code, out.strip()) == (1, "not delivered: it answered 500: [red]out[/red] of order")
    out = call("webhook", "deliveries", str(hook.id))[1]
    for word in ("ping", "delivered", "pending", "[red]out[/red]"):
        assert word in " ".join(out.split())
    assert "1 failures" in " ".join(call("webhook", "list")[1].split())
    outbox.update_webhook(hook.id, is_active=False)
    assert "off" in call("webhook", "list")[1]
    assert "is removed" in call("webhook", "remove", str(hook.id))[1]


def test_wrong_use_has_its_exit_codes(call: Call, outbox: PostgresOutbox, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = str(uuid4())
    for arguments in (
        ("deliveries", unknown),
        ("replay", unknown),
        ("test", unknown),
        ("remove", unknown),
        ("new", "https://example.com/", "--channel", "nobody's"),
    ):
        assert call("webhook", *arguments)[0] == 4, arguments
    cases: tuple[tuple[Any, ...], ...] = (
        ("new", "nonsense"),
        ("new", "http://169.254.169.254/latest/meta-data"),
        ("new", "http://127.0.0.1/", "--kinds", "exploded"),
        ("remove", "no id"),
    )
    for arguments in cases:
        assert call("webhook", *arguments)[0] == 2, arguments
    monkeypatch.setattr(bootstrap, "messenger", HttpMessenger)
    code, _, err = call("webhook", "new", "http://127.0.0.1:9/")
    assert code == 2
    assert "VIDEO_PIPELINE_WEBHOOK_PRIVATE" in err
    assert outbox.list_webhooks() == []
