"""Owns what floats in the air of a picture: motes, snow, fireflies; hides their paths and how they are drawn.

Each particle is a soft spot between pixels. Its path closes over one turn: it wanders on sines of whole numbers of
turns, and what falls crosses the picture a whole number of times and is out of sight when it starts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timeline import Motion
from video_pipeline.ffmpeg.picture.canvas import Planes, chroma_of, luma_of

Reals = NDArray[np.float64]

_WAVES = 3
"""Sines in a path: one, two and three a turn."""

_BEYOND = 0.05
"""How far out of the picture a falling particle goes, in heights of the picture."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of particles they are. Lengths are in short sides of the picture, ranges are from far to near."""

    count: int
    radius: tuple[float, float]  # of a spot, to where it is a third as strong as in its middle
    strength: tuple[float, float]  # 0 not to be seen, 1 covers what is behind
    colour: tuple[int, int, int]  # luma and chroma, BT.709 limited range
    wander: float  # how far its way leads
    falls: tuple[int, ...] = ()  # how often it crosses the picture in a turn; nothing: it only wanders
    blinks: tuple[int, ...] = ()  # how often it glows in a turn; nothing: it twinkles a little
    halo: float = 0.0  # strength of a glow around it, four times as wide


SWARMS: Mapping[Motion, Kind] = {
    Motion.PARTICLES: Kind(80, (0.0014, 0.0060), (0.50, 0.20), (214, 108, 142), wander=0.10),
    Motion.SNOW: Kind(170, (0.0011, 0.0075), (0.70, 0.34), (228, 130, 127), wander=0.03, falls=(1, 1, 2, 2, 3)),
    Motion.FIREFLIES: Kind(
        34, (0.0016, 0.0032), (0.85, 0.95), (214, 62, 139), wander=0.13, blinks=(2, 3, 3, 4), halo=0.22
    ),
}


class Swarm:
    """The particles of one picture; `seed` decides all of them."""

    def __init__(self, kind: Kind, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self._kind = kind
        # Few are near: those are large, faint and fast.
        near = chance.random(kind.count) ** 2.5
        self._radius = _between(kind.radius, near)
        self._strength = _between(kind.strength, near)
        self._home = chance.random((2, kind.count))
        waves = np.arange(1, _WAVES + 1)[:, None, None]
        self._reach = kind.wander * chance.uniform(0.4, 1.0, (_WAVES, 2, kind.count)) / waves
        self._starts = chance.random((_WAVES, 2, kind.count))
        steps = np.rint(near * (len(kind.falls) - 1)).astype(int) if kind.falls else np.zeros(kind.count, int)
        self._falls = np.array(kind.falls or (0,))[steps]
        self._beats = np.array(kind.blinks or (2, 3, 5))[chance.integers(0, len(kind.blinks or (2, 3, 5)), kind.count)]
        self._beat_starts = chance.random(kind.count)

    def over(self, planes: Planes, turn: float) -> Planes:
        """The picture with the particles where they are at `turn`."""
        result = planes.copy()
        height, width = luma_of(planes).shape
        unit = min(height, width)
        across, down = self._places(turn, width / unit, height / unit)
        strength = self._strength * self._glow(turn)
        spots = zip(across * unit, down * unit, self._radius * unit, strength, strict=True)
        for x, y, radius, strong in spots:
            self._draw(result, (x, y), radius, strong)
            if self._kind.halo:
                self._draw(result, (x, y), 4 * radius, strong * self._kind.halo)
        return result

    def _places(self, turn: float, width: float, height: float) -> tuple[Reals, Reals]:
        """Where each particle is from the left and from the top of a picture of that size, in short sides."""
        waves = np.arange(1, _WAVES + 1)[:, None, None]
        sway = (self._reach * np.sin(2 * np.pi * (waves * turn + self._starts))).sum(axis=0)
        across, down = self._home[0] * width + sway[0], self._home[1] * height + sway[1] * (self._falls == 0)
        room = 1 + 2 * _BEYOND
        falling = ((self._home[1] + self._falls * turn) % 1.0 * room - _BEYOND) * height
        return across, np.where(self._falls > 0, falling, down)

    def _glow(self, turn: float) -> Reals:
        wave = 0.5 + 0.5 * np.sin(2 * np.pi * (self._beats * turn + self._beat_starts))
        # A firefly is dark for longer than it glows; a mote only turns in the light.
        return np.asarray(wave**3 if self._kind.blinks else 0.55 + 0.45 * wave)

    def _draw(self, planes: Planes, place: tuple[float, float], radius: float, strength: float) -> None:
        (x, y), (luma, blue, red) = place, self._kind.colour
        if strength < 0.004:  # less than a step of luma
            return
        _cover(luma_of(planes), (x, y), radius, strength, luma)
        for plane, level in zip(chroma_of(planes), (blue, red), strict=True):
            _cover(plane, (x / 2, (y - 0.5) / 2), radius / 2, strength, level)


def _between(ends: tuple[float, float], share: Reals) -> Reals:
    return ends[0] + (ends[1] - ends[0]) * share


def _cover(plane: NDArray[np.uint8], place: tuple[float, float], radius: float, strength: float, level: int) -> None:
    """Let a soft spot of `level` cover a part of `plane`."""
    # A spot much smaller than a pixel would flicker on its way; it becomes fainter instead.
    wide = max(radius, 0.7)
    strength *= min(radius / wide, 1.0)
    reach = 2.6 * wide + 1
    (x, y), (height, width) = place, plane.shape
    left, right = max(int(x - reach), 0), min(int(x + reach) + 2, width)
    top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, height)
    if left >= right or top >= bottom:
        return
    across = np.exp(-(((np.arange(left, right, dtype=np.float32) - x) / wide) ** 2))
    down = np.exp(-(((np.arange(top, bottom, dtype=np.float32) - y) / wide) ** 2)) * strength
    part = plane[top:bottom, left:right]
    part[:] = np.rint(part + (level - part.astype(np.float32)) * np.outer(down, across))
