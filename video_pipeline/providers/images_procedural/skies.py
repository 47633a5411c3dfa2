"""Owns pictures above the clouds; hides their making."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.providers.images_procedural import props, terrain, trees
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.mountains import Range, light_of, paint_range
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_above_clouds(stage: Stage) -> Field:
    """A sea of clouds under an open sky."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.42, 0.7))
    sky = paint_sky(stage, horizon, cloudiness=float(rng.uniform(0.1, 0.5)))
    image = sky.image.copy()
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
    if stage.has("a crescent moon"):
        _crescent(image, stage, sky)
    if stage.has("flying birds"):
        props.birds(image, stage, mix(stage.mood.deep, stage.mood.sky_middle, 0.3), high=horizon * 0.8)
    return image


def _cloud_sea(image: Field, stage: Stage, sky: Sky, horizon: float) -> None:
    """Heaped clouds as a soft height field, lit from the side and glowing through where thin."""
    rng, mood = stage.rng("cloud sea"), stage.mood
    shape = (terrain.SIDE, terrain.SIDE)
    big = fbm(rng, shape, terrain.SIDE * float(rng.uniform(0.12, 0.24)), octaves=3, gain=0.5)
    lumps = fbm(rng, shape, terrain.SIDE * float(rng.uniform(0.08, 0.13)), octaves=5, gain=0.46, billow=True)
    x, z = terrain.grid()
    heights: Field = (0.045 * big + 0.034 * lumps * (0.6 + 0.8 * np.clip(big + 0.4, 0, 1.3))) * float(
        rng.uniform(0.8, 1.35)
    )
    heights = heights + 0.05 * smoothstep(0.55, 1.0, z * np.ones_like(x)) * np.clip(big, 0, 1)
    heights = cv2.GaussianBlur(np.asarray(heights, np.float32), (0, 0), 2.2)
    view = terrain.look(
        stage,
        heights,
        terrain.Camera(
            eye=float(rng.uniform(0.085, 0.14)), horizon=horizon, focus=float(rng.uniform(0.8, 1.2)), near=0.03
        ),
    )
    lx, ly, lz = light_of(stage, sky)
    facing, open_sky = terrain.sunlight(heights, (lx, ly * 0.75, lz + 0.2), relief=0.8)
    soft = terrain.at(cv2.GaussianBlur(facing, (0, 0), 3), view) * 0.6 + terrain.at(facing, view) * 0.4
    hollow = terrain.at(open_sky, view)
    fluff = terrain.detail(rng, view, 12)
    lit = np.clip((0.28 + 0.72 * soft) * (1 + 0.16 * fluff), 0, 1.3)[..., None]
    shadow = mix(mood.sky_middle, mood.sky_top, 0.45) * np.float32(0.7) + mood.ambient * np.float32(0.3)
    white = mix(mood.glow, mood.sky_foot, 0.35)
    paint = shadow * np.clip(hollow, 0.4, 1.2)[..., None] + white * mood.sun * lit * np.float32(0.72)
    paint = terrain.air(np.asarray(paint, np.float32), view, stage, thick=1.05, sun_x=sky.sun[0])
    lay(image, blur(view.cover, stage.unit * 0.004), _feathered(np.asarray(paint, np.float32), view, stage))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    band = np.exp(-(((rows - horizon * stage.height) / np.float32(stage.unit * 0.05)) ** 2)) * np.float32(0.5)
    lay(image, np.asarray(band * np.ones(stage.shape, np.float32), np.float32), mix(mood.fog, mood.sky_foot, 0.5))


def _feathered(paint: Field, view: terrain.View, stage: Stage) -> Field:
    """Soft where one cloud ends before another: blurred by how much the distance jumps there."""
    edge = np.abs(cv2.Sobel(np.log(np.maximum(view.distance, 0.01)), cv2.CV_32F, 0, 1, ksize=3))
    share = np.clip(blur(np.asarray(edge, np.float32), stage.unit * 0.009) * 2.2, 0, 1)[..., None]
    smooth = blur(paint, stage.unit * 0.011)
    return np.asarray(paint + (smooth - paint) * share, np.float32)


def _balloon(image: Field, stage: Stage, sky: Sky, number: int) -> None:
    """A striped balloon with a basket."""
    rng, mood = stage.rng(f"balloon {number}"), stage.mood
    size = stage.unit * float(rng.uniform(0.1, 0.15)) * 0.62**number
    x = stage.width * float(rng.choice([0.3, 0.7]) + rng.uniform(-0.16, 0.16) * (1 + number))
    x, y = float(np.clip(x, stage.width * 0.12, stage.width * 0.88)), stage.height * float(rng.uniform(0.22, 0.5))
    t = np.linspace(-np.pi / 2, np.pi / 2, 40)
    half = np.cos(t) ** 0.62 * (0.5 - 0.13 * np.sin(t) * (np.sin(t) > 0) - 0.06 * (np.sin(t) > 0.4))
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
    stripe = np.floor(np.arcsin(across) / np.pi * 9 + 0.5) % 2
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
    """A large crescent away from the sun."""
    rng, mood = stage.rng("crescent"), stage.mood
    x = stage.width * (0.74 if sky.sun[0] < stage.width / 2 else 0.26)
    y, radius = stage.height * float(rng.uniform(0.16, 0.28)), stage.unit * float(rng.uniform(0.05, 0.08))
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
