"""Owns how a caption is laid out in a picture: size, lines, places; hides how it is made to fit.

Words stand in the middle, a little above half height, where nothing else of a programme is drawn; the author below
them, smaller. Everything stays within four fifths of the picture, well inside of the title-safe area (EBU R 95: 90 %).
Letters are larger in smaller pictures, in parts of the picture, and smaller for longer texts.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from video_pipeline.domain.characters import first_unshown, is_seen
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.quotes import begun, parted
from video_pipeline.ffmpeg.lettering.bidi import in_visual_order
from video_pipeline.ffmpeg.lettering.breaks import balanced, chunks, filled
from video_pipeline.ffmpeg.lettering.runs import Piece, Run, advance, extent, optical_size, pieces_of, runs_of
from video_pipeline.ffmpeg.lettering.shelf import Shelf, locale_of

MOST_CHARACTERS = 400
"""Of one caption: a quote, and a name below it."""

_WIDTH, _MEASURE = 0.80, 1.25
"""The longest line, in widths of the picture, and in heights: a line across a wide screen is tiring to read."""

_HEIGHT, _MIDDLE = 0.56, 0.465
"""The most height, and where its middle is, in heights of the picture. Overlays begin at 0.77 (overlay.drawings)."""

_LARGE, _SMALL, _SMALLEST = 0.072, 0.050, 0.030
"""Size of the letters of a short text and of a long one, and the least that is still read, in the shorter side."""

_SHORT, _LONG = 40, 240
"""Characters of a short text and of a long one."""

_SMALLER_PICTURES = 0.15
"""The power by which letters grow where the picture has less than 1080 lines: fewer pixels draw them less well."""

_STEPS = 24
_LEADING, _LEAST_GAP = 1.36, 0.16
"""From line to line, and the least between the ink of two, in em: some scripts reach higher and lower than others."""

AUTHOR_SCALE, _AUTHOR_GAP = 0.64, 0.62
"""Size of the author's name, and how much space stands above it, in parts of the text's."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A run at its place: the left end of its base line, in pixels of the picture, and the size of its letters."""

    run: Run
    left: float
    base: float
    em_px: float
    width: float
    optical_px: float  # the size for which its letters are cut, see runs.optical_size


@dataclass(frozen=True, slots=True)
class Line:
    """A line from left to right."""

    runs: tuple[Placed, ...]
    ink: tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True, slots=True)
