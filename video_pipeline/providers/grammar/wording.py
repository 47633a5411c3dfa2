"""Owns the small rules of plain English: articles, lists, capitals, shortening; hides their exceptions.

It also makes a stranger's words safe to print: YouTube refuses < and >, and a line must stay one line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ELLIPSIS = "…"
_SMALL_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "with")
)
_AN = ("hour", "honest", "heir")
_A = ("one", "once", "uni", "use", "usu", "eu")


def plain(text: str, longest: int) -> str:
    """`text` as one printable line without < and >, at most `longest` characters; empty when it has no letter,
    digit or symbol."""
    kept = "".join(char if char.isprintable() and char not in "<>" else " " for char in text)
    line = " ".join(kept.split())
    speaks = any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "So" for char in line)
    return shortened(line, longest) if speaks else ""


def shortened(text: str, longest: int) -> str:
    """`text` in at most `longest` characters, ended at a word where one ends in the second half."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    words = cut.rpartition(" ")[0]
    return (words if 2 * len(words) >= len(cut) else cut).rstrip(" ,;:-|") + _ELLIPSIS


def words_of(text: str) -> list[str]:
    """The words of `text` in lower case; hyphens and apostrophes end a word."""
    return re.findall(r"[^\W_]+", text.casefold())


def a(phrase: str) -> str:
    """`phrase` with its indefinite article."""
    first = phrase.lower()
    vowel = first.startswith(_AN) or (first[:1] in "aeiou" and not first.startswith(_A))
    return f"{'an' if vowel else 'a'} {phrase}"


def and_list(entries: Sequence[str]) -> str:
    """The entries as a list in a sentence."""
    if len(entries) <= 2:
        return " and ".join(entries)
    return f"{', '.join(entries[:-1])}, and {entries[-1]}"


def sentence(text: str) -> str:
    """`text` with a capital at its start and a stop at its end."""
    stop = "" if text.endswith((".", "!", "?", _ELLIPSIS)) else "."
    return f"{text[:1].upper()}{text[1:]}{stop}"


def titled(text: str) -> str:
    """`text` in title case; small words stay small unless they begin it."""
    words = text.split()
    return " ".join(
        word if index and word.lower() in _SMALL_WORDS else _capital(word) for index, word in enumerate(words)
    )


def _capital(word: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))
