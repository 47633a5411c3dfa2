"""Owns what every request passes: size limits, security headers, counting, the log; hides ASGI."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from video_pipeline.api import problems
from video_pipeline.api.operations import Meter
from video_pipeline.api.page_files import SECURITY_HEADERS
from video_pipeline.api.problems import in_one_line
from video_pipeline.api.shapes import ROOT
from video_pipeline.domain.announcements import LETTER_MAX_BYTES

BODY_MAX_BYTES = 1 << 16
"""The longest form has some four thousand characters, a few more when they are written as escapes."""

UPLOAD_MAX_BYTES = (4 << 30) + (1 << 20)
"""A file of 4 GiB with what is written around it."""

UPLOADS = {
    "POST": re.compile(rf"{ROOT}/jobs/[^/]+/files"),
    "PATCH": re.compile(rf"{ROOT}/jobs/[^/]+/uploads/[^/]+"),
}

LETTERS = re.compile(rf"{ROOT}/vendors/[^/]+/webhook")
"""They hold what was asked for and what came of it."""

PASSED_OVER_MAX_BYTES = 1 << 23
PATIENCE_S = 3.0

UNKNOWN_ROUTE = "unknown"

log = logging.getLogger(__name__)


class TooLargeError(HTTPException):
    """More came than is taken. FastAPI passes on an HTTPException and takes any other for a malformed body."""

    def __init__(self, limit: int) -> None:
        # What is still on its way is not wanted.
        super().__init__(413, f"the request has more than {limit} bytes", {"Connection": "close"})


class Gate:
    """Wraps the application; made of it and the meter."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *_added(scope, message["headers"])]}
                self._count(scope, status, time.monotonic() - began)
            await send(message)

        try:
            limit = _limit(scope)
            if _declared(scope) > limit:
                await _pass_over(scope, receive)
                raise TooLargeError(limit)
            await self._app(scope, _limited(scope, receive, limit, lambda: bool(status)), told)
        except Exception as error:
            # Here and not outside, so that these answers have their headers and are counted as well.
            if status:
                raise
            answer = await problems.of_error(Request(scope), error)
            await answer(scope, receive, told)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # Releases of FastAPI differ in whether a route knows the prefix of its router.
        route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE).removeprefix(ROOT)
        self._meter.count(scope["method"], route, status, seconds)
        # The path alone: a query may hold words that are nobody's business.
        level = logging.DEBUG if scope["method"] in ("GET", "HEAD") and status < 500 else logging.INFO
        log.log(level, "%s %s %s in %.0f ms", scope["method"], in_one_line(scope["path"]), status, 1000 * seconds)


_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_NOT_KEPT = (b"cache-control", b"no-store")


def _added(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What an answer has beside its own headers: whatever does not say otherwise is kept by nobody."""
    free = scope["path"].startswith(ROOT) and all(name.lower() != _NOT_KEPT[0] for name, _ in headers)
    return [*_HEADERS, _NOT_KEPT] if free else _HEADERS


def _limit(scope: Scope) -> int:
    """How many bytes the body of a request may have."""
    upload = UPLOADS.get(scope["method"])
    if upload and upload.fullmatch(scope["path"]):
        return UPLOAD_MAX_BYTES
    return LETTER_MAX_BYTES if LETTERS.fullmatch(scope["path"]) else BODY_MAX_BYTES


def _declared(scope: Scope) -> int:
    """The length that a request says it has; 0 when it says none."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    # Python reads no number of more than 4300 digits.
    return int(length[:20]) if length.isdigit() else 0


def _limited(scope: Scope, receive: Receive, limit: int, is_answered: Callable[[], bool]) -> Receive:
    """`receive`, which raises TooLargeError when more than `limit` bytes come, also without a length told before."""
    came = 0

    async def counted() -> Message:
        nonlocal came
        message = await receive()
        if message["type"] == "http.request":
            came += len(message.get("body", b""))
        if came <= limit:
            return message
        if is_answered():
            return {"type": "http.disconnect"}
        await _pass_over(scope, receive)
        raise TooLargeError(limit)

    return counted


async def _pass_over(scope: Scope, receive: Receive) -> None:
    """Take what is still on its way, if it is not too much: a client that is cut off while it sends reads no answer."""
    if any(name == b"expect" for name, _ in scope["headers"]):
        return  # it waits to be asked
    left = PASSED_OVER_MAX_BYTES - _declared(scope)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            more = True
            while more and left > 0:
                message = await receive()
                more = message.get("more_body", False)
                left -= len(message.get("body", b""))
