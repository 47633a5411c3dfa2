"""Owns pictures of nothing but light and form; hides their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from video_pipeline.providers.images_procedural.light import halo, shine, sprite
from video_pipeline.providers.images_procedural.noise import Field, blur, displace, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.stage import Colour, Stage, mix


def paint_abstract(stage: Stage) -> Field:
    """One leading form over a glowing ground, with what else is asked for on top."""
    forms: dict[str, Callable[[Field, Stage], None]] = {
        "silk folds": _silk,
        "layered waves": _layers,
        "flowing ribbons": _ribbons,
        "glowing orbs": _orbs,
        "soft bokeh": _bokeh,
    }
    image = _ground(stage)
    for name, paint in forms.items():
        if stage.has(name):
            paint(image, stage)
    return image


def _bright(stage: Stage) -> float:
    return 1.0 - 0.55 * stage.mood.darkness


def _ground(stage: Stage) -> Field:
    """A dark field with two or three slow pools of colour."""
    rng, mood = stage.rng("ground"), stage.mood
    image = np.zeros((*stage.shape, 3), np.float32) + mix(mood.deep, mood.shade, 0.35) * np.float32(
        0.5 * _bright(stage)
    )
    for tint in (mood.shade, mood.middle, mood.accent):
        at = (float(rng.uniform(0, stage.width)), float(rng.uniform(0, stage.height)))
        x, y = (
            (stage.x * stage.unit + stage.width / 2 - at[0]) / stage.unit,
            (stage.y * stage.height - at[1]) / stage.unit,
        )
        pool = np.exp(-(x * x + y * y) / np.float32(rng.uniform(0.12, 0.5)))
        image += pool[..., None] * tint * np.float32(0.4 * _bright(stage))
    return image


def _silk(image: Field, stage: Stage) -> None:
    """Folds of cloth: a bent field's slope gives light and shade."""
    rng, mood = stage.rng("silk"), stage.mood
    bend = fbm(rng, stage.shape, stage.unit * 0.75, octaves=3, gain=0.42)
    bend = displace(
        bend, fbm(rng, stage.shape, stage.unit * 0.6, octaves=2) * stage.unit * 0.3, bend * stage.unit * 0.25
    )
    angle = float(rng.uniform(0, np.pi))
    along = stage.x * math.cos(angle) + stage.y * stage.height / stage.unit * math.sin(angle)
    height = np.sin((along * float(rng.uniform(3.5, 6.5)) + bend * float(rng.uniform(2.2, 3.6))) * 2.0) * 0.5
    height = height + 0.22 * np.sin((along * 3 - bend * 5) * 3.1 + 1.0)
    gx, gy = np.gradient(height, axis=1) * stage.unit * 0.11, np.gradient(height, axis=0) * stage.unit * 0.11
    normal = 1 / np.sqrt(1 + gx * gx + gy * gy)
    diffuse = np.clip((0.55 - 0.6 * gx - 0.5 * gy) * normal, 0, 1.2)
    sheen = np.clip((0.72 - 0.45 * gx - 0.35 * gy) * normal, 0, 1) ** 12
    hue = smoothstep(-0.7, 0.7, bend + 0.5 * height)[..., None]
    cloth = (
        mix(mood.shade, mood.middle, 0.3)
        + (mix(mood.middle, mood.accent, 0.4) - mix(mood.shade, mood.middle, 0.3)) * hue
    )
    paint = cloth * (0.1 + 0.85 * diffuse)[..., None] + mix(mood.glow, mood.light, 0.4) * sheen[..., None] * np.float32(
        0.75
    )
    image[:] = image * np.float32(0.25) + np.asarray(paint, np.float32) * np.float32(_bright(stage))


def _layers(image: Field, stage: Stage) -> None:
    """Paper-like waves, one before the other, each with its shadow and a lit rim."""
    rng, mood = stage.rng("layers"), stage.mood
    count = int(rng.integers(6, 10))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    turn = float(rng.uniform(-0.22, 0.22))
    light, dark = mix(mood.light, mood.accent, 0.35), mix(mood.shade, mood.deep, 0.4)
    for number in range(count):
        share = number / (count - 1)
        crest = (0.22 + 0.72 * share) * stage.height + wave(
            rng, stage.width, stage.width * float(rng.uniform(0.3, 0.6)), octaves=2, gain=0.3
        ) * stage.unit * 0.14
        crest = crest + stage.x[0] * stage.unit * turn
        below = (rows - crest[None, :]) / np.float32(stage.unit)
        mask = np.clip(below * stage.unit + 0.5, 0, 1)[..., None]
        shadow = np.exp(-np.maximum(-below, 0) * 34) * (below < 0)
        image *= 1 - (shadow * np.float32(0.5))[..., None]
        tint = light + (dark - light) * np.float32(share**0.8)
        fall = np.exp(-np.maximum(below, 0) * 2.6)[..., None]
        rim = np.exp(-np.maximum(below, 0) * 160)[..., None]
        paint = tint * (0.35 + 0.65 * fall) * np.float32(0.75 * _bright(stage)) + mood.glow * rim * np.float32(
            0.2 * _bright(stage)
        )
        image += (paint - image) * mask


