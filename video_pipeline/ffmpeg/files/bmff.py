"""Owns writing ISO base media files (MP4, M4A, QuickTime) in one pass; hides boxes, sample tables and chunks.

    ftyp | moov: what the samples are and where each lies | mdat: text, then picture and sound half a second in turn

The index comes first and is exact before the first sample is read, so nothing is moved afterwards. Box layouts are
those of ISO/IEC 14496-12 and of Apple's QuickTime File Format, whose chapter track is what most players list. There
are no edit lists: a composition offset may be negative (ctts version 1), so the first picture is shown at 0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from video_pipeline.ffmpeg.files.spool import write_pieces

Ints = NDArray[np.int64]

_CHUNKS_A_SECOND = 2
NARROW_BYTES = 2**32 - 2**26
NARROW_UNITS = 2**32 - 2
"""Up to here lengths, positions and times have 32 bits; few readers are used to wider ones."""

_UND = 0x55C4  # "und" in three times five bits
_IDENTITY = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


class Medium(StrEnum):
    """What a track holds; the value is its handler."""

    PICTURE = "vide"
    SOUND = "soun"
    TEXT = "text"


_NAMES = {Medium.PICTURE: b"Picture", Medium.SOUND: b"Sound", Medium.TEXT: b"Chapters"}

# What kind of media header each has: video, sound, or (QuickTime) a general one with a text header inside.
_MEDIA_HEADERS: dict[Medium, Callable[[], bytes]] = {
    Medium.PICTURE: lambda: full_box(b"vmhd", 0, 1, bytes(8)),
    Medium.SOUND: lambda: full_box(b"smhd", 0, 0, bytes(4)),
    Medium.TEXT: lambda: box(
        b"gmhd",
        full_box(b"gmin", 0, 0, struct.pack(">H3HHH", 0x40, 0x8000, 0x8000, 0x8000, 0, 0)),
        box(b"text", _IDENTITY),
    ),
}


@dataclass(frozen=True, slots=True)
class Samples:
    """One track: its samples in decoding order, and where their bytes come from when they are written."""

    medium: Medium
    entry: bytes  # the sample description
    timescale: int
    steps: Ints  # the duration of each sample
    sizes: Ints
    pieces: Iterable[memoryview]  # joined, the bytes of all samples
    keys: Ints | None = None  # numbers of the samples at which decoding can begin, from 1; None: all of them
    leads: Ints | None = None  # how much later than it is decoded each sample is shown; may be negative
    size: tuple[int, int] = (0, 0)  # of the picture

    @property
    def duration(self) -> int:
        """In units of the timescale."""
        return int(self.steps.sum())


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of file it is."""

    brand: bytes
    compatible: tuple[bytes, ...]
    quicktime: bool


MP4 = Shape(b"mp42", (b"mp42", b"isom", b"iso4", b"avc1"), quicktime=False)
M4A = Shape(b"M4A ", (b"M4A ", b"mp42", b"isom", b"iso4"), quicktime=False)
MOV = Shape(b"qt  ", (b"qt  ",), quicktime=True)


def box(kind: bytes, *content: bytes) -> bytes:
    """A box, or an atom: its length, its kind, its content."""
    return struct.pack(">I4s", 8 + sum(map(len, content)), kind) + b"".join(content)


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def write_bmff(out: Path, shape: Shape, tracks: Sequence[Samples], user_data: bytes, poll: Callable[[], None]) -> str:
    """Write `tracks` to `out` and return its SHA-256; a text track, if there is one, holds the chapters."""
    layouts = [_Layout(track) for track in tracks]
    chunk_sizes = _in_turn([layout.chunk_bytes for layout in layouts])
    total = int(chunk_sizes.sum())
    wide = total > NARROW_BYTES
    ftyp = box(b"ftyp", shape.brand, struct.pack(">I", 512), *shape.compatible)
    mdat = struct.pack(">I4sQ", 1, b"mdat", total + 16) if wide else struct.pack(">I4s", 8 + total, b"mdat")

    def moov(start: int) -> bytes:
        positions = start + np.cumsum(chunk_sizes) - chunk_sizes.ravel()
        places = positions.reshape(chunk_sizes.shape)
        return _moov(shape, layouts, [places[:, number] for number in range(len(layouts))], user_data, wide=wide)

    head = len(ftyp) + len(moov(0)) + len(mdat)
    taps = [_Tap(track.pieces) for track in tracks]

    def content() -> Iterator[memoryview]:
        yield memoryview(ftyp + moov(head) + mdat)
        for row in chunk_sizes.tolist():
            for tap, count in zip(taps, row, strict=True):
                yield from tap.take(count)

    return write_pieces(out, content(), poll)


def _in_turn(columns: Sequence[Ints]) -> Ints:
    """The chunk sizes of all tracks, shape (turns, tracks): in each turn every track has one chunk, or none (0)."""
    turns = max(map(len, columns))
    return np.stack([np.pad(column, (0, turns - len(column))) for column in columns], axis=1)


