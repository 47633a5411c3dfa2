"""Owns a stocked studio with everything in it that an address can name, and who asks; hides how it is made.

Anna owns all of it. Ben is somebody else, and may do as much with what is his. The boss may do everything.
"""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import soundfile
from PIL import Image
from sqlalchemy import text

from video_pipeline.domain.access import Scope
from video_pipeline.domain.brief import StoryboardBrief
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.purchases import Item, Limits, PurchaseState
from video_pipeline.store import PostgresAccess
from video_pipeline_tests.api.client import Client
from video_pipeline_tests.api.conftest import BRIEF, PASSWORD, Stocked
from video_pipeline_tests.conftest import CHEAP
from video_pipeline_tests.store.material import storyboard

RECEIVER = "http://127.0.0.1:9/hook"
"""Nobody listens there, and nobody delivers in these tests."""

PROMPT = "a quiet reading room with tall windows and slow rain"


@dataclass
class Furnished:
    """The house, who may ask, and the ids of what there is."""

    house: Stocked
    anna: dict[Scope, Client]
    ben: Client
    boss: Client
    ids: dict[str, str] = field(default_factory=dict)

    def session(self, name: str) -> Client:
        """A client with a session of that user."""
        client = self.house.stranger()
        assert client.sign_in(name, PASSWORD).status == 200
        return client

    def snapshot(self) -> dict[str, Any]:
        """A checksum of each table but those that note who came by."""
        with self.house.database.engine.connect() as connection:
            names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
            tables = sorted({*names} - {"api_keys", "sessions", "login_failures", "alembic_version"})
            parts = (
                f"SELECT '{name}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
                for name in tables
            )
            return {row[0]: tuple(row[1:]) for row in connection.execute(text(" UNION ALL ".join(parts)))}


def furnish(house: Stocked) -> Furnished:
    """Put into the house what the addresses of the API can name."""
    cheap = PostgresAccess(house.database.engine, cost=CHEAP)
    for name, scope in (("ben", Scope.SPEND), ("boss", Scope.ADMIN)):
        cheap.create_user(name, PASSWORD, scope)
    anna = {scope: house.user("anna", scope) for scope in (Scope.READ, Scope.EDIT, Scope.SPEND)}
    found = Furnished(house, anna, house.user("ben", Scope.SPEND), house.user("boss", Scope.ADMIN))
    spender = anna[Scope.SPEND]
    refined = spender.post(f"/jobs/{house.waiting}/refine", query={"scene_number": 1, "new_image_prompt": PROMPT})
    assert refined.status == 200, refined.json
    versions = spender.get(f"/jobs/{house.waiting}/scenes/1/versions").json["items"]
    found.ids = {
        "finished": house.finished,
        "waiting": house.waiting,
        "version": versions[1]["id"],
        "channel": house.channel(),
        "thumbnail": _thumbnail(house),
        "file": upload(spender, house.finished, "rain.wav"),
        "spare_file": upload(spender, house.finished, "spare.wav"),
        "upload": _begun(spender, house.finished, "coming.wav"),
        "spare_upload": _begun(spender, house.finished, "spared.wav"),
        "purchase": _purchase(house),
        "order": spender.post(f"/jobs/{house.waiting}/preview").json["id"],
        "preparing": _job(house, preparing=True),
        "configurable": _job(house, preparing=True),
        "unheard": _unheard(house),
        **{name: _job(house) for name in ("cancellable", "cancelled", "failed")},
        **_webhooks(spender),
    }
    house.desk.jobs.cancel(UUID(found.ids["cancelled"]))
    found.ids["its_channel"] = str(house.desk.jobs.get_job(UUID(found.ids["configurable"])).channel_id)
    house.desk.jobs.mark_job_failed(UUID(found.ids["failed"]), "a test wants it so")
    return found


def sound() -> bytes:
    """A second of a quiet tone, as WAV."""
    made = io.BytesIO()
    soundfile.write(made, 0.1 * np.sin(np.arange(48_000) / 20.0), 48_000, format="WAV", subtype="PCM_16")
    return made.getvalue()


def upload(client: Client, job: str, name: str) -> str:
    """Upload a sound; its id."""
    reply = client.post(f"/jobs/{job}/files", files={"file": (name, sound(), "audio/wav"), "file_type": "sounds"})
    assert reply.status == 201, reply.json
    return str(reply.json["id"])


def _begun(client: Client, job: str, name: str) -> str:
    reply = client.post(f"/jobs/{job}/uploads", {"filename": name, "file_type": "sounds", "bytes": 1000})
    assert reply.status == 201, reply.json
    return str(reply.json["id"])


def _thumbnail(house: Stocked) -> str:
    job, key = UUID(house.finished), f"jobs/{house.finished}/thumbnails/hostile.jpg"
    scratch: AbstractContextManager[Any] = house.studio.media.scratch(job)
    with scratch as folder:
        Image.new("RGB", (64, 36), "navy").save(folder / "made.jpg")
        house.studio.media.adopt(folder / "made.jpg", key)
    return str(house.desk.jobs.save_thumbnail(job, "hostile", key, 0.1, "a test").id)


def _purchase(house: Stocked) -> str:
    """Something of which nobody knows whether it was paid."""
    jobs = house.desk.jobs
    lease = jobs.claim(UUID(_job(house)), "a test")
    bought = jobs.reserve(lease, "leonardo", Item("images/01", "a harbour", 7), Decimal("0.04"))
    jobs.begin_submission(lease, bought.id, Limits(concurrency=9))
    jobs.close_purchase(bought.id, PurchaseState.DOUBTFUL, note="the answer was lost")
    jobs.release(lease)
    return str(bought.id)


def _job(house: Stocked, *, preparing: bool = False) -> str:
    values = {name: value for name, value in BRIEF.items() if name != "kind"}
    channel = UUID(house.channel())
    brief = StoryboardBrief(channel_id=channel, user_id="anna", **values)
    return str(house.desk.jobs.create_job(brief, preparing=preparing).id)


def _unheard(house: Stocked) -> str:
    """A job that failed over its music, of which nothing is there."""
    jobs, job = house.desk.jobs, _job(house)
    lease = jobs.claim(UUID(job), "a test")
    jobs.save_storyboard(lease, storyboard(3))
    jobs.move(UUID(job), JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=lease)
    jobs.mark_job_failed(UUID(job), "music: a test wants it so")
    return job


def _webhooks(client: Client) -> dict[str, str]:
    first, second = (client.post("/webhooks", {"url": f"{RECEIVER}/{uuid4()}"}).json["id"] for _ in range(2))
    delivery = client.post(f"/webhooks/{first}/test").json["id"]
    return {"webhook": first, "spare_webhook": second, "delivery": delivery}
