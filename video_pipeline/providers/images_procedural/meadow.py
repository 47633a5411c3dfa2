"""Owns meadows; hides their making."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from video_pipeline.domain.scenery import Weather
from video_pipeline.providers.images_procedural import props, terrain, trees
from video_pipeline.providers.images_procedural.forest import fireflies
from video_pipeline.providers.images_procedural.light import lay, lines, polygon
from video_pipeline.providers.images_procedural.mountains import Range, light_of, paint_range
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_meadow(stage: Stage) -> Field:
    """Rolling hills, grass and flowers near the eye."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.4, 0.56))
    sky = paint_sky(stage, horizon)
    image = sky.image.copy()
    if rng.uniform() < 0.55:
        paint_range(
            image,
            stage,
            sky,
            Range(horizon=horizon, eye=0.05, tall=float(rng.uniform(0.1, 0.2)), near_drop=0.2, thick=1.25, focus=1.2),
        )
    view = _hills(image, stage, sky, horizon)
    if stage.has("a windmill"):
        _windmill(image, stage, sky, view)
    if stage.has("a lone tree"):
        _tree(image, stage, sky, view)
    if stage.has("a wooden fence"):
        fence(image, stage, stage.height * float(rng.uniform(0.78, 0.86)))
    _grass(image, stage, sky)
    if stage.has("fireflies"):
        fireflies(image, stage, low=stage.height * horizon, high=stage.height * 0.95)
    return image


def _hills(image: Field, stage: Stage, sky: Sky, horizon: float) -> terrain.View:
    """Grassy hills with woods far away and a path."""
    rng, mood = stage.rng("hills"), stage.mood
    heights: Field = terrain.hills_map(rng, cell=float(rng.uniform(0.3, 0.46)), gain=0.26) * np.float32(
        rng.uniform(0.06, 0.11)
    )
    x, z = terrain.grid()
    deep = z * np.ones_like(x)
    heights = heights * (0.2 + smoothstep(0.05, 0.5, deep))
    woods = smoothstep(0.58, 0.66, terrain.hills_map(rng, cell=0.14, gain=0.55)) * smoothstep(0.2, 0.34, deep)
    crowns = np.abs(fbm(rng, heights.shape, 5, octaves=2)) * 1.4
    raised = np.asarray(heights + woods * (0.5 + crowns) * 0.0045, np.float32)
    camera = terrain.Camera(eye=float(rng.uniform(0.06, 0.09)), horizon=horizon, focus=1.1, near=0.02)
    view = terrain.look(stage, raised, camera)
    lx, ly, lz = light_of(stage, sky)
    facing, open_sky = terrain.sunlight(raised, (lx, ly * 0.8, lz), relief=1.5)
    fine = terrain.detail(rng, view, 20)
    patches = terrain.at(np.asarray(fbm(rng, heights.shape, terrain.SIDE * 0.1, octaves=5), np.float32), view)
    wood = terrain.at(np.asarray(woods, np.float32), view)[..., None]
    grass = mix(mix(colour("5f8a2c"), colour("93a845"), 0.4), mood.middle, 0.2)
    dry = mix(colour("c8b060"), mood.light, 0.25)
    ground = grass + (dry - grass) * smoothstep(-0.1, 0.9, patches)[..., None] * np.float32(0.55)
    ground = ground * (1 + 0.2 * fine)[..., None]
    if stage.has("a winding path"):
        ground = _path(ground, stage, view)
    ground = ground + (mix(colour("2f4a22"), mood.shade, 0.25) * (0.8 + 0.4 * fine)[..., None] - ground) * wood
    facing_sun = terrain.at(facing, view)[..., None]
    light = facing_sun * mood.sun * np.float32(1.15) + terrain.at(open_sky, view)[
        ..., None
    ] * mood.ambient * np.float32(1.1)
    if stage.scenery.weather is Weather.SNOW:
        ground = ground + (colour("dfe6ee") - ground) * np.float32(0.8)
    ground = terrain.air(np.asarray(ground * light, np.float32), view, stage, thick=0.95, sun_x=sky.sun[0], low=0.3)
    lay(image, view.cover, ground)
    return view


def _path(ground: Field, stage: Stage, view: terrain.View) -> Field:
    rng = stage.rng("path")
    bend = 0.05 * np.sin(view.z * float(rng.uniform(9, 15)) + float(rng.uniform(0, 6))) * smoothstep(0.0, 0.25, view.z)
    away = np.abs(view.x - 0.5 - bend - float(rng.uniform(-0.012, 0.012)))
    edge = smoothstep(0.0085, 0.0055, away)[..., None]
    earth = mix(colour("c2a67c"), stage.mood.light, 0.25)
    return np.asarray(ground + (earth - ground) * edge, np.float32)


