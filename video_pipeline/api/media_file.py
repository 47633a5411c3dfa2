"""Owns handing out a stored file over HTTP: a part of it, all of it, or the word that it did not change.

Hides Starlette's own answers, which are plain text where everything else here answers with problem+json.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from video_pipeline.api.problems import respond

KEPT_BY_ONE = "private, no-cache"
"""A browser may keep a file and asks each time whether it is still the same; nobody between keeps it."""

PROBE_BYTES = 2
"""A player may ask for the first two bytes to see whether ranges are answered, before it asks for the file."""

_SPEC = re.compile(r"(\d{0,18})-(\d{0,18})")
_UNITS = re.compile(r"\s*bytes\s*=", re.IGNORECASE)

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "You have it already (If-None-Match)"}}
"""For the documentation of the routes that hand out files."""


def file_of(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """For the documentation of a route that hands out a file of these types: all of it, parts of it, or neither."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in media_types}
    parts = {**content, "multipart/byteranges": {}}
    return {200: {"content": {**content}}, 206: {"description": "Parts of the file", "content": parts}, **UNCHANGED}


Parts = list[tuple[int, int]]


class MediaFile(FileResponse):
    """A file, or the parts of it that were asked for and that there are."""

    def __init__(self, path: Path, parts: Parts | None, stat: os.stat_result, **more: object) -> None:
        super().__init__(path, stat_result=stat, **more)  # type: ignore[arg-type]
        self.parts = parts

    @property
    def begins(self) -> bool:
        """True when a download begins with this answer: it has the first bytes, and is more than a probe."""
        return self.parts is None or any(first == 0 and last >= PROBE_BYTES for first, last in self.parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what `parts` say instead of what the request said."""
        headers = [pair for pair in scope["headers"] if pair[0] not in (b"range", b"if-range")]
        if self.parts is not None:
            wanted = ",".join(f"{first}-{last}" for first, last in self.parts)
            headers.append((b"range", f"bytes={wanted}".encode()))
        await super().__call__({**scope, "headers": headers}, receive, send)


def hand_out(
    request: Request,
    path: Path,
    media_type: str,
    *,
    sha256: str | None = None,
    name: str | None = None,
    attached: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a request for the file at `path`, whose content has the checksum `sha256` where it is known.

    304 when the caller has it already, 416 when none of the parts asked for exists; a Range header that is none is
    left out of account, as RFC 9110 has it.
    """
    stat = path.stat()
    mark = f'"{sha256 or f"{stat.st_mtime_ns:x}-{stat.st_size:x}"}"'
    told = {"Cache-Control": KEPT_BY_ONE, **(headers or {}), "ETag": mark}
    if _has(request.headers.get("if-none-match", ""), mark):
        return Response(status_code=304, headers=told)
    parts = _parts(request.headers.get("range", ""), stat.st_size)
    if request.headers.get("if-range", mark) != mark:
        parts = None
    if parts == []:
        detail = f"the file has {stat.st_size} bytes; ask for a part of these"
        size = {"Content-Range": f"bytes */{stat.st_size}"}
        return respond(request, 416, "no-such-range", "There is no such part", detail, headers=size)
    shown = "attachment" if attached else "inline"
    return MediaFile(
        path, parts, stat, media_type=media_type, filename=name, content_disposition_type=shown, headers=told
    )


def _has(if_none_match: str, mark: str) -> bool:
    given = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return mark in given or given == ["*"]


def _parts(header: str, size: int) -> Parts | None:
    """First and last byte of each part that is asked for and exists; None when the whole file is asked for."""
    units = _UNITS.match(header)
    if units is None:
        return None
    specs = [_SPEC.fullmatch(each.strip()) for each in header[units.end() :].split(",")]
    parts: Parts = []
    for spec in specs:
        if spec is None or not any(spec.groups()) or (all(spec.groups()) and int(spec[1]) > int(spec[2])):
            return None
        first = int(spec[1]) if spec[1] else max(size - int(spec[2]), 0)
        last = min(int(spec[2]), size - 1) if spec[1] and spec[2] else size - 1
        if first <= last:
            parts.append((first, last))
    return parts
