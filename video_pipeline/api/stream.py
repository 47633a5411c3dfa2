"""Owns the live stream over HTTP (server-sent events); hides its form and the catching up after a gap."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from video_pipeline.api.caller import Credentials, Reader, known_by, visible_job
from video_pipeline.api.desk import AtDesk, Desk
from video_pipeline.api.live import Listener, Live
from video_pipeline.api.messages import Message, of_event
from video_pipeline.api.problems import answers
from video_pipeline.domain.errors import StoreUnavailableError, StudioError, TooManyRequestsError
from video_pipeline.ports import JobStore

router = APIRouter(tags=["events"])

ASKED_AGAIN_S = 30.0
"""How long at most a key that was revoked, or a user who was disabled, is still told."""

CATCH_UP_MAX = 500
"""Lines of history that are looked through at once for what a listener missed."""

CATCH_UP_ROUNDS = 4
"""How often; a listener that missed more gets the rest when it comes back, which it does by itself."""

FULL_RETRY_S = 10.0

_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


@router.get(
    "/events", summary="Follow what happens", response_class=StreamingResponse, responses=answers(401, 404) | _STREAM
)
async def events(
    request: Request,
    desk: AtDesk,
    caller: Reader,
    given: Credentials,
    job_id: Annotated[UUID | None, Query(description="Of one job only.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=40, description="Catch up from there.")] = None,
) -> StreamingResponse:
    """What happens to your jobs, as it happens: `job` for each line of their history, `progress` as work goes on.

    After a gap a browser sends Last-Event-ID by itself and gets what it missed; `order` tells how far ordered work is.
    """
    if job_id is not None:
        await run_in_threadpool(visible_job, desk, caller, job_id)
    live: Live = request.app.state.live
    listener = live.listen(caller, job_id)
    if listener is None:
        raise TooManyRequestsError("too many listeners; come back soon", retry_after_s=FULL_RETRY_S)
    try:
        missed, place = await run_in_threadpool(_begin, desk.jobs, live, listener, last_event_id)
    except BaseException:
        live.leave(listener)
        raise

    async def welcome() -> bool:
        return await run_in_threadpool(_is_welcome, desk, given)

    told = _told(listener, missed, place=place, comment_every_s=desk.comment_every_s, welcome=welcome)
    return _Stream(live, listener, told)


class _Stream(StreamingResponse):
    """The answer to a listener, who leaves at its end, even if it never begins: the client may be gone by then."""

    def __init__(self, live: Live, listener: Listener, told: AsyncIterator[str]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(told, media_type="text/event-stream", headers=headers)
        self._live = live
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._live.leave(self._listener)


def _is_welcome(desk: Desk, given: tuple[str | None, str | None]) -> bool:
    """False when the key or session is over, and when nobody can say; whoever is let go comes back and is asked."""
    try:
        return known_by(desk, *given) is not None
    except StudioError:
        return False


def _begin(
    jobs: JobStore, live: Live, listener: Listener, last_event_id: str | None
) -> tuple[list[Message], int | None]:
    """What the listener missed, after which nothing will be missed; StoreUnavailableError without the books."""
    if not live.wait_until_it_follows():
        raise StoreUnavailableError("the database did not answer; the stream comes back as soon as it does")
    if not last_event_id or not last_event_id.isascii() or not last_event_id.isdigit():
        return [], None
    return _missed(jobs, listener, min(int(last_event_id), 2**63 - 1))


def _missed(jobs: JobStore, listener: Listener, after: int) -> tuple[list[Message], int | None]:
    """What happened since `after`, and None; or the first part of it, and the number up to which that is."""
    missed: list[Message] = []
    for _ in range(CATCH_UP_ROUNDS):
        found = jobs.events_after(after, limit=CATCH_UP_MAX, job_id=listener.job_id)
        missed += [message for message in map(of_event, found) if listener.wants(message)]
        if len(found) < CATCH_UP_MAX:
            return missed, None
        after = found[-1].event.id
    return missed, after


async def _told(
    listener: Listener,
    missed: list[Message],
    *,
    place: int | None,
    comment_every_s: float,
    welcome: Callable[[], Awaitable[bool]],
) -> AsyncIterator[str]:
    told = {message.id for message in missed}
    yield "retry: 2000\n\n"
    for message in missed:
        yield _text(message)
    if place is not None:
        yield f"id: {place}\n\n"  # moves on what is sent as Last-Event-ID, also past lines of others
        return
    asked_at = time.monotonic()
    while True:
        if time.monotonic() - asked_at >= ASKED_AGAIN_S:
            if not await welcome():
                return
            asked_at = time.monotonic()
        try:
            async with asyncio.timeout(min(comment_every_s, ASKED_AGAIN_S)):
                next_one = await listener.queue.get()
        except TimeoutError:
            yield ": still here\n\n"
            continue
        if next_one is None:
            return
        if next_one.id is None or next_one.id not in told:
            yield _text(next_one)


def _text(message: Message) -> str:
    mark = f"id: {message.id}\n" if message.id is not None else ""
    return f"{mark}event: {message.event}\ndata: {json.dumps(message.body)}\n\n"
