"""Owns the sky: gradient, sun and moon, clouds, stars, aurora; hides how they are lit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from video_pipeline.domain.scenery import Motif, TimeOfDay, Weather
from video_pipeline.providers.images_procedural.light import halo, sprite
from video_pipeline.providers.images_procedural.noise import Field, blur, displace, fbm, sample, smoothstep, tile, wave
from video_pipeline.providers.images_procedural.stage import Colour, Stage, mix


@dataclass(frozen=True, slots=True)
class Sky:
    """A painted sky and where its light comes from."""

    image: Field  # (h, w, 3)
    sun: tuple[float, float]  # pixels; the moon at night
    horizon: float  # pixels from the top


def paint_sky(stage: Stage, horizon: float, *, cloudiness: float | None = None, sun_height: float | None = None) -> Sky:
    """The sky over a horizon at `horizon` (share of the height); below it the sky's foot goes on.

    `cloudiness` is from 0 to 1 and `sun_height` the sun's place between horizon (0) and top (1); the weather and the
    time of day decide when they are not given.
    """
    mood, rng = stage.mood, stage.rng("sky")
    line = max(horizon, 0.08)
    sun = _place_sun(stage, line, sun_height)
    rise = np.clip((line - stage.y) / line, 0, 1)
    distance = np.hypot(
        stage.x - (sun[0] - stage.width / 2) / stage.unit, (stage.y * stage.height - sun[1]) / stage.unit
    )
    image = _gradient(stage, rise, distance)
    starry = stage.scenery.weather in (Weather.STARRY, Weather.AURORA)
    if (mood.darkness > 0.4 and mood.dull < 0.3) or starry:
        add_stars(image, stage, np.asarray(rise * np.ones((1, stage.width), np.float32)), rich=starry)
    if stage.scenery.weather is Weather.AURORA:
        _add_aurora(image, stage, line)
    _add_sun(image, stage, sun, distance)
    if cloudiness is None:
        cloudiness = {Weather.CLEAR: 0.42, Weather.STARRY: 0.12, Weather.AURORA: 0.1, Weather.MIST: 0.4}.get(
            stage.scenery.weather, 0.85
        ) * float(rng.uniform(0.6, 1.3))
    if cloudiness > 0.05:
        _add_clouds(image, stage, rise, sun, cloudiness)
    return Sky(np.asarray(image, np.float32), sun, line * stage.height)


def _place_sun(stage: Stage, line: float, height: float | None) -> tuple[float, float]:
    """On a third, left or right, low at the ends of the day."""
    rng = stage.rng("sun")
    low, high = {
        TimeOfDay.DAWN: (0.04, 0.22),
        TimeOfDay.DAY: (0.55, 0.85),
        TimeOfDay.GOLDEN_HOUR: (0.08, 0.3),
        TimeOfDay.DUSK: (0.0, 0.08),
        TimeOfDay.NIGHT: (0.45, 0.8),
    }[stage.scenery.time_of_day]
    rise = float(rng.uniform(low, high)) if height is None else height
    side = float(rng.choice([0.28, 0.34, 0.66, 0.72])) + float(rng.uniform(-0.07, 0.07))
    return side * stage.width, line * (1 - rise) * stage.height


def _gradient(stage: Stage, rise: Field, distance: Field) -> Field:
    """Foot, middle and top of the sky, warmer around the sun."""
    mood = stage.mood
    foot = smoothstep(0.42, 0.0, rise)[..., None]
    top = smoothstep(0.3, 1.05, rise)[..., None]
    column = mood.sky_middle + (mood.sky_top - mood.sky_middle) * top
    column = column + (mood.sky_foot - column) * foot * np.float32(0.9)
    image = np.repeat(column, stage.width, axis=1) if column.shape[1] == 1 else column
    # Away from the sun the foot of the sky loses its colour.
    near = np.exp(-distance * np.float32(1.1))[..., None]
    image = image * (np.float32(0.78) + np.float32(0.5) * near)
    warm = mix(mood.sun / max(float(mood.sun.max()), 1e-3), mood.accent, 0.25)
    low = (1 - rise[..., None]) ** 2
    strength = np.float32((1 - mood.dull) * (0.1 if mood.darkness >= 1 else 0.55))
    return np.asarray(image + warm * near**1.5 * (low * np.float32(0.8) + np.float32(0.2)) * strength, np.float32)


CRESCENT = "a crescent moon"
"""The detail that takes the place of the moon of a night sky."""


def _add_sun(image: Field, stage: Stage, at: tuple[float, float], distance: Field) -> None:
    """Disc, aureole and wide glow."""
    mood = stage.mood
    night = stage.scenery.time_of_day is TimeOfDay.NIGHT
    clear = np.float32(1 - mood.dull)
    glow = np.exp(-distance / np.float32(0.05)) * 0.5 + np.exp(-distance / np.float32(0.17)) * 0.28
    image += glow[..., None] * mood.sun * clear * np.float32(0.35 if night else 0.9)
    if stage.scenery.time_of_day is TimeOfDay.DUSK or (night and stage.has(CRESCENT)):
        return  # the sun is down, or the moon is drawn as a crescent later
    radius = stage.pick("sun size", 0.022, 0.036) * (1.25 if night else 1.0)
    edge = 1.2 / stage.unit
    disc = smoothstep(radius + edge, radius - edge, distance) * (clear if mood.dull < 0.5 else np.float32(0.15))
    if night:
        _add_moon(image, stage, at, radius * stage.unit, disc)
    else:
        image += disc[..., None] * mood.sun * np.float32(4)


def _add_moon(image: Field, stage: Stage, at: tuple[float, float], radius: float, disc: Field) -> None:
    """A moon with seas and a phase."""
    rng = stage.rng("moon")
    side = max(int(radius) * 2 + 5, 7)
    top, left = int(at[1] - side / 2), int(at[0] - side / 2)
    if top < 0 or left < 0 or top + side > stage.height or left + side > stage.width:
        return
    seas = fbm(rng, (side, side), max(side / 3.5, 2), octaves=5)
    x = (np.arange(left, left + side, dtype=np.float32)[None, :] - np.float32(at[0])) / np.float32(radius)
    y = (np.arange(top, top + side, dtype=np.float32)[:, None] - np.float32(at[1])) / np.float32(radius)
    z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    turn, tilt = float(rng.uniform(-1.9, 1.9)), float(rng.uniform(-0.4, 0.4))
    lit = smoothstep(-0.08, 0.35, x * np.sin(turn) + y * tilt + z * np.cos(turn) if abs(turn) > 0.5 else z + 1)
    face = (0.75 + 0.35 * smoothstep(-0.3, 0.4, seas)) * (0.03 + lit)
    box = (slice(top, top + side), slice(left, left + side))
    pale = mix(np.ones(3, np.float32), stage.mood.light, 0.25)
    image[box] *= 1 - disc[box][..., None] * np.float32(0.8)
    image[box] += (disc[box] * face)[..., None] * pale * np.float32(0.95)


def add_stars(image: Field, stage: Stage, visible: Field, *, rich: bool = False) -> None:
    """Stars with their colours, more of them along a milky way when `rich`; `visible` (h, w) fades them."""
    rng = stage.rng("stars")
    rows, columns = stage.shape
    band = _milky_way(image, stage, visible) if rich else np.zeros(stage.shape, np.float32)
    count = int((2600 if rich else 1100) * rows * columns / stage.unit**2)
    x, y = rng.uniform(0, columns, count * 2), rng.uniform(0, rows, count * 2)
    keep = (
        rng.uniform(size=count * 2)
        < 0.35 + 0.9 * band[y.astype(int).clip(0, rows - 1), x.astype(int).clip(0, columns - 1)]
    )
    x, y = x[keep], y[keep]
    power = np.minimum(0.035 * rng.uniform(0.004, 1, x.size) ** -0.75, 1.6).astype(np.float32)
    warmth = rng.normal(0, 1, x.size).astype(np.float32)[:, None]
    tint = np.clip(1 + warmth * np.array([0.16, 0.02, -0.16], np.float32), 0.4, 1.6)
    layer = np.zeros((rows, columns, 3), np.float32)
    left, top = x.astype(int).clip(0, columns - 2), y.astype(int).clip(0, rows - 2)
    fx, fy = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
    value = power[:, None] * tint * np.float32(max(stage.unit / 1080, 0.35) ** 0.5)
    for dy, wy in ((0, 1 - fy), (1, fy)):
        for dx, wx in ((0, 1 - fx), (1, fx)):
            np.add.at(layer, (top + dy, left + dx), value * wy * wx)
    spots = np.argsort(power)[-max(int(count * 0.02), 3) :]
    spot = halo(max(int(stage.unit * 0.0055), 2))[..., None]
    for index in spots:
        sprite(layer, spot * value[index] * np.float32(0.35), (float(x[index]), float(y[index])))
    image += layer * (visible * np.float32(1.6))[..., None]


def _milky_way(image: Field, stage: Stage, visible: Field) -> Field:
    """Add a glowing band with dust lanes; returns its density for the stars."""
    rng = stage.rng("milky way")
    small = (max(stage.height // 2, 2), max(stage.width // 2, 2))
    angle = float(rng.choice([-1, 1]) * rng.uniform(0.5, 1.25))
    x = np.linspace(-0.5, 0.5, small[1], dtype=np.float32)[None, :] * np.float32(stage.width / stage.unit)
    y = np.linspace(-0.5, 0.5, small[0], dtype=np.float32)[:, None] * np.float32(stage.height / stage.unit)
    across: Field = x * math.sin(angle) - y * math.cos(angle) + np.float32(rng.uniform(-0.2, 0.2))
    cloud = fbm(rng, small, stage.unit * 0.11, octaves=6, gain=0.6)
    across = np.asarray(across + cloud * np.float32(0.05), np.float32)
    glow = np.exp(-((across / np.float32(0.16)) ** 2)) * (0.55 + 0.55 * cloud)
    lane = np.exp(-(((across + 0.01) / np.float32(0.045)) ** 2)) * smoothstep(
        -0.25, 0.5, fbm(rng, small, stage.unit * 0.06)
    )
    band: Field = np.clip(glow * (1 - 0.85 * lane), 0, 1.2)
    band = cv2.resize(band, (stage.width, stage.height), interpolation=cv2.INTER_CUBIC)
    tint = mix(mix(stage.mood.light, stage.mood.middle, 0.4), np.ones(3, np.float32), 0.25)
    core = mix(stage.mood.accent, np.ones(3, np.float32), 0.3)
    light = band[..., None] * (tint + (core - tint) * (band[..., None] ** 2) * np.float32(0.35))
    image += light * visible[..., None] * np.float32(0.085)
    return np.asarray(band, np.float32)


def _add_aurora(image: Field, stage: Stage, line: float) -> None:
    """Curtains: a folded foot line, rays that rise from it and lose colour from green to the palette's."""
    rng, mood = stage.rng("aurora"), stage.mood
    rows, columns = max(stage.height // 2, 2), max(stage.width // 2, 2)
    y = np.arange(rows, dtype=np.float32)[:, None] / np.float32(rows)
    total = np.zeros((rows, columns, 3), np.float32)
    green = mix(np.array([0.08, 0.95, 0.42], np.float32), mood.light, 0.35)
    for number in range(int(rng.integers(3, 5))):
        foot = line * (rng.uniform(0.5, 0.9) - 0.1 * number) + 0.17 * wave(
            rng, columns, columns * 0.4, octaves=4, gain=0.45
        )
        folds = wave(rng, columns, columns * 0.07, octaves=5, gain=0.65)
        strength = np.clip(0.45 + 0.75 * wave(rng, columns, columns * 0.3, octaves=2), 0, 1) * (
            0.5 + 0.6 * np.clip(folds + 0.4, 0, 1.4)
        )
        tall = np.float32(line * rng.uniform(0.22, 0.42)) * (1 + 0.5 * folds)
        up = (foot[None, :] - y) / np.maximum(tall[None, :], 0.02)
        shape = (
            np.where(up > 0, np.exp(-np.maximum(up, 0) * 1.6) * (1 - np.exp(-np.maximum(up, 0) * 14)), 0)
            * strength[None, :]
        )
        share = smoothstep(0.1, 1.3, up)[..., None]
        high = mix(mood.middle, np.array([0.65, 0.2, 0.9], np.float32), 0.4)
        total += shape[..., None] * (green + (high - green) * share) * np.float32(rng.uniform(0.35, 0.75))
    total = blur(total, stage.unit * 0.0012, stage.unit * 0.006) + blur(total, stage.unit * 0.03) * np.float32(0.5)
    total *= smoothstep(line, line * 0.7, y)[..., None]
    image += np.maximum(cv2.resize(total, (stage.width, stage.height), interpolation=cv2.INTER_CUBIC), 0) * np.float32(
        0.75
    )


def _add_clouds(image: Field, stage: Stage, rise: Field, sun: tuple[float, float], cloudiness: float) -> None:
    """A layer in perspective and, low over the horizon, heaped banks; both lit from the sun's side."""
    rng = stage.rng("clouds")
    _add_layer(image, stage, rise, sun, cloudiness)
    if stage.scenery.motif is not Motif.SPACE and rng.uniform() < 0.75 and stage.mood.dull < 0.5:
        for depth in range(int(rng.integers(1, 3))):
            _add_bank(image, stage, rise, sun, depth)


def _cloud_colours(stage: Stage) -> tuple[Colour, Colour]:
    """Of the shadow and of the lit side."""
    mood = stage.mood
    shadow = mix(mood.sky_middle, mood.sky_top, 0.55) * np.float32(0.72) + mood.ambient * np.float32(0.25)
    lit = mix(mood.sky_foot, mood.glow, 0.35) * np.float32(0.35 + 0.4 * (1 - mood.darkness)) + mood.sun * np.float32(
        0.42
    )
    return np.asarray(shadow, np.float32), np.asarray(lit, np.float32)


def _add_layer(image: Field, stage: Stage, rise: Field, sun: tuple[float, float], cloudiness: float) -> None:
    rng = stage.rng("cloud layer")
    texture = tile(rng, 512, 1.75, 3)
    scale = rng.uniform(0.2, 0.34)
    stretch = rng.uniform(0.45, 1.1)
    depth = 1 / (rise + np.float32(0.14))
    ones = np.ones((1, stage.width), np.float32)
    u = stage.x * depth * np.float32(scale * stretch) + np.float32(rng.uniform())
    v = depth * np.float32(scale * 1.1) * ones + np.float32(rng.uniform())
    bend = sample(texture, u * 0.6 + 0.37, v * 0.6 + 0.11)
    u, v = u + bend * np.float32(0.016), v + bend * np.float32(0.012)
    density = sample(texture, u, v) + np.float32(0.3) * sample(texture, u * 3.1, v * 3.1)
    cover = 1.15 - 2.1 * cloudiness
    alpha = smoothstep(cover, cover + 1.35, density)
    towards = np.sign(sun[0] - stage.width / 2)
    ahead = sample(texture, u + np.float32(0.014 * towards), v + np.float32(0.02))
    lit = np.clip(0.5 + (density - ahead * 1.15) * 0.45 - 0.2 * alpha, 0, 1)
    shadow, bright = _cloud_colours(stage)
    near = np.exp(
        -np.hypot(stage.x - (sun[0] - stage.width / 2) / stage.unit, (stage.y * stage.height - sun[1]) / stage.unit)
        * 2.2
    )
    paint = (
        shadow
        + (bright - shadow) * lit[..., None]
        + stage.mood.sun * (near * (1 - 0.75 * alpha))[..., None] * np.float32(0.9 * (1 - stage.mood.dull))
    )
    alpha = alpha * smoothstep(0.0, 0.28, rise) * np.float32(0.92)
    image += (paint - image) * alpha[..., None]


def _add_bank(image: Field, stage: Stage, rise: Field, sun: tuple[float, float], depth: int) -> None:
    """Heaped clouds with round heads over a flat, hazy foot."""
    rng = stage.rng(f"cloud bank {depth}")
    rows, columns = max(stage.height // 2, 2), max(stage.width // 2, 2)
    unit = stage.unit / 2
    bend = fbm(rng, (rows, columns), unit * 0.12, octaves=4)
    lumps = fbm(
        rng, (rows, columns), unit * float(rng.uniform(0.1, 0.16)), octaves=7, gain=0.55, billow=True, stretch=1.4
    )
    lumps = displace(lumps, bend * unit * 0.03, bend * unit * 0.015)
    profile = wave(rng, columns, columns * float(rng.uniform(0.2, 0.4)), octaves=2, gain=0.35)
    up = cv2.resize(np.ascontiguousarray(rise * np.ones((1, 2), np.float32)), (columns, rows))
    height = (0.12 + 0.1 * depth) * float(rng.uniform(0.6, 1.4)) + 0.15 * np.maximum(profile[None, :], -0.7)
    body = (height - up) * np.float32(4.2) + lumps * np.float32(0.7)
    alpha = smoothstep(0.0, 0.22, body) * smoothstep(-0.02, 0.16, up - 0.02 * depth)
    # Exact blur: the slope of an enlarged one would show the grid of its samples.
    soft = cv2.GaussianBlur(np.clip(body, -0.4, 1.4), (0, 0), max(unit * 0.007, 0.6))
    gx, gy = np.gradient(soft, axis=1), np.gradient(soft, axis=0)
    x = np.linspace(0, stage.width, columns, dtype=np.float32)[None, :] - np.float32(sun[0])
    y = np.linspace(0, stage.height, rows, dtype=np.float32)[:, None] - np.float32(sun[1])
    far = np.hypot(x, y) + 1
    slope = np.clip((gx * x / far + gy * y / far) * np.float32(unit * 0.055), -0.45, 0.6)
    lit = np.clip(0.4 + slope + 0.16 * lumps - 0.08 * np.clip(body, 0, 2), 0, 1.05)
    shadow, bright = _cloud_colours(stage)
    rim = np.exp(-far / np.float32(stage.unit * 0.3)) * smoothstep(0.4, 0.05, body)
    paint = shadow + (bright - shadow) * lit[..., None] + stage.mood.sun * rim[..., None] * np.float32(0.7)
    haze = smoothstep(0.34, 0.0, up)[..., None] * np.float32(0.85)
    paint = paint + (stage.mood.fog - paint) * haze
    strength = np.float32((0.85 - 0.2 * depth) * (0.55 if stage.mood.darkness >= 1 else 1.0))
    layers = np.dstack([paint, alpha]).astype(np.float32)
    full = cv2.resize(layers, (stage.width, stage.height), interpolation=cv2.INTER_LINEAR)
    image += (full[..., :3] - image) * full[..., 3:] * strength
