"""What is seen at a glance, and the estimate that is made of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.thumbnails import WEIGHTS, Appeal, Part
from video_pipeline.ffmpeg.previews.appeal import appeal
from video_pipeline.ffmpeg.previews.glance import Reals, bright, glance

SIZE = (360, 640)


def flat(level: float) -> Reals:
    return np.full((*SIZE, 3), level, np.float32)


def with_disc(x: float, y: float, colour: tuple[float, float, float] = (1.0, 0.5, 0.1)) -> Reals:
    picture = flat(0.25)
    cv2.circle(picture, (round(x * SIZE[1]), round(y * SIZE[0])), 50, colour, -1, cv2.LINE_AA)
    return picture


@given(st.dictionaries(st.sampled_from(Part), st.floats(0, 1)))
def test_an_estimate_stays_between_its_parts(parts: dict[Part, float]) -> None:
    value = Appeal(parts).value
    assert 0 <= value <= 1
    if parts:
        assert min(parts.values()) - 1e-9 <= value <= max(parts.values()) + 1e-9


def test_the_weights_are_a_whole() -> None:
    assert set(WEIGHTS) == set(Part)
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_a_missing_part_counts_nothing() -> None:
    assert Appeal({Part.CONTRAST: 0.5, Part.COLOUR: 0.5}).value == pytest.approx(0.5)
    assert Appeal({Part.CONTRAST: 1.0, Part.LEGIBILITY: 0.0}).value == pytest.approx(0.20 / 0.45)
    assert Part.LEGIBILITY not in appeal(flat(0.5)).parts


def test_colour_and_contrast_promise_more_than_fog_and_night() -> None:
    fields = np.random.default_rng(3).random((4, 6, 3)).astype(np.float32)
    vivid = np.kron(fields, np.ones((90, 107, 1), np.float32))
    found = [appeal(picture).value for picture in (vivid, flat(0.5), flat(0.01))]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[1] + 0.3


@pytest.mark.parametrize(
    ("part", "better", "worse"),
    [
        (Part.SUBJECT, with_disc(0.5, 0.5), flat(0.25)),
        (Part.EXPOSURE, flat(0.45), flat(0.95)),
        (Part.CONTRAST, with_disc(0.5, 0.5, (1, 1, 1)), with_disc(0.5, 0.5, (0.3, 0.3, 0.3))),
        (Part.COLOUR, with_disc(0.5, 0.5), with_disc(0.5, 0.5, (0.6, 0.6, 0.6))),
        (Part.CALM, flat(0.5), np.indices((*SIZE, 1))[:2].sum(axis=0).repeat(3, axis=2) // 8 % 2 * np.float32(1)),
    ],
)
def test_each_part_measures_what_its_name_says(part: Part, better: Reals, worse: Reals) -> None:
    assert appeal(better).parts[part] > appeal(np.asarray(worse, np.float32)).parts[part] + 0.1


def lettered(ink: float, ground: float, height: int) -> tuple[Reals, Reals]:
    """Upright strokes like letters on an even ground."""
    mask = np.zeros(SIZE, np.float32)
    for left in range(200, 440, height):
        mask[150 : 150 + height, left : left + height // 3] = 1
    return flat(ground) + (ink - ground) * mask[..., None], mask


def test_words_are_legible_when_they_are_large_and_stand_out() -> None:
    def of(ink: float, ground: float, height: int) -> float:
        picture, mask = lettered(ink, ground, height)
        return appeal(picture, mask, height).parts[Part.LEGIBILITY]

    assert of(1.0, 0.1, 60) > 0.95
    assert of(0.0, 1.0, 60) > 0.95  # dark on light as well
    assert of(1.0, 0.1, 30) < 0.7  # 8 pixels high at 168
    assert of(1.0, 0.1, 14) < 0.05
    assert of(0.6, 0.5, 60) < 0.15
    picture, _ = lettered(1.0, 0.1, 60)
    assert appeal(picture, np.zeros(SIZE, np.float32), 60).parts[Part.LEGIBILITY] == 0


@pytest.mark.parametrize("place", [(0.25, 0.3), (0.75, 0.7), (0.5, 0.5)])
def test_the_eye_goes_to_what_differs(place: tuple[float, float]) -> None:
    assert glance(with_disc(*place)).focus == pytest.approx(place, abs=0.08)


def test_words_go_where_nothing_is() -> None:
    halves = [(0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)]
    assert glance(with_disc(0.2, 0.5)).calmest(halves) == 1
    assert glance(with_disc(0.8, 0.5)).calmest(halves) == 0


def test_colours_are_the_picture_s_own_and_can_be_used_on_dark() -> None:
    red, green, blue = glance(with_disc(0.5, 0.5, (0.1, 0.4, 1.0))).accent
    assert blue > green > red
    assert glance(flat(0.5)).accent == glance(flat(0.1)).accent  # no colour at all: the house's own
    assert max(glance(with_disc(0.5, 0.5)).depth) < 0.1
    for hue in np.linspace(0, 1, 24, endpoint=False):
        assert np.dot(bright(float(hue)), (0.2126, 0.7152, 0.0722)) > 0.55


def test_an_even_picture_has_its_focus_in_the_middle() -> None:
    assert glance(flat(0.5)).focus == pytest.approx((0.5, 0.5), abs=0.02)
