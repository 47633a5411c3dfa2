"""What can be ordered, and what is refused at the door."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.brief import (
    AlbumBrief,
    Brief,
    MotionWish,
    StoryboardBrief,
    TransitionWish,
    brief_from_json,
)
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import Approval, JobKind
from video_pipeline.domain.timeline import Motion, Overlay, TransitionKind

printable = st.text(min_size=1, max_size=255).filter(lambda text: text.strip() and " ".join(text.split()).isprintable())


def album(**changes: object) -> AlbumBrief:
    fields = {
        "channel_id": UUID(int=1),
        "niche_label": "Royal Court Ambience",
        "mood_keywords": "elegant, serene",
        "target_duration_minutes": 60,
        "seed": 1,
    }
    return AlbumBrief(**(fields | changes))


def storyboard(**changes: object) -> StoryboardBrief:
    fields = {
        "channel_id": UUID(int=1),
        "niche_label": "Ocean",
        "mood_keywords": "calm",
        "seed": 1,
        "scene_count": 3,
        "scene_seconds": 10,
    }
    return StoryboardBrief(**(fields | changes))


@given(
    niche=printable,
    moods=printable,
    seed=st.integers(0, 2**31 - 1),
    minutes=st.integers(60, 90),
    approval=st.sampled_from(Approval),
    motion=st.sampled_from(MotionWish),
    transition=st.sampled_from(TransitionWish),
    overlay=st.sampled_from(Overlay),
)
def test_a_brief_that_can_be_made_survives_json(
    niche: str,
    moods: str,
    seed: int,
    minutes: int,
    approval: Approval,
    motion: MotionWish,
    transition: TransitionWish,
    overlay: Overlay,
) -> None:
    brief = album(
        niche_label=niche,
        mood_keywords=moods,
        seed=seed,
        target_duration_minutes=minutes,
        approval=approval,
        motion=motion,
        transition=transition,
        overlay=overlay,
    )
    assert brief_from_json(json.loads(json.dumps(brief.to_json()))) == brief


@given(count=st.integers(1, 60), seconds=st.integers(10, 600))
def test_a_storyboard_survives_json_and_rounds_its_minutes_up(count: int, seconds: int) -> None:
    brief: Brief = storyboard(scene_count=count, scene_seconds=seconds)
    assert brief_from_json(json.loads(json.dumps(brief.to_json()))) == brief
    assert 0 <= brief.target_duration_minutes * 60 - count * seconds < 60


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"niche_label": ""}, "niche is empty"),
        ({"niche_label": " \n\t "}, "niche is empty"),
        ({"niche_label": "x" * 256}, "niche has 256 characters; at most 255"),
        ({"niche_label": "a\x00b"}, "niche has control characters"),
        ({"niche_label": "a\u202eb"}, "niche has control characters"),
        ({"mood_keywords": " "}, "mood is empty"),
        ({"mood_keywords": "x" * 2001}, "at most 2000"),
        ({"target_duration_minutes": 59}, "60 to 90 minutes, not 59"),
        ({"target_duration_minutes": 91}, "60 to 90 minutes, not 91"),
        ({"seed": -1}, "seed must be from 0"),
        ({"seed": 2**31}, "seed must be from 0"),
    ],
)
def test_an_album_states_its_limits(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        album(**changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"scene_count": 0}, "1 to 60 scenes, not 0"),
        ({"scene_count": 61}, "1 to 60 scenes, not 61"),
        ({"scene_seconds": 9}, "10 to 600 seconds, not 9"),
        ({"scene_seconds": 601}, "10 to 600 seconds, not 601"),
        ({"niche_label": " "}, "niche is empty"),
    ],
)
def test_a_storyboard_states_its_limits(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        storyboard(**changes)


def test_texts_are_put_on_one_line() -> None:
    assert album(niche_label="  Royal\n Court  ").niche_label == "Royal Court"


def test_moods_are_read_one_by_one_without_repeats() -> None:
    assert album(mood_keywords="Elegant, serene,, ELEGANT ,calm").moods == ("elegant", "serene", "calm")


def test_a_brief_knows_its_kind() -> None:
    assert album().kind is JobKind.ALBUM
    assert album().to_json()["kind"] == "album"
    assert storyboard().kind is JobKind.STORYBOARD


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "opera"},
        {"kind": "music_video"},
        {"channel_id": "x"},
        {"channel_id": None},
        {"approval": "maybe"},
        {"motion": "wild"},
        {"transition": "explosion"},
        {"overlay": "lasers"},
        {"surprise": 1},
        {"seed": "many"},
    ],
)
def test_what_is_no_brief_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="not a brief"):
        brief_from_json(album().to_json() | change)
    with pytest.raises(InvalidInputError, match="not a brief"):
        brief_from_json({})


def test_a_wish_is_any_motion_or_transition_or_auto() -> None:
    assert [*MotionWish] == ["auto", *Motion]
    assert [*TransitionWish] == ["auto", *TransitionKind]


def test_motes_are_called_dust_as_well() -> None:
    assert brief_from_json(album().to_json() | {"motion": "dust"}) == album(motion=MotionWish.PARTICLES)
    assert Motion("dust") is Motion.PARTICLES
    with pytest.raises(ValueError, match="dusty"):
        Motion("dusty")


def test_a_brief_of_an_older_version_is_read() -> None:
    old = album().to_json()
    del old["transition"], old["overlay"]
    assert brief_from_json(old) == album(transition=TransitionWish.DISSOLVE)
    assert album().overlay is Overlay.NONE
    assert album().motion is MotionWish.STILL
