"""Owns where a file is written before it gets its name; hides how that place is kept apart from every other file.

The place is new each time: a file of the user's that happens to be called `film.mp4.part` is left alone, and two
orders of one file do not write into each other.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
