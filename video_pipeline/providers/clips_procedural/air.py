"""Owns what floats between a picture and its camera: mist that drifts, motes that catch light; hides their noise.

Mist drifts without ever coming back, and yet a clip ends as it began: two veils move the same way, each is strongest
halfway through its own turn and gone where it jumps back to its beginning, half a turn apart.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from video_pipeline.providers.images_procedural.noise import Field, fbm, smoothstep

_COARSER = 8
"""Mist is soft: it is made of so many times fewer rows and columns."""

_DENSEST = 0.22
"""The share of the picture that the densest mist hides."""

_DRIFT = 0.09
"""How far a veil drifts in its turn, as a part of the width."""

_MOTES = 34
_BRIGHTEST = 70.0
"""What the brightest mote adds to the luma, 0 to 255."""


class Mist:
    """A veil for each moment of a clip."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int]) -> None:
        """For frames of `shape` (rows, columns)."""
        self._shape = shape
        rows, columns = max(shape[0] // _COARSER, 8), max(shape[1] // _COARSER, 8)
        self._small, self._drift = (rows, columns), _DRIFT * columns
        wider = (rows, columns + math.ceil(self._drift) + 2)
        self._veils = [
            smoothstep(-0.25, 0.75, fbm(rng, wider, columns * 0.16, octaves=4, stretch=2.2)) for _ in range(2)
        ]
        # It lies low; the sky stays clear.
        height = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
        self._lie = smoothstep(0.15, 0.8, height) * (1 - np.float32(0.35) * smoothstep(0.85, 1.0, height))

    def at(self, turn: float) -> Field:
        """How much of each pixel the mist hides, 0 to 1."""
        rows, columns = self._small
        total = np.zeros(self._small, np.float32)
        for number, veil in enumerate(self._veils):
            own = (turn + number / 2) % 1.0
            # Without the shift between whole columns the mist would jump from one to the next.
            place = np.array([[1, 0, (1 - own) * self._drift], [0, 1, 0]], np.float32)
            seen = cv2.warpAffine(veil, place, (columns, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            total += np.float32(math.sin(math.pi * own) ** 2) * seen
        total *= self._lie * np.float32(_DENSEST)
        return np.asarray(cv2.resize(total, self._shape[::-1], interpolation=cv2.INTER_LINEAR))


class Motes:
    """Specks of dust or pollen that float round small circles and flash up now and then."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int]) -> None:
        """For frames of `shape` (rows, columns)."""
        self._shape = shape
        rows, columns = shape
        self._place = rng.uniform(0, 1, (_MOTES, 2)) * (columns, rows)
        near = rng.uniform(0, 1, _MOTES) ** 2
        self._orbit = (0.01 + 0.035 * near)[:, None] * max(shape) * rng.uniform(0.4, 1, (_MOTES, 2))
        self._radius = np.maximum((0.0009 + 0.0028 * near) * max(shape), 0.7)
        self._light = _BRIGHTEST * rng.uniform(0.35, 1, _MOTES) * (1 - 0.5 * near)
        self._phase = rng.uniform(0, 1, (_MOTES, 2))
        self._flashes = rng.integers(1, 4, _MOTES)  # whole numbers, so that each is where it was after a turn

    def onto(self, luma: Field, turn: float) -> None:
        """Add the light of all to `luma` (float32)."""
        for number in range(_MOTES):
            angle = 2 * math.pi * (turn + self._phase[number, 0])
            x = self._place[number, 0] + self._orbit[number, 0] * math.cos(angle)
            y = self._place[number, 1] + self._orbit[number, 1] * math.sin(angle)
            flash = 0.5 - 0.5 * math.cos(2 * math.pi * (self._flashes[number] * turn + self._phase[number, 1]))
            _speck(luma, (x, y), float(self._radius[number]), float(self._light[number] * flash))


def _speck(luma: Field, place: tuple[float, float], radius: float, light: float) -> None:
    """Add a soft round spot of light to the part of `luma` that it reaches."""
    reach = math.ceil(3 * radius)
    left, top = max(int(place[0]) - reach, 0), max(int(place[1]) - reach, 0)
    seen = luma[top : max(int(place[1]) + reach + 1, 0), left : max(int(place[0]) + reach + 1, 0)]
    if not seen.size:
        return
    x = np.arange(left, left + seen.shape[1], dtype=np.float32) - np.float32(place[0])
    y = np.arange(top, top + seen.shape[0], dtype=np.float32) - np.float32(place[1])
    fall = np.float32(-0.5 / radius**2)
    seen += np.float32(light) * np.exp(fall * y * y)[:, None] * np.exp(fall * x * x)
