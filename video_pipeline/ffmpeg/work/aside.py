"""Owns where a file is written before it gets its name, and what is said when that fails; hides names and errno.

The place is new each time: a file of the user's that happens to be called `film.mp4.part` is left alone, and two
orders of one file do not write into each other.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from video_pipeline.domain.errors import MachineError

_KEPT_OF_NAME = 200
"""Bytes: with what is added, the name stays below the 255 that file systems allow."""


def beside(out: Path, ending: str = ".part") -> Path:
    """A hidden name in the directory of `out` that no other file has."""
    name = os.fsdecode(os.fsencode(out.name)[:_KEPT_OF_NAME])
    return out.with_name(f".{name}.{uuid.uuid4().hex}{ending}")


@contextmanager
def aside(out: Path) -> Iterator[Path]:
    """Where to write `out`: it gets its name when all went well and is removed otherwise."""
    part = beside(out)
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def not_made(out: Path, error: Exception) -> MachineError:
    """What to tell when `out` could not be made because of `error`, an OSError or one of PyAV's."""
    advice = "; make room on that disk" if getattr(error, "errno", 0) in _NO_ROOM else ""
    return MachineError(f"cannot make {out.name}: {error}{advice}")
