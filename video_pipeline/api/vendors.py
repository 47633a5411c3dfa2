"""Owns letters of vendors over HTTP; hides nothing. No key is needed: a letter proves itself."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from video_pipeline.api.desk import AtDesk
from video_pipeline.api.problems import answers
from video_pipeline.domain.announcements import task_told_of
from video_pipeline.domain.errors import NotFoundError

router = APIRouter(prefix="/vendors", tags=["vendors"])


@router.post("/{vendor}/webhook", status_code=204, summary="Take a vendor's letter", responses=answers(401, 404, 413))
async def take_letter(vendor: str, request: Request, desk: AtDesk) -> None:
    """Hear that a vendor has finished something, and let whoever waits for it look at once.

    The letter has to be signed with the secret that is configured for the vendor; there is nothing here of vendors
    without one. A letter about a task that nobody waits for is taken, and nothing comes of it.
    """
    secret = desk.vendor_secrets.get(vendor)
    if not secret:
        raise NotFoundError(f"no letters of {vendor[:50]!r} are expected here")
    task_id = task_told_of(vendor, secret, request.headers, await request.body(), time.time())
    await run_in_threadpool(desk.jobs.announce_task, vendor, task_id)
