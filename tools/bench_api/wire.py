"""Owns HTTP/1.1 to one address of the loopback over asyncio: answers, and streams of events; hides connections.

As small as it can be: what the client needs is taken from the server on a small machine. It knows lengths and chunks,
and nothing else that a server may do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"
LINE_MAX_BYTES = 1 << 20


class WireError(Exception):
    """What came back is no answer that is understood."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read whole."""

    status: int
    body: bytes


class Line:
    """One connection that is used again and again by one reader, with one key."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._lines = f"Host: {HOST}:{port}\r\nAuthorization: Bearer {key}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Answer:
        """GET a path; OSError or WireError when that fails."""
        reader, status, headers = await self._ask(path)
        body = await reader.readexactly(_length(headers))
        return Answer(status, body)

    async def listen(self, path: str) -> AsyncIterator[bytes]:
        """The blocks of an event stream, as they come; WireError when it is refused or ends."""
        reader, status, headers = await self._ask(path)
        if status != 200 or headers.get("transfer-encoding") != "chunked":
            raise WireError(f"no event stream but status {status}")
        rest = b""
        while True:
            size = int(await reader.readline(), 16)
            chunk = await reader.readexactly(size + 2)
            if not size:
                raise WireError("the event stream ended")
            *blocks, rest = (rest + chunk[:-2]).split(b"\n\n")
            for block in blocks:
                yield block

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, path: str) -> tuple[asyncio.StreamReader, int, Mapping[str, str]]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port, limit=LINE_MAX_BYTES)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\n{self._lines}\r\n".encode())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError as error:
            raise WireError("the server hung up") from error
        first, *lines = head[:-4].split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return reader, int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs}


def _length(headers: Mapping[str, str]) -> int:
    try:
        return int(headers["content-length"])
    except (KeyError, ValueError) as error:
        raise WireError("an answer without a length") from error
