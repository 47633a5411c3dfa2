"""Owns cutting a text into what people call letters, with their marks; hides joiners, selectors and flags.

A part of Unicode's UAX 29, section 3.1: enough of it that no letter is parted from its marks and no emoji from its own.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

from video_pipeline.domain.characters import JOINERS

ZWNJ, ZWJ = JOINERS[0], JOINERS[1]
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
_KEYCAP = "\u20e3"

_FLAGS = range(0x1F1E6, 0x1F200)
_SKINS = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_LEADING_JAMO, _VOWEL_JAMO, _TRAILING_JAMO = range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200)

_UNSEEN = frozenset("\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Default ignorable characters (Unicode, DerivedCoreProperties) which a font need not have."""

_PICTURED = (
    # Emoji_Presentation of emoji-data.txt, and what newer versions put into the same blocks; without flags.
    (0x231A, 0x231B), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615),
    (0x2648, 0x2653), (0x267F, 0x267F), (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE),
    (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA), (0x26F2, 0x26F3), (0x26F5, 0x26F5),
    (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C),
    (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF),
    (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF),
    (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F201, 0x1F201), (0x1F21A, 0x1F21A), (0x1F22F, 0x1F22F),
    (0x1F232, 0x1F236), (0x1F238, 0x1F23A), (0x1F250, 0x1F251), (0x1F300, 0x1F320), (0x1F32D, 0x1F335),
    (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0),
    (0x1F3F4, 0x1F3F4), (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D),
    (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A), (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4),
    (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6DF),
    (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FF), (0x1F7E0, 0x1F7EB), (0x1F7F0, 0x1F7F0), (0x1F90C, 0x1F93A),
    (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF), (0x1FA70, 0x1FAFF),
)  # fmt: skip


_PICTURED_FROM = [first for first, _ in _PICTURED]


def clusters(text: str) -> list[str]:
    """The letters of `text`, each with all that belongs to it; joined they are `text`."""
    found: list[str] = []
    for letter in text:
        if found and _belongs(letter, found[-1]):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _belongs(letter: str, before: str) -> bool:
    """True when `letter` continues the cluster `before`."""
    code, last = ord(letter), ord(before[-1])
    if before in "\n \t":
        return False
    return (
        letter in (ZWNJ, ZWJ, _KEYCAP)
        or unicodedata.category(letter) in ("Mn", "Me", "Mc")
        or ((code in _SKINS or code in _TAGS) and is_pictured(before))
        or (before[-1] == ZWJ and _is_symbol(letter))
        or (code in _FLAGS and len(before) == 1 and last in _FLAGS)
        or (code in _LEADING_JAMO and last in _LEADING_JAMO)
        or (code in _VOWEL_JAMO and (last in _LEADING_JAMO or last in _VOWEL_JAMO))
        or (code in _TRAILING_JAMO and (last in _VOWEL_JAMO or last in _TRAILING_JAMO))
    )


def _is_symbol(letter: str) -> bool:
    return unicodedata.category(letter) in ("So", "Sk", "Sm") or ord(letter) >= 0x1F000


def is_pictured(cluster: str) -> bool:
    """True for what is drawn as a coloured picture: emoji, flags, key caps, and what asks for it."""
    if TEXT_STYLE in cluster:
        return False
    if EMOJI_STYLE in cluster or (_KEYCAP in cluster and cluster[0] in "0123456789#*"):
        return True
    code = ord(cluster[0])
    place = bisect_right(_PICTURED_FROM, code) - 1
    return code in _FLAGS or (place >= 0 and code <= _PICTURED[place][1])


def needed(cluster: str) -> Iterator[str]:
    """The characters of a cluster that a font must have to draw it."""
    for letter in cluster:
        code = ord(letter)
        if letter not in _UNSEEN and not (0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE01EF):
            yield letter
