"""Owns mountain views; hides their making. The range also stands behind other motifs' foregrounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from video_pipeline.domain.scenery import TimeOfDay, Weather
from video_pipeline.providers.images_procedural import props, terrain, trees
from video_pipeline.providers.images_procedural.light import lay
from video_pipeline.providers.images_procedural.noise import Field, fbm, smoothstep, wave
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


@dataclass(frozen=True, slots=True)
class Range:
    """How a range of mountains is seen."""

    horizon: float
    eye: float = 0.16
    tall: float = 0.3  # of the highest peak, in sides of the map
    focus: float = 1.0
    level: float | None = None  # of a lake that fills the valleys
    near_drop: float = 0.0  # lowers the ground before the camera
    snow: float = 0.62  # share of the height above which snow lies
    thick: float = 0.85  # of the air


def light_of(stage: Stage, sky: Sky) -> tuple[float, float, float]:
    """The direction to the sun for land: x right, up, z away; raised and turned aside so that slopes keep relief."""
    side = (sky.sun[0] - stage.width / 2) / stage.unit
    rise = {TimeOfDay.DAY: 0.95, TimeOfDay.NIGHT: 0.8, TimeOfDay.DUSK: 0.3}.get(stage.scenery.time_of_day, 0.38)
    return (1.2 if side > 0 else -1.2), rise, 0.35


def range_map(stage: Stage, form: Range, name: str = "range") -> Field:
    """Heights with a valley along the view and one peak on a third."""
    rng = stage.rng(name)
    heights = terrain.mountains_map(rng, sharpness=float(rng.uniform(0.55, 1.0)), cell=float(rng.uniform(0.26, 0.44)))
    x, z = terrain.grid()
    bend = float(rng.uniform(-0.1, 0.1))
    valley = np.exp(-(((x - 0.5 - bend * np.sin(z * 7 + rng.uniform(0, 6))) / (0.05 + 0.2 * z)) ** 2))
    rise = smoothstep(0.1, 0.75, z * np.ones_like(x)) * 0.85 + 0.15
    peak_z = float(rng.uniform(0.6, 0.8))
    peak_x = 0.5 + float(rng.choice([-1, 1]) * rng.uniform(0.1, 0.24)) * peak_z / form.focus
    peak = np.exp(-(((x - peak_x) / 0.13) ** 2) - ((z - peak_z) / 0.14) ** 2)
    shaped = heights * (rise * (1 - 0.62 * valley) + 0.55 * peak) + 0.1 * peak
    return np.asarray(
        shaped * np.float32(form.tall) - form.near_drop * smoothstep(0.35, 0.0, z * np.ones_like(x)), np.float32
    )


def paint_range(image: Field, stage: Stage, sky: Sky, form: Range, name: str = "range") -> terrain.View:
    """Put the range over `image`, in place; returns what each pixel sees of it."""
    heights = range_map(stage, form, name)
    light = light_of(stage, sky)
    facing, open_sky = terrain.sunlight(heights, light)
    shown = heights if form.level is None else np.maximum(heights, np.float32(form.level))
    view = terrain.look(stage, shown, terrain.Camera(eye=form.eye, horizon=form.horizon, focus=form.focus))
    ground = _ground(stage, form, heights, view, name)
    lit = terrain.at(facing, view)[..., None]
    sky_light = terrain.at(open_sky, view)[..., None]
    mood = stage.mood
    ground = ground * (
        lit * mood.sun * np.float32(1.5) + sky_light * (mood.ambient * np.float32(1.1) + mood.fog * np.float32(0.12))
    )
    thick = form.thick * {Weather.MIST: 1.6, Weather.RAIN: 1.6, Weather.SNOW: 1.4}.get(stage.scenery.weather, 1.0)
    low = 0.85 if stage.scenery.weather is Weather.MIST else 0.4
    ground = terrain.air(ground, view, stage, thick=thick, sun_x=sky.sun[0], low=low)
    lay(image, view.cover, ground)
    return view


def _ground(stage: Stage, form: Range, heights: Field, view: terrain.View, name: str) -> Field:
    """Rock, woods low down, snow high up where it can lie."""
    rng = stage.rng(f"{name} ground")
    mood = stage.mood
    fine = terrain.detail(rng, view)
    gx = np.gradient(heights, axis=1) * terrain.SIDE
    gz = np.gradient(heights, axis=0) * terrain.SIDE
    steep = terrain.at(np.sqrt(gx * gx + gz * gz).astype(np.float32), view)
    share = view.height / np.float32(form.tall) + np.float32(0.06) * fine
    rock = mix(colour("6b6660"), mood.shade, 0.35)
    dark_rock = mix(colour("3b3836"), mood.deep, 0.35)
    strata = np.float32(0.5) + np.float32(0.35) * fine + np.float32(0.15) * np.sin(view.height * 420 + fine * 2)
    ground = dark_rock + (rock - dark_rock) * np.clip(strata, 0, 1)[..., None]
    wood = mix(colour("22301c"), mood.shade, 0.3) * np.float32(0.75)
    green = smoothstep(0.5, 0.2, share + 0.1 * steep) * smoothstep(1.5, 0.7, steep)
    speckle = np.clip(0.75 + 0.6 * fine, 0.3, 1.4)
    ground = ground + (wood * speckle[..., None] - ground) * green[..., None]
    snow_line = form.snow - (0.3 if stage.scenery.weather is Weather.SNOW else 0.0)
    white = smoothstep(snow_line - 0.1, snow_line + 0.1, share + 0.05 * fine) * smoothstep(
        1.75, 1.05, steep - 0.25 * fine
    )
    snow = mix(colour("e8eef6"), mood.glow, 0.3)
    return np.asarray(ground + (snow - ground) * white[..., None], np.float32)


def paint_mountains(stage: Stage) -> Field:
    """Peaks over a valley."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.5, 0.68))
    sky = paint_sky(stage, horizon + 0.08)
    image = sky.image.copy()
    snow = 0.35 if stage.has("snowy peaks") else float(rng.uniform(0.45, 0.8))
    form = Range(
        horizon=horizon,
        eye=float(rng.uniform(0.16, 0.24)),
        tall=float(rng.uniform(0.3, 0.42)),
        focus=float(rng.uniform(0.9, 1.35)),
        snow=snow,
        near_drop=0.08,
    )
    view = paint_range(image, stage, sky, form)
    if stage.has("a sea of fog") or stage.scenery.weather is Weather.MIST:
        _fog_sea(image, stage, view, form)
    _story(image, stage, sky, view)
    return image


