"""Owns how one great hall is built: measures, stones, lamps; hides the choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from video_pipeline.domain.scenery import TimeOfDay
from video_pipeline.providers.images_procedural.rooms import Room
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix


@dataclass(frozen=True, slots=True)
class Style:
    """How one hall is built."""

    bay: float  # metres from column to column
    window_half: float
    window_spring: float
    pointed: bool
    stone: Colour
    trim: Colour  # gilding and mouldings
    cloth: Colour  # carpet and banners
    glass: Colour
    lamps: tuple[tuple[float, float, float], ...]


def design(stage: Stage) -> tuple[Room, Style]:
    """The room and its style, from the seed."""
    rng, mood = stage.rng("design"), stage.mood
    half = float(rng.uniform(4.6, 7.0))
    bay = float(rng.uniform(4.2, 6.0))
    count = int(rng.integers(5, 9))
    spring = float(rng.uniform(6.0, 9.0))
    axis = half - float(rng.uniform(1.0, 1.7))
    first = float(rng.uniform(2.6, 4.4))
    columns = tuple((side * axis, first + bay * number) for number in range(count) for side in (-1, 1))
    room = Room(
        half_width=half,
        spring=spring,
        length=first + bay * (count - 0.5),
        eye=(float(rng.uniform(-0.3, 0.3)) * half, float(rng.uniform(1.5, 3.6))),
        centre=float(rng.choice([-1, 0, 1]) * rng.uniform(0.1, 0.26)) * min(stage.width / stage.unit / 1.78, 1),
        focus=float(rng.uniform(0.75, 1.2)),
        horizon=float(rng.uniform(0.5, 0.68)),
        vault=float(rng.choice([0.55, 0.9, 1.15])),
        columns=columns if rng.uniform() < 0.8 else (),
        radius=float(rng.uniform(0.3, 0.48)),
    )
    pale = rng.uniform() < 0.5
    stone = mix(colour("d6c8b2") if pale else colour("8b7863"), mood.light if pale else mood.middle, 0.25)
    lamps = tuple((0.0, spring * 0.78, first + bay * (0.7 + 1.6 * number)) for number in range(max(count // 2, 2)))
    style = Style(
        bay=bay,
        window_half=bay * float(rng.uniform(0.2, 0.28)),
        window_spring=spring * float(rng.uniform(0.55, 0.68)),
        pointed=bool(rng.uniform() < 0.5),
        stone=stone,
        trim=mix(colour("d9a441"), mood.accent, 0.3),
        cloth=mix(colour("8c1f26"), mood.shade, 0.35),
        glass=_glass(stage),
        lamps=lamps,
    )
    return room, style


def _glass(stage: Stage) -> Colour:
    """Light that stands behind the windows."""
    mood = stage.mood
    strength = {TimeOfDay.NIGHT: 0.85, TimeOfDay.DUSK: 1.0, TimeOfDay.DAY: 1.6}.get(stage.scenery.time_of_day, 1.5)
    return np.asarray(
        mix(mood.sky_middle, mood.sky_foot, 0.55) * np.float32(strength) + mood.sun * np.float32(0.14), np.float32
    )
