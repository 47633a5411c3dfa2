"""Owns dissolves in VP9 in which most frames are means of two others; hides the order of the means.

    first                                                                         next picture
    |-------------------------------------|--------------------------------------|     these two are encoded
    |------------------|1/4|--------------|                                            each other one is the mean
              |1/8|           |3/8|                                                    of two that are there

A mean costs some hundred bytes and no encoding: 60 frames of 1080p take 0.2 s and 1.1 MB for 48.0 dB, where encoding
each takes 1.1 s and 2.3 MB for 45.7 dB. Frames that are needed before they are shown are decoded hidden; a packet holds
them and one that is shown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.encoding.vp9 import encode_alike, encode_vp9
from video_pipeline.ffmpeg.encoding.vp9_syntax import WIDEST, hidden, mean_frame, superframe
from video_pipeline.ffmpeg.picture.canvas import Planes, Size
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.work.coded import Coded

log = logging.getLogger(__name__)

SHALLOWEST, DEEPEST = 6, 7
"""Halvings: the decoder keeps eight frames, two of which are the ends; a packet holds eight frames as well."""

_FIRST, _LAST = 0, 1
_FREE = (2, 3, 4, 5, 6, 7)
"""Slots for frames; the key frame is in all of them at first."""


def dissolve_vp9(before: Planes, after: Planes, frames: int, size: Size, rate: FrameRate, *, quantiser: int) -> Coded:
    """`frames` frames in which one still picture becomes another, starting with the only key frame.

    The shares lie on a grid of 64 or 128 steps, at most half a step (one level of 128) from where they ought to be.
    """
    depth = max((frames - 1).bit_length(), SHALLOWEST)
    if frames > 1 and depth <= DEEPEST and size.width <= WIDEST:
        try:
            return _by_means(before, after, frames, size, rate, depth=depth, quantiser=quantiser)
        except MediaError:
            log.info("libvpx did not encode a dissolve of %d x %d as asked", size.width, size.height, exc_info=True)
    film = [_mixed(before, after, (number + 1) / (frames + 1)) for number in range(frames)]
    return encode_vp9(film, size, rate, kind=Kind.BLEND, quantiser=quantiser)


def _by_means(
    before: Planes, after: Planes, frames: int, size: Size, rate: FrameRate, *, depth: int, quantiser: int
) -> Coded:
    first = _mixed(before, after, 1 / (frames + 1))
    ends = [_darker(planes) for planes in (first, after)]
    key, last = encode_alike(ends, size, rate, kind=Kind.BLEND, quantiser=_ends_quantiser(quantiser)).packets
    packets, waiting = [key], [hidden(last, size.width, _LAST)]
    for mean in _Means(size, frames, depth).walk():
        waiting.append(mean.data)
        if mean.shown:
            packets.append(superframe(waiting))
            waiting = []
    if len(packets) != frames:
        raise MediaError(f"a dissolve of {frames} frames came out with {len(packets)}")
    return Coded(b"", tuple(packets), tuple(range(frames)))


def _ends_quantiser(quantiser: int) -> int:
    """What gives the two ends the quality of a still picture where `quantiser` is that of a dissolve: 4 for 18.

    48.3 and 47.3 dB at 1080p beside stills of 47.8 dB. Of 5 dB less for the second one, the fine grain of a soft
    picture was lost on the way to it, and came back within one frame 9 times as strong.
    """
    return quantiser * 4 // 5 - 10


def _darker(planes: Planes) -> Planes:
    """Half a level less, one level on every second pixel: means are rounded up, by half a level in the mean of all."""
    lower = np.indices(planes.shape, np.uint8).sum(axis=0, dtype=np.uint8) & 1
    return np.asarray(cv2.subtract(planes, lower), np.uint8)


def _mixed(before: Planes, after: Planes, share: float) -> Planes:
    return np.asarray(cv2.addWeighted(before, 1 - share, after, share, 0), np.uint8)


@dataclass(frozen=True, slots=True)
class _Mean:
    """One frame of the stream."""

    data: bytes
    shown: bool


class _Means:
    """The frames between the first one and the next picture, in the order in which they are decoded."""

    def __init__(self, size: Size, frames: int, depth: int) -> None:
        self._size = size
        self._end = 1 << depth
        # Frame k has (k + 1) / (frames + 1) of the next picture, hence k / frames of the way from frame 0 to it.
        self._wanted = {(2 * self._end * number + frames) // (2 * frames) for number in range(1, frames)}

    def walk(self) -> Iterator[_Mean]:
        """All of them."""
        yield from self._between((0, _FIRST), (self._end, _LAST), _FREE)

    def _between(self, low: tuple[int, int], high: tuple[int, int], free: tuple[int, ...]) -> Iterator[_Mean]:
        """What is wanted between two places on the grid, each with the slot that holds it."""
        middle = (low[0] + high[0]) // 2
        before, after = self._any(low[0], middle), self._any(middle, high[0])
        here = middle in self._wanted
        ends = low[1], high[1]
        if not (before or after):
            if here:
                yield self._mean(ends, None, shown=True)
            return
        slot, left = free[0], free[1:]
        at_once = here and not before
        yield self._mean(ends, slot, shown=at_once)
        yield from self._between(low, (middle, slot), left)
        if here and not at_once:
            yield self._mean((slot, slot), None, shown=True)
        yield from self._between((middle, slot), high, left)

    def _any(self, low: int, high: int) -> bool:
        return any(low < place < high for place in self._wanted)

    def _mean(self, slots: tuple[int, int], refresh: int | None, *, shown: bool) -> _Mean:
        return _Mean(mean_frame(self._size.width, self._size.height, slots, refresh=refresh, shown=shown), shown)
