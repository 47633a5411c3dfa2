"""Owns deep space; hides nebulae, planets and galaxies."""

from __future__ import annotations

import math

import cv2
import numpy as np

from video_pipeline.providers.images_procedural.light import halo, lay, shine, sprite
from video_pipeline.providers.images_procedural.noise import Field, blur, displace, fbm, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.sky import add_stars
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_space(stage: Stage) -> Field:
    """Nebula and stars, with planets, moons or a galaxy."""
    rng = stage.rng("view")
    image = _nebula(stage)
    add_stars(image, stage, np.full(stage.shape, 0.9, np.float32))
    _bright_stars(image, stage)
    if stage.has("a spiral galaxy"):
        _galaxy(image, stage)
    side = float(rng.choice([-1, 1]))
    light = np.array([side * 0.75, float(rng.uniform(-0.6, 0.1)), 0.45], np.float32)
    light /= np.linalg.norm(light)
    ringed = stage.has("a ringed planet")
    if ringed or not (stage.has("a spiral galaxy") or stage.chance("empty", 0.25)):
        radius = stage.unit * float(
            rng.uniform(0.16, 0.27) if ringed else rng.choice([rng.uniform(0.14, 0.26), rng.uniform(0.55, 0.9)])
        )
        at = (stage.width * (0.5 - side * float(rng.uniform(0.14, 0.24))), stage.height * float(rng.uniform(0.38, 0.6)))
        if radius > stage.unit * 0.5:
            at = (stage.width * (0.5 - side * 0.3), stage.height * 0.72 + radius * 0.75)
        _planet(image, stage, "planet", (at[0], at[1], radius), light, ringed=ringed)
    if stage.has("twin moons"):
        for number, (dx, dy, size) in enumerate(((0.24, 0.27, 0.055), (0.36, 0.55, 0.032))):
            place = (
                stage.width * (0.5 + side * dx),
                stage.height * dy,
                stage.unit * size * float(rng.uniform(0.8, 1.3)),
            )
            _planet(image, stage, f"moon {number}", place, light, ringed=False)
    if stage.has("an asteroid belt"):
        _asteroids(image, stage, light)
    if stage.has("a comet"):
        _comet(image, stage, side)
    return image


