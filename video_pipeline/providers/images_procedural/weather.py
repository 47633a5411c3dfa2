"""Owns what falls through the air before the whole view: rain, snow, drifting mist; hides its drawing."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.domain.scenery import Weather
from video_pipeline.providers.images_procedural.light import halo, sprite
from video_pipeline.providers.images_procedural.noise import Field, fbm, smoothstep
from video_pipeline.providers.images_procedural.stage import Stage, mix


def fall(image: Field, stage: Stage) -> None:
    """Add the weather of the scenery, in place."""
    if stage.scenery.weather is Weather.RAIN:
        _rain(image, stage)
    elif stage.scenery.weather is Weather.SNOW:
        _snow(image, stage)
    elif stage.scenery.weather is Weather.MIST:
        _mist(image, stage)


def _rain(image: Field, stage: Stage) -> None:
    """Streaks of three depths on one slant."""
    rng, mood = stage.rng("rain"), stage.mood
    slant = float(rng.uniform(-0.22, 0.22))
    total = np.zeros(stage.shape, np.float32)
    for length, share, strength in ((0.022, 0.0035, 0.3), (0.05, 0.0011, 0.45), (0.1, 0.00028, 0.6)):
        dots = (rng.random(stage.shape, dtype=np.float32) < share).astype(np.float32)
        dots *= rng.random(stage.shape, dtype=np.float32)
        reach = max(int(length * stage.unit), 3)
        kernel = np.zeros((reach, max(int(abs(slant) * reach), 0) + 3), np.float32)
        x0, x1 = (1, kernel.shape[1] - 2) if slant > 0 else (kernel.shape[1] - 2, 1)
        cv2.line(kernel, (x0, 0), (x1, reach - 1), 1.0, 1, cv2.LINE_AA)
        kernel *= np.linspace(0.1, 1, reach, dtype=np.float32)[:, None]
        total += cv2.filter2D(dots, -1, kernel, borderType=cv2.BORDER_REFLECT) * np.float32(strength)
    light = mix(mood.fog, mood.glow, 0.35) * np.float32(0.3) + mood.sun * np.float32(0.05)
    image += np.clip(total, 0, 1.2)[..., None] * light


def _snow(image: Field, stage: Stage) -> None:
    """Flakes: many small far ones, a few large soft near ones."""
    rng, mood = stage.rng("snow"), stage.mood
    light = mix(mood.fog, mood.glow, 0.6) * np.float32(0.75) + mood.sun * np.float32(0.1)
    area = stage.width * stage.height / stage.unit**2
    for count, size, strength in ((700, 0.0028, 0.55), (230, 0.0055, 0.6), (30, 0.011, 0.22)):
        flake = halo(max(int(size * stage.unit * 1.6), 1))[..., None]
        for _ in range(int(count * area)):
            at = (float(rng.uniform(0, stage.width)), float(rng.uniform(0, stage.height)))
            sprite(image, flake * light * np.float32(strength * float(rng.uniform(0.4, 1.2))), at)


def _mist(image: Field, stage: Stage) -> None:
    """A veil that is densest in the lower middle."""
    mood = stage.mood
    drift = fbm(stage.rng("veil"), stage.shape, stage.unit * 0.3, octaves=5, stretch=2.5)
    veil = np.clip(0.16 + 0.12 * drift, 0, 0.4) * (0.55 + 0.45 * smoothstep(1.05, 0.35, np.abs(stage.y - 0.6) * 2))
    image += (mix(mood.fog, mood.glow, 0.12) * np.float32(0.85) - image) * veil[..., None]
