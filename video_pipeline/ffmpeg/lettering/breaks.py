"""Owns where a line may end, and where it does best; hides Unicode's classes and the search.

A part of UAX 14: spaces, hyphens and dashes, signs that close or open, and the scripts that are written without
spaces. Korean breaks at its spaces. Thai, Lao, Khmer and Burmese need a dictionary, which is not here: they break where
they have spaces or a zero-width one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from video_pipeline.ffmpeg.lettering.clusters import is_pictured

SPACES = " \t\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000"
"""Where a line may end and what then vanishes; no-break spaces are letters."""

_ZERO_WIDTH_SPACE = "\u200b"
_GLUE = "\u00a0\u202f\u2007\u2060\ufeff"
_HYPHENS = "-\u2010\u2013\u2014\u2015\u058a\u05be"
_NOT_FIRST = frozenset(
    "!?:;,.%)]}»›”’…–—―"
    "、。，．・：；？！‼⁇⁈⁉）］｝〕〉》」』】〙〗〟｠»ー゛゜ヽヾゝゞ々〻‐゠〜～％‰"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    "،؛؟।॥"
)
"""What never begins a line: what closes, and the small kana and marks of JIS X 4051."""

_NOT_LAST = frozenset("([{«‹“‘¿¡（［｛〔〈《「『【〘〖〝｟$£¥€＄￥")
"""What never ends a line: what opens."""

_SENSE = frozenset(".,;:!?–—…、。，；：！？،؛؟।")
_SENSE_WORTH = 0.025
"""How much shorter or longer, in parts of a line, a line may be for ending where the sense does."""


def line_ends(letters: Sequence[str]) -> list[int]:
    """After how many clusters a line may end, and how many there are; a space belongs to the line that it ends."""
    ends = [
        place
        for place in range(1, len(letters))
        if _may_end(letters[place - 1], letters[place])
        # French has a space after what opens.
        and not (place > 1 and letters[place - 1][0] in SPACES and letters[place - 2][0] in _NOT_LAST)
    ]
    return [*ends, len(letters)] if letters else []


def _may_end(before: str, after: str) -> bool:
    """True when a line may end between two clusters next to each other, as far as these decide."""
    if before[-1] == _ZERO_WIDTH_SPACE:
        return True
    if after[0] in SPACES or after[0] == _ZERO_WIDTH_SPACE or after[0] in _GLUE or before[-1] in _GLUE:
        return False
    if after[0] in _NOT_FIRST or before[0] in _NOT_LAST:
        return False
    if before[0] in SPACES:
        return True
    if before[0] in _HYPHENS:
        return unicodedata.category(after[0])[0] == "L"
    return _stands_alone(before) or _stands_alone(after)


def _stands_alone(cluster: str) -> bool:
    """True for a letter of a script without spaces between its words, and for an emoji."""
    if is_pictured(cluster):
        return True
    if unicodedata.category(cluster[0])[0] not in "LNSP":
        return False
    return unicodedata.east_asian_width(cluster[0]) in "WF" and not _is_hangul(cluster[0])


def _is_hangul(letter: str) -> bool:
    return "HANGUL" in unicodedata.name(letter, "")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Clusters [start, end) which stay on one line, the space after them, and how wide both are."""

    start: int
    end: int
    width: float
    space: float  # the width of what vanishes when the line ends here
    is_sense: bool = False  # a pause in reading follows


def chunks(letters: Sequence[str], widths: Sequence[float]) -> list[Chunk]:
    """A paragraph cut wherever a line may end; `widths` are those of its clusters."""
    found = []
    start = 0
    for place in line_ends(letters):
        end = place
        while end > start and letters[end - 1][0] in SPACES:
            end -= 1
        pause = end > start and letters[end - 1][-1] in _SENSE
        found.append(Chunk(start, end, sum(widths[start:end]), sum(widths[end:place]), pause))
        start = place
    return found


class _Measure:
    """How long lines of some chunks are: one number for each line, however it is come upon.

    Sums of the same widths in another order differ in their last digit, and a line that just fits when it is filled
    would be too long when it is weighed. Here a line never becomes shorter, to the last digit, by one chunk more.
    """

    def __init__(self, parts: Sequence[Chunk]) -> None:
        self._starts = list(accumulate((part.width + part.space for part in parts), initial=0.0))
        self._ends = [0.0, *(start + part.width for start, part in zip(self._starts, parts, strict=False))]

    def length(self, start: int, end: int) -> float:
        """Of chunks [start, end) without the space at their end."""
        return self._ends[end] - self._starts[start]

    def fits(self, start: int, end: int, width: float) -> bool:
        """True when they may be a line: one chunk is one even where it is too long."""
        return end - start == 1 or self.length(start, end) <= width


def filled(parts: Sequence[Chunk], width: float) -> list[int]:
    """After how many chunks each line ends when every line takes what it can; a chunk may be wider than the line."""
    measure, ends, start = _Measure(parts), list[int](), 0
    for number in range(1, len(parts)):
        if not measure.fits(start, number + 1, width):
            ends.append(number)
            start = number
    return [*ends, len(parts)] if parts else []


def _filled_from_the_end(measure: _Measure, count: int, width: float) -> list[int]:
    """The same when the last line takes what it can, then the one before it: no line can end earlier."""
    ends = [count]
    for number in range(count - 2, -1, -1):
        if not measure.fits(number, ends[-1], width):
            ends.append(number + 1)
    return ends[::-1]


def balanced(parts: Sequence[Chunk], width: float) -> list[int]:
    """After how many chunks each line ends: no more lines than needed, and those about equally long.

    Of all ways the one whose squared lengths have the least sum: the total length being given, those are the most even.
    A line ends somewhere between where it does when lines are filled from either side.
    """
    measure, bonus = _Measure(parts), _SENSE_WORTH * width**2
    costs, origins = {0: 0.0}, list[dict[int, int]]()
    latest = filled(parts, width)
    for first, last in zip(_filled_from_the_end(measure, len(parts), width) if parts else [], latest, strict=True):
        before, costs, origin = costs, {}, {}
        for end in range(first, last + 1):
            ways = {
                start: cost + measure.length(start, end) ** 2
                for start, cost in before.items()
                if start < end and measure.fits(start, end, width)
            }
            origin[end] = min(ways, key=ways.__getitem__)
            costs[end] = ways[origin[end]] - (bonus if parts[end - 1].is_sense and end < len(parts) else 0.0)
        origins.append(origin)
    ends = [len(parts)] if parts else []
    for origin in reversed(origins[1:]):
        ends.append(origin[ends[-1]])
    return ends[::-1]
