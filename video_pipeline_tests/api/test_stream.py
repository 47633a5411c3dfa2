"""The live stream: what happens is told as it happens, to whom it concerns, and nothing is missed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import pytest
import urllib3

from video_pipeline.api import live, stream
from video_pipeline.api.app import create_app
from video_pipeline.api.live import Listener, Live
from video_pipeline.api.messages import Message
from video_pipeline.domain.access import Principal, Scope, Via
from video_pipeline.domain.errors import StoreUnavailableError
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import House, Stocked, served
from video_pipeline_tests.api.worker import working

SOON_S = 10.0
"""The stream asks twice a second; a machine that does much else as well needs longer."""


def body(event: dict[str, str]) -> Any:
    return json.loads(event["data"])


def next_of(events: Iterator[dict[str, str]], kind: str) -> Any:
    return next(body(event) for event in events if event["event"] == kind)


def ids(events: Iterator[dict[str, str]], count: int | None = None) -> list[int]:
    """The numbers of the next lines of history."""
    return list(islice((int(event["id"]) for event in events if event["event"] == "job"), count))


@contextmanager
def raw_stream(client: Client, path: str = "/events", **headers: str) -> Iterator[Iterator[str]]:
    """The lines as they come, comments too, without their ends."""
    sent = {"Authorization": f"Bearer {client.key}", **headers}
    answer = urllib3.request("GET", f"{client.root}{path}", headers=sent, preload_content=False, timeout=60)
    try:
        assert answer.status == 200
        yield (line.decode().rstrip("\n") for line in answer)
    finally:
        answer.close()


def history(house: House, job: str) -> list[int]:
    return [event.id for event in house.desk.jobs.events(UUID(job))]


def write_history(house: House, job: str, count: int) -> None:
    """Many lines of a job's history in one transaction, so that they are seen together."""
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO job_events (video_job_id, kind, message) SELECT %s, 'noted', n FROM generate_series(1, %s) n",
            (job, count),
        )


def test_an_order_and_an_approval_arrive_while_they_happen(stocked: Stocked) -> None:
    with stocked.anna.stream("/events") as events:
        began = time.monotonic()
        job = stocked.ordered(stocked.anna)
        event = next(event for event in events if event["event"] == "job")
        assert time.monotonic() - began < SOON_S
        told = body(event)
        assert (told["event"]["kind"], told["event"]["status_to"]) == ("created", "planned")
        assert told["job"] == {**told["job"], "id": job, "title": "Rainy Library", "status": "planned"}
        assert [int(event["id"])] == history(stocked, job)
        stocked.anna.post(f"/jobs/{stocked.waiting}/approve")
        approved = next_of(events, "job")
        assert (approved["event"]["kind"], approved["job"]["id"]) == ("approved", stocked.waiting)


def test_progress_arrives_without_a_number(stocked: Stocked) -> None:
    with stocked.anna.stream(f"/events?job_id={stocked.waiting}") as events:
        progress = {"stage": "master", "percent": 41.5, "stage_percent": 10, "message": "rendering", "eta_s": 12.5}
        stocked.desk.jobs.update_job_progress(UUID(stocked.waiting), progress)
        # The stream begins with how the job stood.
        event = next(each for each in events if body(each)["progress"]["percent"] == 41.5)
    assert (event["event"], "id" in event) == ("progress", False)
    assert set(body(event)) == {"job_id", "status", "progress", "updated_at"}
    assert body(event)["progress"] == {**body(event)["progress"], **progress}
    assert body(event)["job_id"] == stocked.waiting


def test_ordered_work_is_told_from_its_order_to_its_end(stocked: Stocked) -> None:
    with stocked.anna.stream("/events") as events:
        form = {"formats": ["m4a"], "qualities": ["low"]}
        placed = stocked.anna.post(f"/jobs/{stocked.finished}/exports", form).json
        first = next_of(events, "order")
        assert first == placed
        with working(stocked.studio):
            while (last := next_of(events, "order"))["finished_at"] is None:
                assert last["id"] == placed["id"]
    assert (last["id"], last["status"], last["error"]) == (placed["id"], "completed", None)
    assert last == stocked.anna.get(f"/orders/{placed['id']}").json


