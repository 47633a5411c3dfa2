"""Owns the fonts of this machine and which of them draws what; hides where fonts are kept and how they are ranked.

The studio brings Literata for Latin, Greek and Cyrillic letters. For all others fonts of the system are used, serifs
first, in the same order on every machine that has the same fonts. Folders are walked, not asked for: fontconfig is on
Linux alone, and where it is it has these folders.
"""

from __future__ import annotations

import hashlib
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg.lettering.clusters import is_pictured, needed
from video_pipeline.ffmpeg.lettering.faces import Face, faces_in, is_shaping

OWN = Path(__file__).with_name("fonts") / "Literata.ttf"
"""Literata 3.103, SIL Open Font License 1.1 (fonts/OFL.txt): made for reading on screens, with an optical size."""

BOLD = OWN.with_name("Oswald-Bold.ttf")
"""Oswald 4.103, SIL Open Font License 1.1 (fonts/Oswald-OFL.txt): narrow, so that headlines are large; has no Greek."""

OWN_WEIGHT = 480
_WEIGHT = 450
"""Light letters on dark look bolder than they are, but the thinnest parts of a small one are lost in a video."""

_HEADLINE_WEIGHT = 800

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_BOOKISH = ("Noto Serif", "Noto Naskh", "Literata")
_PLAIN = ("Noto Sans", "Noto Looped", "WenQuanYi", "Droid", "DejaVu Serif")
_LAST_RESORT = ("Unifont", "Last Resort", "LastResort")
_DISPLAY = ("Display", "Nastaliq", "Rashi", "Kufi", "Tamil Slanted", "Looped")
_LOCALES = ("JP", "KR", "SC", "TC", "HK")


class Shelf:
    """Fonts, the best first; the first one of all is the one in which words are set if it has them."""

    def __init__(self, faces: Iterable[Face]) -> None:
        found = list(faces)
        self._coloured = [face for face in found if face.is_coloured]
        self._plain = [face for face in found if not face.is_coloured]
        # Hundreds of fonts are asked for a Chinese sign, and each sign of a text several times.
        self._known = lru_cache(maxsize=8192)(self._looked_for)

    def face_for(self, cluster: str, before: Face | None, locale: str) -> Face | None:
        """The font for a cluster after one in `before`; None when no font has it.

        Signs and spaces between foreign letters are taken from those letters' font, so that they look alike.
        """
        return self._known(cluster, before, locale)

    def _looked_for(self, cluster: str, before: Face | None, locale: str) -> Face | None:
        letters = _with_parts(cluster)
        if is_pictured(cluster):
            return next((face for face in self._coloured if _has_all(face, letters)), None)
        if before and not before.is_coloured and not _is_letter(cluster) and _has_all(before, letters):
            return before
        likely = [self._plain[0], *([before] if before and not before.is_coloured else [])]
        if chosen := next((face for face in likely if _has_all(face, letters)), None):
            return chosen
        foreign = None
        for face in self._plain:
            if _has_all(face, letters):
                if not _is_foreign(face, locale):
                    return face
                foreign = foreign or face
        return foreign


def _is_letter(cluster: str) -> bool:
    return unicodedata.category(cluster[0])[0] == "L"


def _with_parts(cluster: str) -> list[tuple[str, str]]:
    """The characters that a font needs for a cluster, each with its parts or "".

    Of parts the shaping engine puts it together, such as u and two dots below.
    """
    both = [(letter, unicodedata.normalize("NFD", letter)) for letter in needed(cluster)]
    return [(letter, parts if is_shaping() and len(parts) > 1 else "") for letter, parts in both]


def _has_all(face: Face, letters: Iterable[tuple[str, str]]) -> bool:
    return all(face.has(letter) or (parts != "" and all(map(face.has, parts))) for letter, parts in letters)


def _is_foreign(face: Face, locale: str) -> bool:
    """True for a font with the Chinese signs as they are written in another country."""
    return face.family.rpartition(" ")[2] in _LOCALES and not face.family.endswith(locale)


