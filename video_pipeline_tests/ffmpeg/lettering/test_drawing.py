"""The picture of words: that they can be read, that nothing is cut off, and that it is the same each time."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from video_pipeline.ffmpeg.lettering import drawing
from video_pipeline.ffmpeg.lettering.drawing import Lettering, draw_words
from video_pipeline.ffmpeg.lettering.setting import set_words
from video_pipeline.ffmpeg.lettering.shelf import installed_shelf
from video_pipeline_tests.ffmpeg.lettering.needed import need

Reals = NDArray[np.float32]
FILTER = r"'%{pts}':x=0,drawtext=textfile=/etc/passwd[a];[a]\:"


def over(drawn: Lettering, ground: Reals) -> Reals:
    """The words on a picture of shape (height, width, 3)."""
    seen = ground.copy()
    height, width = drawn.pixels.shape[:2]
    part = seen[drawn.top : drawn.top + height, drawn.left : drawn.left + width]
    pixels = drawn.pixels.astype(np.float32)
    part[:] = part * (1 - pixels[..., 3:] / 255) + pixels[..., :3]
    return seen


def flat(grey: float, size: tuple[int, int] = (854, 480)) -> Reals:
    return np.full((size[1], size[0], 3), grey, np.float32)


def luminance(picture: Reals) -> Reals:
    """Relative luminance as WCAG 2.2 defines it, from sRGB of 0 to 255."""
    share = picture / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float32)


def ink_of(drawn: Lettering, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where letters cover everything."""
    return over(drawn, flat(0, size))[..., 0] > 225


@pytest.mark.parametrize("size", [(854, 480), (1920, 1080), (480, 854)])
@pytest.mark.parametrize("text", ["Breathe.", "Stillness is where everything begins,\nand ends.\n\n— Somebody"])
def test_words_can_be_read_on_white(text: str, size: tuple[int, int]) -> None:
    """WCAG 2.2 asks large letters for a contrast of 3 to what is around them."""
    drawn = draw_words(text, *size)
    seen = luminance(over(drawn, flat(255, size)))
    letters = ink_of(drawn, size)
    em = set_words(text, *size, installed_shelf()).em_px
    reach = 2 * max(round(em * 0.12), 2) + 1
    grown = cv2.dilate(letters.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    ring = grown & (over(drawn, flat(0, size))[..., 0] < 8)  # no part of a letter
    contrast = (np.median(seen[letters]) + 0.05) / (np.percentile(seen[ring], 90) + 0.05)
    assert contrast > 3


@pytest.mark.parametrize("size", [(854, 480), (1080, 1920)])
def test_the_shade_ends_softly_inside_of_the_picture(size: tuple[int, int]) -> None:
    cover = draw_words("Stillness is where everything begins.", *size).pixels[..., 3].astype(int)
    edges = (cover[0], cover[-1], cover[:, 0], cover[:, -1])
    # In a narrow picture the shade may reach the sides.
    assert all(edge.max() <= 3 for edge in (edges[:2] if size[0] < size[1] else edges))


def test_the_corner_and_the_size_are_even() -> None:
    for size in ((854, 480), (480, 854), (1280, 720)):
        drawn = draw_words("Odd", *size)
        height, width = drawn.pixels.shape[:2]
        assert not any(number % 2 for number in (drawn.left, drawn.top, width, height))
        assert drawn.left + width <= size[0]
        assert drawn.top + height <= size[1]


def test_the_same_words_are_the_same_picture() -> None:
    one, two, other = (draw_words(text, 854, 480) for text in ("Calm", "Calm", "Calm."))
    assert one.sha256 == two.sha256 != other.sha256


def test_words_are_in_the_middle() -> None:
    rows, columns = np.nonzero(ink_of(draw_words("A calm sea", 1280, 720), (1280, 720)))
    assert abs((columns.min() + columns.max()) / 2 - 640) < 6
    assert 0.40 * 720 < (rows.min() + rows.max()) / 2 < 0.52 * 720


def test_what_looks_like_a_filter_is_drawn_as_it_stands() -> None:
    whole = ink_of(draw_words(FILTER, 1280, 720), (1280, 720)).sum()
    parts = [ink_of(draw_words(part, 1280, 720), (1280, 720)).sum() for part in (FILTER[:20], FILTER[20:])]
    em = [set_words(part, 1280, 720, installed_shelf()).em_px for part in (FILTER, FILTER[:20], FILTER[20:])]
    # Twice the size is four times the ink: all signs are there, none was taken for an order.
    expected = sum(part * (em[0] / size) ** 2 for part, size in zip(parts, em[1:], strict=True))
    assert whole == pytest.approx(expected, rel=0.25)


def test_arabic_letters_join() -> None:
    """Shaped, the letters of a word are one stroke and its dots; side by side they would be at least five pieces."""
    need("السلام")
    joined = ink_of(draw_words("ححح", 1280, 720), (1280, 720)).astype(np.uint8)
    pieces, _ = cv2.connectedComponents(cv2.dilate(joined, np.ones((3, 3), np.uint8)))
    assert pieces - 1 == 1


def test_emoji_have_their_colours() -> None:
    need("🌊")
    seen = over(draw_words("Sea 🌊 calm", 1280, 720), flat(90, (1280, 720)))
    saturation = seen.max(axis=2) - seen.min(axis=2)
    rows, columns = np.nonzero(saturation > 80)
    em = set_words("Sea 🌊 calm", 1280, 720, installed_shelf()).em_px
    assert 0.7 * em < columns.max() - columns.min() < 1.3 * em
    assert 0.6 * em < rows.max() - rows.min() < 1.3 * em


def test_what_belongs_together_is_one_picture() -> None:
    need("👩‍🚀")
    (one,) = set_words("👩‍🚀", 1280, 720, installed_shelf()).lines
    (two,) = set_words("👩🚀", 1280, 720, installed_shelf()).lines
    assert two.runs[0].width == pytest.approx(2 * one.runs[0].width)
    # Nobody has drawn this couple yet: two pictures of the usual size.
    (odd,) = set_words("👩\u200d🌊", 1280, 720, installed_shelf()).lines
    assert odd.runs[0].width == pytest.approx(two.runs[0].width)
    seen = over(draw_words("👩\u200d🌊", 1280, 720), flat(90, (1280, 720)))
    rows, _ = np.nonzero(seen.max(axis=2) - seen.min(axis=2) > 80)
    assert rows.max() - rows.min() > 0.7 * odd.runs[0].em_px


@pytest.mark.parametrize("size", [(854, 480), (480, 854)])
def test_letters_are_as_wide_as_they_were_measured(size: tuple[int, int]) -> None:
    """They were measured for the largest size and cut for the size at which they are drawn."""
    text = ("hundreds of humming rooms " * 11).strip()
    lines = set_words(text, *size, installed_shelf()).lines
    ink = ink_of(draw_words(text, *size), size)
    for line in lines[:-1]:
        left, top, right, bottom = line.ink
        (columns,) = np.nonzero(ink[round(top) : round(bottom)].any(axis=0))
        assert columns.min() == pytest.approx(left, abs=2.5)
        assert columns.max() == pytest.approx(right, abs=2.5)


def test_a_picture_that_reaches_out_of_the_frame_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    need("🌊")
    monkeypatch.setattr(drawing, "_emoji", lambda face, cluster, width: np.ones((900, width, 4), np.float32))
    assert draw_words("🌊 Sea 🌊", 480, 480).pixels.shape[0] <= 480
