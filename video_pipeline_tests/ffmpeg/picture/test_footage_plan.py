"""Footage in the plan: every frame shows the frame of the footage that it should, and little is new."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.excerpt import excerpt
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FPS_30, FrameRate, TimeRange
from video_pipeline.domain.timeline import Motion, Overlay, PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.ffmpeg.picture.plan import (
    Blend,
    Hold,
    Kind,
    Live,
    Look,
    Move,
    Plain,
    compile_plan,
    groups_for,
    kind_of,
)

RATES = [FrameRate(24), FrameRate(30000, 1001), FPS_30, FrameRate(60)]
FADE = Transition(TransitionKind.DISSOLVE, 30, 30)


def programme(rate: FrameRate, clips: list[tuple[int, int]], transitions: list[Transition]) -> Timeline:
    """Clips are (frames, footage_frames); a second one of equal length shows the same file."""
    pictures = tuple(
        PictureClip(f"scene {n}", MediaReference(f"{n}", f"{footage or n:064x}", 1), frames, footage_frames=footage)
        for n, (frames, footage) in enumerate(clips)
    )
    samples = rate.samples_at(sum(frames for frames, _ in clips))
    sound = SoundClip("track", MediaReference("t.flac", "f" * 64, 1), TimeRange(0, samples), TimeRange(0, samples))
    return Timeline("any", rate, pictures, tuple(transitions), (sound,), ())


@st.composite
def programmes(draw: st.DrawFn) -> Timeline:
    count = draw(st.integers(1, 4))
    offsets = [(draw(st.integers(0, 20)), draw(st.integers(0, 20))) for _ in range(count - 1)]
    kinds = [draw(st.sampled_from(TransitionKind)) for _ in range(count - 1)]
    clips = []
    for index in range(count):
        needed = (offsets[index - 1][1] if index else 0) + (offsets[index][0] if index < count - 1 else 0)
        clips.append((max(needed, 1) + draw(st.integers(0, 1500)), draw(st.just(0) | st.integers(1, 1600))))
    changes = [Transition(kind, *pair) for kind, pair in zip(kinds, offsets, strict=True)]
    return programme(draw(st.sampled_from(RATES)), clips, changes)


Seen = tuple[tuple[str, int], ...]
"""The picture and its frame, or two of them."""


def seen_in(stretch: Plain, number: int) -> Seen:
    def at(look: Look, later: int) -> tuple[str, int]:
        return look.picture, (look.phase + later) % look.period if look.period else 0

    match stretch:
        case Hold(picture):
            return ((picture, 0),)
        case Move(look):
            return (at(look, number),)
        case Blend(before, lead, after):
            return (at(before, number),) + ((at(after, number - lead),) if number >= lead else ())


def expected(timeline: Timeline) -> list[Seen]:
    """Straight from the timeline: where each clip is first and last seen, and what it shows there."""
    seen: list[list[tuple[str, int]]] = [[] for _ in range(timeline.frames)]
    changes = [None, *(each if each.kind is not TransitionKind.CUT else None for each in timeline.transitions), None]
    for index, (clip, start) in enumerate(zip(timeline.pictures, timeline.picture_starts, strict=True)):
        before, after = changes[index], changes[index + 1]
        first = start - (before.in_offset if before else 0)
        last = start + clip.frames + (after.out_offset if after else 0)
        # What is long enough begins at its beginning; a loop begins anew where the transition is over.
        zero = first if last - first <= clip.footage_frames else start + (before.out_offset if before else 0)
        for frame in range(first, last):
            phase = (frame - zero) % clip.footage_frames if clip.footage_frames else 0
            seen[frame].append((clip.media.sha256, phase))
    return [tuple(each) for each in seen]


@given(programmes())
@settings(max_examples=60, deadline=None)
def test_each_frame_shows_the_right_frame_of_the_footage(timeline: Timeline) -> None:
    runs = compile_plan(timeline)
    shown = [
        seen_in(run.stretch, number % run.stretch.shown)
        for run in runs
        if not isinstance(run.stretch, Live)
        for number in range(run.frames)
    ]
    assert shown == expected(timeline)
    assert all(isinstance(run.stretch, Hold) or run.frames == run.stretch.shown for run in runs)


@given(timeline=programmes(), share=st.floats(0, 1), frames=st.integers(1, 900))
@settings(max_examples=40, deadline=None)
def test_each_frame_of_an_excerpt_shows_what_the_programme_shows_there(
    timeline: Timeline, share: float, frames: int
) -> None:
    first = round(share * (timeline.frames - 1))
    span = TimeRange(first, min(frames, timeline.frames - first))
    part = excerpt(timeline, span, MediaReference("s", "e" * 64, 1))
    whole = expected(timeline)[span.start : span.end]
    shown = [
        seen_in(run.stretch, number % run.stretch.shown)
        for run in compile_plan(part)
        if not isinstance(run.stretch, Live)
        for number in range(run.frames)
    ]
    # A transition that the excerpt cuts off is shorter there; what is seen is never another frame.
    assert all(set(seen) & set(wanted) for seen, wanted in zip(shown, whole, strict=True))
    for seen, wanted in zip(shown, whole, strict=True):
        assert len(wanted) == 2 or len(seen) == 2 or seen == wanted


@given(programmes())
@settings(max_examples=30, deadline=None)
def test_beneath_an_overlay_footage_goes_on_as_without_it(timeline: Timeline) -> None:
    shown = [
        seen_in(sight.stretch, sight.start + number)
        for run in compile_plan(replace(timeline, overlay=Overlay.LINE))
        if isinstance(run.stretch, Live)
        for sight in run.stretch.beneath
        for number in range(sight.frames)
    ]
    assert shown == expected(timeline)


@given(period=st.integers(1, 20_000), rate=st.sampled_from(RATES))
def test_groups_are_whole_loops_or_parts_of_one_and_none_is_long(period: int, rate: FrameRate) -> None:
    groups = groups_for(period, rate)
    assert sum(groups) % period == 0
    assert len(groups) == 1 or sum(groups) == period
    assert max(groups) <= rate.frames_in(10)
    # None is much shorter than need be: each begins with a key frame.
    assert min(groups) >= min(rate.frames_in(5), sum(groups)) or len(groups) == 1
    assert max(groups) - min(groups) <= 1


def new_frames(timeline: Timeline) -> int:
    return sum(stretch.shown for stretch in {run.stretch for run in compile_plan(timeline)})


@pytest.mark.parametrize("seconds", [10, 37, 60])
def test_an_hour_of_a_loop_costs_one_loop(seconds: int) -> None:
    loop = 30 * seconds
    assert new_frames(programme(FPS_30, [(30 * 3600, loop)], [])) <= loop + 300


def test_scenes_of_the_same_footage_share_its_loop() -> None:
    timeline = programme(FPS_30, [(30 * 200 + 17 * n, 900) for n in range(10)], [FADE] * 9)
    # Each transition has its own frames, and up to ten seconds before it are left over from the loop.
    assert new_frames(timeline) <= 900 + 9 * 60 + 10 * 300


def test_no_single_frame_is_left_over_next_to_a_key_frame() -> None:
    runs = compile_plan(
        programme(FPS_30, [(3 * 300 + 1, 300), (3 * 300 + 1, 600)], [Transition(TransitionKind.CUT, 0, 0)])
    )
    assert [run.frames for run in runs] == [300, 300, 301, 300, 300, 301]


def test_footage_is_encoded_as_such_wherever_it_is_seen() -> None:
    still_to_film = programme(FPS_30, [(300, 0), (900, 300)], [FADE])
    assert [kind_of(run.stretch) for run in compile_plan(still_to_film)] == [
        *(Kind.STILL, Kind.FOOTAGE),
        *[Kind.FOOTAGE] * 3,
    ]
    moved = replace(still_to_film.pictures[0], motion=Motion.PAN)
    lives = compile_plan(replace(still_to_film, pictures=(moved, still_to_film.pictures[1]), overlay=Overlay.BARS))
    assert kind_of(lives[0].stretch) is Kind.MOVE
    assert kind_of(lives[-1].stretch) is Kind.FOOTAGE
