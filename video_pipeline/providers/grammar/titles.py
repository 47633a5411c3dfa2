"""Owns the titles of the pieces: short, and no two alike; hides how halves are matched."""

from __future__ import annotations

from collections.abc import Sequence

from video_pipeline.providers.grammar.album import Piece
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.wording import titled, words_of
from video_pipeline.providers.grammar.world import World

_SHAPES = ("thing tail",) * 15 + ("tail",) + ("form guest",) * 3 + ("thing",)
_IGNORED = frozenset(("a", "an", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with"))


class _Deck:
    """Phrases that are dealt once each; a new round begins when none that is left fits."""

    def __init__(self, phrases: Sequence[str], dice: Dice) -> None:
        self._phrases = phrases
        self._dice = dice
        self._left: list[str] = []

    def deal(self, beginning: str, taken: Sequence[str]) -> str | None:
        """The first phrase that makes a new title after `beginning`; None when no phrase does."""
        for left in (self._left, self._dice.shuffled(self._phrases)):
            for phrase in left:
                title = _joined(beginning, phrase)
                if title not in taken and not _repeats_itself(title):
                    left.remove(phrase)
                    self._left = left
                    return phrase
        return None


def piece_titles(world: World, pieces: Sequence[Piece], dice: Dice) -> tuple[str, ...]:
    """One title for each of `pieces`."""
    things, tails, guests = (_Deck(phrases, dice) for phrases in (world.things, world.tails, world.guests))
    taken: list[str] = []
    for piece, shape in zip(pieces, dice.bag(_SHAPES), strict=False):
        beginning = ""
        if shape == "form guest":
            beginning = f"{titled(piece.form.name)} for"
        elif shape == "thing tail":
            beginning = things.deal("", ()) or ""
        second = {"form guest": guests, "thing": things}.get(shape, tails).deal(beginning, taken)
        taken.append(_joined(beginning, second) if second else _numbered(world.things[0], taken))
    return tuple(taken)


def _joined(beginning: str, phrase: str) -> str:
    title = f"{beginning} {phrase}".strip()
    return title[:1].upper() + title[1:]


def _numbered(thing: str, taken: Sequence[str]) -> str:
    """For orders of more pieces than a small vocabulary has titles."""
    return f"{thing}, No. {len(taken) + 1}"


def _repeats_itself(title: str) -> bool:
    """True when a telling word comes twice ("Candles ... Until the Candles Fail"); a plural counts as its singular."""
    words = [word.removesuffix("s") for word in words_of(title) if word not in _IGNORED]
    return len(words) != len(set(words))
