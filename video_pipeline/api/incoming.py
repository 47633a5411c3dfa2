"""Owns the body of a request that is a piece of a file; hides how it is read: block by block, never as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from video_pipeline.api.desk import Desk
from video_pipeline.api.problems import ProblemError, content_checked
from video_pipeline.domain.errors import InvalidInputError, StudioError
from video_pipeline.domain.records import JobFileRecord, UploadRecord
from video_pipeline.steps.receive import append, check_offset, complete

BLOCK_BYTES = 4 << 20
"""What a crash costs at most, and what a request holds in memory. Each block waits for the disk once."""

MEDIA_TYPES = ("application/octet-stream", "application/offset+octet-stream")
"""The second one is the word of tus.io 1.0."""

PASSED_OVER_BLOCKS = 2
PATIENCE_S = 3.0


async def take_in(
    request: Request, desk: Desk, job_id: UUID, upload_id: UUID, offset: int
) -> tuple[UploadRecord, JobFileRecord | None]:
    """Add the body of `request` to an upload from `offset` on; the upload then, and the file it became if it is whole.

    What came before a connection broke is kept. The errors of `append` and `complete`; a sender that is still sending
    then is listened to for a while, because one that is cut off reads no answer.
    """
    blocks = _blocks_of(request)
    try:
        _check_type(request)
        upload = await run_in_threadpool(check_offset, desk.jobs, job_id, upload_id, offset)
        _check_length(request, upload)
        async for block in blocks:
            upload = await run_in_threadpool(append, desk.jobs, desk.media, upload, block, ttl_s=desk.upload_ttl_s)
        whole = upload.received == upload.bytes
        return upload, await run_in_threadpool(_complete, desk, upload) if whole else None
    except (StudioError, ProblemError):
        if "expect" not in request.headers:  # else it waits to be asked
            await _pass_over(blocks)
        raise


def _complete(desk: Desk, upload: UploadRecord) -> JobFileRecord:
    with content_checked():
        return complete(desk.studio(), upload)


def _check_type(request: Request) -> None:
    given = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if given not in MEDIA_TYPES:
        detail = f"the bytes of the file come as they are, as {MEDIA_TYPES[0]}, not as {given[:80]}"
        raise ProblemError(415, "not-accepted", "Not a type of body that is accepted", detail)


def _check_length(request: Request, upload: UploadRecord) -> None:
    """Before gigabytes are read that cannot be kept."""
    length = request.headers.get("content-length", "")
    left = upload.bytes - upload.received
    if length.isdecimal() and length.isascii() and int(length[:20]) > left:
        raise InvalidInputError(f"{upload.filename} lacks {left:,} bytes and {int(length[:20]):,} are sent")


async def _blocks_of(request: Request) -> AsyncIterator[bytes]:
    """The body in blocks; when the client is gone, what has come of it."""
    block = bytearray()
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            block += chunk
            if len(block) >= BLOCK_BYTES:
                yield bytes(block)
                block.clear()
    if block:
        yield bytes(block)


async def _pass_over(blocks: AsyncIterator[bytes]) -> None:
    left = PASSED_OVER_BLOCKS
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            async for _ in blocks:
                left -= 1
                if not left:
                    return
