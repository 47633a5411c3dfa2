"""Owns the look-ahead limiter: keeps true peaks below a ceiling; hides how the gain is smoothed.

The gain that each sample needs is spread to its surroundings by a running minimum and then smoothed by a window of
the same reach, so it falls before a peak and rises after it without a corner and never lets a peak through. It
depends on a fixed surrounding only: a programme may be limited in pieces, with the same result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.loudness import PEAK_REACH, Sound, true_peaks

LOOK_AHEAD = SAMPLE_RATE * 60 // 1000
"""Samples before a peak at which the gain begins to fall, and after it at which it is back."""

CONTEXT = 2 * LOOK_AHEAD + 2 * PEAK_REACH
"""Samples needed on each side of a piece for the result to be the same as in one go."""


def limiting_gain(sound: Sound, ceiling: float) -> NDArray[np.float32] | None:
    """The gain for each sample that keeps the true peaks of `sound` at or below `ceiling`; None when none is needed."""
    peaks = true_peaks(sound, ceiling)
    if peaks is None:
        return None
    high = np.flatnonzero(peaks > ceiling)
    if not high.size:
        return None
    # Only what is near a high peak changes.
    first, last = max(int(high[0]) - CONTEXT, 0), int(high[-1]) + CONTEXT
    gain = np.ones(len(peaks), np.float32)
    # A peak between two samples is made by both of them and their neighbours.
    around = np.maximum(peaks, np.maximum(np.roll(peaks, 1), np.roll(peaks, -1)))
    gain[first:last] = smoothed_gain(around[first:last], ceiling, LOOK_AHEAD)
    return gain


def smoothed_gain(levels: NDArray[np.float32], ceiling: float, reach: int) -> NDArray[np.float32]:
    """The gain that keeps `levels` at or below `ceiling` and changes slowly, over `reach` places on each side."""
    needed = np.minimum(1.0, ceiling / np.maximum(levels, 1e-9))
    lowest = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    half = reach + 1 if reach % 2 == 0 else reach
    once = uniform_filter1d(lowest, half, mode="nearest")
    return np.asarray(uniform_filter1d(once, half, mode="nearest"), np.float32)
