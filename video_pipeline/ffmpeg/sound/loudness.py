"""Owns measuring loudness: EBU R128 figures of sound at 48 kHz; hides filters and gates.

ITU-R BS.1770-4 defines K-weighting, blocks of 400 ms that overlap by 75 % and
two gates; EBU Tech 3342 defines the range. Everything is built on the power of steps of 100 ms, because powers of
pieces measured apart can simply be put in a row. Sound is an array of shape (channels, samples), full scale 1.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from video_pipeline.domain.media import Loudness
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.sound.weighting import KWeighting

Sound = NDArray[np.float32]
Powers = NDArray[np.float64]

STEP = SAMPLE_RATE // 10
"""Samples in one power."""

CELL = STEP // 10
"""Samples that are judged together: can there be a high peak between them?"""

SILENT_LUFS = -70.0
"""What a silent programme measures: the absolute gate of BS.1770-4."""

LOUDEST_BOOST_DB = 30.0
"""What is more than 30 LU quieter than it should be is nearly silence: amplifying it more would publish its noise."""

_SILENT_DBTP = -120.0

PEAK_REACH = 8
"""A true peak depends on so many samples on each side."""


class Meter:
    """Measures sound that arrives block by block; a block holds whole steps, but for the last one."""

    def __init__(self, channels: int = 2) -> None:
        self._filter = KWeighting(channels)
        self._powers: list[Powers] = []
        self._tops: list[NDArray[np.float32]] = []
        self._last = np.zeros((channels, CELL), np.float32)  # the last cell of the block before
        self._peak = 0.0

    def add(self, block: Sound) -> None:
        """Measure the next block; what is shorter than a step at its end counts for the peak only."""
        weighted = self._filter.weigh(block)
        whole = weighted.shape[1] // STEP * STEP
        self._powers.append(
            np.square(weighted[:, :whole]).reshape(len(block), -1, STEP).mean(axis=2, dtype=np.float64).sum(axis=0)
        )
        tops = tops_of(block)
        self._tops.append(tops)
        joined = np.concatenate([self._last, block], axis=1)
        known = np.concatenate([tops_of(self._last), tops])
        self._peak = max(self._peak, highest_peak(joined, self._peak, tops=known, inner=True))
        self._last = joined[:, -CELL:]

    @property
    def powers(self) -> Powers:
        """Power of each step so far."""
        return np.concatenate([*self._powers, np.empty(0)])

    @property
    def tops(self) -> NDArray[np.float32]:
        """The highest sample in each cell of `CELL` samples so far."""
        return np.concatenate([*self._tops, np.empty(0, np.float32)])

    @property
    def peak(self) -> float:
        """True peak so far as a factor of full scale."""
        ended = np.pad(self._last, ((0, 0), (0, 2 * PEAK_REACH)))
        return max(self._peak, highest_peak(ended, self._peak, inner=True))


def loudness_of(powers: Powers, peak: float) -> Loudness:
    """The figures of a programme from the powers of its steps and its true peak."""
    peak_dbtp = 20 * math.log10(peak) if peak > 0 else _SILENT_DBTP
    return Loudness(integrated_lufs(powers), max(peak_dbtp, _SILENT_DBTP), range_lu(powers))


def integrated_lufs(powers: Powers) -> float:
    """Integrated loudness: the mean of the 400 ms blocks above -70 LUFS and above 10 LU below their own mean."""
    blocks = _above(_means(powers, 4), SILENT_LUFS)
    if blocks.size:
        blocks = _above(blocks, _lufs(blocks.mean()) - 10)
    return max(_lufs(blocks.mean()), SILENT_LUFS) if blocks.size else SILENT_LUFS


def range_lu(powers: Powers) -> float:
    """Loudness range: from the 10th to the 95th percentile of the 3 s blocks, gated at -20 LU (EBU Tech 3342)."""
    blocks = _above(_means(powers, 30), SILENT_LUFS)
    if blocks.size:
        blocks = _above(blocks, _lufs(blocks.mean()) - 20)
    if not blocks.size:
        return 0.0
    low, high = np.quantile(blocks, (0.10, 0.95), method="nearest")
    return _lufs(high) - _lufs(low)


def _means(powers: Powers, steps: int) -> Powers:
    if len(powers) < steps:
        return np.empty(0)
    return np.convolve(powers, np.full(steps, 1 / steps), "valid")


def _above(blocks: Powers, lufs: float) -> Powers:
    return blocks[blocks > 10 ** ((lufs + 0.691) / 10)]


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def highest_peak(
    sound: Sound, known: float = 0.0, *, tops: NDArray[np.float32] | None = None, inner: bool = False
) -> float:
    """The true peak of `sound` as a factor of full scale; 0 or the sample peak when it cannot exceed `known`.

    `tops` are those of `tops_of`, if they are known already. With `inner` the sound goes on at both ends: what lies
    between the outermost `PEAK_REACH` samples is left to those who have both sides.
    """
    tops = tops_of(sound) if tops is None else tops
    samples = float(tops.max(initial=0.0))
    places = _promising(sound, tops, max(samples, known))
    return max(samples, float(_searched(sound, places, PEAK_REACH if inner else 0).max(initial=0.0)))


def true_peaks(sound: Sound, level: float = 0.0) -> NDArray[np.float32] | None:
    """The highest level around each sample over all channels, oversampled four times (BS.1770-4, annex 2).

    Where no true peak above `level` is possible the samples' own level is given; None when it is possible nowhere.
    """
    tops = tops_of(sound)
    places = _promising(sound, tops, level)
    if not places.size and float(tops.max(initial=0.0)) <= level:
        return None
    length = sound.shape[1]
    highest = np.zeros(len(tops) * CELL, np.float32)
    highest[:length] = np.abs(sound).max(axis=0)
    cells = highest.reshape(-1, CELL)
    cells[places] = np.maximum(cells[places], _searched(sound, places))
    return highest[:length]


_BEND = 0.345
"""How far a point between two samples can lie above both, as a factor of the largest second difference around.

