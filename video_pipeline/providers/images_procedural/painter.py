"""Owns which painter paints which motif, from scenery to finished pixels; hides the order of the passes."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from video_pipeline.domain.scenery import Motif
from video_pipeline.providers.images_procedural.abstract import paint_abstract
from video_pipeline.providers.images_procedural.cabin import paint_winter_cabin
from video_pipeline.providers.images_procedural.city import paint_city
from video_pipeline.providers.images_procedural.dunes import paint_dunes
from video_pipeline.providers.images_procedural.forest import paint_forest
from video_pipeline.providers.images_procedural.grading import finish
from video_pipeline.providers.images_procedural.hall import paint_hall
from video_pipeline.providers.images_procedural.lake import paint_lake
from video_pipeline.providers.images_procedural.library import paint_library
from video_pipeline.providers.images_procedural.light import bloom
from video_pipeline.providers.images_procedural.meadow import paint_meadow
from video_pipeline.providers.images_procedural.mountains import paint_mountains
from video_pipeline.providers.images_procedural.noise import Field
from video_pipeline.providers.images_procedural.reader import Scenery
from video_pipeline.providers.images_procedural.sea import paint_sea
from video_pipeline.providers.images_procedural.skies import paint_above_clouds
from video_pipeline.providers.images_procedural.space import paint_space
from video_pipeline.providers.images_procedural.stage import Stage
from video_pipeline.providers.images_procedural.weather import fall
from video_pipeline.providers.images_procedural.window import paint_rainy_window

PAINTERS: dict[Motif, Callable[[Stage], Field]] = {
    Motif.LAKE: paint_lake,
    Motif.MOUNTAINS: paint_mountains,
    Motif.FOREST: paint_forest,
    Motif.CANDLE_HALL: paint_hall,
    Motif.CITY_NIGHT: paint_city,
    Motif.SEA: paint_sea,
    Motif.SPACE: paint_space,
    Motif.ABSTRACT: paint_abstract,
    Motif.DUNES: paint_dunes,
    Motif.MEADOW: paint_meadow,
    Motif.WINTER_CABIN: paint_winter_cabin,
    Motif.RAINY_WINDOW: paint_rainy_window,
    Motif.LIBRARY: paint_library,
    Motif.SKY: paint_above_clouds,
}
"""Each gives linear light (h, w, 3)."""

SHELTERED = frozenset({Motif.CANDLE_HALL, Motif.LIBRARY, Motif.RAINY_WINDOW, Motif.SPACE, Motif.ABSTRACT})
"""Where it neither rains nor snows before the eye."""

SIDE_MIN, SIDE_MAX = 64, 4096  # pixels


def paint(
    scenery: Scenery, seed: int, size: tuple[int, int], *, grain_levels: float | None = None
) -> npt.NDArray[np.uint8]:
    """The picture (height, width, 3) in 8-bit sRGB; the same arguments give the same pixels in any process.

    `size` is (width, height), each from SIDE_MIN to SIDE_MAX, or ValueError. `grain_levels` overrides the film grain.
    """
    width, height = size
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        raise ValueError(f"a picture has sides from {SIDE_MIN} to {SIDE_MAX} pixels, not {width}x{height}")
    stage = Stage(scenery, seed, width, height)
    image = np.ascontiguousarray(PAINTERS[scenery.motif](stage), np.float32)
    if scenery.motif not in SHELTERED:
        fall(image, stage)
    image = bloom(image, stage)
    return finish(image, stage) if grain_levels is None else finish(image, stage, grain_levels=grain_levels)


def encode(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of `pixels`; its fastest compression, because grain does not compress anyway."""
    done, data = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError(f"a picture of {pixels.shape} could not be written as PNG")
    return bytes(data)
