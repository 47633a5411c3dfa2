"""Owns lakes; hides their making."""

from __future__ import annotations

import numpy as np

from video_pipeline.domain.scenery import Weather
from video_pipeline.providers.images_procedural import props, trees
from video_pipeline.providers.images_procedural.light import lay
from video_pipeline.providers.images_procedural.mountains import Range, paint_range
from video_pipeline.providers.images_procedural.noise import Field, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix
from video_pipeline.providers.images_procedural.water import mirror, shore_line


def paint_lake(stage: Stage) -> Field:
    """Still water under a range, seen from the shore."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.34, 0.7))
    sky = paint_sky(stage, horizon)
    image = sky.image.copy()
    form = Range(
        horizon=horizon,
        eye=0.034,
        tall=float(rng.uniform(0.1, 0.38)),
        focus=float(rng.uniform(0.9, 1.9)),
        level=0.012,
        near_drop=0.4,
        snow=float(rng.uniform(0.5, 0.85)),
        thick=0.75,
    )
    view = paint_range(image, stage, sky, form)
    line = horizon * stage.height
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    wet = view.cover * smoothstep(0.0135, 0.0122, view.height) * np.clip(rows - line, 0, 1)
    wet = np.maximum(wet, np.clip(rows - (line + 0.13 * stage.unit), 0, 1) * np.ones_like(wet))
    if stage.has("a distant castle"):
        _castle(image, stage, wet, line)
    _far_wood(image, stage, wet, line)
    if stage.has("pine silhouettes"):
        _point_of_pines(image, stage, wet, line)
    mirror(
        image,
        np.asarray(wet, np.float32),
        stage,
        shore=shore_line(wet, line),
        horizon=line,
        sun=sky.sun,
        rough=float(rng.uniform(0.35, 1.1)),
    )
    _mist(image, stage, line)
    _foreground(image, stage, sky, line)
    return image


def _far_wood(image: Field, stage: Stage, wet: Field, line: float) -> None:
    """A wooded bank along the far shore."""
    rng = stage.rng("far wood")
    shore = shore_line(wet, line) + 1
    shore = shore - np.abs(wave(rng, stage.width, stage.width * 0.2)) * np.float32(stage.unit * 0.004)
    mask = trees.pine_row(
        stage,
        rng,
        np.asarray(shore, np.float32),
        tall=stage.unit * float(rng.uniform(0.018, 0.034)),
        count=int(stage.width / stage.unit * 170),
    )
    mask *= 1 - wet
    paint = mix(
        mix(colour("16241a"), stage.mood.shade, 0.3) * np.float32(0.5), stage.mood.fog, 0.22 + 0.3 * stage.mood.dull
    )
    lay(image, mask, paint * np.float32(0.75))


def _point_of_pines(image: Field, stage: Stage, wet: Field, line: float) -> None:
    """A tongue of land with tall pines from one side."""
    rng = stage.rng("point")
    side = float(rng.choice([-1, 1]))
    across = (stage.x[0] * side * stage.unit / stage.width + 0.5).astype(np.float32)
    edge = float(rng.uniform(0.55, 0.68))
    land = (
        line
        + stage.unit * (0.055 + 0.012 * wave(rng, stage.width, stage.width * 0.15))
        - np.clip(across - edge, 0, 1) * stage.unit * 0.12
    )
    ground = np.where(across > edge, land, stage.height * 2.0).astype(np.float32)
    mask = np.zeros(stage.shape, np.float32)
    for _ in range(26):
        place = edge + (1.02 - edge) * float(rng.uniform()) ** 0.8
        x = (0.5 + side * (place - 0.5)) * stage.width
        tall = stage.unit * float(rng.uniform(0.12, 0.3)) * (0.55 + 1.2 * (place - edge))
        trees.pine(mask, rng, (x, float(land[int(np.clip(x, 0, stage.width - 1))]) + 3), tall)
    base = np.asarray(line + stage.unit * (0.06 + 0.006 * wave(rng, stage.width, stage.width * 0.05)), np.float32)
    floor = (
        trees.floor_of(ground, stage)
        * (1 - trees.floor_of(base, stage))
        * smoothstep(edge, edge + 0.03, across)[None, :]
    )
    mask = np.maximum(mask * (1 - trees.floor_of(base, stage)), floor)
    wet *= 1 - mask
    paint = mix(mix(colour("101a12"), stage.mood.deep, 0.4) * np.float32(0.5), stage.mood.fog, 0.1)
    lay(image, mask, paint)


def _castle(image: Field, stage: Stage, wet: Field, line: float) -> None:
    rng = stage.rng("castle place")
    x = stage.width * float(rng.choice([0.3, 0.68]))
    y = float(shore_line(wet, line)[int(x)]) - stage.unit * 0.02
    props.castle(image, stage, (x, y), stage.unit * 0.2, mix(stage.mood.deep * np.float32(0.7), stage.mood.fog, 0.14))


def _mist(image: Field, stage: Stage, line: float) -> None:
    """Thin banks over the water."""
    strength = 0.75 if stage.scenery.weather is Weather.MIST else stage.pick("mist", 0.0, 0.4)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    band = np.exp(-(((rows - line - 0.02 * stage.unit) / np.float32(0.045 * stage.unit)) ** 2))
    drift = np.clip(0.5 + fbm(stage.rng("mist field"), stage.shape, stage.unit * 0.07, stretch=6, octaves=5), 0, 1)
    lay(image, np.asarray(band * drift * np.float32(strength), np.float32), mix(stage.mood.fog, stage.mood.glow, 0.15))


def _foreground(image: Field, stage: Stage, sky: Sky, line: float) -> None:
    """What stands near: jetty, boat, lanterns, reeds and a framing bough of pines."""
    rng = stage.rng("foreground")
    dark = mix(colour("12100e"), stage.mood.deep, 0.5) * np.float32(0.5)
    if stage.has("a small boat"):
        depth = float(rng.uniform(0.22, 0.42))
        x = stage.width * float(rng.choice([0.3, 0.38, 0.62, 0.7]))
        props.rowing_boat(
            image, stage, (x, line + (stage.height - line) * depth), stage.unit * (0.06 + 0.22 * depth), dark
        )
    if stage.has("floating lanterns"):
        props.lanterns(
            image, stage, rng, top=line + 0.03 * stage.unit, bottom=stage.height * 0.9, count=26, floating=True
        )
    if stage.has("a wooden jetty"):
        wood = mix(colour("6a5240"), stage.mood.shade, 0.3) * (stage.mood.ambient * 0.9 + stage.mood.sun * 0.25 + 0.02)
        props.jetty(image, stage, rng, line, np.asarray(wood, np.float32))
    side = 1.0 if sky.sun[0] < stage.width / 2 else -1.0
    if stage.has("reeds"):
        props.reeds(image, stage, rng, dark, side=side)
        props.reeds(image, stage, rng, dark, side=-side)
    elif not stage.has("a wooden jetty"):
        frame = np.zeros(stage.shape, np.float32)
        for number in range(4):
            x = stage.width * (0.5 + side * (0.5 - 0.045 * number + float(rng.normal(0, 0.012))))
            trees.pine(
                frame, rng, (x, stage.height * 1.02), stage.unit * float(rng.uniform(0.55, 0.95)) * (1 - 0.16 * number)
            )
        lay(image, frame, dark)
