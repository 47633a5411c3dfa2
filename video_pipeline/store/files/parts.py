"""Owns the files of uploads that are not whole yet; hides where they lie and how their bytes get safe.

A part has the id of its upload for a name and lies outside of everything that has a key, so nobody takes it for a file
that is finished.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.errors import MachineError

_PARTS = ".uploads"


class Parts:
    """Parts below a root; who writes to one keeps the others out with a lock."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def part(self, upload_id: UUID) -> Path:
        """Where the bytes of an upload are, or would be."""
        return self.root / _PARTS / f"{upload_id}.part"

    def part_bytes(self, upload_id: UUID) -> int:
        """How many bytes there are; 0 when there is no such part."""
        try:
            return self.part(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def append_part(self, upload_id: UUID, offset: int, content: bytes) -> None:
        """Write `content` at `offset`; it is on the disk when this returns, and nothing is behind it.

        What lay behind `offset` is cut off: it was written by a process that was killed before it said so.
        MachineError when the disk refuses; then nothing is behind `offset`.
        """
        path = self.part(upload_id)
        try:
            is_new = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                _write(descriptor, offset, content)
            finally:
                os.close(descriptor)
            if is_new:
                _flush_names(path.parent)
        except OSError as error:
            raise MachineError(
                f"the upload could not be stored: {error.strerror}; go on when that is mended"
            ) from error

    def remove_part(self, upload_id: UUID) -> None:
        """Delete the bytes of an upload; nothing happens when there are none."""
        self.part(upload_id).unlink(missing_ok=True)

    def part_ids(self) -> list[UUID]:
        """The uploads of which there are bytes."""
        found = []
        for path in (self.root / _PARTS).glob("*.part"):
            with contextlib.suppress(ValueError):
                found.append(UUID(path.stem))
        return sorted(found)


def _write(descriptor: int, offset: int, content: bytes) -> None:
    os.ftruncate(descriptor, offset)
    view, place = memoryview(content), offset
    try:
        while view:
            written = os.pwrite(descriptor, view, place)
            view, place = view[written:], place + written
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, offset)
        raise


def _flush_names(folder: Path) -> None:
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
