"""Owns sound at another rate, and how high it peaks between its samples; hides filters and where blocks meet.

Everything works on blocks: ten minutes of sound take as much memory as some seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import ceil, gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

from video_pipeline.domain.timebase import SAMPLE_RATE

Sound = NDArray[Any]
"""float32, shape (samples, channels)."""

_REACH = 64
"""Samples of the lower rate to each side that the filter weighs."""

_BETA, _EDGE = 10.06, 0.95
"""A Kaiser window of 100 dB; with that reach it falls from 0.9 of the lower Nyquist frequency to 1."""

_BLOCK = 1 << 17


def resampled(blocks: Iterable[Sound], rate: int) -> Iterator[Sound]:
    """Sound of `rate` (Hz) at 48 kHz: the very samples that it had if it were resampled in one piece.

    A sample of the source stands where it stood; n samples become ceil(n * 48000 / rate).
    """
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    common = gcd(rate, SAMPLE_RATE)
    up, down = SAMPLE_RATE // common, rate // common
    # Each step takes a whole number of turns of the filter, and sees one margin before and one behind.
    margin = ceil(_REACH * max(up, down) / up / down) * down
    step = ceil(_BLOCK / down) * down
    taps = low_pass(up, down)

    def converted(piece: Sound) -> Sound:
        made = resample_poly(piece, up, down, axis=0, window=taps)  # type: ignore[call-overload] # an array is the filter itself
        return np.asarray(made[margin * up // down : (len(piece) - margin) * up // down], np.float32)

    waiting: Sound | None = None
    received = given = 0
    for block in blocks:
        received += len(block)
        silence = np.zeros((margin, block.shape[1]), np.float32)
        waiting = np.concatenate([silence if waiting is None else waiting, block])
        while len(waiting) >= step + 2 * margin:
            made = converted(waiting[: step + 2 * margin])
            waiting = waiting[step:]
            given += len(made)
            yield made
    if waiting is not None:
        left = len(waiting) - margin
        behind = np.zeros((margin + -left % down, waiting.shape[1]), np.float32)
        yield converted(np.concatenate([waiting, behind]))[: ceil(received * up / down) - given]


@lru_cache(maxsize=4)
def low_pass(up: int, down: int) -> NDArray[Any]:
    """The filter with which `resampled` changes a rate by `up` / `down`."""
    larger = max(up, down)
    return np.asarray(firwin(2 * _REACH * larger + 1, _EDGE / larger, window=("kaiser", _BETA)), np.float32)


_OVER = 4
"""How much finer than its samples sound is looked at (ITU-R BS.1770-5, annex 2)."""

_AROUND = 16
"""Samples to each side of a place that say how high it is there."""

_LOW = 0.4
"""Samples below cannot make a true peak above 1: no phase of the filter adds up to more than 2.5."""


class PeakMeter:
    """Measures the true peak of sound that is given block by block."""

    def __init__(self) -> None:
        self.sample_peak = 0.0
        self._between = 0.0
        self._last: Sound | None = None

    def add(self, block: Sound) -> None:
        """Hear the next block."""
        if len(block):
            self.sample_peak = max(self.sample_peak, float(np.abs(block).max()))
            self._hear(block)

    def true_peak(self) -> float:
        """Linear, 1 is full scale; of all that was heard, silence behind it. Exact only above 0.4."""
        if self._last is not None:
            self._hear(np.zeros((2 * _AROUND, self._last.shape[1]), np.float32))
        return max(self.sample_peak, self._between)

    def _hear(self, block: Sound) -> None:
        before = np.zeros((2 * _AROUND, block.shape[1]), np.float32) if self._last is None else self._last
        heard = np.concatenate([before, block])
        if np.abs(heard).max() > _LOW:
            fine = resample_poly(heard, _OVER, 1, axis=0)[_AROUND * _OVER : -_AROUND * _OVER]
            self._between = max(self._between, float(np.abs(fine).max(initial=0.0)))
        self._last = heard[-2 * _AROUND :]
