"""Money, answers and what is told, when several pull at them at once or somebody loses a right in the middle."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from video_pipeline.api import live, stream
from video_pipeline.api.app import create_app
from video_pipeline.domain.access import Principal, Scope, Via
from video_pipeline.domain.errors import StoreUnavailableError
from video_pipeline.domain.webhooks import WEBHOOKS_EACH_MAX
from video_pipeline.outbound import HttpMessenger
from video_pipeline.store import connect
from video_pipeline.store.server.engine import transaction
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import BRIEF, PASSWORD, House, Stocked, served

PROMPT = "a lighthouse above a calm sea at night"
SOON_S = 60


def ledger(house: House) -> list[tuple[str, float]]:
    with house.database.engine.connect() as connection:
        rows = connection.execute(text("SELECT entry::text, amount FROM cost_ledger ORDER BY id"))
        return [(row.entry, float(row.amount)) for row in rows]


def execute(house: House, statement: str, **values: Any) -> None:
    with house.database.engine.begin() as connection:
        connection.execute(text(statement), values)


class TestMoney:
    """Nothing is paid twice, and nothing beyond the limit."""

    def test_of_eight_who_want_the_last_refinement_one_gets_it_and_one_is_paid(self, stocked: Stocked) -> None:
        job = stocked.waiting
        execute(stocked, "UPDATE video_jobs SET refinement_count = 4 WHERE id = :id", id=job)
        clients = [stocked.user("anna") for _ in range(8)]
        together = threading.Barrier(8)

        def refine(client: Client) -> Reply:
            together.wait()
            return client.post(f"/jobs/{job}/refine", query={"scene_number": 2, "new_image_prompt": PROMPT})

        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(refine, clients))
        statuses = sorted(each.status for each in replies)
        assert statuses[0] == 200
        assert {*statuses[1:]} <= {409, 429}
        assert [entry for entry, _ in ledger(stocked)] == ["reserve", "settle"]
        shown = stocked.anna.get(f"/jobs/{job}").json
        assert (shown["refinement_count"], shown["estimated_cost_usd"]) == (5, 0.02)
        assert len(stocked.anna.get(f"/jobs/{job}/scenes/2/versions").json["items"]) == 2
        again = refine_once(stocked.anna, job)
        assert (again.status, again.json["type"]) == (429, "/problems/limit-reached")

    @pytest.mark.parametrize("wait", ["true", "false"])
    def test_the_same_order_a_hundred_times_in_the_background_is_paid_no_more_than_the_limit(
        self, stocked: Stocked, wait: str
    ) -> None:
        execute(stocked, "UPDATE video_jobs SET refinement_count = 5 WHERE id = :id", id=stocked.waiting)
        replies = [refine_once(stocked.anna, stocked.waiting, wait=wait) for _ in range(10)]
        assert {each.status for each in replies} == {429}
        assert ledger(stocked) == []

    def test_a_client_that_hangs_up_leaves_a_whole_refinement_that_is_paid_once(
        self, stocked: Stocked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began, goes_on, real = threading.Event(), threading.Event(), stocked.studio.images["dummy"]

        class Slow:
            capabilities = real.capabilities

            def illustrate(self, *given: Any) -> Any:
                began.set()
                assert goes_on.wait(SOON_S)
                return real.illustrate(*given)

        monkeypatch.setitem(stocked.studio.images, "dummy", Slow())  # type: ignore[arg-type]
        to = urlsplit(stocked.address)
        path = f"/api/v2/jobs/{stocked.waiting}/refine?scene_number=2&new_image_prompt={quote(PROMPT)}"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stocked.anna.key}\r\nContent-Length: 0\r\n"
        with socket.create_connection((to.hostname, to.port)) as line:
            line.sendall(f"{head}Idempotency-Key: hangs-up\r\n\r\n".encode())
            assert began.wait(SOON_S)
        # The line is cut; whoever looks now sees the storyboard of before, and nobody else may change it.
        assert stocked.anna.get(f"/jobs/{stocked.waiting}").json["refinement_count"] == 0
        assert refine_once(stocked.anna, stocked.waiting).status == 409
        goes_on.set()
        shown = stocked.wait_for(stocked.anna, stocked.waiting, lambda job: job["refinement_count"] == 1)
        assert shown["estimated_cost_usd"] == 0.02
        assert [entry for entry, _ in ledger(stocked)] == ["reserve", "settle"]
        deadline = time.monotonic() + SOON_S
        key, query = {"Idempotency-Key": "hangs-up"}, {"scene_number": 2, "new_image_prompt": PROMPT}
        while True:  # the answer is kept a moment after the change is
            reply = stocked.anna.call("POST", path.removeprefix("/api/v2"), headers=key)
            if reply.status != 409:
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert (reply.status, reply.headers["idempotency-replayed"]) == (200, "true"), query
        assert [entry for entry, _ in ledger(stocked)] == ["reserve", "settle"]


def refine_once(client: Client, job: str, **more: Any) -> Reply:
    return client.post(f"/jobs/{job}/refine", query={"scene_number": 2, "new_image_prompt": PROMPT, **more})


class TestAnswersOfOthers:
    """A kept answer is for those who could have got it themselves."""

    def test_a_key_of_somebody_else_gives_nothing_away(self, stocked: Stocked) -> None:
        key, query = {"Idempotency-Key": "shared"}, {"scene_number": 2, "new_image_prompt": PROMPT}
        address = f"/jobs/{stocked.waiting}/refine"
        assert stocked.anna.post(address, query=query, headers=key).status == 200
        foreign = stocked.user("ben").post(address, query=query, headers=key)
        assert foreign.status == 404
        assert "idempotency-replayed" not in foreign.headers

    def test_a_lesser_key_of_the_same_user_does_not_read_what_a_greater_one_was_told(self, house: House) -> None:
        key, body = {"Idempotency-Key": "hook"}, {"url": "http://127.0.0.1:9/"}
        made = house.user("anna", Scope.SPEND).post("/webhooks", body, headers=key)
        assert made.json["secret"].startswith("whsec_")
        for scope in (Scope.READ, Scope.EDIT):
            again = house.user("anna", scope).post("/webhooks", body, headers=key)
            assert again.status == 403
            assert b"whsec_" not in again.body

    def test_a_session_without_its_token_gets_no_kept_answer(self, house: House) -> None:
        client, key = house.stranger(), {"Idempotency-Key": "session"}
        house.access.create_user("anna", PASSWORD, Scope.SPEND)
        assert client.sign_in("anna", PASSWORD).status == 200
        body = {"channel_id": house.channel(), **BRIEF}
        assert client.post("/jobs", body, headers=key).status == 201
        client.csrf = None
        assert client.post("/jobs", body, headers=key).status == 403


class TestStreams:
    """Who listens, and how long."""

    def test_a_stream_ends_when_its_key_is_revoked(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stream, "ASKED_AGAIN_S", 0.1)
        anna = house.user("anna")
        key = next(each for each in house.access.list_keys("anna") if each.revoked_at is None)
        with anna.stream("/events") as told:
            house.ordered(anna)
            assert next(told)["event"] == "job"
            house.access.revoke_key(key.id)
            assert len(list(told)) < 100  # and it ends, which is what is tested

    def test_a_stream_ends_when_its_session_does(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stream, "ASKED_AGAIN_S", 0.1)
        house.access.create_user("anna", PASSWORD, Scope.SPEND)
        client = house.stranger()
        assert client.sign_in("anna", PASSWORD).status == 200
        with client.stream("/events") as told:
            house.access.disable_user("anna")
            assert len(list(told)) < 100

    def test_one_user_does_not_take_all_the_places(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "LISTENERS_EACH_MAX", 1)
        anna, ben = house.user("anna"), house.user("ben")
        with anna.stream("/events"):
            assert anna.get("/events").status == 429
            with ben.stream("/events"):
                pass

    def test_a_listener_whose_client_is_gone_before_the_first_word_leaves(self) -> None:
        async def gone() -> int:
            told = live.Live(_Silent())  # type: ignore[arg-type] # nobody reads the books here
            listener = told.listen(Principal("anna", Scope.READ, Via.KEY, key_id=uuid4()), None)
            assert listener is not None

            async def nothing() -> Any:
                yield "never read"

            async def broken(_: Any) -> None:
                raise OSError("the line is cut")

            async def receive() -> Any:
                return {"type": "http.disconnect"}

            answer = stream._Stream(told, listener, nothing())
            with pytest.raises(BaseException):  # noqa: B017, PT011 - whatever the server makes of it
                await answer({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, broken)
            return len(told._listeners)

        assert asyncio.run(gone()) == 0


class _Silent:
    """Books that nobody opens."""


class TestWebhooks:
    """Where messages may go, and for whom."""

    @pytest.mark.parametrize(
        "url",
        [
            *("http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/", "http://0/"),
            *("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::]/"),
            *("http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/"),
            *("http://169.254.169.254/", "http://100.100.100.200/", "http://192.168.1.1/", "http://172.16.0.1:5432/"),
            *("http://0.0.0.0:8000/", "http://255.255.255.255/", "http://224.0.0.1/", "http://localhost:3000/graphql"),
            *("http://127.0.0.1\\@example.org/", "http://example.org@127.0.0.1/", "http://127.0.0.1#@example.org/"),
            *("gopher://127.0.0.1/", "ftp://127.0.0.1/", "unix:///var/run/docker.sock", "//127.0.0.1/x/y/z"),
            *("http:127.0.0.1/x/", "http:///etc/passwd", "http://127.0.0.1:0/", "http://127.0.0.1:99999/"),
            *("http://１２７.０.０.１/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://loc\u00adalhost/"),
        ],
    )
    @pytest.mark.slow
    def test_no_spelling_of_a_private_address_is_taken(self, shared: Stocked, url: str) -> None:
        desk = replace(shared.desk, messenger=lambda: HttpMessenger(allow_private=False))
        good = shared.anna.post("/webhooks", {"url": "http://127.0.0.1:9/"}).json["id"]
        with served(create_app(desk)) as address:
            client = Client(f"{address}/api/v2", shared.anna.key)
            before = client.get("/webhooks").json
            replies = [
                client.post("/webhooks", {"url": url}),
                client.call("PATCH", f"/webhooks/{good}", body={"url": url}),
            ]
            assert {each.status for each in replies} == {400}, [each.json for each in replies]
            assert client.get("/webhooks").json == before
        assert shared.anna.call("DELETE", f"/webhooks/{good}").status == 204

    def test_who_was_disabled_is_told_no_more(self, stocked: Stocked) -> None:
        made = stocked.anna.post("/webhooks", {"url": "http://127.0.0.1:9/"}).json
        boss = stocked.user("boss", Scope.ADMIN)
        stocked.access.disable_user("anna")
        assert boss.post(f"/jobs/{stocked.waiting}/approve").status == 200
        assert boss.get(f"/webhooks/{made['id']}/deliveries").json["items"] == []
        stocked.access.enable_user("anna")
        assert boss.post(f"/jobs/{stocked.waiting}/reorder", query={"scene_order": [2, 1, 3]}).status == 200
        assert boss.get(f"/webhooks/{made['id']}/deliveries").json["items"] != []

    def test_one_user_has_no_more_webhooks_than_every_event_can_bear(self, house: House) -> None:
        anna, ben, body = house.user("anna"), house.user("ben"), {"url": "http://127.0.0.1:9/"}
        assert {anna.post("/webhooks", body).status for _ in range(WEBHOOKS_EACH_MAX)} == {201}
        refused = anna.post("/webhooks", body)
        assert (refused.status, refused.json["type"]) == (429, "/problems/limit-reached")
        assert ben.post("/webhooks", body).status == 201


class TestLeaks:
    """What goes into logs and answers when something breaks."""

    def test_an_error_of_the_database_shows_no_values(self, house: House, caplog: pytest.LogCaptureFixture) -> None:
        engine = connect(house.database.url)
        secret = "whsec_of_somebody"

        def break_it() -> None:
            with transaction(engine) as connection:
                connection.execute(text("SET statement_timeout = 1"))
                connection.execute(text("SELECT pg_sleep(5), :secret"), {"secret": secret})

        with caplog.at_level(logging.ERROR), pytest.raises(StoreUnavailableError) as caught:
            break_it()
        engine.dispose()
        logging.getLogger(__name__).error("it broke", exc_info=caught.value)
        assert "pg_sleep" in caplog.text
        assert secret not in caplog.text

    def test_a_missing_file_is_told_without_its_place(self, stocked: Stocked) -> None:
        media = stocked.desk.jobs.tracks(UUID(stocked.waiting))[0].media
        stocked.desk.media.path(media.key).unlink()
        reply = stocked.anna.get(f"/jobs/{stocked.waiting}/scenes/1/track")
        assert reply.status == 404
        assert str(stocked.desk.media.path("x").parent) not in reply.body.decode()

    def test_the_public_description_of_a_failure_names_no_place(self, house: House) -> None:
        root, job = house.desk.media.path("x").parent, house.ordered(house.user("anna"))
        house.desk.jobs.mark_job_failed(UUID(job), f"{root}/jobs/x.flac cannot be read")
        assert house.stranger().get(f"/jobs/{job}/metadata").json["error"] == "jobs/x.flac cannot be read"

    @pytest.mark.parametrize(
        "until", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
    )
    def test_the_ends_of_the_calendar_are_no_fault_of_the_server(self, shared: Stocked, until: str) -> None:
        for query in ({"until": until}, {"since": until}, {"since": until, "until": until}):
            assert shared.anna.get("/statistics/cost", query=query).status == 400
