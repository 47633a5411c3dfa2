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

_SLOW_RATE = 6000
"""The howl has nothing above 2.5 kHz; an eighth of the samples is an eighth of the work."""


def wind(circle: Circle, chance: Chance) -> Wave:
    """One loop of wind."""
    slow = Circle(circle.samples * _SLOW_RATE // circle.rate, _SLOW_RATE)
    gust = circle.drift(chance.stream("gust"), 0.45, tilt=0.35)
    strengths = [np.roll(gust, int(side * _LATER_S * circle.rate)) for side in range(2)]
    wave = slow.raised(_howl(slow, chance), circle.rate)
    for side, strength in enumerate(strengths):
        wave[side] = _with_edges(circle, chance, wave[side], strength, side)
    return np.asarray(wave * np.float32(0.05), np.float32)


def _howl(slow: Circle, chance: Chance) -> Wave:
    """The gusts without what is always there."""
    gust = slow.drift(chance.stream("gust"), 0.45, tilt=0.35)
    whistle = slow.drift(chance.stream("whistle"), 0.3, tilt=0.3)
    wave = slow.silence()
    for band, hz in enumerate(np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS)):
        for side in range(2):
            noise = slow.noise(chance.stream("band", band, side), between(hz * 0.87, hz * 1.15, slope=6.0))
            # The pitch in octaves over 230 Hz.
            pitch = np.roll(0.75 * gust + 0.35 * whistle, int(side * _LATER_S * slow.rate))
            away = (np.float32(np.log2(hz / 230)) - pitch) / np.float32(0.9)
            wave[side] += noise * np.exp(-np.square(away)) * np.float32((hz / 300) ** -0.25)
    return wave


def _with_edges(circle: Circle, chance: Chance, howl: Mono, strength: Mono, side: int) -> Mono:
    """`howl` with what is always there, far below, and with leaves that only a strong gust moves."""
    below = circle.noise(chance.stream("below", side), between(45, 140, slope=2.0, tilt=0.5))
    leaves = circle.noise(chance.stream("leaves", side), between(2200, 7000, slope=2.0, tilt=0.4))
    shiver = circle.drift(chance.stream("shiver", side), 6.0, tilt=0.2)
    always = 0.55 * below * decibels(1.5 * strength)
    moved = 0.05 * leaves * decibels(6.0 * np.clip(strength, -2.5, 2.0) + 2.5 * shiver)
    return np.asarray(howl * decibels(3.6 * strength) + always + moved, np.float32)
