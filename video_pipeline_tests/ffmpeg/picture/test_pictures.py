"""Pictures: conversion to BT.709, measuring, and the drawings for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from video_pipeline.domain.errors import MediaError
from video_pipeline.ffmpeg.picture.canvas import Size, load_planes, planes_of
from video_pipeline.ffmpeg.picture.pictures import open_picture
from video_pipeline_tests.ffmpeg.material import Workshop, detailed_picture, music, write_sound

# 75 % colour bars as Y, Cb, Cr of 8 bits: the figures that BT.709 test charts print.
BARS = {
    (0, 0, 0): (16, 128, 128),
    (255, 255, 255): (235, 128, 128),
    (191, 191, 0): (168, 44, 136),
    (0, 191, 191): (145, 147, 44),
    (0, 191, 0): (133, 63, 52),
    (191, 0, 191): (63, 193, 204),
    (191, 0, 0): (51, 109, 212),
    (0, 0, 191): (28, 212, 120),
}


@pytest.mark.parametrize(("rgb", "expected"), BARS.items())
def test_colour_bars_have_their_bt709_values(rgb: tuple[int, int, int], expected: tuple[int, int, int]) -> None:
    planes = planes_of(np.full((16, 32, 3), rgb, np.uint8))
    luma, blue, red = planes[:16], *planes[16:].reshape(2, 8, 16)
    assert [int(plane[4, 8]) for plane in (luma, blue, red)] == pytest.approx(expected, abs=1)
    assert all(np.ptp(plane) == 0 for plane in (luma, blue, red))


def test_chroma_is_sited_left() -> None:
    # A chroma sample on column 8 lies on that luma column: of an edge between columns 8 and 9 it sees three quarters.
    picture = np.zeros((4, 32, 3), np.uint8)
    picture[:, :9, 2] = 255
    blue = planes_of(picture)[4:].reshape(2, 2, 16)[0, 0].astype(float)
    assert (blue[4] - 128) / (blue[0] - 128) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("size", [(640, 360), (400, 400), (300, 800), (1920, 1080)])
def test_a_picture_of_any_size_fills_the_frame_from_its_centre(tmp_path: Path, size: tuple[int, int]) -> None:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[size[1] // 2 - 20 : size[1] // 2 + 20, size[0] // 2 - 20 : size[0] // 2 + 20] = 255
    Image.fromarray(pixels).save(tmp_path / "p.png")
    luma = load_planes(tmp_path / "p.png", Size(854, 480))[:480].astype(float) - 16
    rows, columns = np.nonzero(luma > 100)
    assert rows.mean() == pytest.approx(239.5, abs=1)
    assert columns.mean() == pytest.approx(426.5, abs=1)
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=2)


def test_facts_of_a_picture(workshop: Workshop, tmp_path: Path) -> None:
    path = detailed_picture(tmp_path / "p.png", 5)
    facts = workshop.tools.image_facts(path)
    assert (facts.width, facts.height) == (1920, 1080)
    assert facts.mean_luma == pytest.approx(np.asarray(Image.open(path).convert("L")).mean())
    assert len(facts.perceptual_hash) == 16


def test_perceptual_hash_is_near_for_similar_pictures_and_far_for_others(workshop: Workshop, tmp_path: Path) -> None:
    def hashed(path: Path) -> int:
        return int(workshop.tools.image_facts(path).perceptual_hash, 16)

    original = Image.open(detailed_picture(tmp_path / "a.png", 1))
    original.resize((960, 540)).save(tmp_path / "small.jpg", quality=60)
    ImageEnhance.Brightness(original).enhance(0.8).save(tmp_path / "dark.webp")
    detailed_picture(tmp_path / "b.png", 2)
    same = hashed(tmp_path / "a.png")
    assert (same ^ hashed(tmp_path / "small.jpg")).bit_count() <= 4
    assert (same ^ hashed(tmp_path / "dark.webp")).bit_count() <= 6
    assert (same ^ hashed(tmp_path / "b.png")).bit_count() >= 16


def test_pictures_of_other_kinds_become_rgb(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    deep = np.asarray(open_picture(tmp_path / "deep.png"))
    assert np.abs(deep[:, :, 0].astype(float) - ramp / 257).max() < 2
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[:, :4] = (255, 0, 0, 255)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert [tuple(map(int, np.asarray(open_picture(tmp_path / "clear.png"))[0, x])) for x in (0, 7)] == [
        (255, 0, 0),
        (0, 0, 0),
    ]


def test_waveform_shows_where_it_is_loud(workshop: Workshop, tmp_path: Path) -> None:
    samples = music(4, 1, 0.15)
    samples[96_000:] *= 0.2
    out = tmp_path / "wave.png"
    workshop.tools.waveform(write_sound(tmp_path / "s.flac", samples), out)
    image = np.asarray(Image.open(out).convert("L")).astype(float)
    assert image.shape == (300, 1600)
    assert image[5].max() < 60  # a dark ground
    lit = (image > 90).sum(axis=0)
    assert lit[100:700].mean() > 3 * lit[900:1500].mean() > 0


def test_contact_sheet_shows_all_pictures_in_rows_of_five(workshop: Workshop, tmp_path: Path) -> None:
    paths = []
    for number in range(7):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", (320, 180), (30 * number, 255 - 30 * number, 90)).save(paths[-1])
    out = tmp_path / "sheet.jpg"
    workshop.tools.contact_sheet(paths, out)
    sheet = Image.open(out)
    assert sheet.format == "JPEG"
    assert sheet.size == (5 * 392 + 8, 2 * 224 + 8)
    for number in range(7):
        row, column = divmod(number, 5)
        pixel = sheet.getpixel((8 + column * 392 + 300, 8 + row * 224 + 150))
        assert pixel == pytest.approx((30 * number, 255 - 30 * number, 90), abs=8)
    with pytest.raises(MediaError):
        workshop.tools.contact_sheet([], out)


def test_poster_is_the_frame_in_its_colours(workshop: Workshop, tmp_path: Path) -> None:
    path = workshop.folder / "even.png"
    Image.new("RGB", (1920, 1080), (200, 60, 30)).save(path)
    file = tmp_path / "out.mp4"
    workshop.render(workshop.album(1, seconds=2, pictures=[path]), "mp4_low", file)
    poster = tmp_path / "poster.jpg"
    workshop.tools.poster(file, 1.0, poster)
    image = Image.open(poster)
    assert (image.format, image.size) == ("JPEG", (854, 480))
    assert np.abs(np.asarray(image).astype(float) - (200, 60, 30)).max() < 6
    with pytest.raises(MediaError, match="no frame at"):
        workshop.tools.poster(file, 99.0, tmp_path / "none.jpg")


def test_black_pictures_are_counted_once(workshop: Workshop, tmp_path: Path) -> None:
    path = workshop.folder / "black.png"
    Image.new("RGB", (1920, 1080), (2, 2, 2)).save(path)
    for kind in ("mp4", "webm"):
        file = tmp_path / f"out.{kind}"
        workshop.render(workshop.album(2, pictures=[path, workshop.picture(1)]), f"{kind}_low", file)
        assert workshop.tools.black_frames(file) in (1, 2)  # the still, and the dark beginning of the dissolve
        workshop.render(workshop.album(2), f"{kind}_low", file)
        assert workshop.tools.black_frames(file) == 0
