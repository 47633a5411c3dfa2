"""Owns the rainy window; hides the drops, the world behind the glass and the sill."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from video_pipeline.domain.scenery import Motif, Weather
from video_pipeline.providers.images_procedural import flames, props
from video_pipeline.providers.images_procedural.city import paint_city
from video_pipeline.providers.images_procedural.forest import paint_forest
from video_pipeline.providers.images_procedural.lake import paint_lake
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.meadow import paint_meadow
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix

_OUTSIDE = {
    Motif.CITY_NIGHT: paint_city,
    Motif.FOREST: paint_forest,
    Motif.LAKE: paint_lake,
    Motif.MEADOW: paint_meadow,
}


def paint_rainy_window(stage: Stage) -> Field:
    """The world out of focus behind wet glass, a sill with things on it."""
    rng = stage.rng("view")
    sharp, soft = _world(stage)
    image = _glass(stage, sharp, soft)
    sill = stage.height * float(rng.uniform(0.8, 0.87))
    _frame(image, stage, sill)
    _things(image, stage, sill)
    return image


def _world(stage: Stage) -> tuple[Field, Field]:
    """What is outside, a little and far out of focus; lights become discs, as in a lens."""
    rng = stage.rng("outside")
    city = stage.has("city lights")
    places = (Motif.FOREST, Motif.LAKE, Motif.MEADOW)
    motif = Motif.CITY_NIGHT if city else places[int(rng.integers(0, len(places)))]
    scenery = replace(stage.scenery, motif=motif, details=(), weather=Weather.RAIN)
    small = Stage(scenery, stage.seed, max(stage.width // 3, 16), max(stage.height // 3, 16))
    view = np.maximum(_OUTSIDE[motif](small), 0)
    if city or stage.mood.darkness > 0.4:
        _street_lights(view, small, many=city)
    radius = max(int(small.unit * 0.028), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)).astype(np.float32)
    soft = cv2.filter2D(np.minimum(view, 14).astype(np.float32), -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
    size = (stage.width, stage.height)
    large = [cv2.resize(each, size, interpolation=cv2.INTER_CUBIC) for each in (blur(view, small.unit * 0.005), soft)]
    return np.maximum(large[0], 0), np.maximum(large[1], 0)


def _street_lights(view: Field, small: Stage, *, many: bool) -> None:
    """Small strong lights that the lens turns into discs."""
    rng, mood = small.rng("street lights"), small.mood
    tints = (colour("ffb45a"), mood.accent, mood.light, colour("ff5a4a"), colour("7ad0ff"), mood.middle)
    for _ in range(70 if many else 14):
        x, y = float(rng.uniform(0, small.width)), float(rng.uniform(0.38, 0.78)) * small.height
        tint = tints[int(rng.choice(6, p=[0.34, 0.22, 0.16, 0.12, 0.08, 0.08]))]
        size = max(small.unit * 0.003, 0.6)
        shine(view, small, (x, y), size, tint * np.float32(rng.uniform(2, 9) * (0.3 + 0.7 * mood.darkness)))


def _glass(stage: Stage, sharp: Field, soft: Field) -> Field:
    """Condensation, drops that turn the world upside down, and the clear tracks of those that ran."""
    rng, mood = stage.rng("glass"), stage.mood
    height, clear = _drops(stage)
    mist = np.clip(0.55 + 0.4 * fbm(rng, stage.shape, stage.unit * 0.25, octaves=5), 0, 1) * (0.35 + 0.4 * stage.y)
    haze = mix(mood.fog, mood.sky_middle, 0.4) * np.float32(0.55)
    image = soft + (haze - soft) * (mist * np.float32(0.34) * (1 - 0.85 * clear))[..., None]
    image = image + (sharp - image) * (clear * np.float32(0.5))[..., None]
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)
    reach = np.float32(stage.unit * 0.11)
    x = np.arange(stage.width, dtype=np.float32)[None, :] + np.clip(gx, -1.5, 1.5) * reach
    y = np.arange(stage.height, dtype=np.float32)[:, None] + np.clip(gy, -1.5, 1.5) * reach
    bent = cv2.remap(sharp, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    inside = smoothstep(0.02, 0.2, height)[..., None]
    slope = np.clip(0.95 + gy * np.float32(0.55), 0.25, 1.7)[..., None]
    wet = bent * slope * np.float32(1.12)
    glint = np.clip(-gy - 0.3 * gx - 0.25, 0, 1)[..., None] ** 2
    wet = wet + glint * mix(mood.fog, mood.glow, 0.5) * np.float32(0.5)
    return np.asarray(image + (wet - image) * inside, np.float32)


def _drops(stage: Stage) -> tuple[Field, Field]:
    """Thickness of the water (0 to 1) and where the glass has been wiped clear."""
    rng = stage.rng("drops")
    height, clear = np.zeros(stage.shape, np.float32), np.zeros(stage.shape, np.float32)
    area = stage.width * stage.height / stage.unit**2
    sizes = [(int(1500 * area), 0.0016, 0.35), (int(260 * area), 0.0042, 0.3), (int(60 * area), 0.0085, 0.25)]
    for count, size, spread in sizes:
        for _ in range(count):
            radius = max(stage.unit * size * float(rng.lognormal(0, spread)), 0.6)
            _drop(height, rng, (float(rng.uniform(0, stage.width)), float(rng.uniform(0, stage.height))), radius)
    for _ in range(int(rng.integers(9, 16))):
        x, y = float(rng.uniform(0, stage.width)), stage.height * float(rng.uniform(0.25, 0.95))
        radius = stage.unit * float(rng.uniform(0.007, 0.012))
        sway = np.cumsum(rng.normal(0, 0.3, 60)) * radius * 0.5
        rows = np.linspace(y, -10, 60)
        track = np.stack([x + sway - sway[0], rows], 1)
        wipe = np.zeros(stage.shape, np.float32)
        lines(wipe, [track], radius * 1.7)
        clear = np.maximum(clear, wipe)
        height *= 1 - wipe
        for place in track[4::5]:
            if rng.uniform() < 0.7:
                _drop(height, rng, (float(place[0]), float(place[1])), radius * float(rng.uniform(0.2, 0.45)))
        _drop(height, rng, (x, y), radius * 1.25)
    return height, blur(clear, stage.unit * 0.0015)


def _drop(height: Field, rng: np.random.Generator, at: tuple[float, float], radius: float) -> None:
    """One round, slightly hanging drop, in place."""
    reach = int(radius * 1.7) + 2
    cx, cy = int(at[0]), int(at[1])
    top, left = max(cy - reach, 0), max(cx - reach, 0)
    patch = height[top : cy + reach + 1, left : cx + reach + 1]
    if patch.size == 0:
        return
    x = (np.arange(left, left + patch.shape[1], dtype=np.float32)[None, :] - np.float32(at[0])) / np.float32(radius)
    y = (np.arange(top, top + patch.shape[0], dtype=np.float32)[:, None] - np.float32(at[1])) / np.float32(radius)
    y = np.where(y < 0, y * np.float32(rng.uniform(0.65, 0.95)), y)
    dome = np.sqrt(np.clip(1 - x * x - y * y, 0, 1)) * np.float32(min(radius / 6, 1.0) * 0.5 + 0.5)
    np.maximum(patch, dome, out=patch)


def _frame(image: Field, stage: Stage, sill: float) -> None:
    """Wooden bars and the sill, lit a little from the room."""
    rng, mood = stage.rng("frame"), stage.mood
    bars, edges = props.empty(stage), props.empty(stage)
    wide = stage.unit * float(rng.uniform(0.022, 0.034))
    uprights = [float(rng.choice([0.5, 0.36, 0.64]))] if rng.uniform() < 0.6 else [0.335, 0.665]
    for share in uprights:
        x = share * stage.width
        polygon(bars, [(x - wide / 2, 0), (x + wide / 2, 0), (x + wide / 2, sill), (x - wide / 2, sill)])
        polygon(edges, [(x + wide * 0.22, 0), (x + wide * 0.3, 0), (x + wide * 0.3, sill), (x + wide * 0.22, sill)])
    if rng.uniform() < 0.55:
        y = sill * float(rng.uniform(0.3, 0.42))
        polygon(bars, [(0, y - wide / 2), (stage.width, y - wide / 2), (stage.width, y + wide / 2), (0, y + wide / 2)])
        polygon(
            edges,
            [(0, y - wide * 0.3), (stage.width, y - wide * 0.3), (stage.width, y - wide * 0.22), (0, y - wide * 0.22)],
        )
    for x0, x1 in ((0, wide * 1.2), (stage.width - wide * 1.2, stage.width)):
        polygon(bars, [(x0, 0), (x1, 0), (x1, sill), (x0, sill)])
    shadow = blur(bars, stage.unit * 0.012) * (1 - bars)
    image *= 1 - (shadow * np.float32(0.5))[..., None]
    wood = mix(colour("5a3d28"), mood.shade, 0.3)
    room = flames.warm(stage) * np.float32(0.1) + mood.ambient * np.float32(0.22)
    grain = fbm(rng, stage.shape, stage.unit * 0.02, octaves=4, stretch=0.25)
    lay(image, bars, np.asarray(wood * room * (1 + 0.25 * grain)[..., None], np.float32))
    lay(image, edges * np.float32(0.5), mix(mood.fog, mood.sky_foot, 0.5) * np.float32(0.3))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    board = np.asarray(np.clip(rows - sill, 0, 1) * np.ones((1, stage.width), np.float32), np.float32)
    planks = fbm(stage.rng("sill"), stage.shape, stage.unit * 0.03, octaves=5, stretch=9)
    depth = np.clip((rows - sill) / (stage.height - sill), 0, 1)[..., None]
    mirror = cv2.flip(image[: int(sill)], 0)[: stage.height - int(sill)]
    gloss = np.zeros_like(image)
    gloss[int(sill) : int(sill) + mirror.shape[0]] = mirror
    light = room * np.float32(1.7) + mood.fog * (np.float32(0.16) * (1 - depth))
    paint = wood * (1 + 0.22 * planks)[..., None] * light + blur(gloss, stage.unit * 0.02, stage.unit * 0.006) * (
        0.2 * (1 - depth)
    )
    lay(image, board, np.asarray(paint, np.float32))


def _things(image: Field, stage: Stage, sill: float) -> None:
    """What stands on the sill, in places that do not touch."""
    rng = stage.rng("things")
    places = [share * stage.width for share in (0.16, 0.31, 0.7, 0.86)]
    order = list(rng.permutation(4))
    foot = sill + (stage.height - sill) * 0.42
    if stage.has("a stack of books"):
        _books(image, stage, (places[order[0]], foot))
    if stage.has("a potted plant"):
        _plant(image, stage, (places[order[1]], foot))
    if stage.has("a steaming cup"):
        _cup(image, stage, (places[order[2]], foot + stage.unit * 0.02))
    if stage.has("a lit candle"):
        _candle(image, stage, (places[order[3]], foot))


def _contact(image: Field, stage: Stage, at: tuple[float, float], wide: float) -> None:
    """A soft shadow under a thing."""
    x = (stage.x * stage.unit + stage.width / 2 - at[0]) / wide
    y = (stage.y * stage.height - at[1]) / (wide * 0.2)
    lay(image, np.asarray(np.exp(-(x * x + y * y)) * np.float32(0.7), np.float32), stage.mood.deep * np.float32(0.05))


def _shaded(stage: Stage, mask: Field, paint: Field, x: float, half: float) -> Field:
    """A round thing's colour: window light from behind on both edges, the room's warmth in front."""
    mood = stage.mood
    across = np.clip((stage.x * stage.unit + stage.width / 2 - x) / half, -1, 1)
    front = np.sqrt(np.maximum(1 - across * across, 0)) * (1 - 0.35 * across)
    rim = np.abs(across) ** 5
    light = (
        flames.warm(stage) * (0.24 * front)[..., None]
        + mix(mood.fog, mood.sky_foot, 0.5) * (0.1 + 0.4 * rim)[..., None]
    )
    return np.asarray(paint * light * np.ones((stage.height, 1, 1), np.float32), np.float32)


def _cup(image: Field, stage: Stage, foot: tuple[float, float]) -> None:
    rng, mood = stage.rng("cup"), stage.mood
    x, y = foot
    half, tall = stage.unit * 0.062, stage.unit * 0.105
    _contact(image, stage, (x, y), half * 1.8)
    glaze = mix([colour("e8ddc8"), colour("3f5c6b"), colour("8a4a32")][int(rng.integers(0, 3))], mood.light, 0.2)
    body, handle, rim, tea = (props.empty(stage) for _ in range(4))
    t = np.linspace(0, 1, 14)
    side = half * (1 - 0.16 * t**3)
    low = np.linspace(0, np.pi, 14)
    polygon(
        body,
        np.concatenate(
            [
                np.stack([x - side, y - tall * (1 - t)], 1),
                np.stack([x - np.cos(low) * half * 0.84, y + np.sin(low) * half * 0.2], 1),
                np.stack([x + side, y - tall * (1 - t)], 1)[::-1],
            ]
        ),
    )
    angle = np.linspace(-1.9, 1.9, 20)
    lines(
        handle,
        [np.stack([x + half * 0.92 + np.cos(angle) * half * 0.42, y - tall * 0.5 + np.sin(angle) * tall * 0.3], 1)],
        stage.unit * 0.013,
    )
    ring = np.linspace(0, 2 * np.pi, 40)
    polygon(rim, np.stack([x + np.cos(ring) * half, y - tall + np.sin(ring) * half * 0.22], 1))
    polygon(tea, np.stack([x + np.cos(ring) * half * 0.92, y - tall + half * 0.02 + np.sin(ring) * half * 0.19], 1))
    for mask, tone in ((handle, 0.85), (body, 1.0), (rim, 1.5)):
        lay(image, mask, _shaded(stage, mask, glaze * np.float32(tone), x, half * 1.4))
    lay(image, tea, colour("3a1d0c") * np.float32(0.3) + mood.fog * np.float32(0.06))
    up = (y - tall - stage.y * stage.height) / np.float32(stage.unit)
    curl = fbm(rng, stage.shape, stage.unit * 0.09, octaves=4)
    centre = (x - stage.width / 2) / stage.unit + 0.14 * curl * np.clip(up * 3, 0, 1)
    wide = 0.014 + 0.07 * np.clip(up, 0, 1)
    steam = np.exp(-(((stage.x - centre) / wide) ** 2)) * smoothstep(0, 0.03, up) * np.exp(-np.maximum(up, 0) * 6.5)
    strands = np.clip(0.5 + 0.9 * fbm(rng, stage.shape, stage.unit * 0.03, octaves=3, stretch=0.35), 0, 1)
    lay(
        image,
        np.asarray(steam * strands * np.float32(0.6), np.float32),
        mix(mood.fog, mood.glow, 0.4) * np.float32(0.7),
    )


def _candle(image: Field, stage: Stage, foot: tuple[float, float]) -> None:
    x, y = foot
    _contact(image, stage, (x, y), stage.unit * 0.07)
    dish, ring = props.empty(stage), np.linspace(0, 2 * np.pi, 40)
    polygon(dish, np.stack([x + np.cos(ring) * stage.unit * 0.055, y + np.sin(ring) * stage.unit * 0.013], 1))
    lay(image, dish, mix(colour("8a6a30"), stage.mood.accent, 0.2) * flames.warm(stage) * np.float32(0.3))
    flames.candle(image, stage, (x, y), stage.unit * 0.12)
    shine(image, stage, (x, y - stage.unit * 0.14), stage.unit * 0.12, flames.warm(stage) * np.float32(0.16))


def _books(image: Field, stage: Stage, foot: tuple[float, float]) -> None:
    rng, mood = stage.rng("book stack"), stage.mood
    x, y = foot
    _contact(image, stage, (x, y), stage.unit * 0.14)
    for _ in range(int(rng.integers(3, 6))):
        wide, tall = stage.unit * float(rng.uniform(0.1, 0.125)), stage.unit * float(rng.uniform(0.018, 0.03))
        shift = float(rng.normal(0, 0.008)) * stage.unit
        cloth = mix(
            colour(("7a2a22", "2c4a3a", "2a3f5c", "8a6a3a", "4a2f4f")[int(rng.integers(0, 5))]), mood.shade, 0.2
        )
        spine, bands = props.empty(stage), props.empty(stage)
        polygon(
            spine,
            [(x - wide + shift, y), (x - wide + shift, y - tall), (x + wide + shift, y - tall), (x + wide + shift, y)],
        )
        for share in (-0.8, -0.72, 0.72, 0.8):
            polygon(
                bands,
                [
                    (x + shift + wide * share, y),
                    (x + shift + wide * share, y - tall),
                    (x + shift + wide * share + 2, y - tall),
                    (x + shift + wide * share + 2, y),
                ],
            )
        rows = np.clip((y - stage.y * stage.height) / tall, 0, 1)
        round_light = (0.55 + 0.6 * np.sin(np.pi * rows))[..., None]
        light = flames.warm(stage) * np.float32(0.28) + mood.fog * np.float32(0.09)
        lay(
            image, spine, np.asarray(cloth * light * round_light * np.ones((1, stage.width, 1), np.float32), np.float32)
        )
        lay(image, bands * np.float32(0.7), mix(colour("d8b05a"), mood.accent, 0.3) * light)
        y -= tall


def _plant(image: Field, stage: Stage, foot: tuple[float, float]) -> None:
    rng, mood = stage.rng("plant"), stage.mood
    x, y = foot
    half, tall = stage.unit * 0.055, stage.unit * 0.09
    _contact(image, stage, (x, y), half * 1.9)
    pot = props.empty(stage)
    polygon(pot, [(x - half, y - tall), (x + half, y - tall), (x + half * 0.74, y), (x - half * 0.74, y)])
    polygon(
        pot,
        [
            (x - half * 1.12, y - tall),
            (x + half * 1.12, y - tall),
            (x + half * 1.12, y - tall * 1.2),
            (x - half * 1.12, y - tall * 1.2),
        ],
    )
    lay(image, pot, _shaded(stage, pot, mix(colour("a8583a"), mood.accent, 0.15), x, half * 1.15))
    dark, bright = props.empty(stage), props.empty(stage)
    for number in range(26):
        angle = -np.pi / 2 + float(rng.normal(0, 0.75))
        length = stage.unit * float(rng.uniform(0.09, 0.2))
        t = np.linspace(0, 1, 12)
        bend = 0.55 * np.sign(np.cos(angle)) * t**2
        px = x + np.cos(angle + bend) * length * t
        py = y - tall * 1.12 + np.sin(angle + bend * 0.9) * length * t
        wide = length * 0.1 * np.sin(np.pi * np.clip(t * 0.97 + 0.03, 0, 1)) ** 0.7
        nx, ny = -np.gradient(py), np.gradient(px)
        size = np.hypot(nx, ny) + 1e-6
        leaf = np.concatenate(
            [
                np.stack([px + nx / size * wide, py + ny / size * wide], 1),
                np.stack([px - nx / size * wide, py - ny / size * wide], 1)[::-1],
            ]
        )
        polygon(bright if number % 3 == 0 else dark, leaf)
    green = mix(colour("3f6b35"), mood.middle, 0.25)
    light = flames.warm(stage) * np.float32(0.2) + mix(mood.fog, mood.sky_foot, 0.4) * np.float32(0.16)
    lay(image, dark, green * light * np.float32(0.6))
    lay(image, bright, green * light * np.float32(1.5))