def _ground_row(view: terrain.View, column: int, distance: float) -> float:
    """The row at which `column` shows ground about `distance` away."""
    seen = (view.cover[:, column] > 0.9) & (view.distance[:, column] < distance)
    return float(np.argmax(seen)) if seen.any() else float(len(seen) * 0.8)


def _tree(image: Field, stage: Stage, sky: Sky, view: terrain.View) -> None:
    """One broad tree on a third, with its shadow."""
    rng, mood = stage.rng("tree"), stage.mood
    share = 0.7 if sky.sun[0] < stage.width / 2 else 0.3
    x = stage.width * (share + float(rng.uniform(-0.06, 0.06)))
    y = _ground_row(view, int(x), float(rng.uniform(0.07, 0.12)))
    tall = stage.unit * float(rng.uniform(0.34, 0.52))
    side = 1.0 if sky.sun[0] > x else -1.0
    mask, lit = trees.leaf_tree(stage, rng, (x, y), tall, side)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    shadow = np.exp(
        -(((stage.x * stage.unit + stage.width / 2 - x + side * tall * 0.25) / (tall * 0.42)) ** 2)
        - ((rows - y) / (tall * 0.05)) ** 2
    )
    lay(image, np.asarray(shadow * np.float32(0.55), np.float32), mood.deep * np.float32(0.3))
    leaf = mix(colour("50702c"), mood.middle, 0.32)
    if stage.chance("blossom", 0.25):
        leaf = mix(colour("d98fa5"), mood.light, 0.4)
    dark = leaf * np.float32(0.3)
    paint = dark * (mood.ambient + 0.05) + leaf * (lit[..., None] ** 1.2) * (
        mood.sun * np.float32(1.1) + mood.ambient * np.float32(0.9)
    )
    lay(image, mask, np.asarray(paint, np.float32))


def _windmill(image: Field, stage: Stage, sky: Sky, view: terrain.View) -> None:
    rng, mood = stage.rng("windmill"), stage.mood
    x = stage.width * (0.3 if sky.sun[0] > stage.width / 2 else 0.68)
    tall = stage.unit * float(rng.uniform(0.13, 0.2))
    y = _ground_row(view, int(x), 0.3) + tall * 0.06
    tower, cap, sails = props.empty(stage), props.empty(stage), props.empty(stage)
    polygon(
        tower,
        [
            (x - tall * 0.2, y),
            (x - tall * 0.12, y - tall * 0.8),
            (x + tall * 0.12, y - tall * 0.8),
            (x + tall * 0.2, y),
        ],
    )
    polygon(cap, [(x - tall * 0.15, y - tall * 0.78), (x, y - tall), (x + tall * 0.15, y - tall * 0.78)])
    turn = float(rng.uniform(0.1, 1.4))
    hub = np.array([x, y - tall * 0.82])
    for quarter in range(4):
        along = np.array([np.cos(turn + quarter * np.pi / 2), np.sin(turn + quarter * np.pi / 2)])
        out = np.array([-along[1], along[0]])
        lines(sails, [np.array([hub, hub + along * tall * 0.75])], max(tall * 0.018, 0.8))
        for step in np.linspace(0.2, 0.75, 8):
            lines(
                sails,
                [np.array([hub + along * tall * step, hub + along * tall * step + out * tall * 0.13])],
                max(tall * 0.01, 0.6),
            )
        polygon(
            sails,
            [
                tuple(hub + along * tall * a + out * tall * b)
                for a, b in ((0.2, 0), (0.75, 0), (0.75, 0.13), (0.2, 0.13))
            ],
            0.6,
        )
    light = mood.ambient + mood.sun * np.float32(0.5)
    shade = np.clip(
        0.6 + (stage.x * stage.unit + stage.width / 2 - x) / (tall * 0.2) * (0.4 if sky.sun[0] > x else -0.4), 0.15, 1
    )[..., None]
    stone = mix(colour("e6ddcb"), mood.light, 0.3)
    lay(
        image,
        tower,
        np.asarray(
            mix(mood.fog, mood.fog, 0) * np.float32(0.12)
            + stone * light * shade * np.ones((stage.height, 1, 1), np.float32),
            np.float32,
        ),
    )
    lay(image, cap, np.asarray(mix(colour("6b3a2a"), mood.shade, 0.3) * light, np.float32))
    lay(image, sails, mix(mood.deep, mood.fog, 0.12))


