"""Owns a wood fire: flames that roar softly and flicker, wood that crackles and now and then bursts; hides its parts.

Crackles come in showers: where one pocket of steam has burst others follow. Their strengths follow a power law.
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

_SHOWERS_A_SECOND = 1.1
_LONE_A_SECOND = 3.0
_BURSTS_A_SECOND = 0.22


def fire(circle: Circle, chance: Chance) -> Wave:
    """One loop of a fire."""
    wave = _flames(circle, chance)
    crackles = circle.silence()
    _crackles(circle, chance, crackles)
    _bursts(circle, chance, crackles)
    # The chimney and the hearth answer, briefly.
    wave += crackles + 0.35 * circle.echoing(crackles, chance.stream("hearth"), decay_s=0.25, brightest_hz=2500)
    return wave


def _flames(circle: Circle, chance: Chance) -> Wave:
    """Roar, flutter and hiss, which grow and shrink together as the flames do."""
    size = circle.drift(chance.stream("size"), 0.35)
    flicker = circle.drift(chance.stream("flicker"), 9.0, tilt=0.3)
    wave = circle.silence()
    for side in range(2):
        own = circle.drift(chance.stream("flicker", side), 12.0, tilt=0.2)
        roar = circle.noise(chance.stream("roar", side), between(38, 170, slope=2.0, tilt=0.4))
        flutter = circle.noise(chance.stream("flutter", side), between(180, 700, slope=2.0, tilt=0.6))
        hiss = circle.noise(chance.stream("hiss", side), between(2500, 9000, slope=1.5, tilt=0.2))
        wave[side] += 0.055 * roar * decibels(2.5 * size + 2.0 * flicker)
        wave[side] += 0.028 * flutter * decibels(3.0 * size + 3.0 * (0.6 * flicker + 0.8 * own))
        wave[side] += 0.0045 * hiss * decibels(3.5 * size + 1.5 * own)
    return wave


def _crackles(circle: Circle, chance: Chance, wave: Wave) -> None:
    rng = chance.stream("crackles")
    bank = [_crackle(rng) for _ in range(160)]

    def burn(at: int, pan: float, most: float) -> None:
        level = 0.06 * min(float(rng.pareto(1.5)) + 0.25, most)
        place(wave, at, bank[int(rng.integers(len(bank)))], float(np.clip(pan, -0.9, 0.9)), level)

    for at in circle.moments(rng, _LONE_A_SECOND):
        burn(int(at), float(rng.uniform(-0.7, 0.7)), 10.0)
    for at in circle.moments(rng, _SHOWERS_A_SECOND):
        pan, place_in = float(rng.uniform(-0.6, 0.6)), float(at)
        for _ in range(int(rng.geometric(0.12))):
            burn(int(place_in), pan + float(rng.normal(0, 0.08)), 6.0)
            place_in += rng.exponential(0.035) * SAMPLE_RATE


def _crackle(rng: np.random.Generator) -> Mono:
    """A pocket of steam that bursts: a spike of noise, coloured by the wood around it."""
    decay_s = float(np.exp(rng.uniform(np.log(0.0004), np.log(0.004))))
    time = np.arange(int(max(9 * decay_s, 0.004) * SAMPLE_RATE)) / SAMPLE_RATE
    spike = rng.standard_normal(len(time)) * np.exp(-time / decay_s)
    hz = float(np.exp(rng.uniform(np.log(900), np.log(5500))))
    wood = np.sin(2 * np.pi * hz * time + rng.uniform(0, 6.28)) * np.exp(-time / (1.8 * decay_s))
    grain = (0.7 * spike + 0.8 * wood) * np.minimum(time / 0.0001, 1)
    return np.asarray(grain * np.minimum((time[-1] - time) / 0.0005, 1), np.float32)


def _bursts(circle: Circle, chance: Chance, wave: Wave) -> None:
    """A log that splits: a low knock with a hard edge."""
    rng = chance.stream("bursts")
    for at in circle.moments(rng, _BURSTS_A_SECOND):
        time = np.arange(int(0.12 * SAMPLE_RATE)) / SAMPLE_RATE
        knock = np.sin(2 * np.pi * rng.uniform(130, 260) * time) * np.exp(-time / rng.uniform(0.01, 0.025))
        edge = rng.standard_normal(len(time)) * np.exp(-time / 0.002)
        grain = (knock + 0.8 * edge) * np.minimum(time / 0.0002, 1) * np.minimum((time[-1] - time) / 0.01, 1)
        place(wave, int(at), grain.astype(np.float32), float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.15, 0.4)))
