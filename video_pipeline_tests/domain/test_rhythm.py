"""Cuts of a song: on the beat, even, long enough, the whole song; and what they prefer."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.rhythm import Rhythm, cut_frames
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, FrameRate

NTSC = FrameRate(30_000, 1001)


def steady(bpm: float, seconds: float, *, first_s: float = 0.2, sections: tuple[float, ...] = ()) -> Rhythm:
    count = int((seconds - first_s) * bpm / 60)
    beats = tuple(round((first_s + number * 60 / bpm) * SAMPLE_RATE) for number in range(count))
    return Rhythm(bpm, beats, tuple(round(place * SAMPLE_RATE) for place in sections))


@pytest.mark.parametrize("bpm", [19.7, 401.3])
def test_a_measured_tempo_may_be_one_that_nobody_would_order(bpm: float) -> None:
    """A song given as 20 bpm was measured at 19.7, and its job could not be planned."""
    assert cut_frames(steady(bpm, 60), FPS_30, 1800, scenes=3)


def lengths(cuts: tuple[int, ...], frames: int) -> list[int]:
    return [after - before for before, after in pairwise((0, *cuts, frames))]


@given(
    bpm=st.floats(60, 180),
    seconds=st.integers(20, 300),
    scenes=st.integers(1, 12),
    rate=st.sampled_from([FPS_30, NTSC, FrameRate(24), FrameRate(60)]),
)
def test_every_cut_is_within_a_frame_of_a_beat_and_every_scene_long_enough(
    bpm: float, seconds: int, scenes: int, rate: FrameRate
) -> None:
    # Otherwise cuts are even: scenes of a second each do not keep to beats of nine tenths.
    beats_in_a_scene = math.ceil(bpm / 60) + 1
    assume(scenes * beats_in_a_scene * 60 / bpm < seconds)
    rhythm = steady(bpm, seconds)
    frames = rate.frames_in(seconds)
    cuts = cut_frames(rhythm, rate, frames, scenes=scenes)
    assert len(cuts) == scenes - 1
    made = lengths(cuts, frames)
    assert sum(made) == frames
    assert min(made) >= rate.frames_in(1)
    for cut in cuts:
        assert min(abs(rate.samples_at(cut) - beat) for beat in rhythm.beats) <= rate.samples_at(1)
    if scenes * 5 * 60 / bpm < seconds:  # there are bars enough
        assert max(made) < 2 * frames / scenes


def test_cuts_fall_on_bars_and_evenly() -> None:
    rhythm = steady(120, 64, first_s=0.5)
    cuts = cut_frames(rhythm, FPS_30, 64 * 30, scenes=8)
    assert all((cut - 15) % 60 == 0 for cut in cuts)  # a bar is two seconds, the first begins at half a second
    assert max(lengths(cuts, 1920)) - min(lengths(cuts, 1920)) <= 60


def test_a_new_section_is_worth_a_longer_scene() -> None:
    plain = cut_frames(steady(120, 60), FPS_30, 1800, scenes=4)
    moved = cut_frames(steady(120, 60, sections=(18.2, 41.2)), FPS_30, 1800, scenes=4)
    sections = {FPS_30.frame_at(round(place * SAMPLE_RATE)) for place in (18.2, 41.2)}
    assert not sections & set(plain)
    assert sections <= set(moved)


def test_bars_are_counted_from_a_section_on() -> None:
    """A song with a bar of three before its refrain."""
    rhythm = steady(120, 40, first_s=0.0, sections=(13.5,))
    cuts = cut_frames(rhythm, FPS_30, 1200, scenes=6)
    later = [cut for cut in cuts if cut > 13.5 * 30]
    assert all((cut - 405) % 60 == 0 for cut in later)


def test_about_so_many_seconds_each() -> None:
    cuts = cut_frames(steady(96, 120), FPS_30, 3600, seconds_each=8)
    assert len(cuts) == 14
    assert all(150 < length < 330 for length in lengths(cuts, 3600))
    assert cut_frames(steady(96, 120), FPS_30, 3600, seconds_each=1000) == ()
    # No scene is shorter than the shortest, whatever was wished.
    assert min(lengths(cut_frames(steady(180, 20), FPS_30, 600, seconds_each=0.1), 600)) >= 30


def test_without_a_beat_the_cuts_are_even() -> None:
    silence = Rhythm(None, (), ())
    assert cut_frames(silence, FPS_30, 1000, scenes=4) == (250, 500, 750)
    few = Rhythm(60.0, (48_000, 96_000), ())
    assert cut_frames(few, FPS_30, 1000, scenes=5) == (200, 400, 600, 800)


def test_beats_that_stop_early_leave_even_scenes_where_they_can() -> None:
    """A song whose last third has no drums: cuts on its beats would leave its last scene too long, but possible."""
    rhythm = steady(120, 40)
    cuts = cut_frames(rhythm, FPS_30, 1800, scenes=6)
    assert len(cuts) == 5
    assert all(min(abs(FPS_30.samples_at(cut) - beat) for beat in rhythm.beats) <= 1600 for cut in cuts)


def test_a_song_of_ninety_minutes_is_cut_in_a_moment() -> None:
    frames = 90 * 60 * 30
    rhythm = steady(120, 5400)
    cuts = cut_frames(rhythm, FPS_30, frames, scenes=20)
    beats = {FPS_30.frame_at(beat) for beat in rhythm.beats}
    assert set(cuts) <= beats
    assert max(lengths(cuts, frames)) < 1.2 * frames / 20


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "either how many"),
        ({"scenes": 3, "seconds_each": 2}, "either how many"),
        ({"scenes": 0}, "ask for 1 to 10"),
        ({"scenes": 11}, "ask for 1 to 10"),
        ({"seconds_each": 0}, "cannot last 0 s"),
        ({"scenes": 4, "shortest_s": Fraction(3)}, "ask for 1 to 3"),
    ],
)
def test_what_has_no_room_is_refused(asked: dict[str, int], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        cut_frames(steady(120, 10), FPS_30, 300, **asked)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ((120.0, (5, 5), ()), "must rise"),
        ((120.0, (-1, 5), ()), "must rise"),
        ((120.0, (1, 5), (9, 3)), "must rise"),
        ((None, (1, 5), ()), "or neither"),
        ((120.0, (), ()), "or neither"),
        ((0.0, (1, 5), ()), "more than 0 bpm"),
        ((-60.0, (1, 5), ()), "more than 0 bpm"),
        ((float("nan"), (1, 5), ()), "more than 0 bpm"),
        ((120.0, (1, 5), (), 1.5), "between 0 and 1"),
    ],
)
def test_no_song_has_such_a_rhythm(facts: tuple[object, ...], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        Rhythm(*facts)  # type: ignore[arg-type]
