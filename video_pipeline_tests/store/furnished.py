"""Owns books with rows of all kinds, and what a comparison of books needs; hides the verbs that write them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import Engine, text

from video_pipeline.domain.access import Scope
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.purchases import CapScope
from video_pipeline.domain.records import ThumbnailDraft
from video_pipeline.domain.uploads import FileType
from video_pipeline.store import LocalMediaStore, PostgresAccess, PostgresJobStore, PostgresOutbox
from video_pipeline.store.schema.tables import Base
from video_pipeline_tests.conftest import CHEAP
from video_pipeline_tests.store.material import (
    FREE,
    album,
    await_approval,
    fill,
    order_short,
    paid,
    reference,
    report,
    save_track,
)
from video_pipeline_tests.store.plain_sql import SHA

NAUGHTY = "a\tb\nc\\N \\. \\x 'q' \"d\" 日本語 🌧 %s"


def held(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table, as the server writes it."""
    with engine.connect() as connection:
        return {
            name: sorted(connection.execute(text(f"SELECT row::text FROM {name} AS row")).scalars())
            for name in (*Base.metadata.tables, "alembic_version")
            if name != "installation"  # which says when the others were put back
        }


def furnish(engine: Engine) -> None:
    """Rows of all kinds, with texts that COPY has to escape."""
    store, access, outbox = PostgresJobStore(engine), PostgresAccess(engine, cost=CHEAP), PostgresOutbox(engine)
    access.create_user("ada", "correct horse battery", Scope.SPEND)
    key, _ = access.create_key("ada", "shop", Scope.SPEND)
    access.open_session("ada", "correct horse battery")
    channel = store.create_channel(NAUGHTY, NAUGHTY).id
    outbox.create_webhook("https://example.com/", key_id=key.id, kinds=["created"], description="x")
    store.create_job(album(channel, user_id="ada", niche_label=NAUGHTY), key_id=key.id)
    job = order_short(store)
    lease = store.claim(job.id, "run")
    fill(store, lease, 1)
    paid(store, lease, "0.02", "0.03", NAUGHTY)
    store.set_cap(CapScope.CHANNEL, Decimal(7), channel_id=channel, by=NAUGHTY)
    store.report_vendor("leonardo", NAUGHTY)
    await_approval(store, lease)
    store.approve_storyboard(job.id)
    store.move(job.id, JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, lease=lease)
    store.save_master(lease, report())
    store.record_made(lease, LicensedKind.THUMBNAIL, FREE, prompt=NAUGHTY, sha256=SHA)
    store.release(lease)
    store.add_file(job.id, FileType.QUOTES, "q.txt", reference("jobs/x/files/q.txt"))
    drawn = ThumbnailDraft("minimal", "jobs/x/thumbnails/minimal.jpg", 0.5, (reference("jobs/x/thumbnails/a.png"),))
    store.replace_thumbnails(job.id, [drawn], "x")
    for page in (bytes(range(256)), bytes(range(256))):
        store.record_terms("leonardo", NAUGHTY, hashlib.sha256(page).hexdigest(), page)
    store.add_youtube_upload(job.id, "a", "https://youtu.be/a", NAUGHTY, tags=("a", "b"))


def put(media: LocalMediaStore, key: str, content: bytes) -> None:
    with media.scratch(uuid4()) as scratch:
        (scratch / "x").write_bytes(content)
        media.adopt(scratch / "x", key)


def write_on(store: PostgresJobStore) -> None:
    """An order, with a payment: a row in each table that has numbers."""
    lease = store.claim(order_short(store).id, "run")
    paid(store, lease, "0.02", "0.02")
    save_track(store, lease, 1)
    store.record_terms("procedural", "https://example.org/cc0", SHA, b"Do as you like.")
    store.release(lease)
