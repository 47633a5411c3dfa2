"""Owns where a line may end, and where it does best; hides Unicode's classes and the search.

A part of UAX 14: spaces, hyphens and dashes, signs that close or open, and the scripts that are written without
spaces. Korean breaks at its spaces. Thai, Lao, Khmer and Burmese need a dictionary, which is not here: they break where
they have spaces or a zero-width one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

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


def filled(parts: Sequence[Chunk], width: float) -> list[int]:
    """After how many chunks each line ends when every line takes what it can; a chunk may be wider than the line."""
    ends: list[int] = []
    line = 0.0
    for number, part in enumerate(parts):
        if number and line + part.width > width:
            ends.append(number)
            line = 0.0
        line += part.width + part.space
    return [*ends, len(parts)] if parts else []


def balanced(parts: Sequence[Chunk], width: float) -> list[int]:
    """After how many chunks each line ends: no more lines than needed, and those about equally long.

    Of all ways the one whose squared lengths have the least sum: the total length being given, those are the most even.
    """
    count = len(filled(parts, width))
    best: list[list[tuple[float, int]]] = [[(0.0, 0)] + [(float("inf"), 0)] * len(parts)]
    for _ in range(count):
        row = [(float("inf"), 0)] * (len(parts) + 1)
        for end in range(1, len(parts) + 1):
            row[end] = _best_line(parts, best[-1], end, width)
        best.append(row)
    ends, place = [], len(parts)
    for row in reversed(best[1:]):
        ends.append(place)
        place = row[place][1]
    return ends[::-1]


def _best_line(
    parts: Sequence[Chunk], before: Sequence[tuple[float, int]], end: int, width: float
) -> tuple[float, int]:
    """The cost of lines up to chunk `end`, and where the last of them begins."""
    last = parts[end - 1]
    bonus = _SENSE_WORTH * width**2 if last.is_sense and end < len(parts) else 0.0
    least, line = (float("inf"), end - 1), 0.0
    for start in range(end - 1, -1, -1):
        line += parts[start].width + (parts[start].space if start < end - 1 else 0.0)
        if line > width and start < end - 1:
            break
        cost = before[start][0] + line**2 - bonus
        if cost < least[0]:
            least = (cost, start)
    return least
