"""Owns what is known of one font: its family, its weight, which characters it has; hides the tables of font files.

Only what is asked for is read: a font of 20 MB costs as much as its table of characters. Sections and names of tables
are those of the OpenType specification, version 1.9.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from PIL import features

_COLLECTION, _SINGLE = b"ttcf", (b"\x00\x01\x00\x00", b"OTTO", b"true")
_LARGEST_TABLE = 2**24
_FAMILY, _PREFERRED_FAMILY = 1, 16
_NORMAL_WIDTH = 5


@dataclass(frozen=True, slots=True)
class Face:
    """One font in a file."""

    path: Path
    index: int  # in a collection
    family: str
    weight: int  # 100 to 900, 400 is regular
    is_upright: bool
    is_monospaced: bool
    is_normal_width: bool
    is_coloured: bool

    def has(self, letter: str) -> bool:
        """True when it draws `letter`."""
        starts, ends = _coverage(self.path, self.index)
        place = bisect_right(starts, ord(letter)) - 1
        return place >= 0 and ord(letter) <= ends[place]


def faces_in(path: Path) -> list[Face]:
    """The fonts in a file; none when it cannot be read, is no font, or is coloured in a way that cannot be drawn."""
    try:
        with path.open("rb") as file:
            found = [_face(file, path, index, place) for index, place in enumerate(_places(file))]
    except (OSError, ValueError, struct.error, IndexError):
        return []
    return [face for face in found if face]


def _places(file: BinaryIO) -> tuple[int, ...]:
    """Where each font of the file begins."""
    head = file.read(12)
    if head[:4] in _SINGLE:
        return (0,)
    if head[:4] != _COLLECTION:
        return ()
    count: int = struct.unpack(">I", head[8:])[0]
    return struct.unpack(f">{count}I", file.read(4 * count)) if count < 256 else ()


def _tables(file: BinaryIO, place: int) -> dict[bytes, tuple[int, int]]:
    file.seek(place + 4)
    (count,) = struct.unpack(">H6x", file.read(8))
    rows = struct.iter_unpack(">4s4xII", file.read(16 * count))
    return {tag: (offset, length) for tag, offset, length in rows}


def _table(file: BinaryIO, tables: dict[bytes, tuple[int, int]], tag: bytes) -> bytes:
    offset, length = tables.get(tag, (0, 0))
    if length > _LARGEST_TABLE:
        raise ValueError(f"the table {tag!r} has {length} bytes")
    file.seek(offset)
    return file.read(length)


def _face(file: BinaryIO, path: Path, index: int, place: int) -> Face | None:
    tables = _tables(file, place)
    if b"cmap" not in tables or b"OS/2" not in tables:
        return None
    is_coloured = b"CBDT" in tables or b"sbix" in tables or _is_flat(_table(file, tables, b"COLR"))
    if not is_coloured and (b"COLR" in tables or b"SVG " in tables):
        return None
    os2, post = _table(file, tables, b"OS/2"), _table(file, tables, b"post")
    weight, width = struct.unpack_from(">HH", os2, 4)
    (selection,) = struct.unpack_from(">H", os2, 62)
    monospaced = struct.unpack_from(">I", post, 12)[0] if len(post) >= 16 else 0
    family = _family(_table(file, tables, b"name"))
    is_upright = not selection & (1 | 1 << 9)  # italic, oblique
    return Face(path, index, family, weight, is_upright, bool(monospaced), width == _NORMAL_WIDTH, is_coloured)


def _is_flat(colr: bytes) -> bool:
    """True for coloured outlines of version 0; FreeType does not draw the gradients of version 1 by itself."""
    return colr[:2] == b"\x00\x00"


def _family(names: bytes) -> str:
    count, storage = struct.unpack_from(">HH", names, 2)
    found: dict[int, str] = {}
    for number in range(count):
        platform, encoding, _, name, length, offset = struct.unpack_from(">6H", names, 6 + 12 * number)
        if name in (_FAMILY, _PREFERRED_FAMILY) and (platform in (0, 3) or (platform, encoding) == (1, 0)):
            raw = names[storage + offset : storage + offset + length]
            text = raw.decode("mac-roman" if platform == 1 else "utf-16-be", errors="replace")
            found.setdefault(name, text)
    return found.get(_PREFERRED_FAMILY) or found.get(_FAMILY, "")


@lru_cache(maxsize=1)
def is_shaping() -> bool:
    """True when fonts decide how letters stand beside each other: by HarfBuzz, by way of raqm inside of Pillow.

    Pillow's wheels load FriBiDi at run time, which raqm needs: it may be missing on a small machine.
    """
    return bool(features.check("raqm") and features.check("fribidi"))


@lru_cache(maxsize=2048)
def _coverage(path: Path, index: int) -> tuple[list[int], list[int]]:
    """The first and the last of each range of characters that a font has; empty when its table cannot be read."""
    try:
        with path.open("rb") as file:
            cmap = _table(file, _tables(file, _places(file)[index]), b"cmap")
        ranges = sorted(_ranges(cmap))
    except (OSError, ValueError, struct.error, IndexError):
        ranges = []
    return [first for first, _ in ranges], [last for _, last in ranges]


def _ranges(cmap: bytes) -> list[tuple[int, int]]:
    """The characters of the best Unicode subtable of a `cmap`."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    offsets = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * number)
        (layout,) = struct.unpack_from(">H", cmap, offset)
        if (platform, encoding) in ((3, 1), (3, 10), *((0, kind) for kind in range(7))) and layout in (4, 12):
            offsets[layout] = offset
    if 12 in offsets:
        return list(_groups(cmap, offsets[12]))
    return list(_segments(cmap, offsets[4])) if 4 in offsets else []


def _groups(cmap: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Format 12: ranges of consecutive characters and glyphs."""
    (count,) = struct.unpack_from(">I", cmap, offset + 12)
    for first, last, glyph in struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * count]):
        start = first + (glyph == 0)  # glyph 0 is the sign for a missing one
        if start <= last:
            yield start, last


def _segments(cmap: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Format 4: segments whose glyphs are computed or listed; a listed one may be missing."""
    (doubled,) = struct.unpack_from(">H", cmap, offset + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", cmap, offset + 14)
    starts = struct.unpack_from(f">{count}H", cmap, offset + 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", cmap, offset + 16 + 2 * doubled)
    place = offset + 16 + 3 * doubled
    jumps = struct.unpack_from(f">{count}H", cmap, place)
    for number, (first, last, delta, jump) in enumerate(zip(starts, ends, deltas, jumps, strict=True)):
        if first == last == 0xFFFF:
            continue
        if not jump:
            missing = -delta & 0xFFFF
            yield from ((a, b) for a, b in ((first, min(last, missing - 1)), (max(first, missing + 1), last)) if a <= b)
            continue
        listed = struct.unpack_from(f">{last - first + 1}H", cmap, place + 2 * number + jump)
        yield from ((code, code) for code, glyph in enumerate(listed, start=first) if glyph)
