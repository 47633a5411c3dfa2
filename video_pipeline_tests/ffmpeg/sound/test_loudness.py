"""The loudness meter and the limiter against ffmpeg's ebur128 filter and against signals with known figures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import sosfilt

from video_pipeline.domain.media import Loudness
from video_pipeline.ffmpeg.sound.limiter import CONTEXT, limiting_gain, smoothed_gain
from video_pipeline.ffmpeg.sound.loudness import PEAK_REACH, STEP, Meter, _phases, highest_peak, loudness_of, true_peaks
from video_pipeline.ffmpeg.sound.tracks import longest_run
from video_pipeline.ffmpeg.sound.weighting import _SECTIONS, KWeighting
from video_pipeline_tests.ffmpeg.material import Workshop, music, write_sound

RATE = 48_000


def measured(sound: NDArray[np.float64], block: int = 50 * STEP) -> Loudness:
    meter = Meter()
    for start in range(0, sound.shape[1], block):
        meter.add(np.ascontiguousarray(sound[:, start : start + block], np.float32))
    return loudness_of(meter.powers, meter.peak)


def tone(pitch: float, level_dbfs: float, seconds: float, phase: float = 0.0) -> NDArray[np.float64]:
    wave = np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE + phase)
    return np.tile(10 ** (level_dbfs / 20) * wave, (2, 1))


def test_stereo_tone_of_minus_23_dbfs_measures_minus_23_lufs() -> None:
    # EBU Tech 3341, case 1.
    assert measured(tone(1000, -23, 20)).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_gating_and_range_of_the_standard_cases() -> None:
    # EBU Tech 3341, case 3; Tech 3342, case 1: 20 s at -20 and 20 s at -30 have a range of 10 LU.
    gated = np.concatenate([tone(1000, -36, 10), tone(1000, -23, 60), tone(1000, -36, 10)], axis=1)
    assert measured(gated).integrated_lufs == pytest.approx(-23.0, abs=0.1)
    steps = np.concatenate([tone(1000, -20, 20), tone(1000, -30, 20)], axis=1)
    assert measured(steps).range_lu == pytest.approx(10.0, abs=1.0)


def test_true_peak_between_samples_is_found() -> None:
    # A quarter of the sample rate at 45 degrees: samples reach 0.707, the wave 1 (EBU Tech 3341, case 15 ff.).
    wave = tone(12_000, 0, 1, phase=np.pi / 4)
    assert np.abs(wave).max() == pytest.approx(0.7071, abs=1e-3)
    assert measured(wave).true_peak_dbtp == pytest.approx(0.0, abs=0.3)


def test_silence_measures_the_gate() -> None:
    loudness = measured(np.zeros((2, 3 * RATE)))
    assert loudness == Loudness(-70.0, -120.0, 0.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_meter_agrees_with_ffmpeg(workshop: Workshop, tmp_path: Path, seed: int) -> None:
    sound = music(15, seed, 0.15)
    sound[RATE * 5 : RATE * 7] *= 0.02
    sound[RATE * 9 : RATE * 11] *= 3
    integrated, peak = workshop.loudness(write_sound(tmp_path / "sound.wav", sound))
    loudness = measured(sound.T)
    assert loudness.integrated_lufs == pytest.approx(integrated, abs=0.1)
    assert loudness.true_peak_dbtp == pytest.approx(peak, abs=0.1)


def test_pieces_measure_what_the_whole_measures() -> None:
    sound = music(12, 7).T
    whole, pieces = measured(sound, block=sound.shape[1]), measured(sound, block=3 * STEP)
    assert pieces.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-6)
    assert pieces.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-4)


def test_a_block_that_ends_within_a_loud_tone_adds_no_peak() -> None:
    """Taken for an end of the sound, the edge of a block would have higher points between its samples than the tone."""
    places = np.arange(4 * STEP)
    tone = 0.7 * np.sin(2 * np.pi * 11_003 / RATE * places) * np.minimum(places / 2000, 1)
    for count in (1, 2):
        meter = Meter()
        sound = np.stack([tone, tone]).astype(np.float32)
        for start in range(0, 4 * STEP, count * STEP):
            meter.add(np.ascontiguousarray(sound[:, start : start + count * STEP]))
        inside = straightforward_peaks(sound)[:-PEAK_REACH].max()
        assert meter._peak == pytest.approx(inside, rel=2e-3)


@given(flags=st.lists(st.booleans(), max_size=60))
def test_longest_run(flags: list[bool]) -> None:
    longest = max((len(run) for run in "".join(".#"[flag] for flag in flags).split(".")), default=0)
    assert longest_run(np.array(flags, bool)) == longest


def test_a_known_peak_that_cannot_be_exceeded_is_not_searched() -> None:
    quiet = np.full((2, 1000), 0.1, np.float32)
    assert highest_peak(quiet, known=0.9) == pytest.approx(0.1)


def straightforward_peaks(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """The highest level of each sample and of the three points before it, by plain correlation with the filter."""
    padded = np.pad(sound.astype(np.float64), ((0, 0), (PEAK_REACH, PEAK_REACH)))
    points = [
        [np.correlate(channel, phase.ravel(), "valid")[: sound.shape[1]] for channel in padded]
        for phase in _phases()[1:]
    ]
    return np.abs([sound, *np.array(points)]).max(axis=(0, 1))


@given(
    seed=st.integers(0, 2**32 - 1),
    length=st.integers(1, 3000),
    loudest=st.floats(0.01, 1.5),
    level=st.floats(0.0, 2.0),
    smooth=st.booleans(),
)
def test_no_true_peak_is_missed(seed: int, length: int, loudest: float, level: float, smooth: bool) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, (2, length))
    if smooth:
        sound = np.cumsum(sound, axis=1)
    sound = np.asarray(sound / np.abs(sound).max() * loudest, np.float32)
    truth = straightforward_peaks(sound)
    assert highest_peak(sound) == pytest.approx(truth.max(), rel=2e-3)
    found = true_peaks(sound, level)
    above = truth > level * 1.001 + 1e-6
    if found is None:
        assert not above.any()
    else:
        assert np.allclose(found[above], truth[above], rtol=2e-3, atol=1e-5)


def loud_sound() -> NDArray[np.float32]:
    sound = music(6, 3, 0.08).T
    sound[:, RATE * 2 : RATE * 2 + 400] *= 16
    sound[:, RATE * 4] = 1.6
    return np.ascontiguousarray(sound, np.float32)


def test_limited_sound_keeps_below_the_ceiling_and_the_rest_is_untouched() -> None:
    sound = loud_sound()
    gain = limiting_gain(sound, 0.8)
    assert gain is not None
    limited = sound * gain
    assert highest_peak(sound) > 1.5
    # The gain itself moves a little between two samples: 0.02 dB.
    assert highest_peak(limited) <= 0.8 * 10 ** (0.02 / 20)
    assert np.allclose(gain[: RATE * 3 // 2], 1, atol=1e-6)
    assert np.abs(np.diff(gain)).max() < 0.001


def test_limiting_in_pieces_equals_limiting_the_whole() -> None:
    sound = loud_sound()
    whole = limiting_gain(sound, 0.8)
    assert whole is not None
    middle = slice(RATE * 2 - 1000, RATE * 3)
    piece = limiting_gain(np.ascontiguousarray(sound[:, middle.start - CONTEXT : middle.stop + CONTEXT]), 0.8)
    assert piece is not None
    assert np.allclose(piece[CONTEXT:-CONTEXT], whole[middle], atol=1e-5)


def test_sound_below_the_ceiling_needs_no_gain() -> None:
    assert limiting_gain(np.full((2, RATE), 0.2, np.float32), 0.8) is None


@given(
    seed=st.integers(0, 2**32 - 1),
    blocks=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    rest=st.integers(1, 4799),
)
def test_weighting_is_the_recursive_filter_of_the_standard(seed: int, blocks: list[int], rest: int) -> None:
    sections = np.array([[*section[:3], 1.0, *section[3:]] for section in _SECTIONS])
    sound = np.random.default_rng(seed).uniform(-1, 1, (2, sum(blocks) * STEP + rest)).astype(np.float32)
    filtered, edges = KWeighting(2), np.cumsum([0, *(count * STEP for count in blocks), rest])
    weighted = np.concatenate([filtered.weigh(sound[:, start:end]) for start, end in pairwise(edges)], axis=1)
    assert np.abs(weighted - sosfilt(sections, sound.astype(np.float64), axis=1)).max() < 1e-4


@given(values=st.lists(st.floats(0, 2, width=32), min_size=1, max_size=300), reach=st.integers(1, 40))
def test_gain_is_the_smoothed_lowest_one_around(values: list[float], reach: int) -> None:
    levels = np.array(values, np.float32)
    needed = np.minimum(1, 0.8 / np.maximum(levels, 1e-9))
    half = reach + 1 if reach % 2 == 0 else reach
    once = uniform_filter1d(minimum_filter1d(needed, 2 * reach + 1, mode="nearest"), half, mode="nearest")
    expected = uniform_filter1d(once, half, mode="nearest")
    assert smoothed_gain(levels, 0.8, reach) == pytest.approx(expected, abs=1e-5)
