"""Owns how a picture moves while it is shown; hides cameras, lights and resampling.

A motion is a function of the turn, 0 to 1 through its loop, whose end is its beginning: only sines of whole numbers of
turns are in it, so that speed and everything else meets where the loop closes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timeline import Motion
from video_pipeline.ffmpeg.picture.canvas import BLACK, WHITE, Planes, chroma_of, luma_of
from video_pipeline.ffmpeg.picture.particles import SWARMS, Swarm
from video_pipeline.ffmpeg.picture.rain import Rain

Show = Callable[[float], Planes]
"""What is seen at a turn; a frame that may be written to by nobody."""

ZOOM_DEPTH = 0.05
"""How far a slow zoom goes in: 1.05 times, about 5 pixels a second at the edge of 1080p."""

_FINER = 2
"""How many times finer the luma is that a camera looks at."""

LIGHT_DEPTH = 0.10
"""How much brighter the brightest light becomes, and how much darker."""

_ROUNDING = 0.998
"""Thresholds lie below 1, so that whole numbers stay what they are."""

_BEATS = ((3, 0.45), (7, 0.25), (12, 0.18), (19, 0.12))
"""The swelling of a light: whole numbers of waves in a loop of some 18 s, and their shares."""


@dataclass(frozen=True, slots=True)
class View:
    """What of a picture is seen: `zoom` times enlarged, off the centre by parts of the width and height."""

    zoom: float
    right: float = 0.0
    down: float = 0.0


def _wave(turn: float) -> float:
    """Cosine of a whole turn."""
    return math.cos(2 * math.pi * turn)


VIEWS: Mapping[Motion, Callable[[float], View]] = {
    Motion.SLOW_ZOOM: lambda turn: View(1 + ZOOM_DEPTH * (1 - _wave(turn)) / 2),
    Motion.PAN: lambda turn: View(1.06, right=-0.026 * _wave(turn)),
    Motion.DRIFT: lambda turn: View(
        1.06 + 0.012 * _wave(turn), right=0.017 * _wave(turn + 0.25), down=0.016 * _wave(2 * turn)
    ),
}
"""Where the camera is. Enlarged z times, a picture has (1 - 1/z) / 2 of its width to spare on either side."""


def mover(motion: Motion, planes: Planes, seed: int) -> Show:
    """The moving picture: what it shows at each turn. `seed` decides what is not decided by the picture."""
    if motion in VIEWS:
        view, camera = VIEWS[motion], Camera(planes)
        return lambda turn: camera.seen(view(turn % 1.0))
    if motion in SWARMS:
        swarm = Swarm(SWARMS[motion], seed)
        return lambda turn: swarm.over(planes, turn % 1.0)
    if motion is Motion.RAIN:
        rain = Rain(seed)
        return lambda turn: rain.over(planes, turn % 1.0)
    if motion is Motion.BREATHING_LIGHT:
        light = Light(planes, seed)
        return lambda turn: light.seen(turn % 1.0)
    return lambda _: planes


class Camera:
    """Looks at a picture from anywhere, between pixels too: steps of whole pixels make a zoom shake.

    Linear resampling of a twice enlarged picture: 3 ms a frame of 1080p where cubic resampling takes 8, and as sharp.
    """

    def __init__(self, planes: Planes) -> None:
        luma = luma_of(planes)
        self._height, self._width = luma.shape
        size = (self._width * _FINER, self._height * _FINER)
        # Lanczos overshoots at edges; what is in range stays so, since linear resampling does not overshoot.
        fine = np.clip(cv2.resize(luma, size, interpolation=cv2.INTER_LANCZOS4), BLACK, WHITE)
        self._fine = np.asarray(fine, np.uint8)
        self._chroma = chroma_of(planes)

    def seen(self, view: View) -> Planes:
        """The frame that shows `view`."""
        result = np.empty((self._height * 3 // 2, self._width), np.uint8)
        inverse = 1 / view.zoom
        left = (self._width - 1) / 2 * (1 - inverse) + view.right * self._width
        top = (self._height - 1) / 2 * (1 - inverse) + view.down * self._height
        # The middle of pixel x lies at 2 x + 1/2 in the finer picture.
        middle = (_FINER - 1) / 2
        self._warp(self._fine, inverse * _FINER, (left * _FINER + middle, top * _FINER + middle), luma_of(result))
        for source, target in zip(self._chroma, chroma_of(result), strict=True):
            # Chroma sample (i, j) lies at luma position (2 i, 2 j + 1/2).
            self._warp(source, inverse, (left / 2, (top + (inverse - 1) / 2) / 2), target)
        return result

    @staticmethod
    def _warp(source: NDArray[np.uint8], step: float, corner: tuple[float, float], target: NDArray[np.uint8]) -> None:
        matrix = np.array([[step, 0, corner[0]], [0, step, corner[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (target.shape[1], target.shape[0])
        target[:] = cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


class Light:
    """Lets what shines in a picture swell and fade, with the glow around it: a mix of a darker and a brighter one.

    The mix is finer than 8 bits and rounded by a threshold of each sample's own. Otherwise all samples of a dark wall,
    which the light hardly reaches, would take their one step of luma in the same frame.
    """

    def __init__(self, planes: Planes, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self._starts = chance.random(len(_BEATS))
        luma, chroma = luma_of(planes).astype(np.float32), chroma_of(planes).astype(np.float32)
        glow = _glow(luma)
        smaller = cv2.resize(glow, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        thresholds = chance.random(planes.shape, np.float32)
        ends = []
        for depth in (-LIGHT_DEPTH, LIGHT_DEPTH):
            lit = np.empty(planes.shape, np.float32)
            luma_of(lit)[:] = np.clip(BLACK + (luma - BLACK) * (1 + depth * glow), BLACK, WHITE)
            # Colour grows with the light, otherwise a brighter flame would be a paler one.
            chroma_of(lit)[:] = np.clip(128 + (chroma - 128) * (1 + depth * smaller), 16, 240)
            ends.append(((lit + thresholds * _ROUNDING) * 256).astype(np.uint16))
        self._dark, self._bright = ends

    def seen(self, turn: float) -> Planes:
        """The frame at `turn`."""
        swell = sum(
            share * _wave(waves * turn + start) for (waves, share), start in zip(_BEATS, self._starts, strict=True)
        )
        share = (1 + swell) / 2
        mixed = np.asarray(cv2.addWeighted(self._dark, 1 - share, self._bright, share, 0), np.uint16)
        # The upper of the two bytes of each sample: rounded down, the threshold is in it already.
        return np.ascontiguousarray(mixed.astype("<u2", copy=False).view(np.uint8).reshape(*mixed.shape, 2)[..., 1])


def _glow(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of the light falls where, 0 to 1: what is bright in the picture, spread softly."""
    height, width = luma.shape
    small = cv2.resize(luma, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    shining = np.maximum(small - np.percentile(small, 75), 0)
    spread = cv2.GaussianBlur(shining, (0, 0), height / 8 / 20)
    spread /= max(float(np.percentile(spread, 99)), 1e-6)
    even = cv2.resize(np.minimum(spread, 1), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(even, 0, 1), np.float32)
