"""Thumbnails: size, words that can be read, and no boxes where letters are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from video_pipeline.ffmpeg.previews.lettering import fitted, font_at, font_name_for, worded

from video_pipeline.ffmpeg.previews import lettering
from video_pipeline.ffmpeg.previews.thumbnails import THUMBNAIL_MAX_BYTES, appeal, draw_thumbnail
from video_pipeline_tests.ffmpeg.material import detailed_picture


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return detailed_picture(tmp_path / "picture.png", 3)


def pixels(path: Path) -> NDArray[np.float64]:
    image = Image.open(path)
    assert (image.format, image.size, image.mode) == ("JPEG", (1280, 720), "RGB")
    assert path.stat().st_size <= THUMBNAIL_MAX_BYTES
    return np.asarray(image, np.float64)


@pytest.mark.parametrize("size", [(1920, 1080), (900, 1600), (640, 480)])
def test_plain_ones_are_the_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    ramp = np.zeros((size[1], size[0], 3), np.uint8)
    ramp[:, :, 1] = 180
    Image.fromarray(ramp).save(tmp_path / "p.png")
    assert draw_thumbnail(tmp_path / "p.png", tmp_path / "t.jpg") is False
    assert np.abs(pixels(tmp_path / "t.jpg") - (0, 180, 0)).max() < 6


def test_even_noise_stays_below_two_megabytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.png")
    draw_thumbnail(tmp_path / "p.png", tmp_path / "t.jpg")
    assert pixels(tmp_path / "t.jpg").std() > 30


@pytest.mark.parametrize(
    "title",
    [
        "Rainy Library | Cozy Lute Music | 1 Hour",
        "Snow",
        "A Long Title Without Any Separator " * 6,
        "W" * 200,
        "🎵 Rain 🌧️",
    ],
)
def test_words_stand_light_on_dark_inside_the_margins(tmp_path: Path, title: str) -> None:
    white = Image.new("RGB", (1280, 720), (250, 250, 250))
    white.save(tmp_path / "p.png")
    assert draw_thumbnail(tmp_path / "p.png", tmp_path / "t.jpg", title) is True
    luma = pixels(tmp_path / "t.jpg").mean(axis=2)
    # On the palest picture the ground of the words is dark and the words are not.
    lower = luma[430:648]
    assert lower.max() > 220
    assert np.quantile(lower[-60:], 0.5) < 110
    # Nothing of the words is outside of the margins: on the far left and right each row is even.
    for edge in (luma[:, :60], luma[:, -60:]):
        assert np.abs(edge - edge.mean(axis=1, keepdims=True)).max() < 12


def test_letters_that_no_font_has_are_left_away(picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_SYSTEM_FONTS", ())
    assert font_name_for("Rainy Library") == ""
    assert font_name_for("静かな図書館") is None
    assert draw_thumbnail(picture, tmp_path / "plain.jpg") is False
    assert draw_thumbnail(picture, tmp_path / "titled.jpg", "静かな図書館") is False
    assert (tmp_path / "plain.jpg").read_bytes() == (tmp_path / "titled.jpg").read_bytes()


def test_the_first_part_of_a_title_is_its_heading() -> None:
    assert worded("Rainy Library | Cozy Music | 1 Hour") == lettering.Wording("Rainy Library", "Cozy Music  ·  1 Hour")
    assert worded("Snow: slow piano (2 hours)").heading == "Snow"
    assert worded("10:30 at Night").heading == "10:30 at Night"
    assert worded(" 🎵 Rain\n🌧 ").heading == "Rain"
    assert worded("").text.strip() == worded(" | ").text.strip() == ""


def test_headings_shrink_before_they_are_cut() -> None:
    sizes = (120, 90, 60)
    size, lines = fitted("Snow", "", 1000, most_lines=2, sizes=sizes)
    assert (size, lines) == (120, ["Snow"])
    text = "Eight hours of rain on the roof of a library"
    size, lines = fitted(text, "", 1000, most_lines=2, sizes=sizes)
    assert size < 120
    assert " ".join(lines) == text
    size, lines = fitted("word " * 60, "", 1000, most_lines=2, sizes=sizes)
    assert (size, len(lines)) == (60, 2)
    assert lines[-1].endswith("...")
    font = font_at("", 60)
    assert font
    assert all(font.getlength(line) <= 1000 for line in lines)


def test_colour_and_contrast_please_more_than_fog(picture: Path, tmp_path: Path) -> None:
    Image.new("RGB", (640, 360), (128, 128, 128)).save(tmp_path / "grey.png")
    Image.new("RGB", (640, 360), (4, 4, 4)).save(tmp_path / "night.png")
    vivid, grey, night = (appeal(path) for path in (picture, tmp_path / "grey.png", tmp_path / "night.png"))
    assert vivid > grey > night
    assert 0 <= night < vivid <= 1
