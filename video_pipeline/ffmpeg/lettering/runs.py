"""Owns letters of one font that run in one direction, measured and inked; hides the shaping engine and its sizes.

All lengths are in parts of the size of the letters (em). Without shaping, see `faces.is_shaping`, letters stand side
by side as they are, which is right for a few scripts only.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg.lettering.bidi import base_level, levels
from video_pipeline.ffmpeg.lettering.clusters import clusters
from video_pipeline.ffmpeg.lettering.faces import Face, is_shaping
from video_pipeline.ffmpeg.lettering.shelf import OWN, Shelf, missing_letters

_MEASURED = 256.0
"""Pixels at which letters are measured: large enough that rounding to 1/64 is nothing."""

_OPTICAL_STEP = 1.2

_SIMPLE = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "ARMENIAN", "GEORGIAN")
"""Scripts whose letters stand side by side and run to the right."""

_LARGER = {"ARABIC": 1.10, "THAI": 1.04, "CJK": 0.94, "HIRAGANA": 0.94, "KATAKANA": 0.94, "HANGUL": 0.92}
"""How much larger letters of a script are set beside Latin ones of the same size, so that they look alike."""

EMOJI_EM = 1.08
"""Width of one coloured picture; it stands a little below the base line, as letters with tails do."""


@dataclass(frozen=True, slots=True)
class Run:
    """Some letters of a line; `level` is even where they run to the right."""

    text: str
    face: Face
    level: int
    scale: float  # of its letters to the size of the text

    @property
    def direction(self) -> str:
        """As raqm calls it."""
        return "rtl" if self.level % 2 else "ltr"


@dataclass(frozen=True, slots=True)
class Piece:
    """A cluster of a paragraph with its font and its level."""

    text: str
    face: Face
    level: int
    scale: float


@lru_cache(maxsize=64)  # a caption is checked in six sizes
def pieces_of(paragraph: str, shelf: Shelf, locale: str) -> tuple[Piece, ...]:
    """The clusters of a paragraph in a text of that `locale` (see shelf.locale_of).

    InvalidInputError when no font has them, or when they cannot be shaped here.
    """
    depths = levels(paragraph, base_level(paragraph))
    found: list[Piece] = []
    missing: list[str] = []
    place, before = 0, None
    scale = 1.0
    for cluster in clusters(paragraph):
        face = shelf.face_for(cluster, before, locale)
        scale = _LARGER.get(_script(cluster), 1.0) if unicodedata.category(cluster[0])[0] == "L" else scale
        if face is None:
            missing.append(cluster)
        else:
            found.append(Piece(cluster, face, depths[place], scale if face.path != OWN else 1.0))
        before = face
        place += len(cluster)
    if missing:
        raise missing_letters(missing)
    _check_shaping(paragraph)
    return tuple(found)


def _script(cluster: str) -> str:
    return unicodedata.name(cluster[0], "").partition(" ")[0]


def _check_shaping(paragraph: str) -> None:
    if is_shaping():
        return
    for letter in paragraph:
        if unicodedata.category(letter)[0] in "LM" and not unicodedata.name(letter, "").startswith(_SIMPLE):
            raise InvalidInputError(
                f"{letter} (U+{ord(letter):04X}) belongs to a script whose letters depend on their neighbours, and "
                "this machine cannot shape them; install FriBiDi (Debian: apt install libfribidi0)"
            )


def runs_of(pieces: Sequence[Piece]) -> list[Run]:
    """Neighbouring pieces of one font and level, joined."""
    runs: list[Run] = []
    for piece in pieces:
        last = runs[-1] if runs else None
        if last and (last.face, last.level, last.scale) == (piece.face, piece.level, piece.scale):
            runs[-1] = Run(last.text + piece.text, last.face, last.level, last.scale)
        else:
            runs.append(Run(piece.text, piece.face, piece.level, piece.scale))
    return runs


def optical_size(em_px: float) -> int:
    """The size for which letters of `em_px` pixels are cut: one for all sizes that differ by a tenth or so.

    What is measured for one size is drawn for the same one; with one for each pixel all would be measured each time.
    """
    return round(_OPTICAL_STEP ** round(math.log(max(em_px, 1.0), _OPTICAL_STEP)))


@lru_cache(maxsize=4096)
def advance(run: Run, optical_px: float) -> float:
    """How far the next run stands away, in em."""
    if run.face.is_coloured:
        return sum(picture_em(run.face, each) for each in clusters(run.text) if each.strip())
    font = font_of(run.face, _MEASURED, optical_px)
    return font.getlength(run.text, direction=_direction(run)) / _MEASURED * run.scale


@lru_cache(maxsize=1024)
def picture_em(face: Face, cluster: str) -> float:
    """How wide a coloured cluster is: one picture, or those of its parts where the font does not know them together."""
    font, direction = font_of(face, 0, 0), "ltr" if is_shaping() else None
    one = max(font.getlength(letter, direction=direction) for letter in cluster)
    return EMOJI_EM * max(round(font.getlength(cluster, direction=direction) / max(one, 1)), 1)


@lru_cache(maxsize=1024)
def extent(run: Run, optical_px: float) -> tuple[float, float]:
    """How far its ink goes above and below the base line, in em."""
    if run.face.is_coloured:
        return 0.90, 0.18
    font = font_of(run.face, _MEASURED, optical_px)
    _, top, _, bottom = font.getbbox(run.text, direction=_direction(run), anchor="ls")
    return -top / _MEASURED * run.scale, bottom / _MEASURED * run.scale


def _direction(run: Run) -> str | None:
    return run.direction if is_shaping() else None


@lru_cache(maxsize=64)
def font_of(face: Face, size: float, optical_px: float) -> ImageFont.FreeTypeFont:
    """A font at `size` pixels; the studio's own is drawn as for letters that are seen `optical_px` large."""
    if face.is_coloured:
        return _coloured(face.path)
    font = ImageFont.truetype(face.path, size, index=face.index)
    if face.path == OWN:
        # The axes of Literata: optical size 7 to 72 points, weight 200 to 900; a point is 4/3 pixels.
        font.set_variation_by_axes([min(max(optical_px * 0.75 / 2, 7), 72), face.weight])
    return font


_STRIKES = (109, 128, 136, 160, 96, 64, 32, 20)


def _coloured(path: Path) -> ImageFont.FreeTypeFont:
    """A font of pictures at the size that it has: 109 in Noto's, which is 136 pixels wide."""
    for size in _STRIKES:
        try:
            return ImageFont.truetype(path, size)
        except OSError:
            continue
    raise InvalidInputError(f"the emoji of {path.name} have none of the usual sizes; install fonts-noto-color-emoji")
