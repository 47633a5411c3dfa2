"""Owns the finish that every loop gets: no rumble that only moves a membrane, one loudness, no peak too high."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.ambience_procedural.circle import Circle, Wave, between
from video_pipeline.providers.metering import block_powers, integrated_lufs

TARGET_LUFS = -23.0
"""The loudness of broadcasts (EBU R128): leaves a crackle 20 dB over the rest of the fire."""

CEILING_DBFS = -3.0
"""Of the samples; more than a decibel is left for the peaks between them."""

_REACH = SAMPLE_RATE // 100
"""Samples over which the limiter's gain is smoothed, on each side of a peak."""


def mastered(circle: Circle, wave: Wave) -> Wave:
    """`wave` at the target loudness below the ceiling; it stays a loop."""
    clean = circle.filtered(wave, between(35, 18_000, slope=3.0))
    for _ in range(3):  # limiting takes a little loudness away
        gain = 10 ** ((TARGET_LUFS - integrated_lufs(block_powers(clean))) / 20)
        clean = _limited(clean * np.float32(gain))
    return clean


def _limited(wave: Wave) -> Wave:
    ceiling = 10 ** (CEILING_DBFS / 20)
    peaks = np.abs(wave).max(axis=0)
    if float(peaks.max()) <= ceiling:
        return wave
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    held = minimum_filter1d(needed, 2 * _REACH + 1, mode="wrap")
    return np.asarray(wave * uniform_filter1d(held, 2 * _REACH + 1, mode="wrap"), np.float32)


def quantised(wave: Wave, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """16-bit samples of shape (samples, 2), with triangular dither."""
    dither = rng.random(wave.shape, np.float32) - rng.random(wave.shape, np.float32)
    scaled = np.rint(wave * np.float32(32767) + dither)
    return np.ascontiguousarray(np.clip(scaled, -32768, 32767).astype(np.int16).T)
