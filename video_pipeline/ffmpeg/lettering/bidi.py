"""Owns the order in which a line of both directions is written; hides Unicode's rules for it.

The bidirectional algorithm (UAX 9, revision 48) without its explicit embeddings, overrides and isolates: characters
that ask for those are refused before, since nobody sees what they do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")

_PAIRS = dict(
    zip(
        "([{༺༼⁅⁽₍⌈⌊〈❨❪❬❮❰❲❴⟅⟦⟨⟪⟬⟮〈《「『【〔〖〘〚（［｛｢",
        ")]}༻༽⁆⁾₎⌉⌋〉❩❫❭❯❱❳❵⟆⟧⟩⟫⟭⟯〉》」』】〕〗〙〛）］｝｣",
        strict=True,
    )
)
"""Opening brackets and what closes them (BidiBrackets.txt, without mathematics)."""

_CLOSING = frozenset(_PAIRS.values())
_NUMBERS = ("EN", "AN")
_NEUTRAL = ("B", "S", "WS", "ON")
_IGNORED = "BN"


def base_level(text: str) -> int:
    """0 when the first letter with a direction is written from left to right, or there is none, else 1 (P2, P3)."""
    strong = (unicodedata.bidirectional(each) for each in text)
    return int(next((each in ("R", "AL") for each in strong if each in ("L", "R", "AL")), False))


def levels(text: str, base: int) -> list[int]:
    """The embedding level of each character of a paragraph: even ones run to the right, odd ones to the left."""
    types = [unicodedata.bidirectional(each) or "L" for each in text]
    seen = [place for place, kind in enumerate(types) if kind != _IGNORED]
    kinds = _weak([types[place] for place in seen], base)
    _brackets(kinds, [text[place] for place in seen], [types[place] for place in seen], base)
    _neutral(kinds, base)
    found = [base] * len(text)
    for place, kind in zip(seen, kinds, strict=True):
        # I1, I2
        found[place] = base + (int(kind != "R") if base else {"L": 0, "R": 1}.get(kind, 2))
    level = base
    for place, kind in enumerate(types):
        if kind == _IGNORED:
            found[place] = level
        level = found[place]
    return found


def _direction(base: int) -> str:
    return "R" if base else "L"


def _weak(types: Sequence[str], base: int) -> list[str]:
    """Rules W1 to W7."""
    kinds = list(types)
    previous = strong = _direction(base)
    for place, kind in enumerate(kinds):
        previous = kinds[place] = previous if kind == "NSM" else kind
        if previous in ("L", "R", "AL"):
            strong = previous
        elif previous == "EN" and strong == "AL":
            kinds[place] = "AN"
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for place in range(1, len(kinds) - 1):
        before, kind, after = kinds[place - 1 : place + 2]
        if before == after and ((kind == "ES" and before == "EN") or (kind == "CS" and before in _NUMBERS)):
            kinds[place] = before
    start = 0
    for kind, group in groupby(list(kinds)):
        end = start + len(list(group))
        if kind == "ET" and "EN" in (kinds[start - 1] if start else "", *kinds[end : end + 1]):
            kinds[start:end] = ["EN"] * (end - start)
        start = end
    strong = _direction(base)
    for place, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[place] = "L"
        elif kind in ("ES", "ET", "CS"):
            kinds[place] = "ON"
    return kinds


def _brackets(kinds: list[str], text: Sequence[str], types: Sequence[str], base: int) -> None:
    """Rule N0: both brackets of a pair run like what is in them, or like what is before them."""
    for first, last in _pairs(kinds, text):
        inside = {_strong(kind) for kind in kinds[first + 1 : last]} - {""}
        direction = _direction(base)
        if direction not in inside:
            if not inside:
                continue
            before = next((strong for kind in kinds[first - 1 :: -1] if (strong := _strong(kind))), direction)
            direction = before if first and before in inside else direction
        for place in (first, last):
            kinds[place] = direction
            for mark in range(place + 1, len(kinds)):
                if types[mark] != "NSM":
                    break
                kinds[mark] = direction


def _pairs(kinds: Sequence[str], text: Sequence[str]) -> list[tuple[int, int]]:
    """Where brackets open and close, in the order of opening (BD16)."""
    waiting: list[tuple[str, int]] = []
    found = []
    for place, letter in enumerate(text):
        if kinds[place] != "ON":
            continue
        if letter in _PAIRS:
            if len(waiting) == 63:
                break
            waiting.append((_PAIRS[letter], place))
        elif letter in _CLOSING:
            match = next((n for n in range(len(waiting) - 1, -1, -1) if waiting[n][0] == letter), None)
            if match is not None:
                found.append((waiting[match][1], place))
                del waiting[match:]
    return sorted(found)


def _strong(kind: str) -> str:
    """The direction of a kind for neutral ones beside it: numbers count as running to the left."""
    return "R" if kind in ("R", *_NUMBERS) else "L" if kind == "L" else ""


def _neutral(kinds: list[str], base: int) -> None:
    """Rules N1 and N2: what has no direction takes that of both its sides, or that of the paragraph."""
    start = 0
    for is_neutral, group in groupby(list(kinds), lambda kind: kind in _NEUTRAL):
        end = start + len(list(group))
        if is_neutral:
            before = _strong(kinds[start - 1]) if start else _direction(base)
            after = _strong(kinds[end]) if end < len(kinds) else _direction(base)
            kinds[start:end] = [before if before == after else _direction(base)] * (end - start)
        start = end


def in_visual_order(runs: Sequence[T], run_levels: Sequence[int]) -> list[T]:
    """The runs of a line from left to right (L2); the letters of each run stay in their order."""
    order = list(range(len(runs)))
    odd = [level for level in run_levels if level % 2]
    for level in range(max(run_levels, default=0), min(odd, default=1) - 1, -1):
        start = 0
        for is_deep, group in groupby([run_levels[place] >= level for place in order]):
            end = start + len(list(group))
            if is_deep:
                order[start:end] = order[start:end][::-1]
            start = end
    return [runs[place] for place in order]
