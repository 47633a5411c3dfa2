"""Owns woods seen from inside; hides their making."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.domain.scenery import TimeOfDay, Weather
from video_pipeline.providers.images_procedural import trees
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, rays, shine
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix

_LAYERS = 7


def paint_forest(stage: Stage) -> Field:
    """Trunks behind trunks, light from a clearing, a floor with a path or a stream."""
    rng = stage.rng("view")
    sun = (stage.width * float(rng.choice([0.3, 0.36, 0.5, 0.64, 0.7])), stage.height * float(rng.uniform(0.12, 0.4)))
    eye = float(rng.uniform(0.52, 0.66)) * stage.height
    image = _clearing(stage, sun)
    gaps = np.ones(stage.shape, np.float32)
    pines = stage.chance("pines", 0.4)
    for layer in range(_LAYERS):
        share = layer / (_LAYERS - 1)
        _paint_layer(image, gaps, stage, (share, eye, sun[0]), pines=pines)
    _floor(image, stage, eye, sun)
    if stage.has("glowing mushrooms"):
        _mushrooms(image, stage, eye)
    if stage.has("ferns") or stage.chance("undergrowth", 0.5):
        _ferns(image, stage)
    _sunbeams(image, stage, gaps, sun)
    if stage.has("fireflies"):
        fireflies(image, stage, low=eye * 0.8, high=stage.height * 0.97)
    return image


def _air(stage: Stage) -> Colour:
    """The light in the distance."""
    mood = stage.mood
    return np.asarray(
        mix(mood.fog, mood.light, 0.3) * np.float32(0.95 - 0.35 * mood.darkness) + mood.sun * np.float32(0.12),
        np.float32,
    )


def _clearing(stage: Stage, sun: tuple[float, float]) -> Field:
    """Bright air around the sun with the foliage of far crowns."""
    mood = stage.mood
    away = np.hypot(stage.x - (sun[0] - stage.width / 2) / stage.unit, (stage.y * stage.height - sun[1]) / stage.unit)
    near = np.exp(-away * np.float32(2.1))[..., None]
    base = mix(mood.sky_middle, mood.middle, 0.35) * np.float32(0.55)
    image = base + (_air(stage) * np.float32(1.5) - base) * near
    crowns = fbm(stage.rng("far crowns"), stage.shape, stage.unit * 0.09, octaves=6, gain=0.6)
    leaf = smoothstep(-0.15, 0.55, crowns + 0.35 - 0.9 * stage.y * stage.height / stage.unit - 0.6 * near[..., 0])
    tint = mix(mix(colour("4a6a35"), mood.middle, 0.45), _air(stage), 0.55)
    image = image + (tint * (0.5 + 0.7 * near) - image) * (leaf * np.float32(0.75))[..., None]
    return np.asarray(image, np.float32)


def _bark(stage: Stage, share: float) -> Colour:
    """Of a layer: the air's colour far away (0), its own near (1)."""
    own = mix(mix(colour("2a221b"), stage.mood.deep, 0.45), colour("10140c"), 0.2) * np.float32(0.55)
    return mix(_air(stage) * np.float32(0.75), own, share**0.55)


