"""Owns what a listener notices of a song: where something begins, and how it sounds; hides spectra and bands.

The song is read from the disk in blocks; what is kept of an hour is 3 MB. A spectrum every 5.3 ms is put into bands as
wide as the ear's, in decibels; what grows from one spectrum to the next, over all bands, is the onset strength
(spectral flux, for example Dixon: Onset Detection Revisited, DAFx 2006).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.sound.tracks import Pcm, scale_of

HOP = 256
RATE_HZ = SAMPLE_RATE / HOP
"""Of the onset strength: 187.5 a second."""

TIMBRE_STEPS = 47
"""Spectra in one description of the timbre, a quarter of a second."""

BANDS = 32
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 14_000.0
_WINDOW = 1024
_AT_ONCE = 2048  # spectra: 11 s

_FLOOR = 1e-5
"""Effective level of a band that counts as silent, -100 dBFS; what happens below is the noise of the medium."""

_OVERLAP = _WINDOW // HOP
"""Spectra at either end that hear what lies around the file."""

_MASKED = 1e-5
"""Power against that of the loudest band: nobody hears what is 50 dB below it, nor what the window spills there."""

_AHEAD = 224
"""Samples from the middle of the window whose spectrum grows most to what began: measured on clicks in noise."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Description:
    """A song as a listener notices it."""

    onsets: Values  # strength at each place, 0 where nothing begins
    timbre: Values  # dB in each band, shape (quarters of a second, BANDS)


def sample_at(place: float) -> int:
    """The sample at which what is heard at a place of `Description.onsets` began."""
    return max(round(place * HOP + _AHEAD), 0)


def listened(pcm: Pcm, check: Callable[[], None] = lambda: None) -> Description:
    """Describe decoded sound of shape (samples, 2)."""
    onsets: list[Values] = []
    timbre: list[Values] = []
    last = np.zeros((1, BANDS), np.float32)
    held = np.zeros((0, BANDS), np.float32)
    for levels in _levels(pcm):
        check()
        grown = np.diff(np.concatenate([last, levels]), axis=0)
        onsets.append(np.maximum(grown, 0).mean(axis=1))
        last = levels[-1:]
        held = np.concatenate([held, levels])
        whole = len(held) // TIMBRE_STEPS * TIMBRE_STEPS
        timbre.append(held[:whole].reshape(-1, TIMBRE_STEPS, BANDS).mean(axis=1))
        held = held[whole:]
    strength = np.concatenate([*onsets, np.empty(0, np.float32)])
    # That a file begins and ends is heard in every band, and means nothing.
    strength[:_OVERLAP] = 0
    strength[len(strength) - _OVERLAP :] = 0
    return Description(strength, np.concatenate([*timbre, np.empty((0, BANDS), np.float32)]))


def _levels(pcm: Pcm) -> Iterator[Values]:
    """The level in dB of each band around every HOP-th sample, in blocks; silence lies around the sound."""
    count = -(-len(pcm) // HOP)
    half = _WINDOW // 2
    for first in range(0, count, _AT_ONCE):
        last = min(first + _AT_ONCE, count)
        start, end = first * HOP - half, (last - 1) * HOP + half
        sound = np.zeros(end - start, np.float32)
        inside = pcm[max(start, 0) : min(end, len(pcm))]
        place = max(-start, 0)
        sound[place : place + len(inside)] = inside.mean(axis=1, dtype=np.float32) * np.float32(scale_of(pcm))
        windows = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::HOP]
        spectrum = np.fft.rfft(windows * _hann(), axis=1)
        powers = (np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float32) @ _weights()
        powers += np.float32(_MASKED) * powers.max(axis=1, keepdims=True) + np.float32(_FLOOR**2)
        yield np.asarray(10 * np.log10(powers), np.float32)


@lru_cache(maxsize=1)
def _hann() -> Values:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _weights() -> Values:
    """How much of the power of each bin belongs to each band: equal steps of the ear's scale of pitch (mel)."""
    edges = 700 * (np.exp(np.linspace(np.log1p(_LOWEST_HZ / 700), np.log1p(_HIGHEST_HZ / 700), BANDS + 1)) - 1)
    step = SAMPLE_RATE / _WINDOW
    bins = np.arange(_WINDOW // 2 + 1)[:, None]
    shared = np.minimum((bins + 0.5) * step, edges[None, 1:]) - np.maximum((bins - 0.5) * step, edges[None, :-1])
    # A band's power is that of its sound: a window of this form keeps 3/8 of the power, a spectrum has it twice.
    full = 2 / (0.375 * _WINDOW**2)
    return np.asarray(np.maximum(shared, 0) / step * full, np.float32)
