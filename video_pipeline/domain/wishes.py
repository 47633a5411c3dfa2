"""Owns the parts of an order that are values of their own, and what plain words are; hides characters nobody sees."""

from __future__ import annotations

from dataclasses import dataclass

from video_pipeline.domain.characters import JOINERS
from video_pipeline.domain.errors import InvalidInputError

PROMPT_CHARACTERS = range(10, 2001)
"""Of what a picture or a piece is to be."""

LEVEL_DB = (-40.0, 0.0)
"""How loud a bed may be against the music: below it is not heard, above it is the music."""

DUCKING_DB_MAX = 24.0
"""A bed that steps back further is gone."""

BEDS_MAX = 6
"""Sounds beneath a programme; more become noise."""

FROM_FILE = "file:"
"""How the name of an uploaded sound begins; any other name is that of an ambience."""


@dataclass(frozen=True, slots=True)
class BedWish:
    """A sound that is to lie beneath the whole programme."""

    sound: str  # an ambience such as rain, or file:NAME for an uploaded one
    level_db: float = -18.0  # loudness against that of the music
    ducking_db: float = 6.0  # how far it steps back while the music is loud

    def __post_init__(self) -> None:
        object.__setattr__(self, "sound", plain_words("sound", self.sound, 255))
        low, high = LEVEL_DB
        if not low <= self.level_db <= high:
            raise InvalidInputError(
                f"sound {self.sound}: its level against the music is from {low:g} to {high:g} dB, not {self.level_db:g}"
            )
        if not 0 <= self.ducking_db <= DUCKING_DB_MAX:
            raise InvalidInputError(
                f"sound {self.sound}: it steps back by 0 to {DUCKING_DB_MAX:g} dB, not {self.ducking_db:g}"
            )

    @property
    def filename(self) -> str | None:
        """The name of the uploaded file; None for an ambience."""
        return self.sound.removeprefix(FROM_FILE) if self.sound.startswith(FROM_FILE) else None


def bed_wish(text: str) -> BedWish:
    """What `rain`, `rain:-20` or `rain:-20:3` ask for: sound, level and ducking in dB.

    `file:NAME` may stand for the sound. InvalidInputError when a number is none.
    """
    prefix = FROM_FILE if text.startswith(FROM_FILE) else ""
    sound, *numbers = text.removeprefix(prefix).split(":")
    try:
        return BedWish(prefix + sound, *map(float, numbers))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"sound {text!r} is not understood; write for example rain, rain:-20 or rain:-20:3 "
            "(level and ducking in dB)"
        ) from error


def check_beds(beds: tuple[BedWish, ...], ambiences: frozenset[str]) -> None:
    """Raise InvalidInputError unless there are few enough, each once, and each ambience is one of `ambiences`."""
    if len(beds) > BEDS_MAX:
        raise InvalidInputError(f"sound beds: {len(beds)} are asked for, at most {BEDS_MAX} are allowed")
    sounds = [bed.sound for bed in beds]
    if len(set(sounds)) < len(sounds):
        raise InvalidInputError(f"sound beds: each sound once, not {', '.join(sounds)}")
    for bed in beds:
        if bed.filename is None and bed.sound not in ambiences:
            raise InvalidInputError(
                f"sound {bed.sound!r} is not known; one of: {', '.join(sorted(ambiences))}, or {FROM_FILE}NAME"
            )


def plain_words(name: str, value: str, longest: int) -> str:
    """`value` trimmed and in one line; InvalidInputError when empty, too long or with control characters."""
    cleaned = " ".join(value.split())
    if not cleaned:
        raise InvalidInputError(f"{name} is empty; give at least one word")
    if len(cleaned) > longest:
        raise InvalidInputError(f"{name} has {len(cleaned)} characters; at most {longest} are allowed")
    if not cleaned.translate(dict.fromkeys(map(ord, JOINERS))).isprintable():
        raise InvalidInputError(f"{name} has control characters; use plain text")
    return cleaned