def _paint_layer(image: Field, gaps: Field, stage: Stage, place: tuple[float, float, float], *, pines: bool) -> None:
    """One depth of trunks with crowns, ground and the mist before it; `place` is depth, eye level and the sun's x."""
    share, eye, sun_x = place
    rng = stage.rng(f"layer {share:.2f}")
    ground_y = eye + (0.015 + 0.42 * share**2.1) * stage.unit
    ground = np.asarray(
        ground_y + wave(rng, stage.width, stage.width * 0.3) * stage.unit * (0.012 + 0.05 * share), np.float32
    )
    trunks = np.zeros(stage.shape, np.float32)
    count = int((26 - 20 * share) * max(stage.width / stage.unit / 1.78, 0.5)) + 2
    for x in _places(rng, count, share):
        thick = stage.unit * (0.005 + 0.052 * share**1.7) * float(rng.lognormal(0, 0.3))
        foot = float(ground[int(np.clip(x, 0, 0.999) * stage.width)]) + thick
        _trunk(trunks, stage, (x * stage.width, foot, thick, share), rng)
    if pines and share < 0.4:
        for _ in range(int(count * 0.8)):
            x = float(rng.uniform(0, 1))
            tall = stage.unit * (0.2 + 0.5 * share) * float(rng.uniform(0.7, 1.3))
            if abs(x - 0.5) > 0.1:
                trees.pine(
                    trunks, rng, (x * stage.width, float(ground[min(int(x * stage.width), stage.width - 1)])), tall
                )
    crown = _crown(stage, rng, share)
    if share < 0.45:
        trunks = blur(trunks, stage.unit * 0.0016 * (0.5 - share))
    bark = _bark(stage, share)
    texture = fbm(rng, stage.shape, stage.unit * (0.01 + 0.03 * share), octaves=4, quick=True, stretch=0.22)
    lay(image, trunks, np.asarray(bark * (1 + np.float32(0.45) * texture)[..., None], np.float32))
    _rim(image, stage, trunks, sun_x, share)
    _soil(image, stage, rng, ground, (share, sun_x))
    leaves = fbm(rng, stage.shape, stage.unit * (0.012 + 0.016 * share), octaves=4, quick=True, gain=0.7)
    near = np.exp(-np.abs(stage.x - (sun_x - stage.width / 2) / stage.unit) * 1.5)
    own = mix(colour("35511f"), stage.mood.shade, 0.4) * np.float32(0.3)
    through = mix(colour("9fb84a"), stage.mood.light, 0.5) * (
        stage.mood.sun * np.float32(0.35) + _air(stage) * np.float32(0.2)
    )
    tint = mix(own, _air(stage) * np.float32(0.7), (1 - share) ** 1.3)
    lit = np.clip(0.25 + 0.75 * leaves, 0, 1) * near * (1 - 0.55 * share)
    lay(image, crown, np.asarray(tint * (1 + 0.55 * leaves)[..., None] + through * lit[..., None], np.float32))
    mask = np.maximum(np.maximum(trunks, crown), trees.floor_of(ground, stage))
    gaps *= 1 - mask * np.float32(0.9)
    thick_mist = (0.5 if stage.scenery.weather is Weather.MIST else 0.26) * (1 - share) ** 0.8
    drift = np.clip(0.6 + 0.6 * fbm(rng, stage.shape, stage.unit * 0.2, octaves=4, quick=True, stretch=3), 0, 1)
    feet = trees.foot_mist(stage, ground, stage.unit * (0.22 + 0.1 * share))
    lay(image, np.asarray(feet * drift * np.float32(thick_mist), np.float32), _air(stage))


def _soil(image: Field, stage: Stage, rng: np.random.Generator, ground: Field, place: tuple[float, float]) -> None:
    """Mossy ground with a fringe of grass; brighter towards the light."""
    share, sun_x = place
    floor = trees.floor_of(ground, stage)
    fringe = np.zeros(stage.shape, np.float32)
    count = int(stage.width / stage.unit * 520)
    x = rng.uniform(0, stage.width, count)
    foot = ground[np.clip(x, 0, stage.width - 1).astype(int)] + 2
    # A third stands on the crest, the rest over the slope before it.
    foot = foot + np.where(rng.uniform(size=count) < 0.35, 0, rng.uniform(0, 0.12 * share + 0.01, count)) * stage.unit
    tall = stage.unit * (0.005 + 0.022 * share**1.5) * rng.lognormal(0, 0.4, count)
    bend = rng.normal(0, 0.4, count) * tall
    low, middle = np.stack([x, foot], 1), np.stack([x + bend * 0.3, foot - tall * 0.6], 1)
    blades = np.stack([low, middle, np.stack([x + bend, foot - tall], 1)], 1)
    lines(fringe, list(blades), max(stage.unit * (0.0007 + 0.0012 * share), 0.6))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    down = np.clip((rows - ground[None, :]) / (stage.unit * 0.2), 0, 1)
    texture = fbm(rng, stage.shape, stage.unit * (0.02 + 0.05 * share), octaves=6, quick=True, gain=0.6, stretch=3.2)
    near = np.exp(-np.abs(stage.x - (sun_x - stage.width / 2) / stage.unit) * 1.3)
    moss = mix(mix(colour("3f4a22"), colour("5a4630"), 0.4), stage.mood.shade, 0.35)
    light = stage.mood.ambient * np.float32(0.45) + (0.1 + 0.55 * near * (1 - down))[..., None] * _air(
        stage
    ) * np.float32(0.7)
    patches = fbm(rng, stage.shape, stage.unit * 0.16, octaves=4, quick=True, stretch=4)
    soil = moss * light * np.clip(1 + 0.6 * texture + 0.5 * patches, 0.25, 2.2)[..., None]
    soil = soil + (_air(stage) * np.float32(0.75) - soil) * np.float32(0.8 * (1 - share) ** 1.5)
    lay(image, floor, np.asarray(soil, np.float32))
    lay(image, fringe, np.asarray(soil * np.float32(0.62), np.float32))


