"""Owns what stands in a library: window, hearth, ladder, chair and lamp; hides their drawing."""

from __future__ import annotations

import numpy as np

from video_pipeline.providers.images_procedural import flames, props
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep
from video_pipeline.providers.images_procedural.rooms import Room, project
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def _rectangle(stage: Stage, room: Room, box: tuple[float, float, float, float], z: float) -> list[tuple[float, float]]:
    """Corners in pixels of left, right, foot, top on a plane across the room."""
    left, right, foot, top = box
    return [project(stage, room, (x, y, z))[:2] for x, y in ((left, foot), (left, top), (right, top), (right, foot))]


def window(image: Field, stage: Stage, room: Room, x: float, *, narrow: bool) -> None:
    """A tall arched window with the evening outside and light on the floor."""
    mood, z = stage.mood, room.length - 0.02
    half, foot, spring = (0.5, 1.0, 2.4) if narrow else (1.05, 0.75, min(room.spring - 1.4, 2.7))
    angle = np.linspace(np.pi, 0, 24)
    arch = [(x + np.cos(a) * half, spring + np.sin(a) * half) for a in angle]
    outline = [(x - half, foot), *arch, (x + half, foot)]
    pane, frame = props.empty(stage), props.empty(stage)
    points = np.array([project(stage, room, (px, py, z))[:2] for px, py in outline])
    polygon(pane, points)
    metre = project(stage, room, (x, foot, z))[2]
    lines(frame, [np.vstack([points, points[:1]])], 0.1 * metre)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    top_row, low_row = float(points[:, 1].min()), float(points[:, 1].max())
    down = np.clip((rows - top_row) / (low_row - top_row), 0, 1)[..., None]
    outside = (mood.sky_top + (mood.sky_foot - mood.sky_top) * down) * np.float32(1.35) + mood.sun * np.float32(0.08)
    hills = fbm(stage.rng("outside"), (1, stage.width), stage.unit * 0.12, octaves=4)
    trees = smoothstep(-0.02, 0.02, down[..., 0] - 0.72 - 0.1 * hills)[..., None]
    view = outside + (mix(mood.deep, mood.fog, 0.3) - outside) * trees
    lay(image, pane, np.asarray(view * np.ones((1, stage.width, 1), np.float32), np.float32))
    bars = props.empty(stage)
    for share in (-0.33, 0.33):
        lines(
            bars,
            [
                np.array(
                    [project(stage, room, (x + half * share * 1.0, y, z))[:2] for y in (foot, spring + half * 0.92)]
                )
            ],
            0.045 * metre,
        )
    for level in np.arange(foot + 0.5, spring + 0.3, 0.5):
        lines(
            bars, [np.array([project(stage, room, (x + s * half, float(level), z))[:2] for s in (-1, 1)])], 0.04 * metre
        )
    lay(image, bars * pane, mood.deep * np.float32(0.35))
    lay(image, frame, mix(colour("4a2f1b"), mood.shade, 0.2) * np.float32(0.45))
    for side in (-1, 1):
        _drape(image, stage, room, (x, half, spring), side)
    cx, cy, _ = project(stage, room, (x, spring * 0.75, z))
    shine(image, stage, (cx, cy), half * metre * 0.9, mix(mood.sky_foot, mood.sky_middle, 0.5) * np.float32(0.13))
    pool = props.empty(stage)
    polygon(
        pool,
        [
            project(stage, room, (px, 0.0, pz))[:2]
            for px, pz in (
                (x - half, z - 0.6),
                (x + half, z - 0.6),
                (x + half * 1.5, z - 2.6),
                (x - half * 1.5, z - 2.6),
            )
        ],
    )
    image += (blur(pool, stage.unit * 0.012) * np.float32(0.1 * (1.3 - mood.darkness)))[..., None] * mix(
        mood.sky_foot, mood.sun, 0.3
    )


