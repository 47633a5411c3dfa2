"""Owns pictures above the clouds; hides their making."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.domain.scenery import TimeOfDay
from video_pipeline.providers.images_procedural import props, trees
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.mountains import Range, paint_range
from video_pipeline.providers.images_procedural.noise import Field, displace, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.sky import CRESCENT, Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_above_clouds(stage: Stage) -> Field:
    """A sea of clouds under an open sky."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.42, 0.7))
    sky = paint_sky(stage, horizon, cloudiness=float(rng.uniform(0.1, 0.5)))
    image = sky.image.copy()
    if stage.has(CRESCENT):
        _crescent(image, stage, sky)
    if stage.has("distant peaks"):
        paint_range(
            image,
            stage,
            sky,
            Range(horizon=horizon, eye=0.15, tall=0.34, near_drop=0.35, snow=0.4, thick=1.0, focus=1.2),
        )
    _cloud_sea(image, stage, sky, horizon)
    if stage.has("floating islands"):
        for number in range(int(rng.integers(2, 4))):
            _island(image, stage, sky, number)
    if stage.has("a hot air balloon"):
        for number in range(int(rng.integers(1, 4))):
            _balloon(image, stage, sky, number)
    if stage.has("flying birds"):
        props.birds(image, stage, mix(stage.mood.deep, stage.mood.sky_middle, 0.3), high=horizon * 0.8)
    return image


def _cloud_sea(image: Field, stage: Stage, sky: Sky, horizon: float) -> None:
    """Banks of cloud behind each other, growing towards the eye; their heads catch the light."""
    rng = stage.rng("cloud sea")
    layers = int(rng.integers(6, 9))
    tall = float(rng.uniform(0.75, 1.5))
    for number in range(layers):
        _cloud_row(image, stage, sky, (horizon, number / (layers - 1), tall))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    band = np.exp(-(((rows - horizon * stage.height) / np.float32(stage.unit * 0.05)) ** 2)) * np.float32(0.5)
    lay(
        image,
        np.asarray(band * np.ones(stage.shape, np.float32), np.float32),
        mix(stage.mood.fog, stage.mood.sky_foot, 0.5),
    )


