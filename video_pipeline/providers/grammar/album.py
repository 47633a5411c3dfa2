"""Owns the course of an album: how pace, fullness, keys and light move over its pieces; hides the curves.

    part      arrival      build          calm middle        winding down
    fullness     __      __/^^^^\\_______________________
              __/   \\____/                               \\________________
    light     earliest . . . . . . . . . . . . . . . . . . . . . . . latest

Neighbouring keys are at most one step apart on the circle of fifths (or relatives of each other), none follows itself,
and the last piece comes home to the signature of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from video_pipeline.domain.scenery import TimeOfDay
from video_pipeline.domain.storyboard import Instrument, Mode
from video_pipeline.providers.grammar.dice import Dice
from video_pipeline.providers.grammar.forms import FORMS, Form
from video_pipeline.providers.grammar.moods import Shade
from video_pipeline.providers.grammar.world import World

T = TypeVar("T")


class Part(StrEnum):
    """A part of the album."""

    ARRIVAL = "arrival"
    BUILD = "build"
    CALM = "calm"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one piece is to be, before it has words."""

    part: Part
    form: Form
    tempo_bpm: int
    tonic: str
    mode: Mode
    instruments: tuple[Instrument, ...]  # the first one leads, the second one accompanies
    density: float
    time: TimeOfDay


_PART_ENDS = ((0.15, Part.ARRIVAL), (0.45, Part.BUILD), (0.75, Part.CALM), (1.0, Part.CLOSE))
_FULLNESS = ((0.0, -0.08), (0.15, -0.02), (0.42, 0.14), (0.5, 0.02), (0.75, -0.02), (1.0, -0.22))
_PACE = ((0.0, 0.4), (0.15, 0.45), (0.42, 0.85), (0.5, 0.5), (0.75, 0.4), (1.0, 0.05))
"""Knots of the curves: position in the album, and what is added to the density or the place in the tempo range."""

_KEYBOARDS = frozenset({Instrument.PIANO, Instrument.FELT_PIANO, Instrument.ELECTRIC_PIANO})
"""One piano at a time: two of them share a register and blur each other."""

FIFTHS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
"""Tonics in the order of fifths."""

SIGNATURE_OF_MODE = {
    Mode.LYDIAN: 1,
    Mode.MAJOR: 0,
    Mode.PENTATONIC: 0,
    Mode.MIXOLYDIAN: -1,
    Mode.DORIAN: -2,
    Mode.MINOR: -3,
    Mode.PHRYGIAN: -4,
}
"""How many fifths a mode's key signature lies above that of the major key on the same tonic."""

_BRIGHTNESS = {
    Mode.LYDIAN: 2,
    Mode.MAJOR: 2,
    Mode.MIXOLYDIAN: 1,
    Mode.PENTATONIC: 1,
    Mode.DORIAN: 0,
    Mode.MINOR: -2,
    Mode.PHRYGIAN: -2,
}
_HOMES = range(-2, 3)
_STRAY = 2  # how many fifths from home an album may go; more would need spellings that nobody reads


def outline(world: World, shade: Shade, dice: Dice, count: int) -> tuple[Piece, ...]:
    """The course of an album of `count` pieces."""
    places = [index / max(count - 1, 1) for index in range(count)]
    parts = [_part(place) for place in places]
    forms = _forms(world, dice, parts)
    keys = _keys(_modes(world, shade), dice, count)
    times = _times(world, dice, count)
    leads = _unlike_neighbors(dice.bag(world.leads))
    made = []
    for place, part, form, key, time in zip(places, parts, forms, keys, times, strict=True):
        density = _density(world, shade, form, dice, place)
        made.append(
            Piece(
                part=part,
                form=form,
                tempo_bpm=_tempo(world, shade, form, dice, place),
                tonic=key[0],
                mode=key[1],
                instruments=_ensemble(world, form, dice, next(leads), density),
                density=density,
                time=time,
            )
        )
    return tuple(made)


def _part(place: float) -> Part:
    return next(part for end, part in _PART_ENDS if place < end or end == 1.0)


def _on_curve(knots: tuple[tuple[float, float], ...], place: float) -> float:
    for (left, low), (right, high) in pairwise(knots):
        if place <= right:
            return low + (high - low) * (place - left) / (right - left)
    return knots[-1][1]


def _unlike_neighbors(draws: Iterator[T]) -> Iterator[T]:
    """`draws` without an entry that follows itself; needs at least two different ones."""
    previous: list[T] = []
    for draw in draws:
        if [draw] != previous:
            yield draw
            previous = [draw]


