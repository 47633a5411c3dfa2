"""Owns what a file's own structure says about how much of it there should be; hides containers.

Decoders are kind to what was cut off in a download: most of them play what came and say nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from video_pipeline.providers.arrival.kinds import Kind

_UNKNOWN = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF})
"""Lengths that programs write which do not know them when they begin, as all do that write to a pipe."""

_LAST_PAGE = 4


def lack_of(raw: Path, kind: Kind) -> str | None:
    """What is missing at the end of a file, in words; None when nothing is, or nothing tells."""
    with raw.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if kind is Kind.WAV:
            return _lack_of_riff(file, size)
        if kind is Kind.OGG:
            return _lack_of_ogg(file, size)
        return _lack_of_boxes(file, size) if kind in {Kind.MP4, Kind.MOV} else None


def counts_frames(raw: Path) -> bool:
    """True when an MP3 begins with a count of its frames (Xing, Info), so that its length is known, not guessed."""
    with raw.open("rb") as file:
        head = file.read(10)
        tag = 0
        if head[:3] == b"ID3":
            # Its size has seven bits in a byte (ID3v2.4, 3.1).
            tag = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
        file.seek(tag)
        frame = file.read(256)
    return b"Xing" in frame or b"Info" in frame


def _lack_of_riff(file: BinaryIO, size: int) -> str | None:
    """RIFF: chunks of a name, a length and bytes, padded to two; RF64 has the length of `data` in `ds64`."""
    file.seek(0)
    is_large, place, large = file.read(4) == b"RF64", 12, 0
    while place + 8 <= size:
        file.seek(place)
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        if name == b"ds64":
            large = int.from_bytes(file.read(16)[8:], "little")
        if name == b"data":
            length = large if is_large and length == 0xFFFFFFFF else length
            if length in _UNKNOWN or place + 8 + length <= size:
                return None
            return f"its header promises {length:,} bytes of sound, {size - place - 8:,} came"
        place += 8 + length + length % 2
    return "there is no sound in it"


def _lack_of_ogg(file: BinaryIO, size: int) -> str | None:
    """Ogg: the last page says that it is the last (RFC 3533, 6), and is whole."""
    file.seek(max(size - 2 * 65_307, 0))  # the largest page there can be
    end = file.read()
    place = end.rfind(b"OggS")
    page = end[place:]
    if place < 0 or len(page) < 27 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]]):
        return "its last page is not whole"
    return None if page[5] & _LAST_PAGE else "its last page does not say that it is the last"


def _lack_of_boxes(file: BinaryIO, size: int) -> str | None:
    """MP4: boxes of a length, a name and bytes (ISO/IEC 14496-12, 4.2) that fill the file."""
    place, names = 0, set()
    while place + 8 <= size:
        file.seek(place)
        length, name = int.from_bytes(file.read(4)), file.read(4)
        if length == 1:
            length = int.from_bytes(file.read(8))
        elif length == 0:
            length = size - place
        if length < 8 or place + length > size:
            return f"its part {name.decode('latin-1')!r} at byte {place:,} goes on after the end of the file"
        names.add(name)
        place += length
    if place != size:
        return "its last part is not whole"
    missing = [name.decode() for name in (b"moov", b"mdat") if name not in names]
    return f"it has no part {missing[0]!r}" if missing else None
