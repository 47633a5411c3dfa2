"""Owns land in perspective: height maps and the view over them; hides the ray casting, the light and the air.

The view is a height field seen by columns: slices of growing distance are projected, the highest so far hides what is
behind it, and each pixel finds its exact distance between two slices. All lengths of the world are counted in sides of
the height map.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.stage import Colour, Stage

SIDE = 768  # of a height map, in samples
_SLICES = 420
_NEAR = 0.012


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the picture is taken from, at the near edge of the map, looking along it."""

    eye: float  # height above 0
    horizon: float  # share of the picture's height
    focus: float = 1.0  # focal length in units; greater is narrower
    x: float = 0.5
    near: float = _NEAR
    far: float = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """What each pixel (h, w) sees."""

    cover: Field  # 1 land, 0 sky, smooth between
    distance: Field
    x: Field  # place on the map, 0 to 1
    z: Field
    height: Field


def mountains_map(rng: np.random.Generator, *, sharpness: float = 1.0, cell: float = 0.36) -> Field:
    """Eroded ridges, about 0 to 1: octaves lose strength where the ground is already steep (Quilez, "Value noise
    derivatives", 2008), which leaves smooth valleys and sharp crests."""
    shape = (SIDE, SIDE)
    total: Field = np.zeros(shape, np.float32)
    gx, gy = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    size, amplitude = SIDE * cell, 1.0
    bend = fbm(rng, shape, size, octaves=4)
    bend_y = fbm(rng, shape, size, octaves=4)
    for octave in range(8):
        layer = fbm(rng, shape, size, octaves=1)
        if octave < 4:
            layer = np.abs(layer) * -2.0 * sharpness + layer * (1 - sharpness) + 0.7
        gx += cv2.Sobel(layer, cv2.CV_32F, 1, 0, ksize=3) * np.float32(size * 0.05)
        gy += cv2.Sobel(layer, cv2.CV_32F, 0, 1, ksize=3) * np.float32(size * 0.05)
        total = total + np.float32(amplitude) * layer / (1 + 0.35 * (gx * gx + gy * gy) * (octave > 0))
        size, amplitude = size / 2.03, amplitude * 0.47
    x = np.arange(SIDE, dtype=np.float32)[None, :] + bend * np.float32(SIDE * cell * 0.2)
    y = np.arange(SIDE, dtype=np.float32)[:, None] + bend_y * np.float32(SIDE * cell * 0.2)
    total = cv2.remap(total, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    # Creases of one sample would stand as needles on the crests.
    total = cv2.GaussianBlur(total, (0, 0), 1.5)
    low, high = np.percentile(total, (2, 99.7))
    return np.asarray(np.clip((total - low) / (high - low), -0.1, 1.15), np.float32)


def hills_map(rng: np.random.Generator, *, cell: float = 0.3, gain: float = 0.38) -> Field:
    """Rolling ground, about 0 to 1."""
    field = fbm(rng, (SIDE, SIDE), SIDE * cell, octaves=6, gain=gain)
    low, high = np.percentile(field, (1, 99))
    return np.asarray((field - low) / (high - low), np.float32)


def grid() -> tuple[Field, Field]:
    """x as (1, n) and z as (n, 1) of a map, 0 to 1; row 0 is near the camera."""
    axis = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE)
    return axis[None, :], axis[:, None]


