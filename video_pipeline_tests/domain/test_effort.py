"""What an overlay will cost, said before it is ordered."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.brief import AlbumBrief, BuildBrief, MotionWish, MusicVideoBrief, StoryboardBrief
from video_pipeline.domain.delivery import Rendition, renditions_of
from video_pipeline.domain.effort import (
    clips_cost,
    computing_cost,
    cpu_minutes,
    expected_frames,
    expected_scenes,
    export_cost,
    length_note,
    overlay_cost,
    overlay_minutes,
)
from video_pipeline.domain.timeline import Overlay

COMMON: dict[str, Any] = {"channel_id": UUID(int=1), "niche_label": "Rain", "mood_keywords": "calm", "seed": 1}
ALBUM = AlbumBrief(**COMMON, target_duration_minutes=60)
BARS = replace(ALBUM, overlay=Overlay.BARS)


# CPU milliseconds that the stage `pictures` of real renders took for each frame: two scenes of 8 to 12 s with bars,
# still or with slow zoom, on one worker of an EPYC core that others used as well (2026-11-20).
MEASURED = [
    (MotionWish.STILL, "mp4", "high", 6.2),
    (MotionWish.STILL, "mp4", "low", 1.1),
    (MotionWish.STILL, "mp4", "uhd", 22.3),
    (MotionWish.STILL, "webm", "high", 8.4),
    (MotionWish.STILL, "webm", "low", 1.5),
    (MotionWish.STILL, "av1", "high", 16.0),
    (MotionWish.STILL, "av1", "low", 4.9),
    (MotionWish.SLOW_ZOOM, "mp4", "high", 15.5),
    (MotionWish.SLOW_ZOOM, "mp4", "low", 3.4),
    (MotionWish.SLOW_ZOOM, "webm", "high", 25.9),
    (MotionWish.SLOW_ZOOM, "webm", "low", 5.1),
    (MotionWish.SLOW_ZOOM, "av1", "high", 27.4),
    (MotionWish.SLOW_ZOOM, "av1", "low", 6.7),
]


@pytest.mark.parametrize(("motion", "container", "quality", "frame_ms"), MEASURED)
def test_what_is_expected_is_near_what_renders_took(
    motion: MotionWish, container: str, quality: str, frame_ms: float
) -> None:
    wanted = [Rendition.parse(container, quality)]
    expected = overlay_minutes(replace(BARS, motion=motion), 60_000, wanted)
    assert expected == pytest.approx(frame_ms, rel=0.4)


def test_an_hour_with_bars_is_told_in_minutes_and_without_them_in_seconds() -> None:
    # By hand: 108,000 frames at 6.7 ms are 724 s, an hour of sound 45 s, twenty stills of 0.8 s 16 s; two cores.
    assert overlay_cost(BARS, 2) == (
        "overlay bars: every frame differs: expect about 6 minutes of computing on 2 cores instead of about 30 s"
    )
    assert cpu_minutes(replace(BARS, motion=MotionWish.AUTO), 108_000) > 2 * cpu_minutes(BARS, 108_000)


def test_clips_are_told_with_what_they_take() -> None:
    song = MusicVideoBrief(
        channel_id=UUID(int=1),
        niche_label="Rain",
        mood_keywords="calm",
        seed=1,
        song_title="Night Train",
        music_file="night.flac",
        genre="ambient",
        prompt="a train that crosses a sleeping city",
    )
    assert clips_cost(song, 2) == clips_cost(ALBUM, 2) == ""
    clips = replace(song, engine="procedural")
    # By hand: 3.5 minutes of scenes of 8 s are 26; at 19 s each 494 s on one core.
    said = "engine procedural: about 26 clips, which take about 4 minutes of computing on 2 cores"
    assert clips_cost(clips, 2) == said
    assert computing_cost(clips, 2).endswith(f"; {said}")
    assert computing_cost(song, 2) == "expect about 12 s of computing on 2 cores"
    assert computing_cost(replace(clips, overlay=Overlay.BARS), 2).startswith("overlay bars: ")


def test_a_song_that_nobody_has_measured_is_said_to_be_a_guess() -> None:
    """A song of 24 s and one of 20 minutes were both told as 35 scenes, in 3:30, without a word about it."""
    song = MusicVideoBrief(
        **COMMON, song_title="Night Train", music_file="n.flac", genre="ambient", prompt="a train that crosses a city"
    )
    assert expected_frames(song) == 210 * 30
    assert length_note(song) == (
        "the song is not measured yet and counts as 3:30; the video, and what is bought for it, follow its real length"
    )
    assert (length_note(BuildBrief(**COMMON)) or "").startswith("the music is not measured yet")
    assert expected_frames(song, 24 * 30) == 24 * 30
    assert length_note(song, 24 * 30) is length_note(ALBUM) is None
    assert [expected_scenes(song, 30 * seconds) for seconds in (24, 480, 1200)] == [3, 60, 60]  # longer, not more


def exports(formats: str, qualities: str, brief: AlbumBrief = BARS) -> str:
    return export_cost(brief, 1, 108_000, renditions_of(formats, qualities))


def test_exports_with_an_overlay_are_told_what_they_take() -> None:
    # By hand: 108,000 frames of 854 x 480 are as many pixels as 21,350 of 1080p, at 8.4 ms 179 s.
    assert exports("webm", "low") == (
        "overlay bars: every frame differs: expect about 3 minutes of computing on 1 core for the pictures of webm_low"
    )
    assert exports("mp4,mov", "high").replace(", mov_high", "") == exports("mp4", "high")  # they share their pictures
    assert "about 27 minutes" in exports("mp4,webm", "high")
    assert exports("m4a,opus", "low") == ""
    assert exports("webm", "low", ALBUM) == ""


@given(cores=st.integers(1, 64), minutes=st.integers(60, 90), motion=st.sampled_from(MotionWish))
def test_the_sentence_says_more_computing_with_an_overlay_than_without(
    cores: int, minutes: int, motion: MotionWish
) -> None:
    brief = replace(BARS, target_duration_minutes=minutes, motion=motion)
    said = overlay_cost(brief, cores)
    found = re.fullmatch(
        r"overlay bars: every frame differs: expect about (\d+) (s|minutes?) of computing on (\d+) cores? "
        r"instead of about (\d+) (s|minutes?)",
        said,
    )
    assert found, said
    assert int(found[3]) == cores
    with_it, without = (
        int(number) * (1 if unit == "s" else 60) for number, unit in (found.group(1, 2), found.group(4, 5))
    )
    assert with_it > without
    assert with_it == pytest.approx(60 * cpu_minutes(brief, expected_frames(brief)) / cores, rel=0.5)


def test_without_an_overlay_there_is_nothing_to_say() -> None:
    assert overlay_cost(ALBUM, 2) == ""


def test_the_cost_follows_what_was_planned() -> None:
    short = StoryboardBrief(
        channel_id=UUID(int=1),
        niche_label="Rain",
        mood_keywords="calm",
        seed=1,
        scene_count=3,
        scene_seconds=20,
        overlay=Overlay.LINE,
    )
    assert overlay_cost(short, 1) != overlay_cost(short, 1, frames=18_000)
