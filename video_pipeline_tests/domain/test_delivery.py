"""Formats, qualities and the ladder."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.delivery import LADDER, LOUDNESS, MASTER, Format, Quality, Rendition
from video_pipeline.domain.errors import InvalidInputError


@given(format_=st.sampled_from(Format), quality=st.sampled_from(Quality))
def test_every_rendition_can_be_named_and_parsed(format_: Format, quality: Quality) -> None:
    rendition = Rendition.parse(str(format_), str(quality))
    assert rendition == Rendition(format_, quality)
    assert rendition.name == f"{format_}_{quality}"
    assert rendition.rung is LADDER[quality]


@pytest.mark.parametrize(("format_", "quality"), [("avi", "high"), ("mp4", "ultra"), ("", ""), ("MP4", "high")])
def test_unknown_exports_are_answered_with_the_known_ones(format_: str, quality: str) -> None:
    with pytest.raises(InvalidInputError, match=r"formats: mp4, mov, webm; qualities: low, medium, high"):
        Rendition.parse(format_, quality)


def test_the_ladder_climbs_and_its_pictures_can_be_encoded() -> None:
    rungs = [LADDER[quality] for quality in Quality]
    for low, high in pairwise(rungs):
        assert (low.width, low.height, low.video_bps, low.audio_bps) < (
            high.width,
            high.height,
            high.video_bps,
            high.audio_bps,
        )
    for rung in rungs:
        assert rung.width % 2 == 0  # 4:2:0 halves both sides
        assert rung.height % 2 == 0
        assert abs(rung.width / rung.height - 16 / 9) < 0.002


def test_the_master_is_full_hd_at_youtube_loudness() -> None:
    assert MASTER.name == "mp4_high"
    assert (MASTER.rung.width, MASTER.rung.height) == (1920, 1080)
    assert (LOUDNESS.integrated_lufs, LOUDNESS.true_peak_dbtp) == (-14.0, -1.0)
