"""Texts that have broken programs before, in every place of every operation where a text may stand.

Whatever comes: no fault of the server, an answer that is strictly JSON and is never taken for a page, and what is kept
is what the answer shows.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from video_pipeline.api.app import create_app
from video_pipeline.store import PostgresAccess
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import Stock, served, stocked_house
from video_pipeline_tests.api.document import Operation, operations, resolved
from video_pipeline_tests.api.furnished import Furnished, furnish
from video_pipeline_tests.api.naughty import NUMBERS, STRINGS, WORST
from video_pipeline_tests.api.test_access_matrix import CALLS, SESSION_ONLY
from video_pipeline_tests.conftest import CHEAP

pytestmark = pytest.mark.slow

STREAM = "GET /events"
"""Never ends when it begins; tested with schemathesis."""

BY_UVICORN = b"Invalid HTTP request received."
"""What is no HTTP at all never reaches the studio."""

SESSION_FIELDS = {"name", "password"}


@pytest.fixture(scope="module")
def full(stock: Stock, postgres: Any, tmp_path_factory: pytest.TempPathFactory, cores: Any) -> Iterator[Furnished]:
    """A house in which there is something of each kind, and a second door at which a login takes no time."""
    with stocked_house(stock, postgres, tmp_path_factory.mktemp("naughty"), cores) as house:
        found = furnish(house)
        quick = replace(house.desk, access=PostgresAccess(house.database.engine, cost=CHEAP))
        with served(create_app(quick)) as address:
            found.boss = Client(f"{address}/api/v2", found.boss.key)
            yield found


@dataclass(frozen=True)
class Place:
    """Where a text can stand."""

    operation: Operation
    where: str  # path, query, header, body, form
    name: str
    is_free: bool = True

    @property
    def kind(self) -> tuple[str, str]:
        """Places of one kind share the texts among them."""
        return self.where, self.name


def _is_free(schema: dict[str, Any]) -> bool:
    kinds = [schema, *schema.get("anyOf", ()), schema.get("items", {})]
    return any(each.get("type") == "string" and "format" not in each for each in kinds)


def _is_text(schema: dict[str, Any]) -> bool:
    kinds = [schema, *schema.get("anyOf", ()), *(schema.get("items", {}),)]
    return any(resolved(each).get("type") == "string" for each in kinds)


def _places(operation: Operation) -> Iterator[Place]:
    for where in ("path", "query", "header"):
        for each in operation.parameters(where):
            if where == "path" or _is_text(each["schema"]):
                yield Place(operation, where, each["name"], _is_free(each["schema"]))
    if operation.method == "POST" and not operation.is_public:
        yield Place(operation, "header", "Idempotency-Key")
    for name, schema in operation.form("application/json").get("properties", {}).items():
        if _is_text(schema):
            yield Place(operation, "body", name, _is_free(schema))
    for name in operation.form("multipart/form-data").get("properties", {}):
        yield Place(operation, "form", name)


PLACES = [place for each in operations() if each.name not in (STREAM, SESSION_ONLY) for place in _places(each)]


FREE = {each.kind for each in PLACES if each.is_free}
"""Where any text may stand; elsewhere only an id, a time or one of a few words may, and part of the list will do."""


def _texts_of(place: Place) -> list[str]:
    same = [each for each in PLACES if each.kind == place.kind]
    texts = STRINGS if place.kind in FREE else STRINGS[::4]
    return list(dict.fromkeys([*WORST, *texts[same.index(place) :: len(same)]]))


def _send(full: Furnished, place: Place, naughty: str) -> Reply:
    """The call that works, with the naughty text in this one place."""
    call, client, ids = CALLS[place.operation.name], full.boss, full.ids
    chosen = {name: ids.get(kind, kind) for name, kind in call.ids.items()}
    query, headers = dict(call.query), {}
    files = dict(call.files) if call.files else None
    body = call.body(ids) if callable(call.body) else call.body
    match place.where:
        case "path":
            chosen[place.name] = quote(naughty, safe="", errors="surrogatepass")
        case "query":
            query[place.name] = naughty
        case "header":
            headers[place.name] = naughty.encode("utf-8", "surrogatepass").decode("latin-1")
        case "body":
            listed = isinstance(body.get(place.name), list) or place.name == "kinds"
            body = {**body, place.name: [naughty] if listed else naughty}
        case "form":
            files = _form(files, place.name, naughty)
    if place.operation.name.endswith("/refine"):
        query["wait"] = "false"  # looked at in the same way, and nothing is painted
    pairs = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
    asked = "&".join(f"{name}={quote(str(value), safe='', errors='surrogatepass')}" for name, value in pairs)
    path = place.operation.path.format(**chosen) + (f"?{asked}" if asked else "")
    return client.call(place.operation.method, path, body=body, headers=headers, files=files)


def _form(files: dict[str, Any] | None, name: str, naughty: str) -> dict[str, Any]:
    # As bytes would come: a form carries UTF-8, and what is none arrives all the same.
    raw = naughty.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    quotes = {"file": ("quotes.txt", b"Rain falls.\n", "text/plain"), "file_type": "quotes"}
    return quotes | ({"file": (raw, b"Rain falls.\n", "text/plain")} if name == "file" else {name: raw})


def _can_be_sent(place: Place, naughty: str) -> bool:
    """No client sends a line end or NUL in a header, nor a line of 40,000 characters."""
    if place.where == "header":
        return not any(each in naughty for each in "\r\n\x00") and len(naughty) < 10_000
    return place.where in ("body", "form") or len(naughty) < 10_000


def _check(reply: Reply) -> None:
    assert reply.status < 500, reply.body
    if reply.body == BY_UVICORN:
        return
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in reply.headers["content-security-policy"]
    kind = reply.headers.get("content-type", "")
    if reply.status >= 400:
        assert kind == "application/problem+json", reply.body
    assert "html" not in kind
    assert "xml" not in kind
    if reply.body and kind in ("application/json", "application/problem+json"):  # HEAD has a kind and no body
        # Strictly: UTF-8, no NaN, no half characters.
        json.dumps(json.loads(reply.body.decode("utf-8"), parse_constant=_refuse), ensure_ascii=False).encode()


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _named(place: Place) -> str:
    return f"{place.operation.name} {place.where} {place.name}"


@pytest.mark.parametrize("place", PLACES, ids=_named)
def test_no_text_is_a_fault_of_the_server(full: Furnished, place: Place) -> None:
    for naughty in _texts_of(place):
        if _can_be_sent(place, naughty):
            try:
                _check(_send(full, place, naughty))
            except AssertionError as error:
                raise AssertionError(f"{naughty[:80]!a}: {error}") from error


@pytest.mark.parametrize("naughty", STRINGS[::5], ids=lambda each: ascii(each)[1:40])
def test_a_description_is_kept_as_the_answer_shows_it(full: Furnished, naughty: str) -> None:
    _allow_refinements(full)
    address = f"/jobs/{full.ids['waiting']}"
    words = f"a room of {naughty} at night".encode("utf-8", "surrogatepass")
    asked = quote(words, safe="")
    if len(asked) > 10_000:
        return
    reply = full.boss.post(f"{address}/refine?scene_number=2&new_description={asked}")
    _check(reply)
    assert reply.status in (200, 400, 422), reply.body
    if reply.status == 200:
        shown = reply.json["storyboard"]["scenes"][1]["description"]
        assert full.boss.get(f"{address}/storyboard").json["scenes"][1]["description"] == shown
        assert not [each for each in shown if unicodedata.category(each) in ("Cc", "Cs") or each in "<>"]
        assert _letters(shown) == _letters(words.decode("utf-8", "replace"))


def _allow_refinements(full: Furnished) -> None:
    with full.house.database.engine.begin() as connection:
        connection.execute(text("UPDATE video_jobs SET refinement_count = 0 WHERE refinement_count > 3"))


def test_every_text_of_the_list_is_sent_to_every_kind_of_place() -> None:
    sent: dict[tuple[str, str], set[str]] = {}
    for place in PLACES:
        sent.setdefault(place.kind, set()).update(_texts_of(place))
    assert all(sent[kind] == {*STRINGS} for kind in FREE)
    assert len(FREE) > 25
    assert len(sent) > 40
    assert {each.operation.name for each in PLACES} > {"POST /jobs", "POST /session", "POST /jobs/{job_id}/files"}


INTEGERS = [
    (each, name)
    for each in operations()
    for name, schema in each.form("application/json").get("properties", {}).items()
    if "integer" in json.dumps(schema)
]


@pytest.mark.parametrize(("operation", "name"), INTEGERS, ids=lambda each: getattr(each, "name", each))
def test_no_number_is_a_fault_of_the_server(full: Furnished, operation: Operation, name: str) -> None:
    call = CALLS[operation.name]
    body = call.body(full.ids) if callable(call.body) else call.body
    whole = json.dumps({**body, name: "HERE"})
    path = operation.path.format(**{each: full.ids.get(kind, kind) for each, kind in call.ids.items()})
    for number in NUMBERS:
        raw = whole.replace('"HERE"', number).encode()
        reply = full.boss.call(operation.method, path, raw=raw, headers={"Content-Type": "application/json"})
        _check(reply)
        if number in ("true", '"5"', "1.5", "1e999", "9" * 400):
            assert reply.status in (400, 422), number


@pytest.mark.parametrize("naughty", STRINGS, ids=lambda each: ascii(each)[1:40])
def test_what_is_kept_is_what_the_answer_shows(full: Furnished, naughty: str) -> None:
    for made in _made_of(full, naughty):
        kept = made.pop("kept")
        for name, shown in made.items():
            assert kept[name] == shown
            assert shown == " ".join(shown.split()), f"{name}: blanks at the ends or in rows"
            assert not [each for each in shown if unicodedata.category(each) in ("Cc", "Cs")], f"{name}: controls"
            assert _letters(shown) == _letters(naughty), f"{name}: something else was kept"


def _made_of(full: Furnished, naughty: str) -> Iterator[dict[str, Any]]:
    """What was made of the text where it was accepted, and how it is shown later."""
    boss, ids = full.boss, full.ids
    made = boss.post("/channels", {"name": naughty, "brand_niche": naughty})
    if made.status == 201:
        kept = next(each for each in boss.get("/channels").json["items"] if each["id"] == made.json["id"])
        yield {"name": made.json["name"], "brand_niche": made.json["brand_niche"], "kept": kept}
    changed = boss.call("PATCH", f"/webhooks/{ids['webhook']}", body={"description": naughty})
    if changed.status == 200 and changed.json["description"]:
        yield {
            "description": changed.json["description"],
            "kept": boss.get(f"/webhooks/{ids['webhook']}").json,
        }
    order = CALLS["POST /jobs"].body(ids) | {"niche_label": naughty, "mood_keywords": naughty, "project_name": naughty}
    ordered = boss.post("/jobs", order)
    if ordered.status == 201:
        shown = {name: ordered.json[name] for name in ("niche_label", "mood_keywords", "project_name")}
        yield {**shown, "kept": boss.get(f"/jobs/{ordered.json['id']}").json}


def _letters(value: str) -> str:
    """What of a text has to stay: all but blanks and what is never shown."""
    gone = ("Cc", "Cs", "Zs", "Zl", "Zp")
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # JSON joins halves that fit
    return "".join(each for each in whole if unicodedata.category(each) not in gone)
