"""Owns writing a file out of many pieces of memory in one pass; hides system calls and the checksum on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

_WRITTEN_AT_ONCE = 4 * 2**20
_BUFFERS_AT_ONCE = 512  # below the system's limit (IOV_MAX, 1024)


def write_pieces(out: Path, pieces: Iterable[bytes | memoryview], poll: Callable[[], None]) -> str:
    """Write `pieces` in a row to `out` and return the SHA-256 of all; `poll` may raise to stop."""
    digest = hashlib.sha256()
    with out.open("wb", buffering=0) as file:
        held: list[bytes | memoryview] = []
        size = 0
        for piece in pieces:
            digest.update(piece)
            held.append(piece)
            size += len(piece)
            if size >= _WRITTEN_AT_ONCE or len(held) >= _BUFFERS_AT_ONCE:
                poll()
                _write_all(file.fileno(), held, size)
                held, size = [], 0
        _write_all(file.fileno(), held, size)
    return digest.hexdigest()


def _write_all(descriptor: int, pieces: list[bytes | memoryview], size: int) -> None:
    written = os.writev(descriptor, pieces) if pieces else 0
    if written < size:  # a signal, or a disk that is nearly full
        rest = memoryview(b"".join(pieces))[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]
