"""Owns candles, chandeliers and fire; hides their drawing."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from video_pipeline.providers.images_procedural.light import lay, lines, polygon, rectangle, shine
from video_pipeline.providers.images_procedural.noise import Field, fbm, smoothstep
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix


def warm(stage: Stage) -> Colour:
    """The light of flames in this picture."""
    return mix(colour("ffb25c"), stage.mood.accent, 0.4) * np.float32(1.25)


def flame(image: Field, stage: Stage, at: tuple[float, float], size: float) -> None:
    """A candle flame `size` pixels high whose wick is at pixel `at`, with its glow."""
    light = warm(stage)
    inside = -size < at[0] < stage.width + size and -size < at[1] < stage.height + size
    if size > 2.2 and inside:
        top, left = max(int(at[1] - size * 1.3), 0), max(int(at[0] - size * 0.8), 0)
        bottom, right = min(int(at[1] + size * 0.4) + 1, stage.height), min(int(at[0] + size * 0.8) + 1, stage.width)
        bottom, right = max(bottom, top), max(right, left)
        x = (np.arange(left, right, dtype=np.float32)[None, :] - np.float32(at[0])) / np.float32(size)
        y = (np.float32(at[1]) - np.arange(top, bottom, dtype=np.float32)[:, None]) / np.float32(size)
        width = 0.46 * np.sqrt(np.clip(y + 0.06, 0, 1)) * np.clip(1.02 - y, 0, 1) ** 0.8
        body = np.clip(1.25 - np.abs(x) / np.maximum(width, 1e-3), 0, 1) * ((y > -0.06) & (y < 1.02))
        heart = mix(light, np.ones(3, np.float32), 0.45) * np.float32(3.2)
        patch = image[top:bottom, left:right]
        patch += body[..., None] * heart
    else:
        shine(image, stage, (at[0], at[1] - size * 0.5), max(size * 0.35, 0.7), light * np.float32(1.6))
    shine(image, stage, (at[0], at[1] - size * 0.5), size * 1.1, light * np.float32(0.32))


def candle(image: Field, stage: Stage, foot: tuple[float, float], tall: float) -> None:
    """A wax candle `tall` pixels high on pixel `foot`, lit."""
    x, y = foot
    half = tall * 0.16
    wax = np.zeros(stage.shape, np.float32)
    polygon(wax, [(x - half, y), (x - half, y - tall), (x + half, y - tall), (x + half, y)])
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    glow = np.exp(-np.maximum(rows - (y - tall), 0) / (tall * 0.45))
    paint = (
        mix(colour("efe2c4"), stage.mood.light, 0.2) * np.float32(0.25)
        + warm(stage) * (glow * np.float32(0.75))[..., None]
    )
    lay(image, wax, np.asarray(paint * np.ones((1, stage.width, 1), np.float32), np.float32))
    flame(image, stage, (x, y - tall - tall * 0.03), max(tall * 0.5, 2))


def candelabrum(image: Field, stage: Stage, foot: tuple[float, float], metre: float) -> None:
    """A standing light with five arms, two metres high."""
    x, y = foot
    iron = np.zeros(stage.shape, np.float32)
    tall = 1.75 * metre
    lines(iron, [np.array([(x, y), (x, y - tall)])], max(0.05 * metre, 0.8))
    lines(
        iron, [np.array([(x - 0.25 * metre, y), (x, y - 0.25 * metre), (x + 0.25 * metre, y)])], max(0.05 * metre, 0.8)
    )
    tips = []
    for arm in (-2, -1, 0, 1, 2):
        t = np.linspace(0, 1, 10)
        reach = arm * 0.2 * metre
        path = np.stack(
            [
                x + reach * np.sin(t * np.pi / 2),
                y - tall + 0.3 * metre - (np.cos(t * np.pi) * -0.16 + 0.2 - 0.06 * abs(arm) + 0.06) * metre,
            ],
            1,
        )
        lines(iron, [path], max(0.032 * metre, 0.7))
        tips.append(path[-1])
    lay(image, iron, mix(colour("8a6a30"), stage.mood.accent, 0.2) * np.float32(0.35))
    for tip in tips:
        wax = np.zeros(stage.shape, np.float32)
        polygon(
            wax,
            [
                (tip[0] - 0.03 * metre, tip[1]),
                (tip[0] - 0.03 * metre, tip[1] - 0.2 * metre),
                (tip[0] + 0.03 * metre, tip[1] - 0.2 * metre),
                (tip[0] + 0.03 * metre, tip[1]),
            ],
        )
        lay(image, wax, warm(stage) * np.float32(0.7))
        flame(image, stage, (float(tip[0]), float(tip[1]) - 0.2 * metre), max(0.12 * metre, 1.2))
    shine(image, stage, (x, y - tall - 0.2 * metre), 0.5 * metre, warm(stage) * np.float32(0.09))


def chandelier(image: Field, stage: Stage, at: tuple[float, float], metre: float, *, tiers: int) -> None:
    """Rings of candles with crystal chains around pixel `at`; `metre` is its scale in pixels."""
    rng = stage.rng("crystal")
    x, y = at
    metal, crystal = np.zeros(stage.shape, np.float32), np.zeros(stage.shape, np.uint8)
    lines(metal, [np.array([(x, y - 0.9 * metre), (x, 0)])], max(0.03 * metre, 0.7))
    lines(metal, [np.array([(x, y + 0.45 * metre), (x, y - 0.9 * metre)])], max(0.07 * metre, 0.8))
    wicks: list[tuple[float, float, float]] = []
    for radius, height, count in ((1.25, 0.0, 18), (0.85, -0.42, 12), (0.45, -0.78, 8))[:tiers]:
        ring = (x, y + height * metre, radius * metre)
        wicks += _ring(metal, crystal, rng, ring, (count, metre))
    gold = mix(colour("c9973f"), stage.mood.accent, 0.3)
    shine(image, stage, (x, y - 0.3 * metre), 1.1 * metre, warm(stage) * np.float32(0.16))
    lay(image, metal, gold * np.float32(0.55))
    glitter = mix(warm(stage), np.ones(3, np.float32), 0.4) * np.float32(1.1)
    lay(image, crystal * np.float32(0.9 / 255), glitter)
    for px, py, _ in sorted(wicks, key=lambda wick: wick[2]):
        wax = np.zeros(stage.shape, np.float32)
        rectangle(wax, (px - 0.028 * metre, py + 0.16 * metre), (px + 0.028 * metre, py))
        lay(image, wax, warm(stage) * np.float32(0.8))
        flame(image, stage, (px, py), max(0.13 * metre, 1.3))


_FLAT = 0.2  # height over width of a ring seen from below


def _ring(
    metal: Field,
    crystal: npt.NDArray[np.uint8],
    rng: np.random.Generator,
    ring: tuple[float, float, float],
    make: tuple[int, float],
) -> list[tuple[float, float, float]]:
    """Draw one ring (x, y, radius in pixels) with its arms and chains; returns each wick and how near it is."""
    x, y, radius = ring
    count, metre = make
    turn = np.linspace(0, 2 * np.pi, 60)
    around = np.stack([np.cos(turn) * radius, np.sin(turn) * radius * _FLAT], 1)
    lines(metal, [np.add(around, (x, y))], max(0.045 * metre, 0.8))
    wicks = []
    t = np.linspace(0, 1, 8)
    sag = np.sin(np.pi * t) * metre
    for angle in 2 * np.pi * (np.arange(count) + 0.5) / count:
        px, py = x + np.cos(angle) * radius, y + np.sin(angle) * radius * _FLAT
        following = angle + 2 * np.pi / count
        nx, ny = x + np.cos(following) * radius, y + np.sin(following) * radius * _FLAT
        lines(metal, [np.stack([x + (px - x) * t, y + 0.25 * sag + (py - y) * t], 1)], max(0.022 * metre, 0.5))
        _beads(crystal, rng, np.stack([px + (nx - px) * t, py + (ny - py) * t + 0.14 * sag], 1), metre)
        wicks.append((float(px), float(py) - 0.16 * metre, float(np.sin(angle))))
    _beads(crystal, rng, np.add(around * 0.5, (x, y + 0.3 * metre)), metre)
    return wicks


def _beads(crystal: npt.NDArray[np.uint8], rng: np.random.Generator, places: Field, metre: float) -> None:
    """Drops of glass, each as bright as its turn happens to be."""
    size = max(round(0.02 * metre * 16), 8)
    for x, y in places:
        at = (round(float(x) * 16), round(float(y) * 16))
        cv2.circle(crystal, at, size, int(rng.integers(30, 250)), -1, cv2.LINE_AA, 4)


def fire(stage: Stage, name: str, foot: tuple[float, float], size: tuple[float, float]) -> Field:
    """Burning wood as light (h, w, 3): `size` is width and height in pixels, `foot` the middle of its foot."""
    rng = stage.rng(name)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    x = (stage.x * stage.unit + stage.width / 2 - foot[0]) / np.float32(size[0] / 2)
    y = (foot[1] - rows) / np.float32(size[1])
    near = (np.abs(x) < 1.6) & (y > -0.3) & (y < 1.6)
    lick = fbm(rng, stage.shape, size[0] * 0.2, octaves=4, stretch=0.45, gain=0.55)
    tongues = 0.55 + 0.45 * np.cos(x * 3.0) + 0.42 * lick
    body = smoothstep(0.0, 0.5, tongues * np.clip(1.1 - np.abs(x), 0, 1) ** 0.5 - y * (1.05 - 0.3 * lick)) * smoothstep(
        -0.08, 0.02, y
    )
    heat = np.clip(body * (1.25 - y) * near, 0, 1)[..., None]
    red, gold, white = colour("ff4a12"), colour("ffab3d"), colour("fff0c0")
    return np.asarray(
        heat * (red + (gold - red) * heat) * np.float32(1.6) + heat**4 * white * np.float32(1.4), np.float32
    )