class _Tap:
    """Gives out the bytes of a track in other portions than they come in."""

    def __init__(self, pieces: Iterable[memoryview]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def take(self, count: int) -> Iterator[memoryview]:
        while count:
            if not self._left:
                self._left = next(self._pieces)
            portion, self._left = self._left[:count], self._left[count:]
            count -= len(portion)
            yield portion


class _Layout:
    """How the samples of a track are grouped into chunks."""

    def __init__(self, track: Samples) -> None:
        self.track = track
        times = np.cumsum(track.steps) - track.steps
        turns = times * _CHUNKS_A_SECOND // track.timescale
        if track.medium is Medium.TEXT:
            turns[:] = 0  # titles are few bytes; a reader finds them all in one place
        counts = np.bincount(turns, minlength=1)
        ends = np.concatenate([[0], np.cumsum(track.sizes)])[np.cumsum(counts)]
        self.counts: Ints = counts[counts > 0]
        self.chunk_bytes: Ints = np.diff(ends, prepend=0)

    def positions(self, places: Ints) -> Ints:
        """Where its chunks lie, of the places of all turns."""
        return places[: len(self.chunk_bytes)][self.chunk_bytes > 0]


def _moov(shape: Shape, layouts: Sequence[_Layout], places: Sequence[Ints], user_data: bytes, *, wide: bool) -> bytes:
    timescale = layouts[0].track.timescale
    spans = [-(-layout.track.duration * timescale // layout.track.timescale) for layout in layouts]
    chapters = [number for number, each in enumerate(layouts, 1) if each.track.medium is Medium.TEXT]
    traks = [
        box(
            b"trak",
            _track_header(layout.track, number, span),
            box(b"tref", box(b"chap", *(struct.pack(">I", each) for each in chapters)))
            if chapters and layout.track.medium is not Medium.TEXT
            else b"",
            _media(shape, layout, place, wide=wide),
        )
        for number, (layout, span, place) in enumerate(zip(layouts, spans, places, strict=True), 1)
    ]
    rest = struct.pack(">iH10x36s24xI", 1 << 16, 1 << 8, _IDENTITY, len(layouts) + 1)
    header = _timed(b"mvhd", 0, struct.pack(">I", timescale), max(spans), rest)
    return box(b"moov", header, *traks, user_data)


def _timed(kind: bytes, flags: int, before: bytes, duration: int, rest: bytes) -> bytes:
    """A header with times; those of making stay 0, so that the same programme makes the same file."""
    wide = duration > NARROW_UNITS
    return full_box(
        kind, int(wide), flags, bytes(16 if wide else 8), before, struct.pack(">Q" if wide else ">I", duration), rest
    )


def _track_header(track: Samples, number: int, duration: int) -> bytes:
    # Enabled and in the movie; a chapter track is not enabled, or its titles would be drawn over the picture.
    flags = 2 if track.medium is Medium.TEXT else 3
    volume = 1 << 8 if track.medium is Medium.SOUND else 0
    width, height = track.size
    rest = struct.pack(">8xHHH2x36sII", 0, 0, volume, _IDENTITY, width << 16, height << 16)
    return _timed(b"tkhd", flags, struct.pack(">I4x", number), duration, rest)


def _media(shape: Shape, layout: _Layout, places: Ints, *, wide: bool) -> bytes:
    track = layout.track
    header = _timed(b"mdhd", 0, struct.pack(">I", track.timescale), track.duration, struct.pack(">HH", _UND, 0))
    reference = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    aliases = _handler(shape, b"dhlr", b"url ", b"Data") if shape.quicktime else b""
    return box(
        b"mdia",
        header,
        _handler(shape, b"mhlr", track.medium.encode(), _NAMES[track.medium]),
        box(b"minf", _MEDIA_HEADERS[track.medium](), aliases, reference, _tables(layout, places, wide=wide)),
    )


def _handler(shape: Shape, component: bytes, kind: bytes, name: bytes) -> bytes:
    # QuickTime counts the letters of a name in front of it, ISO ends it with a zero.
    called = bytes([len(name)]) + name if shape.quicktime else name + b"\x00"
    return full_box(b"hdlr", 0, 0, component if shape.quicktime else bytes(4), kind, bytes(12), called)


def _tables(layout: _Layout, places: Ints, *, wide: bool) -> bytes:
    track = layout.track
    chunk_counts, first_chunks = _runs(layout.counts)
    chunks = np.stack([first_chunks + 1, chunk_counts, np.ones_like(chunk_counts)], axis=1)
    boxes = [
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), track.entry),
        _counted(b"stts", 0, _run_table(track.steps)),
    ]
    if track.leads is not None:
        least, greatest = int(track.leads.min()), int(track.leads.max())
        spread = (max(-least, 0), least, greatest, 0, track.duration)
        late = track.duration >= 2**31
        # libavformat takes the decoding times from all rows but the last two (mov.c: those are often wrong elsewhere).
        boxes.append(_counted(b"ctts", 1, _run_table(track.leads, apart=2)))
        boxes.append(full_box(b"cslg", int(late), 0, struct.pack(">5q" if late else ">5i", *spread)))
    if track.keys is not None:
        boxes.append(_counted(b"stss", 0, track.keys))
    boxes.append(_counted(b"stsc", 0, chunks))
    boxes.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(track.sizes)), _packed(track.sizes)))
    positions = layout.positions(places)
    boxes.append(_counted(b"co64" if wide else b"stco", 0, positions, ">i8" if wide else ">i4"))
    return box(b"stbl", *boxes)


def _runs(values: Ints) -> tuple[Ints, Ints]:
    """The values of runs of equal ones, and where each run starts."""
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    return values[starts], starts


def _run_table(values: Ints, apart: int = 0) -> Ints:
    """How many times each value comes in a row; the last `apart` values have rows of their own."""
    _, starts = _runs(values)
    starts = np.union1d(starts, np.arange(max(len(values) - apart, 0), len(values)))
    return np.stack([np.diff(starts, append=len(values)), values[starts]], axis=1)


def _counted(kind: bytes, version: int, rows: NDArray[Any], form: str = ">i4") -> bytes:
    return full_box(kind, version, 0, struct.pack(">I", len(rows)), _packed(rows, form))


def _packed(values: NDArray[Any], form: str = ">i4") -> bytes:
    # Lengths and positions are below 2**32: the lower half of the 64 bits, signed or not.
    return np.ascontiguousarray(values).astype(form).tobytes()