def look(stage: Stage, heights: Field, camera: Camera) -> View:
    """The view of `heights` (n, n; row 0 near)."""
    rows, columns = stage.height * 2, stage.width
    steps = np.linspace(0, 1, _SLICES, dtype=np.float32)
    slices = np.float32(camera.near) * np.float32(camera.far / camera.near) ** steps
    across = stage.x / np.float32(camera.focus)
    map_x = (np.float32(camera.x) + slices[:, None] * across) * np.float32(SIDE)
    map_z = np.repeat(slices[:, None] * np.float32(SIDE), columns, axis=1)
    level = cv2.remap(heights, map_x, map_z, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    scale = np.float32(camera.focus * stage.unit * 2)
    seen = np.float32(camera.horizon * rows) - (level - np.float32(camera.eye)) / slices[:, None] * scale
    crest = np.minimum.accumulate(seen, axis=0)
    first = _first_slices(crest, rows)
    known = first < _SLICES
    behind = np.clip(first, 1, _SLICES - 1)
    places = np.arange(columns)[None, :]
    y = np.arange(rows, dtype=np.float32)[:, None]
    upper, lower = seen[behind - 1, places], seen[behind, places]
    share = np.clip((upper - y) / np.maximum(upper - lower, 1e-4), 0, 1)
    distance = slices[behind - 1] + (slices[behind] - slices[behind - 1]) * share
    height = level[behind - 1, places] + (level[behind, places] - level[behind - 1, places]) * share
    size = (columns, stage.height)
    halved = [
        cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (known.astype(np.float32), distance, height)
    ]
    return View(halved[0], halved[1], np.float32(camera.x) + halved[1] * across, halved[1], halved[2])


def _first_slices(crest: Field, rows: int) -> Field:
    """For each pixel the first slice whose crest is at or above it; _SLICES for the sky."""
    bins = np.clip(np.ceil(crest), 0, rows).astype(np.int64)
    columns = crest.shape[1]
    counts = np.bincount((bins * columns + np.arange(columns)[None, :]).ravel(), minlength=(rows + 1) * columns)
    above = np.cumsum(counts.reshape(rows + 1, columns)[:rows], axis=0)
    return np.asarray(_SLICES - above)


def at(field: Field, view: View) -> Field:
    """`field` of the map as each pixel sees it."""
    x, z = view.x * np.float32(SIDE), view.z * np.float32(SIDE)
    return np.asarray(cv2.remap(field, x, z, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def sunlight(heights: Field, light: tuple[float, float, float], relief: float = 1.0) -> tuple[Field, Field]:
    """How much a map's ground faces `light` (x, up, z), shadows included, and how much sky it sees."""
    gx = cv2.Sobel(heights, cv2.CV_32F, 1, 0, ksize=3) * np.float32(SIDE / 8 * relief)
    gz = cv2.Sobel(heights, cv2.CV_32F, 0, 1, ksize=3) * np.float32(SIDE / 8 * relief)
    lx, ly, lz = np.asarray(light) / np.linalg.norm(light)
    facing = np.clip((ly - gx * lx - gz * lz) / np.sqrt(1 + gx * gx + gz * gz), 0, 1)
    shadow = cv2.resize(
        _shadow(cv2.resize(heights, (256, 256), interpolation=cv2.INTER_AREA), (lx, ly, lz)), (SIDE, SIDE)
    )
    hollow = heights - blur(heights, SIDE * 0.02)
    open_sky = np.clip(0.8 + hollow * 9, 0.35, 1.15)
    return np.asarray(facing * shadow, np.float32), np.asarray(open_sky, np.float32)


def _shadow(heights: Field, light: tuple[float, float, float]) -> Field:
    """1 in the light, 0 in the shadow of higher ground towards the light."""
    lx, ly, lz = light
    flat = max(float(np.hypot(lx, lz)), 1e-3)
    highest = np.full_like(heights, -1.0)
    for step in range(1, 48):
        reach = step * 1.6
        matrix = np.array([[1, 0, lx / flat * reach], [0, 1, lz / flat * reach]], np.float32)
        moved = cv2.warpAffine(
            heights, matrix, (256, 256), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        highest = np.maximum(highest, moved - np.float32(reach / 256 * ly / flat))
    return smoothstep(0.018, -0.004, highest - heights)


def detail(rng: np.random.Generator, view: View, frequency: float = 9.0) -> Field:
    """Fine texture of the ground, about -1 to 1, that fades where it would be finer than the pixels."""
    texture = tile(rng, 512, 1.35, 4)
    fine = sample(texture, view.x * np.float32(frequency * 4), view.z * np.float32(frequency * 2.2))
    coarse = sample(texture, view.x * np.float32(frequency), view.z * np.float32(frequency * 0.7))
    fade = np.clip(0.16 / np.maximum(view.distance, 0.01), 0, 1)
    return np.asarray(0.5 * coarse * np.minimum(fade * 3, 1) + 0.5 * fine * fade, np.float32)


def air(
    ground: Field,
    view: View,
    stage: Stage,
    *,
    thick: float,
    sun_x: float,
    colour: Colour | None = None,
    low: float = 0.0,
) -> Field:
    """`ground` (h, w, 3) behind the air: hazier with the distance and, by `low`, in the valleys; warmer at the sun."""
    mood = stage.mood
    near_sun = np.exp(-np.abs(stage.x - np.float32((sun_x - stage.width / 2) / stage.unit)) * 1.6)[..., None]
    tint = (mood.fog if colour is None else colour) * np.float32(0.9) + near_sun * mood.sun * np.float32(
        0.22 * (1 - mood.dull)
    )
    haze = 1 - np.exp(-((view.distance * np.float32(thick)) ** 1.25))
    if low > 0:
        haze = 1 - (1 - haze) * (
            1 - low * np.exp(-np.maximum(view.height, 0) * 26) * smoothstep(0.12, 0.5, view.distance)
        )
    return np.asarray(ground + (tint - ground) * haze[..., None], np.float32)