def _rim(image: Field, stage: Stage, mask: Field, sun_x: float, share: float) -> None:
    """The edge that faces the sun catches its light."""
    step = max(round(stage.unit * (0.0012 + 0.0028 * share)), 1)
    left = np.clip(mask - np.roll(mask, step, axis=1), 0, 1)
    right = np.clip(mask - np.roll(mask, -step, axis=1), 0, 1)
    at = np.float32((sun_x - stage.width / 2) / stage.unit)
    to_right = smoothstep(0.08, -0.08, stage.x - at)
    edge = right * to_right + left * (1 - to_right)
    fall = np.exp(-np.abs(stage.x - at) * 1.5) * smoothstep(0.95, 0.3, stage.y)
    light = stage.mood.sun * np.float32(0.5) + _air(stage) * np.float32(0.3)
    lay(
        image,
        np.asarray(blur(edge, step * 0.4) * fall * np.float32(0.75 * (1 - stage.mood.dull)), np.float32),
        np.asarray(light, np.float32),
    )


def _places(rng: np.random.Generator, count: int, share: float) -> list[float]:
    """Shares of the width, evenly scattered; near trunks leave the middle open as a frame."""
    places = [(number + float(rng.uniform(0.1, 0.9))) / count * 1.06 - 0.03 for number in range(count)]
    if share > 0.55:
        open_half = 0.2 + 0.12 * share
        places = [x for x in places if abs(x - 0.5) > open_half] or [0.04, 0.95]
    return places


def _trunk(mask: Field, stage: Stage, form: tuple[float, float, float, float], rng: np.random.Generator) -> None:
    """A trunk (x, foot, thickness, share) with roots and a few boughs."""
    x, foot, thick, share = form
    t = np.linspace(0, 1, 28)
    bend = np.cumsum(rng.normal(0, 0.08, 28)) * thick * 0.7 + float(rng.normal(0, 0.5)) * thick * t * 2
    width = thick * (0.5 + 0.75 * np.exp(-t * 18) - 0.2 * t) * (1 + rng.normal(0, 0.02, 28))
    y = foot - t * (foot + 0.06 * stage.height)
    outline = [np.stack([x + bend - width, y], 1), np.stack([x + bend + width, y], 1)[::-1]]
    polygon(mask, np.concatenate(outline))
    for _ in range(int(rng.integers(1, 4)) if share > 0.25 else 0):
        at = int(rng.integers(10, 24))
        angle = -np.pi / 2 + float(rng.choice([-1, 1])) * float(rng.uniform(0.6, 1.2))
        start = (x + float(bend[at]), float(y[at]))
        trees.bare_branches(mask, rng, start, angle, thick * float(rng.uniform(1.6, 3.4)))


def _crown(stage: Stage, rng: np.random.Generator, share: float) -> Field:
    """Foliage that hangs into the picture from above; nearer layers frame it."""
    y = stage.y * stage.height / stage.unit
    edge = np.abs(stage.x) / (stage.width / stage.unit / 2)
    lumps = fbm(rng, stage.shape, stage.unit * (0.05 + 0.09 * share), octaves=4, quick=True, gain=0.55)
    leaves = fbm(rng, stage.shape, stage.unit * (0.012 + 0.02 * share), octaves=3, quick=True, gain=0.7)
    hang = 0.3 - 0.2 * share + 0.28 * share * edge**2 + 0.16 * lumps - y
    soft = 0.12 - 0.07 * share
    return smoothstep(-soft, soft, hang * 2.2 + 0.2 * leaves + 0.05)