def _drape(image: Field, stage: Stage, room: Room, opening: tuple[float, float, float], side: int) -> None:
    """A curtain at one side of an opening: its middle, half width and springing in metres."""
    x, half, spring = opening
    z = room.length - 0.12
    metre = project(stage, room, (x, spring, z))[2]
    drape = props.empty(stage)
    inner, outer, top = x + side * half * 0.95, x + side * half * 1.6, spring + half
    corners = ((inner + side * 0.12, 0.3), (inner, top), (outer, top), (outer + side * 0.05, 0.3))
    polygon(drape, [project(stage, room, (px, py, z))[:2] for px, py in corners])
    folds = 0.45 + 0.4 * np.cos((stage.x * stage.unit + stage.width / 2) / metre * 34)
    light = flames.warm(stage) * np.float32(0.12) + stage.mood.ambient * np.float32(0.5)
    cloth = mix(colour("7a1f22"), stage.mood.shade, 0.45) * light
    lay(image, drape, np.asarray(cloth * folds[..., None] * np.ones((stage.height, 1, 1), np.float32), np.float32))


def fireplace(image: Field, stage: Stage, room: Room, x: float) -> None:
    """A stone hearth with a mantel, candles and a fire."""
    mood, z = stage.mood, room.length - 0.45
    texture = fbm(stage.rng("hearth"), stage.shape, stage.unit * 0.03, octaves=5, gain=0.6)
    stone = mix(colour("93836f"), mood.light, 0.15) * (
        flames.warm(stage) * np.float32(0.2) + mood.ambient * np.float32(0.12)
    )
    paint = np.asarray(stone * (1 + 0.3 * texture)[..., None], np.float32)
    for box, tone in (
        ((x - 1.15, x + 1.15, 0.0, room.spring), 0.62),
        ((x - 1.25, x + 1.25, 0.0, 1.35), 1.0),
        ((x - 1.4, x + 1.4, 1.35, 1.52), 1.35),
    ):
        mask = props.empty(stage)
        polygon(mask, _rectangle(stage, room, box, z))
        lay(image, mask, paint * np.float32(tone))
    cx, foot, metre = project(stage, room, (x, 0.0, z))
    opening = props.empty(stage)
    angle = np.linspace(np.pi, 0, 16)
    arch = [(0.72 * np.cos(a), 0.72 + 0.28 * np.sin(a)) for a in angle]
    polygon(opening, [project(stage, room, (x + px, py, z))[:2] for px, py in ((-0.72, 0.08), *arch, (0.72, 0.08))])
    lay(
        image, np.clip(blur(opening, 0.05 * metre) * 2, 0, 1) * (1 - opening) * np.float32(0.5), stone * np.float32(0.3)
    )
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    glow = np.exp(
        -(((stage.x * stage.unit + stage.width / 2 - cx) / (0.5 * metre)) ** 2) - ((rows - foot) / (0.6 * metre)) ** 2
    )[..., None]
    lay(image, opening, np.asarray(colour("1a0c06") + glow * colour("ff6a20") * np.float32(0.45), np.float32))
    logs = props.empty(stage)
    for x0, y0, x1, y1 in ((-0.42, 0.14, 0.36, 0.2), (-0.36, 0.24, 0.42, 0.13), (-0.2, 0.28, 0.22, 0.3)):
        lines(
            logs,
            [np.array([project(stage, room, (x + x0, y0, z))[:2], project(stage, room, (x + x1, y1, z))[:2]])],
            0.1 * metre,
        )
    lay(image, logs, colour("2a140a"))
    image += flames.fire(stage, "fire", (cx, foot - 0.14 * metre), (0.95 * metre, 0.62 * metre)) * opening[..., None]
    shine(image, stage, (cx, foot - 0.35 * metre), 0.75 * metre, colour("ff8a3a") * np.float32(0.3))
    for shift in (-1.05, -0.85, 0.9, 1.1):
        px, py, _ = project(stage, room, (x + shift, 1.52, z))
        flames.candle(image, stage, (px, py), 0.22 * metre * (1 + 0.4 * np.sin(shift * 9)))
    _picture(image, stage, room, (x, z))


