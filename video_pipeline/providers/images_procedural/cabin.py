"""Owns the winter cabin; hides its making."""

from __future__ import annotations

import numpy as np

from video_pipeline.domain.scenery import TimeOfDay, Weather
from video_pipeline.providers.images_procedural import props, trees
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.meadow import fence
from video_pipeline.providers.images_procedural.mountains import Range, paint_range
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix
from video_pipeline.providers.images_procedural.water import mirror


def paint_winter_cabin(stage: Stage) -> Field:
    """A cabin with lit windows in the snow."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.44, 0.56))
    sky = paint_sky(stage, horizon)
    image = sky.image.copy()
    paint_range(
        image,
        stage,
        sky,
        Range(
            horizon=horizon,
            eye=0.05,
            tall=float(rng.uniform(0.16, 0.3)),
            near_drop=0.25,
            snow=0.2,
            focus=1.25,
            thick=1.0,
        ),
    )
    for depth in (0, 1, 2):
        _wood(image, stage, horizon, depth)
    ground = _snow(image, stage, sky, horizon)
    side = float(rng.choice([-1, 1]))
    x = stage.width * (0.5 + side * float(rng.uniform(0.1, 0.2)))
    size = stage.unit * float(rng.uniform(0.3, 0.4))
    y = float(ground[int(np.clip(x, 0, stage.width - 1))]) + size * 0.24
    if stage.has("a frozen lake"):
        _ice(image, stage, sky, y + size * 0.14)
    cabin = (x, y, size)
    _cabin(image, stage, cabin, side)
    if stage.has("a wooden fence"):
        fence(image, stage, stage.height * 0.88)
    _framing_pines(image, stage, side)
    return image


def _snow_colour(stage: Stage) -> Colour:
    return mix(colour("e6ecf5"), stage.mood.glow, 0.25)


def _wood(image: Field, stage: Stage, horizon: float, depth: int) -> None:
    """Rows of firs between mountains and clearing."""
    rng, mood = stage.rng(f"wood {depth}"), stage.mood
    base = (horizon + 0.012 + 0.035 * depth) * stage.height + wave(
        rng, stage.width, stage.width * 0.3
    ) * stage.unit * 0.012
    tall = stage.unit * (0.07 + 0.065 * depth)
    mask = trees.pine_row(
        stage, rng, base.astype(np.float32), tall=tall, count=int(stage.width / stage.unit * (56 - 15 * depth))
    )
    paint = mix(
        mix(colour("1d2b26"), mood.shade, 0.35) * np.float32(0.55), mood.fog, 0.6 - 0.2 * depth + 0.2 * mood.dull
    )
    lay(image, mask, paint)
    if stage.has("snowy pines") or stage.scenery.weather is Weather.SNOW:
        dust = mask * smoothstep(0.05, 0.5, fbm(rng, stage.shape, stage.unit * 0.012, octaves=4, stretch=2))
        lay(
            image,
            np.asarray(dust * np.float32(0.5), np.float32),
            np.asarray(_snow_colour(stage) * (mood.ambient + mood.sun * 0.25 + mood.fog * 0.2), np.float32),
        )
    mist = trees.foot_mist(stage, base.astype(np.float32), tall * 0.8)
    lay(image, mist * np.float32(0.35), mood.fog)


def _snow(image: Field, stage: Stage, sky: Sky, horizon: float) -> Field:
    """Drifts in three steps; returns the rows of the middle one, where the cabin stands."""
    mood = stage.mood
    middle = np.zeros(stage.width, np.float32)
    for depth in (0, 1, 2):
        rng = stage.rng(f"drift {depth}")
        top = (horizon + 0.08 + 0.13 * depth) * stage.height + wave(
            rng, stage.width, stage.width * 0.45, octaves=3, gain=0.35
        ) * stage.unit * (0.02 + 0.02 * depth)
        rows = np.arange(stage.height, dtype=np.float32)[:, None]
        down = np.clip((rows - top[None, :]) / (stage.unit * 0.3), 0, 1)
        relief = fbm(rng, stage.shape, stage.unit * 0.16, octaves=6, gain=0.42, stretch=2.6)
        gx = np.gradient(relief, axis=1) * stage.unit * (0.06 if sky.sun[0] < stage.width / 2 else -0.06)
        lit = np.clip(0.5 + gx - 0.25 * down + 0.25 * np.exp(-down * 14), 0, 1.2)[..., None]
        cool = mood.ambient * np.float32(1.15) + mood.sky_middle * np.float32(0.18)
        paint = _snow_colour(stage) * (cool + mood.sun * lit * np.float32(0.42))
        paint = paint + (mood.fog - paint) * np.float32(0.34 - 0.15 * depth)
        sparkle = stage.rng(f"sparkle {depth}").random(stage.shape, dtype=np.float32) > 0.9993
        paint = paint + sparkle[..., None] * mood.sun * np.float32(0.4)
        lay(image, trees.floor_of(top.astype(np.float32), stage), np.asarray(paint, np.float32))
        if depth == 1:
            middle = top.astype(np.float32)
    return middle


def _ice(image: Field, stage: Stage, sky: Sky, row: float) -> None:
    """A frozen lake before the cabin: a dull mirror with cracks and blown snow."""
    rng = stage.rng("ice")
    edge = row + wave(rng, stage.width, stage.width * 0.3, octaves=4) * stage.unit * 0.012
    mask = trees.floor_of(np.asarray(edge, np.float32), stage)
    shore = np.asarray(edge, np.float32)
    mirror(
        image,
        mask,
        stage,
        shore=shore,
        horizon=row - stage.unit * 0.1,
        sun=sky.sun,
        rough=0.16,
        body=mix(stage.mood.sky_middle, stage.mood.fog, 0.5) * np.float32(0.5),
    )
    snow = smoothstep(0.1, 0.6, fbm(rng, stage.shape, stage.unit * 0.12, octaves=6, gain=0.6, stretch=5)) * mask
    lay(
        image,
        np.asarray(snow * np.float32(0.55), np.float32),
        np.asarray(_snow_colour(stage) * (stage.mood.ambient + stage.mood.sun * np.float32(0.2)), np.float32),
    )


def _cabin(image: Field, stage: Stage, cabin: tuple[float, float, float], side: float) -> None:
    """Log walls, a snowy roof, lit windows; seen a little from the side."""
    x, y, size = cabin
    mood = stage.mood
    lamp = mix(colour("ffb054"), mood.accent, 0.3)
    evening = {TimeOfDay.DAY: 0.5, TimeOfDay.DAWN: 0.8, TimeOfDay.GOLDEN_HOUR: 0.8}.get(stage.scenery.time_of_day, 1.25)
    wood = mix(colour("6a4529"), mood.shade, 0.15)
    light = mood.ambient * np.float32(0.9) + mood.sun * np.float32(0.22) + lamp * np.float32(0.05 * evening)
    turn = -side  # the gable looks to the middle of the picture

    def at(u: float, v: float) -> tuple[float, float]:
        return x + turn * u * size, y - v * size

    for corners, tone, name in (
        ([(-0.75, -0.02), (-0.75, 0.4), (0.1, 0.4), (0.1, -0.05)], 0.62, "long wall"),
        ([(0.1, -0.05), (0.1, 0.4), (0.36, 0.74), (0.62, 0.4), (0.62, -0.02)], 1.0, "gable"),
    ):
        mask = props.empty(stage)
        polygon(mask, [at(*corner) for corner in corners])
        rows = (y - np.arange(stage.height, dtype=np.float32)[:, None]) / np.float32(size)
        logs = np.abs(np.sin(rows * np.float32(np.pi / 0.055))) ** 0.5
        grain = fbm(stage.rng(name), stage.shape, stage.unit * 0.006, stretch=8, octaves=3)
        lay(
            image,
            mask,
            np.asarray(
                wood * light * ((0.35 + 0.65 * logs) * (1 + 0.25 * grain))[..., None] * np.float32(tone), np.float32
            ),
        )
    if stage.chance("chimney", 0.9) or stage.has("chimney smoke"):
        _chimney(image, stage, at(-0.42, 0.66), size)
    _roof(image, stage, at)
    _windows(image, stage, cabin, turn, lamp * np.float32(evening))
    _banked_snow(image, stage, at)
    if stage.has("string lights"):
        _string_lights(image, stage, at, size)


def _roof(image: Field, stage: Stage, at: object) -> None:
    assert callable(at)
    mood = stage.mood
    snow = _snow_colour(stage)
    # In the dark the roof catches more of the sky than the ground does, or it would melt into the ground behind it.
    cool = mood.ambient * np.float32(1.2 + 1.1 * mood.darkness) + mood.sky_middle * np.float32(0.2)
    under = props.empty(stage)
    polygon(
        under,
        [
            at(-0.84, 0.37),
            at(0.06, 0.37),
            at(0.36, 0.77),
            at(0.72, 0.33),
            at(0.69, 0.29),
            at(0.36, 0.7),
            at(0.08, 0.33),
            at(-0.84, 0.32),
        ],
    )
    lay(image, under, mix(colour("2a1a10"), mood.deep, 0.4) * np.float32(0.5))
    plane = props.empty(stage)
    polygon(
        plane,
        [
            at(-0.86, 0.37),
            at(-0.82, 0.43),
            at(-0.52, 0.84),
            at(-0.46, 0.88),
            at(0.3, 0.88),
            at(0.38, 0.84),
            at(0.36, 0.78),
            at(0.07, 0.36),
        ],
    )
    lay(image, blur(plane, stage.unit * 0.0012), np.asarray(snow * (cool + mood.sun * np.float32(0.28)), np.float32))
    edge = props.empty(stage)
    polygon(
        edge,
        [at(0.3, 0.88), at(0.38, 0.9), at(0.46, 0.82), at(0.76, 0.38), at(0.75, 0.32), at(0.7, 0.32), at(0.36, 0.78)],
    )
    lay(
        image,
        blur(edge, stage.unit * 0.0012),
        np.asarray(snow * (cool * np.float32(0.85) + mood.sun * np.float32(0.16)), np.float32),
    )


def _windows(image: Field, stage: Stage, cabin: tuple[float, float, float], turn: float, lamp: Colour) -> None:
    x, y, size = cabin
    panes, bars, frames = props.empty(stage), props.empty(stage), props.empty(stage)
    boxes = [(-0.6, 0.13, 0.17, 0.17), (-0.27, 0.13, 0.17, 0.17), (0.42, 0.13, 0.13, 0.17), (0.31, 0.47, 0.1, 0.12)]
    for u, v, wide, tall in boxes:
        corner = [
            (x + turn * (u + du) * size, y - (v + dv) * size) for du, dv in ((0, 0), (wide, 0), (wide, tall), (0, tall))
        ]
        polygon(panes, corner)
        lines(frames, [np.array([*corner, corner[0]])], size * 0.016)
        cx, cy = x + turn * (u + wide / 2) * size, y - (v + tall / 2) * size
        lines(
            bars,
            [
                np.array([(cx, cy - tall / 2 * size), (cx, cy + tall / 2 * size)]),
                np.array([(cx - wide / 2 * size, cy), (cx + wide / 2 * size, cy)]),
            ],
            size * 0.011,
        )
    door = props.empty(stage)
    polygon(
        door, [(x + turn * u * size, y - v * size) for u, v in ((0.2, -0.04), (0.2, 0.29), (0.35, 0.29), (0.35, -0.04))]
    )
    lay(image, door, mix(colour("3a2113"), stage.mood.shade, 0.2) * np.float32(0.35) + lamp * np.float32(0.02))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    fall = 0.8 + 0.5 * np.clip((rows - y + 0.3 * size) / (0.3 * size), 0, 1)
    lay(
        image,
        panes,
        np.asarray(lamp * (fall * np.ones(stage.shape, np.float32))[..., None] * np.float32(1.5), np.float32),
    )
    lay(image, np.maximum(bars, frames), mix(colour("2e1b10"), stage.mood.deep, 0.3) * np.float32(0.35))
    for u, v, wide, tall in boxes:
        cx, cy = x + turn * (u + wide / 2) * size, y - (v + tall / 2) * size
        shine(image, stage, (cx, cy), size * 0.16, lamp * np.float32(0.13))
    for u, reach in ((-0.5, 0.3), (-0.2, 0.3), (0.48, 0.24)):
        columns = stage.x * stage.unit + stage.width / 2 - (x + turn * (u + 0.02) * size)
        down = (rows - y - 0.02 * size) / np.float32(size)
        pool = (
            np.exp(-((columns / (size * (0.14 + 0.35 * np.clip(down, 0, 1)))) ** 2))
            * smoothstep(0, 0.05, down)
            * np.exp(-np.maximum(down, 0) / reach)
        )
        image += pool[..., None] * lamp * np.float32(0.28)


def _banked_snow(image: Field, stage: Stage, at: object) -> None:
    """Snow heaped against the walls."""
    assert callable(at)
    rng = stage.rng("bank")
    mask = props.empty(stage)
    steps = np.linspace(-0.95, 0.85, 40)
    heap = 0.03 + 0.02 * wave(rng, 40, 9, octaves=3)
    polygon(mask, [*(at(float(u), float(h)) for u, h in zip(steps, heap, strict=True)), at(0.9, -0.1), at(-1.0, -0.1)])
    cool = (
        stage.mood.ambient * np.float32(1.1)
        + stage.mood.sky_middle * np.float32(0.16)
        + stage.mood.sun * np.float32(0.16)
    )
    soft = blur(mask, stage.unit * 0.004)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    lay(
        image,
        soft * smoothstep(at(0, -0.09)[1], at(0, -0.02)[1], rows),
        mix(np.asarray(_snow_colour(stage) * cool, np.float32), stage.mood.fog, 0.22),
    )


def _chimney(image: Field, stage: Stage, top: tuple[float, float], size: float) -> None:
    x, y = top
    stone, cap = props.empty(stage), props.empty(stage)
    wide, tall = size * 0.065, size * 0.36
    polygon(stone, [(x - wide, y + size * 0.1), (x - wide, y - tall), (x + wide, y - tall), (x + wide, y + size * 0.1)])
    polygon(
        cap,
        [
            (x - wide * 1.2, y - tall),
            (x - wide, y - tall * 1.12),
            (x + wide, y - tall * 1.12),
            (x + wide * 1.2, y - tall),
        ],
    )
    texture = fbm(stage.rng("stone"), stage.shape, stage.unit * 0.014, octaves=3, stretch=1.6)
    grey = mix(colour("6d655e"), stage.mood.shade, 0.3) * (stage.mood.ambient + stage.mood.sun * np.float32(0.2))
    lay(image, stone, np.asarray(grey * (1 + 0.5 * texture)[..., None], np.float32))
    lay(
        image,
        cap,
        np.asarray(
            _snow_colour(stage) * (stage.mood.ambient * np.float32(1.2) + stage.mood.sun * np.float32(0.3)), np.float32
        ),
    )
    if not stage.has("chimney smoke"):
        return
    rng = stage.rng("smoke")
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    up = (y - tall * 1.1 - rows) / np.float32(stage.unit)
    drift = float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.4))
    curl = fbm(rng, stage.shape, stage.unit * 0.1, octaves=5, gain=0.55)
    centre = x / stage.unit + drift * np.maximum(up, 0) ** 1.4 + curl * np.clip(up, 0, 0.4) * 0.25
    width = 0.012 + 0.12 * np.clip(up, 0, 1)
    across = (stage.x + stage.width / 2 / stage.unit - centre) / width
    smoke = (
        np.exp(-across * across)
        * smoothstep(0, 0.02, up)
        * np.exp(-np.maximum(up, 0) * 3.6)
        * np.clip(0.75 + 0.5 * curl, 0, 1.2)
    )
    lay(
        image,
        np.asarray(np.clip(smoke * 0.75, 0, 1), np.float32),
        mix(stage.mood.fog, stage.mood.glow, 0.3) * np.float32(0.9),
    )


def _string_lights(image: Field, stage: Stage, at: object, size: float) -> None:
    assert callable(at)
    warm = (colour("ffc070"), stage.mood.accent, stage.mood.light)
    for start, end, count in (
        ((-0.85, 0.36), (0.07, 0.36), 14),
        ((0.07, 0.35), (0.36, 0.74), 9),
        ((0.36, 0.74), (0.72, 0.32), 9),
    ):
        for number, t in enumerate(np.linspace(0, 1, count)):
            u, v = (
                start[0] + (end[0] - start[0]) * t,
                start[1] + (end[1] - start[1]) * t - 0.02 * np.sin(np.pi * t * count / 2) ** 2,
            )
            shine(image, stage, at(float(u), float(v)), max(size * 0.007, 0.8), warm[number % 3] * np.float32(2.2))


def _framing_pines(image: Field, stage: Stage, side: float) -> None:
    """Big snowy firs at the edges."""
    rng, mood = stage.rng("frame"), stage.mood
    for number, (edge, tall) in enumerate(((side, 1.0), (side, 0.7), (-side, 0.85))):
        mask = props.empty(stage)
        x = stage.width * (0.5 + edge * (0.47 - 0.1 * (number == 1) + float(rng.uniform(-0.02, 0.03))))
        trees.pine(
            mask,
            rng,
            (x, stage.height * (1.03 - 0.06 * (number == 1))),
            stage.unit * tall * float(rng.uniform(0.85, 1.05)),
        )
        lay(image, mask, mix(mix(colour("16221d"), mood.shade, 0.3) * np.float32(0.35), mood.fog, 0.06))
        step = max(int(stage.unit * 0.004), 1)
        open_above = np.clip(mask - np.roll(mask, step, axis=0), 0, 1)
        clumps = mask * smoothstep(0.15, 0.5, fbm(rng, stage.shape, stage.unit * 0.018, octaves=4, stretch=2.2))
        up = np.maximum(open_above, clumps)
        snow = blur(up, stage.unit * 0.0012) * np.clip(0.7 + fbm(rng, stage.shape, stage.unit * 0.03, octaves=4), 0, 1)
        lay(
            image,
            np.asarray(snow * np.float32(0.9), np.float32),
            np.asarray(_snow_colour(stage) * (mood.ambient * np.float32(1.1) + mood.sun * np.float32(0.2)), np.float32),
        )
