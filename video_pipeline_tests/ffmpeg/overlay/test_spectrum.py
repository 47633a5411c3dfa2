"""What an overlay hears: levels against a transform of its own, in time, the same whoever computes which part."""

from __future__ import annotations

import cmath
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, FrameRate
from video_pipeline.ffmpeg.overlay import spectrum
from video_pipeline.ffmpeg.overlay.spectrum import (
    BANDS,
    BLOCK,
    FULL,
    Clock,
    edges_hz,
    rows_around,
    smoothed,
    table_span,
)
from video_pipeline.ffmpeg.work.crew import StopFlag

RATES = [FrameRate(24), FrameRate(25), FrameRate(30000, 1001), FPS_30, FrameRate(60)]
FRAMES = 3 * BLOCK + 41
CLOCK = Clock(FRAMES, FPS_30)


def band_of(pitch: float) -> int:
    return int(np.searchsorted(edges_hz(), pitch)) - 1


def as_mix(sound: NDArray[np.float64], path: Path) -> Path:
    """16-bit stereo as the engine mixes it."""
    (np.clip(sound, -1, 1) * 32767).round().astype(np.int16).tofile(path)
    return path


def table_of(mix: Path, clock: Clock, spans: list[tuple[int, int]], folder: Path) -> Path:
    table = folder / "table"
    with table.open("wb") as file:
        file.truncate(clock.frames * BANDS * 2)
    for span in spans:
        table_span(mix, table, clock, span, StopFlag(folder / "stop"))
    return table


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chord, different on either side, with noise that comes and goes."""
    time = np.arange(FPS_30.samples_at(FRAMES)) / SAMPLE_RATE
    noise = np.random.default_rng(1).standard_normal((len(time), 2)) * 0.02 * (np.sin(time)[:, None] > 0)
    left = 0.2 * np.sin(2 * np.pi * 220 * time) + 0.1 * np.sin(2 * np.pi * 5000 * time)
    right = 0.3 * np.sin(2 * np.pi * 1234 * time)
    return as_mix(np.stack([left, right], 1) + noise, tmp_path_factory.mktemp("mix") / "mix")


def powers_by_hand(sound: NDArray[np.float64], frame: int) -> list[float]:
    """The level of each band at `frame`, by the definition of the Fourier transform, in decibels."""
    width = spectrum.WINDOW
    middle = (FPS_30.samples_at(frame) + FPS_30.samples_at(frame + 1)) // 2
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / width) for n in range(width)]
    heard = [0.0] * BANDS
    for side in sound[middle - width // 2 : middle + width // 2].T:
        # One bin at a time; a few bins suffice for the lowest bands, which are the narrow ones.
        for number in range(1, 120):
            turn = cmath.exp(-2j * math.pi * number / width)
            found = np.polyval((side * window)[::-1], turn)
            power = abs(found) ** 2 / (width / 4) ** 2 / 1.5 / 2
            low, high = (number - 0.5) * SAMPLE_RATE / width, (number + 0.5) * SAMPLE_RATE / width
            for band, (first, last) in enumerate(zip(edges_hz()[:-1], edges_hz()[1:], strict=True)):
                shared = max(min(high, last) - max(low, first), 0)
                heard[band] += power * shared / min(last - first, SAMPLE_RATE / width)
    middles = np.sqrt(edges_hz()[:-1] * edges_hz()[1:])
    return [
        10 * math.log10(max(power, 1e-12)) + spectrum.TILT_DB * math.log2(pitch / 1000)
        for power, pitch in zip(heard, middles, strict=True)
    ]


@pytest.mark.slow
def test_levels_are_those_of_a_fourier_transform_by_its_definition(mix: Path, tmp_path: Path) -> None:
    table = table_of(mix, CLOCK, [(0, FRAMES)], tmp_path)
    sound = np.fromfile(mix, np.int16).reshape(-1, 2) / 32768
    whole = band_of(119 * SAMPLE_RATE / spectrum.WINDOW)  # bands that lie within the bins computed by hand
    for frame in (37, 500):
        row = rows_around(table, frame, 1, CLOCK)[-2] / FULL
        levels = spectrum.FLOOR_DB + row * (spectrum.TOP_DB - spectrum.FLOOR_DB)
        by_hand = np.clip(powers_by_hand(sound, frame), spectrum.FLOOR_DB, spectrum.TOP_DB)
        assert np.abs(levels - by_hand)[:whole].max() < 0.02
        assert by_hand[:whole].max() > -30


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(cuts=st.sets(st.integers(1, 3)))
def test_the_table_does_not_depend_on_who_computes_which_part(
    cuts: set[int], mix: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    borders = [0, *(cut * BLOCK for cut in sorted(cuts)), FRAMES]
    spans = list(pairwise(borders))
    whole = table_of(mix, CLOCK, [(0, FRAMES)], tmp_path_factory.mktemp("whole"))
    parts = table_of(mix, CLOCK, spans[::-1], tmp_path_factory.mktemp("parts"))
    assert parts.read_bytes() == whole.read_bytes()


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, FRAMES - 1), frames=st.integers(1, 300), rate=st.sampled_from(RATES))
def test_heights_do_not_depend_on_where_a_stretch_begins(
    first: int, frames: int, rate: FrameRate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock = Clock(FRAMES, rate)
    table = tmp_path_factory.mktemp("any") / "table"
    np.random.default_rng(frames).integers(0, FULL + 1, (FRAMES, BANDS), np.uint16).tofile(table)
    frames = min(frames, FRAMES - first)
    whole = smoothed(rows_around(table, 0, FRAMES, clock), rate)
    part = smoothed(rows_around(table, first, frames, clock), rate)
    assert whole.shape == (FRAMES, BANDS)
    assert np.array_equal(part, whole[first : first + frames])
    assert whole.min() >= 0
    assert whole.max() <= 1


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_click_is_seen_in_the_frame_in_which_it_is_heard(rate: FrameRate, tmp_path: Path) -> None:
    clock = Clock(BLOCK, rate)
    for click in (50_001, 100_777, 150_000):
        sound = np.zeros((rate.samples_at(BLOCK), 2))
        sound[click] = 1.0
        table = table_of(as_mix(sound, tmp_path / "click"), clock, [(0, BLOCK)], tmp_path)
        frame = click * rate.numerator // (SAMPLE_RATE * rate.denominator)
        raw = rows_around(table, 0, BLOCK, clock)[spectrum.reach_of(rate)[0] : -1].sum(axis=1, dtype=np.int64)
        # Between two frames both hear it equally loud.
        assert raw[frame] >= 0.97 * raw.max()
        assert raw[frame] > raw[[frame - 3, frame + 3]].max()
        rises = np.diff(smoothed(rows_around(table, 0, BLOCK, clock), rate).sum(axis=1), prepend=0)
        assert abs(int(rises.argmax()) - frame) <= 1


def test_a_height_rises_at_once_and_falls_without_a_jump(tmp_path: Path) -> None:
    table = tmp_path / "table"
    rows = np.zeros((120, BANDS), np.uint16)
    rows[40:50, 20] = FULL
    rows.tofile(table)
    clock = Clock(120, FPS_30)
    seen = smoothed(rows_around(table, 0, 120, clock), FPS_30)[:, 20]
    assert seen[38] == 0
    assert seen[41] == seen[48] == 1
    steps = np.diff(seen)[48:85]
    assert (steps <= 0).all()
    assert steps.min() > -0.08
    assert seen[50 + math.ceil(spectrum.FALL_S * 30)] < 1e-6


def test_a_tone_lifts_its_band_most_and_silence_none(tmp_path: Path) -> None:
    time = np.arange(FPS_30.samples_at(BLOCK)) / SAMPLE_RATE
    clock = Clock(BLOCK, FPS_30)
    for pitch in (110.0, 440.0, 1000.0, 7000.0):
        tone = np.repeat(0.1 * np.sin(2 * np.pi * pitch * time)[:, None], 2, axis=1)
        table = table_of(as_mix(tone, tmp_path / "tone"), clock, [(0, BLOCK)], tmp_path)
        row = smoothed(rows_around(table, 100, 1, clock), FPS_30)[0]
        assert abs(int(row.argmax()) - band_of(pitch)) <= (1 if pitch < 200 else 0)
        # A tenth of full scale has -20 dB, and the tilt.
        if pitch < 1000:
            continue  # a band narrower than the window can tell apart shares its tone with its neighbours
        level = (-20 + spectrum.TILT_DB * math.log2(pitch / 1000) - spectrum.FLOOR_DB) / (
            spectrum.TOP_DB - spectrum.FLOOR_DB
        )
        assert row.max() == pytest.approx(min(level, 1), abs=0.05)
    table = table_of(as_mix(np.zeros((len(time), 2)), tmp_path / "none"), clock, [(0, BLOCK)], tmp_path)
    assert not smoothed(rows_around(table, 0, BLOCK, clock), FPS_30).any()