def _cloud_row(image: Field, stage: Stage, sky: Sky, place: tuple[float, float, float]) -> None:
    """One bank; `place` is the horizon, the depth (0 far to 1 near) and how high clouds tower."""
    horizon, share, tall = place
    rng, mood = stage.rng(f"cloud row {share:.2f}"), stage.mood
    shape, unit = (max(stage.height // 2, 2), max(stage.width // 2, 2)), stage.unit / 2
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    reach = unit * (0.018 + 0.13 * share**1.2) * tall
    top = shape[0] * (horizon + (1.02 - horizon) * 0.86 * share**1.35) + unit * 0.01
    top = top - wave(rng, shape[1], unit * (0.25 + 0.5 * share), octaves=2, gain=0.4) * reach * 0.8
    bend = fbm(rng, shape, unit * (0.05 + 0.15 * share), octaves=3)
    lumps = fbm(rng, shape, unit * (0.05 + 0.17 * share), octaves=6, gain=0.5, billow=True, stretch=1.5)
    lumps = displace(lumps, bend * unit * 0.03, bend * unit * 0.02)
    down = (rows - top[None, :]) / reach
    body = down + lumps * np.float32(1.1)
    alpha = smoothstep(-0.05, 0.55 - 0.25 * share, body)
    soft = cv2.GaussianBlur(np.clip(body, -1, 4), (0, 0), max(unit * 0.005, 0.6))
    gx, gy = np.gradient(soft, axis=1) * reach, np.gradient(soft, axis=0) * reach
    side = 1.0 if sky.sun[0] > stage.width / 2 else -1.0
    heads = np.exp(-np.clip(body, 0, 4) * 0.75)
    lit = np.clip(
        0.3 + 0.3 * heads + 0.2 * np.clip(gy, -1, 1.5) - 0.16 * np.clip(side * gx, -1.5, 1.5) + 0.18 * lumps, 0, 1.15
    )
    shadow = mix(mood.sky_middle, mood.sky_top, 0.4) * np.float32(0.75) + mood.ambient * np.float32(0.35)
    white = mix(mood.glow, mood.sky_foot, 0.35) * (mood.sun * np.float32(0.62) + mood.ambient * np.float32(0.5))
    x = (np.arange(shape[1], dtype=np.float32)[None, :] * 2 - np.float32(sky.sun[0])) / np.float32(stage.unit)
    near = np.exp(-np.abs(x) * 1.3)
    paint = shadow + (white - shadow) * lit[..., None] + mood.sun * (near * heads * 0.28 * (1 - mood.dull))[..., None]
    paint = paint + (mood.fog - paint) * np.float32(0.7 * (1 - share) ** 1.6 + 0.06)
    layer = np.dstack([paint, alpha]).astype(np.float32)
    full = cv2.resize(layer, (stage.width, stage.height), interpolation=cv2.INTER_LINEAR)
    image += (full[..., :3] - image) * full[..., 3:]


def _balloon(image: Field, stage: Stage, sky: Sky, number: int) -> None:
    """A striped balloon with a basket."""
    rng, mood = stage.rng(f"balloon {number}"), stage.mood
    size = stage.unit * float(rng.uniform(0.1, 0.15)) * 0.62**number
    x = stage.width * float(rng.choice([0.3, 0.7]) + rng.uniform(-0.16, 0.16) * (1 + number))
    x, y = float(np.clip(x, stage.width * 0.12, stage.width * 0.88)), stage.height * float(rng.uniform(0.22, 0.5))
    t = np.linspace(-np.pi / 2, np.pi / 2, 40)
    half = 0.5 * np.cos(t) ** 0.72 * (1 - 0.3 * np.clip(np.sin(t), 0, 1) ** 1.5)
    up = np.sin(t) * 0.56
    mask = props.empty(stage)
    polygon(
        mask,
        np.concatenate(
            [np.stack([x - half * size, y + up * size], 1), np.stack([x + half * size, y + up * size], 1)[::-1]]
        ),
    )
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    place = np.clip((rows[:, 0] - y) / size / 0.56, -1, 1)
    width = np.interp(place, np.sin(t), half).astype(np.float32)[:, None]
    across = np.clip((stage.x * stage.unit + stage.width / 2 - x) / np.maximum(width * size, 0.5), -1, 1)
    stripe = smoothstep(-0.12, 0.12, np.cos(np.arcsin(across) * 9))
    first, second = mix(colour("d8443a"), mood.accent, 0.4), mix(colour("f6ead2"), mood.glow, 0.4)
    side = 1.0 if sky.sun[0] > x else -1.0
    light = np.clip(0.5 + 0.5 * across * side - 0.2 * place[:, None], 0.1, 1.15)[..., None]
    coat = (first + (second - first) * stripe[..., None]) * (
        mood.ambient * np.float32(1.1) + mood.sun * light * np.float32(0.62)
    )
    if mood.darkness > 0.5:
        coat = coat + mood.accent * np.clip(place[:, None, None] * 0.5 + 0.5, 0, 1) * np.float32(0.35)
    lay(
        image,
        mask,
        np.asarray(
            mix(mood.fog, mood.fog, 0) * np.float32(0.1 * number) + coat * np.float32(1 - 0.1 * number), np.float32
        ),
    )
    basket = props.empty(stage)
    ropes = [
        np.array([(x + s * size * 0.14, y + size * 0.5), (x + s * size * 0.065, y + size * 0.72)]) for s in (-1, 1)
    ]
    lines(basket, ropes, max(size * 0.008, 0.7))
    polygon(
        basket,
        [
            (x - size * 0.07, y + size * 0.72),
            (x + size * 0.07, y + size * 0.72),
            (x + size * 0.055, y + size * 0.82),
            (x - size * 0.055, y + size * 0.82),
        ],
    )
    lay(image, basket, mix(colour("3a2615"), mood.deep, 0.3) * (mood.ambient + np.float32(0.1)))


def _island(image: Field, stage: Stage, sky: Sky, number: int) -> None:
    """A rock that floats, with grass, trees and a waterfall."""
    rng, mood = stage.rng(f"island {number}"), stage.mood
    wide = stage.unit * float(rng.uniform(0.16, 0.25)) * 0.7**number
    x = stage.width * (0.3, 0.72, 0.5)[number] + float(rng.uniform(-0.05, 0.05)) * stage.width
    y = stage.height * float(rng.uniform(0.3, 0.42) - 0.07 * number)
    t = np.linspace(-1, 1, 60)
    noise = np.interp(np.arange(60), np.arange(0, 60, 4), rng.normal(0, 0.11, 15))
    foot = (1 - np.abs(t) ** 1.4) ** 0.9 * (1.05 + noise * 1.6) * np.where(np.arange(60) % 2 == 0, 1.0, 0.93)
    top = -0.06 * np.cos(t * 1.5) + 0.02 * noise
    rock = props.empty(stage)
    outline = np.concatenate(
        [np.stack([x + t * wide, y + top * wide], 1), np.stack([x + t * wide * 0.97, y + foot * wide], 1)[::-1]]
    )
    polygon(rock, outline)
    texture = fbm(rng, stage.shape, stage.unit * 0.05, octaves=6, gain=0.6, stretch=0.55)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    side = 1.0 if sky.sun[0] > x else -1.0
    across = (stage.x * stage.unit + stage.width / 2 - x) / wide
    lit = np.clip(0.42 + 0.4 * across * side + 0.45 * texture - 0.25 * (rows - y) / wide, 0.02, 1)[..., None]
    stone = mix(colour("7a6a5c"), mood.shade, 0.3)
    paint = stone * (mood.ambient * np.float32(0.9) + mood.sun * lit * np.float32(0.7))
    haze = np.float32(0.12 + 0.14 * number)
    lay(image, rock, np.asarray(paint + (mood.fog - paint) * haze, np.float32))
    turf = props.empty(stage)
    hang = top + 0.05 + np.abs(noise) * 0.5
    polygon(
        turf,
        np.concatenate(
            [
                np.stack([x + t * wide * 1.01, y + (top - 0.02) * wide], 1),
                np.stack([x + t * wide, y + hang * wide], 1)[::-1],
            ]
        ),
    )
    grass = mix(colour("6f9440"), mood.middle, 0.3) * (mood.ambient + mood.sun * np.float32(0.55))
    lay(image, turf, np.asarray(mix(np.asarray(grass, np.float32), mood.fog, float(haze)), np.float32))
    wood = props.empty(stage)
    for _ in range(16):
        u = float(rng.uniform(-0.85, 0.85))
        root = (x + u * wide, y + float(np.interp(u, t, top)) * wide)
        trees.pine(wood, rng, root, wide * float(rng.uniform(0.16, 0.42)))
    tree = mix(colour("2c4420"), mood.shade, 0.3) * (mood.ambient + mood.sun * np.float32(0.35))
    lay(image, wood, mix(np.asarray(tree, np.float32), mood.fog, float(haze)))
    fall = (
        np.exp(-(((across - 0.35 * side) / 0.035) ** 2))
        * smoothstep(y - 0.02 * wide, y + 0.05 * wide, rows)
        * np.exp(-np.maximum(rows - y, 0) / (wide * 0.9))
    )
    lay(image, np.asarray(fall * np.float32(0.75), np.float32), mix(mood.glow, mood.fog, 0.4))


def _crescent(image: Field, stage: Stage, sky: Sky) -> None:
    """A large crescent: the moon of the night, else away from the sun."""
    rng, mood = stage.rng("crescent"), stage.mood
    x = stage.width * (0.74 if sky.sun[0] < stage.width / 2 else 0.26)
    y, radius = stage.height * float(rng.uniform(0.16, 0.28)), stage.unit * float(rng.uniform(0.05, 0.08))
    if stage.scenery.time_of_day is TimeOfDay.NIGHT:
        x, y = sky.sun
    rows = np.arange(stage.height, dtype=np.float32)[:, None] - np.float32(y)
    columns = stage.x * stage.unit + stage.width / 2 - np.float32(x)
    side = 0.42 if sky.sun[0] > x else -0.42
    soft = 1.0
    full = smoothstep(radius + soft, radius - soft, np.hypot(columns, rows))
    bite = smoothstep(radius - soft, radius + soft * 3, np.hypot(columns + side * radius, rows + 0.12 * radius))
    glow = mix(mood.glow, mood.light, 0.3) * np.float32(0.7 + 0.6 * mood.darkness)
    seas = 0.85 + 0.2 * fbm(rng, stage.shape, radius * 0.5, octaves=4)
    lay(image, np.asarray(full * bite * np.float32(0.95), np.float32), np.asarray(glow * seas[..., None], np.float32))
    shine(image, stage, (x + side * radius * 0.6, y), radius * 0.9, mood.light * np.float32(0.09))
