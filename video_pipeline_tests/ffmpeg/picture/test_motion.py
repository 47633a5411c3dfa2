"""Moving pictures before they are encoded: loops that close, no shaking, no border, colours within their range."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video_pipeline.domain.timeline import Motion
from video_pipeline.ffmpeg.picture.canvas import Planes, chroma_of, luma_of, planes_of
from video_pipeline.ffmpeg.picture.motion import VIEWS, View, mover
from video_pipeline.ffmpeg.picture.particles import SWARMS

WIDTH, HEIGHT = 640, 360
SEED = 0xA1B2C3D4E5F60718
MOVING = [motion for motion in Motion if motion is not Motion.STILL]
CAMERAS = list(VIEWS)


def scene(seed: int = 3) -> Planes:
    """A soft landscape with hard edges, black and white in it, and a lamp."""
    noise = np.random.default_rng(seed)
    rough = cv2.resize(noise.integers(0, 256, (18, 32, 3)).astype(np.uint8), (WIDTH, HEIGHT))
    rough[100:140, 50:600] = 0
    rough[200:260, 300:380] = 255
    return planes_of(rough)


def dots() -> Planes:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = sum(np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 18) for cx, cy in ((120, 90), (520, 90), (120, 270)))
    return planes_of(np.repeat((light * 255)[:, :, None], 3, axis=2).astype(np.uint8))


def places(planes: Planes) -> NDArray[np.float64]:
    """Where each dot is, as x and y: its centre of gravity, in a window about its brightest pixel."""
    luma = luma_of(planes).astype(float) - 16
    found = []
    for rows, columns in (
        (slice(0, 180), slice(0, 320)),
        (slice(0, 180), slice(320, 640)),
        (slice(180, 360), slice(0, 320)),
    ):
        part = luma[rows, columns]
        top, left = np.unravel_index(part.argmax(), part.shape)
        y, x = np.mgrid[max(top - 14, 0) : top + 15, max(left - 14, 0) : left + 15]
        window = part[y.min() : y.max() + 1, x.min() : x.max() + 1]
        y, x = y[: window.shape[0], : window.shape[1]], x[: window.shape[0], : window.shape[1]]
        found.append(
            ((window * x).sum() / window.sum() + columns.start, (window * y).sum() / window.sum() + rows.start)
        )
    return np.array(found)


def placed(view: View, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture is seen."""
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    seen = (np.array([x, y]) - middle - [view.right * WIDTH, view.down * HEIGHT]) * view.zoom + middle
    return seen[0], seen[1]


@pytest.mark.parametrize("motion", CAMERAS)
def test_a_camera_moves_evenly_and_shows_each_point_where_it_is(motion: Motion) -> None:
    show, period = mover(motion, dots(), SEED), 540
    turns = np.arange(180, 300) / period
    seen = np.array([places(show(turn)) for turn in turns])
    expected = np.array([[placed(VIEWS[motion](t), *at) for at in ((120, 90), (520, 90), (120, 270))] for t in turns])
    assert np.abs(seen - expected).max() < 0.06
    # Shaking is what the eye sees: the position must not jump from frame to frame (0.72 where whole pixels are cut).
    assert np.sqrt(np.square(np.diff(seen, 2, axis=0)).mean()) < 0.03


@pytest.mark.parametrize("motion", CAMERAS)
def test_a_camera_never_looks_beyond_the_edge(motion: Motion) -> None:
    for turn in np.linspace(0, 1, 1001):
        view = VIEWS[motion](turn)
        spare = (1 - 1 / view.zoom) / 2
        assert abs(view.right) <= spare + 1e-12
        assert abs(view.down) <= spare + 1e-12


