"""Exact time: one rounding, no drift."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, FrameRate, TimeRange, clock

rates = st.sampled_from(
    [FrameRate(24), FrameRate(25), FPS_30, FrameRate(50), FrameRate(60), FrameRate(24000, 1001), FrameRate(30000, 1001)]
)
frames = st.integers(0, 10**7)


@given(rate=rates, frame=frames)
def test_a_frame_survives_the_way_to_samples_and_back(rate: FrameRate, frame: int) -> None:
    assert rate.frame_at(rate.samples_at(frame)) == frame


@given(rate=rates, frame=frames)
def test_a_boundary_is_at_most_half_a_sample_off(rate: FrameRate, frame: int) -> None:
    exact = Fraction(frame) / rate.fraction * SAMPLE_RATE
    assert abs(rate.samples_at(frame) - exact) <= Fraction(1, 2)


@given(rate=rates, sample=st.integers(0, 10**10))
def test_a_sample_is_at_most_half_a_frame_from_its_boundary(rate: FrameRate, sample: int) -> None:
    exact = Fraction(sample, SAMPLE_RATE) * rate.fraction
    assert abs(rate.frame_at(sample) - exact) <= Fraction(1, 2)


@given(rate=rates, frame=frames)
def test_seconds_and_frames_are_each_others_reverse(rate: FrameRate, frame: int) -> None:
    assert rate.frames_in(rate.seconds(frame)) == frame


def test_halves_are_rounded_up() -> None:
    assert FrameRate(1).frame_at(24_000) == 1
    assert FrameRate(1).frame_at(23_999) == 0
    assert FrameRate(2).frames_in(Fraction(1, 4)) == 1
    assert FrameRate(96_000).samples_at(1) == 1


def test_thirty_frames_a_second_are_1600_samples_each() -> None:
    assert [FPS_30.samples_at(frame) for frame in range(4)] == [0, 1600, 3200, 4800]


def test_ninety_minutes_of_ntsc_do_not_drift() -> None:
    ntsc = FrameRate(30000, 1001)
    count = ntsc.frames_in(90 * 60)
    steps = {after - before for before, after in pairwise(ntsc.samples_at(frame) for frame in range(count + 1))}
    assert steps == {1601, 1602}
    assert abs(ntsc.samples_at(count) - 90 * 60 * SAMPLE_RATE) <= 801


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 1), (-30, 1), (30, 0), (30, -1)])
def test_a_rate_is_positive(numerator: int, denominator: int) -> None:
    with pytest.raises(InvalidInputError, match="two positive integers"):
        FrameRate(numerator, denominator)


def test_a_rate_is_written_as_ffmpeg_reads_it() -> None:
    assert str(FPS_30) == "30"
    assert str(FrameRate(30000, 1001)) == "30000/1001"


@given(start=frames, duration=frames)
def test_a_range_is_half_open(start: int, duration: int) -> None:
    assert TimeRange(start, duration).end - start == duration


@pytest.mark.parametrize(("start", "duration"), [(-1, 5), (5, -1)])
def test_a_range_is_not_negative(start: int, duration: int) -> None:
    with pytest.raises(InvalidInputError, match="cannot be negative"):
        TimeRange(start, duration)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (59.999, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (Fraction(10983, 2), "1:31:31")],
)
def test_clock(seconds: float | Fraction, written: str) -> None:
    assert clock(seconds) == written
