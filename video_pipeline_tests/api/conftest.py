"""Owns a served studio for tests of the API: real Postgres, real ffmpeg, real HTTP, dummy providers."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import make_url, text

from video_pipeline.api.app import create_app
from video_pipeline.api.desk import Desk
from video_pipeline.api.serve import StudioServer
from video_pipeline.cores import Cores
from video_pipeline.domain.access import Scope
from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.domain.job import Approval
from video_pipeline.domain.pace import Allowance, Pace
from video_pipeline.domain.progress import Stage
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers import registry
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.roster import Roster
from video_pipeline.steps.studio import Studio
from video_pipeline.store import LocalMediaStore, PostgresAccess, PostgresJobStore, PostgresOutbox, connect
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.conftest import CHEAP, Database

PASSWORD = "correct horse battery"

BRIEF: dict[str, Any] = {
    "kind": "storyboard",
    "niche_label": "Rainy Library",
    "mood_keywords": "cozy, quiet",
    "scene_count": 3,
    "scene_seconds": 10,
    "seed": 7,
    "music_provider": "dummy",
    "visual_provider": "dummy",
}


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """`app` on a free port of the loopback; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        server = StudioServer(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started:
                assert thread.is_alive(), "the server ended at once"
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class House:
    """A served studio and those who use it."""

    address: str
    desk: Desk
    studio: Studio
    database: Database
    access: PostgresAccess

    @property
    def root(self) -> str:
        """Where the API is."""
        return f"{self.address}/api/v2"

    def user(self, name: str, scope: Scope = Scope.SPEND) -> Client:
        """A client of this user, who is made when there is none yet, with a key of that scope."""
        known = {each.name for each in self.access.list_users()}
        if name not in known:
            self.access.create_user(name, PASSWORD, scope)
        _, secret = self.access.create_key(name, "test", scope)
        return Client(self.root, secret)

    def key(self, name: str, scope: Scope) -> Client:
        """A client of a user that there is, with another key."""
        _, secret = self.access.create_key(name, "another", scope)
        return Client(self.root, secret)

    def media_path(self, key: str) -> Path:
        """Where a file of the storage is."""
        return self.desk.media.path(key)

    def stranger(self) -> Client:
        """A client that shows nothing."""
        return Client(self.root)

    def channel(self) -> str:
        """The id of a channel."""
        return str(self.desk.jobs.create_channel("Test Channel", "Rainy Library").id)

    def ordered(self, client: Client, **changes: Any) -> str:
        """Order a job; its id."""
        reply = client.post("/jobs", {"channel_id": self.channel(), **BRIEF, **changes})
        assert reply.status == 201, reply.json
        return str(reply.json["id"])

    def wait_for(self, client: Client, job: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for the job until it is as wanted."""
        deadline = time.monotonic() + 120
        while True:
            found: dict[str, Any] = client.get(f"/jobs/{job}").json
            if wanted(found):
                return found
            assert found["status"] != "failed", found["error_message"]
            assert time.monotonic() < deadline, f"still {found['status']}"
            time.sleep(0.05)

    def wait_for_order(self, client: Client, url: str) -> dict[str, Any]:
        """Ask for the order at `url` until it is finished."""
        deadline = time.monotonic() + 120
        while True:
            found: dict[str, Any] = client.get(url.removeprefix("/api/v2")).json
            if found["finished_at"] is not None:
                return found
            assert time.monotonic() < deadline, f"still {found['status']}"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def cores() -> Iterator[Cores]:
    """Worker processes for all tests of the API: starting them takes longer than most of what they do."""
    with Cores() as pool:
        yield pool


def opened(database: Database, folder: Path, cores: Cores) -> tuple[Desk, Studio]:
    """What a served studio works with."""
    store, media = PostgresJobStore(database.engine), LocalMediaStore(folder / "media")
    workshop = Workshop(cores, folder / "library")
    music, images = registry.music_providers(workshop), registry.image_providers(workshop)
    tools = FfmpegTools(find_ffmpeg(None), cores, folder / "cache")
    studio = Studio(
        jobs=store,
        media=media,
        tools=tools,
        music=music,
        images=images,
        engines=registry.video_engines(workshop),
        writer=registry.prompt_writer(),
    )
    desk = Desk(
        jobs=store,
        media=media,
        access=PostgresAccess(database.engine, cost=CHEAP),
        outbox=PostgresOutbox(database.engine),
        music=lambda: music,
        images=lambda: images,
        engines=lambda: studio.engines,
        studio=lambda: studio,
        messenger=lambda: HttpMessenger(allow_private=True),
        workers=2,
        roster=lambda: Roster.of(studio),
        dagster_url="http://127.0.0.1:3000",
        # Tests call as fast as they can; the pace has tests of its own.
        calls=Pace(Allowance(burst=100_000, per_s=100_000.0)),
        logins=Pace(Allowance(burst=1000, per_s=1000.0)),
    )
    return desk, studio


@contextmanager
def opened_house(database: Database, folder: Path, cores: Cores) -> Iterator[House]:
    """A served studio in `folder`."""
    desk, studio = opened(database, folder, cores)
    with served(create_app(desk)) as address:
        yield House(address, desk, studio, database, PostgresAccess(database.engine, cost=CHEAP))


@pytest.fixture
def house(database: Database, tmp_path: Path, cores: Cores) -> Iterator[House]:
    """A served studio of the test's own, in which nobody works."""
    with opened_house(database, tmp_path, cores) as house:
        yield house


@dataclass
class Stocked(House):
    """A served studio with a finished job and one whose storyboard waits, both of the user anna."""

    anna: Client
    finished: str
    waiting: str


@dataclass(frozen=True)
class Stock:
    """What a stocked studio is copied from."""

    database: str
    folder: Path
    finished: str
    waiting: str


@pytest.fixture(scope="session")
def stock(new_database: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, cores: Cores) -> Iterator[Stock]:
    """One finished job and one that awaits approval, made once: rendering is what takes the time here."""
    folder = tmp_path_factory.mktemp("stock")
    with new_database() as database:
        desk, studio = opened(database, folder, cores)
        desk.access.create_user("anna", PASSWORD, Scope.SPEND)
        channel = desk.jobs.create_channel("Test Channel", "Rainy Library").id
        made = []
        for approval, stages in ((Approval.AUTO, tuple(Stage)), (Approval.REQUIRED, tuple(Stage)[:3])):
            values = {name: value for name, value in BRIEF.items() if name != "kind"}
            brief = StoryboardBrief(channel_id=channel, user_id="anna", approval=approval, **values)
            job = studio.jobs.create_job(brief).id
            for stage in stages:
                perform(studio, job, stage, "made before")
            made.append(str(job))
        database.engine.dispose()
        yield Stock(str(database.engine.url.database), folder, *made)


@contextmanager
def stocked_house(stock: Stock, postgres: Any, folder: Path, cores: Cores) -> Iterator[Stocked]:
    """A served studio on a copy of the stock."""
    name = f"{stock.database}_{uuid4().hex[:8]}"
    admin = connect(postgres.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {stock.database}"))
    url = make_url(postgres.url()).set(database=name).render_as_string(hide_password=False)
    database = Database(url, connect(url))
    # Files are replaced, never written to, so two copies can share their bytes.
    shutil.copytree(stock.folder, folder, copy_function=os.link, dirs_exist_ok=True)
    try:
        with opened_house(database, folder, cores) as house:
            anna = house.user("anna")
            yield Stocked(**vars(house), anna=anna, finished=stock.finished, waiting=stock.waiting)
    finally:
        database.engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def stocked(stock: Stock, postgres: Any, tmp_path: Path, cores: Cores) -> Iterator[Stocked]:
    """A served studio of the test's own with what is in the stock."""
    with stocked_house(stock, postgres, tmp_path, cores) as house:
        yield house


@pytest.fixture(scope="module")
def shared(stock: Stock, postgres: Any, tmp_path_factory: pytest.TempPathFactory, cores: Cores) -> Iterator[Stocked]:
    """The same for all tests of a module, which only read in it."""
    with stocked_house(stock, postgres, tmp_path_factory.mktemp("shared"), cores) as house:
        yield house
