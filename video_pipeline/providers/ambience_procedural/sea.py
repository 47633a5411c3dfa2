"""Owns waves on a beach: each swells, breaks and leaves its foam behind; hides the three bands they are made of.

swell (low)       __/^^\\___
break (middle)    ____/\\______
foam (high)       _____/^----..._
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from video_pipeline.providers.ambience_procedural.circle import Chance, Circle, Mono, Wave, around, between, decibels

SECONDS = 84

_BETWEEN_S = 10.0
"""From wave to wave, on average; wind waves on an open beach come every 6 to 12 s."""


def sea(circle: Circle, chance: Chance) -> Wave:
    """One loop of waves."""
    wave = circle.silence()
    envelopes = _envelopes(circle, chance)
    for side in range(2):
        swell = circle.noise(chance.stream("swell", side), between(45, 260, slope=2.0, tilt=0.6))
        middle = circle.noise(chance.stream("break", side), between(220, 2400, slope=1.5, tilt=0.55))
        foam = circle.noise(chance.stream("foam", side), between(1800, 10_000, slope=1.5, tilt=0.25))
        far = circle.noise(chance.stream("far", side), between(90, 1400, slope=1.2, tilt=0.7))
        # Foam is many bubbles: it is rough, not smooth as noise is.
        fizz = decibels(2.2 * circle.drift(chance.stream("fizz", side), 45.0, tilt=0.0))
        low, broken, high = envelopes[side]
        wave[side] += 0.11 * swell * low + 0.15 * middle * broken + 0.08 * foam * fizz * high
        wave[side] += 0.032 * far * decibels(1.5 * circle.drift(chance.stream("offing"), 0.2))
    return wave


def _envelopes(circle: Circle, chance: Chance) -> npt.NDArray[np.float32]:
    """How strong swell, break and foam are at each sample: (side, band, samples). Each wave comes from somewhere."""
    rng = chance.stream("waves")
    count = max(round(circle.seconds / _BETWEEN_S), 1)
    made = np.zeros((2, 3, circle.samples), np.float32)
    for number in range(count):
        at = circle.samples * (number + rng.uniform(-0.22, 0.22)) / count
        size, pan = float(rng.uniform(0.5, 1.0)), float(rng.uniform(-0.5, 0.5))
        bands = _wave(circle.rate, rng, size)
        for side in range(2):
            # It runs along the beach: the nearer side hears it first and louder.
            nearer = 1 - 0.5 * pan * (1 if side == 0 else -1)
            later = int((1 - nearer) * 0.8 * circle.rate)
            for band, envelope in enumerate(bands):
                around(made[side, band], int(at) + later, envelope * np.float32(nearer))
    return made


def _wave(rate: int, rng: np.random.Generator, size: float) -> tuple[Mono, Mono, Mono]:
    """The strength of one wave in three bands; it breaks 3 to 4 s after its beginning."""
    time = np.arange(11 * rate) / rate
    breaks = rng.uniform(2.8, 3.8)
    swell = _hill(time, breaks - 0.1, 1.3, 1.1)
    broken = _hill(time, breaks + 0.25, 0.38, rng.uniform(0.7, 1.1))
    foam = _hill(time, breaks + 0.7, 0.5, rng.uniform(1.6, 2.4)) + 0.25 * _hill(time, breaks + 4.0, 1.0, 1.1)
    end = np.clip((time[-1] - time) / 1.5, 0, 1) * np.clip(time / 0.3, 0, 1)
    return tuple(np.asarray(size * each * end, np.float32) for each in (swell, broken, foam * size**0.5))  # type: ignore[return-value]


def _hill(time: npt.NDArray[np.float64], top: float, rise_s: float, fall_s: float) -> npt.NDArray[np.float64]:
    """Up to 1 at `top` along a bell, down along another one."""
    away = time - top
    return np.asarray(np.exp(-np.square(away / np.where(away < 0, rise_s, fall_s)) / 2))
