"""The truth about what the engine makes: every format and quality, a long programme, other rates."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from video_pipeline.domain.delivery import NINE, Format, Rendition
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Motion, Timeline, TransitionKind
from video_pipeline_tests.ffmpeg.material import Workshop
from video_pipeline_tests.ffmpeg.programme import album, rendered
from video_pipeline_tests.ffmpeg.truth import verify, wrong

pytestmark = pytest.mark.slow

SEEKS = {"low": 25, "medium": 15, "high": 10}
"""200 places in 1080p take 20 s a file; how a place is reached depends on the format, not on the size."""


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm", "av1"])
def test_any_place_is_reached_in_every_format(workshop: Workshop, tmp_path: Path, kind: str) -> None:
    claim = rendered(workshop, album(workshop, 2, seconds=8), f"{kind}_256x144@1000k", tmp_path)
    assert wrong(verify(claim, seeks=200)) == []


@pytest.mark.parametrize("rendition", [*NINE, Rendition(Format.AV1, "low")], ids=lambda rendition: rendition.name)
def test_each_format_and_quality_is_what_was_promised(workshop: Workshop, tmp_path: Path, rendition: Rendition) -> None:
    # The end of the second hold lies inside the first scene, the first chunk of sound ends inside the second.
    timeline = album(workshop, 2, seconds=8)
    claim = rendered(workshop, timeline, rendition.name, tmp_path)
    assert wrong(verify(claim, seeks=SEEKS[rendition.quality])) == []


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(30000, 1001), FrameRate(60)], ids=str)
def test_other_rates_are_kept_to_the_frame_and_sample(workshop: Workshop, tmp_path: Path, rate: FrameRate) -> None:
    claim = rendered(workshop, album(workshop, 3, seconds=5, rate=rate), "mp4_426x240@1000k", tmp_path)
    assert wrong(verify(claim, seeks=40)) == []


def test_ten_minutes_keep_sound_and_picture_together_to_the_last_frame(workshop: Workshop, tmp_path: Path) -> None:
    # Lengths that are no whole number of frames, packets or loudness steps: what is rounded must not add up.
    timeline = album(workshop, 20, seconds=31.2345, fade=1.5, pieces=4, rate=FrameRate(30000, 1001))
    claim = rendered(workshop, timeline, "mp4_256x144@500k", tmp_path)
    assert timeline.rate.seconds(timeline.frames) > 590
    assert wrong(verify(claim, seeks=60)) == []


def moving(timeline: Timeline, motions: list[Motion], kinds: list[TransitionKind]) -> Timeline:
    """The same programme with scenes that move and other transitions, in turn."""
    pictures = tuple(replace(clip, motion=motion) for clip, motion in zip(timeline.pictures, cycle(motions)))
    fades = tuple(replace(fade, kind=kind) for fade, kind in zip(timeline.transitions, cycle(kinds)))
    return replace(timeline, pictures=pictures, transitions=fades)


@pytest.mark.parametrize(
    ("rendition", "motions", "kinds"),
    [
        (
            "mp4_320x180@2000k",
            [Motion.SLOW_ZOOM, Motion.DRIFT, Motion.BREATHING_LIGHT, Motion.SNOW],
            [TransitionKind.DISSOLVE, TransitionKind.WIPE, TransitionKind.LUMA],
        ),
        ("webm_426x240@2000k", [Motion.PAN, Motion.PARTICLES], [TransitionKind.DIP]),
        ("webm_640x360@2000k", [Motion.BREATHING_LIGHT, Motion.SLOW_ZOOM], [TransitionKind.WIPE]),
    ],
)
def test_motion_keeps_its_place_through_loops_and_transitions(
    workshop: Workshop, tmp_path: Path, rendition: str, motions: list[Motion], kinds: list[TransitionKind]
) -> None:
    # 14.5 s alone are over one loop of two times 7 s: it closes in every scene.
    timeline = moving(album(workshop, len(motions), seconds=15.5, rate=FrameRate(24)), motions, kinds)
    claim = rendered(workshop, timeline, rendition, tmp_path)
    assert wrong(verify(claim, seeks=40)) == []


@pytest.mark.parametrize("rendition", ["m4a_low", "m4a_high", "opus_medium", "flac_high"])
def test_sound_alone_is_what_was_promised(workshop: Workshop, tmp_path: Path, rendition: str) -> None:
    claim = rendered(workshop, album(workshop, 3, seconds=5.5), rendition, tmp_path)
    assert wrong(verify(claim, seeks=60)) == []
