"""Owns still and moving water; hides the mirror, the ripples and the glitter of the sun."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.providers.images_procedural.light import lay
from video_pipeline.providers.images_procedural.noise import Field, blur, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.stage import Colour, Stage, mix


def shore_line(mask: Field, horizon: float) -> Field:
    """The first row of water of each column of `mask` (h, w), smoothed; the horizon (pixels) where there is none."""
    rows = np.where(mask.max(axis=0) > 0.5, np.argmax(mask > 0.5, axis=0), horizon).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(rows[None, :], (0, 0), max(len(rows) / 120, 1))[0], np.float32)


def mirror(
    image: Field,
    mask: Field,
    stage: Stage,
    *,
    shore: Field,
    horizon: float,
    sun: tuple[float, float],
    rough: float = 1.0,
    body: Colour | None = None,
) -> None:
    """Fill `mask` (h, w) with water that mirrors what stands above `shore` (rows, one a column), in place.

    `rough` scales the ripples: 0.3 is glass, 2 is windy. `horizon` is in pixels.
    """
    top = max(int(min(float(shore.min()), horizon)) - 1, 0)
    y = np.arange(top, stage.height, dtype=np.float32)[:, None]
    below = np.maximum(y - np.float32(horizon), 0.6) / np.float32(stage.unit)
    ripple, fine = _ripples(stage, below)
    depth = np.maximum(y - shore[None, :], 0)
    reach = np.minimum(depth, np.float32(stage.unit * 0.3))
    shift = (ripple * 0.26 + fine * 0.12) * reach * np.float32(rough) + fine * np.float32(0.0012 * rough * stage.unit)
    map_y = np.clip(2 * shore[None, :] - y - np.abs(shift) * np.float32(0.5) + shift, 0, shore[None, :] - 1)
    map_x = np.arange(stage.width, dtype=np.float32)[None, :] + ripple * reach * np.float32(0.03 * rough)
    source = blur(image, 0.0011 * stage.unit * rough, 0.004 * stage.unit * rough)
    seen = cv2.remap(
        source,
        np.asarray(map_x, np.float32),
        np.asarray(map_y, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    deep = mix(stage.mood.deep, stage.mood.sky_top, 0.35) * np.float32(0.55) if body is None else body
    fresnel = np.clip(
        0.9 - 0.62 * smoothstep(0.0, 0.55, below) - 0.16 * ripple * smoothstep(0.02, 0.3, below), 0.15, 0.95
    )
    paint = deep + (seen - deep) * fresnel[..., None]
    paint += _glitter(stage, below, ripple + 0.8 * fine, sun)[..., None] * stage.mood.sun
    streak = smoothstep(0.9, 2.2, ripple) * smoothstep(0.12, 0.0, below)
    paint += streak[..., None] * stage.mood.sky_foot * np.float32(0.12)
    lay(image[top:], mask[top:], np.asarray(paint, np.float32))


def _ripples(stage: Stage, below: Field) -> tuple[Field, Field]:
    """Long and short ripples in perspective, deviation about 1, calmed where finer than the pixels."""
    rng = stage.rng("ripples")
    texture = tile(rng, 512, 1.25, 5)
    away = np.float32(0.055) / below
    u, v = stage.x * away, away * np.ones_like(stage.x)
    long = sample(texture, u * 1.3, v * 4.5 + 0.2)
    short = sample(texture, u * 5.5 + 0.4, v * 17)
    calm = smoothstep(0.004, 0.07, below)
    patches = 0.55 + 0.45 * np.tanh(sample(texture, u * 0.25 + 0.7, v * 0.6) * 1.4)
    return np.asarray(long * (0.25 + 0.75 * calm) * patches, np.float32), np.asarray(short * calm * patches, np.float32)


def _glitter(stage: Stage, below: Field, slope: Field, sun: tuple[float, float]) -> Field:
    """The broken path of light under the sun or moon."""
    away = stage.x - np.float32((sun[0] - stage.width / 2) / stage.unit)
    width = np.float32(0.035) + below * np.float32(0.28)
    path = np.exp(-((away / width) ** 2))
    sparks = smoothstep(0.5, 2.2, slope) * np.float32(1.5) + np.float32(0.1)
    strength = 0.9 * (1 - stage.mood.dull) * (0.55 if stage.mood.darkness >= 1 else 1.0)
    return np.asarray(path * sparks * smoothstep(0.75, 0.02, below) * np.float32(strength), np.float32)
