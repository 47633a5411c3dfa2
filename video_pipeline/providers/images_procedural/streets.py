"""Owns the street between towers; hides its facades, signs and wet asphalt."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.domain.scenery import TimeOfDay, Weather
from video_pipeline.providers.images_procedural import props
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.rooms import Hits, Part, Room, cast, project
from video_pipeline.providers.images_procedural.sky import paint_sky
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix

_PLOT = 9.0  # metres of street front per building


def paint_street(stage: Stage) -> Field:
    """Facades on both sides, signs, lamps, and their light on the road."""
    rng = stage.rng("street")
    room = Room(
        half_width=float(rng.uniform(6.5, 10.0)),
        spring=400.0,
        length=150.0,
        eye=(float(rng.uniform(-2.5, 2.5)), float(rng.uniform(1.7, 5.0))),
        focus=float(rng.uniform(0.75, 1.1)),
        horizon=float(rng.uniform(0.6, 0.72)),
        vault=0.0,
        centre=float(rng.choice([-1, 1]) * rng.uniform(0.0, 0.24)) * min(stage.width / stage.unit / 1.78, 1),
    )
    sky = paint_sky(stage, room.horizon)
    image = sky.image.copy()
    heights = rng.uniform(14, 42, (2, 40)).astype(np.float32)
    _distance(image, stage, room)
    hits = cast(stage, room)
    cover, paint = _facades(stage, hits, heights)
    lay(image, cover, paint)
    signs = _signs(stage, room)
    for sign in signs:
        _hang(image, stage, room, sign)
    _lamps(image, stage, room)
    _road(image, stage, room, hits)
    return image


def _neon(stage: Stage) -> list[Colour]:
    mood = stage.mood
    return [mix(colour(code), mood.accent, 0.2) for code in ("ff2e88", "22d3ff", "ffb52e", "8a5cff", "39ffb0")] + [
        mood.light
    ]


def _distance(image: Field, stage: Stage, room: Room) -> None:
    """Far towers and glow where the street ends."""
    rng, mood = stage.rng("street end"), stage.mood
    line = room.horizon * stage.height
    mask = props.empty(stage)
    for _ in range(9):
        x = stage.width / 2 + (room.centre + float(rng.normal(0, 0.14))) * stage.unit
        wide, tall = stage.unit * float(rng.uniform(0.02, 0.06)), stage.unit * float(rng.uniform(0.06, 0.3))
        polygon(mask, [(x, line + 3), (x, line - tall), (x + wide, line - tall), (x + wide, line + 3)])
    lay(image, mask * np.float32(0.85), mix(mood.fog, mood.shade, 0.3) * np.float32(0.75))
    shine(
        image,
        stage,
        (stage.width / 2 + room.centre * stage.unit, line),
        stage.unit * 0.12,
        mix(mood.accent, mood.middle, 0.4) * np.float32(0.3 + 0.25 * mood.darkness),
    )


def _facades(stage: Stage, hits: Hits, heights: Field) -> tuple[Field, Field]:
    """Where buildings stand, and how they look: floors, windows, shops on the ground floor."""
    mood = stage.mood
    right = (hits.x > 0).astype(np.int64)
    plot = np.clip((hits.z / _PLOT).astype(np.int64), 0, heights.shape[1] - 1)
    tall = heights[right, plot]
    wall = hits.part == Part.WALL
    cover = wall * smoothstep(0.0, 0.25, tall - hits.y)
    along = np.mod(hits.z, _PLOT)
    number = plot * 2 + right
    pitch = np.where(number % 3 == 0, 1.125, np.where(number % 3 == 1, 1.5, 1.8)).astype(np.float32)
    column, floor = np.floor(along / pitch), np.floor(hits.y / 3.2)
    u, v = np.mod(along, pitch) / pitch, np.mod(hits.y, 3.2) / 3.2
    dice = np.abs(np.sin(column * 12.9898 + floor * 78.233 + number * 37.719) * 43758.5453) % 1.0
    dice2 = np.abs(np.sin(column * 39.346 + floor * 11.135 + number * 83.155) * 24634.6345) % 1.0
    glass = smoothstep(0.2, 0.23, u) * smoothstep(0.8, 0.77, u) * smoothstep(0.24, 0.26, v) * smoothstep(0.82, 0.8, v)
    bars = smoothstep(0.012, 0.028, np.abs(u - 0.5)) * smoothstep(0.01, 0.022, np.abs(v - 0.62))
    rooms = sample(tile(stage.rng("rooms"), 256, 1.3, 4), hits.z * np.float32(0.31), hits.y * np.float32(0.23))
    inside = np.clip(0.6 + 0.12 * rooms + 0.5 * (v - 0.5), 0.12, 1.2) * (0.2 + 0.8 * bars)
    inside = inside * np.where((dice2 > 0.45) & (v > 0.3 + 0.5 * dice2), 0.4, 1.0)  # a blind half down
    share = {TimeOfDay.NIGHT: 0.42, TimeOfDay.DUSK: 0.36, TimeOfDay.DAWN: 0.2}.get(stage.scenery.time_of_day, 0.1)
    lit = (dice < share) & (floor > 0)
    shop = (
        (hits.y > 0.5)
        & (hits.y < 2.9)
        & (np.mod(along, _PLOT / 2) > 0.5)
        & (np.mod(along, _PLOT / 2) < _PLOT / 2 - 0.5)
    )
    warm = mix(colour("ffc070"), mood.accent, 0.35)
    cool = mix(colour("bfe0ff"), mood.light, 0.5)
    lamp = np.where((dice2 < 0.72)[..., None], warm, cool) * (0.35 + 0.9 * dice2)[..., None]
    stone = np.where(
        (number % 4 < 2)[..., None], mix(colour("5a4a42"), mood.shade, 0.35), mix(colour("39424e"), mood.deep, 0.3)
    )
    light = mood.ambient * np.float32(0.75) + mood.sun * np.float32(0.1) + np.float32(0.004)
    street_light = (
        np.exp(-hits.y / 5.0)[..., None] * mix(mood.accent, mood.middle, 0.3) * np.float32(0.16 * (0.3 + mood.darkness))
    )
    ledge = 0.75 + 0.4 * smoothstep(0.94, 0.97, v)
    texture = sample(tile(stage.rng("plaster"), 256, 1.4, 3), hits.z * np.float32(0.05), hits.y * np.float32(0.05))
    paint = stone * (light + street_light) * (ledge * (1 + 0.12 * texture))[..., None]
    mirror = mix(mood.sky_middle, mood.sky_foot, 0.5) * np.float32(0.25)
    paint = paint + (mirror - paint) * (glass * np.float32(0.8))[..., None]
    paint = paint + lamp * (glass * lit * inside)[..., None] * np.float32(0.35 + 0.65 * mood.darkness)
    goods = np.clip(0.62 + 0.1 * rooms + 0.3 * np.cos(hits.y * 8) * np.cos(hits.z * 5), 0.08, 1.1)
    goods = goods * smoothstep(0.03, 0.06, np.abs(np.mod(hits.z, 1.5) - 0.75))
    number_dice = np.abs(np.sin(number * 91.7)) % 1.0
    shop_lamp = np.where((number_dice > 0.5)[..., None], warm, cool) * (0.35 + 0.5 * number_dice)[..., None]
    paint = paint + shop_lamp * (shop * goods * np.float32(0.2 + 0.7 * mood.darkness))[..., None]
    awning = smoothstep(2.95, 3.0, hits.y) * smoothstep(3.45, 3.4, hits.y)
    cloth = mix(mood.accent, mood.shade, 0.55) * (0.1 + 0.12 * (np.mod(hits.z, 0.8) > 0.4))[..., None]
    paint = paint + (cloth - paint) * awning[..., None]
    haze = 1 - np.exp(-((hits.z / (60 if stage.scenery.weather is Weather.MIST else 95)) ** 1.2))
    air = mix(mood.fog, mix(mood.accent, mood.middle, 0.5), 0.3 * mood.darkness) * np.float32(0.8)
    paint = paint + (air - paint) * haze[..., None]
    return np.asarray(cover, np.float32), np.asarray(paint, np.float32)


def _signs(stage: Stage, room: Room) -> list[tuple[float, float, float, float, Colour]]:
    """Upright signs on the walls: side, height, distance, length, colour; the far ones first."""
    rng = stage.rng("signs")
    count = 22 if stage.has("neon signs") else 8
    colours = _neon(stage)
    signs = []
    for _ in range(count):
        tint = colours[int(rng.integers(0, len(colours)))]
        signs.append(
            (
                float(rng.choice([-1, 1])),
                float(rng.uniform(3.6, 13)),
                float(rng.uniform(9, 60)),
                float(rng.uniform(1.6, 4.5)),
                tint,
            )
        )
    return sorted(signs, key=lambda sign: -sign[2])


def _hang(image: Field, stage: Stage, room: Room, sign: tuple[float, float, float, float, Colour]) -> None:
    """A glowing board that stands out from the wall, with strokes like letters of no alphabet."""
    side, height, z, tall, tint = sign
    rng = stage.rng(f"sign {z:.3f}")
    outer = side * (room.half_width - 0.25)
    inner = outer - side * 1.05
    x0, y0, metre = project(stage, room, (outer, height, z))
    x1, y1, _ = project(stage, room, (inner, height + tall, z))
    board, strokes = props.empty(stage), props.empty(stage)
    left, right = min(x0, x1), max(x0, x1)
    if right < -20 or left > stage.width + 20:
        return
    polygon(board, [(left, y0), (left, y1), (right, y1), (right, y0)])
    thick = max(0.07 * metre, 0.7)
    lines(strokes, [np.array([(left, y0), (left, y1), (right, y1), (right, y0), (left, y0)])], thick * 0.8)
    signs = max(int(tall / 0.95), 1)
    cell = (y0 - y1) / signs
    for number in range(signs):
        cx, cy = (left + right) / 2, y1 + cell * (number + 0.5)
        for _ in range(int(rng.integers(2, 5))):
            a, b = rng.integers(-1, 2, 2), rng.integers(-1, 2, 2)
            start = np.array([cx + a[0] * (right - left) * 0.26, cy + a[1] * cell * 0.3])
            end = np.array(
                [cx + b[0] * (right - left) * 0.26, cy + (b[1] if b[0] != a[0] else -a[1] or 1) * cell * 0.3]
            )
            lines(strokes, [np.array([start, end])], thick)
    fade = np.float32(np.exp(-z / 70))
    on = np.float32(0.5 + 0.5 * stage.mood.darkness)
    lay(image, board * np.float32(0.85), np.asarray(tint * np.float32(0.1) * fade, np.float32))
    lay(image, strokes, np.asarray(tint * np.float32(1.7) * on, np.float32))
    centre = ((left + right) / 2, (y0 + y1) / 2)
    shine(image, stage, centre, max((y0 - y1) * 0.35, 2), np.asarray(tint * np.float32(0.22) * on * fade, np.float32))


def _lamps(image: Field, stage: Stage, room: Room) -> None:
    """Street lamps on both sides."""
    mood = stage.mood
    warm = mix(colour("ffc27a"), mood.accent, 0.3)
    for z in np.arange(58, 7, -8.5):
        for side in (-1, 1):
            x = side * (room.half_width - 2.2)
            base, head = project(stage, room, (x, 0, float(z))), project(stage, room, (x - side * 0.9, 5.6, float(z)))
            top = project(stage, room, (x, 5.9, float(z)))
            pole = props.empty(stage)
            lines(pole, [np.array([base[:2], top[:2], head[:2]])], max(0.09 * base[2], 0.7))
            lay(image, pole, mix(mood.deep * np.float32(0.4), mood.fog, float(min(z / 110, 0.6))))
            shine(image, stage, head[:2], max(0.16 * base[2], 1.2), warm * np.float32(0.3 + 1.2 * mood.darkness))


def _road(image: Field, stage: Stage, room: Room, hits: Hits) -> None:
    """Asphalt that mirrors the street: clearer in puddles, smeared towards the eye."""
    mood = stage.mood
    line = int(room.horizon * stage.height)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    wet = 0.75 if stage.scenery.weather in (Weather.RAIN, Weather.SNOW) else stage.pick("wet", 0.3, 0.6)
    source = blur(image, stage.unit * 0.002, stage.unit * 0.02)
    rng = stage.rng("asphalt")
    texture = tile(rng, 512, 1.2, 5)
    bump = sample(texture, hits.x * np.float32(0.12), hits.z * np.float32(0.05))
    map_y = np.clip(2 * line - rows + bump * (rows - line) * np.float32(0.06), 0, line - 1)
    seen = cv2.remap(
        source,
        np.repeat(np.arange(stage.width, dtype=np.float32)[None, :], stage.height, 0)
        + bump * np.float32(stage.unit * 0.004),
        np.asarray(map_y, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    grain = fbm(rng, stage.shape, stage.unit * 0.01, octaves=3, stretch=2.5)
    asphalt = mix(colour("2c2e33"), mood.deep, 0.4) * (
        mood.ambient * np.float32(0.5) + mood.sun * np.float32(0.05) + np.float32(0.012)
    )
    stripe = (
        smoothstep(0.12, 0.08, np.abs(hits.x)) * (np.mod(hits.z, 6) < 3) * np.clip(22 / np.maximum(hits.z, 1), 0, 1)
    )
    paint = asphalt * (1 + 0.2 * grain)[..., None] + stripe[..., None] * mood.glow * np.float32(0.05)
    walk = smoothstep(room.half_width - 3.0, room.half_width - 2.9, np.abs(hits.x))
    paint = paint + walk[..., None] * (mood.ambient * np.float32(0.05) + mood.fog * np.float32(0.02))
    puddle = smoothstep(-0.4, 0.9, bump)
    share = (
        np.float32(wet)
        * (0.35 + 0.65 * puddle)
        * (1 - 0.45 * walk)
        * (1 - 0.35 * np.clip((rows - line) / (stage.height - line), 0, 1))
    )
    paint = paint + (seen - paint) * share[..., None]
    lay(
        image,
        np.asarray((hits.part == Part.FLOOR) * np.clip(rows - line, 0, 1), np.float32),
        np.asarray(paint, np.float32),
    )
