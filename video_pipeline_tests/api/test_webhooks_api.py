"""Webhooks over HTTP: who has them, what they were told, and telling it again."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.api.app import create_app
from video_pipeline.domain.access import Scope
from video_pipeline.domain.webhooks import verify
from video_pipeline.outbound import HttpMessenger
from video_pipeline.steps.notify import Courier, deliver_due
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import PASSWORD, House, Stocked, served
from video_pipeline_tests.receivers import receiver, status

WEBHOOK = {
    *("id", "url", "user_name", "channel_id", "key_id", "kinds", "description", "is_active", "disabled_reason"),
    "created_at",
}
DELIVERY = {
    *("id", "webhook_id", "payload", "status", "attempts", "next_attempt_at", "last_status_code", "last_error"),
    *("delivered_at", "created_at"),
}


def added(client: Client, url: str, **changes: Any) -> Reply:
    return client.post("/webhooks", {"url": url, **changes})


def deliver(house: House) -> int:
    return deliver_due(house.desk.outbox, house.desk.messenger())


def test_the_secret_is_shown_once(house: House) -> None:
    anna = house.user("anna")
    with receiver() as there:
        made = added(anna, there.url, kinds=["approved", "moved"], description="the shop's")
    assert (made.status, set(made.json)) == (201, WEBHOOK | {"secret"})
    assert made.json["secret"].startswith("whsec_")
    assert (made.json["user_name"], made.json["kinds"]) == ("anna", ["moved", "approved"])
    shown = anna.get(f"/webhooks/{made.json['id']}")
    assert shown.json == {name: value for name, value in made.json.items() if name != "secret"}
    assert anna.get("/webhooks").json == {"items": [shown.json]}


def test_an_event_of_a_job_is_delivered_signed_and_listed(stocked: Stocked) -> None:
    anna = stocked.anna
    with receiver() as there:
        made = added(anna, there.url).json
        anna.post(f"/jobs/{stocked.waiting}/approve")
        (waiting,) = anna.get(f"/webhooks/{made['id']}/deliveries").json["items"]
        assert (set(waiting), waiting["status"], waiting["attempts"]) == (DELIVERY, "pending", 0)
        assert deliver(stocked) == 1
    (message,) = there.messages
    assert verify(made["secret"], message.headers, message.body, now=time.time())
    told = json.loads(message.body)
    assert told == waiting["payload"]
    assert stocked.waiting in message.body.decode()
    (delivered,) = anna.get(f"/webhooks/{made['id']}/deliveries").json["items"]
    assert (delivered["status"], delivered["attempts"], delivered["last_status_code"]) == ("delivered", 1, 204)
    assert delivered["delivered_at"] is not None
    assert message.headers["webhook-id"] == delivered["id"]
    assert anna.get(f"/webhooks/{made['id']}/deliveries", query={"status": "pending"}).json["items"] == []
    assert anna.get(f"/webhooks/{made['id']}/deliveries", query={"status": "lost"}).status == 422


def test_what_failed_is_sent_again_under_the_same_id(stocked: Stocked) -> None:
    anna = stocked.anna
    with receiver(status(500, b"no room"), status(204)) as there:
        made = added(anna, there.url).json
        anna.post(f"/jobs/{stocked.waiting}/approve")
        deliver(stocked)
        path = f"/webhooks/{made['id']}/deliveries"
        (failed,) = anna.get(path).json["items"]
        assert (failed["status"], failed["last_status_code"]) == ("pending", 500)
        assert "no room" in failed["last_error"]
        again = anna.post(f"{path}/{failed['id']}/replay")
        assert (again.status, again.json["attempts"], again.json["id"]) == (202, 0, failed["id"])
        deliver(stocked)
        assert there.ids == [failed["id"]] * 2
        assert anna.get(path).json["items"][0]["status"] == "delivered"
        assert anna.post(f"{path}/{uuid4()}/replay").status == 404


def test_a_ping_tries_the_way(house: House) -> None:
    anna = house.user("anna")
    with receiver() as there:
        made = added(anna, there.url).json
        assert anna.post(f"/webhooks/{made['id']}/test").status == 202
        deliver(house)
    (message,) = there.messages
    assert json.loads(message.body)["type"] == "ping"


def test_a_webhook_is_changed_put_to_rest_and_removed(house: House) -> None:
    anna = house.user("anna")
    with receiver() as there:
        made = added(anna, there.url, kinds=["approved"]).json
        path = f"/webhooks/{made['id']}"
        changed = anna.call("PATCH", path, body={"kinds": [], "description": "all"})
        assert (changed.status, changed.json["description"]) == (200, "all")
        assert not changed.json["kinds"]
        assert changed.json["url"] == there.url
        assert anna.call("PATCH", path, body={"is_active": False}).json["is_active"] is False
        resting = anna.post(f"{path}/test")
        assert resting.status == 409
        assert anna.call("PATCH", path, body={"kinds": ["applause"]}).status == 400
        assert anna.call("PATCH", path, body={"url": "ftp://example.org/x"}).status == 400
    assert anna.call("DELETE", path).status == 204
    assert (anna.get(path).status, anna.get("/webhooks").json["items"]) == (404, [])


def test_users_have_their_own_webhooks_and_administrators_see_all(house: House) -> None:
    anna, ben, admin = house.user("anna"), house.user("ben"), house.user("root", Scope.ADMIN)
    with receiver() as there:
        made = added(anna, there.url).json
        path = f"/webhooks/{made['id']}"
        for client, status_code in ((ben, 404), (house.user("eve", Scope.EDIT), 403), (house.stranger(), 401)):
            assert client.get(path).status == status_code
            assert client.get(f"{path}/deliveries").status == status_code
            assert client.call("PATCH", path, body={"is_active": False}).status == status_code
            assert client.call("DELETE", path).status == status_code
            assert client.post(f"{path}/test").status == status_code
        assert ben.get("/webhooks").json["items"] == []
        assert added(ben, there.url, every_user=True).status == 403
        everybody = added(admin, there.url, every_user=True)
        assert (everybody.status, everybody.json["user_name"]) == (201, None)
        assert [each["id"] for each in admin.get("/webhooks").json["items"]] == [everybody.json["id"], made["id"]]
        job = house.ordered(ben)
        deliver(house)
        assert [json.loads(message.body)["data"]["job_id"] for message in there.messages] == [job]
        assert anna.get(f"{path}/deliveries").json["items"] == []
        # A delivery is found with its own webhook alone.
        (his,) = admin.get(f"/webhooks/{everybody.json['id']}/deliveries").json["items"]
        assert anna.post(f"{path}/deliveries/{his['id']}/replay").status == 404


def test_a_webhook_of_one_channel_is_told_of_it_alone(house: House) -> None:
    anna, channel = house.user("anna"), house.channel()
    with receiver() as there:
        made = added(anna, there.url, channel_id=channel).json
        house.ordered(anna)
        mine = house.ordered(anna, channel_id=channel)
        deliver(house)
        assert [json.loads(each.body)["data"]["job_id"] for each in there.messages] == [mine]
        assert made["channel_id"] == channel
        assert added(anna, there.url, channel_id=str(uuid4())).status == 404


def test_a_keys_webhook_is_told_of_what_the_key_ordered(house: House) -> None:
    anna, root = house.user("anna"), house.user("root", Scope.ADMIN)
    laptop, shop = house.key("anna", Scope.SPEND), house.key("anna", Scope.SPEND)
    with receiver() as there:
        made = added(shop, there.url, for_key="this")
        (key,) = [each for each in house.access.list_keys("anna") if str(each.id) == made.json["key_id"]]
        assert (made.status, made.json["user_name"]) == (201, "anna")
        house.ordered(laptop)
        house.ordered(anna)
        house.ordered(root)
        mine = house.ordered(shop)
        laptop.post(f"/jobs/{mine}/cancel")  # whoever does it: it is the key's job
        deliver(house)
        told = [json.loads(each.body) for each in there.messages]
        kinds = [each["type"] for each in told]
        assert ({each["data"]["job_id"] for each in told}, kinds) == ({mine}, ["job.created", "job.cancelled"])
        # An administrator may name any key, and the webhook is its user's.
        named = added(root, there.url, for_key=str(key.id))
        assert (named.json["key_id"], named.json["user_name"]) == (str(key.id), "anna")
        assert {each["id"] for each in anna.get("/webhooks").json["items"]} == {made.json["id"], named.json["id"]}
        house.access.revoke_key(key.id)
        assert laptop.post(f"/webhooks/{made.json['id']}/test").status == 409
        shown = anna.get(f"/webhooks/{made.json['id']}").json
        assert (shown["is_active"], shown["disabled_reason"]) == (False, "its key was revoked")
        assert added(root, there.url, for_key=str(key.id)).status == 409


def test_a_request_sent_twice_is_not_answered_with_another_keys_secret(house: House) -> None:
    """Both keys are one user's and the requests read the same; `this` means another key in each."""
    house.user("anna")
    shop, laptop, once = house.key("anna", Scope.SPEND), house.key("anna", Scope.SPEND), {"Idempotency-Key": "hook-1"}
    order = {"url": "http://127.0.0.1:9/", "for_key": "this"}
    first, other = (client.post("/webhooks", order, headers=once) for client in (shop, laptop))
    assert first.status == 201
    assert (other.status, other.json["type"]) == (422, "/problems/reused-idempotency-key")
    assert shop.post("/webhooks", order, headers=once).json == first.json
    made = laptop.post("/webhooks", order, headers={"Idempotency-Key": "hook-2"}).json
    assert made["key_id"] != first.json["key_id"]


