"""Owns the room: a synthetic stereo impulse response; hides how decays differ by frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.music_procedural.voices.tone import frequencies, ramp

_CENTRES_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
_DECAYS = (0.8, 0.95, 1.05, 1.0, 0.82, 0.58, 0.36)
"""Reverberation time of each octave over that at 1 kHz: air and curtains take the treble, no hall booms below."""


def impulse(space: float, brightness: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """The room's answer, (2, samples), energy 1 in each channel; `space` 0 is a chamber, 1 a cathedral."""
    t60 = 0.9 + 2.5 * space
    samples = int(min(t60 * 1.05 + 0.1, 3.6) * SAMPLE_RATE)
    size = scipy.fft.next_fast_len(samples, real=True)
    freqs = frequencies(size)
    time = np.arange(samples, dtype=np.float32) / np.float32(SAMPLE_RATE)
    channels = []
    for _ in range(2):
        white = scipy.fft.rfft(rng.standard_normal(size, dtype=np.float32), workers=1)
        tail = np.zeros(samples, np.float32)
        for centre, decay in zip(_CENTRES_HZ, _DECAYS, strict=True):
            shape = _octave(freqs, centre)
            noise = scipy.fft.irfft(white * shape, size, workers=1)[:samples]
            tail += noise * np.exp(time * np.float32(-6.9078 / (t60 * decay)))
        channels.append(_with_reflections(tail, space, rng))
    room = np.stack(channels)
    room = scipy.fft.irfft(scipy.fft.rfft(room, size, axis=1, workers=1) * _colour(freqs, brightness), size, workers=1)
    room = room[:, :samples].astype(np.float32)
    fade = SAMPLE_RATE // 10
    room[:, -fade:] *= ramp(fade)[::-1]
    return np.asarray(room / np.sqrt(np.square(room).sum(axis=1, keepdims=True)), dtype=np.float32)


def _octave(freqs: npt.NDArray[np.float64], centre: float) -> npt.NDArray[np.float32]:
    """A band of one octave with cosine flanks; neighbours add up to one."""
    away = np.abs(np.log2(np.maximum(freqs, 1.0) / centre))
    return np.asarray(np.where(away < 1, np.cos(away * np.pi / 2) ** 2, 0.0), dtype=np.float32)


def _with_reflections(tail: npt.NDArray[np.float32], space: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A gap, a few early reflections, and the tail that builds up behind them."""
    room = np.zeros_like(tail)
    gap = int((0.012 + 0.022 * space) * SAMPLE_RATE)
    build = int((0.02 + 0.05 * space) * SAMPLE_RATE)
    room[gap:] = tail[:-gap]
    room[gap : gap + build] *= ramp(build)
    loud = float(np.sqrt(np.square(tail[: SAMPLE_RATE // 10]).mean()))
    for index in range(9):
        at = int((0.007 + (0.05 + 0.05 * space) * (index + rng.random()) / 9) * SAMPLE_RATE)
        # Each wall spreads what it reflects over half a millisecond.
        smear = ramp(24) * ramp(24)[::-1]
        sign = 1.0 if rng.random() < 0.5 else -1.0
        room[at : at + 24] += np.float32(sign * 3.2 * loud * 0.82**index) * smear
    return room


def _colour(freqs: npt.NDArray[np.float64], brightness: float) -> npt.NDArray[np.float32]:
    low = 1 / (1 + (190 / np.maximum(freqs, 1.0)) ** 4)
    high = 1 / (1 + (freqs / (4800 * 2 ** (0.5 * brightness))) ** 2)
    return np.asarray(low * high, dtype=np.float32)
