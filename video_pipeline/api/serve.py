"""Owns serving the studio from this process; hides uvicorn."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from video_pipeline import bootstrap
from video_pipeline.api.app import create_app
from video_pipeline.api.desk import Desk
from video_pipeline.steps.notify import Courier

GRACE_S = 5
"""How long answers under way may take at the end."""


class StudioServer(uvicorn.Server):
    """A server that ends live streams first when it stops: they never end by themselves, and it waits for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.live.end()
        await super().shutdown(sockets)


def desk_of_installation() -> Desk:
    """What the application of this installation works with."""
    settings = bootstrap.settings()
    return Desk(
        jobs=bootstrap.job_store(),
        media=bootstrap.media_store(),
        access=bootstrap.access_store(),
        outbox=bootstrap.outbox(),
        music=bootstrap.music_providers,
        images=bootstrap.image_providers,
        engines=bootstrap.video_engines,
        studio=bootstrap.studio,
        messenger=bootstrap.messenger,
        workers=bootstrap.cores().workers,
        thumbnail_provider=bootstrap.thumbnail_provider(),
        refinement_provider=bootstrap.refinement_provider(),
        words_usd=lambda: bootstrap.prompt_writer().price_usd,
        roster=bootstrap.roster,
        dagster_url=settings.dagster_web,
        vendor_secrets=bootstrap.vendor_secrets(),
        courier=_courier,
        upload_ttl_s=settings.upload_ttl_hours * 3600,
    )


@contextmanager
def _courier() -> Iterator[None]:
    with Courier(bootstrap.outbox(), bootstrap.messenger()):
        yield


def serve(host: str, port: int) -> None:
    """Serve until a signal comes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(desk_of_installation())
    server = StudioServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    server.run()
