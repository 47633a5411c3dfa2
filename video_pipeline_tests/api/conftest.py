"""Owns a served studio for tests of the API: real Postgres, real ffmpeg, real HTTP, dummy providers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from video_pipeline.api.app import create_app
from video_pipeline.api.desk import Desk
from video_pipeline.cores import Cores
from video_pipeline.domain.access import Scope
from video_pipeline.domain.pace import Allowance, Pace
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers import registry
from video_pipeline.steps.studio import Studio
from video_pipeline.store import LocalMediaStore, PostgresAccess, PostgresJobStore, PostgresOutbox
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.conftest import Database

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
        server = uvicorn.Server(config)
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


@pytest.fixture(scope="module")
def cores() -> Iterator[Cores]:
    """Worker processes for the tests of a module."""
    with Cores() as pool:
        yield pool


def opened(database: Database, folder: Path, cores: Cores) -> tuple[Desk, Studio]:
    """What a served studio works with."""
    store, media = PostgresJobStore(database.engine), LocalMediaStore(folder / "media")
    music, images = registry.music_providers(cores), registry.image_providers(cores)
    tools = FfmpegTools(find_ffmpeg(None), cores, folder / "cache")
    studio = Studio(jobs=store, media=media, tools=tools, music=music, images=images, writer=registry.prompt_writer())
    desk = Desk(
        jobs=store,
        media=media,
        access=PostgresAccess(database.engine),
        outbox=PostgresOutbox(database.engine),
        music=lambda: music,
        images=lambda: images,
        studio=lambda: studio,
        messenger=lambda: HttpMessenger(allow_private=True),
        workers=2,
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
        yield House(address, desk, studio, database, PostgresAccess(database.engine))


@pytest.fixture
def house(database: Database, tmp_path: Path, cores: Cores) -> Iterator[House]:
    """A served studio of the test's own, in which nobody works."""
    with opened_house(database, tmp_path, cores) as house:
        yield house
