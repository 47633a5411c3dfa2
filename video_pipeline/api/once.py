"""Owns what comes before the work of a change: who asks, and one answer to a request that is sent twice
(`Idempotency-Key`); hides where answers are kept.

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
from starlette.datastructures import UploadFile

from video_pipeline.api.caller import COOKIE, SAFE_METHODS, identify, needed_scope
from video_pipeline.api.desk import Desk
from video_pipeline.domain.access import Principal, Scope, StoredAnswer
from video_pipeline.domain.errors import AccessDeniedError
from video_pipeline.ports import AccessStore
from video_pipeline.steps.uploads import Readable, chunks_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEPT_HEADERS = ("content-type", "location", "etag")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(APIRoute):
    """A route whose POSTs are done once for each `Idempotency-Key` of a caller.

    Who may not change anything is told so before the body is read: a stranger's gigabytes never reach the disk, and an
    answer that is kept is given again only to those who could have got it.
    """

    def get_route_handler(self) -> Handler:
        """The handler, with the answers of before in front of it."""
        handle = super().get_route_handler()
        scope = needed_scope(self.dependant)

        async def once(request: Request) -> Response:
            if request.method in SAFE_METHODS:
                return await handle(request)
            caller = await run_in_threadpool(_admitted, request, scope)
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            try:
                return await _answer(request, caller, key, handle)
            finally:
                await request.close()

        return once


def _admitted(request: Request, scope: Scope) -> Principal:
    caller = identify(request, request.app.state.desk, _bearer(request), request.cookies.get(COOKIE))
    caller.require(scope)
    return caller


async def _answer(request: Request, caller: Principal, key: str, handle: Handler) -> Response:
    desk: Desk = request.app.state.desk
    owner, fingerprint = caller.name, await _fingerprint(request, caller)
    known = await run_in_threadpool(desk.access.begin_answer, owner, key, fingerprint)
    if known is not None:
        return Response(base64.b64decode(known.body), known.status, {**known.headers, REPLAYED: "true"})
    try:
        response = await handle(request)
    except BaseException:
        await run_in_threadpool(desk.access.forget_answer, owner, key)
        raise
    await run_in_threadpool(_keep, desk.access, owner, key, response)
    return response


def _keep(access: AccessStore, owner: str, key: str, response: Response) -> None:
    if not 200 <= response.status_code < 300:
        access.forget_answer(owner, key)
        return
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = base64.b64encode(response.body).decode()
    access.keep_answer(owner, key, StoredAnswer(response.status_code, headers, body))


async def _fingerprint(request: Request, caller: Principal) -> str:
    """What makes two requests the same: method, address, the version they expect, the body, and the API key.

    The key because a body may mean the key with which it comes, and the answer hold a secret that is that key's.
    """
    address = request.scope["path"].encode("utf-8", "replace") + b"?" + request.scope["query_string"]
    digest = hashlib.sha256(f"{request.method} ".encode() + address + b"\n")
    digest.update(f"{request.headers.get('if-match', '')}\n{caller.key_id or ''}\n".encode())
    if request.headers.get("content-type", "").startswith("multipart/"):
        for name, value in (await request.form()).multi_items():
            digest.update(f"{name}\n{await _written(value)}\n".encode("utf-8", "replace"))
    else:
        digest.update(await request.body())
    return digest.hexdigest()


async def _written(value: UploadFile | str) -> str:
    """A field of a form as it counts: a file is the same when its name and its content are."""
    if isinstance(value, str):
        return value
    content = await run_in_threadpool(_sha256, value.file)
    await value.seek(0)
    return f"{value.filename}\n{content}"


def _sha256(file: Readable) -> str:
    digest = hashlib.sha256()
    for chunk in chunks_of(file):
        digest.update(chunk)
    return digest.hexdigest()


def _bearer(request: Request) -> str | None:
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    if kind and kind.lower() != "bearer":
        raise AccessDeniedError("send the API key as Authorization: Bearer vp_...")
    return credentials or None