def test_work_that_ends_between_two_looks_is_told_as_well(stocked: Stocked) -> None:
    # What is there already is done in no time.
    with stocked.anna.stream("/events") as events, working(stocked.studio):
        form = {"formats": ["mp4"], "qualities": ["high"]}
        placed = stocked.anna.post(f"/jobs/{stocked.finished}/exports", form).json
        while (last := next_of(events, "order"))["finished_at"] is None:
            pass
    assert (last["id"], last["status"]) == (placed["id"], "completed")


def test_after_a_gap_exactly_what_was_missed_is_told_and_then_what_happens(house: House) -> None:
    anna, ben = house.user("anna"), house.user("ben")
    with anna.stream("/events") as events:
        first = house.ordered(anna)
        (seen,) = ids(events, 1)
    missed = [house.ordered(anna) for _ in range(3)]
    foreign = house.ordered(ben)
    with anna.stream("/events", **{"Last-Event-ID": str(seen)}) as events:
        told = list(islice((event for event in events if event["event"] == "job"), 3))
        assert [body(event)["job"]["id"] for event in told] == missed
        assert [int(event["id"]) for event in told] == [history(house, job)[0] for job in missed]
        late = house.ordered(anna)
        assert next_of(events, "job")["job"]["id"] == late
    assert foreign not in missed
    assert history(house, first) == [seen]


@pytest.mark.parametrize("mark", ["", "abc", "-1", "1.5", "²", "9" * 30])
def test_a_mark_that_is_none_catches_up_nothing(house: House, mark: str) -> None:
    anna = house.user("anna")
    house.ordered(anna)
    with anna.stream("/events", **{"Last-Event-ID": mark.encode().decode("latin-1")}) as events:
        job = house.ordered(anna)
        assert next_of(events, "job")["job"]["id"] == job


