"""Owns the way from linear light to the finished 8-bit picture; hides exposure, toning, film curve, vignette, grain.

Grain doubles as dither: 8-bit steps in a smooth sky are about 1.5 levels apart at most, and noise with a deviation of
one level breaks them (Lipshitz et al., "Quantization and Dither", 1992: triangular noise of two steps is enough).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from video_pipeline.domain.scenery import Motif, TimeOfDay
from video_pipeline.providers.images_procedural.noise import Field, smoothstep
from video_pipeline.providers.images_procedural.stage import Stage

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
# The mean of linear light after exposure.
_KEY = {
    TimeOfDay.DAWN: 0.24,
    TimeOfDay.DAY: 0.30,
    TimeOfDay.GOLDEN_HOUR: 0.22,
    TimeOfDay.DUSK: 0.125,
    TimeOfDay.NIGHT: 0.062,
}
_LIT_WITHIN = frozenset({Motif.CANDLE_HALL, Motif.LIBRARY, Motif.RAINY_WINDOW, Motif.CITY_NIGHT})
"""Lamps of their own: the hour outside changes them less."""

GRAIN_LEVELS = 1.1  # deviation of the grain in 8-bit levels


def finish(image: Field, stage: Stage, *, grain_levels: float = GRAIN_LEVELS) -> npt.NDArray[np.uint8]:
    """The 8-bit sRGB picture of `image` (linear light, h, w, 3)."""
    image = np.nan_to_num(np.maximum(image, 0), nan=0.0, posinf=8.0)
    image *= _exposure(image, stage)
    image *= _vignette(stage)
    image = _toned(image, stage)
    coded = _encoded(_filmic(image)) * np.float32(255)
    rng = stage.rng("grain")
    if grain_levels > 0:
        grain = rng.standard_normal(stage.shape, dtype=np.float32)
        grain = (grain + cv2.GaussianBlur(grain, (0, 0), 0.8) * 1.5) * np.float32(grain_levels * 0.62)
        # Finer grain in the lights, as on film, but never less than dither needs.
        coded += grain[..., None]
        coded += rng.random(coded.shape, dtype=np.float32) - np.float32(0.5)
    return np.clip(np.round(coded), 0, 255).astype(np.uint8)


def _exposure(image: Field, stage: Stage) -> np.float32:
    """A gain that brings the picture most of the way to its key, so that no picture is lost in black or white."""
    luma = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA) @ _LUMA
    # Lamps and suns must not darken the rest.
    mean = float(np.minimum(luma, 4 * np.median(luma) + 0.02).mean()) + 1e-5
    key = _KEY[stage.scenery.time_of_day]
    if stage.scenery.motif in _LIT_WITHIN:
        key = 0.06 + 0.5 * key
    low, high = (0.5, 1.5) if stage.scenery.motif is Motif.SPACE else (0.1, 12.0)
    return np.float32(np.clip((key / mean) ** 0.8, low, high))


def _vignette(stage: Stage) -> Field:
    x = np.linspace(-1, 1, stage.width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, stage.height, dtype=np.float32)[:, None]
    return np.asarray(1 - np.float32(0.42) * smoothstep(0.25, 2.1, x * x + y * y), np.float32)[..., None]


def _toned(image: Field, stage: Stage) -> Field:
    """Shadows drawn to the palette's shade, lights to its glow, both by hue only."""
    luma = (image @ _LUMA)[..., None]
    mood = stage.mood
    shadow = mood.shade / max(float(mood.shade @ _LUMA), 1e-4)
    light = mood.light / max(float(mood.light @ _LUMA), 1e-4)
    share = luma / (luma + np.float32(0.12))
    tone = shadow + (light - shadow) * share
    toned = image + (luma * tone - image) * np.float32(0.12)
    # A little more colour than nature, as painters take.
    return np.asarray(np.maximum(luma + (toned - luma) * np.float32(1.1), 0), np.float32)


def _filmic(image: Field) -> Field:
    """Narkowicz's fit of the ACES film curve ("ACES Filmic Tone Mapping Curve", 2016)."""
    x = image * np.float32(0.9)
    return np.asarray(np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1), np.float32)


def _encoded(image: Field) -> Field:
    """The sRGB transfer curve (IEC 61966-2-1)."""
    return np.where(image <= 0.0031308, image * 12.92, 1.055 * np.power(image, 1 / 2.4) - 0.055).astype(np.float32)
