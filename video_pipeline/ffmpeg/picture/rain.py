"""Owns the rain before a picture; hides where each drop falls and how its streak is drawn.

A drop crosses the picture a whole number of times in a turn, each time in another place, and is out of sight when it
starts again: so the loop closes, and nobody sees one drop fall in the same place twice within it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video_pipeline.ffmpeg.picture.canvas import Planes, luma_of

Reals = NDArray[np.float64]

# Ranges are from far to near, lengths in short sides of the picture.
DROPS = 190
FALLS = (15, 34)
"""Crossings in a turn of some 17 s: near drops cross in half a second, as rain of 9 m/s does three metres away."""

_LENGTH = (0.022, 0.075)
"""What a drop leaves in a film exposed for a fiftieth of a second, and a little more: shorter ones flicker."""

_WIDTH = (0.00045, 0.0011)
_STRENGTH = (0.16, 0.34)
_INK = 206
"""Luma of a pale grey. A streak is thinner than a sample of colour, which stays that of what is behind it."""

_SLANT = 0.05
"""How far the wind carries a drop aside while it falls by 1."""

_BEYOND = 0.08
"""How far out of the picture a drop goes, in heights of the picture; more than the longest streak."""


@dataclass(frozen=True, slots=True)
class _Streak:
    """The trace of a drop in pixels: where its lower end is, how long and how wide it is."""

    x: float
    y: float
    length: float
    width: float


class Rain:
    """The drops of one picture; `seed` decides all of them."""

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        # Most are far away: those are short, thin, faint and slow.
        near = chance.random(DROPS) ** 1.7
        self._falls = _between(FALLS, near)
        self._length, self._width = _between(_LENGTH, near), _between(_WIDTH, near)
        self._strength = _between(_STRENGTH, near) * chance.uniform(0.7, 1.0, DROPS)
        self._starts = chance.random(DROPS)
        self._places = chance.random((FALLS[1] + 1, DROPS))

    def over(self, planes: Planes, turn: float) -> Planes:
        """The picture with the drops where they are at `turn`."""
        result = planes.copy()
        luma = luma_of(result)
        height, width = luma.shape
        unit = min(height, width)
        # As fast on an upright picture as on a wide one.
        falls = np.maximum(np.rint(self._falls * unit / height), 1).astype(int)
        way = self._starts + falls * turn
        crossing = np.floor(way).astype(int) % falls
        down = (way % 1.0 * (1 + 2 * _BEYOND) - _BEYOND) * height
        drift = _SLANT * height
        across = self._places[crossing, np.arange(DROPS)] * (width + drift) - drift + _SLANT * down
        for drop in range(DROPS):
            streak = _Streak(across[drop], down[drop], self._length[drop] * unit, self._width[drop] * unit)
            _draw(luma, streak, self._strength[drop])
        return result


def _between(ends: tuple[float, float], share: Reals) -> Reals:
    return ends[0] + (ends[1] - ends[0]) * share


def _draw(plane: NDArray[np.uint8], streak: _Streak, strength: float) -> None:
    """Let a soft, pale streak cover a part of `plane`; it fades out towards both ends."""
    # One much thinner than a pixel would flicker on its way; it becomes fainter instead.
    wide = max(streak.width, 0.6)
    strength *= min(streak.width / wide, 1.0)
    height, width = plane.shape
    top, bottom = max(int(streak.y - streak.length) + 1, 0), min(int(streak.y) + 1, height)
    reach = 2.2 * wide + 1
    left = max(int(streak.x - _SLANT * streak.length - reach), 0)
    right = min(int(streak.x + reach) + 2, width)
    if left >= right or top >= bottom:
        return
    rows = np.arange(top, bottom, dtype=np.float32)
    along = (streak.y - rows) / np.float32(streak.length)
    middle = np.float32(streak.x) + np.float32(_SLANT) * (rows - np.float32(streak.y))
    off = (np.arange(left, right, dtype=np.float32)[None, :] - middle[:, None]) / np.float32(wide)
    cover = np.exp(-np.square(off)) * (4 * strength * along * (1 - along))[:, None]
    part = plane[top:bottom, left:right]
    part[:] = np.rint(part + (_INK - part.astype(np.float32)) * cover)