def test_whoever_missed_much_gets_it_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap full of what concerns others used to hide what concerned the listener."""
    monkeypatch.setattr(stream, "CATCH_UP_MAX", 10)
    monkeypatch.setattr(stream, "CATCH_UP_ROUNDS", 2)
    anna, ben = house.user("anna"), house.user("ben")
    mine = house.ordered(anna)
    place = str(history(house, mine)[0])
    write_history(house, house.ordered(ben), 50)
    write_history(house, mine, 25)
    found: list[str] = []
    for _ in range(8):
        with raw_stream(anna, **{"Last-Event-ID": place}) as lines:
            for line in lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    place = value
                if name == "data":
                    found.append(json.loads(value)["event"]["message"])
                if len(found) == 25:
                    break
        if len(found) == 25:
            break
    assert found == [str(number) for number in range(1, 26)]


def test_a_filter_tells_of_one_job_alone(stocked: Stocked) -> None:
    with stocked.anna.stream(f"/events?job_id={stocked.waiting}") as events:
        stocked.ordered(stocked.anna)
        stocked.anna.post(f"/jobs/{stocked.waiting}/approve")
        assert next_of(events, "job")["job"]["id"] == stocked.waiting
    for job in (stocked.waiting, str(uuid4())):
        assert stocked.user("ben").get(f"/events?job_id={job}").status == 404


def test_users_are_told_of_their_own_jobs_and_administrators_of_all(house: House) -> None:
    anna, ben, admin = house.user("anna"), house.user("ben"), house.user("root", Scope.ADMIN)
    with ben.stream("/events") as bens, admin.stream("/events") as everything:
        first, second = house.ordered(anna), house.ordered(ben)
        assert next_of(bens, "job")["job"]["id"] == second
        assert [next_of(everything, "job")["job"]["id"] for _ in range(2)] == [first, second]
    assert house.stranger().get("/events").status == 401


def test_a_silent_stream_is_kept_open_by_comments(house: House) -> None:
    key = house.user("anna").key
    with (
        served(create_app(replace(house.desk, comment_every_s=0.05))) as address,
        raw_stream(Client(f"{address}/api/v2", key)) as lines,
    ):
        comments = [line for line, _ in zip(lines, range(8), strict=False) if line.startswith(":")]
    assert len(comments) == 3


def test_the_head_says_that_nothing_may_be_kept_or_held_back(house: House) -> None:
    anna = house.user("anna")
    sent = {"Authorization": f"Bearer {anna.key}"}
    answer = urllib3.request("GET", f"{house.root}/events", headers=sent, preload_content=False, timeout=60)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
    assert answer.readline() == b"retry: 2000\n"
    answer.close()


def test_a_listener_who_does_not_keep_up_is_let_go_and_catches_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BACKLOG_MAX", 20)
    anna = house.user("anna")
    job = house.ordered(anna)
    with anna.stream("/events") as events:
        write_history(house, job, 50)
        told = ids(events)  # until it ends
    expected = history(house, job)
    assert len(told) < 50
    after = str(told[-1] if told else expected[0])
    with anna.stream("/events", **{"Last-Event-ID": after}) as events:
        told += ids(events, 50 - len(told))
    assert told == expected[1:]


def test_the_backlog_of_a_listener_has_an_end() -> None:
    async def fill() -> list[Any]:
        caller = Principal("anna", Scope.READ, Via.KEY)
        listener = Listener(caller, None, asyncio.get_running_loop())
        for number in range(live.BACKLOG_MAX + 1):
            listener.tell([Message("job", number, uuid4(), "anna", {})])
        return [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]

    assert asyncio.run(fill()) == [None]


def test_too_many_listeners_are_told_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LISTENERS_MAX", 1)
    anna = house.user("anna")
    with anna.stream("/events"):
        refused = anna.get("/events")
        assert (refused.status, refused.headers["retry-after"]) == (429, "10")


def test_streams_end_before_the_server_does(house: House) -> None:
    server = served(create_app(house.desk))
    address = server.__enter__()
    client = Client(f"{address}/api/v2", house.user("anna").key)
    with client.stream("/events") as first, client.stream("/events") as second:
        began = time.monotonic()
        server.__exit__(None, None, None)
        assert list(first) == list(second) == []
        assert time.monotonic() - began < SOON_S


def test_what_happens_while_the_books_are_away_is_told_when_they_are_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.01)
    anna, away = house.user("anna"), [False]
    changed_jobs = house.desk.jobs.changed_jobs

    def unsteady(*given: Any, **more: Any) -> Any:
        if away[0]:
            raise StoreUnavailableError("the database did not answer")
        return changed_jobs(*given, **more)

    monkeypatch.setattr(house.desk.jobs, "events_after", _while(away, house.desk.jobs.events_after))
    monkeypatch.setattr(house.desk.jobs, "changed_jobs", unsteady)
    with anna.stream("/events") as events:
        away[0] = True
        jobs = [house.ordered(anna), house.ordered(anna)]
        time.sleep(0.1)  # the reader may look meanwhile; whether it does makes no difference
        away[0] = False
        assert [next_of(events, "job")["job"]["id"] for _ in jobs] == jobs


def _while(away: list[bool], answer: Any) -> Any:
    def asked(*given: Any, **more: Any) -> Any:
        if away[0]:
            raise StoreUnavailableError("the database did not answer")
        return answer(*given, **more)

    return asked


def test_nobody_is_let_in_before_nothing_is_missed_any_more() -> None:
    class Books:
        def latest_event_id(self) -> int:
            raise StoreUnavailableError("the database did not answer")

    quiet = Live(Books())  # type: ignore[arg-type] # all that it asks for at first

    async def come() -> bool:
        quiet.listen(Principal("anna", Scope.READ, Via.KEY), None)
        return await asyncio.to_thread(quiet.wait_until_it_follows)

    live_start, live.START_S = live.START_S, 0.2
    try:
        with quiet.running():
            assert asyncio.run(come()) is False
    finally:
        live.START_S = live_start
