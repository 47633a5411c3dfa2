"""Owns how a niche is read: which world it means, or which two; hides the matching of words.

A niche that names two worlds ("Rainy Jazz Cafe") gets the stronger one with places and words of the other. A niche that
names none gets a blend of two quiet worlds, chosen by its words, and keeps those words in its titles and prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from video_pipeline.domain.scenery import Motif
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.wording import plain, titled, words_of
from video_pipeline.providers.grammar.world import World, listed
from video_pipeline.providers.grammar.worlds_beyond import WORLDS_BEYOND
from video_pipeline.providers.grammar.worlds_of_nature import WORLDS_OF_NATURE
from video_pipeline.providers.grammar.worlds_of_old import WORLDS_OF_OLD
from video_pipeline.providers.grammar.worlds_of_rooms import WORLDS_OF_ROOMS

T = TypeVar("T")

WORLDS: tuple[World, ...] = (*WORLDS_OF_OLD, *WORLDS_OF_ROOMS, *WORLDS_OF_NATURE, *WORLDS_BEYOND)

NAMELESS = "Ambient Music"
"""What a niche without a single letter, digit or symbol is called."""

_QUIET_PAIRS = (
    ("cozy cabin", "library"),
    ("rain", "library"),
    ("ocean", "mountains"),
    ("garden", "mountains"),
    ("meditation", "ocean"),
    ("rain", "cozy cabin"),
    ("deep sleep", "meditation"),
    ("garden", "cozy cabin"),
)
"""Worlds that go together and would not surprise the listener of a niche that nobody foresaw."""

_TELLING = range(4, 21)  # characters of a word worth repeating
_TITLE_MAX_CHARACTERS = 30
_COMMON = frozenset(
    listed(
        """ambience | ambient | atmosphere | background | beats | calm | from | music | night | relaxing | sound |
        sounds | soundscape | soundscapes | with | vibes | video | hour | hours | songs | playlist"""
    )
)


@dataclass(frozen=True, slots=True)
class Niche:
    """A niche that was read."""

    label: str  # as people may read it
    world: World
    known: bool  # whether its words named a world
    own_words: tuple[str, ...]  # its telling words, for a niche that is not known


def read_niche(niche_label: str) -> Niche:
    """The world that `niche_label` means; every text means one."""
    label = plain(niche_label, 255) or NAMELESS
    words = words_of(label)
    ranked = sorted((rank for world in WORLDS if (rank := _rank(world, words))), key=lambda rank: rank[:2])
    if ranked:
        world = ranked[0][2]
        return Niche(label, blend(world, ranked[1][2]) if len(ranked) > 1 else world, True, ())
    by_name = {world.name: world for world in WORLDS}
    main, other = Dice("niche", *words).pick(_QUIET_PAIRS)
    own = tuple(dict.fromkeys(word for word in words if len(word) in _TELLING and word not in _COMMON))[:3]
    return Niche(label, _with_own_words(blend(by_name[main], by_name[other]), label, own), False, own)


def _rank(world: World, words: Sequence[str]) -> tuple[int, int, World] | None:
    """(minus the number of words that name it, minus the place of the last one, world), or None when none does.

    In English the last noun of a name says what the thing is: a rain library is a library.
    """
    hits = {
        at + offset: at
        for synonym in (world.name, *world.synonyms)
        for at in range(len(words))
        if _named_at(synonym.split(), words, at)
        for offset in range(len(synonym.split()))
    }
    return (-len(hits), -max(hits), world) if hits else None


def _named_at(synonym: Sequence[str], words: Sequence[str], at: int) -> bool:
    spoken = words[at : at + len(synonym)]
    return len(spoken) == len(synonym) and all(
        word in (name, f"{name}s", f"{name}es") for word, name in zip(spoken, synonym, strict=True)
    )


def blend(main: World, other: World) -> World:
    """`main` with some of the places and words of `other`; its sound stays its own, with one guest among the leads."""
    settings: dict[Motif, tuple[str, ...]] = dict(main.settings)
    for motif in list(other.settings)[:2]:
        settings[motif] = _joined(settings.get(motif, ()), other.settings[motif])
    return replace(
        main,
        leads=_joined(main.leads, other.leads[:1]),
        settings=settings,
        weathers=_joined(main.weathers, other.weathers[:1]),
        adjectives=_joined(main.adjectives, other.adjectives[:3]),
        images=_joined(main.images, other.images[:4]),
        things=_joined(main.things[:12], other.things[:6]),
        tails=_joined(main.tails[:12], other.tails[:6]),
        guests=_joined(main.guests, other.guests[:2]),
        tags=_joined(main.tags[:4], other.tags[:2]),
    )


def _joined(mine: tuple[T, ...], others: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*mine, *others)))


def _with_own_words(world: World, label: str, own: Sequence[str]) -> World:
    name = plain(label, 60)
    short = (titled(name),) if len(name) <= _TITLE_MAX_CHARACTERS else ()
    return replace(
        world,
        images=(f"the feeling of {name}", f"{name}, late and unhurried", f"a far memory of {name}", *world.images[:8]),
        things=_joined((*short, *(titled(word) for word in own)), world.things),
        door=f"a quiet corner called {name}, on an evening that takes its time",
    )
