"""The timeline refuses what no engine could render, and derives its starts."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FPS_30, FrameRate, TimeRange
from video_pipeline.domain.timeline import (
    Bed,
    Caption,
    Motion,
    PictureClip,
    SoundClip,
    Timeline,
    Transition,
    TransitionKind,
)

MEDIA = MediaReference("a", "0" * 64, 1)
FADE = 9_600  # samples: six frames


def made(lengths: list[int], dissolve: int = 6) -> Timeline:
    """A programme of `lengths` frames whose pieces have handles for a crossfade on each cut."""
    count = len(lengths)
    cuts = [1600 * cut for cut in accumulate(lengths)][:-1]
    half = Transition(TransitionKind.DISSOLVE, dissolve // 2, dissolve - dissolve // 2)
    return Timeline(
        name="p",
        rate=FPS_30,
        pictures=tuple(PictureClip(f"picture {index}", MEDIA, length) for index, length in enumerate(lengths)),
        transitions=(half,) * (count - 1),
        sounds=tuple(
            SoundClip(f"piece {index}", MEDIA, TimeRange(FADE, 1600 * length), TimeRange(0, 1600 * length + 2 * FADE))
            for index, length in enumerate(lengths)
        ),
        crossfades=tuple(TimeRange(cut - FADE // 2, FADE) for cut in cuts),
    )


lengths = st.lists(st.integers(6, 500), min_size=1, max_size=12)


@given(lengths=lengths)
def test_transitions_do_not_change_the_length(lengths: list[int]) -> None:
    programme = made(lengths)
    assert programme.frames == sum(lengths)
    assert programme.samples == 1600 * sum(lengths)
    assert programme.picture_starts == tuple(accumulate(lengths[:-1], initial=0))
    assert programme.sound_starts == tuple(1600 * start for start in programme.picture_starts)


@given(lengths=lengths, extra=st.integers(-5, 5).filter(bool))
def test_picture_and_sound_must_be_equally_long(lengths: list[int], extra: int) -> None:
    good = made(lengths)
    first = replace(good.pictures[0], frames=good.pictures[0].frames + 500 + extra)
    with pytest.raises(InvalidInputError, match="differ in length"):
        replace(good, pictures=(first, *good.pictures[1:]))


def test_the_rate_decides_how_many_samples_a_frame_is() -> None:
    with pytest.raises(InvalidInputError, match="differ in length"):
        replace(made([30, 30]), rate=FrameRate(25))


def test_an_empty_programme_is_refused() -> None:
    good = made([30])
    with pytest.raises(InvalidInputError, match="at least one picture"):
        replace(good, pictures=())
    with pytest.raises(InvalidInputError, match="at least one piece of sound"):
        replace(good, sounds=())


def test_there_is_one_transition_and_one_crossfade_a_cut() -> None:
    good = made([30, 30, 30])
    with pytest.raises(InvalidInputError, match="3 pictures need 2 transitions, not 1"):
        replace(good, transitions=good.transitions[:1])
    with pytest.raises(InvalidInputError, match="3 pieces need 2 crossfades, not 1"):
        replace(good, crossfades=good.crossfades[:1])


@pytest.mark.parametrize(("frames", "fits"), [(6, True), (5, False)])
def test_a_clip_holds_the_transitions_on_both_sides(frames: int, fits: bool) -> None:
    if fits:
        assert made([30, frames, 30]).frames == 60 + frames
    else:
        with pytest.raises(InvalidInputError, match="picture 1: 5 frames cannot hold 6 frames"):
            made([30, frames, 30])


def test_a_clip_without_length_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="0 frames"):
        made([30, 0, 30], dissolve=0)


@pytest.mark.parametrize("shift", [-FADE, FADE])
def test_a_crossfade_covers_its_cut(shift: int) -> None:
    good = made([30, 30])
    moved = TimeRange(good.crossfades[0].start + shift, FADE)
    with pytest.raises(InvalidInputError, match="does not cover its cut"):
        replace(good, crossfades=(moved,))


def test_a_crossfade_needs_handles_on_both_sides() -> None:
    good = made([30, 30])
    first, second = good.sounds
    for sounds in (
        (replace(first, available_range=TimeRange(0, first.source_range.end)), second),
        (first, replace(second, source_range=TimeRange(0, second.source_range.duration))),
    ):
        with pytest.raises(InvalidInputError, match="needs more handle"):
            replace(good, sounds=sounds)


def test_a_crossfade_is_not_longer_than_its_clips() -> None:
    good = made([30, 30])
    sounds = tuple(
        replace(clip, source_range=TimeRange(10**6, 48_000), available_range=TimeRange(0, 10**7))
        for clip in good.sounds
    )
    with pytest.raises(InvalidInputError, match="is longer than"):
        replace(good, sounds=sounds, crossfades=(TimeRange(0, 48_000 + 48_001),))


def test_a_transition_is_as_long_as_both_its_sides() -> None:
    assert Transition(TransitionKind.DISSOLVE, 3, 4).frames == 7


def test_words_stand_in_the_programme_one_after_another() -> None:
    programme = made([100, 100])
    captions = (Caption("first", 0, 60), Caption("second", 60, 140))
    assert replace(programme, captions=captions).captions[-1].end == programme.frames
    for wrong in ([Caption("early", -1, 10)], [Caption("late", 195, 6)], [Caption("a", 0, 61), captions[1]]):
        with pytest.raises(InvalidInputError, match="free are"):
            replace(programme, captions=tuple(wrong))
    with pytest.raises(InvalidInputError, match="free are"):
        replace(programme, captions=(Caption("no time", 5, 0),))


def test_a_sound_under_the_music_has_a_length_and_never_steps_forward() -> None:
    programme = made([100])
    assert replace(programme, beds=(Bed("rain", MEDIA, 48_000, -18, 6),)).beds[0].ducking_db == 6
    with pytest.raises(InvalidInputError, match="no sound"):
        replace(programme, beds=(Bed("rain", MEDIA, 0, -18),))
    with pytest.raises(InvalidInputError, match="louder"):
        replace(programme, beds=(Bed("rain", MEDIA, 1, -18, -1),))


def test_footage_moves_by_itself() -> None:
    programme = made([100])
    clip = replace(programme.pictures[0], footage_frames=30)
    assert replace(programme, pictures=(clip,)).frames == 100
    with pytest.raises(InvalidInputError, match="moves by itself"):
        replace(programme, pictures=(replace(clip, motion=Motion.PAN),))
    with pytest.raises(InvalidInputError, match="-1 frames"):
        replace(programme, pictures=(replace(clip, footage_frames=-1),))
