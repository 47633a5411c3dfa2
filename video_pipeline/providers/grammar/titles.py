"""Owns the titles of the pieces: short, and no two alike; hides how halves are matched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from video_pipeline.providers.grammar.album import Piece
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.wording import titled, words_of
from video_pipeline.providers.grammar.world import World

_SHAPES = ("thing tail",) * 15 + ("tail",) + ("form guest",) * 3 + ("thing",)
_IGNORED = frozenset(("a", "an", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with"))


def piece_titles(world: World, pieces: Sequence[Piece], dice: Dice) -> tuple[str, ...]:
    """One title for each of `pieces`."""
    shapes, things, tails, guests = (
        dice.bag(choices) for choices in (_SHAPES, world.things, world.tails, world.guests)
    )
    taken: list[str] = []
    for piece in pieces:
        candidates = _candidates(shapes, things, tails, guests, piece.form.name)
        taken.append(next(title for title in candidates if title not in taken and not _repeats_itself(title)))
    return tuple(taken)


def _candidates(
    shapes: Iterator[str], things: Iterator[str], tails: Iterator[str], guests: Iterator[str], form: str
) -> Iterator[str]:
    while True:
        shape = next(shapes)
        if shape == "thing tail":
            yield f"{next(things)} {next(tails)}"
        elif shape == "form guest":
            yield f"{titled(form)} for {next(guests)}"
        else:
            alone = next(tails if shape == "tail" else things)
            yield alone[:1].upper() + alone[1:]


def _repeats_itself(title: str) -> bool:
    """True when a telling word comes twice ("Candles ... Until the Candles Fail"); a plural counts as its singular."""
    words = [word.removesuffix("s") for word in words_of(title) if word not in _IGNORED]
    return len(words) != len(set(words))
