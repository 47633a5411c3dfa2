"""Owns the look-ahead limiter: keeps true peaks below a ceiling; hides how the gain is smoothed.

The gain that each sample needs is spread to its surroundings by a running minimum and then smoothed by a window of
the same reach, so it falls before a peak and rises after it without a corner and never lets a peak through. It
depends on a fixed surrounding only: a programme may be limited in pieces, with the same result.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.sound.loudness import PEAK_REACH, Sound, true_peaks

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
    if not levels.size:
        return np.ones(0, np.float32)
    needed = np.minimum(1.0, ceiling / np.maximum(levels, 1e-9))
    lowest = _lowest_around(np.asarray(needed, np.float32), reach)
    window = (reach + 1 if reach % 2 == 0 else reach, 1)
    once = cv2.blur(lowest[None], window, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.blur(once, window, borderType=cv2.BORDER_REPLICATE)[0], np.float32)


def _lowest_around(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The lowest of `values` within `reach` places, in three passes whatever the reach (van Herk, 1992)."""
    window = 2 * reach + 1
    count = -(-(len(values) + 2 * reach) // window)
    padded = np.full(count * window, np.inf, np.float32)
    padded[reach : reach + len(values)] = values
    rows = padded.reshape(count, window)
    forward = np.minimum.accumulate(rows, axis=1).reshape(-1)
    backward = np.minimum.accumulate(rows[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    return np.minimum(backward[: len(values)], forward[window - 1 : window - 1 + len(values)])
