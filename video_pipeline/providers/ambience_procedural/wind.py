"""Owns wind: gusts that move from one side to the other and rise in pitch as they grow; hides the bands they move in.

Noise is made once in bands of a third of an octave. A gust lifts the bands around its pitch, which follows its
strength; the right ear hears it later than the left one.
"""

from __future__ import annotations

import numpy as np

from video_pipeline.providers.ambience_procedural.circle import Chance, Circle, Mono, Wave, between, decibels

SECONDS = 80

_BANDS = 14
_LOWEST_HZ, _HIGHEST_HZ = 95.0, 1900.0
_LATER_S = 0.7


def wind(circle: Circle, chance: Chance) -> Wave:
    """One loop of wind."""
    gust = circle.drift(chance.stream("gust"), 0.45, tilt=0.35)
    whistle = circle.drift(chance.stream("whistle"), 0.3, tilt=0.3)
    wave = circle.silence()
    for side, channel in enumerate(wave):
        later = int(side * _LATER_S * circle.rate)
        strength, turn = np.roll(gust, later), np.roll(whistle, later)
        # In octaves over 230 Hz.
        _howl(circle, chance, channel, 0.75 * strength + 0.35 * turn, side)
        _edges(circle, chance, channel, strength, side)
    return np.asarray(wave * np.float32(0.05), np.float32)


def _howl(circle: Circle, chance: Chance, channel: Wave, pitch: Mono, side: int) -> None:
    for band, hz in enumerate(np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS)):
        noise = circle.noise(chance.stream("band", band, side), between(hz * 0.87, hz * 1.15, slope=6.0))
        away = (np.float32(np.log2(hz / 230)) - pitch) / np.float32(0.75)
        channel += noise * np.exp(-np.square(away)) * np.float32((hz / 300) ** -0.25)


def _edges(circle: Circle, chance: Chance, channel: Mono, strength: Mono, side: int) -> None:
    """What is always there, far below, and leaves that only a strong gust moves."""
    below = circle.noise(chance.stream("below", side), between(45, 140, slope=2.0, tilt=0.5))
    leaves = circle.noise(chance.stream("leaves", side), between(2200, 7000, slope=2.0, tilt=0.4))
    shiver = circle.drift(chance.stream("shiver", side), 6.0, tilt=0.2)
    channel *= decibels(3.6 * strength)
    channel += 0.55 * below * decibels(1.5 * strength)
    channel += 0.05 * leaves * decibels(6.0 * np.clip(strength, -2.5, 2.0) + 2.5 * shiver)
