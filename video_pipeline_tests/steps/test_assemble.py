"""The timeline of what was really delivered: cuts inside their crossfades, whole frames, nothing lost in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.brief import AlbumBrief, MotionWish
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import AudioFacts, ImageFacts, Loudness, MediaReference
from video_pipeline.domain.records import ImageRecord, TrackRecord
from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt, Scene, Storyboard, VisualPrompt
from video_pipeline.domain.timeline import Motion, Overlay, TransitionKind
from video_pipeline.providers.grammar import GrammarWriter
from video_pipeline.steps.assemble import timeline_of
from video_pipeline.steps.plan import plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CROSSFADE = 4 * 48_000
lengths_of_pieces = st.lists(st.integers(10 * 48_000, 420 * 48_000), min_size=1, max_size=24)


def media(name: str) -> MediaReference:
    return MediaReference(name, "0" * 64, 1)


def track(index: int, samples: int) -> TrackRecord:
    facts = AudioFacts(samples, 2, Loudness(-14, -1, 5), 0)
    return TrackRecord(UUID(int=index), index, "dummy", None, "x", media(f"{index}.flac"), facts, None, NOW)


def image(index: int) -> ImageRecord:
    facts = ImageFacts(1920, 1080, 90, "0" * 16)
    return ImageRecord(UUID(int=index), index, "dummy", None, "x", media(f"{index}.png"), facts, NOW)


def storyboard(count: int, crossfade: int = CROSSFADE, dissolve: int = 60) -> Storyboard:
    music = MusicPrompt(1, "Piece", "text", 60, "C", Mode.MAJOR, (Instrument.PIANO,), 0.3, (), 48_000)
    scenes = tuple(Scene(index, 300, music, VisualPrompt(index, "text", "line")) for index in range(1, count + 1))
    return Storyboard("t", "d", (), scenes, crossfade, dissolve)


def timeline(samples: list[int], board: Storyboard | None = None, motion: MotionWish = MotionWish.STILL):
    numbers = range(1, len(samples) + 1)
    return timeline_of(
        board or storyboard(len(samples)),
        [track(index, length) for index, length in zip(numbers, samples, strict=True)],
        [image(index) for index in numbers],
        motion,
        "Programme",
    )


@settings(max_examples=20, deadline=None)
@given(minutes=st.integers(60, 90), seed=st.integers(0, 2**31 - 1))
def test_pieces_as_planned_give_the_cuts_as_planned(minutes: int, seed: int) -> None:
    brief = AlbumBrief(
        channel_id=UUID(int=1), niche_label="Rain", mood_keywords="calm", target_duration_minutes=minutes, seed=seed
    )
    board = plan(brief, GrammarWriter())
    made = timeline([scene.music.samples for scene in board.scenes], board)
    assert [clip.frames for clip in made.pictures] == [scene.frames for scene in board.scenes]
    assert [fade.duration for fade in made.crossfades] == [CROSSFADE] * 19
    assert made.frames == board.frames == minutes * 60 * 30


@given(samples=lengths_of_pieces, crossfade=st.integers(0, 12 * 48_000), dissolve=st.integers(0, 900))
def test_any_delivered_lengths_make_a_valid_timeline(samples: list[int], crossfade: int, dissolve: int) -> None:
    made = timeline(samples, storyboard(len(samples), crossfade, dissolve))  # the timeline checks itself
    covered = sum(samples) - sum(fade.duration for fade in made.crossfades)
    assert covered - 1600 < made.samples <= covered
    assert made.samples == made.frames * 1600
    for cut, fade in zip(made.sound_starts[1:], made.crossfades, strict=True):
        assert abs(cut - (fade.start + fade.duration / 2)) <= 801
    for clip, length in zip(made.sounds, samples, strict=True):
        assert clip.available_range.duration == length
        assert clip.source_range.end <= length


@given(samples=lengths_of_pieces)
def test_every_piece_is_heard_from_its_first_sample_to_its_last(samples: list[int]) -> None:
    made = timeline(samples)
    audible_from = [start - clip.source_range.start for start, clip in zip(made.sound_starts, made.sounds, strict=True)]
    assert audible_from[0] == 0
    assert audible_from[1:] == [fade.start for fade in made.crossfades]
    ends = [start + length for start, length in zip(audible_from, samples, strict=True)]
    assert ends[:-1] == [fade.end for fade in made.crossfades]


@given(samples=lengths_of_pieces)
def test_crossfades_never_meet_and_take_at_most_half_of_a_piece(samples: list[int]) -> None:
    made = timeline(samples)
    assert all(first.end <= second.start for first, second in pairwise(made.crossfades))
    for fade, (before, after) in zip(made.crossfades, pairwise(samples), strict=True):
        assert fade.duration == min(CROSSFADE, before // 2, after // 2)


def test_a_short_delivery_shortens_the_programme_and_its_own_scene_only() -> None:
    planned = timeline([100 * 48_000] * 4)
    delivered = timeline([100 * 48_000, 70 * 48_000, 100 * 48_000, 100 * 48_000])
    changes = [mine.frames - theirs.frames for mine, theirs in zip(delivered.pictures, planned.pictures, strict=True)]
    assert changes == [0, -900, 0, 0]


def test_the_last_clip_ends_on_a_whole_frame() -> None:
    made = timeline([20 * 48_000, 20 * 48_000 + 1599])
    assert made.samples == 36 * 48_000
    assert made.sounds[-1].source_range.end == 20 * 48_000


def test_a_piece_that_is_too_short_is_refused_by_number() -> None:
    with pytest.raises(InvalidInputError, match=r"track 2 lasts 10\.0 s; at least 10 s"):
        timeline([20 * 48_000, 10 * 48_000 - 1, 20 * 48_000])


def test_tracks_and_images_are_paired_by_their_number_whatever_their_order() -> None:
    made = timeline_of(
        storyboard(3),
        [track(index, index * 20 * 48_000) for index in (3, 1, 2)],
        [image(index) for index in (2, 3, 1)],
        MotionWish.SLOW_ZOOM,
        "Programme",
    )
    assert [clip.media.key for clip in made.sounds] == ["1.flac", "2.flac", "3.flac"]
    assert [clip.media.key for clip in made.pictures] == ["1.png", "2.png", "3.png"]
    assert {clip.motion for clip in made.pictures} == {Motion.SLOW_ZOOM}
    assert made.name == "Programme"


@pytest.mark.parametrize(
    ("tracks", "images", "complaint"),
    [
        ((1, 2), (1, 2, 3), "the tracks must be numbered 1 to 3"),
        ((1, 2, 3), (1, 2, 2), "the images must be numbered 1 to 3"),
        ((1, 2, 4), (1, 2, 3), "the tracks must be numbered 1 to 3"),
        ((1, 2, 3), (), "the images must be numbered 1 to 3"),
    ],
)
def test_what_does_not_pair_up_is_refused(tracks: tuple[int, ...], images: tuple[int, ...], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        timeline_of(
            storyboard(3),
            [track(index, 20 * 48_000) for index in tracks],
            [image(index) for index in images],
            MotionWish.STILL,
            "Programme",
        )


def test_dissolves_are_centered_on_the_cuts_and_shrink_with_short_scenes() -> None:
    made = timeline([100 * 48_000] * 3)
    assert {(each.kind, each.in_offset, each.out_offset) for each in made.transitions} == {
        (TransitionKind.DISSOLVE, 30, 30)
    }
    hard = timeline([100 * 48_000] * 3, storyboard(3, dissolve=0))
    assert {each.kind for each in hard.transitions} == {TransitionKind.CUT}
    long = timeline([10 * 48_000] * 3, storyboard(3, dissolve=900))
    assert max(each.frames for each in long.transitions) <= min(clip.frames for clip in long.pictures) // 2


def test_the_storyboard_says_how_scenes_move_and_come_on_and_the_brief_what_it_leaves_open() -> None:
    board = storyboard(4)
    kinds = (TransitionKind.WIPE, TransitionKind.DIP, TransitionKind.CUT, TransitionKind.LUMA)
    motions = (Motion.PAN, None, Motion.STILL, Motion.SNOW)
    scenes = tuple(
        replace(scene, transition=kind, motion=motion)
        for scene, kind, motion in zip(board.scenes, kinds, motions, strict=True)
    )
    board = replace(board, scenes=scenes)
    made = timeline([100 * 48_000] * 4, board, MotionWish.DRIFT)
    assert [clip.motion for clip in made.pictures] == [Motion.PAN, Motion.DRIFT, Motion.STILL, Motion.SNOW]
    assert [(each.kind, each.frames) for each in made.transitions] == [
        (TransitionKind.DIP, 60),
        (TransitionKind.CUT, 0),
        (TransitionKind.LUMA, 60),
    ]
    left_open = timeline([100 * 48_000] * 4, storyboard(4), MotionWish.AUTO)
    assert {clip.motion for clip in left_open.pictures} == {Motion.STILL}
    assert made.frames == left_open.frames


def test_the_overlay_that_was_ordered_lies_over_the_whole_programme() -> None:
    pieces = [20 * 48_000] * 2
    assert timeline(pieces).overlay is Overlay.NONE
    made = timeline_of(
        storyboard(2),
        [track(number, length) for number, length in enumerate(pieces, start=1)],
        [image(1), image(2)],
        MotionWish.STILL,
        "Programme",
        overlay=Overlay.BARS,
    )
    assert made == replace(timeline(pieces), overlay=Overlay.BARS)
