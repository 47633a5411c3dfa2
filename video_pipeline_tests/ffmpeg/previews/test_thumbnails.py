"""Thumbnails: each design is what its name says, its words can be read when small, the file is as YouTube takes it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.thumbnails import Design, Part
from video_pipeline.ffmpeg.previews.canvas import SIZE
from video_pipeline.ffmpeg.previews.designs import Drawn, compose
from video_pipeline.ffmpeg.previews.glance import Reals
from video_pipeline.ffmpeg.previews.thumbnails import THUMBNAIL_MAX_BYTES, draw_thumbnail, picture_appeal
from video_pipeline.ffmpeg.previews.words import Wording, worded
from video_pipeline_tests.ffmpeg.lettering.needed import need
from video_pipeline_tests.ffmpeg.material import detailed_picture
from video_pipeline_tests.ffmpeg.previews.test_words import only_ours

__all__ = ["only_ours"]

LETTERED = [design for design in Design if design is not Design.PLAIN]
SMALL = (360, 640, 3)
NO_WORDS = Wording("", "")


def pixels(path: Path) -> NDArray[np.float64]:
    image = Image.open(path)
    assert (image.format, image.size, image.mode) == ("JPEG", (1280, 720), "RGB")
    assert path.stat().st_size <= THUMBNAIL_MAX_BYTES
    return np.asarray(image, np.float64)


def ground(kind: str) -> Reals:
    if kind == "noise":
        return np.random.default_rng(2).random(SMALL, np.float32)
    return np.full(SMALL, {"white": 1.0, "black": 0.0, "grey": 0.5}[kind], np.float32)


def with_disc(x: float, y: int = 180) -> Reals:
    picture = np.full(SMALL, 0.3, np.float32)
    cv2.circle(picture, (round(x * SMALL[1]), y), 60, (1.0, 0.6, 0.1), -1, cv2.LINE_AA)
    return picture


def luma(drawn: Drawn) -> NDArray[np.float64]:
    return np.asarray(drawn.pixels.mean(axis=2), np.float64)


@pytest.mark.parametrize(
    ("design", "size"),
    [(design, (360, 640)) for design in Design] + [(Design.BOLD_TEXT, (300, 300)), (Design.COLLAGE, (640, 360))],
)
def test_every_design_of_pictures_of_every_shape(tmp_path: Path, design: Design, size: tuple[int, int]) -> None:
    picture = detailed_picture(tmp_path / "p.png", 3, size)
    found = draw_thumbnail(design, [picture], tmp_path / "t.jpg", "Rainy Library | Cozy Lute Music | 1 Hour")
    assert found is not None
    assert set(found.parts) == set(Part) - ({Part.LEGIBILITY} if design is Design.PLAIN else set())
    assert 0 < found.value <= 1
    assert pixels(tmp_path / "t.jpg").std() > 20


@pytest.mark.parametrize("design", LETTERED)
@pytest.mark.parametrize("kind", ["white", "noise"])
def test_words_can_be_read_on_any_picture_at_168_pixels(tmp_path: Path, design: Design, kind: str) -> None:
    Image.fromarray(np.rint(ground(kind) * 255).astype(np.uint8)).save(tmp_path / "p.png")
    found = draw_thumbnail(design, [tmp_path / "p.png"], tmp_path / "t.jpg", "Rainy Library")
    assert found is not None
    assert found.parts[Part.LEGIBILITY] > 0.6


@pytest.mark.parametrize("design", LETTERED)
@pytest.mark.parametrize("title", ["A Long Title Without Any Separator " * 6, "W" * 200, "🎵 Rain 🌧️: low, jumpy"])
def test_words_stay_inside_and_leave_the_corner_of_the_duration(design: Design, title: str) -> None:
    drawn = compose(design, [ground("grey")], worded(title))
    assert drawn.ink is not None
    assert drawn.ink.sum() > 2000
    assert drawn.ink[:24].max() == drawn.ink[-24:].max() == drawn.ink[:, :24].max() == drawn.ink[:, -24:].max() == 0
    assert drawn.ink[-86:, -200:].max() == 0
    assert drawn.pixels.shape == (720, 1280, 3)
    assert -1e-4 <= drawn.pixels.min() <= drawn.pixels.max() <= 1 + 1e-4


@pytest.mark.parametrize("design", LETTERED)
@pytest.mark.parametrize("title", ["A Long Title Without Any Separator " * 6, "W" * 17])
def test_words_at_the_bottom_end_before_the_corner_of_the_duration(design: Design, title: str) -> None:
    """Where the subject, and what is restless, is above them."""
    restless = with_disc(0.3, 90)
    restless[:150] += ground("noise")[:150] - 0.5
    drawn = compose(design, [np.clip(restless, 0, 1)], worded(title))
    assert drawn.ink is not None
    assert drawn.ink[-86:, -200:].max() == 0
    if design in (Design.CLOSE_UP, Design.DARK):
        assert drawn.ink[:360].max() == 0


@pytest.mark.parametrize("design", [Design.BOLD_TEXT, Design.MINIMAL])
def test_what_stands_below_a_heading_that_begins_at_the_right_begins_there_too(design: Design) -> None:
    need("שלום")
    drawn = compose(design, [ground("black")], Wording("שלום עולם", "גשם"))
    assert drawn.ink is not None
    rows, columns = np.nonzero(drawn.ink > 0.5)
    below = luma(drawn)[rows.max() + 4 :]
    _, small = np.nonzero(below > 0.6 if design is Design.BOLD_TEXT else below[:, :600] < 0.4)
    assert small.max() == pytest.approx(columns.max(), abs=12)
    assert small.min() > columns.min() + 100


def test_an_action_shot_has_no_band_for_a_line_without_ink() -> None:
    drawn = compose(Design.ACTION_SHOT, [ground("grey")], Wording("\u3164 " * 30 + "Rain", ""))
    assert drawn.ink is not None


@pytest.mark.parametrize("size", [(1920, 1080), (640, 480)])
def test_plain_ones_are_the_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    ramp = np.zeros((size[1], size[0], 3), np.uint8)
    ramp[:, :, 1] = 180
    Image.fromarray(ramp).save(tmp_path / "p.png")
    assert draw_thumbnail(Design.PLAIN, [tmp_path / "p.png"], tmp_path / "t.jpg", "Rain")
    assert np.abs(pixels(tmp_path / "t.jpg") - (0, 180, 0)).max() < 6


def test_a_tall_picture_stands_whole_in_front_of_itself() -> None:
    tall = np.full((640, 360, 3), 0.6, np.float32)
    tall[:24] = (1.0, 0.1, 0.1)
    drawn = compose(Design.PLAIN, [tall], NO_WORDS).pixels
    middle, side = drawn[300, 640], drawn[300, 60]
    assert middle == pytest.approx(0.6, abs=0.02)
    assert side.max() < 0.45


@pytest.mark.parametrize(("x", "is_left"), [(0.22, False), (0.78, True)])
def test_bold_words_stand_beside_the_subject(x: float, is_left: bool) -> None:
    drawn = compose(Design.BOLD_TEXT, [with_disc(x)], Wording("Rainy Library", ""))
    assert drawn.ink is not None
    centre = float((drawn.ink.sum(axis=0) * np.arange(SIZE[0])).sum() / drawn.ink.sum())
    assert (centre < 500) is is_left
    orange = (drawn.pixels[..., 0] > 0.7) & (drawn.pixels[..., 2] < 0.4) & (drawn.ink == 0)
    orange[:, :] &= np.abs(np.arange(SIZE[0]) - centre) > 200
    assert orange.sum() > 15_000  # the subject is still seen


def test_a_close_up_shows_the_subject_larger() -> None:
    def share(design: Design) -> float:
        seen = compose(design, [with_disc(0.7)], NO_WORDS).pixels
        return float(((seen[..., 0] > 0.7) & (seen[..., 2] < 0.45)).mean())

    assert share(Design.CLOSE_UP) > 1.4 * share(Design.PLAIN) > 0


def test_an_action_shot_is_tilted_and_blurred_far_from_its_subject() -> None:
    horizon = with_disc(0.5)
    horizon[180:, :100] = horizon[180:, -100:] = 0.8
    drawn = luma(compose(Design.ACTION_SHOT, [horizon], NO_WORDS))
    left, right = (int(np.abs(np.diff(drawn[:, x])).argmax()) for x in (30, 1250))
    assert left - right > 40
    plain = luma(compose(Design.PLAIN, [ground("noise")], NO_WORDS))
    blurred = luma(compose(Design.ACTION_SHOT, [ground("noise")], NO_WORDS))
    assert blurred[20:120, 20:120].std() < 0.6 * plain[20:120, 20:120].std()


def test_minimal_is_a_calm_leaf_beside_the_picture() -> None:
    drawn = compose(Design.MINIMAL, [ground("noise")], Wording("Rain", "Slow Piano"))
    assert drawn.ink is not None
    edge = drawn.pixels[:, :50]
    assert edge.std(axis=(0, 1)).max() < 0.001
    assert edge.mean() > 0.8
    assert drawn.pixels[:, 700:].std() > 0.1
    assert drawn.ink[:, 610:].max() == 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_collage_shows_all_its_pictures(count: int) -> None:
    colours = [(0.9, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.9)][:count]
    pictures = [np.full(SMALL, colour, np.float32) for colour in colours]
    drawn = compose(Design.COLLAGE, pictures, NO_WORDS).pixels
    strongest = drawn.argmax(axis=2)[drawn.max(axis=2) - drawn.min(axis=2) > 0.4]
    for number in range(3):
        assert bool((strongest == number).mean() > 0.2) is (number < count)


def test_dark_is_dark_but_for_the_subject() -> None:
    plain, dark = (luma(compose(design, [with_disc(0.6)], NO_WORDS)) for design in (Design.PLAIN, Design.DARK))
    assert dark[:, :320].mean() < 0.3 * plain[:, :320].mean()
    assert dark[360, 768] > 0.8 * plain[360, 768]


def test_letters_that_no_font_has_are_left_away(tmp_path: Path, only_ours: None) -> None:
    picture = detailed_picture(tmp_path / "p.png", 3, (640, 360))
    for design in Design:
        found = draw_thumbnail(design, [picture], tmp_path / f"{design}.jpg", "静かな図書館")
        if design.needs_words:
            assert found is None
            assert not (tmp_path / f"{design}.jpg").exists()
        else:
            assert found is not None
            assert Part.LEGIBILITY not in found.parts
            pixels(tmp_path / f"{design}.jpg")
    half = draw_thumbnail(Design.BOLD_TEXT, [picture], tmp_path / "half.jpg", "Library | 静かな図書館")
    assert half is not None
    assert half.parts[Part.LEGIBILITY] > 0.5


def test_even_noise_stays_below_two_megabytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.png", compress_level=1)
    draw_thumbnail(Design.PLAIN, [tmp_path / "p.png"], tmp_path / "t.jpg")
    assert pixels(tmp_path / "t.jpg").std() > 30


def test_a_picture_that_changed_is_read_again_and_what_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    Image.new("RGB", (64, 36), (200, 0, 0)).save(path)
    first = picture_appeal(path)
    Image.new("RGB", (64, 36), (90, 90, 90)).save(path)
    assert picture_appeal(path).parts[Part.COLOUR] < first.parts[Part.COLOUR]
    path.write_bytes(b"no picture")
    with pytest.raises(MediaError):
        draw_thumbnail(Design.PLAIN, [path], tmp_path / "t.jpg")
    assert not (tmp_path / "t.jpg").exists()