def _picture(image: Field, stage: Stage, room: Room, place: tuple[float, float]) -> None:
    """A framed landscape over the mantel."""
    x, z = place
    mood = stage.mood
    top = min(room.spring - 0.35, 3.0)
    gilt, canvas = props.empty(stage), props.empty(stage)
    polygon(gilt, _rectangle(stage, room, (x - 0.72, x + 0.72, 1.85, top), z))
    polygon(canvas, _rectangle(stage, room, (x - 0.62, x + 0.62, 1.95, top - 0.1), z))
    lay(image, gilt, mix(colour("b98a3a"), mood.accent, 0.3) * flames.warm(stage) * np.float32(0.3))
    corners = np.array(_rectangle(stage, room, (x - 0.62, x + 0.62, 1.95, top - 0.1), z))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    down = np.clip((rows - corners[:, 1].min()) / np.ptp(corners[:, 1]), 0, 1)
    hills = fbm(stage.rng("picture"), stage.shape, stage.unit * 0.06, octaves=5)
    land = smoothstep(-0.05, 0.05, down - 0.55 - 0.16 * hills)[..., None]
    sky = mood.middle + (mood.light - mood.middle) * down[..., None]
    painted = sky + (mood.shade * (0.8 + 0.5 * hills)[..., None] - sky) * land
    lay(image, canvas, np.asarray(painted * np.float32(0.3), np.float32))


def ladder(image: Field, stage: Stage, room: Room) -> None:
    """Leaning on the shelves of the farther side wall."""
    side = -1.0 if room.eye[0] > 0 else 1.0
    x0, x1, z0 = side * (room.half_width - 0.75), side * (room.half_width - 0.08), room.length * 0.62
    mask = props.empty(stage)
    top = min(3.4, room.spring - 0.3)
    metre = project(stage, room, (x0, 1.0, z0))[2]
    for dz in (0.0, 0.5):
        lines(
            mask,
            [np.array([project(stage, room, (x0, 0.0, z0 + dz))[:2], project(stage, room, (x1, top, z0 + dz))[:2]])],
            0.055 * metre,
        )
    for step in np.linspace(0.08, 0.94, 10):
        x, y = x0 + (x1 - x0) * float(step), top * float(step)
        lines(
            mask,
            [np.array([project(stage, room, (x, y, z0))[:2], project(stage, room, (x, y, z0 + 0.5))[:2]])],
            0.04 * metre,
        )
    lay(image, mask, mix(colour("8a5a30"), stage.mood.accent, 0.15) * flames.warm(stage) * np.float32(0.22))


def seats(image: Field, stage: Stage, room: Room) -> None:
    """An armchair turned to the fire, and a lamp on a small table."""
    side = -1.0 if room.eye[0] > 0 else 1.0
    if stage.has("an armchair") or stage.chance("chair", 0.35):
        x, y, metre = project(stage, room, (side * room.half_width * 0.42, 0.0, room.length * 0.5))
        # A chair half out of the picture would only puzzle.
        x = min(max(x, 0.6 * metre), stage.width - 0.6 * metre)
        _armchair(image, stage, (x, y, metre), side)
    if stage.has("a reading lamp"):
        x, y, metre = project(stage, room, (side * room.half_width * 0.62, 0.0, room.length * 0.55))
        _lamp(image, stage, (min(max(x, 0.4 * metre), stage.width - 0.4 * metre), y), metre)