def fence(image: Field, stage: Stage, row: float) -> None:
    """Posts and rails across the foreground at about pixel row `row`."""
    rng, mood = stage.rng("fence"), stage.mood
    mask = props.empty(stage)
    drop = float(rng.uniform(-0.05, 0.05)) * stage.height
    gap = stage.unit * 0.16
    x = -gap * float(rng.uniform(0, 1))
    tops = []
    while x < stage.width + gap:
        y = row + drop * (x / stage.width - 0.5) + float(rng.normal(0, 0.004)) * stage.unit
        tall, wide = stage.unit * 0.12, stage.unit * 0.0085
        lean = float(rng.normal(0, 0.05)) * tall
        polygon(
            mask,
            [
                (x - wide, y + tall * 0.7),
                (x - wide + lean, y - tall * 0.45),
                (x + wide + lean, y - tall * 0.47),
                (x + wide, y + tall * 0.7),
            ],
        )
        tops.append((x, y))
        x += gap
    for offset in (-0.028, 0.02):
        for (ax, ay), (bx, by) in pairwise(tops):
            sag = [float(rng.normal(0, 0.0035)) * stage.unit for _ in range(2)]
            wide = stage.unit * 0.0055
            polygon(
                mask,
                [
                    (ax, ay + offset * stage.unit - wide + sag[0]),
                    (bx, by + offset * stage.unit - wide + sag[1]),
                    (bx, by + offset * stage.unit + wide + sag[1]),
                    (ax, ay + offset * stage.unit + wide + sag[0]),
                ],
            )
    wood = mix(colour("5a4632"), mood.shade, 0.35) * (
        mood.ambient * np.float32(0.75) + mood.sun * np.float32(0.16) + np.float32(0.006)
    )
    grain = fbm(rng, stage.shape, stage.unit * 0.01, stretch=5, octaves=3)
    lay(image, mask, np.asarray(wood * (1 + 0.35 * grain)[..., None], np.float32))


def _grass(image: Field, stage: Stage, sky: Sky) -> None:
    """Blades before the eye, and flowers among them, the nearest out of focus."""
    rng, mood = stage.rng("grass"), stage.mood
    ground = (stage.height * (0.84 + 0.035 * wave(rng, stage.width, stage.width * 0.4))).astype(np.float32)
    near = np.exp(-np.abs(stage.x - (sky.sun[0] - stage.width / 2) / stage.unit) * 1.4)[..., None]
    count = int(900 * stage.width / stage.unit)
    wash = smoothstep(
        -0.05 * stage.unit, 0.1 * stage.unit, np.arange(stage.height, dtype=np.float32)[:, None] - ground[None, :]
    )
    base = mix(colour("35491c"), mood.shade, 0.35)
    lay(
        image,
        wash * np.float32(0.75),
        np.asarray(base * (mood.ambient * np.float32(0.6) + mood.sun * np.float32(0.1)), np.float32),
    )
    masks = trees.grass(stage, rng, ground, tall=stage.unit * 0.075, count=count, groups=5)
    tips = 1.25 - 0.75 * smoothstep(0.82, 1.0, stage.y)[..., None]
    flowers = stage.has("wildflowers") or stage.chance("flowers", 0.35)
    for number, mask in enumerate(masks):
        tone = 0.35 + 0.2 * number
        tint = mix(mix(colour("46601f"), mood.shade, 0.3), mix(colour("a8b450"), mood.light, 0.3), number / 5)
        paint = tint * (
            mood.ambient * np.float32(tone) + mood.sun * (np.float32(0.15 * tone) + near * np.float32(0.42 * tone))
        )
        lay(image, mask, np.asarray(paint * tips, np.float32))
        if flowers:
            _flowers(image, stage, rng, number)


def _flowers(image: Field, stage: Stage, rng: np.random.Generator, layer: int) -> None:
    """Blossoms of a few kinds; the last layer is large and soft."""
    mood = stage.mood
    kinds = [mix(colour(code), mood.light, 0.3) for code in ("e8443f", "f3c33c", "f4f0ea", "9b6bd6", "ef8fb4")]
    first, second = rng.choice(len(kinds), 2, replace=False)
    soft = layer == 4
    light = mood.ambient + mood.sun * np.float32(0.5) + np.float32(0.015)
    for paint in (kinds[first], kinds[second]):
        mask, heart = props.empty(stage), props.empty(stage)
        for _ in range(10 if soft else 46):
            depth = float(rng.uniform())
            x, y = float(rng.uniform(0, stage.width)), stage.height * (0.8 + 0.045 * layer + 0.05 * depth)
            size = stage.unit * (0.0028 + 0.0019 * layer) * float(rng.uniform(0.7, 1.4)) * (2.2 if soft else 1)
            turn = float(rng.uniform(0, 6))
            petals = np.linspace(0, 2 * np.pi, 30)
            reach = size * (0.72 + 0.28 * np.cos(petals * 5 + turn))
            polygon(mask, np.stack([x + np.cos(petals) * reach, y + np.sin(petals) * reach * 0.72], 1))
            polygon(heart, np.stack([x + np.cos(petals) * size * 0.24, y + np.sin(petals) * size * 0.2], 1))
        if soft:
            mask, heart = blur(mask, stage.unit * 0.006), blur(heart, stage.unit * 0.006)
        lay(image, mask, np.asarray(paint * light, np.float32))
        lay(image, heart, np.asarray(colour("f0c040") * light * np.float32(0.8), np.float32))
