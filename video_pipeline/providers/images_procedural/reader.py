"""Owns the reading of free text into a scenery; hides the matching of words.

The longest known phrase is matched first and its words are used up, so that "golden hour" is a light and no colour, and
"a frozen lake" beside a cabin is a detail and no lake.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.providers.images_procedural.lexicon import (
    DETAIL_WORDS,
    DETAILS,
    MOTIF_RANK,
    MOTIF_WORDS,
    PALETTE_WORDS,
    TIME_WORDS,
    WEATHER_WORDS,
)

TEXT_MAX_CHARACTERS = 2000  # of a prompt; what is beyond is not read
_INTRODUCTION = "background of "
_WORDS = re.compile(r"[^\W_]+")
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Scenery:
    """What is to be painted."""

    motif: Motif
    time_of_day: TimeOfDay
    weather: Weather
    palette: Palette
    details: tuple[str, ...] = ()  # of DETAILS[motif]; when empty, the seed chooses
    variant: int = 0  # a stable number of the words, so that two prompts naming the same things still differ


def stable_number(*parts: object) -> int:
    """A 64-bit number of `parts` that is the same in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def read_prompt(text: str) -> Scenery:
    """The scenery that `text` describes; never raises, whatever the text.

    What is not named follows from a stable number of the text.
    """
    number = stable_number(text)
    plain = _plain(text[:TEXT_MAX_CHARACTERS])
    found, rest = _match(plain, _PHRASES())
    motif = _named_motif(plain) or _motif(found) or _motif(_match(plain, _phrases(MOTIF_WORDS))[0])
    details = _details(plain, motif) if motif else ()
    if motif is None:
        motif = next((each for each in Motif if _exact_details(plain, each)), None) or _pick(tuple(Motif), number, 1)
        details = _details(plain, motif)
    weather = _first(found, Weather) or _first(_match(rest, _phrases(WEATHER_WORDS))[0], Weather)
    time = _time(found, motif, weather, number)
    return Scenery(
        motif=motif,
        time_of_day=time,
        weather=weather or _pick(_USUAL_WEATHER.get(time, (Weather.CLEAR,)), number, 2),
        palette=_first(found, Palette) or _pick(tuple(Palette), number, 3),
        details=details,
        variant=number,
    )


_USUAL_WEATHER = {
    TimeOfDay.DAWN: (Weather.CLEAR, Weather.MIST),
    TimeOfDay.GOLDEN_HOUR: (Weather.CLEAR, Weather.CLEAR, Weather.MIST),
    TimeOfDay.DUSK: (Weather.CLEAR, Weather.MIST, Weather.STARRY),
    TimeOfDay.NIGHT: (Weather.STARRY, Weather.CLEAR),
}
_USUAL_TIMES = {
    Motif.CITY_NIGHT: (TimeOfDay.NIGHT,),
    Motif.CANDLE_HALL: (TimeOfDay.NIGHT, TimeOfDay.DUSK, TimeOfDay.GOLDEN_HOUR),
    Motif.LIBRARY: (TimeOfDay.NIGHT, TimeOfDay.DUSK),
    Motif.WINTER_CABIN: (TimeOfDay.DUSK, TimeOfDay.NIGHT),
    Motif.RAINY_WINDOW: (TimeOfDay.DUSK, TimeOfDay.NIGHT),
}


def _plain(text: str) -> str:
    """Lower-case words with one space between and around."""
    return f" {' '.join(_WORDS.findall(text.casefold()))} "


def _phrases(words: Mapping[Any, tuple[str, ...]]) -> tuple[tuple[str, StrEnum | None], ...]:
    pairs: list[tuple[str, StrEnum | None]] = [
        (f" {phrase} ", meaning) for meaning, phrases in words.items() for phrase in phrases
    ]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0])))


@cache
def _PHRASES() -> tuple[tuple[str, StrEnum | None], ...]:  # noqa: N802 - a table that is made on first use
    details = [(f" {_bare(name)} ", None) for names in DETAILS.values() for name in names]
    pairs: list[tuple[str, StrEnum | None]] = [*details]
    for words in (MOTIF_WORDS, TIME_WORDS, WEATHER_WORDS, PALETTE_WORDS):
        pairs.extend(_phrases(words))
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0], str(pair[1]))))


def _bare(name: str) -> str:
    return _plain(name).strip().removeprefix("a ").removeprefix("an ")


def _match(plain: str, phrases: Iterable[tuple[str, StrEnum | None]]) -> tuple[list[tuple[int, StrEnum]], str]:
    """Meanings with their places, in the order of the text, and the text with matched words blanked."""
    found: list[tuple[int, StrEnum]] = []
    for phrase, meaning in phrases:
        at = plain.find(phrase)
        while at >= 0:
            if meaning is not None:
                found.append((at, meaning))
            # A mark keeps the words on both sides from joining to a phrase.
            plain = plain[:at] + " " + "|" * (len(phrase) - 2) + " " + plain[at + len(phrase) :]
            at = plain.find(phrase)
    return sorted(found, key=lambda pair: pair[0]), plain


def _first(found: Iterable[tuple[int, StrEnum]], kind: type[_Word]) -> _Word | None:
    return next((meaning for _, meaning in found if isinstance(meaning, kind)), None)


def _named_motif(plain: str) -> Motif | None:
    """The motif of "... background of a <motif> ...", the grammar's own way to say it."""
    _, _, tail = plain.partition(_INTRODUCTION)
    words = f" {tail.removeprefix('a ').removeprefix('an ').removeprefix('the ')}"
    named = [motif for motif in Motif if words.startswith(f" {motif.value} ")]
    return max(named, key=lambda motif: len(motif.value), default=None)


def _motif(found: Iterable[tuple[int, StrEnum]]) -> Motif | None:
    named = [meaning for _, meaning in found if isinstance(meaning, Motif)]
    return min(named, key=lambda motif: MOTIF_RANK.get(motif, 1), default=None)


def _exact_details(plain: str, motif: Motif) -> tuple[str, ...]:
    return tuple(name for name in DETAILS[motif] if f" {_bare(name)} " in plain)


def _details(plain: str, motif: Motif) -> tuple[str, ...]:
    return tuple(
        name
        for name in DETAILS[motif]
        if any(f" {phrase} " in plain for phrase in (_bare(name), *DETAIL_WORDS.get(name, ())))
    )


def _time(found: list[tuple[int, StrEnum]], motif: Motif, weather: Weather | None, number: int) -> TimeOfDay:
    named = _first(found, TimeOfDay)
    if named is not None:
        return named
    if weather in (Weather.AURORA, Weather.STARRY):
        return TimeOfDay.NIGHT
    return _pick(_USUAL_TIMES.get(motif, tuple(TimeOfDay)), number, 4)


def _pick(choices: tuple[_Word, ...], number: int, salt: int) -> _Word:
    return choices[stable_number(number, salt) % len(choices)]
