"""Owns giving one answer to a request that is sent twice (`Idempotency-Key`); hides where answers are kept.

Only answers of success are kept: after a failure nothing was made, so the same key may try again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from video_pipeline.api.caller import COOKIE, identify
from video_pipeline.api.desk import Desk
from video_pipeline.domain.access import StoredAnswer
from video_pipeline.domain.errors import AccessDeniedError
from video_pipeline.ports import AccessStore

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEPT_HEADERS = ("content-type", "location", "etag")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(APIRoute):
    """A route whose POSTs are done once for each `Idempotency-Key` of a caller."""

    def get_route_handler(self) -> Handler:
        """The handler, with the answers of before in front of it."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            return await _answer(request, key, handle)

        return once


async def _answer(request: Request, key: str, handle: Handler) -> Response:
    desk: Desk = request.app.state.desk
    caller = await run_in_threadpool(identify, request, desk, _bearer(request), request.cookies.get(COOKIE))
    fingerprint = await _fingerprint(request)
    known = await run_in_threadpool(desk.access.begin_answer, caller.name, key, fingerprint)
    if known is not None:
        return Response(base64.b64decode(known.body), known.status, {**known.headers, REPLAYED: "true"})
    try:
        response = await handle(request)
    except BaseException:
        await run_in_threadpool(desk.access.forget_answer, caller.name, key)
        raise
    await run_in_threadpool(_keep, desk.access, caller.name, key, response)
    return response


def _keep(access: AccessStore, owner: str, key: str, response: Response) -> None:
    if not 200 <= response.status_code < 300:
        access.forget_answer(owner, key)
        return
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = base64.b64encode(response.body).decode()
    access.keep_answer(owner, key, StoredAnswer(response.status_code, headers, body))


async def _fingerprint(request: Request) -> str:
    """What makes two requests the same: method, address, and the body unless it is a file of any size."""
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    if request.headers.get("content-type", "").startswith("multipart/"):
        digest.update(request.headers.get("content-length", "").encode())
    else:
        digest.update(await request.body())
    return digest.hexdigest()


def _bearer(request: Request) -> str | None:
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    if kind and kind.lower() != "bearer":
        raise AccessDeniedError("send the API key as Authorization: Bearer vp_...")
    return credentials or None