def test_nobody_has_webhooks_for_the_keys_of_others(house: House) -> None:
    anna, ben, root = house.user("anna"), house.user("ben"), house.user("root", Scope.ADMIN)
    (hers,), (his,) = house.access.list_keys("anna"), house.access.list_keys("ben")
    with receiver() as there:
        assert added(anna, there.url, for_key=str(hers.id)).status == 201
        stolen, unknown = added(anna, there.url, for_key=str(his.id)), added(anna, there.url, for_key=str(uuid4()))
        assert stolen.status == unknown.status == added(root, there.url, for_key=str(uuid4())).status == 404
        assert stolen.json["detail"] == f"there is no key {his.id}"
        assert added(root, there.url, for_key="this", every_user=True).status == 400
        assert added(ben, there.url, for_key="mine").status == 422
        assert ben.get("/webhooks").json["items"] == []
        browser = house.stranger()
        browser.sign_in("ben", PASSWORD)
        assert added(browser, there.url, for_key="this").status == 400
        assert added(browser, there.url, for_key=str(his.id)).status == 201


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/hook",
        "http://localhost/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/hook",
        "http://10.0.0.1/hook",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user:secret@example.org/",
    ],
)
def test_a_target_may_not_be_private_nor_anything_but_http(house: House, url: str) -> None:
    key = house.user("anna").key
    desk = replace(house.desk, messenger=lambda: HttpMessenger(allow_private=False))
    with served(create_app(desk)) as address:
        client = Client(f"{address}/api/v2", key)
        refused = added(client, url)
        assert (refused.status, refused.headers["content-type"]) == (400, "application/problem+json"), refused.json
        assert client.get("/webhooks").json["items"] == []


def test_unusable_forms_are_refused(house: House) -> None:
    anna = house.user("anna")
    with receiver() as there:
        assert added(anna, there.url, kinds=["applause"]).status == 400
        assert added(anna, there.url, description="x" * 201).status == 422
        assert added(anna, there.url, colour="blue").status == 422
        assert added(anna, "short").status == 422


def test_the_served_studio_delivers_by_itself(house: House) -> None:
    def courier() -> Courier:
        return Courier(house.desk.outbox, house.desk.messenger(), idle_s=0.05)

    anna = house.user("anna")
    desk = replace(house.desk, courier=courier)  # type: ignore[arg-type] # a context manager of itself
    with receiver() as there, served(create_app(desk)) as address:
        client = Client(f"{address}/api/v2", anna.key)
        made = added(client, there.url).json
        client.post(f"/webhooks/{made['id']}/test")
        deadline = time.monotonic() + 20
        while not there.messages:
            assert time.monotonic() < deadline
            time.sleep(0.02)
