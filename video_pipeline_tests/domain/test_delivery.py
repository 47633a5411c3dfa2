"""Formats, qualities and the ladder."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.delivery import (
    HEIGHTS,
    LADDER,
    LOUDNESS,
    MASTER,
    NINE,
    SEED_QUALITIES,
    WIDTHS,
    AspectRatio,
    Format,
    Quality,
    Rendition,
    renditions_of,
    rung_of,
)
from video_pipeline.domain.errors import InvalidInputError

PICTURED = [format_ for format_ in Format if format_.pictured]


@given(format_=st.sampled_from(PICTURED), quality=st.sampled_from(Quality))
def test_every_rendition_can_be_named_and_parsed(format_: Format, quality: Quality) -> None:
    rendition = Rendition.parse(str(format_), str(quality))
    assert rendition == Rendition(format_, quality)
    assert rendition.name == f"{format_}_{quality}"
    assert rendition.rung is LADDER[quality]


@given(width=st.sampled_from(WIDTHS), height=st.sampled_from(HEIGHTS), kilobits=st.none() | st.integers(50, 200_000))
def test_a_size_of_ones_own_is_what_it_says(width: int, height: int, kilobits: int | None) -> None:
    quality = f"{width}x{height}" + (f"@{kilobits}k" if kilobits else "")
    rung = Rendition.parse("webm", quality).rung
    assert (rung.width, rung.height) == (width, height)
    if kilobits:
        assert rung.video_bps == kilobits * 1000
    else:
        # As many bits for a pixel as 1080p has.
        assert rung.video_bps == pytest.approx(max(5_000_000 * width * height / (1920 * 1080), 50_000), abs=1000)


@pytest.mark.parametrize(
    "quality",
    ["1921x1080", "1920x1081", "62x64", "7682x4320", "7680x4322", "1920x1080@49k", "1920x1080@200001k", "99999x64"],
)
def test_impossible_sizes_are_refused_with_the_limits(quality: str) -> None:
    with pytest.raises(InvalidInputError, match=r"64 to 7680 and 64 to 4320.*50k to 200000k|WIDTHxHEIGHT"):
        rung_of(quality)


@pytest.mark.parametrize(
    "quality", ["1920 x 1080", "1920x1080@4000", "-2x64", "1920x1080@4000k ", "1920x1080\n", "HIGH"]
)
def test_what_is_no_size_is_answered_with_the_known_qualities(quality: str) -> None:
    with pytest.raises(InvalidInputError, match=r"low, medium, high, qhd, uhd, square, vertical, WIDTHxHEIGHT"):
        rung_of(quality)


@pytest.mark.parametrize(
    ("format_", "quality"), [("avi", "high"), ("", ""), ("MP4", "high"), ("mp4 ", "high"), ("mkv", "1280x720")]
)
def test_unknown_exports_are_answered_with_the_known_ones(format_: str, quality: str) -> None:
    with pytest.raises(
        InvalidInputError, match=r"formats: mp4, mov, webm, av1, m4a, opus, flac; qualities: low, medium"
    ):
        Rendition.parse(format_, quality)


@pytest.mark.parametrize(
    ("format_", "quality", "reason"),
    [("m4a", "uhd", "no picture"), ("opus", "1280x720", "no picture"), ("flac", "low", "all of the sound")],
)
def test_sound_alone_has_no_size(format_: str, quality: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        Rendition.parse(format_, quality)


def test_file_names_end_as_players_expect() -> None:
    names = [Rendition(format_, Quality.HIGH).file_name for format_ in Format]
    assert names == [
        "mp4_high.mp4",
        "mov_high.mov",
        "webm_high.webm",
        "av1_high.mp4",
        "m4a_high.m4a",
        "opus_high.opus",
        "flac_high.flac",
    ]


def test_all_means_the_nine_pairs_and_lists_have_commas() -> None:
    assert renditions_of("all", "all") == NINE
    assert len(NINE) == 9
    assert MASTER in NINE
    several = renditions_of("mp4, webm", "low,640x360,low")
    assert [each.name for each in several] == ["mp4_low", "mp4_640x360", "webm_low", "webm_640x360"]
    with pytest.raises(InvalidInputError, match="unknown export"):
        renditions_of("mp4,", "low")


def test_the_ladder_climbs_and_its_pictures_can_be_encoded() -> None:
    rungs = [LADDER[quality] for quality in (*SEED_QUALITIES, Quality.QHD, Quality.UHD)]
    for low, high in pairwise(rungs):
        assert (low.width, low.height, low.video_bps) < (high.width, high.height, high.video_bps)
        assert low.audio_bps <= high.audio_bps
    for rung in rungs:
        assert rung.width % 2 == 0  # 4:2:0 halves both sides
        assert rung.height % 2 == 0
        assert abs(rung.width / rung.height - 16 / 9) < 0.002


def test_the_master_is_full_hd_at_youtube_loudness() -> None:
    assert MASTER.name == "mp4_high"
    assert (MASTER.rung.width, MASTER.rung.height) == (1920, 1080)
    assert (LOUDNESS.integrated_lufs, LOUDNESS.true_peak_dbtp) == (-14.0, -1.0)


@pytest.mark.parametrize("quality", SEED_QUALITIES)
def test_another_shape_keeps_the_short_side_and_the_rate_of_a_pixel(quality: Quality) -> None:
    rendition = Rendition(Format.MP4, quality)
    wide, tall, square = (rendition.rung_for(aspect) for aspect in AspectRatio)
    assert wide == rendition.rung
    assert (tall.width, tall.height, tall.video_bps) == (wide.height, wide.width, wide.video_bps)
    assert square.width == square.height == wide.height
    assert square.video_bps / square.width == pytest.approx(wide.video_bps / wide.width, abs=1)


def test_a_size_that_says_its_shape_is_kept_as_it_is() -> None:
    for quality in ("1600x900", "vertical", "square"):
        rendition = Rendition(Format.MP4, quality)
        assert {rendition.rung_for(aspect) for aspect in AspectRatio} == {rendition.rung}