def _forms(world: World, dice: Dice, parts: list[Part]) -> list[Form]:
    """A form for each piece; the last part keeps to forms without a beat where the world has enough of them."""
    still = tuple(name for name in world.forms if not FORMS[name].beat)
    moving = dice.bag(world.forms)
    closing = dice.bag(still if len(set(still)) > 1 else world.forms)
    chosen: list[str] = []
    for part in parts:
        draws = closing if part is Part.CLOSE else moving
        chosen.append(next(name for name in draws if chosen[-1:] != [name]))
    return [FORMS[name] for name in chosen]


def _modes(world: World, shade: Shade) -> list[Mode]:
    """The world's modes, each as often as its place and the moods make it likely."""
    modes = list(world.modes)
    if shade.light >= 1 and Mode.MAJOR not in modes:
        modes.append(Mode.MAJOR)
    if shade.light <= -1 and Mode.MINOR not in modes:
        modes.append(Mode.MINOR)
    # Every mode stays possible: an album of one mode could not change its key without leaving its signature.
    weights = [2 * (len(modes) - index + shade.light * _BRIGHTNESS[mode]) for index, mode in enumerate(modes)]
    return [mode for mode, weight in zip(modes, weights, strict=True) for _ in range(max(weight, 1))]


def _keys(modes: list[Mode], dice: Dice, count: int) -> list[tuple[str, Mode]]:
    """(tonic, mode) of each piece."""
    home = dice.pick(_HOMES)
    signature = home
    keys: list[tuple[str, Mode]] = []
    for index in range(count):
        reach = min(_STRAY, count - 1 - index)
        steps = [step for step in (-1, 0, 0, 1) if abs(signature + step - home) <= reach] if keys else [0]
        allowed = [
            (tonic, mode, signature + step)
            for step in steps
            for mode in modes
            if (tonic := _tonic(signature + step, mode)) and (tonic, mode) not in keys[-1:]
        ]
        fresh = [key for key in allowed if key[:2] not in keys[-4:]]
        tonic, mode, signature = dice.pick(fresh or allowed)
        keys.append((tonic, mode))
    return keys


def _tonic(signature: int, mode: Mode) -> str | None:
    """The tonic whose `mode` has `signature` sharps (or minus as many flats); None where nobody would name it so."""
    place = signature - SIGNATURE_OF_MODE[mode] + FIFTHS.index("C")
    return FIFTHS[place] if 0 <= place < len(FIFTHS) else None


def signature_of(tonic: str, mode: Mode) -> int:
    """How many sharps (or minus flats) a key has."""
    return FIFTHS.index(tonic) - FIFTHS.index("C") + SIGNATURE_OF_MODE[mode]


def _times(world: World, dice: Dice, count: int) -> list[TimeOfDay]:
    """The world's times of day in their order, each at least twice where there is room."""
    steps = len(world.times)
    ends = [(index + 1) * count // steps for index in range(steps)]
    drift = max(count // steps // 4, 0)
    ends[:-1] = [end + dice.below(2 * drift + 1) - drift for end in ends[:-1]]
    return [next(time for end, time in zip(ends, world.times, strict=True) if index < end) for index in range(count)]


def _density(world: World, shade: Shade, form: Form, dice: Dice, place: float) -> float:
    """The changes are meant for a world of density 0.4; a sparser world moves in smaller steps."""
    change = form.density + shade.fullness + _on_curve(_FULLNESS, place) + dice.between(-0.04, 0.04)
    return round(min(max(world.density * (1 + change / 0.4), 0.05), 0.9), 2)


def _tempo(world: World, shade: Shade, form: Form, dice: Dice, place: float) -> int:
    """Inside the form's own range always, inside the world's too where the two meet."""
    low = max(form.tempo[0], world.tempo[0])
    high = min(form.tempo[1], world.tempo[1])
    if low > high:
        low, high = form.tempo
    # Moods bend the curve instead of shifting it, or a drowsy album would lie at the lower limit throughout.
    share = _on_curve(_PACE, place) * (1 + 2.5 * shade.pace) + dice.between(-0.15, 0.15)
    return round(low + (high - low) * min(max(share, 0), 1))


def _ensemble(world: World, form: Form, dice: Dice, lead: Instrument, density: float) -> tuple[Instrument, ...]:
    """The lead, one instrument under it, and more of them the fuller the piece is."""
    players = [lead]

    def join(choices: Sequence[Instrument], number: int) -> None:
        for each in dice.shuffled(choices):
            if number and each not in players and not (each in _KEYBOARDS and _KEYBOARDS & set(players)):
                players.append(each)
                number -= 1

    join(world.beds, 2 if density > 0.3 else 1)
    if density > 0.44:
        join(world.leads, 1)
    if form.beat and density > 0.3:
        join(world.pulses, 2 if density > 0.42 else 1)
    return tuple(players)
