"""Excerpts: the right moment, and never a transition that the excerpt cannot hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.chapters import chapters_of
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.excerpt import excerpt, telling_range
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FPS_30, FrameRate, TimeRange
from video_pipeline.domain.timeline import PictureClip, SoundClip, Timeline, Transition, TransitionKind

MEDIA = MediaReference("a", "0" * 64, 1)
SOUND = MediaReference("sound", "1" * 64, 1)


def programme(lengths: list[int], fades: list[int], rate: FrameRate = FPS_30) -> Timeline:
    samples = rate.samples_at(sum(lengths))
    kinds = [TransitionKind.DISSOLVE if fade else TransitionKind.CUT for fade in fades]
    return Timeline(
        "p",
        rate,
        tuple(PictureClip(f"scene {n}", MEDIA, length) for n, length in enumerate(lengths)),
        tuple(Transition(kind, fade // 2, fade - fade // 2) for kind, fade in zip(kinds, fades, strict=True)),
        (SoundClip("s", MEDIA, TimeRange(0, samples), TimeRange(0, samples)),),
        (),
    )


def test_the_first_dissolve_is_in_the_middle() -> None:
    timeline = programme([1000, 2000, 3000], [0, 60])
    assert telling_range(timeline, 600) == TimeRange(2700, 600)
    assert telling_range(programme([1000, 2000], [0]), 600) == TimeRange(700, 600)
    assert telling_range(programme([100, 2000], [20]), 600) == TimeRange(0, 600)
    assert telling_range(programme([2000, 100], [20]), 600) == TimeRange(1500, 600)
    assert telling_range(programme([5000], []), 600) == TimeRange(0, 600)
    assert telling_range(programme([50, 50], [20]), 600) == TimeRange(0, 100)


def test_an_excerpt_shows_what_the_programme_shows_there() -> None:
    timeline = programme([1000, 2000, 3000], [40, 60])
    part = excerpt(timeline, TimeRange(2700, 600), SOUND)
    assert [clip.name for clip in part.pictures] == ["scene 1", "scene 2"]
    assert [clip.frames for clip in part.pictures] == [300, 300]
    assert part.transitions == (Transition(TransitionKind.DISSOLVE, 30, 30),)
    assert part.samples == 20 * 48_000
    assert part.sounds[0].media == SOUND


@pytest.mark.parametrize("footage_frames", [90, 700, 5000])
@pytest.mark.parametrize("fades", [[0, 0], [40, 60]])
def test_footage_in_an_excerpt_goes_on_where_it_is(footage_frames: int, fades: list[int]) -> None:
    """A preview of a clip's middle showed its beginning."""
    timeline = programme([400, 500, 300], fades)
    clips = tuple(replace(clip, footage_frames=footage_frames) for clip in timeline.pictures)
    timeline = replace(timeline, pictures=clips)

    def shown(of: Timeline) -> list[int]:
        starts = zip(of.pictures, of.footage_starts, strict=True)
        return [(start + frame) % footage_frames for clip, start in starts for frame in range(clip.frames)]

    for span in (TimeRange(130, 600), TimeRange(390, 20), TimeRange(0, 1200), TimeRange(950, 200)):
        assert shown(excerpt(timeline, span, SOUND)) == shown(timeline)[span.start : span.end]


@pytest.mark.parametrize("span", [TimeRange(0, 0), TimeRange(50, 51)])
def test_what_is_no_part_is_refused(span: TimeRange) -> None:
    with pytest.raises(InvalidInputError, match="no part"):
        excerpt(programme([100], []), span, SOUND)


@given(st.data())
def test_every_excerpt_is_a_timeline_of_its_length(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(2, 400), min_size=1, max_size=6))
    fades = [data.draw(st.integers(0, min(one, other) // 2)) for one, other in pairwise(lengths)]
    rate = data.draw(st.sampled_from([FPS_30, FrameRate(24), FrameRate(30000, 1001)]))
    timeline = programme(lengths, fades, rate)
    start = data.draw(st.integers(0, timeline.frames - 1))
    span = TimeRange(start, data.draw(st.integers(1, timeline.frames - start)))
    part = excerpt(timeline, span, SOUND)
    assert part.frames == span.duration
    if span == TimeRange(0, timeline.frames):
        assert (part.pictures, part.transitions) == (timeline.pictures, timeline.transitions)


def test_chapters_are_scenes_and_one_scene_has_none() -> None:
    timeline = programme([100, 200, 300], [0, 0])
    chapters = chapters_of(timeline)
    assert [(each.name, each.start, each.end) for each in chapters] == [
        ("scene 0", 0, 100),
        ("scene 1", 100, 300),
        ("scene 2", 300, 600),
    ]
    # Two pictures of one scene are one chapter.
    same = replace(timeline.pictures[1], name="scene 0")
    joined = replace(timeline, pictures=(timeline.pictures[0], same, timeline.pictures[2]))
    assert [(each.name, each.frames) for each in chapters_of(joined)] == [("scene 0", 300), ("scene 2", 300)]
    assert chapters_of(programme([100], [])) == ()
