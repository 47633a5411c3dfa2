"""Owns what the handlers work with: books, tools, settings of one installation; hides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from video_pipeline.domain.pace import Allowance, Pace
from video_pipeline.domain.uploads import UPLOAD_TTL_S
from video_pipeline.ports import (
    AccessStore,
    ImageProvider,
    JobStore,
    MediaStore,
    Messenger,
    MusicProvider,
    Outbox,
    VideoEngine,
)
from video_pipeline.steps.estimate import Sellers
from video_pipeline.steps.roster import Roster
from video_pipeline.steps.studio import Studio

CALLS = Allowance(burst=300, per_s=50.0)
"""The pace of one key or session: a page that opens asks for some sixty pictures at once."""

LOGINS = Allowance(burst=10, per_s=0.2)
"""The pace of logins from one address, whatever the names."""

EXPORT_LIMIT_S = 300.0
"""How long a request waits for an export: the five minutes of the first API."""

COMMENT_EVERY_S = 15.0
"""Proxies close connections that are silent for a minute; some for half of it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What an application is made of; a test fills it with its own."""

    jobs: JobStore
    media: MediaStore
    access: AccessStore
    outbox: Outbox
    music: Callable[[], Mapping[str, MusicProvider]]
    images: Callable[[], Mapping[str, ImageProvider]]
    studio: Callable[[], Studio]  # MachineError when there is no usable ffmpeg
    messenger: Callable[[], Messenger]
    workers: int  # processes that compute, for estimates
    vendor_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)  # which prove letters, by vendor
    engines: Callable[[], Mapping[str, VideoEngine]] = dict
    thumbnail_provider: str | None = None  # see `Studio`
    refinement_provider: str | None = None
    words_usd: Callable[[], Decimal] = Decimal  # what a script takes at most; nothing if nobody says otherwise
    roster: Callable[[], Roster] = Roster  # everybody who can be asked
    dagster_url: str | None = None  # where a person sees the runs
    courier: Callable[[], AbstractContextManager[None]] = nullcontext  # delivers webhooks as long as it is open
    export_limit_s: float = EXPORT_LIMIT_S
    comment_every_s: float = COMMENT_EVERY_S  # how long a live stream may be silent
    upload_ttl_s: float = UPLOAD_TTL_S  # how long an upload in pieces waits for its next bytes
    calls: Pace = field(default_factory=lambda: Pace(CALLS))
    logins: Pace = field(default_factory=lambda: Pace(LOGINS))

    def sellers(self) -> Sellers:
        """Who would be asked, and at what price."""
        return Sellers(
            self.music(),
            self.images(),
            self.engines(),
            thumbnails=self.thumbnail_provider,
            refinements=self.refinement_provider,
            words_usd=self.words_usd(),
        )

    def run_url(self, run_id: str | None) -> str | None:
        """The page of a Dagster run; None when nobody said where Dagster is."""
        return f"{self.dagster_url}/runs/{run_id}" if self.dagster_url and run_id and _is_uuid(run_id) else None

    def without_places(self, text: str) -> str:
        """`text`, which came with an error, without where this machine keeps its files."""
        root = str(self.media.path("here").parent)
        return text.replace(f"file:{root}/", "").replace(f"{root}/", "").replace(root, "the media store")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


async def _desk(request: Request) -> Desk:  # async: looking there needs no thread
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
