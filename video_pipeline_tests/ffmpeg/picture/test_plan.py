"""The cut of a timeline into stretches, for any timeline: each frame of the programme is covered once, and rightly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FPS_30, FrameRate, TimeRange
from video_pipeline.domain.timeline import Motion, Overlay, PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.ffmpeg.picture.plan import (
    MOVES_IN_LOOP,
    Blend,
    Hold,
    Kind,
    Live,
    Look,
    Move,
    Run,
    compile_plan,
    kind_of,
    loop_for,
)

RATES = [FrameRate(24), FrameRate(25), FrameRate(30000, 1001), FPS_30, FrameRate(60)]


@dataclass(frozen=True)
class Seen:
    """What one frame shows: one picture, or two and which step of which transition between them."""

    first: Look
    second: Look | None = None
    step: int = 0
    kind: TransitionKind | None = None


def timeline_of(rate: FrameRate, clips: list[tuple[int, Motion]], transitions: list[Transition]) -> Timeline:
    pictures = tuple(
        PictureClip(f"scene {n}", MediaReference(f"{n}.png", f"{n:064x}", 1), frames, motion)
        for n, (frames, motion) in enumerate(clips)
    )
    samples = rate.samples_at(sum(frames for frames, _ in clips))
    sound = SoundClip("track", MediaReference("t.flac", "f" * 64, 1), TimeRange(0, samples), TimeRange(0, samples))
    return Timeline("any", rate, pictures, tuple(transitions), (sound,), ())


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    rate = draw(st.sampled_from(RATES))
    count = draw(st.integers(1, 6))
    offsets = [(draw(st.integers(0, 40)), draw(st.integers(0, 40))) for _ in range(count - 1)]
    kinds = [draw(st.sampled_from(TransitionKind)) for _ in range(count - 1)]
    clips = []
    for index in range(count):
        needed = (offsets[index - 1][1] if index else 0) + (offsets[index][0] if index < count - 1 else 0)
        clips.append(
            (
                max(needed, 1) + draw(st.integers(0, 3000) if index == 0 else st.integers(0, 700)),
                draw(st.sampled_from(Motion)),
            )
        )
    return timeline_of(rate, clips, [Transition(k, a, b) for k, (a, b) in zip(kinds, offsets, strict=True)])


def shown_by(run: Run, number: int) -> Seen:
    def later(look: Look, frames: int) -> Look:
        return replace(look, phase=(look.phase + frames) % look.period) if look.period else look

    match run.stretch:
        case Hold(picture):
            return Seen(Look(picture, Motion.STILL, 0, 0))
        case Move(look):
            return Seen(later(look, number))
        case Blend(before, lead, after, _, kind):
            if number < lead:
                return Seen(later(before, number))
            return Seen(later(before, number), later(after, number - lead), number - lead + 1, kind)


def expected(timeline: Timeline) -> list[Seen]:
    """The definition, frame by frame, straight from the timeline."""
    starts = timeline.picture_starts
    taken = [t.kind is not TransitionKind.CUT for t in timeline.transitions]
    ins = [t.in_offset if takes else 0 for t, takes in zip(timeline.transitions, taken, strict=True)]
    outs = [t.out_offset if takes else 0 for t, takes in zip(timeline.transitions, taken, strict=True)]

    def look(index: int, frame: int) -> Look:
        clip = timeline.pictures[index]
        if clip.motion is Motion.STILL:
            return Look(clip.media.sha256, clip.motion, 0, 0)
        before, after = (outs[index - 1] if index else 0), (ins[index] if index < len(ins) else 0)
        period = loop_for(clip.frames - before - after, timeline.rate).period
        free = starts[index] + before  # the loop begins when the transition in is over
        return Look(clip.media.sha256, clip.motion, (frame - free) % period, period)

    frames = []
    for index, clip in enumerate(timeline.pictures):
        for frame in range(starts[index], starts[index] + clip.frames):
            if index < len(ins) and frame >= starts[index + 1] - ins[index]:
                step = frame - (starts[index + 1] - ins[index]) + 1
                kind = timeline.transitions[index].kind
                frames.append(Seen(look(index, frame), look(index + 1, frame), step, kind))
            elif index and frame < starts[index] + outs[index - 1]:
                step = frame - (starts[index] - ins[index - 1]) + 1
                kind = timeline.transitions[index - 1].kind
                frames.append(Seen(look(index - 1, frame), look(index, frame), step, kind))
            else:
                frames.append(Seen(look(index, frame)))
    return frames


@pytest.mark.slow
@given(timelines())
@settings(max_examples=150, deadline=None)
def test_plan_shows_each_frame_of_the_timeline_once_and_rightly(timeline: Timeline) -> None:
    runs = compile_plan(timeline)
    assert sum(run.frames for run in runs) == timeline.frames
    shown = [shown_by(run, number) for run in runs for number in range(run.frames)]
    assert shown == expected(timeline)


@given(timelines())
@settings(max_examples=100, deadline=None)
def test_only_still_stretches_are_repeated_or_cut(timeline: Timeline) -> None:
    for run in compile_plan(timeline):
        assert run.frames > 0
        assert isinstance(run.stretch, Hold) or run.frames == run.stretch.shown


@given(seconds=st.integers(2, 3600), more=st.integers(0, 60), rate=st.sampled_from(RATES))
def test_a_loop_lasts_10_to_30_seconds_and_leaves_little_over(seconds: int, more: int, rate: FrameRate) -> None:
    frames = rate.frames_in(seconds) + more
    loop = loop_for(frames, rate)
    assert 10 < rate.seconds(loop.period) < 30
    # Nobody has to decode more than 10 s to get anywhere, but for the frame to which a rate rounds.
    assert rate.seconds(loop.group) < 10.05
    left = frames % loop.group
    assert left != 1
    if seconds > 60:
        assert rate.seconds(left) < 1.5


def test_an_hour_of_twenty_still_pictures_has_39_stretches() -> None:
    fade = Transition(TransitionKind.DISSOLVE, 30, 30)
    runs = compile_plan(timeline_of(FPS_30, [(5400, Motion.STILL)] * 20, [fade] * 19))
    assert len({run.stretch for run in runs}) == len(runs) == 39


def test_changing_one_picture_changes_its_still_and_two_dissolves() -> None:
    fade = Transition(TransitionKind.DISSOLVE, 30, 30)
    timeline = timeline_of(FPS_30, [(900, Motion.STILL)] * 5, [fade] * 4)
    changed = PictureClip("new", MediaReference("new.png", "a" * 64, 1), 900)
    other = Timeline(
        "any",
        FPS_30,
        (*timeline.pictures[:2], changed, *timeline.pictures[3:]),
        timeline.transitions,
        timeline.sounds,
        (),
    )
    before = {run.stretch for run in compile_plan(timeline)}
    after = {run.stretch for run in compile_plan(other)}
    assert len(after - before) == 3


def test_a_moving_scene_of_any_length_is_one_loop() -> None:
    long = compile_plan(timeline_of(FPS_30, [(30 * 600, Motion.SLOW_ZOOM)], []))
    assert len({run.stretch for run in long}) == MOVES_IN_LOOP == 2


def test_a_cut_takes_no_frames_whatever_its_offsets_say() -> None:
    hard = Transition(TransitionKind.CUT, 10, 20)
    runs = compile_plan(timeline_of(FPS_30, [(100, Motion.STILL)] * 2, [hard]))
    assert [(type(run.stretch), run.frames) for run in runs] == [(Hold, 100), (Hold, 100)]


def lives_of(timeline: Timeline) -> list[Live]:
    runs = compile_plan(replace(timeline, overlay=Overlay.BARS))
    lives = [run.stretch for run in runs if isinstance(run.stretch, Live)]
    assert [run.frames for run in runs] == [live.shown for live in lives]
    return lives


@given(timelines())
@settings(max_examples=40, deadline=None)
def test_beneath_an_overlay_is_what_there_would_be_without_it(timeline: Timeline) -> None:
    lives = lives_of(timeline)
    seen = [
        shown_by(Run(sight.stretch, sight.frames), sight.start + number)
        for live in lives
        for sight in live.beneath
        for number in range(sight.frames)
    ]
    assert seen == expected(timeline)
    assert all(run.stretch.shown for run in compile_plan(timeline) if not isinstance(run.stretch, Live))


@given(timelines())
@settings(max_examples=40, deadline=None)
def test_groups_with_an_overlay_last_at_most_10_s_and_know_where_they_are(timeline: Timeline) -> None:
    place = 0
    lives = lives_of(timeline)
    for live in lives:
        assert live.first == place
        assert live.shown <= timeline.rate.fraction * 10
        # A group of one frame would put two key frames next to each other.
        assert live.shown > 1 or timeline.frames == 1
        place += live.shown
    assert place == timeline.frames
    assert len(set(lives)) == len(lives)


@given(timelines())
@settings(max_examples=40, deadline=None)
def test_a_change_of_one_scene_leaves_the_groups_of_others_alone(timeline: Timeline) -> None:
    last = timeline.pictures[-1]
    other = replace(last, media=replace(last.media, sha256="e" * 64))
    changed = lives_of(replace(timeline, pictures=(*timeline.pictures[:-1], other)))
    before = lives_of(timeline)
    start = timeline.picture_starts[-1] - (timeline.transitions[-1].in_offset if timeline.transitions else 0)
    assert {live for live in before if live.first + live.shown <= start} <= set(changed)


def test_a_still_scene_under_an_overlay_begins_with_a_group_of_its_own() -> None:
    fade = Transition(TransitionKind.DISSOLVE, 30, 30)
    lives = lives_of(timeline_of(FPS_30, [(900, Motion.STILL)] * 2, [fade]))
    assert [live.first for live in lives] == [0, 240, 480, 720, 930, 1200, 1440, 1680]
    assert {kind_of(live) for live in lives} == {Kind.LIVE}
    moving = lives_of(timeline_of(FPS_30, [(900, Motion.PAN)] * 2, [fade]))
    assert {kind_of(live) for live in moving} == {Kind.MOVE}
    cut = lives_of(
        timeline_of(FPS_30, [(900, Motion.PAN), (901, Motion.STILL)], [Transition(TransitionKind.CUT, 0, 0)])
    )
    assert 900 in [live.first for live in cut]