def _story(image: Field, stage: Stage, sky: Sky, view: terrain.View) -> None:
    """A castle on a crag, birds, and a near slope with pines."""
    rng, mood = stage.rng("story"), stage.mood
    side = -1.0 if sky.sun[0] > stage.width / 2 else 1.0
    if stage.has("a distant castle"):
        column = int(stage.width * (0.5 + side * float(rng.uniform(0.1, 0.2))))
        reach = max(int(stage.unit * 0.05), 1)
        span = slice(max(column - reach, 0), column + reach)
        near = (view.cover[:, span] > 0.9) & (view.distance[:, span] < float(rng.uniform(0.3, 0.42)))
        crest = float(np.argmax(near.any(axis=1))) if near.any() else stage.height * 0.6
        foot = (float(column), min(crest + stage.unit * 0.03, stage.height * 0.8))
        stone = mix(mix(mood.deep, mood.shade, 0.3) * np.float32(0.7), mood.fog, 0.1)
        props.castle(image, stage, foot, stage.unit * float(rng.uniform(0.17, 0.23)), stone)
    if stage.has("flying birds"):
        props.birds(image, stage, mix(mood.deep, mood.sky_middle, 0.25), low=0.14, high=0.42)
    if stage.has("pine silhouettes"):
        for depth in (0, 1):
            _near_slope(image, stage, side, depth)


def _near_slope(image: Field, stage: Stage, side: float, depth: int) -> None:
    """A wooded slope that runs into the picture from one side."""
    rng = stage.rng(f"slope {depth}")
    across = (0.5 + side * stage.x[0] * stage.unit / stage.width).astype(np.float32)
    rise = smoothstep(0.25 + 0.2 * depth, 1.1, across)
    rough = wave(rng, stage.width, stage.width * 0.2, octaves=5)
    ground = stage.height * (1.04 - (0.3 - 0.08 * depth) * rise) + rough * stage.unit * 0.02
    tall = stage.unit * (0.11 + 0.12 * depth)
    mask = trees.pine_row(
        stage, rng, np.asarray(ground, np.float32), tall=tall, count=int(stage.width / stage.unit * (42 - 18 * depth))
    )
    paint = mix(mix(colour("111c16"), stage.mood.deep, 0.4) * np.float32(0.5), stage.mood.fog, 0.3 - 0.22 * depth)
    lay(image, mask, paint)
    mist = trees.foot_mist(stage, np.asarray(ground, np.float32), tall * 0.7) * np.float32(0.3 - 0.2 * depth)
    lay(image, mist, stage.mood.fog)


def _fog_sea(image: Field, stage: Stage, view: terrain.View, form: Range) -> None:
    mist = fbm(stage.rng("fog sea"), stage.shape, stage.unit * 0.12, octaves=5, stretch=3.5)
    top = form.tall * 0.3 + 0.02 * mist
    depth = smoothstep(0.02, -0.035, view.height - top) * smoothstep(0.1, 0.4, view.distance) * view.cover
    paint = mix(stage.mood.fog, stage.mood.glow, 0.25) * np.float32(0.9)
    lay(
        image,
        np.asarray(depth * np.clip(0.82 + 0.18 * mist, 0, 1), np.float32),
        np.asarray(paint * (0.85 + 0.2 * mist)[..., None], np.float32),
    )
