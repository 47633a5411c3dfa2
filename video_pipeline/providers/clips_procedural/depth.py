"""Owns how near each part of a picture is, and how it looks from a place beside; hides guessing and resampling.

Nobody says how far things in a picture are. Two things painters know tell enough for a camera that moves a hand's
breadth: what stands lower is nearer, and air takes contrast from what is far. The guess is made smooth, so that nothing
tears: near things slide past far ones, and what lies between is stretched by a few percent.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from video_pipeline.providers.film import Planes
from video_pipeline.providers.images_procedural.noise import Field

ZOOM = 1.05
_PUSH = 0.008
"""How far the camera goes in and out besides, as a share of the picture."""

_NEAR, _FAR = 0.0115, 0.0025
"""How far the nearest and the farthest thing go to either side, as parts of the width: 22 and 5 pixels of 1080p.

Enlarged by ZOOM, less the push, a picture has 1.9 % of its width and height to spare on either side.
"""

_RISE = 0.35
"""How far things go up and down, as a part of how far they go sideways."""

_BY_HEIGHT = 0.65
"""The share of the guess that comes from how low a thing stands; the rest comes from its contrast."""


def nearness(luma: Field) -> Field:
    """0 for what is farthest, 1 for what is nearest, of the same shape as `luma` (0 to 255)."""
    rows, columns = luma.shape
    small = cv2.resize(luma, (max(columns // 8, 8), max(rows // 8, 8)), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = 0.03 * max(small.shape)
    contrast = cv2.GaussianBlur(np.abs(small - cv2.GaussianBlur(small, (0, 0), 2)), (0, 0), soft)
    contrast /= np.float32(max(float(contrast.max()), 1.0))
    low = np.linspace(0, 1, small.shape[0], dtype=np.float32)[:, None] ** np.float32(1.4)
    guess = np.float32(_BY_HEIGHT) * low + np.float32(1 - _BY_HEIGHT) * contrast
    smooth = cv2.GaussianBlur(guess, (0, 0), soft)
    return np.asarray(cv2.resize(smooth, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


class Parallax:
    """A picture as a camera sees it that goes round a small ellipse and breathes in and out."""

    def __init__(self, planes: Planes) -> None:
        rows = planes.shape[0] * 2 // 3
        luma = planes[:rows]
        near = nearness(luma)
        self._luma = _Plane(luma, near)
        half = cv2.resize(near, (luma.shape[1] // 2, rows // 2), interpolation=cv2.INTER_AREA)
        chroma = planes[rows:].reshape(2, rows // 2, -1)
        # Both at once: what is where costs more than fetching it.
        self._chroma = _Plane(np.ascontiguousarray(np.moveaxis(chroma, 0, -1)), half)

    def seen(self, turn: float) -> tuple[Field, Field]:
        """Luma (rows, columns) and chroma (rows / 2, columns / 2, 2) at a turn, both uint8."""
        angle = 2 * math.pi * turn
        aside, up = math.sin(angle), _RISE * math.cos(angle)
        scale = (1 + _PUSH * math.cos(angle)) / ZOOM
        return self._luma.seen(scale, aside, up, cv2.INTER_CUBIC), self._chroma.seen(scale, aside, up, cv2.INTER_LINEAR)


class _Plane:
    """What is seen where of one plane."""

    def __init__(self, plane: Field, near: Field) -> None:
        rows, columns = near.shape
        self._plane = plane
        self._reach = np.asarray((_FAR + (_NEAR - _FAR) * near) * columns, np.float32)
        self._middle = ((columns - 1) / 2, (rows - 1) / 2)
        self._x = np.broadcast_to(np.arange(columns, dtype=np.float32) - np.float32(self._middle[0]), near.shape).copy()
        self._y = np.broadcast_to(
            np.arange(rows, dtype=np.float32)[:, None] - np.float32(self._middle[1]), near.shape
        ).copy()

    def seen(self, scale: float, aside: float, up: float, how: int) -> Field:
        x = cv2.addWeighted(self._x, scale, self._reach, aside, self._middle[0])
        y = cv2.addWeighted(self._y, scale, self._reach, up, self._middle[1])
        return np.asarray(cv2.remap(self._plane, x, y, how, borderMode=cv2.BORDER_REFLECT_101))
