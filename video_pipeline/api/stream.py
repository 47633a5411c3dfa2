"""Owns the live stream over HTTP (server-sent events); hides its form and the catching up after a gap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from video_pipeline.api.caller import Reader, visible_job
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.live import Listener, Live, Message, of_event
from video_pipeline.api.problems import answers
from video_pipeline.domain.errors import TooManyRequestsError
from video_pipeline.ports import JobStore

router = APIRouter(tags=["events"])

COMMENT_EVERY_S = 15.0
"""Proxies close connections that are silent for a minute; some for half of it."""

CATCH_UP_MAX = 500
FULL_RETRY_S = 10.0

_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


@router.get(
    "/events", summary="Follow what happens", response_class=StreamingResponse, responses=answers(401, 404) | _STREAM
)
async def events(
    request: Request,
    desk: AtDesk,
    caller: Reader,
    job_id: Annotated[UUID | None, Query(description="Of one job only.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=40, description="Catch up from there.")] = None,
) -> StreamingResponse:
    """What happens to your jobs, as it happens: `job` for each line of their history, `progress` as work goes on.

    After a gap a browser sends Last-Event-ID by itself and gets what it missed, 500 lines at most.
    """
    if job_id is not None:
        await run_in_threadpool(visible_job, desk, caller, job_id)
    live: Live = request.app.state.live
    listener = live.listen(caller, job_id)
    if listener is None:
        raise TooManyRequestsError("too many listeners; come back soon", retry_after_s=FULL_RETRY_S)
    missed = await run_in_threadpool(_missed, desk.jobs, listener, last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(live, listener, missed), media_type="text/event-stream", headers=headers)


def _missed(jobs: JobStore, listener: Listener, last_event_id: str | None) -> list[Message]:
    if not last_event_id or not last_event_id.isascii() or not last_event_id.isdigit():
        return []
    after = min(int(last_event_id), 2**63 - 1)
    found = jobs.events_after(after, limit=CATCH_UP_MAX, job_id=listener.job_id)
    return [message for message in map(of_event, found) if listener.wants(message)]


async def _told(live: Live, listener: Listener, missed: list[Message]) -> AsyncIterator[str]:
    told = {message.id for message in missed}
    try:
        yield "retry: 2000\n\n"
        for message in missed:
            yield _text(message)
        while True:
            try:
                async with asyncio.timeout(COMMENT_EVERY_S):
                    next_one = await listener.queue.get()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if next_one is None:
                return
            if next_one.id is None or next_one.id not in told:
                yield _text(next_one)
    finally:
        live.leave(listener)


def _text(message: Message) -> str:
    mark = f"id: {message.id}\n" if message.id is not None else ""
    return f"{mark}event: {message.event}\ndata: {json.dumps(message.body)}\n\n"
