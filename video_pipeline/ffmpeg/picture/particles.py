"""Owns what floats in the air of a picture: motes, snow, fireflies; hides their paths and how they are drawn.

Each particle is a soft spot between pixels. Its path closes over one turn: it wanders on sines of whole numbers of
turns, and what falls crosses the picture a whole number of times and is out of sight when it starts again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

_UNSEEN = 0.004
"""Strength that is less than a step of luma."""


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


@dataclass(frozen=True, slots=True)
class _Spots:
    """Soft spots in the order in which they are drawn, lengths in pixels."""

    x: Reals
    y: Reals
    radius: Reals
    strength: Reals

    def chosen(self, which: NDArray[np.bool_]) -> _Spots:
        """Some of them."""
        return _Spots(self.x[which], self.y[which], self.radius[which], self.strength[which])

    def in_chroma(self) -> _Spots:
        """The same in planes of half the size, whose samples lie half a row of luma further down."""
        return _Spots(self.x / 2, (self.y - 0.5) / 2, self.radius / 2, self.strength)


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
        spots = self._spots(across * unit, down * unit, self._radius * unit, self._strength * self._glow(turn))
        luma, *chroma = self._kind.colour
        _cover(luma_of(result)[None], spots, (luma,))
        _cover(chroma_of(result), spots.in_chroma(), chroma)
        return result

    def _spots(self, x: Reals, y: Reals, radius: Reals, strength: Reals) -> _Spots:
        """What is drawn: each particle that is to be seen, then its glow."""
        halo = self._kind.halo
        spread, share = np.array([1.0, 4.0] if halo else [1.0]), np.array([1.0, halo] if halo else [1.0])
        every = _Spots(
            np.repeat(x, len(spread)),
            np.repeat(y, len(spread)),
            np.outer(radius, spread).ravel(),
            np.outer(strength, share).ravel(),
        )
        return every.chosen(every.strength >= _UNSEEN)

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


def _between(ends: tuple[float, float], share: Reals) -> Reals:
    return ends[0] + (ends[1] - ends[0]) * share


def _cover(layers: NDArray[np.uint8], spots: _Spots, levels: Sequence[int]) -> None:
    """Let soft spots cover parts of `layers`, planes of one size in shape (planes, height, width), one after the other.

    Each plane has a level of its own. The profiles of all spots are computed at once: of a spot alone that took longer
    than to draw it, and falling snow has 170 in each of two sizes of plane.
    """
    # A spot much smaller than a pixel would flicker on its way; it becomes fainter instead.
    wide = np.maximum(spots.radius, 0.7)
    strength = spots.strength * np.minimum(spots.radius / wide, 1.0)
    columns, across = _profiles(spots.x, wide, layers.shape[2])
    rows, down = _profiles(spots.y, wide, layers.shape[1])
    down *= strength[:, None].astype(np.float32)
    level = np.array(levels, np.float32)[:, None, None]
    for (left, right, place), (top, bottom, start), beside, above in zip(columns, rows, across, down, strict=True):
        if left >= right or top >= bottom:
            continue
        part = layers[:, top:bottom, left:right]
        cover = above[top - start : bottom - start, None] * beside[None, left - place : right - place]
        part[:] = np.rint(part + (level - part) * cover)


def _profiles(middles: Reals, wide: Reals, size: int) -> tuple[list[list[int]], NDArray[np.float32]]:
    """Of each spot along one side of a plane of `size`: the first pixel it covers, the first that it does not, and the
    one at which its profile starts, maybe outside of the plane; and the profiles, shape (spots, pixels)."""
    reach = 2.6 * wide + 1
    first = np.trunc(middles - reach)
    last = np.trunc(middles + reach) + 2
    pixels = np.arange(int((last - first).max(initial=0)), dtype=np.float32) + first[:, None].astype(np.float32)
    profiles = np.exp(-(((pixels - middles[:, None].astype(np.float32)) / wide[:, None].astype(np.float32)) ** 2))
    ends = np.stack([np.maximum(first, 0), np.minimum(last, size), first], axis=1)
    return ends.astype(int).tolist(), profiles