@pytest.mark.parametrize("motion", CAMERAS)
def test_a_camera_keeps_what_it_sees_sharp(motion: Motion) -> None:
    # Linear resampling of the picture itself would take half of the finest detail away, now more and now less.
    stripes = planes_of(
        np.repeat(np.where(np.arange(WIDTH) % 6 < 3, 60, 200)[None, :, None], HEIGHT, 0).repeat(3, 2).astype(np.uint8)
    )
    show = mover(motion, stripes, SEED)
    contrast = [
        np.diff(luma_of(show(turn))[100:200, 100:500].astype(float), axis=1).std() for turn in np.linspace(0.1, 0.4, 40)
    ]
    assert min(contrast) > 0.8 * np.diff(luma_of(stripes)[100:200, 100:500].astype(float), axis=1).std() / 1.06
    assert np.ptp(contrast) < 0.12 * np.mean(contrast)


@pytest.mark.parametrize("motion", MOVING)
def test_a_loop_closes_in_the_picture_and_in_its_speed(motion: Motion) -> None:
    show, period = mover(motion, scene(), SEED), 480
    assert np.array_equal(show(0.0), show(1.0))
    assert np.array_equal(show(3 / period), show(3 / period + 1))
    frames = [luma_of(show(phase % period / period)).astype(float) for phase in range(period - 12, period + 12)]
    steps = [np.abs(one - other).mean() for one, other in pairwise(frames)]
    assert max(steps) < 1.5 * np.median(steps) + 0.02


@pytest.mark.parametrize("motion", MOVING)
def test_a_motion_keeps_to_the_range_of_television(motion: Motion) -> None:
    show = mover(motion, scene(), SEED)
    for turn in np.linspace(0, 1, 23):
        frame = show(turn)
        assert frame.shape == scene().shape
        assert 16 <= luma_of(frame).min() <= luma_of(frame).max() <= 235
        assert 16 <= chroma_of(frame).min() <= chroma_of(frame).max() <= 240


@pytest.mark.parametrize("motion", MOVING)
def test_a_motion_moves_but_little_and_leaves_its_picture_alone(motion: Motion) -> None:
    planes = scene()
    kept = planes.copy()
    show = mover(motion, planes, SEED)
    frames = [luma_of(show(phase / 540)).astype(float) for phase in range(90, 120)]
    steps = [np.abs(one - other).mean() for one, other in pairwise(frames)]
    assert 0 < np.mean(steps) < 2.0
    assert np.array_equal(planes, kept)


@given(seed=st.integers(0, 2**64 - 1), turn=st.floats(0, 1), motion=st.sampled_from(list(SWARMS)))
@settings(max_examples=25, deadline=None)
def test_particles_follow_from_their_seed_and_close_over_a_turn(seed: int, turn: float, motion: Motion) -> None:
    planes = planes_of(np.full((180, 320, 3), 40, np.uint8))
    one, other = mover(motion, planes, seed)(turn), mover(motion, planes, seed)(turn + 1)
    # Adding 1 costs the last bits of the turn.
    assert np.abs(one.astype(int) - other).max() <= 1
    assert luma_of(one).mean() - luma_of(planes).mean() < 6


def test_particles_of_two_pictures_differ() -> None:
    planes = scene()
    assert not np.array_equal(mover(Motion.SNOW, planes, 1)(0.2), mover(Motion.SNOW, planes, 2)(0.2))


def test_light_breathes_where_it_shines_and_nowhere_else() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
    picture[150:200, 500:550] = 240
    show = mover(Motion.BREATHING_LIGHT, planes_of(picture), SEED)
    frames = np.array([luma_of(show(turn)).astype(float) for turn in np.linspace(0, 1, 60)])
    swing = np.ptp(frames, axis=0)
    assert 10 < swing[175, 525] < 45
    assert swing[:, :200].max() <= 1
    # Smooth: a candle, not a lamp that fails.
    steps = np.abs(np.diff([luma_of(show(phase / 540))[175, 525].astype(float) for phase in range(540)]))
    assert steps.max() <= 3


def test_a_still_picture_is_the_picture() -> None:
    planes = scene()
    assert mover(Motion.STILL, planes, SEED)(0.4) is planes
