"""Owns what a world is: the sounds, places and words that belong to one kind of niche; hides nothing.

Word lists are written with bars between the entries, so that they stay readable as lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.domain.storyboard import Instrument, Mode


def listed(text: str) -> tuple[str, ...]:
    """The entries of a list written with bars, white space tidied."""
    return tuple(" ".join(entry.split()) for entry in text.split("|"))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One kind of niche."""

    name: str
    synonyms: tuple[str, ...]  # words and phrases, in lower case, by which a niche names it
    # How it sounds; of modes and forms the earlier ones come more often.
    leads: tuple[Instrument, ...]
    beds: tuple[Instrument, ...]
    pulses: tuple[Instrument, ...]  # for pieces with a beat; may be empty
    forms: tuple[str, ...]  # names in forms.FORMS
    modes: tuple[Mode, ...]
    tempo: tuple[int, int]  # BPM
    density: float  # around which its pieces lie, 0 to 1
    # How it looks; the keys are at least four motifs, each phrase contains the motif's own words.
    settings: Mapping[Motif, tuple[str, ...]]
    palettes: tuple[Palette, ...]
    times: tuple[TimeOfDay, ...]  # in the order in which an album passes through them
    weathers: tuple[Weather, ...]
    # How it reads.
    adjectives: tuple[str, ...]
    images: tuple[str, ...]  # what a piece may make one think of
    things: tuple[str, ...]  # first halves of a piece's title
    tails: tuple[str, ...]  # second halves; each can stand alone
    guests: tuple[str, ...]  # for whom a piece is played
    door: str  # what the description invites into
    tags: tuple[str, ...]
