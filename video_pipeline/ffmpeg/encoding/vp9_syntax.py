"""Owns VP9 frames that say nothing but "the mean of two others"; hides the bit stream (VP9 specification, version 0.6).

Every block of such a frame is as large as can be, is predicted from two reference frames without motion, and has no
residual. All frames of one size share one payload; which frames they average stands in their short headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from video_pipeline.domain.errors import MediaError

WIDEST = 4096
"""Pixels: a wider frame needs more than one column of tiles."""

_BEGINNING = 0b1000_0100  # marker 2, profile 0, shows none that exists, no key frame, hidden, not error resilient
_SHOWN = 0b0000_0010
_FRESH_CONTEXT = 3
"""A key frame puts the default probabilities into all four contexts; encoders then change the first one."""

_UPDATE = 252
_EVEN = 128
_QUANTISER = 60  # of no use without residuals; 0 would mean lossless

# Default probabilities (10.5): of the first branch of each tree, or of a flag, by context.
_PARTITION = (
    (199, 122, 141), (147, 63, 159), (148, 133, 118), (121, 104, 114),  # blocks of 8 pixels
    (174, 73, 87), (92, 41, 83), (82, 99, 50), (53, 39, 39),  # of 16
    (177, 58, 59), (68, 26, 63), (52, 79, 25), (17, 14, 12),  # of 32
    (222, 34, 30), (72, 16, 44), (58, 32, 12), (10, 7, 6),  # of 64
)  # fmt: skip
_SKIP = (192, 128, 64)
_IS_INTER = 9
_COMPOUND_REFERENCE = {0: 123, 1: 226, 2: 226}  # by how many of the neighbours above and on the left there are
_ZERO_MOTION = {0: 7, 1: 7, 2: 2}


class Bits:
    """A row of bits to be read from, or written to, the front."""

    def __init__(self, content: bytes = b"") -> None:
        self._value = int.from_bytes(content, "big")
        self._length = 8 * len(content)
        self.place = 0

    def read(self, count: int = 1) -> int:
        """The next `count` bits as a number."""
        self.place += count
        if self.place > self._length:
            raise MediaError("a VP9 frame ends within its header")
        return self._value >> (self._length - self.place) & ((1 << count) - 1)

    def write(self, value: int, count: int = 1) -> None:
        """Put `count` bits behind what is there."""
        self._value = self._value << count | value
        self._length += count

    def to_bytes(self) -> bytes:
        """All bits, filled up with zeros to whole bytes."""
        rest = -self._length % 8
        return (self._value << rest).to_bytes((self._length + rest) // 8, "big")


class _BoolCoder:
    """Writes decisions with their probabilities (9.2): the number that it ends with lies within its last range."""

    def __init__(self) -> None:
        self._low, self._range, self._length = 0, 255, 8
        self.write(0, _EVEN)  # the marker bit

    def write(self, bit: int, probability: int) -> None:
        """`probability` of 256 is that of a 0."""
        split = 1 + ((self._range - 1) * probability >> 8)
        if bit:
            self._low += split
        self._range = self._range - split if bit else split
        shift = 8 - self._range.bit_length()
        self._range <<= shift
        self._low <<= shift
        self._length += shift

    def literal(self, value: int, count: int) -> None:
        """`count` bits of even probability."""
        for place in reversed(range(count)):
            self.write(value >> place & 1, _EVEN)

    def to_bytes(self) -> bytes:
        """All of it; decoders read ahead, and a last byte of zero cannot be taken for the mark of a superframe."""
        rest = -self._length % 8 + 16
        return (self._low << rest).to_bytes((self._length + rest) // 8, "big")


@dataclass(slots=True)
class _Tile:
    """The blocks of a frame, `rows` by `columns` of 8 pixels."""

    rows: int
    columns: int
    coder: _BoolCoder = field(default_factory=_BoolCoder)
    above: list[int] = field(default_factory=list)  # partition contexts
    left: list[int] = field(default_factory=list)

    def write(self) -> bytes:
        self.above = [0] * (self.columns + 8)
        for row in range(0, self.rows, 8):
            self.left = [0] * 8
            for column in range(0, self.columns, 8):
                self._partition(row, column, 3)
        return self.coder.to_bytes()

    def _partition(self, row: int, column: int, level: int) -> None:
        """A square of 2 ** level times 8 pixels, cut no more than the edges of the frame ask for (6.4.3)."""
        if row >= self.rows or column >= self.columns:
            return
        size, half = 1 << level, (1 << level) >> 1
        has_rows, has_columns = row + half < self.rows, column + half < self.columns
        bit = 1 << (3 - level)
        above = any(self.above[column + place] & bit for place in range(size))
        left = any(self.left[row + place & 7] & bit for place in range(size))
        chances = _PARTITION[level * 4 + left * 2 + above]
        width, height = level, level
        if has_rows and has_columns:
            self.coder.write(0, chances[0])
        elif has_columns:
            self.coder.write(0, chances[1])
            height -= 1
        elif has_rows:
            self.coder.write(0, chances[2])
            width -= 1
        else:
            for down in (0, half):
                for along in (0, half):
                    self._partition(row + down, column + along, level - 1)
            return
        self._block(row, column)
        for place in range(size):
            self.above[column + place] = 15 >> (width + 1)
            self.left[row + place & 7] = 15 >> (height + 1)

    def _block(self, row: int, column: int) -> None:
        neighbours = (row > 0) + (column > 0)
        self.coder.write(1, _SKIP[neighbours])
        self.coder.write(1, _IS_INTER)
        self.coder.write(0, _COMPOUND_REFERENCE[neighbours])
        self.coder.write(0, _ZERO_MOTION[neighbours])


def _compressed_header() -> bytes:
    """The largest transforms, compound prediction in every block, no probability changed (6.3)."""
    coder = _BoolCoder()
    coder.literal(3, 2)  # transforms up to 32 x 32
    coder.literal(0, 1)  # and always as large as can be
    coder.literal(0, 4)  # coefficients of four sizes
    unchanged_before, unchanged_after = 3 + 7 * 3 + 4, 5 + 4 * 9 + 16 * 3 + 3 + 2 * 22 + 2 * 9
    for _ in range(unchanged_before):
        coder.write(0, _UPDATE)
    coder.literal(1, 1)  # not only single references
    coder.literal(0, 1)  # and not chosen by block
    for _ in range(unchanged_after):
        coder.write(0, _UPDATE)
    return coder.to_bytes()


@lru_cache(maxsize=16)
def _payload(width: int, height: int) -> tuple[bytes, bytes]:
    return _compressed_header(), _Tile((height + 7) // 8, (width + 7) // 8).write()


def mean_frame(width: int, height: int, slots: tuple[int, int], *, refresh: int | None, shown: bool) -> bytes:
    """A frame that is the mean of those in two of the eight slots, rounded up; kept in slot `refresh`.

    The mean of a slot with itself is what is in it. The frames in the slots have the same size.
    """
    compressed, tile = _payload(width, height)
    bits = Bits()
    bits.write(_BEGINNING | (_SHOWN if shown else 0), 8)
    if not shown:
        bits.write(0)  # not intra only
    bits.write(0, 2)  # no context is reset
    bits.write(0 if refresh is None else 1 << refresh, 8)
    for slot, backwards in ((slots[0], 0), (slots[0], 0), (slots[1], 1)):
        bits.write(slot, 3)
        bits.write(backwards)
    bits.write(1)  # as large as the first reference
    bits.write(0)  # and to be shown so
    bits.write(0, 1 + 1 + 2)  # no eighths of a pixel, one filter in all blocks, the first one
    bits.write(0b01, 2)  # contexts stay as they are, and nothing is adapted
    bits.write(_FRESH_CONTEXT, 2)
    bits.write(0, 6 + 3 + 1)  # no loop filter
    bits.write(_QUANTISER, 8)
    bits.write(0, 3 + 1)  # no other quantisers, no segments
    if _may_have_tiles(width):
        bits.write(0)
    bits.write(0)  # one row of tiles
    bits.write(len(compressed), 16)
    return bits.to_bytes() + compressed + tile


def _may_have_tiles(width: int) -> bool:
    return (width + 63) // 64 >= 8


def hidden(frame: bytes, width: int, slot: int) -> bytes:
    """A frame as an encoder wrote it behind a key frame of `width` pixels, but not shown, and kept in `slot` alone.

    It must not become an intra-only frame: in profile 0 such a frame says that all that follow are BT.601 (7.2).
    """
    source, changed = Bits(frame), Bits()
    if source.read(8) != _BEGINNING | _SHOWN:
        raise MediaError("libvpx wrote another kind of frame than it was asked for")
    changed.write(_BEGINNING, 8)
    changed.write(0)  # not intra only
    changed.write(source.read(2), 2)  # which contexts start anew
    source.read(8)
    changed.write(1 << slot, 8)
    start = source.place
    _skip_header(source, width)
    rest = Bits(frame)
    rest.read(start)
    changed.write(rest.read(source.place - start), source.place - start)
    return changed.to_bytes() + frame[(source.place + 7) // 8 :]


def _skip_header(bits: Bits, width: int) -> None:
    """Read what follows the slots that a frame is kept in, to the end of the uncompressed header (6.2)."""
    bits.read(3 * (3 + 1))  # references
    if not any(bits.read() for _ in range(3)):  # as large as one of them
        raise MediaError("libvpx changed the size between two frames")
    if bits.read():  # to be shown in another size
        bits.read(32)
    bits.read(1)  # eighths of a pixel
    if not bits.read():  # one filter in all blocks
        bits.read(2)
    bits.read(1 + 1 + 2)  # contexts
    bits.read(6 + 3)  # loop filter
    if bits.read() and bits.read():
        for _ in range(4 + 2):
            if bits.read():
                bits.read(7)
    bits.read(8)  # quantisers
    for _ in range(3):
        if bits.read():
            bits.read(5)
    if bits.read():
        raise MediaError("libvpx cut a frame into segments")
    if _may_have_tiles(width):
        most = ((width + 63) // 64).bit_length() - 3
        while most and bits.read():
            most -= 1
    if bits.read():  # rows of tiles
        bits.read()
    bits.read(16)  # length of the compressed header


def superframe(frames: Sequence[bytes]) -> bytes:
    """One packet of up to eight frames, of which the last one is shown (annex B)."""
    if len(frames) == 1:
        return frames[0]
    width = (max(map(len, frames)).bit_length() + 7) // 8
    mark = bytes([0b110_00_000 | (width - 1) << 3 | len(frames) - 1])
    return b"".join([*frames, mark, *(len(frame).to_bytes(width, "little") for frame in frames), mark])
