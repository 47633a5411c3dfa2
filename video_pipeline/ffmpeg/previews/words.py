"""Owns the words of a thumbnail: which of a title's words are set how large, as a mask; hides lines and fonts.

Words that no font here has are not set at all, since a row of boxes is worse than no words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from video_pipeline.domain.characters import BLANKS, JOINERS, is_seen
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg.lettering.bidi import base_level
from video_pipeline.ffmpeg.lettering.clusters import clusters, is_pictured
from video_pipeline.ffmpeg.lettering.faces import is_shaping
from video_pipeline.ffmpeg.lettering.runs import font_of, optical_size, pieces_of
from video_pipeline.ffmpeg.lettering.setting import Row, paragraph_of
from video_pipeline.ffmpeg.lettering.shelf import Shelf, headline_shelf, installed_shelf, locale_of

Mask = NDArray[np.float32]

_UNLETTERED = frozenset(("Sk", "Cf", "Cn", "Co", "Cs", "Cc"))
_ORNAMENTS = (range(0x2190, 0x2E00), range(0x1F000, 0x20000))
"""Arrows, dingbats, notes and the like; other symbols belong to what is written: degrees, trade marks, numeros."""

_PICTURING = str.maketrans("", "", "\ufe0e\ufe0f\u20e3")
"""What makes a pictograph of the sign before."""

_SEPARATORS = (" | ", "｜", " – ", " — ", " - ", " · ", ": ")
_STEPS = 12
_HEAVY, _BOLDER = 600, 0.016
"""Headlines in a font lighter than this are drawn bolder by an outline of so many em."""

_LEAST_GAP = 0.10
"""Between the ink of two lines, in em."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A title as it is set: a heading, and what stands small below it."""

    heading: str
    rest: str


def worded(title: str) -> Wording:
    """The words of `title` without pictographs; what follows its first separator is set small."""
    drawn = "".join(map(_lettering, clusters(title)))
    plain = " ".join(unicodedata.normalize("NFC", drawn).split())
    for separator in _SEPARATORS[1:]:
        plain = plain.replace(separator, _SEPARATORS[0])
    parts = [part.strip(" |") for part in plain.split(_SEPARATORS[0])]
    heading, *rest = [part for part in parts if part] or [""]
    return Wording(heading, "  ·  ".join(rest))


def _lettering(cluster: str) -> str:
    """What is written of a cluster, with spaces for what is not: joiners belong to words of Persian or Sinhala."""
    bare = cluster.translate(_PICTURING)
    if not bare or is_pictured(bare):
        return " "
    joins = JOINERS if unicodedata.category(bare[0])[0] in "LM" else ""
    return "".join(each if _is_written(each) or each in joins else " " for each in bare)


def _is_written(letter: str) -> bool:
    kind = unicodedata.category(letter)
    is_ornament = kind == "So" and any(ord(letter) in block for block in _ORNAMENTS)
    return kind not in _UNLETTERED and letter not in BLANKS and not is_ornament


def can_be_set(text: str) -> bool:
    """True when something of `text` is seen, and there are fonts for all of it, for headlines and for reading."""
    return is_seen(text) and all(_is_in(shelf, text) for shelf in (headline_shelf(), installed_shelf()))


def _is_in(shelf: Shelf, text: str) -> bool:
    try:
        pieces_of(text, shelf, locale_of(text))
    except InvalidInputError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Style:
    """How a block of words looks; lengths in pixels of the picture."""

    width: float
    height: float  # most of it
    lines: int  # most of them
    largest: float  # size of the letters
    smallest: float
    leading: float = 1.12  # from line to line in em, more where letters reach further
    is_heavy: bool = True  # headline letters; else those for reading
    is_upper: bool = False  # capitals, where a script has them
    is_centred: bool = False
    skew: float = 0.0  # how far a letter leans to the right, in its heights

    @property
    def shelf(self) -> Shelf:
        """The fonts that it is set in."""
        return headline_shelf() if self.is_heavy else installed_shelf()


@dataclass(frozen=True, slots=True)
class Block:
    """Words, drawn: how much each pixel of the smallest rectangle around them is ink, 0 to 1."""

    mask: Mask
    em_px: float
    line_tops: tuple[int, ...]  # where each line's ink begins; the next one's is its end
    letters_px: float  # the height of its capitals, or of other large letters
    runs_left: bool  # it begins at the right

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.mask.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.mask.shape[0])