def _ribbons(image: Field, stage: Stage) -> None:
    """Bundles of thin lines of light that swing across the picture."""
    rng, mood = stage.rng("ribbons"), stage.mood
    x = np.linspace(0, 1, stage.width, dtype=np.float32)
    rows = np.arange(stage.height, dtype=np.float32)
    for bundle in range(int(rng.integers(2, 4))):
        base = float(rng.uniform(0.3, 0.7))
        waves = [
            (float(rng.uniform(0.5, 1.8)), float(rng.uniform(0, 6.3)), float(rng.uniform(0.05, 0.16))) for _ in range(3)
        ]
        first, last = [(mood.middle, mood.accent), (mood.light, mood.middle), (mood.accent, mood.glow)][bundle % 3]
        count = 46
        tint_at: Colour = first
        for number in range(count):
            t = number / (count - 1)
            y = (
                base
                + sum(a * np.sin(2 * np.pi * f * x + p + t * (0.9 + 0.5 * k)) for k, (f, p, a) in enumerate(waves))
                + 0.07 * (t - 0.5) * np.sin(2 * np.pi * x + bundle)
            )
            tint_at = mix(first, last, t)
            strength = np.float32(
                (0.06 + 0.2 * np.sin(np.pi * t) ** 2 + (0.35 if number % 15 == 7 else 0)) * _bright(stage)
            )
            _line(image, rows, y * stage.height, tint_at * strength, stage.unit * 0.0012)
    image += blur(image, stage.unit * 0.02) * np.float32(0.35)


def _line(image: Field, rows: Field, y: Field, paint: Colour, width: float) -> None:
    """Add a one-valued curve `y` (rows, one a column) with a Gaussian profile, in place."""
    reach = int(width * 3) + 2
    columns = np.arange(image.shape[1])
    first = np.floor(y).astype(int)
    for offset in range(-reach, reach + 1):
        row = first + offset
        inside = (row >= 0) & (row < len(rows))
        weight = np.exp(-(((row - y) / max(width, 0.7)) ** 2))
        image[row[inside], columns[inside]] += weight[inside, None].astype(np.float32) * paint


def _orbs(image: Field, stage: Stage) -> None:
    """Glass spheres that glow from within."""
    rng, mood = stage.rng("orbs"), stage.mood
    for number in range(int(rng.integers(5, 9))):
        radius = stage.unit * float(rng.lognormal(-2.6, 0.45))
        cx, cy = float(rng.uniform(0.08, 0.92)) * stage.width, float(rng.uniform(0.15, 0.85)) * stage.height
        x, y = (stage.x * stage.unit + stage.width / 2 - cx) / radius, (stage.y * stage.height - cy) / radius
        away = np.hypot(x, y)
        mask = smoothstep(1 + 1.5 / radius, 1 - 1.5 / radius, away)[..., None]
        z = np.sqrt(np.maximum(1 - away**2, 0))
        tint = [mood.middle, mood.light, mood.accent][number % 3]
        rim = (1 - z)[..., None] ** 2.2
        spot = np.exp(-((x + 0.35) ** 2 + (y + 0.42) ** 2) * 16)[..., None]
        inner = np.exp(-((x - 0.2) ** 2 + (y - 0.35) ** 2) * 1.6)[..., None]
        paint = (
            image * np.float32(0.55)
            + tint * (inner * np.float32(0.5) + rim * np.float32(0.65)) * np.float32(_bright(stage))
            + mood.glow * spot * np.float32(0.9)
        )
        image += (paint - image) * mask
        shine(image, stage, (cx, cy), radius * 0.9, tint * np.float32(0.13 * _bright(stage)))


def _bokeh(image: Field, stage: Stage) -> None:
    """Discs of light out of focus, and fine dust in focus."""
    rng, mood = stage.rng("bokeh"), stage.mood
    angle = float(rng.uniform(-0.6, 0.6))
    for number in range(64):
        radius = stage.unit * (0.012 + 0.055 * float(rng.uniform()) ** 2)
        along = float(rng.uniform(-0.6, 0.6)) * stage.width
        cx = stage.width / 2 + along
        cy = stage.height * 0.55 + along * math.sin(angle) * 0.5 + float(rng.normal(0, 0.2)) * stage.height
        tint = [mood.accent, mood.light, mood.glow, mood.middle][number % 4]
        sprite(
            image,
            _disc(radius)[..., None] * tint * np.float32(float(rng.uniform(0.03, 0.2)) * _bright(stage)),
            (cx, float(cy)),
        )
    spot = halo(max(int(stage.unit * 0.003), 1))[..., None]
    for _ in range(260):
        at = (float(rng.uniform(0, stage.width)), float(rng.uniform(0, stage.height)))
        sprite(image, spot * mood.glow * np.float32(float(rng.uniform(0.05, 0.7)) * _bright(stage)), at)


def _disc(radius: float) -> Field:
    """The image of a point out of focus: even, with a brighter edge."""
    reach = int(radius * 1.2) + 2
    axis = np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(radius)
    away = np.hypot(axis[:, None], axis[None, :])
    soft = max(1.5 / radius, 0.05)
    return np.asarray(smoothstep(1 + soft, 1 - soft, away) * (0.7 + 0.3 * smoothstep(0.7, 0.98, away)), np.float32)
