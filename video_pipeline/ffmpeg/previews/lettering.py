"""Owns words set on pictures: which font has the letters, how large they may be, where lines break; hides fonts.

Pillow brings one scalable font, which knows the letters of English. For other letters fonts of the system are looked
for; when none has them all nothing is written, since a row of boxes is worse than no words.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageFont, features

from video_pipeline.domain.errors import MachineError

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_SYSTEM_FONTS = (
    "NotoSans-SemiBold.ttf",
    "NotoSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansArabic-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "arialbd.ttf",
    "Arial Bold.ttf",
    "Arial Unicode.ttf",
)
_TRIED_SIZE = 40
_ABSENT = "\uffff"  # no character, so every font draws its sign for a missing one
_ORNAMENTS = frozenset(("So", "Sk", "Cf", "Cn", "Co", "Cs", "Cc"))
_SEPARATORS = (" | ", " – ", " — ", " - ", " · ", ": ")


@dataclass(frozen=True, slots=True)
class Wording:
    """A title as it is set: a heading, and what stands small below it."""

    heading: str
    rest: str

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.heading} {self.rest}"


def worded(title: str) -> Wording:
    """The words of `title` without pictographs; what follows its first separator is set small."""
    drawn = "".join(" " if unicodedata.category(each) in _ORNAMENTS else each for each in title)
    plain = " ".join(unicodedata.normalize("NFC", drawn).split())
    for separator in _SEPARATORS[1:]:
        plain = plain.replace(separator, _SEPARATORS[0])
    parts = [part.strip(" |") for part in plain.split(_SEPARATORS[0])]
    heading, *rest = [part for part in parts if part] or [""]
    return Wording(heading, "  ·  ".join(rest))


def font_name_for(text: str) -> str | None:
    """The first font that has every letter of `text`: "" for Pillow's own, None when there is none."""
    for name in ("", *_SYSTEM_FONTS):
        if _has_letters(name, frozenset(text) - {" "}):
            # Right-to-left and joining letters need a layout engine that knows them.
            plain = all(unicodedata.bidirectional(each) not in ("R", "AL") for each in text)
            return name if plain or features.check("raqm") else None
    return None


@lru_cache(maxsize=64)
def font_at(name: str, size: int) -> Font | None:
    """The font called `name` at `size` pixels; None when this machine has none of that name."""
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None


def _present(name: str, size: int) -> Font:
    font = font_at(name, size)
    if font is None:
        raise MachineError(f"the font {name} is not there any more; start again")
    return font


@lru_cache(maxsize=256)
def _has_letters(name: str, letters: frozenset[str]) -> bool:
    font = font_at(name, _TRIED_SIZE)
    if font is None:
        return False
    absent = _shape(font, _ABSENT)
    return all(_shape(font, letter) != absent for letter in letters)


def _shape(font: Font, text: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(text)
    return mask.size, bytes(mask)


def lines_that_fit(text: str, font: Font, width: int) -> list[str]:
    """`text` broken at its spaces into lines of at most `width` pixels; a single word may be longer."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def fitted(text: str, name: str, width: int, *, most_lines: int, sizes: tuple[int, ...]) -> tuple[int, list[str]]:
    """The largest of `sizes` (falling) at which `text` fills at most `most_lines` lines of `width` pixels.

    What does not even fit at the smallest one is cut off with three points.
    """
    for size in sizes:
        font = _present(name, size)
        lines = _balanced(text, font, width)
        if len(lines) <= most_lines and all(font.getlength(line) <= width for line in lines):
            return size, lines
    shortened = [_cut(line, font, width) for line in lines[:most_lines]]
    if len(lines) > most_lines:
        shortened[-1] = _cut(f"{shortened[-1]} {' '.join(lines[most_lines:])}", font, width)
    return size, shortened


def _balanced(text: str, font: Font, width: int) -> list[str]:
    """As few lines as fit, and those as equally long as possible: no single word is left alone below a full line."""
    lines = lines_that_fit(text, font, width)
    narrower = width
    while len(lines) > 1 and narrower > width // 2:
        narrower -= width // 32
        tried = lines_that_fit(text, font, narrower)
        if len(tried) > len(lines) or any(font.getlength(line) > narrower for line in tried):
            break
        lines = tried
    return lines


def _cut(line: str, font: Font, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    words = line.split()
    while len(words) > 1 and font.getlength(f"{' '.join(words)}...") > width:
        words.pop()
    kept = " ".join(words)
    while kept and font.getlength(f"{kept}...") > width:
        kept = kept[:-1]
    return f"{kept.rstrip(' ,;:(–-')}..."