def _nebula(stage: Stage) -> Field:
    """Clouds of glowing gas: noise bent by noise, two colours, dark dust before it."""
    rng, mood = stage.rng("nebula"), stage.mood
    shape = (max(stage.height // 2, 2), max(stage.width // 2, 2))
    unit = stage.unit / 2
    bend_x, bend_y = fbm(rng, shape, unit * 0.5, octaves=4), fbm(rng, shape, unit * 0.5, octaves=4)
    gas = fbm(rng, shape, unit * float(rng.uniform(0.3, 0.55)), octaves=7, gain=0.55)
    gas = displace(gas, bend_x * unit * 0.3, bend_y * unit * 0.3)
    fibres = fbm(rng, shape, unit * 0.2, octaves=6, gain=0.58)
    fibres = 1 - np.abs(displace(fibres, bend_y * unit * 0.25, bend_x * unit * 0.25)) * 2.2
    x = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32)[None, :] * np.float32(stage.width / stage.unit)
    y = np.linspace(-0.5, 0.5, shape[0], dtype=np.float32)[:, None] * np.float32(stage.height / stage.unit)
    angle = float(rng.uniform(0, np.pi))
    across = x * math.sin(angle) - y * math.cos(angle) + np.float32(rng.uniform(-0.2, 0.2))
    band = np.exp(-((across / np.float32(rng.uniform(0.25, 0.42))) ** 2))
    density = smoothstep(-0.35, 0.85, gas + 0.75 * band - 0.4)
    glow = density * (0.55 + 0.45 * np.clip(fibres, 0, 1)) ** 1.4
    hue = smoothstep(-0.4, 0.5, fbm(rng, shape, unit * 0.45, octaves=3) + 0.3 * bend_x)[..., None]
    pairs = [
        (mood.middle, mood.accent),
        (mood.middle, colour("d6477f")),
        (mood.light, mood.middle),
        (colour("3aa0c8"), mood.accent),
    ]
    first, second = pairs[int(rng.integers(0, len(pairs)))]
    first, second = mix(first, mood.middle, 0.3), mix(second, mood.middle, 0.15)
    tint = first + (second - first) * hue
    core = smoothstep(0.55, 1.05, glow)[..., None]
    image = (
        mood.deep * np.float32(0.16)
        + tint * (glow[..., None] ** 1.5) * np.float32(0.42)
        + mix(mood.glow, mood.accent, 0.3) * core * np.float32(0.45)
    )
    image = image + blur(np.asarray(image, np.float32), unit * 0.04) * np.float32(0.35)
    dust = smoothstep(0.05, 0.75, fbm(rng, shape, unit * 0.25, octaves=6, gain=0.6) + 0.5 * band - 0.25) * band
    image = image * (1 - 0.75 * dust[..., None])
    return np.asarray(
        np.maximum(
            cv2.resize(np.asarray(image, np.float32), (stage.width, stage.height), interpolation=cv2.INTER_CUBIC), 0
        ),
        np.float32,
    )


def _bright_stars(image: Field, stage: Stage) -> None:
    """A few stars with a halo and the crossed rays of a telescope."""
    rng, mood = stage.rng("bright stars"), stage.mood
    for _ in range(int(rng.integers(6, 12))):
        at = (float(rng.uniform(0, stage.width)), float(rng.uniform(0, stage.height)))
        power = float(rng.uniform(0.25, 1.0))
        tint = mix(np.ones(3, np.float32), [mood.light, mood.accent, colour("a8c8ff")][int(rng.integers(0, 3))], 0.45)
        shine(image, stage, at, stage.unit * 0.0022 * (0.5 + power), tint * np.float32(1.3 * power))
        reach = max(int(stage.unit * 0.03 * power), 2)
        axis = np.abs(np.arange(-reach, reach + 1, dtype=np.float32)) / np.float32(reach)
        ray = (np.exp(-axis * 4.5) * (1 - axis))[None, :] * np.exp(-(np.arange(-1, 2, dtype=np.float32) ** 2) * 1.5)[
            :, None
        ]
        sprite(image, ray[..., None] * tint * np.float32(0.45 * power), at)
        sprite(image, ray.T[..., None] * tint * np.float32(0.45 * power), at)


def _planet(
    image: Field, stage: Stage, name: str, ball: tuple[float, float, float], light: Field, *, ringed: bool
) -> None:
    """A lit sphere with its air: a gas giant in bands, or a rocky world with seas and clouds."""
    rng, mood = stage.rng(name), stage.mood
    cx, cy, radius = ball
    x = (stage.x * stage.unit + stage.width / 2 - cx) / np.float32(radius)
    y = (stage.y * stage.height - cy) / np.float32(radius)
    square = x * x + y * y
    z = np.sqrt(np.maximum(1 - square, 0))
    facing = x * light[0] + y * light[1] + z * light[2]
    tilt = float(rng.uniform(-0.45, 0.45))
    u, v = x * math.cos(tilt) + y * math.sin(tilt), -x * math.sin(tilt) + y * math.cos(tilt)
    longitude, latitude = np.arctan2(u, np.maximum(z, 1e-3)) / (2 * np.pi), np.arcsin(np.clip(v, -1, 1)) / np.pi
    skin = _skin(stage, name, longitude, latitude, gas=ringed or (not name.startswith("moon") and rng.uniform() < 0.5))
    day = smoothstep(-0.1, 0.75, facing)
    edge = 1.2 / radius
    mask = smoothstep(1 + edge, 1 - edge, np.sqrt(square))
    paint = skin * (day[..., None] * np.float32(1.05) + np.float32(0.004))
    air = mix(mood.light, mood.middle, 0.35)
    fresnel = (1 - z) ** 2.6 * smoothstep(-0.25, 0.5, facing)
    if not name.startswith("moon"):
        paint = paint + air * fresnel[..., None] * np.float32(0.95)
    if ringed:
        _ring(image, stage, ball, (tilt, light), front=False)
    lay(image, mask, np.asarray(paint, np.float32))
    if not name.startswith("moon"):
        outside = (
            np.exp(-np.maximum(np.sqrt(square) - 1, 0) * 16)
            * (1 - mask)
            * smoothstep(-0.35, 0.6, x * light[0] + y * light[1])
        )
        image += outside[..., None] * air * np.float32(0.35)
    if ringed:
        _ring(image, stage, ball, (tilt, light), front=True)


def _skin(stage: Stage, name: str, longitude: Field, latitude: Field, *, gas: bool) -> Field:
    rng, mood = stage.rng(f"{name} skin"), stage.mood
    texture = tile(rng, 512, 1.6, 3)
    bend = sample(texture, longitude * 1.0, latitude * 1.6)
    if gas:
        bands = sample(
            tile(rng, 512, 1.1, 3), np.float32(0.37) + longitude * 0.05, latitude * 1.5 + bend * np.float32(0.012)
        )
        fine = sample(texture, longitude * 1.5 + bend * 0.02, latitude * 6)
        share = smoothstep(-1.4, 1.4, bands + 0.35 * fine)[..., None]
        first, second = mix(mood.light, mood.glow, 0.3), mix(mood.shade, mood.middle, 0.55)
        return np.asarray(second + (first - second) * share, np.float32)
    land = sample(texture, longitude * 1.2 + 0.2, latitude * 2.0 + 0.3) + 0.4 * sample(
        texture, longitude * 4, latitude * 7
    )
    share = smoothstep(0.05, 0.35, land)[..., None]
    if name.startswith("moon"):
        grey = mix(colour("a9a39b"), mood.light, 0.3)
        return np.asarray(grey * (0.75 + 0.22 * land)[..., None], np.float32)
    sea, earth = (
        mix(colour("123a66"), mood.shade, 0.5),
        mix(mix(colour("6b7a45"), mood.middle, 0.45), colour("a58a5c"), 0.3),
    )
    ground = sea + (earth * (0.8 + 0.25 * land)[..., None] - sea) * share
    cloud = smoothstep(
        0.3, 1.6, sample(texture, longitude * 1.7 + bend * 0.03 + 0.5, latitude * 3.6 + bend * 0.02 + 0.7) + 0.5 * bend
    )[..., None]
    return np.asarray(ground + (np.float32(0.9) - ground) * cloud * np.float32(0.85), np.float32)


def _ring(
    image: Field, stage: Stage, ball: tuple[float, float, float], pose: tuple[float, Field], *, front: bool
) -> None:
    """Rings of ice, the planet's shadow on them; drawn in two halves around the planet."""
    cx, cy, radius = ball
    tilt, light = pose
    rng = stage.rng("ring")
    flat = float(rng.uniform(0.16, 0.34))
    x = (stage.x * stage.unit + stage.width / 2 - cx) / np.float32(radius)
    y = (stage.y * stage.height - cy) / np.float32(radius)
    turn = tilt + 0.25
    u, v = x * math.cos(turn) + y * math.sin(turn), (-x * math.sin(turn) + y * math.cos(turn)) / np.float32(flat)
    away = np.hypot(u, v)
    grooves = fbm(rng, (1, 1024), 60, octaves=6, gain=0.8)[0]
    place = np.clip((away - 1.25) / 1.1, 0, 0.999)
    band = (
        np.clip(0.55 + 0.6 * grooves[(place * 1023).astype(int)], 0.05, 1)
        * smoothstep(1.28, 1.34, away)
        * smoothstep(2.3, 2.15, away)
    )
    band *= 1 - 0.9 * np.exp(-(((away - 1.86) / 0.03) ** 2))
    half = v > 0 if front else v <= 0
    # The sun's direction in the plane of the ring; the planet's shadow is a strip away from it.
    sun_u, sun_v = float(light[0] * math.cos(turn) + light[1] * math.sin(turn)), float(light[2])
    size = float(np.hypot(sun_u, sun_v))
    along, across = (u * sun_u + v * sun_v) / size, np.abs(u * sun_v - v * sun_u) / size
    shadow = 1 - 0.9 * smoothstep(0.0, -0.15, along) * smoothstep(1.03, 0.95, across)
    paint = mix(mix(colour("d8c9ae"), stage.mood.light, 0.5), stage.mood.glow, 0.25) * np.float32(0.8)
    lay(
        image, np.asarray(band * half * np.float32(0.85), np.float32), np.asarray(paint * shadow[..., None], np.float32)
    )


def _galaxy(image: Field, stage: Stage) -> None:
    """Two or more logarithmic arms of stars and dust around a bright core."""
    rng, mood = stage.rng("galaxy"), stage.mood
    cx, cy = stage.width * float(rng.uniform(0.36, 0.64)), stage.height * float(rng.uniform(0.38, 0.58))
    size, flat, turn = (
        stage.unit * float(rng.uniform(0.36, 0.52)),
        float(rng.uniform(0.3, 0.65)),
        float(rng.uniform(-0.9, 0.9)),
    )
    x = (stage.x * stage.unit + stage.width / 2 - cx) / np.float32(size)
    y = (stage.y * stage.height - cy) / np.float32(size)
    u, v = x * math.cos(turn) + y * math.sin(turn), (-x * math.sin(turn) + y * math.cos(turn)) / np.float32(flat)
    away, angle = np.hypot(u, v) + 1e-3, np.arctan2(v, u)
    rough = fbm(rng, stage.shape, stage.unit * 0.05, octaves=6, gain=0.62)
    arms = int(rng.choice([2, 2, 3, 4]))
    twist = float(rng.choice([-1, 1]) * rng.uniform(2.6, 4.2))
    phase = angle * arms + twist * arms * np.log(away + 0.08) * 0.55 + rough * 0.9
    arm = (0.5 + 0.5 * np.cos(phase)) ** 1.6
    fall = np.exp(-away * 2.6) * smoothstep(1.35, 0.5, away)
    light = fall * (0.14 + 1.0 * arm) * (0.8 + 0.5 * rough)
    lane = np.clip(
        (0.5 + 0.5 * np.cos(phase - 1.0)) ** 5 * smoothstep(0.12, 0.3, away) * fall * 3.2 * (0.7 + 0.6 * rough), 0, 0.8
    )
    core = np.exp(-((away / 0.15) ** 1.3))
    blue, warm = mix(mood.light, colour("a8c8ff"), 0.35), mix(mood.accent, colour("ffe2b0"), 0.55)
    share = np.exp(-away * 3.0)[..., None]
    tint = blue + (warm - blue) * share
    image *= 1 - (np.clip(lane, 0, 1) * np.float32(0.7))[..., None]
    image += np.maximum(light * (1 - lane), 0)[..., None] * tint * np.float32(1.7) + core[..., None] * mix(
        warm, np.ones(3, np.float32), 0.3
    ) * np.float32(1.5)
    knots = rng.normal(0, 1, (900, 2))
    for index in range(700):
        r = abs(float(knots[index, 0])) * 0.42 + 0.08
        a = (-twist * arms * np.log(r + 0.08) * 0.55 + 2 * np.pi * (index % arms)) / arms + float(
            knots[index, 1]
        ) * 0.16
        px, py = r * np.cos(a), r * np.sin(a) * flat
        at = (
            cx + size * (px * math.cos(turn) - py * math.sin(turn)),
            cy + size * (px * math.sin(turn) + py * math.cos(turn)),
        )
        tone = mix(mood.light, colour("ff8fb0"), 0.6) if index % 9 == 0 else blue
        sprite(image, halo(max(int(stage.unit * 0.0022), 1))[..., None] * tone * np.float32(0.5 * np.exp(-r * 1.4)), at)


def _asteroids(image: Field, stage: Stage, light: Field) -> None:
    """Tumbling rocks across a slanted lane, larger and darker near the eye."""
    rng, mood = stage.rng("asteroids"), stage.mood
    slope, middle = float(rng.uniform(-0.35, 0.35)), stage.height * float(rng.uniform(0.62, 0.78))
    for number in range(90):
        near = (number / 90) ** 5
        size = stage.unit * (0.0016 + 0.042 * near)
        x = float(rng.uniform(0, stage.width))
        y = middle + slope * (x - stage.width / 2) + float(rng.normal(0, 0.05 + 0.12 * near)) * stage.unit
        side = int(size * 2.8) + 3
        top, left = int(y - side / 2), int(x - side / 2)
        if top < 0 or left < 0 or top + side > stage.height or left + side > stage.width:
            continue
        axis = (np.arange(side, dtype=np.float32) - side / 2) / np.float32(size)
        u, v = axis[None, :], axis[:, None] * np.float32(rng.uniform(1, 1.5))
        rough = fbm(rng, (side, side), max(side * 0.3, 2), octaves=4, gain=0.6)
        away = np.hypot(u, v) * (1 + 0.22 * rough)
        mask = smoothstep(1 + 1 / size, 1 - 1 / size, away)
        z = np.sqrt(np.maximum(1 - away**2, 0))
        lit = np.clip(u * light[0] + v * light[1] + z * light[2] + 0.35 * rough * z, 0, 1)
        stone = mix(colour("7a6c60"), mood.middle, 0.25) * (lit * np.float32(0.75) + np.float32(0.01))[..., None]
        patch = image[top : top + side, left : left + side]
        patch += (stone - patch) * mask[..., None]


def _comet(image: Field, stage: Stage, side: float) -> None:
    """A head and two tails."""
    rng, mood = stage.rng("comet"), stage.mood
    at = (stage.width * (0.5 + side * float(rng.uniform(0.12, 0.26))), stage.height * float(rng.uniform(0.22, 0.36)))
    angle = float(rng.uniform(0.3, 0.7))
    along = np.array([side * math.cos(angle), -math.sin(angle)])
    x, y = (stage.x * stage.unit + stage.width / 2 - at[0]) / stage.unit, (stage.y * stage.height - at[1]) / stage.unit
    for bend, wide, reach, tint in (
        (0.0, 0.012, 0.55, colour("9fd0ff")),
        (0.28, 0.04, 0.4, mix(mood.glow, mood.accent, 0.4)),
    ):
        t = x * along[0] + y * along[1]
        across = (-x * along[1] + y * along[0]) - bend * np.maximum(t, 0) ** 2 * side
        width = wide * (0.25 + np.clip(t, 0, 1) * 3.2)
        tail = np.exp(-((across / width) ** 2)) * smoothstep(-0.006, 0.01, t) * np.exp(-np.maximum(t, 0) / reach * 2.2)
        image += tail[..., None] * mix(tint, mood.light, 0.3) * np.float32(0.7)
    shine(image, stage, at, stage.unit * 0.007, mix(np.ones(3, np.float32), mood.light, 0.3) * np.float32(2.2))
