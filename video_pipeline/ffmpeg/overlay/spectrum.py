"""Owns how loud each band of the sound is at each frame of picture: a table of heights; hides windows and decibels.

A frame hears the sound around its middle through one window, so what is seen is what is heard. Each block of frames is
computed as a whole from absolute positions: whoever computes which part, the table is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timebase import SAMPLE_RATE, FrameRate
from video_pipeline.ffmpeg.work.crew import StopFlag

TABLE_VERSION = 1

Heights = NDArray[np.uint16]
"""Shape (frames, BANDS): 0 is silence, `FULL` the top."""

BANDS = 48
LOWEST_HZ, HIGHEST_HZ = 50.0, 12_000.0
"""Edges of the lowest and of the highest band; all are equally wide to the ear, a sixth of an octave."""

FULL = 65_535
FLOOR_DB, TOP_DB = -66.0, -16.0
"""Levels of no height and of full height at 1 kHz; a sine at full scale has 0 dB. Of a
procedural piece at -14 LUFS the loudest bands lie at -37 dB in the median and at -20 dB in the loudest twentieth of
the time, the treble at -60 dB (2026-11-20)."""

TILT_DB = 2.0
"""An octave: music falls off by about as much from the middle to the treble, which would hardly move."""

WINDOW = 4096
"""Samples: 85 ms tell bass notes apart; a Hann window hears half of it, 43 ms, hence one frame from its neighbours."""

BLOCK = 256
"""Frames computed at once."""

NEIGHBOURS = 0.55
"""How high a band lifts those beside it: a single tone is a hill then, not a needle."""

FALL_S = 1.1
"""Seconds in which a height falls from the top to nothing, ever faster, as if it had weight."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The frames of a programme: how many, and at which rate."""

    frames: int
    rate: FrameRate


def edges_hz() -> NDArray[np.float64]:
    """The edges of the bands, one more than there are bands."""
    return np.asarray(np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1))


def table_span(mix: Path, out: Path, clock: Clock, span: tuple[int, int], stop: StopFlag) -> None:
    """Write the rows of frames [first, end) of the 16-bit `mix` into `out`; first lies on a block. Runs in a worker."""
    pcm = np.memmap(mix, np.int16, "r").reshape(-1, 2)
    with out.open("r+b") as file:
        file.seek(span[0] * BANDS * 2)
        for first in range(span[0], span[1], BLOCK):
            stop.check()
            file.write(heights_of(pcm, first, clock.rate)[: span[1] - first].tobytes())


def heights_of(pcm: NDArray[np.int16], first: int, rate: FrameRate) -> Heights:
    """The heights of BLOCK frames from `first` on, unsmoothed; silence lies around the sound."""
    middles = [(rate.samples_at(frame) + rate.samples_at(frame + 1)) // 2 for frame in range(first, first + BLOCK)]
    start, end = middles[0] - WINDOW // 2, middles[-1] + WINDOW // 2
    sound = np.zeros(end - start, np.complex64)
    inside = pcm[max(start, 0) : max(min(end, len(pcm)), 0)]
    place = max(-start, 0)
    # Both channels in one transform: the left one real, the right one imaginary.
    sound.real[place : place + len(inside)] = inside[:, 0]
    sound.imag[place : place + len(inside)] = inside[:, 1]
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[[middle - middles[0] for middle in middles]]
    # scipy is quicker by 2 s an hour, but importing it takes 20 MB in each process of every render.
    spectrum = np.fft.fft(windows * _hann(), axis=1)
    energy = np.square(spectrum.real) + np.square(spectrum.imag)
    half = WINDOW // 2
    # |L|^2 + |R|^2 = (|Z(k)|^2 + |Z(-k)|^2) / 2
    powers = energy[:, 1:half] + energy[:, :half:-1]
    return _heights(powers @ _weights())


def _heights(powers: NDArray[np.float32]) -> Heights:
    levels = 10 * np.log10(np.maximum(powers.astype(np.float64), 1e-12)) + _tilt()
    return np.asarray(np.rint(np.clip((levels - FLOOR_DB) / (TOP_DB - FLOOR_DB), 0, 1) * FULL), np.uint16)


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float32]:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _tilt() -> NDArray[np.float64]:
    edges = edges_hz()
    return np.asarray(TILT_DB * np.log2(np.sqrt(edges[:-1] * edges[1:]) / 1000))


@lru_cache(maxsize=1)
def _weights() -> NDArray[np.float32]:
    """How much of the power of each bin from 1 on belongs to each band, scaled: a sine at full scale sums up to 1.

    A band narrower than a bin takes what the bin has: otherwise the bass would look quieter than it is.
    """
    step = SAMPLE_RATE / WINDOW
    edges = edges_hz()
    bins = np.arange(1, WINDOW // 2)[:, None]
    shared = np.minimum((bins + 0.5) * step, edges[None, 1:]) - np.maximum((bins - 0.5) * step, edges[None, :-1])
    parts = np.maximum(shared, 0) / np.minimum(np.diff(edges), step)
    # A sine has a quarter of the window's length in its bin, 3/2 of that power in all; both channels were added twice.
    full_scale = 4 * 1.5 * (32768 * WINDOW / 4) ** 2
    return np.asarray(parts / full_scale, np.float32)


def reach_of(rate: FrameRate) -> tuple[int, int]:
    """How many rows before and after a frame its smoothed heights depend on."""
    return math.ceil(FALL_S * rate.fraction) + 1, 1


def rows_around(table: Path, first: int, frames: int, clock: Clock) -> Heights:
    """The rows that decide the smoothed heights of `frames` frames from `first` on; zeros beyond both ends."""
    before, after = reach_of(clock.rate)
    start, end = first - before, first + frames + after
    rows = np.memmap(table, np.uint16, "r").reshape(clock.frames, BANDS)[max(start, 0) : min(end, clock.frames)]
    return np.asarray(np.pad(rows, ((max(-start, 0), max(end - clock.frames, 0)), (0, 0))), np.uint16)


def smoothed(rows: Heights, rate: FrameRate) -> NDArray[np.float32]:
    """The heights to draw, 0 to 1, for `rows_around` some frames: up at once, down ever faster, corners rounded.

    Each is the highest of what earlier frames have left by now: no memory beyond that, so it starts anywhere.
    """
    before, _ = reach_of(rate)
    heights = rows.astype(np.float32) / np.float32(FULL)
    kept = heights[before - 1 :].copy()
    for frames in range(1, before):
        fallen = np.float32((frames / (FALL_S * float(rate.fraction))) ** 2)
        np.maximum(kept, heights[before - 1 - frames : len(heights) - frames] - fallen, out=kept)
    rounded = (kept[:-2] + 2 * kept[1:-1] + kept[2:]) / 4
    lifted = rounded * np.float32(NEIGHBOURS)
    np.maximum(rounded[:, 1:], lifted[:, :-1], out=rounded[:, 1:])
    np.maximum(rounded[:, :-1], lifted[:, 1:], out=rounded[:, :-1])
    return np.asarray(rounded, np.float32)