def _floor(image: Field, stage: Stage, eye: float, sun: tuple[float, float]) -> None:
    """A winding path or a stream that leads in, with patches of light."""
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    down = np.clip((rows - eye) / (stage.height - eye), 0, 1)
    rng = stage.rng("floor")
    rough = fbm(rng, stage.shape, stage.unit * 0.05, octaves=5, quick=True, stretch=3)
    light = stage.mood.sun * np.float32(0.25) + _air(stage) * np.float32(0.35)
    spots = smoothstep(0.2, 0.75, fbm(rng, stage.shape, stage.unit * 0.07, octaves=4, quick=True, stretch=4))
    spots *= smoothstep(0.04, 0.2, down) * (1 - 0.6 * down)
    grass = mix(colour("6b7a35"), stage.mood.light, 0.35) * light * np.float32(1.4)
    lay(image, np.asarray(spots * np.float32(0.45), np.float32), np.asarray(grass, np.float32))
    # Even steps on the ground are steps of 1/down on the picture: the bends close up towards the distance.
    away = 1 / np.maximum(down, 0.02)
    swing = float(rng.uniform(0.1, 0.2)) * np.sin(
        np.log(away) * float(rng.uniform(1.8, 2.6)) + float(rng.uniform(0, 6))
    )
    middle = (sun[0] - stage.width / 2) / stage.unit * (1 - down) ** 2 + swing * down**0.7
    half = 0.006 + 0.2 * down**1.25
    strip = smoothstep(1.15, 0.7, np.abs(stage.x - middle) / half + 0.22 * rough) * smoothstep(0.02, 0.12, down)
    if stage.has("a quiet stream"):
        _stream(image, stage, (eye, rough), np.asarray(strip, np.float32))
    elif stage.has("a winding path") or stage.chance("path", 0.4):
        grain = fbm(rng, stage.shape, stage.unit * 0.015, octaves=4, quick=True, stretch=2.5)
        earth = mix(colour("9a8058"), stage.mood.light, 0.3)
        dapple = 0.45 + 0.75 * spots + 0.3 * rough + 0.25 * grain
        paint = earth * light * np.clip(dapple, 0.2, 1.5)[..., None] * (1.15 - 0.4 * down[..., None])
        lay(image, np.asarray(strip * np.float32(0.85), np.float32), np.asarray(paint, np.float32))