The interpolation filter minus straight lines between the samples is a filter on second differences; the absolute
values of its taps add up to 0.3444 for the middle of two samples, and to less for the other points.
"""


def tops_of(sound: Sound) -> NDArray[np.float32]:
    """The highest sample of each cell over all channels."""
    return np.asarray(_by_cells(sound).max(axis=0, initial=0.0), np.float32)


def _by_cells(sound: Sound) -> NDArray[np.float32]:
    """The highest absolute value in each cell, a row for each channel; the last cell may be a short one."""
    whole, count = sound.shape[1] // CELL, -(-sound.shape[1] // CELL)
    found = np.zeros((len(sound), count), np.float32)
    for row, channel in zip(found, sound, strict=True):
        cells = channel[: whole * CELL].reshape(whole, CELL)
        if whole:
            row[:whole] = np.maximum(cells.max(axis=1), -cells.min(axis=1))
        if count > whole:
            row[whole] = np.abs(channel[whole * CELL :]).max()
    return found


def _promising(sound: Sound, tops: NDArray[np.float32], level: float) -> NDArray[np.intp]:
    """The cells in which a true peak above `level` is possible."""
    bends = np.zeros_like(sound)
    np.add(sound[:, 2:], sound[:, :-2], out=bends[:, 1:-1])
    bends[:, 1:-1] -= 2 * sound[:, 1:-1]
    # Beyond both ends the filter sees silence, so the sound bends there by as much as its last samples are high.
    bends[:, :1], bends[:, -1:] = (4 * np.abs(end).max(axis=1, keepdims=True) for end in (sound[:, :2], sound[:, -2:]))
    around = [np.pad(cells, 1) for cells in (tops, tops_of(bends))]
    top, bend = (np.maximum(np.maximum(cells[:-2], cells[1:-1]), cells[2:]) for cells in around)
    return np.flatnonzero(top * 1.0001 + _BEND * bend > level)


def _searched(sound: Sound, places: NDArray[np.intp], margin: int = 0) -> NDArray[np.float32]:
    """The highest level between samples around each sample of some cells, shape (cells, samples); 0 in the margins."""
    if not places.size:
        return np.zeros((0, CELL), np.float32)
    padded = np.zeros((len(sound), -(-sound.shape[1] // CELL) * CELL + 2 * PEAK_REACH), np.float32)
    padded[:, PEAK_REACH : PEAK_REACH + sound.shape[1]] = sound
    windows = sliding_window_view(padded, CELL + 2 * PEAK_REACH, axis=1)[:, places * CELL]
    rows = windows.reshape(-1, CELL + 2 * PEAK_REACH)
    highest = np.zeros((len(rows), CELL), np.float32)
    for phase in _phases()[1:]:
        between = np.abs(cv2.filter2D(rows, -1, phase, borderType=cv2.BORDER_CONSTANT))
        np.maximum(highest, between[:, PEAK_REACH:-PEAK_REACH], out=highest)
    found = highest.reshape(len(sound), len(places), CELL).max(axis=0)
    at = places[:, None] * CELL + np.arange(CELL)
    found[(at < margin) | (at >= sound.shape[1] - margin)] = 0
    return np.asarray(found, np.float32)


@lru_cache(maxsize=1)
def _phases() -> tuple[NDArray[np.float32], ...]:
    """The interpolation filter, one row for each quarter of a sample; the first row changes nothing."""
    length = 8 * PEAK_REACH - 1
    taps = np.sinc((np.arange(length) - length // 2) / 4) * np.kaiser(length, 6.0)
    padded = np.concatenate([[0.0], taps / taps.sum() * 4])
    # filter2D correlates; a row has 2 * PEAK_REACH taps and its anchor is in the middle.
    return tuple(padded[phase::4].astype(np.float32)[None, ::-1] for phase in range(4))
