"""Owns one request to a vendor and its answer; hides sockets, TLS, time limits and packed bodies.

Each exchange has a connection of its own: one that was kept open may be closed by the other side while a request is
on its way, and then nobody knows whether it was read. No proxy is asked and no redirect followed here.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from video_pipeline.domain.addresses import Target
from video_pipeline.providers.http.messages import message_of
from video_pipeline.wire import TROUBLE, cut_off, trouble_in_words

ANSWER_MAX_BYTES = 64 * 2**20
"""A picture of 4K as base64 in JSON has some 30 MiB."""

CONNECT_LIMIT_S = 15.0
TEXT_BYTES = 2048
SAID_CHARACTERS = 300
"""Of an answer, for messages."""

_PIECE_BYTES = 2**18
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor answered, whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: Any = field(repr=False)  # parsed JSON; None when it is none
    text: str  # the first 2 kB, without keys, in one line
    said: str = ""  # the vendor's own message, without keys, in one line; `text` where there is none
    is_json: bool = True  # `body` was read; else there was nothing to read, or it was something else

    @property
    def done(self) -> bool:
        """The status says that it worked."""
        return 200 <= self.status <= 299


class NotSentError(Exception):
    """No byte of the request left this machine: no such name, no connection, no trusted certificate."""


class BrokenOffError(Exception):
    """The request was on its way, and no whole answer came."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    target: Target
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


def exchange(request: Request, limit_s: float, mask: Callable[[str], str]) -> Reply:
    """The answer, whatever its status, when all of it came within `limit_s` seconds; `mask` cleans its text.

    NotSentError and BrokenOffError say why there is none, in one line.
    """
    deadline = time.monotonic() + limit_s
    connection = _connected(request.target, min(limit_s, CONNECT_LIMIT_S))
    try:
        with cut_off(connection, deadline) as is_cut:
            try:
                status, headers, body = _asked(connection, request, is_cut)
            except TROUBLE as error:
                late = is_cut() or isinstance(error, TimeoutError)
                broke = f"it broke off: {trouble_in_words(error)}"
                reason = f"no whole answer within {limit_s:g} seconds" if late else broke
                # Without its cause: libraries quote what came, and a vendor may have sent the key back.
                raise BrokenOffError(mask(reason)) from None
    finally:
        connection.close()
    is_json, value = _parsed(body)
    text = _excerpt(mask(body[: 4 * TEXT_BYTES].decode("utf-8", "replace")), TEXT_BYTES)
    said = _excerpt(mask(message_of(value)), SAID_CHARACTERS) or text[:SAID_CHARACTERS]
    return Reply(status, headers, value, text, said, is_json)


def _excerpt(masked: str, most: int) -> str:
    """The beginning of a text in one line; masked before, because half a key would not be recognized."""
    return " ".join(_UNPRINTABLE.sub(" ", masked).split())[:most]


def _connected(target: Target, limit_s: float) -> HTTPConnection:
    connection = _connection(target, limit_s)
    # Somebody who debugs http.client would print the headers of all connections, keys included.
    connection.set_debuglevel(0)
    try:
        connection.connect()
    except TROUBLE as error:
        connection.close()
        raise NotSentError(f"no connection to {target.host} port {target.port}: {trouble_in_words(error)}") from error
    except UnicodeError as error:
        raise NotSentError(f"{target.host} is no name that can be looked up") from error
    return connection


def _connection(target: Target, limit_s: float) -> HTTPConnection:
    if target.scheme == "http":
        return HTTPConnection(target.host, target.port, timeout=limit_s)
    return HTTPSConnection(target.host, target.port, timeout=limit_s, ssl_context=_trust())


@cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates of the system takes longer than many an answer."""
    return ssl.create_default_context()


def _asked(
    connection: HTTPConnection, request: Request, is_cut: Callable[[], bool]
) -> tuple[int, Mapping[str, str], bytes]:
    hello = {
        "Host": request.target.authority,
        "User-Agent": "video-pipeline",
        "Accept": "application/json",
        # Packed answers can be bombs, and a vendor's JSON is small.
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    # A vendor may say no, and hang up, before it has read all of a large picture: its answer is there nevertheless.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request(
            request.method,
            request.target.path,
            body=request.body,
            headers=hello | dict(request.headers),
            preload_content=False,
            decode_content=False,
        )
    # The connection lets go of its socket when the answer is to be the last one; then only the answer closes it.
    with contextlib.closing(connection.getresponse()) as response:
        if is_cut():
            # Headers that stop in the middle pass for complete ones.
            raise TimeoutError
        body = _read(response)
        if is_cut():
            raise TimeoutError
        headers = {name.lower(): value for name, value in response.headers.items()}
        return response.status, headers, _unpacked(body, headers.get("content-encoding", ""))


def _read(response: BaseHTTPResponse) -> bytes:
    pieces = bytearray()
    while more := response.read(_PIECE_BYTES):
        pieces += more
        if len(pieces) > ANSWER_MAX_BYTES:
            raise http.client.HTTPException(f"the answer has more than {ANSWER_MAX_BYTES:,} bytes")
    return bytes(pieces)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """`body` as it was before a server packed it though it was asked not to."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate") or not body:
        return body
    unpacking = zlib.decompressobj(_ZLIB_OR_GZIP)
    try:
        plain = unpacking.decompress(body, ANSWER_MAX_BYTES)
    except zlib.error as error:
        raise http.client.HTTPException(f"the answer cannot be unpacked ({error})") from error
    if not unpacking.eof:
        raise http.client.HTTPException(f"the answer unpacks to more than {ANSWER_MAX_BYTES:,} bytes, or is cut short")
    return plain


def _parsed(body: bytes) -> tuple[bool, Any]:
    """Whether `body` is JSON, and its value."""
    try:
        return True, json.loads(body)
    except (ValueError, RecursionError):  # bytes that are no UTF-8 are a ValueError as well
        return False, None