def _armchair(image: Field, stage: Stage, place: tuple[float, float, float], side: float) -> None:
    """A wing chair: back, seat, arms and legs, lit from the fire's side."""
    x, y, metre = place
    mood = stage.mood
    leather = mix(colour("6a3420"), mood.shade, 0.3)
    warm = flames.warm(stage)
    shadow = np.exp(
        -(((stage.x * stage.unit + stage.width / 2 - x) / (0.62 * metre)) ** 2)
        - ((stage.y * stage.height - y) / (0.13 * metre)) ** 2
    )
    lay(image, np.asarray(shadow * np.float32(0.75), np.float32), mood.deep * np.float32(0.05))

    def part(points: list[tuple[float, float]], tone: float, soft: float = 0.012) -> None:
        mask = props.empty(stage)
        polygon(mask, [(x - side * u * metre, y - v * metre) for u, v in points])
        mask = smoothstep(0.3, 0.7, blur(mask, soft * metre * 2.4))
        across = -side * (stage.x * stage.unit + stage.width / 2 - x) / metre
        light = np.clip(0.45 + 0.5 * across, 0.12, 1.1)
        folds = 1 + 0.16 * fbm(stage.rng("leather"), stage.shape, 0.12 * metre, octaves=4)
        paint = (
            leather
            * (warm * np.float32(0.3) * (light * folds)[..., None] + mood.ambient * np.float32(0.12))
            * np.float32(tone)
        )
        lay(image, mask, np.asarray(paint, np.float32))

    for u in (-0.36, 0.36):
        part([(u - 0.03, 0), (u - 0.045, 0.22), (u + 0.045, 0.22), (u + 0.03, 0)], 0.4)
    part([(-0.42, 0.2), (-0.46, 1.0), (-0.4, 1.2), (0.0, 1.28), (0.36, 1.18), (0.42, 1.0), (0.4, 0.2)], 0.72, 0.03)
    part([(-0.34, 0.45), (-0.36, 1.0), (-0.3, 1.12), (0.0, 1.18), (0.27, 1.1), (0.32, 0.98), (0.32, 0.45)], 1.0, 0.03)
    part([(-0.36, 0.3), (-0.36, 0.5), (0.36, 0.5), (0.36, 0.3)], 1.25, 0.03)
    part([(-0.44, 0.18), (-0.44, 0.36), (0.44, 0.36), (0.44, 0.18)], 0.7, 0.02)
    for u in (-0.42, 0.42):
        part(
            [(u - 0.1, 0.18), (u - 0.1, 0.62), (u - 0.05, 0.7), (u + 0.05, 0.7), (u + 0.1, 0.62), (u + 0.1, 0.18)],
            0.9,
            0.025,
        )


def _lamp(image: Field, stage: Stage, foot: tuple[float, float], metre: float) -> None:
    """A floor lamp with a cloth shade."""
    x, y = foot
    warm = flames.warm(stage)
    pole, shade = props.empty(stage), props.empty(stage)
    lines(pole, [np.array([(x, y), (x, y - 1.5 * metre)])], max(0.035 * metre, 0.8))
    polygon(pole, [(x - 0.16 * metre, y), (x + 0.16 * metre, y), (x, y - 0.1 * metre)])
    polygon(
        shade,
        [
            (x - 0.3 * metre, y - 1.35 * metre),
            (x - 0.17 * metre, y - 1.75 * metre),
            (x + 0.17 * metre, y - 1.75 * metre),
            (x + 0.3 * metre, y - 1.35 * metre),
        ],
    )
    lay(image, pole, mix(colour("8a6a30"), stage.mood.accent, 0.2) * np.float32(0.14))
    across = np.abs(stage.x * stage.unit + stage.width / 2 - x) / (0.3 * metre)
    paint = warm * np.float32(1.15) * np.clip(1.1 - 0.6 * across**2, 0.2, 1.1)[..., None]
    lay(image, shade, np.asarray(paint * np.ones((stage.height, 1, 1), np.float32), np.float32))
    shine(image, stage, (x, y - 1.5 * metre), 0.5 * metre, warm * np.float32(0.22))
    shine(image, stage, (x, y - 1.3 * metre), 0.22 * metre, warm * np.float32(0.35))
