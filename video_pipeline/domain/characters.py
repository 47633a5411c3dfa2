"""Owns which characters of a stranger's text are seen, and what its lines are; hides Unicode's categories."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""Persian and many emoji are not written right without them."""

UNSHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories of what controls a text instead of being part of it: bidi overrides, line ends, surrogates."""

_HINTS = frozenset("\u00ad\u200b\u200e\u200f\u2060") | frozenset(map(chr, range(0xE0020, 0xE0080)))
"""What is part of a text though it is not seen: where a line may break, on which side a sign belongs, flags."""

BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Spaces that Unicode counts among letters and symbols: the fillers of Hangul, and the empty sign of Braille."""

_BOM = "\ufeff"


def first_unshown(line: str) -> str | None:
    """The first character of a line of text that controls it instead of being part of it; None when there is none."""
    allowed = _HINTS.union("\t", JOINERS)
    return next((each for each in line if unicodedata.category(each) in UNSHOWN and each not in allowed), None)


def is_seen(text: str) -> bool:
    """True when there is ink in `text`: a letter, a digit, a mark of punctuation or a symbol."""
    return any(unicodedata.category(each)[0] in "LNSP" and each not in BLANKS for each in text)


def lines_of(text: str) -> list[str]:
    """The lines of a text, whatever ends them, without the mark of its byte order."""
    return text.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n").split("\n")
