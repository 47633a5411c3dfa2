"""Owns deserts; hides their making."""

from __future__ import annotations

import math

import cv2
import numpy as np

from video_pipeline.providers.images_procedural import props, terrain, trees
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.mountains import light_of
from video_pipeline.providers.images_procedural.noise import Field, fbm, sample, smoothstep, tile, wave
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_dunes(stage: Stage) -> Field:
    """Crests of sand with sharp shadows and wind ripples."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.36, 0.52))
    sky = paint_sky(stage, horizon + 0.03, cloudiness=float(rng.uniform(0, 0.35)))
    image = sky.image.copy()
    heights = _dune_map(rng)
    view = terrain.look(
        stage,
        heights,
        terrain.Camera(eye=float(rng.uniform(0.085, 0.12)), horizon=horizon, focus=float(rng.uniform(0.9, 1.3))),
    )
    lx, ly, lz = light_of(stage, sky)
    facing, open_sky = terrain.sunlight(heights, (lx, ly * 0.62, lz), relief=1.3)
    mood = stage.mood
    ripples = _ripples(stage, view)
    sand = mix(mix(colour("d9a866"), mood.light, 0.38), mood.middle, 0.14)
    lit = np.clip(terrain.at(facing, view) * (1 + 0.34 * ripples), 0, 1.4)[..., None]
    shade = terrain.at(open_sky, view)[..., None]
    ground = sand * (
        lit * mood.sun * np.float32(1.25) + shade * (mood.ambient * np.float32(0.85) + mood.sky_top * np.float32(0.1))
    )
    ground = terrain.air(np.asarray(ground, np.float32), view, stage, thick=0.8, sun_x=sky.sun[0], low=0.15)
    if stage.has("distant pyramids"):
        _pyramids(image, stage, sky, view)
    lay(image, view.cover, ground)
    _spindrift(image, stage, view)
    _story(image, stage, sky, view)
    if stage.has("flying birds"):
        props.birds(image, stage, mix(mood.deep, mood.sky_middle, 0.2), high=horizon * 0.7)
    return image


def _dune_map(rng: np.random.Generator) -> Field:
    """Long crests across the wind: a bent saw-tooth, gentle on one side and steep on the other, with a soft edge."""
    x, z = terrain.grid()
    bend = fbm(rng, (terrain.SIDE, terrain.SIDE), terrain.SIDE * 0.3, octaves=3, gain=0.4)
    turn = float(rng.uniform(-0.7, 0.7))
    total = np.zeros((terrain.SIDE, terrain.SIDE), np.float32)
    for scale, weight in ((4.2, 1.0), (9.5, 0.3)):
        along = (
            (z * math.cos(turn) + x * math.sin(turn)) * np.float32(scale)
            + bend * np.float32(0.55)
            + np.float32(rng.uniform())
        )
        phase = along - np.floor(along)
        steep = 0.7
        tooth = np.where(phase < steep, phase / steep, (1 - phase) / (1 - steep))
        tooth = tooth * tooth * (1.6 - 0.6 * tooth)
        size = np.clip(0.55 + 0.6 * fbm(rng, tooth.shape, terrain.SIDE * 0.22, octaves=2), 0.08, 1.3)
        total += np.float32(weight) * tooth * size
    total = cv2.GaussianBlur(total, (0, 0), 1.6) * np.float32(0.078)
    return np.asarray(total - 0.05 * smoothstep(0.2, 0.0, z * np.ones_like(x)), np.float32)


def _ripples(stage: Stage, view: terrain.View) -> Field:
    """Wind ripples near the camera, finer ones fading first."""
    texture = tile(stage.rng("ripples"), 512, 1.5, 4)
    bend = sample(texture, view.x * 3, view.z * 3)
    fade = np.clip(0.1 / np.maximum(view.distance, 0.01), 0, 1) ** 1.3
    stripes = np.sin(view.z * 950 + view.x * 160 + bend * 5.5) * fade
    return np.asarray(stripes * 0.6 + 0.5 * sample(texture, view.x * 14, view.z * 14) * fade, np.float32)


def _spindrift(image: Field, stage: Stage, view: terrain.View) -> None:
    """Sand blown from the crests: haze where the distance jumps."""
    jump = np.clip(cv2.Sobel(view.distance, cv2.CV_32F, 0, 1, ksize=3) * -2.0, 0, 1)
    drift = cv2.GaussianBlur(jump, (0, 0), stage.unit * 0.014, sigmaY=stage.unit * 0.005)
    veil = drift * np.clip(
        0.5 + fbm(stage.rng("spindrift"), stage.shape, stage.unit * 0.08, stretch=4, octaves=4), 0, 1
    )
    lay(
        image,
        np.asarray(np.clip(veil * 0.55, 0, 0.5), np.float32),
        mix(stage.mood.fog, stage.mood.glow, 0.3) * np.float32(0.9),
    )


def _pyramids(image: Field, stage: Stage, sky: Sky, view: terrain.View) -> None:
    """Three on the skyline, to be painted before the sand that hides their feet."""
    rng, mood = stage.rng("pyramids"), stage.mood
    middle = stage.width * float(rng.choice([0.3, 0.7]))
    for number, (shift, size) in enumerate(((0.0, 0.2), (0.25, 0.14), (-0.17, 0.09))):
        x, tall = middle + shift * stage.unit, stage.unit * size * float(rng.uniform(0.85, 1.1))
        skyline = [
            _crest(view, int(np.clip(x + way * tall, 0, stage.width - 1)), 9.0) for way in (-1.3, -0.6, 0, 0.6, 1.3)
        ]
        base = max(skyline) + 2
        edge = x + tall * float(rng.uniform(-0.2, 0.2))
        left_lit = sky.sun[0] < x
        for left in (True, False):
            mask = props.empty(stage)
            polygon(
                mask, [(x, base - tall), (edge, base), (x - tall * 1.35, base) if left else (x + tall * 1.35, base)]
            )
            stone = mix(colour("b08a5a"), mood.light, 0.3)
            light = mood.ambient * np.float32(0.8) + (
                mood.sun * np.float32(0.75) if left == left_lit else np.float32(0)
            )
            lay(image, mask, mix(stone * light, mood.fog, 0.42 + 0.06 * number))


def _story(image: Field, stage: Stage, sky: Sky, view: terrain.View) -> None:
    """A caravan, a tent or an oasis, standing on the ground where the view shows it."""
    rng = stage.rng("story")
    dark = mix(stage.mood.deep, stage.mood.shade, 0.2) * np.float32(0.45)
    if stage.has("a camel caravan"):
        start = float(rng.uniform(0.18, 0.5))
        mask = props.empty(stage)
        for number in range(int(rng.integers(5, 8))):
            column = int(
                np.clip((start + 0.052 * number * stage.unit / stage.width * 1.78) * stage.width, 2, stage.width - 3)
            )
            camel(
                mask,
                (float(column), _crest(view, column, 0.3) + stage.unit * 0.012),
                stage.unit * 0.034,
                rider=number % 2 == 0,
            )
        lay(image, mask, dark)
    if stage.has("a lone tent"):
        column = int(stage.width * float(rng.choice([0.26, 0.74])))
        _tent(image, stage, (float(column), _crest(view, column, 0.13) + stage.unit * 0.02), stage.unit * 0.12)
    if stage.has("an oasis"):
        column = int(stage.width * float(rng.choice([0.22, 0.78])))
        _oasis(image, stage, (float(column), _crest(view, column, 0.2) + stage.unit * 0.015))


def _crest(view: terrain.View, column: int, distance: float) -> float:
    """The highest row of `column` where the ground is nearer than `distance`."""
    near = (view.cover[:, column] > 0.9) & (view.distance[:, column] < distance)
    return float(np.argmax(near)) if near.any() else float(len(near) * 0.9)


def camel(mask: Field, foot: tuple[float, float], size: float, *, rider: bool) -> None:
    """A walking camel, `size` pixels high at the hump, seen from the side, in place."""
    outline = np.array(
        [
            (-0.62, -0.62),
            (-0.55, -0.8),
            (-0.38, -0.86),
            (-0.2, -0.9),
            (-0.06, -1.14),
            (0.06, -1.14),
            (0.2, -0.9),
            (0.36, -0.82),
            (0.5, -0.66),
            (0.62, -0.68),
            (0.74, -0.9),
            (0.8, -1.18),
            (0.86, -1.3),
            (1.0, -1.3),
            (1.12, -1.18),
            (1.1, -1.12),
            (0.94, -1.12),
            (0.88, -0.86),
            (0.76, -0.58),
            (0.56, -0.48),
            (0.3, -0.46),
            (-0.1, -0.48),
            (-0.45, -0.46),
        ]
    )
    polygon(mask, outline * size + np.array(foot))
    for hip, knee, hoof in ((-0.5, -0.56, -0.64), (-0.4, -0.32, -0.36), (0.36, 0.3, 0.24), (0.48, 0.54, 0.62)):
        leg = np.array([(hip, -0.52), (knee, -0.26), (hoof, 0.0)]) * size + np.array(foot)
        lines(mask, [leg], max(size * 0.09, 0.8))
    if rider:
        body = np.array([(-0.14, -1.08), (-0.12, -1.5), (-0.06, -1.62), (0.06, -1.62), (0.12, -1.5), (0.16, -1.08)])
        polygon(mask, body * size + np.array(foot))
        polygon(mask, np.array([(-0.08, -1.6), (-0.06, -1.8), (0.06, -1.8), (0.09, -1.6)]) * size + np.array(foot))


def _tent(image: Field, stage: Stage, foot: tuple[float, float], size: float) -> None:
    mood = stage.mood
    light = mood.ambient + mood.sun * np.float32(0.4)
    cloth = mix(colour("a4553c"), mood.accent, 0.35)
    sides = (
        ([(-1, 0), (-0.55, -0.55), (0, -0.95), (0.12, 0)], 1.0),
        ([(0, -0.95), (0.55, -0.52), (1.0, 0), (0.12, 0)], 0.6),
    )
    for corners, tone in sides:
        mask = props.empty(stage)
        polygon(mask, np.array(corners) * size * np.array([0.8, 0.7]) + np.array(foot))
        lay(image, mask, np.asarray(cloth * light * np.float32(tone), np.float32))
    door = props.empty(stage)
    polygon(door, np.array([(0.0, -0.6), (-0.14, 0), (0.2, 0)]) * size * 0.8 + np.array(foot))
    lay(image, door, mood.accent * np.float32(0.4 + 1.4 * mood.darkness))
    if mood.darkness > 0.3:
        shine(image, stage, (foot[0], foot[1] - size * 0.2), size * 0.7, mood.accent * np.float32(0.16))


def _oasis(image: Field, stage: Stage, at: tuple[float, float]) -> None:
    """A pool with palms."""
    rng, mood = stage.rng("oasis"), stage.mood
    edge = np.linspace(0, 2 * np.pi, 40)
    reach = stage.unit * 0.17 * (1 + 0.14 * wave(rng, 40, 12))
    shore = np.stack([at[0] + np.cos(edge) * reach, at[1] + stage.unit * 0.03 + np.sin(edge) * reach * 0.085], 1)
    green, pool = props.empty(stage), props.empty(stage)
    polygon(green, (shore - shore.mean(axis=0)) * 1.25 + shore.mean(axis=0))
    polygon(pool, shore)
    tufts = np.clip(0.6 + 0.7 * fbm(rng, stage.shape, stage.unit * 0.02, octaves=4, stretch=2), 0, 1)
    light = mood.ambient + mood.sun * np.float32(0.4)
    moss = mix(colour("6f7f38"), mood.middle, 0.2) * light
    lay(
        image,
        np.asarray(cv2.GaussianBlur(green, (0, 0), stage.unit * 0.006) * tufts, np.float32),
        np.asarray(moss, np.float32),
    )
    down = np.clip((stage.y * stage.height - shore[:, 1].min()) / np.ptp(shore[:, 1]), 0, 1)[..., None]
    water = (
        mood.sky_middle * np.float32(0.75)
        + (mix(mood.sky_top, mood.deep, 0.4) - mood.sky_middle * np.float32(0.75)) * down
    )
    lay(image, pool, np.asarray(water * np.float32(0.75) * np.ones((1, stage.width, 1), np.float32), np.float32))
    mask = props.empty(stage)
    for _ in range(9):
        x, y = at[0] + float(rng.normal(0, 0.1)) * stage.unit, at[1] + float(rng.uniform(-0.01, 0.02)) * stage.unit
        tall = stage.unit * float(rng.uniform(0.09, 0.17))
        lean = float(rng.normal(0, 0.12)) * tall
        t = np.linspace(0, 1, 10)
        lines(mask, [np.stack([x + lean * t**1.7, y - tall * t], 1)], max(stage.unit * 0.0035, 0.8))
        for angle in np.linspace(-3.3, 0.2, 8):
            turn = float(angle + rng.normal(0, 0.12))
            trees.palm_leaf(mask, rng, np.array([x + lean, y - tall]), turn, tall * float(rng.uniform(0.4, 0.52)))
    lay(image, mask, mix(colour("16210f"), mood.deep, 0.4) * np.float32(0.7))
