"""Idempotency keys: what is sent twice is done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from video_pipeline.domain.errors import ProviderUnavailableError
from video_pipeline_tests.api.client import Client, Reply
from video_pipeline_tests.api.conftest import BRIEF, House, Stocked
from video_pipeline_tests.api.worker import working

KEY = {"Idempotency-Key": "order-1"}
PROMPT = "a lighthouse above a calm sea at night"


def replayed(reply: Reply) -> bool:
    return reply.headers.get("idempotency-replayed") == "true"


def same(first: Reply, again: Reply) -> bool:
    """Whether the second answer is the first one, told as such."""
    names = ("content-type", "location", "etag")
    told = [[reply.headers.get(name) for name in names] for reply in (first, again)]
    return (again.status, again.body, told[1]) == (first.status, first.body, told[0]) and (
        replayed(again) and not replayed(first)
    )


def count(client: Client) -> int:
    return len(client.get("/jobs").json["items"])


def test_an_order_that_is_sent_twice_is_one_job(house: House) -> None:
    anna = house.user("anna")
    order = {"channel_id": house.channel(), **BRIEF}
    first = anna.post("/jobs", order, headers=KEY)
    assert first.status == 201
    assert same(first, anna.post("/jobs", order, headers=KEY))
    assert count(anna) == 1
    assert anna.post("/jobs", order).status == 201
    assert anna.post("/jobs", order, headers={"Idempotency-Key": "order-2"}).status == 201
    assert count(anna) == 3


def test_a_key_belongs_to_one_request_of_one_user(house: House) -> None:
    anna, ben = house.user("anna"), house.user("ben")
    order = {"channel_id": house.channel(), **BRIEF}
    assert anna.post("/jobs", order, headers=KEY).status == 201
    for path, body in (("/jobs", order | {"seed": 8}), ("/jobs/estimate", order)):
        other = anna.post(path, body, headers=KEY)
        assert (other.status, other.json["type"]) == (422, "/problems/reused-idempotency-key")
    assert count(anna) == 1
    # Another user's key is another key, and nobody else's answer.
    his = ben.post("/jobs", order, headers=KEY)
    assert (his.status, replayed(his), his.json["user_id"]) == (201, False, "ben")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(house: House, key: str) -> None:
    anna = house.user("anna")
    order = {"channel_id": house.channel(), **BRIEF}
    assert anna.post("/jobs", order, headers={"Idempotency-Key": key}).status == 400
    assert count(anna) == 0


def test_of_several_at_once_one_is_done(house: House) -> None:
    anna = house.user("anna")
    order = {"channel_id": house.channel(), **BRIEF}
    together = Barrier(8)

    def send(_: int) -> Reply:
        together.wait()
        return anna.post("/jobs", order, headers=KEY)

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(send, range(8)))
    done = [reply for reply in replies if reply.status == 201]
    assert sorted({reply.status for reply in replies} - {409}) == [201]
    assert [replayed(reply) for reply in done].count(False) == 1
    assert len({reply.body for reply in done}) == 1
    assert count(anna) == 1


def test_while_the_first_one_is_done_the_second_one_is_told_to_wait(house: House) -> None:
    anna = house.user("anna")
    order = {"channel_id": house.channel(), **BRIEF}
    first = anna.post("/jobs", order, headers=KEY)
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE answers SET status = NULL, headers = NULL, body = NULL, completed_at = NULL")
    again = anna.post("/jobs", order, headers=KEY)
    assert (first.status, again.status) == (201, 409)
    assert "still being done" in again.json["detail"]
    assert count(anna) == 1


def test_a_refinement_that_is_sent_twice_is_paid_once(stocked: Stocked) -> None:
    def send(scene: int = 2) -> Reply:
        query = {"scene_number": scene, "new_image_prompt": PROMPT}
        return stocked.anna.post(f"/jobs/{stocked.waiting}/refine", query=query, headers=KEY)

    first = send()
    assert first.status == 200
    assert same(first, send())
    assert send(3).status == 422
    job = stocked.anna.get(f"/jobs/{stocked.waiting}").json
    assert (job["refinement_count"], job["estimated_cost_usd"]) == (1, 0.02)


def test_a_failure_is_not_kept(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        capabilities = stocked.studio.images["dummy"].capabilities

        def illustrate(self, *_: object) -> None:
            raise ProviderUnavailableError("the provider did not answer")

    def send() -> Reply:
        query = {"scene_number": 2, "new_image_prompt": PROMPT}
        return stocked.anna.post(f"/jobs/{stocked.waiting}/refine", query=query, headers=KEY)

    with monkeypatch.context() as patch:
        patch.setitem(stocked.studio.images, "dummy", Failing())
        assert send().status == 500
    done = send()
    assert (done.status, replayed(done)) == (200, False)
    assert replayed(send())


def test_exports_that_are_ordered_twice_are_one_order_also_when_it_is_finished(stocked: Stocked) -> None:
    form = {"formats": ["m4a"], "qualities": ["low"]}
    first = stocked.anna.post(f"/jobs/{stocked.finished}/exports", form, headers=KEY)
    with working(stocked.studio):
        stocked.wait_for_order(stocked.anna, first.json["url"])
    assert same(first, stocked.anna.post(f"/jobs/{stocked.finished}/exports", form, headers=KEY))
    assert len(stocked.desk.jobs.orders(UUID(stocked.finished))) == 1


def test_a_file_that_is_sent_twice_is_kept_once(stocked: Stocked) -> None:
    def send(text: str = "Rain is the oldest music.", headers: Any = KEY) -> Reply:
        files = {"file_type": "quotes", "file": ("quotes.txt", text, "text/plain")}
        return stocked.anna.call("POST", f"/jobs/{stocked.waiting}/files", files=files, headers=headers)

    first = send()
    assert first.status == 201, first.json
    assert same(first, send())
    assert send("Another text, of another length.").status == 422
    assert send(headers={}).status == 409
    assert len(stocked.anna.get(f"/jobs/{stocked.waiting}/files").json["items"]) == 1


def test_a_key_with_a_get_changes_nothing(shared: Stocked) -> None:
    for _ in range(2):
        reply = shared.anna.get(f"/jobs/{shared.finished}", headers=KEY)
        assert (reply.status, replayed(reply)) == (200, False)


def test_a_key_of_a_stranger_is_not_looked_at(shared: Stocked) -> None:
    assert shared.stranger().post("/jobs", {}, headers=KEY).status == 401
