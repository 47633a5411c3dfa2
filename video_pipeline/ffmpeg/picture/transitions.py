"""Owns how one picture becomes another; hides masks and their soft edges.

A mix gets both pictures as they are at that moment, so either of them may move, and the share of the transition that
is over, more than 0 and less than 1: the frames of 0 and 1 lie outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timeline import TransitionKind
from video_pipeline.ffmpeg.picture.canvas import BLACK, Planes, black_planes, chroma_of, luma_of

Mix = Callable[[Planes, Planes, float], Planes]
Shares = NDArray[np.float32]

WIPE_SOFTNESS = 0.35
"""Width of the edge of a wipe in widths of the picture: 2 s at an edge that is hard would be a shutter."""

LUMA_SOFTNESS = 0.45
"""How much of the transition it takes for one place to change."""


def shares(frames: int) -> Iterator[float]:
    """How much of a transition is over at each of its frames; never 0 or 1, those frames lie outside."""
    return ((index + 1) / (frames + 1) for index in range(frames))


def blend(before: Planes, after: Planes, share: float) -> Planes:
    """`before` with `share` (0 to 1) of `after`; blending the planes equals blending what they show."""
    return np.asarray(cv2.addWeighted(before, 1 - share, after, share, 0), np.uint8)


def dip(before: Planes, after: Planes, share: float) -> Planes:
    """First half: `before` down to black; second half: `after` up from it."""
    black = black_planes(before.shape)
    return blend(before, black, 2 * share) if share < 0.5 else blend(black, after, 2 * share - 1)


def wipe(before: Planes, after: Planes, share: float) -> Planes:
    """A soft edge goes from left to right; behind it is `after`."""
    height, width = luma_of(before).shape
    columns = _revealed(np.linspace(0, 1, width, dtype=np.float32), share, WIPE_SOFTNESS)
    mask = np.empty(before.shape, np.float32)
    mask[:height] = columns
    chroma_of(mask)[:] = columns[::2]  # chroma is sited on every second column
    return _masked(before, after, mask)


def luma_mix() -> Mix:
    """A mix that reveals what is bright first. What is bright is asked once, when it begins: a moving picture's own
    movement would otherwise make the edges tremble."""
    when: Planes | None = None

    def mix(before: Planes, after: Planes, share: float) -> Planes:
        nonlocal when
        when = _brightness_ranks(after) if when is None else when
        table = _revealed(np.linspace(1, 0, 256, dtype=np.float32), share, LUMA_SOFTNESS)
        return _masked(before, after, np.asarray(cv2.LUT(when, table), np.float32))

    return mix


MIXES: Mapping[TransitionKind, Callable[[], Mix]] = {
    TransitionKind.DISSOLVE: lambda: blend,
    TransitionKind.DIP: lambda: dip,
    TransitionKind.WIPE: lambda: wipe,
    TransitionKind.LUMA: luma_mix,
}
"""A fresh mix for each transition that takes frames."""


def _revealed(when: Shares, share: float, softness: float) -> Shares:
    """How much of the next picture is seen where it begins to appear at `when` (0 to 1), smoothly from 0 to 1."""
    over = np.clip((share * (1 + softness) - when) / softness, 0, 1)
    return np.asarray(over * over * (3 - 2 * over), np.float32)


def _brightness_ranks(planes: Planes) -> Planes:
    """For each sample of the planes how bright its surroundings are among all: 0 to 255, equally many of each.

    By rank, so that dark pictures and bright ones take the same time; blurred, so that grain does not glitter.
    """
    luma = luma_of(planes)
    soft = cv2.GaussianBlur(luma, (0, 0), luma.shape[0] / 180)
    counts = np.bincount(soft.ravel(), minlength=256)
    rank = (np.cumsum(counts) - counts / 2) / soft.size
    ranks = np.empty_like(planes)
    # Levels are few; blurring their ranks once more lets an even sky appear in a flow instead of in bands.
    luma_of(ranks)[:] = cv2.GaussianBlur(
        cv2.LUT(soft, np.rint(rank * 255).astype(np.uint8)), (0, 0), luma.shape[0] / 120
    )
    chroma_of(ranks)[:] = luma_of(ranks)[::2, ::2]
    return ranks


def _masked(before: Planes, after: Planes, mask: Shares) -> Planes:
    mixed = cv2.blendLinear(before, after, 1 - mask, mask)
    return np.maximum(mixed, BLACK, out=mixed)