class Setting:
    """A caption in a picture of one size."""

    lines: tuple[Line, ...]
    em_px: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line before it has a place; lengths in its own em."""

    runs: tuple[Run, ...]
    widths: tuple[float, ...]
    above: float
    below: float
    optical_px: float
    scale: float = 1.0  # of its em to that of the text
    gap: float = 0.0  # em of the text above it, besides the leading


def set_words(text: str, width: int, height: int, shelf: Shelf) -> Setting:
    """`text` laid out in a picture of `width` x `height` pixels.

    InvalidInputError when a character cannot be drawn here, when there are none, or when it is too long to be read.
    """
    words, author = parted(_checked(text))
    shorter = min(width, height)
    length = min(max((len(words) - _SHORT) / (_LONG - _SHORT), 0), 1)
    largest = shorter * (_LARGE + (_SMALL - _LARGE) * length) * max(1080 / shorter, 1) ** _SMALLER_PICTURES
    locale = locale_of(text)
    lines = [pieces_of(line, shelf, locale) for line in words.split("\n") if line.strip()]
    byline = pieces_of(f"— {author}", shelf, locale) if author else ()
    room, most = min(_WIDTH * width, _MEASURE * height), _HEIGHT * height
    for step in range(_STEPS + 1):
        em = largest + (shorter * _SMALLEST - largest) * step / _STEPS
        # Whole pixels are not needed: the letters are drawn larger and made smaller.
        rows = _rows(lines, byline, em, room, most)
        if rows and _height(rows) * em <= most:
            return Setting(_placed(rows, em, width, height), em)
    why = "it takes too many lines; use fewer words"
    if not _rows(lines, byline, shorter * _SMALLEST, room, math.inf):
        why = "a word of it is longer than a line; put a zero-width space (U+200B) where it may be broken"
    raise InvalidInputError(f"{begun(text)} is too long for a picture of {width} x {height}: {why}")


def _checked(text: str) -> str:
    """`text` in composed form; InvalidInputError when there is nothing to see, or something that is not seen."""
    plain = unicodedata.normalize("NFC", text)
    for line in plain.split("\n"):
        if (strange := first_unshown(line)) is not None:
            raise InvalidInputError(f"{begun(text)} has a character that is not shown: U+{ord(strange):04X}")
    if len(plain) > MOST_CHARACTERS:
        raise InvalidInputError(f"{begun(text)} has {len(plain)} characters; at most {MOST_CHARACTERS} fit")
    if not is_seen(plain):
        raise InvalidInputError(f"{text[:40]!r} has no words to draw")
    return "\n".join(line.replace("\t", " ").strip() for line in plain.split("\n"))


class Paragraph:
    """Words between two hard line ends."""

    def __init__(self, pieces: Sequence[Piece], optical_px: float) -> None:
        self._pieces = pieces
        self._optical = optical_px
        self._chunks = chunks([piece.text for piece in self._pieces], list(self._widths()))

    def _widths(self) -> Iterator[float]:
        """What each cluster adds to the length of its word: the letters of a word shape each other."""
        start = 0
        for run in runs_of(self._pieces):
            end, shown = start, 0
            while shown < len(run.text):
                shown += len(self._pieces[end].text)
                end += 1
            yield from self._widths_in(run, self._pieces[start:end])
            start = end

    def _widths_in(self, run: Run, pieces: Sequence[Piece]) -> Iterator[float]:
        for word in _words(pieces):
            whole = advance(Run("".join(piece.text for piece in word), run.face, run.level, run.scale), self._optical)
            yield from (whole / len(word) for _ in word)

    def fits(self, room: float) -> bool:
        """True when no word is longer than a line of `room` em."""
        return all(chunk.width <= room for chunk in self._chunks)

    def count(self, room: float) -> int:
        """How many lines of `room` em it takes."""
        return len(filled(self._chunks, room))

    def rows(self, room: float) -> list[Row]:
        """The lines of at most `room` em."""
        ends = balanced(self._chunks, room)
        return [self._row(first, end) for first, end in pairwise([0, *ends])]

    def _row(self, first: int, end: int) -> Row:
        runs = runs_of(self._pieces[self._chunks[first].start : self._chunks[end - 1].end])
        ordered = in_visual_order(runs, [run.level for run in runs])
        widths = [advance(run, self._optical) for run in ordered]
        extents = [extent(run, self._optical) for run in ordered]
        above, below = max(top for top, _ in extents), max(bottom for _, bottom in extents)
        return Row(tuple(ordered), tuple(widths), above, below, self._optical)


@lru_cache(maxsize=64)
def paragraph_of(pieces: tuple[Piece, ...], optical_px: float) -> Paragraph:
    """Some words measured for one optical size; they are tried in many sizes."""
    return Paragraph(pieces, optical_px)


def _words(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces up to each space, and the spaces; in scripts without spaces a word is a sign."""
    word: list[Piece] = []
    for piece in pieces:
        alone = piece.text.isspace() or unicodedata.east_asian_width(piece.text[0]) in "WF"
        if word and (alone or word[-1].text.isspace() or unicodedata.east_asian_width(word[-1].text[0]) in "WF"):
            yield word
            word = []
        word.append(piece)
    if word:
        yield word


def _rows(
    lines: Sequence[tuple[Piece, ...]], byline: tuple[Piece, ...], em: float, room: float, most: float
) -> list[Row]:
    """The lines in letters of `em` pixels, `room` pixels long at most; none when a word is longer, or they are many."""
    paragraphs = [paragraph_of(line, optical_size(em)) for line in lines]
    if not all(each.fits(room / em) for each in paragraphs):
        return []
    if (sum(each.count(room / em) for each in paragraphs) - 1) * _LEADING * em > most:
        return []
    rows = [row for each in paragraphs for row in each.rows(room / em)]
    if byline:
        small = em * AUTHOR_SCALE
        below = paragraph_of(byline, optical_size(small))
        if not below.fits(room / small):
            return []
        first, *rest = (replace(row, scale=AUTHOR_SCALE) for row in below.rows(room / small))
        rows += [replace(first, gap=_AUTHOR_GAP), *rest]
    return rows


def _steps(rows: Sequence[Row]) -> list[float]:
    """From each base line to the next, in em of the text: the same between all lines of one size."""
    needed = [
        max(_LEADING * after.scale, before.below * before.scale + after.above * after.scale + _LEAST_GAP)
        for before, after in pairwise(rows)
    ]
    widest = {
        scale: max(step for step, after in zip(needed, rows[1:], strict=True) if after.scale == scale)
        for scale in {row.scale for row in rows[1:]}
    }
    return [widest[after.scale] + after.gap for after in rows[1:]]


def _height(rows: Sequence[Row]) -> float:
    return rows[0].above * rows[0].scale + sum(_steps(rows)) + rows[-1].below * rows[-1].scale


def _placed(rows: Sequence[Row], em: float, width: int, height: int) -> tuple[Line, ...]:
    base = _MIDDLE * height - _height(rows) * em / 2 + rows[0].above * rows[0].scale * em
    lines = []
    for row, step in zip(rows, [*_steps(rows), 0.0], strict=True):
        size = em * row.scale
        left = start = (width - sum(row.widths) * size) / 2
        runs = []
        for run, advanced in zip(row.runs, row.widths, strict=True):
            runs.append(Placed(run, left, base, size, advanced * size, row.optical_px))
            left += advanced * size
        lines.append(Line(tuple(runs), (start, base - row.above * size, left, base + row.below * size)))
        base += step * em
    return tuple(lines)
