"""Ten thousand jobs: what is asked of the database does not grow with what is shown, nor with who listens."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text

from tools.bench.measure import ROOT
from tools.bench_api.load import Order
from tools.bench_api.wire import Line
from video_pipeline.cores import Cores
from video_pipeline.domain.access import Scope
from video_pipeline.domain.delivery import Format, Quality, Rendition
from video_pipeline.domain.orders import OrderKind
from video_pipeline.store import PostgresJobStore
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import House, opened_house
from video_pipeline_tests.store.crowd import Statements, crowd, listening
from video_pipeline_tests.store.material import fill, report, short

JOBS = 10_000
PATIENCE_S = 60.0

_VERSIONS = """
INSERT INTO image_versions (video_job_id, order_index, image_prompt, description, provider, local_file_path, sha256,
    bytes, width, height, mean_luma, perceptual_hash, cost, seed, created_at)
SELECT video_job_id, order_index, prompt_text, 'before', 'procedural', local_file_path, sha256, bytes, width, height,
    mean_luma, perceptual_hash, 0, 1, CURRENT_TIMESTAMP
FROM images WHERE video_job_id = :job
"""


@dataclass(frozen=True)
class Crowded:
    """A studio with ten thousand jobs, among them one with a single scene and one with as much as there can be."""

    house: House
    boss: Client
    small: str
    large: str

    @property
    def port(self) -> int:
        """Where it is served."""
        return urlsplit(self.house.address).port or 0

    def statements(self, path: str, **query: Any) -> list[str]:
        """What is sent to the database for one request, which succeeds."""
        with listening(self.house.database.engine) as heard:
            assert self.boss.get(path, query=query).status == 200
        return asked(heard)


def asked(heard: Statements) -> list[str]:
    """The statements without the note, once a minute, that a key was used."""
    return [statement for statement, _ in heard.sent if not statement.startswith("UPDATE api_keys")]


@pytest.fixture(scope="module")
def crowded(
    new_database: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, cores: Cores
) -> Iterator[Crowded]:
    with (
        new_database() as database,
        opened_house(database, tmp_path_factory.mktemp("crowded"), cores) as house,
    ):
        channel = UUID(house.channel())
        store = PostgresJobStore(database.engine)
        small, large = (_made(store, channel, scenes) for scenes in (1, 60))
        for rendition in (Rendition(form, quality) for form in (Format.MP4, Format.WEBM) for quality in Quality):
            store.save_export(large, report(f"exports/{rendition.name}", rendition))
        for number in range(1, 6):
            store.place_order(large, OrderKind.EXPORT, {"renditions": [_pair(number)]}, by="boss")
        with database.engine.begin() as connection:
            connection.execute(text(_VERSIONS), {"job": large})
        crowd(database.engine, channel, JOBS)
        yield Crowded(house, house.user("boss", Scope.ADMIN), str(small), str(large))


def _made(store: PostgresJobStore, channel: UUID, scenes: int) -> UUID:
    job = store.create_job(short(channel, scenes))
    fill(store, store.claim(job.id, "run"), scenes)
    return job.id


def _pair(number: int) -> dict[str, str]:
    return {"format": "mp4", "quality": f"{640 + 2 * number}x360"}


@pytest.mark.parametrize("filters", [{}, {"status": "processing", "kind": "storyboard"}, {"q": "harbor"}])
def test_a_list_asks_for_two_hundred_jobs_as_often_as_for_one(crowded: Crowded, filters: dict[str, str]) -> None:
    page = crowded.boss.get("/jobs", query={"limit": 200}).json
    assert len(page["items"]) == 200
    by_length = [crowded.statements("/jobs", limit=limit, **filters) for limit in (1, 50, 200)]
    # Who asks, and the jobs; the further page as well.
    assert [len(sent) for sent in by_length] == [2, 2, 2]
    assert len(crowded.statements("/jobs", limit=200, cursor=page["next_cursor"], **filters)) == 2


def test_no_list_reads_plans(crowded: Crowded) -> None:
    """The number of scenes was counted in each plan, and nearly all of the time of a page went into reading those."""
    for sent in (crowded.statements("/jobs"), crowded.statements("/jobs", q="harbor")):
        assert [statement for statement in sent if "storyboard_data" in statement] == []
    with_plan = next(job for job in crowded.boss.get("/jobs").json["items"] if job["id"] == crowded.large)
    assert with_plan["scene_count"] == 60


@pytest.mark.parametrize("rest", ["", "/storyboard", "/metadata", "/history", "/exports", "/scenes/1/versions"])
def test_a_job_of_sixty_scenes_asks_as_often_as_one_of_one(crowded: Crowded, rest: str) -> None:
    shown = crowded.boss.get(f"/jobs/{crowded.large}").json
    assert len(shown["storyboard"]["scenes"]) == 60
    assert len(shown["exports"]) == 2 * len(Quality)
    assert {scene["image"]["versions"] for scene in shown["storyboard"]["scenes"]} == {1}
    small, large = (crowded.statements(f"/jobs/{job}{rest}") for job in (crowded.small, crowded.large))
    assert small == large  # the very same statements, not only as many
    assert len(large) == len(set(large)), "the same is asked twice"


@pytest.mark.parametrize("path", ["/channels", "/statistics", "/statistics/cost", "/options"])
def test_what_is_about_all_jobs_asks_a_few_times(crowded: Crowded, path: str) -> None:
    assert len(crowded.statements(path)) <= 5


def test_the_books_are_asked_as_often_for_fifty_listeners_as_for_one(crowded: Crowded) -> None:
    async def polls(listeners: int) -> set[tuple[str, ...]]:
        async with listeners_of(crowded, listeners):
            with listening(crowded.house.database.engine) as heard:
                await eventually(lambda: len(rounds(heard)) >= 2)
            return set(rounds(heard))

    one, fifty = (asyncio.run(polls(listeners)) for listeners in (1, 50))
    (statements,) = one
    assert 1 <= len(statements) <= 3
    assert fifty == one


def rounds(heard: Statements) -> list[tuple[str, ...]]:
    """The statements of each whole round of the reader; whoever comes and goes is left out."""
    sent = [statement.partition("\n")[2] for statement in asked(heard) if "api_keys" not in statement]
    begins = [place for place, statement in enumerate(sent) if statement.startswith("FROM job_events")]
    shapes = [tuple(_without_values(each) for each in sent[a:b]) for a, b in pairwise(begins)]
    return shapes[1:]


def _without_values(statement: str) -> str:
    """What was given already is left out of a round by its keys: a condition that is there or not."""
    return statement.partition("WHERE")[0]


@asynccontextmanager
async def listeners_of(crowded: Crowded, count: int) -> AsyncIterator[None]:
    """So many who listen, all connected."""
    connected: asyncio.Queue[None] = asyncio.Queue()
    tasks = [asyncio.create_task(_listen(crowded, connected)) for _ in range(count)]
    try:
        async with asyncio.timeout(PATIENCE_S):
            for _ in tasks:
                await connected.get()
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends


async def _listen(crowded: Crowded, connected: asyncio.Queue[None]) -> None:
    line = Line(crowded.port, crowded.boss.key or "")
    try:
        async for block in line.listen("/api/v2/events"):
            if block.startswith(b"retry:"):
                connected.put_nowait(None)
    finally:
        await line.close()


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.05)


@pytest.mark.slow
def test_two_hundred_listeners_hear_of_orders_while_fifty_others_read(crowded: Crowded) -> None:
    """The readers are a process of their own: the benchmark's, for a short while."""
    order = Order(
        port=crowded.port,
        seconds=2.0,
        readers={"list": 20, "search": 10, "show": 20, "events": 200},
        keys=[("boss", crowded.boss.key or "")] * 250,
        shown={"boss": [crowded.small, crowded.large]},
        words=["rain", "rain harbor", '"over harbor" -snow'],
        database_url=crowded.house.database.url,
        channel=crowded.house.channel(),
        told_user="anna",
        warm_s=0.2,
    )
    command = [sys.executable, "-m", "tools.bench_api.load"]
    done = subprocess.run(
        command, input=json.dumps(asdict(order)), cwd=ROOT, capture_output=True, text=True, check=True
    )
    made = json.loads(done.stdout)
    for row in (*made["kinds"].values(), made["events"]):
        assert (row["errors"], row["what"]) == (0, [])
        assert row["count"] > 0
    heard = made["events"]
    assert heard["told"] > 0
    assert heard["count"] == 200 * heard["told"]
