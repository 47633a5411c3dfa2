"""Every operation of the document, called by everybody who may not, and by those who just may.

CALLS is the specification: what each operation needs, a call that works, and the answer to it. An operation that is not
in it fails here before anybody can use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from video_pipeline.domain.access import Scope
from video_pipeline.domain.credentials import new_secret
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import BRIEF, PASSWORD, Stock, stocked_house
from video_pipeline_tests.api.document import Operation, operations
from video_pipeline_tests.api.furnished import PROMPT, RECEIVER, Furnished, furnish, sound

SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Call:
    """A call that works, and whom it needs; None for everybody."""

    scope: Scope | None
    status: int = 200
    ids: dict[str, str] = field(default_factory=dict)  # by the name of the parameter
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    files: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    owned: bool = True  # False: its object belongs to nobody

    def send(self, client: Client, method: str, path: str, ids: dict[str, str]) -> Reply:
        """Make the call with these ids."""
        chosen = {name: ids.get(kind, kind) for name, kind in self.ids.items()}
        body = self.body(ids) if callable(self.body) else self.body
        return client.call(
            method, path.format(**chosen), query=self.query, body=body, files=self.files, headers=self.headers
        )


READ, EDIT, SPEND, ADMIN = Scope.READ, Scope.EDIT, Scope.SPEND, Scope.ADMIN

_DONE = {"job_id": "finished"}
_OPEN = {"job_id": "waiting"}
_SCENE = {**_DONE, "scene_number": "1"}
_UPLOAD = {**_DONE, "upload_id": "upload"}
_ORDER = {**BRIEF, "niche_label": "Ordered by the matrix"}


def _order(ids: dict[str, str]) -> dict[str, Any]:
    return {"channel_id": ids["channel"], **_ORDER}


CALLS: dict[str, Call] = {
    "GET /health": Call(None),
    "GET /ready": Call(None),
    "GET /jobs/{job_id}/metadata": Call(None, ids=_DONE, owned=False),
    "POST /vendors/{vendor}/webhook": Call(None, 404, ids={"vendor": "replicate"}, owned=False),
    "POST /session": Call(None, body={"name": "anna", "password": PASSWORD}),
    "DELETE /session": Call(READ, 204),
    "GET /options": Call(READ),
    "GET /channels": Call(READ),
    "POST /channels": Call(EDIT, 201, body={"name": "A", "brand_niche": "B"}),
    "PATCH /channels/{channel_id}": Call(EDIT, ids={"channel_id": "channel"}, body={"is_active": True}, owned=False),
    "GET /jobs": Call(READ),
    "POST /jobs": Call(SPEND, 201, body=_order),
    "POST /jobs/estimate": Call(READ, body=_order),
    "GET /jobs/{job_id}": Call(READ, ids=_DONE),
    "DELETE /jobs/{job_id}": Call(EDIT, 204, ids={"job_id": "cancelled"}),
    "POST /jobs/{job_id}/approve": Call(EDIT, ids=_OPEN),
    "POST /jobs/{job_id}/cancel": Call(EDIT, ids={"job_id": "cancellable"}),
    "POST /jobs/{job_id}/start": Call(SPEND, ids={"job_id": "preparing"}),
    "POST /jobs/{job_id}/retry": Call(SPEND, ids={"job_id": "failed"}),
    "PUT /jobs/{job_id}/brief": Call(
        SPEND, ids={"job_id": "configurable"}, body=lambda ids: {**_ORDER, "channel_id": ids["its_channel"]}
    ),
    "GET /jobs/{job_id}/publication": Call(READ, ids=_DONE),
    "PATCH /jobs/{job_id}/publication": Call(EDIT, ids=_DONE, body={"youtube_title": "Mine"}),
    "GET /money": Call(READ),
    "PUT /money/caps/{scope}": Call(ADMIN, ids={"scope": "month"}, body={"amount_usd": 400}, owned=False),
    "GET /jobs/{job_id}/purchases": Call(READ, ids=_DONE),
    "POST /purchases/{purchase_id}/resolve": Call(
        ADMIN, ids={"purchase_id": "purchase"}, body={"spent": False}, owned=False
    ),
    "GET /providers": Call(READ),
    "GET /jobs/{job_id}/licences": Call(READ, ids=_DONE),
    "GET /jobs/{job_id}/licences.zip": Call(READ, ids=_DONE),
    "GET /jobs/{job_id}/analytics": Call(READ, ids=_DONE),
    "PUT /jobs/{job_id}/analytics/{snapshot_date}": Call(
        EDIT, ids={**_DONE, "snapshot_date": "2026-03-01"}, body={"views": 7, "youtube_video_id": "dQw4w9WgXcQ"}
    ),
    "GET /jobs/{job_id}/history": Call(READ, ids=_DONE),
    "GET /jobs/{job_id}/storyboard": Call(READ, ids=_DONE),
    "POST /jobs/{job_id}/refine": Call(
        EDIT, ids=_OPEN, query={"scene_number": 1, "new_description": "a quieter room than before"}
    ),
    "POST /jobs/{job_id}/tracks/{order_index}/reword": Call(
        EDIT, ids={"job_id": "unheard", "order_index": "2"}, body={"prompt": "slow strings in a quiet hall"}
    ),
    "POST /jobs/{job_id}/reorder": Call(EDIT, ids=_OPEN, query={"scene_order": [1, 2, 3]}),
    "GET /jobs/{job_id}/scenes/{scene_number}/versions": Call(READ, ids=_SCENE),
    "POST /jobs/{job_id}/scenes/{scene_number}/restore": Call(
        EDIT, ids={**_OPEN, "scene_number": "1"}, body=lambda ids: {"version_id": ids["version"]}
    ),
    "GET /jobs/{job_id}/scenes/{scene_number}/image": Call(READ, ids=_SCENE),
    "GET /jobs/{job_id}/scenes/{scene_number}/track": Call(READ, ids=_SCENE),
    "GET /jobs/{job_id}/scenes/{scene_number}/waveform": Call(READ, ids=_SCENE),
    "GET /jobs/{job_id}/export": Call(EDIT, ids=_DONE, query={"format": "mp4", "quality": "high"}),
    "GET /jobs/{job_id}/exports": Call(READ, ids=_DONE),
    "POST /jobs/{job_id}/exports": Call(EDIT, 202, ids=_DONE, body={"formats": ["webm"], "qualities": ["low"]}),
    "GET /orders/{order_id}": Call(READ, ids={"order_id": "order"}),
    "GET /jobs/{job_id}/video": Call(READ, ids=_DONE),
    "GET /jobs/{job_id}/preview": Call(READ, 404, ids=_DONE),
    "POST /jobs/{job_id}/preview": Call(EDIT, 202, ids=_OPEN),
    "GET /jobs/{job_id}/thumbnails": Call(READ, ids=_DONE),
    "GET /jobs/{job_id}/thumbnails/{thumbnail_id}/image": Call(READ, ids={**_DONE, "thumbnail_id": "thumbnail"}),
    "POST /jobs/{job_id}/thumbnails/{thumbnail_id}/select": Call(EDIT, ids={**_DONE, "thumbnail_id": "thumbnail"}),
    "GET /jobs/{job_id}/files": Call(READ, ids=_DONE),
    "POST /jobs/{job_id}/files": Call(
        EDIT, 201, ids=_DONE, files={"file": ("new.wav", sound(), "audio/wav"), "file_type": "sounds"}
    ),
    "GET /jobs/{job_id}/files/{file_id}": Call(READ, ids={**_DONE, "file_id": "file"}),
    "DELETE /jobs/{job_id}/files/{file_id}": Call(EDIT, 204, ids={**_DONE, "file_id": "spare_file"}),
    "GET /jobs/{job_id}/uploads": Call(READ, ids=_DONE),
    "POST /jobs/{job_id}/uploads": Call(
        EDIT, 201, ids=_DONE, body={"filename": "later.wav", "file_type": "sounds", "bytes": 9}
    ),
    "GET /jobs/{job_id}/uploads/{upload_id}": Call(READ, ids=_UPLOAD),
    "HEAD /jobs/{job_id}/uploads/{upload_id}": Call(READ, ids=_UPLOAD),
    "PATCH /jobs/{job_id}/uploads/{upload_id}": Call(EDIT, ids=_UPLOAD, headers={"Upload-Offset": "0"}),
    "DELETE /jobs/{job_id}/uploads/{upload_id}": Call(EDIT, 204, ids={**_DONE, "upload_id": "spare_upload"}),
    "GET /statistics": Call(READ),
    "GET /statistics/cost": Call(READ),
    "GET /events": Call(READ),
    "GET /webhooks": Call(SPEND),
    "POST /webhooks": Call(SPEND, 201, body={"url": RECEIVER}),
    "GET /webhooks/{webhook_id}": Call(SPEND, ids={"webhook_id": "webhook"}),
    "PATCH /webhooks/{webhook_id}": Call(SPEND, ids={"webhook_id": "webhook"}, body={"description": "mine"}),
    "DELETE /webhooks/{webhook_id}": Call(SPEND, 204, ids={"webhook_id": "spare_webhook"}),
    "GET /webhooks/{webhook_id}/deliveries": Call(SPEND, ids={"webhook_id": "webhook"}),
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay": Call(
        SPEND, 202, ids={"webhook_id": "webhook", "delivery_id": "delivery"}
    ),
    "POST /webhooks/{webhook_id}/test": Call(SPEND, 202, ids={"webhook_id": "webhook"}),
    "GET /metrics": Call(READ),
}

SESSION_ONLY = "GET /session"
"""The one operation that knows no key: it says whose browser this is."""

GUARDED = [each for each in operations() if each.name != SESSION_ONLY and not each.is_public]
OWNED = [each for each in GUARDED if each.name in CALLS and CALLS[each.name].ids and CALLS[each.name].owned]


def _named(operation: Operation) -> str:
    return operation.name


@pytest.fixture(scope="module")
def full(stock: Stock, postgres: Any, tmp_path_factory: pytest.TempPathFactory, cores: Any) -> Iterator[Furnished]:
    """A house in which there is something of each kind."""
    with stocked_house(stock, postgres, tmp_path_factory.mktemp("matrix"), cores) as house:
        yield furnish(house)


@pytest.fixture(scope="module")
def nobodies(full: Furnished) -> dict[str, Client]:
    """Everybody whose key or session opens nothing."""
    house = full.house
    access, root, good = house.access, house.root, str(full.anna[Scope.SPEND].key)
    access.create_user("gone", PASSWORD, Scope.ADMIN)
    _, of_disabled = access.create_key("gone", "test", Scope.ADMIN)
    disabled_session = full.session("gone")
    access.disable_user("gone")
    revoked, of_revoked = access.create_key("anna", "revoked", Scope.SPEND)
    access.revoke_key(revoked.id)
    expired, of_expired = access.create_key("anna", "expired", Scope.SPEND, expires_in=timedelta(days=1))
    with house.database.engine.begin() as connection:
        query = "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
        connection.execute(text(f"{query} WHERE id = :id"), {"id": expired.id})
    ended = full.session("anna")
    assert ended.call("DELETE", "/session").status == 204
    as_key, as_cookie = Client(root, "vs_" + good[3:]), Client(root)
    as_cookie.cookie = f"video_pipeline_session={good}"
    other_end = good[:-1] + ("a" if good[-1] != "a" else "b")
    return {
        "no key": Client(root),
        "a malformed key": Client(root, "vp_short"),
        "a key that is no text": Client(root, "vp_" + "\xff" * 30),
        "a key that nobody was given": Client(root, new_secret("vp", uuid4())),
        "a key with a good id and a wrong secret": Client(root, other_end),
        "an expired key": Client(root, of_expired),
        "a revoked key": Client(root, of_revoked),
        "a key of a disabled user": Client(root, of_disabled),
        "a session of a disabled user": disabled_session,
        "a session that ended": ended,
        "a key that says it is a session": as_key,
        "a key as a cookie": as_cookie,
    }


@pytest.fixture(scope="module")
def signed_in(full: Furnished) -> tuple[Client, str | None]:
    """A session of the boss, and the token of another one."""
    return full.session("boss"), full.session("boss").csrf


def test_the_table_names_exactly_the_operations_of_the_document() -> None:
    assert {*CALLS, SESSION_ONLY} == {each.name for each in operations()}


def test_the_document_asks_for_a_key_exactly_where_the_table_does() -> None:
    public = {each.name for each in operations() if each.is_public}
    assert public == {name for name, call in CALLS.items() if call.scope is None}


@pytest.mark.parametrize("operation", GUARDED, ids=_named)
def test_nobody_without_a_good_key_or_session_gets_anything(
    full: Furnished, nobodies: dict[str, Client], operation: Operation
) -> None:
    before = full.snapshot()
    for who, client in nobodies.items():
        reply = CALLS[operation.name].send(client, operation.method, operation.path, full.ids)
        assert reply.status == 401, who
        assert reply.headers["www-authenticate"].startswith("Bearer"), who
        assert reply.headers["content-type"] == "application/problem+json", who
        if operation.method != "HEAD":
            assert reply.json["type"] == "/problems/not-signed-in", who
    assert full.snapshot() == before


@pytest.mark.parametrize("operation", GUARDED, ids=_named)
def test_a_lesser_scope_is_refused_and_changes_nothing(full: Furnished, operation: Operation) -> None:
    call, before = CALLS[operation.name], full.snapshot()
    assert call.scope is not None
    for scope, client in full.anna.items():
        if not scope.includes(call.scope):
            reply = call.send(client, operation.method, operation.path, full.ids)
            assert reply.status == 403, scope
            assert reply.json["type"] == "/problems/not-allowed"
            assert f"needs the scope {call.scope}" in reply.json["detail"]
    assert full.snapshot() == before


@pytest.mark.parametrize("operation", [each for each in GUARDED if each.method not in SAFE], ids=_named)
def test_a_session_changes_nothing_without_its_own_token(
    full: Furnished, signed_in: tuple[Client, str | None], operation: Operation
) -> None:
    client, foreign_token = signed_in
    before = full.snapshot()
    for token in (None, "", "0" * 64, foreign_token):
        client.csrf = token
        reply = CALLS[operation.name].send(client, operation.method, operation.path, full.ids)
        assert reply.status == 403, token
        assert "X-CSRF-Token" in reply.json["detail"]
    assert full.snapshot() == before


@pytest.mark.parametrize("operation", OWNED, ids=_named)
def test_what_is_somebody_elses_is_missing_in_the_same_words(full: Furnished, operation: Operation) -> None:
    call, before = CALLS[operation.name], full.snapshot()
    foreign = call.send(full.ben, operation.method, operation.path, full.ids)
    missing_ids = {**full.ids, **{call.ids[name]: str(uuid4()) for name in call.ids if name.endswith("_id")}}
    missing = call.send(full.ben, operation.method, operation.path, missing_ids)
    assert (foreign.status, missing.status) == (404, 404)
    assert _without(foreign, full.ids) == _without(missing, missing_ids)
    assert full.snapshot() == before


def _without(reply: Reply, ids: dict[str, str]) -> str:
    """A problem without the ids that were asked for."""
    told = reply.body.decode()
    for each in ids.values():
        told = told.replace(each, "ID")
    return told


def test_lists_and_sums_have_nothing_of_somebody_else(full: Furnished) -> None:
    assert full.ben.get("/jobs").json["items"] == []
    assert full.ben.get("/jobs", query={"q": "library"}).json["items"] == []
    assert full.ben.get("/webhooks").json["items"] == []
    assert full.ben.get("/statistics").json["total_tasks"] == 0
    assert full.ben.get("/statistics", query={"user_id": "anna"}).status == 403
    assert full.ben.get("/statistics/cost", query={"user_id": "anna"}).status == 403
    assert full.ben.get("/events", query={"job_id": full.ids["finished"]}).status == 404


def test_what_belongs_to_another_job_is_not_reached_by_ones_own(full: Furnished) -> None:
    own, ids = full.house.ordered(full.ben), full.ids
    for method, path in (
        ("GET", f"/jobs/{own}/files/{ids['file']}"),
        ("DELETE", f"/jobs/{own}/files/{ids['file']}"),
        ("GET", f"/jobs/{own}/uploads/{ids['upload']}"),
        ("DELETE", f"/jobs/{own}/uploads/{ids['upload']}"),
        ("GET", f"/jobs/{own}/thumbnails/{ids['thumbnail']}/image"),
        ("POST", f"/jobs/{own}/thumbnails/{ids['thumbnail']}/select"),
        ("GET", f"/jobs/{own}/scenes/1/image?version={ids['version']}"),
    ):
        assert full.ben.call(method, path).status == 404, path
    hook = full.ben.post("/webhooks", {"url": RECEIVER}).json["id"]
    assert full.ben.post(f"/webhooks/{hook}/deliveries/{ids['delivery']}/replay").status == 404


def test_a_webhook_for_everybodys_jobs_is_for_administrators(full: Furnished) -> None:
    body = {"url": RECEIVER, "every_user": True}
    before = full.snapshot()
    assert full.ben.post("/webhooks", body).status == 403
    assert full.snapshot() == before
    assert full.boss.post("/webhooks", body).status == 201


def test_a_picture_that_costs_money_needs_more_than_one_that_costs_none(full: Furnished) -> None:
    before, query = full.snapshot(), {"scene_number": 1, "new_image_prompt": PROMPT}
    for wait in ("true", "false"):
        reply = full.anna[EDIT].post(f"/jobs/{full.house.waiting}/refine", query={**query, "wait": wait})
        assert reply.status == 403
    assert full.snapshot() == before


@pytest.mark.parametrize("operation", operations(), ids=_named)
def test_whoever_just_may_is_let_through(full: Furnished, operation: Operation) -> None:
    if operation.name == SESSION_ONLY:
        assert full.session("anna").get("/session").status == 200
        assert full.anna[SPEND].get("/session").status == 401
        return
    call = CALLS[operation.name]
    client = full.house.stranger() if call.scope is None else {**full.anna, ADMIN: full.boss}[call.scope]
    if operation.name == "GET /events":
        with client.stream("/events") as events:
            assert events is not None
        return
    reply = call.send(client, operation.method, operation.path, full.ids)
    assert reply.status == call.status, reply.body[:300]


def test_a_session_reads_without_a_token_and_changes_with_it(full: Furnished) -> None:
    client = full.session("anna")
    token, client.csrf = client.csrf, None
    assert client.get("/jobs").status == 200
    client.csrf = token
    assert client.post("/channels", {"name": "Of a session", "brand_niche": "Rain"}).status == 201


def test_the_document_and_the_page_are_for_everybody(full: Furnished) -> None:
    stranger = full.house.stranger()
    assert stranger.get("/openapi.json").json["openapi"].startswith("3.1")
    assert Client(full.house.address).get("/").status == 200
