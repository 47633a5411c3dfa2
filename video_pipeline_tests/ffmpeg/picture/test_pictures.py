"""Pictures: conversion to BT.709, measuring, and the drawings for people."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from video_pipeline.domain.errors import MediaError
from video_pipeline.ffmpeg.picture import pictures
from video_pipeline.ffmpeg.picture.canvas import Size, load_planes, planes_of
from video_pipeline.ffmpeg.picture.pictures import draw_upright, open_picture
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


P3 = np.array([(0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407)])
SRGB = np.array([(0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061), (0.01392, 0.09708, 0.71410)])
"""Red, green and blue of two colour spaces in XYZ under D50: Display P3, which phones use, and sRGB."""


def profile(kind: bytes, gamma: float, primaries: np.ndarray | None = None) -> bytes:
    """An ICC profile (version 2.1) of a screen with these primaries, or of grey."""

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {b"wtpt": b"XYZ " + bytes(4) + b"".join(map(number, (0.9642, 1.0, 0.8249)))}
    if primaries is None:
        tags[b"kTRC"] = curve
    else:
        for name, colour in zip(b"rgb", primaries.T, strict=True):
            tags[bytes([name]) + b"XYZ"] = b"XYZ " + bytes(4) + b"".join(map(number, colour))
            tags[bytes([name]) + b"TRC"] = curve
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I", start + len(body)) + b"lcms" + struct.pack(">I", 0x02100000) + b"mntr" + kind + b"XYZ "
    head += bytes(12) + b"acsp" + bytes(28) + b"".join(map(number, (0.9642, 1.0, 0.8249)))
    return head.ljust(128, b"\0") + table + body


def as_srgb(rgb: tuple[int, int, int], gamma: float) -> np.ndarray:
    """The colour of Display P3 in sRGB, 0 to 255, by the formulas of both."""
    linear = np.linalg.inv(SRGB) @ P3 @ (np.array(rgb) / 255) ** gamma
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055) * 255


@pytest.mark.parametrize("form", ["png", "jpg", "webp", "clear.png", "palette.png"])
def test_colours_are_converted_by_the_profile_of_their_picture(tmp_path: Path, form: str) -> None:
    """Photos of phones are in Display P3; taken for sRGB they came out pale."""
    rgb = (180, 90, 60)
    picture = Image.new("RGBA" if "clear" in form else "RGB", (32, 32), rgb)
    picture = picture.convert("P", palette=Image.Palette.ADAPTIVE) if "palette" in form else picture
    path = tmp_path / f"p.{form}"
    picture.save(path, icc_profile=profile(b"RGB ", 2.2, P3), quality=98)
    shown = np.asarray(open_picture(path))[16, 16]
    assert np.abs(as_srgb(rgb, 2.2) - rgb).max() > 8
    assert shown == pytest.approx(as_srgb(rgb, 2.2), abs=3)
    draw_upright(path, tmp_path / "upright.png")
    with Image.open(tmp_path / "upright.png") as upright:
        assert "icc_profile" not in upright.info
    assert np.array_equal(np.asarray(open_picture(tmp_path / "upright.png"))[16, 16], shown)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_is_converted_by_its_profile(tmp_path: Path, mode: str) -> None:
    Image.new("L", (32, 32), 128).convert(mode).save(tmp_path / "g.png", icc_profile=profile(b"GRAY", 1.0))
    # Half of the light is 188 of 255 in sRGB.
    assert tuple(np.asarray(open_picture(tmp_path / "g.png"))[16, 16]) == pytest.approx((188, 188, 188), abs=1)


@pytest.mark.parametrize("broken", [b"junk", profile(b"RGB ", 2.2, P3)[:200], profile(b"CMYK", 2.2, P3)])
def test_a_profile_that_says_nothing_is_no_reason_to_refuse_a_picture(tmp_path: Path, broken: bytes) -> None:
    Image.new("RGB", (32, 32), (180, 90, 60)).save(tmp_path / "p.png", icc_profile=broken)
    draw_upright(tmp_path / "p.png", tmp_path / "upright.png")
    with Image.open(tmp_path / "upright.png") as upright:
        assert upright.getpixel((16, 16)) == (180, 90, 60)
        assert "icc_profile" not in upright.info


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


def test_contact_sheet_shows_all_pictures_in_rows_of_five(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for number in range(7):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", (320, 180), (30 * number, 255 - 30 * number, 90)).save(paths[-1])
    out = tmp_path / "sheet.jpg"
    decoded: list[Path] = []
    monkeypatch.setattr(pictures, "open_picture", lambda path: decoded.append(path) or open_picture(path))
    workshop.tools.contact_sheet(paths, out)
    assert decoded == paths
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