def locale_of(text: str) -> str:
    """The country whose way of writing Chinese signs a text most likely means."""
    names = {unicodedata.name(each, "").partition(" ")[0] for each in text}
    if names & {"HIRAGANA", "KATAKANA"}:
        return "JP"
    return "KR" if "HANGUL" in names else "TC" if "BOPOMOFO" in names else "SC"


@lru_cache(maxsize=1)
def installed_shelf() -> Shelf:
    """The studio's own font and those of the system; looked for once in a process."""
    return Shelf([*_own(OWN_WEIGHT), *sorted(filter(_is_for_reading, _found()), key=_rank)])


@lru_cache(maxsize=1)
def headline_shelf() -> Shelf:
    """The same for few and large words: heavy letters, those without serifs first."""
    fit = [face for face in _found() if face.is_coloured or (face.is_upright and face.is_normal_width)]
    return Shelf([*faces_in(BOLD), *_own(_HEADLINE_WEIGHT), *sorted(fit, key=_headline_rank)])


def _own(weight: int) -> list[Face]:
    """Literata at one of its weights, 200 to 900."""
    return [replace(face, weight=weight) for face in faces_in(OWN)]


@lru_cache(maxsize=1)
def _found() -> tuple[Face, ...]:
    return tuple(face for folder in dict.fromkeys(_folders()) for path in _fonts(folder) for face in faces_in(path))


def _folders() -> Iterator[Path]:
    home = Path.home()
    yield Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "fonts"
    yield home / ".fonts"
    for root in (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(os.pathsep):
        yield Path(root) / "fonts"
    if sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))


def _fonts(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(root) / name for name in sorted(files) if name.lower().endswith(_SUFFIXES))


@lru_cache(maxsize=1)
def fonts_mark() -> str:
    """Another word as soon as words may be set in other fonts; the files are looked at, not read."""
    mark = hashlib.sha256()
    for path in [OWN, BOLD, *(path for folder in dict.fromkeys(_folders()) for path in _fonts(folder))]:
        with suppress(OSError):  # a link to nowhere
            facts = path.stat()
            mark.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode(errors="surrogateescape"))
    return mark.hexdigest()


def _is_for_reading(face: Face) -> bool:
    return face.is_coloured or (face.is_upright and face.is_normal_width and 300 <= face.weight <= 700)


def _rank(face: Face) -> tuple[object, ...]:
    family = face.family
    kind = next(
        (n for n, names in enumerate((_BOOKISH, _PLAIN)) if family.startswith(names)),
        3 if family.startswith(_LAST_RESORT) else 2,
    )
    odd = face.is_monospaced or any(word in family for word in _DISPLAY)
    return (kind == 3, odd, kind, abs(face.weight - _WEIGHT), family, face.path.name, face.index)


def _headline_rank(face: Face) -> tuple[object, ...]:
    _, odd, kind, *_, name, index = _rank(face)
    return (face.family.startswith(_LAST_RESORT), odd, kind != 1, abs(face.weight - _HEADLINE_WEIGHT), name, index)


_PACKAGES = (
    (("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH"), "fonts-noto-cjk"),
    (("CUNEIFORM", "EGYPTIAN", "LINEAR", "OLD", "PHOENICIAN", "GOTHIC", "COPTIC"), "fonts-noto-extra"),
)


def missing_letters(letters: Sequence[str]) -> InvalidInputError:
    """The error for clusters that no font here can draw; it names the Debian package to install."""
    packages = dict.fromkeys(map(_package, letters))
    named = ", ".join(f"{each} ({_named(each)})" for each in list(dict.fromkeys(letters))[:5])
    more = f" and {len(set(letters)) - 5} more" if len(set(letters)) > 5 else ""
    return InvalidInputError(
        f"no font on this machine has {named}{more}; write it in other words, or install one (Debian: apt install "
        f"{' '.join(packages)})"
    )


def _named(cluster: str) -> str:
    return " ".join(f"U+{ord(each):04X}" for each in cluster) + f" {unicodedata.name(cluster[0], 'unnamed').lower()}"


def _package(cluster: str) -> str:
    if is_pictured(cluster):
        return "fonts-noto-color-emoji"
    name = unicodedata.name(cluster[0], "")
    return next((package for words, package in _PACKAGES if name.startswith(words)), "fonts-noto-core")
