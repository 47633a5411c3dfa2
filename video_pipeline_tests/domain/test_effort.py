"""What an overlay will cost, said before it is ordered."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.brief import AlbumBrief, MotionWish, StoryboardBrief
from video_pipeline.domain.effort import OVERLAY_FRAME_MS, cpu_minutes, expected_frames, overlay_cost
from video_pipeline.domain.timeline import Overlay

ALBUM = AlbumBrief(channel_id=UUID(int=1), niche_label="Rain", mood_keywords="calm", target_duration_minutes=60, seed=1)
BARS = replace(ALBUM, overlay=Overlay.BARS)


def test_every_frame_of_an_hour_costs_its_milliseconds() -> None:
    frames = expected_frames(BARS)
    assert frames == 60 * 60 * 30
    assert cpu_minutes(BARS, frames) == pytest.approx(frames * OVERLAY_FRAME_MS / 60_000 + 47 / 60)
    assert cpu_minutes(ALBUM, frames) < 2
    assert cpu_minutes(replace(BARS, motion=MotionWish.AUTO), frames) > 2 * cpu_minutes(BARS, frames)


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
