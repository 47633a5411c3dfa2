"""Owns rain: a wash of distant drops under thousands of near ones; hides how a drop sounds.

A drop that falls into water encloses a bubble, which rings: the larger, the lower and the longer (Minnaert, 1933), and
a little upwards as it rises. What falls on leaves and stone is a click. There are many small ones and few large ones.
"""

from __future__ import annotations

import numpy as np

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.ambience_procedural.circle import (
    Chance,
    Circle,
    Mono,
    Wave,
    between,
    decibels,
    place,
)

SECONDS = 72

_NEAR_A_SECOND = 130.0
_LARGE_A_SECOND = 2.5
_KINDS = 240
"""Different drops; they return in another order, from another place, with another weight."""


def rain(circle: Circle, chance: Chance) -> Wave:
    """One loop of rain."""
    wave = _wash(circle, chance)
    _drops(circle, chance, wave)
    return wave


def _wash(circle: Circle, chance: Chance) -> Wave:
    """All drops that are too far away to be told apart, and what they do to a roof; a shower breathes a little."""
    breath = decibels(1.2 * circle.drift(chance.stream("breath"), 0.12))
    middle = circle.noise(chance.stream("wash", "middle"), between(250, 9000, slope=1.5, tilt=0.35))
    wave = circle.silence()
    for side in range(2):
        own = circle.noise(chance.stream("wash", side), between(300, 11_000, slope=1.5, tilt=0.3))
        roof = circle.noise(chance.stream("roof", side), between(90, 420, slope=2.0, tilt=0.5))
        wave[side] += breath * (0.55 * own + 0.35 * middle) + 0.3 * roof
    return np.asarray(wave * np.float32(0.1), np.float32)


def _drops(circle: Circle, chance: Chance, wave: Wave) -> None:
    rng = chance.stream("drops")
    small = [_drop(rng, hz=float(np.exp(rng.uniform(np.log(1400), np.log(7500))))) for _ in range(_KINDS)]
    large = [_drop(rng, hz=float(np.exp(rng.uniform(np.log(450), np.log(1500))))) for _ in range(_KINDS // 6)]
    for at in circle.moments(rng, _NEAR_A_SECOND):
        # A power law: for each drop of double the weight there are four.
        level = 0.05 * min(float(rng.pareto(2.0)) + 0.4, 5.0)
        place(wave, int(at), small[int(rng.integers(len(small)))], float(rng.uniform(-0.9, 0.9)), level)
    for at in circle.moments(rng, _LARGE_A_SECOND):
        place(wave, int(at), large[int(rng.integers(len(large)))], float(rng.uniform(-0.6, 0.6)), rng.uniform(0.1, 0.3))


def _drop(rng: np.random.Generator, hz: float) -> Mono:
    """A click and the ring of a bubble of that pitch."""
    decay_s = 0.0022 * (5000 / hz) ** 0.8 * rng.uniform(0.7, 1.5)
    time = np.arange(int(8 * decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    rising = rng.uniform(0.0, 0.12) / decay_s
    ring = np.sin(2 * np.pi * hz * time * (1 + rising * time / 2) + rng.uniform(0, 2 * np.pi))
    onset = np.minimum(time / 0.0003, 1) * np.exp(-time / decay_s)
    click = rng.standard_normal(len(time)) * np.exp(-time / 0.0006) * rng.uniform(0.2, 0.9)
    grain = (ring * onset + np.convolve(click, [0.5, -0.5], "same")) * np.minimum((time[-1] - time) / 0.001, 1)
    return np.asarray(grain, np.float32)