def _stream(image: Field, stage: Stage, place: tuple[float, Field], strip: Field) -> None:
    """Water that mirrors the trunks behind it."""
    eye, rough = int(place[0]), place[1]
    mirror = cv2.resize(cv2.flip(image[:eye], 0), (stage.width, stage.height - eye))
    shift = rough[eye:] * np.float32(stage.unit * 0.02)
    x = np.arange(stage.width, dtype=np.float32)[None, :] + shift
    y = np.arange(mirror.shape[0], dtype=np.float32)[:, None] + shift
    seen = np.zeros_like(image)
    seen[eye:] = cv2.remap(mirror, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    glints = smoothstep(0.45, 0.9, rough)[..., None] * _air(stage) * np.float32(0.25)
    lay(image, strip, seen * np.float32(0.85) + _air(stage) * np.float32(0.06) + glints)


def _mushrooms(image: Field, stage: Stage, eye: float) -> None:
    """Caps that glow in the palette's light."""
    rng = stage.rng("mushrooms")
    glow = mix(stage.mood.light, stage.mood.middle, 0.35)
    for _ in range(16):
        depth = float(rng.uniform(0.25, 1)) ** 0.8
        x = float(rng.choice([rng.uniform(0.02, 0.36), rng.uniform(0.64, 0.98)])) * stage.width
        y = eye + (stage.height - eye) * (0.12 + 0.84 * depth)
        size = stage.unit * 0.028 * depth * float(rng.uniform(0.6, 1.4))
        stalk, cap = np.zeros(stage.shape, np.float32), np.zeros(stage.shape, np.float32)
        polygon(
            stalk,
            [
                (x - size * 0.16, y),
                (x - size * 0.1, y - size * 1.5),
                (x + size * 0.1, y - size * 1.5),
                (x + size * 0.16, y),
            ],
        )
        angle = np.linspace(np.pi, 2 * np.pi, 20)
        polygon(cap, np.stack([x + np.cos(angle) * size, y - size * 1.35 + np.sin(angle) * size * 0.75], 1))
        lay(image, stalk, glow * np.float32(0.5))
        lay(image, cap, glow * np.float32(1.3))
        shine(image, stage, (x, y - size), size * 1.5, glow * np.float32(0.22))


def _ferns(image: Field, stage: Stage) -> None:
    """Dark fronds in the lower corners."""
    rng = stage.rng("ferns")
    mask = np.zeros(stage.shape, np.float32)
    for _ in range(15):
        side = float(rng.choice([-1, 1]))
        foot = np.array(
            [stage.width * (0.5 + side * float(rng.uniform(0.3, 0.54))), stage.height * float(rng.uniform(0.99, 1.08))]
        )
        for _ in range(int(rng.integers(4, 8))):
            angle = -np.pi / 2 + float(rng.normal(0, 0.6))
            _frond(mask, rng, foot, angle, stage.unit * float(rng.uniform(0.12, 0.3)))
    leaf = mix(mix(colour("22351a"), stage.mood.deep, 0.4) * np.float32(0.35), _air(stage), 0.04)
    lay(image, mask, leaf)


def _frond(mask: Field, rng: np.random.Generator, foot: Field, angle: float, length: float) -> None:
    curl = float(rng.normal(0, 0.7)) + (0.5 if np.cos(angle) > 0 else -0.5)
    angles = angle + curl * np.linspace(0, 1, 16) ** 2
    points = foot + np.cumsum(np.stack([np.cos(angles), np.sin(angles)], 1) * length / 16, axis=0)
    lines(mask, [points], max(length * 0.012, 0.7))
    for step in range(2, 16):
        leaf = length * 0.2 * np.sin(np.pi * (0.12 + 0.88 * (step / 16)) ** 0.8)
        for way in (-1, 1):
            turn = angles[step] + way * 1.1
            tip = points[step] + np.array([np.cos(turn), np.sin(turn)]) * leaf
            side = np.array([np.cos(angles[step]), np.sin(angles[step])]) * length * 0.028
            polygon(mask, [tuple(points[step] - side), tuple(tip), tuple(points[step] + side)])


def _sunbeams(image: Field, stage: Stage, gaps: Field, sun: tuple[float, float]) -> None:
    """Shafts through the gaps between trunks and leaves."""
    named = stage.has("sunbeams")
    strength = {TimeOfDay.NIGHT: 0.3, TimeOfDay.DUSK: 0.5}.get(stage.scenery.time_of_day, 1.0) * (
        1 - stage.mood.dull * 0.7
    )
    away = np.hypot(stage.x - (sun[0] - stage.width / 2) / stage.unit, (stage.y * stage.height - sun[1]) / stage.unit)
    source = (
        gaps
        * np.exp(-away * 3.2)
        * (0.5 + 0.9 * smoothstep(-0.1, 0.5, fbm(stage.rng("gaps"), stage.shape, stage.unit * 0.03, octaves=3)))
    )
    shafts = rays(np.asarray(source, np.float32), sun, 0.85)
    image += (
        shafts[..., None]
        * (stage.mood.sun + _air(stage) * np.float32(0.5))
        * np.float32(strength * (1.7 if named else 0.75))
    )


def fireflies(image: Field, stage: Stage, *, low: float, high: float) -> None:
    """Warm points of light between two rows, some out of focus."""
    rng = stage.rng("fireflies")
    warm = mix(colour("e8ff6a"), stage.mood.accent, 0.35)
    for _ in range(70):
        size = stage.unit * 0.0016 * float(rng.lognormal(0, 0.5))
        at = (float(rng.uniform(0, stage.width)), float(rng.uniform(low, high)))
        shine(image, stage, at, max(size, 0.5), warm * np.float32(rng.uniform(0.6, 2.4)))
