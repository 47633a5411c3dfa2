"""Owns what every request passes: size limits, security headers, counting, the log; hides ASGI."""

from __future__ import annotations

import json
import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from video_pipeline.api.operations import Meter
from video_pipeline.api.page_files import SECURITY_HEADERS
from video_pipeline.api.problems import MEDIA_TYPE

BODY_MAX_BYTES = 1 << 20
UPLOAD_MAX_BYTES = (4 << 30) + (1 << 20)
"""A form of words, and a file of 4 GiB with what is written around it."""

UNKNOWN_ROUTE = "unknown"

log = logging.getLogger(__name__)


class TooLargeError(Exception):
    """More came than is taken."""


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
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
                self._count(scope, status, time.monotonic() - began)
            await send(message)

        try:
            await self._app(scope, _limited(scope, receive), told)
        except TooLargeError as error:
            if not status:
                await _refuse(scope, told, str(error))

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
        self._meter.count(scope["method"], route, status, seconds)
        # The path alone: a query may hold words that are nobody's business.
        level = logging.DEBUG if scope["method"] in ("GET", "HEAD") and status < 500 else logging.INFO
        log.log(level, "%s %s %s in %.0f ms", scope["method"], scope["path"], status, 1000 * seconds)


_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive`, which raises TooLargeError when the body exceeds what is taken, also without a length told before."""
    headers = dict(scope["headers"])
    is_upload = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
    limit = UPLOAD_MAX_BYTES if is_upload else BODY_MAX_BYTES
    length = headers.get(b"content-length", b"")
    came = int(length) if length.isdigit() and int(length) > limit else 0

    async def counted() -> Message:
        nonlocal came
        message = await receive() if came <= limit else {"type": "http.disconnect"}
        if message["type"] == "http.request":
            came += len(message.get("body", b""))
        if came > limit:
            raise TooLargeError(f"the request has more than {limit} bytes")
        return message

    return counted


async def _refuse(scope: Scope, send: Send, detail: str) -> None:
    body = {
        "type": "/problems/too-large",
        "title": "Too large",
        "status": 413,
        "detail": detail,
        "instance": scope["path"],
    }
    content = json.dumps(body).encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": content})