def set_block(text: str, style: Style) -> Block:
    """The largest setting of `text` that keeps to `style`; what does not fit at its smallest is cut off with points.

    InvalidInputError when a letter cannot be drawn; `can_be_set` tells before.
    """
    capitals = text.upper()
    # Some scripts have capitals that few fonts know, such as those of Georgian.
    shown = capitals if style.is_upper and _is_in(style.shelf, capitals) else text
    parts, base = clusters(shown), base_level(shown)
    while True:
        found = _fitted(shown, style)
        if found is not None:
            return _drawn(*found, style, base)
        # An eighth less each time: a title of 200 letters is cut in a dozen steps.
        parts = parts[: min(len(parts) - 1, len(parts) * 7 // 8)]
        shown = f"{_whole_words(''.join(parts))}..."


def _whole_words(text: str) -> str:
    """`text` without its last word, which was cut, unless that is most of it."""
    head, _, tail = text.rpartition(" ")
    return (head if len(head) > len(tail) else text).rstrip(" ,;:(–-.")


def _fitted(text: str, style: Style) -> tuple[float, list[Row]] | None:
    pieces = pieces_of(text, style.shelf, locale_of(text))
    for step in range(_STEPS + 1):
        em = style.largest * (style.smallest / style.largest) ** (step / _STEPS)
        paragraph = paragraph_of(pieces, optical_size(em))
        if not paragraph.fits(style.width / em):
            continue
        if paragraph.count(style.width / em) > style.lines:
            continue
        rows = paragraph.rows(style.width / em)
        height = rows[0].above + sum(_gaps(rows, style)) + rows[-1].below
        if height * em <= style.height:
            return em, rows
    return None


def _gaps(rows: Sequence[Row], style: Style) -> list[float]:
    """From each base line to the next, in em."""
    return [max(style.leading, before.below + after.above + _LEAST_GAP) for before, after in pairwise(rows)]


def _drawn(em: float, rows: Sequence[Row], style: Style, base: int) -> Block:
    """The rows of a text that runs to the left when its `base` level is 1."""
    widths = [sum(row.widths) * em for row in rows]
    # Letters may reach out of their lines on all sides; what is empty is cut off in the end.
    beyond = round(em)
    bases = [beyond + rows[0].above * em]
    for gap in _gaps(rows, style):
        bases.append(bases[-1] + gap * em)
    size = (round(max(widths)) + 2 * beyond, round(bases[-1]) + 2 * beyond)
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    # What is written from right to left begins at the right, also where a line has words of the other direction.
    begin = 0.5 if style.is_centred else float(base)
    for row, width, line in zip(rows, widths, bases, strict=True):
        left = beyond + (max(widths) - width) * begin
        for run, advanced in zip(row.runs, row.widths, strict=True):
            font = font_of(run.face, em * run.scale, row.optical_px)
            direction = run.direction if is_shaping() else None
            # Many scripts are there in regular weight only.
            bolder = _BOLDER * em if style.is_heavy and run.face.weight < _HEAVY else 0.0
            at = (left, line)
            draw.text(at, run.text, font=font, fill=255, anchor="ls", direction=direction, stroke_width=bolder)
            left += advanced * em
    if style.skew:
        lean = (1, style.skew, -style.skew * bases[-1], 0, 1, 0)
        image = image.transform(size, Image.Transform.AFFINE, lean, Image.Resampling.BICUBIC)
    left, top, right, bottom = image.getbbox() or (0, 0, 1, 1)
    mask = np.asarray(image.crop((left, top, right, bottom)), np.float32) / np.float32(255)
    tops = tuple(
        max(round(line - row.above * em - _LEAST_GAP * em / 2) - top, 0) for line, row in zip(bases, rows, strict=True)
    )
    return Block(mask, em, tops, _letters_px(rows, em), runs_left=base == 1)


def _letters_px(rows: Sequence[Row], em: float) -> float:
    """How tall most letters stand above their line: less than the tallest, which may bear accents."""
    return float(np.median([min(row.above, 0.86) for row in rows])) * em
