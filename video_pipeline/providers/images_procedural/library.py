"""Owns the library; hides its room, shelves and furniture."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.providers.images_procedural import flames, props
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, shine
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.rooms import Hits, Part, Room, cast, project
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix

_SHELF = 0.42  # metres from board to board
_SHEET = 4.2  # metres of shelves on one sheet of books


def paint_library(stage: Stage) -> Field:
    """A room of shelves with a fire, a window, a chair."""
    rng = stage.rng("design")
    room = Room(
        half_width=float(rng.uniform(2.7, 3.7)),
        spring=float(rng.uniform(3.6, 4.7)),
        length=float(rng.uniform(5.8, 8.0)),
        eye=(float(rng.choice([-1, 1]) * rng.uniform(0.1, 1.0)), float(rng.uniform(1.35, 1.8))),
        focus=float(rng.uniform(0.85, 1.1)),
        horizon=float(rng.uniform(0.5, 0.6)),
        vault=float(rng.choice([0.0, 0.0, 0.35])),
    )
    hearth = stage.has("a burning fireplace") or not stage.has("a tall window")
    window_x = 0.0 if not hearth else float(rng.choice([-1, 1])) * room.half_width * 0.62
    hits = cast(stage, room)
    lights = _lights(stage, room, hearth)
    image = _shade(stage, room, hits, lights)
    _polish(image, stage, room, hits, lights)
    if stage.has("a tall window") or not hearth:
        _window(image, stage, room, window_x, narrow=hearth)
    if hearth:
        _fireplace(image, stage, room)
    if stage.has("a rolling ladder"):
        _ladder(image, stage, room)
    _furniture(image, stage, room, lights)
    return image


def _lights(stage: Stage, room: Room, hearth: bool) -> list[tuple[tuple[float, float, float], Colour]]:
    """Point lights with their strength."""
    warm = flames.warm(stage)
    lights = [((0.0, room.spring * 0.8, room.length * 0.5), warm * np.float32(0.75))]
    if hearth:
        lights.append(((0.0, 0.7, room.length - 0.9), mix(warm, colour("ff7a2a"), 0.5) * np.float32(2.4)))
    else:
        lights.append(
            ((0.0, 2.2, room.length - 0.6), mix(stage.mood.sky_foot, stage.mood.light, 0.4) * np.float32(1.0))
        )
    if stage.has("a reading lamp"):
        side = -1.0 if room.eye[0] > 0 else 1.0
        lights.append(((side * room.half_width * 0.55, 1.5, room.length * 0.55), warm * np.float32(1.5)))
    return lights


def _shade(stage: Stage, room: Room, hits: Hits, lights: list[tuple[tuple[float, float, float], Colour]]) -> Field:
    mood = stage.mood
    wood = mix(colour("5b3820"), mood.shade, 0.2)
    texture = tile(stage.rng("wood"), 512, 1.4, 3)
    wall, end, floor = (hits.part == part for part in (Part.WALL, Part.END, Part.FLOOR))
    along = np.where(end, hits.x + 20, hits.z + np.where(hits.x > 0, 40, 0))
    books = _shelves(stage, np.asarray(along, np.float32), hits.y, wood)
    grain = sample(
        texture, hits.x * np.float32(0.9) + np.floor(hits.x / 0.22) * np.float32(0.37), hits.z * np.float32(0.07)
    )
    plank = np.abs(np.mod(hits.x / 0.22, 1) - 0.5)
    boards = mix(wood, colour("8a5a34"), 0.4) * ((0.9 + 0.16 * grain) * smoothstep(0.5, 0.46, plank) + 0.0)[..., None]
    rug = _rug(stage, room, hits)
    ground = boards + (rug[0] - boards) * rug[1][..., None]
    beam = smoothstep(0.16, 0.13, np.abs(np.mod(hits.z, 1.4) - 0.7))
    plaster = mix(colour("8f7658"), mood.light, 0.15) * (1 + 0.1 * grain)[..., None]
    ceiling = plaster * np.float32(0.6) + (wood * np.float32(0.7) - plaster * np.float32(0.6)) * beam[..., None]
    albedo = np.where((wall | end)[..., None], books, np.where(floor[..., None], ground, ceiling))
    total = np.zeros((*hits.z.shape, 3), np.float32)
    for (x, y, z), strength in lights:
        square = (hits.x - x) ** 2 + (hits.y - y) ** 2 + (hits.z - z) ** 2
        total += (1.5 / (0.9 + square))[..., None] * strength
    total += mood.ambient * np.float32(0.12) + flames.warm(stage) * np.float32(0.025)
    side = np.clip((room.half_width - np.abs(hits.x)) / 0.5, 0, 1)
    back = np.clip((room.length - hits.z) / 0.5, 0, 1)
    low, high = np.clip(hits.y / 0.4, 0, 1), np.clip((room.spring - hits.y) / 0.5, 0, 1)
    folds = np.where(wall, back * low * high, np.where(end, side * low * high, side * back))
    return np.asarray(albedo * total * (0.45 + 0.55 * folds)[..., None], np.float32)


def _shelves(stage: Stage, along: Field, height: Field, wood: Colour) -> Field:
    """Books between boards and posts: one sheet, read again along all walls."""
    sheet = _book_sheet(stage, wood)
    rows, columns = sheet.shape[:2]
    shelf = height / np.float32(_SHELF)
    u = np.mod(along + np.floor(shelf) * 1.37, _SHEET) / _SHEET * columns
    v = rows - np.mod(height, _SHELF * 6) / (_SHELF * 6) * rows
    books = cv2.remap(
        sheet, np.asarray(u, np.float32), np.asarray(v, np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    post = np.abs(np.mod(along, 1.4) - 0.7)
    upright = smoothstep(0.645, 0.655, post)[..., None]
    polish = (0.8 + 0.5 * np.cos((post - 0.7) * 40))[..., None]
    books = books + (wood * np.float32(0.75) * polish - books) * upright
    plinth = smoothstep(0.24, 0.22, height)[..., None]
    return np.asarray(books + (wood * np.float32(0.6) - books) * plinth, np.float32)


def _book_sheet(stage: Stage, wood: Colour) -> Field:
    """Six shelves of books, each spine with a round light, bands and a title."""
    rng, mood = stage.rng("books"), stage.mood
    rows, columns = 840, 1260
    sheet = np.zeros((rows, columns, 3), np.float32)
    cloths = [
        colour(code)
        for code in ("6b2420", "27402f", "23364f", "7a5a2c", "3d2a3f", "8c6b4a", "4a3b2c", "70402a", "b59a6a")
    ]
    cloths = [mix(each, mood.middle, 0.22) for each in cloths]
    tall = rows // 6
    for shelf in range(6):
        foot = (shelf + 1) * tall - 8
        sheet[shelf * tall : foot] = wood * np.float32(0.1)
        x = 0
        while x < columns:
            wide = int(rng.integers(9, 30))
            high = int(tall * rng.uniform(0.58, 0.86))
            if rng.uniform() < 0.05:
                x += wide * 2
                continue
            right = min(x + wide, columns)
            across = np.linspace(-1, 1, right - x, dtype=np.float32)
            spine = (0.35 + 0.75 * np.sqrt(np.maximum(1 - across**2, 0)))[None, :, None]
            cloth = cloths[int(rng.integers(0, len(cloths)))] * np.float32(rng.uniform(0.6, 1.25))
            book = np.repeat(cloth * spine, high, axis=0)
            gilt = mix(colour("d8b05a"), mood.accent, 0.3) * spine[0]
            for share in (0.1, 0.16, 0.82) if rng.uniform() < 0.6 else (0.5,):
                book[int(high * share) : int(high * share) + 2] = gilt
            if rng.uniform() < 0.5:
                book[int(high * 0.28) : int(high * 0.5), 3 : max(right - x - 3, 4)] *= np.float32(0.6)
            fade = np.linspace(0.75, 1.05, high, dtype=np.float32)[:, None, None]
            sheet[foot - high : foot, x:right] = book * fade
            x = right + (1 if rng.uniform() < 0.85 else 0)
        sheet[foot : foot + 8] = wood * np.linspace(1.1, 0.5, 8, dtype=np.float32)[:, None, None]
    return cv2.GaussianBlur(sheet, (0, 0), 0.7)


def _rug(stage: Stage, room: Room, hits: Hits) -> tuple[Field, Field]:
    """Colour and mask of a patterned rug."""
    mood = stage.mood
    x, z = np.abs(hits.x), hits.z - room.length * 0.58
    half_x, half_z = room.half_width * 0.55, room.length * 0.3
    edge = np.minimum(half_x - x, half_z - np.abs(z))
    mask = smoothstep(0, 0.03, edge) * (hits.part == Part.FLOOR)
    base, second = mix(colour("7c2a26"), mood.shade, 0.4), mix(colour("c8a468"), mood.light, 0.3)
    border = smoothstep(0.05, 0.06, edge) * smoothstep(0.14, 0.13, edge) + smoothstep(0.24, 0.25, edge) * smoothstep(
        0.3, 0.29, edge
    )
    figure = smoothstep(0.2, 0.5, np.cos(x * 7) * np.cos(z * 7) + 0.3 * np.cos(x * 19 + z * 19)) * smoothstep(
        0.32, 0.36, edge
    )
    share = np.clip(border + 0.45 * figure, 0, 1)[..., None]
    return np.asarray(base + (second - base) * share, np.float32), np.asarray(mask, np.float32)


def _polish(
    image: Field, stage: Stage, room: Room, hits: Hits, lights: list[tuple[tuple[float, float, float], Colour]]
) -> None:
    """A faint mirror in the waxed boards."""
    seen = _shade(stage, room, cast(stage, room, mirrored=True), lights)
    bare = (hits.part == Part.FLOOR) * (1 - _rug(stage, room, hits)[1])
    image += blur(seen, stage.unit * 0.004, stage.unit * 0.02) * (bare * np.float32(0.22))[..., None]


def _rectangle(stage: Stage, room: Room, box: tuple[float, float, float, float], z: float) -> list[tuple[float, float]]:
    """Corners in pixels of left, right, foot, top on a plane across the room."""
    left, right, foot, top = box
    return [project(stage, room, (x, y, z))[:2] for x, y in ((left, foot), (left, top), (right, top), (right, foot))]


def _window(image: Field, stage: Stage, room: Room, x: float, *, narrow: bool) -> None:
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
        drape = props.empty(stage)
        inner, outer = x + side * half * 0.95, x + side * half * 1.6
        polygon(
            drape,
            [
                project(stage, room, (px, py, z - 0.1))[:2]
                for px, py in (
                    (inner + side * 0.12, 0.3),
                    (inner, spring + half),
                    (outer, spring + half),
                    (outer + side * 0.05, 0.3),
                )
            ],
        )
        folds = 0.45 + 0.4 * np.cos((stage.x * stage.unit + stage.width / 2) / metre * 34)
        cloth = mix(colour("7a1f22"), mood.shade, 0.45) * (
            flames.warm(stage) * np.float32(0.12) + mood.ambient * np.float32(0.5)
        )
        lay(image, drape, np.asarray(cloth * folds[..., None] * np.ones((stage.height, 1, 1), np.float32), np.float32))
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


def _fireplace(image: Field, stage: Stage, room: Room) -> None:
    """A stone hearth with a mantel, candles and a fire."""
    mood, z = stage.mood, room.length - 0.45
    texture = fbm(stage.rng("hearth"), stage.shape, stage.unit * 0.03, octaves=5, gain=0.6)
    stone = mix(colour("93836f"), mood.light, 0.15) * (
        flames.warm(stage) * np.float32(0.2) + mood.ambient * np.float32(0.12)
    )
    paint = np.asarray(stone * (1 + 0.3 * texture)[..., None], np.float32)
    for box, tone in (
        ((-1.15, 1.15, 0.0, room.spring), 0.62),
        ((-1.25, 1.25, 0.0, 1.35), 1.0),
        ((-1.4, 1.4, 1.35, 1.52), 1.35),
    ):
        mask = props.empty(stage)
        polygon(mask, _rectangle(stage, room, box, z))
        lay(image, mask, paint * np.float32(tone))
    cx, foot, metre = project(stage, room, (0.0, 0.0, z))
    opening = props.empty(stage)
    angle = np.linspace(np.pi, 0, 16)
    arch = [(0.72 * np.cos(a), 0.72 + 0.28 * np.sin(a)) for a in angle]
    polygon(opening, [project(stage, room, (x, y, z))[:2] for x, y in ((-0.72, 0.08), *arch, (0.72, 0.08))])
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
            [np.array([project(stage, room, (x0, y0, z))[:2], project(stage, room, (x1, y1, z))[:2]])],
            0.1 * metre,
        )
    lay(image, logs, colour("2a140a"))
    image += flames.fire(stage, "fire", (cx, foot - 0.14 * metre), (0.95 * metre, 0.62 * metre)) * opening[..., None]
    shine(image, stage, (cx, foot - 0.35 * metre), 0.75 * metre, colour("ff8a3a") * np.float32(0.3))
    for x in (-1.05, -0.85, 0.9, 1.1):
        px, py, _ = project(stage, room, (x, 1.52, z))
        flames.candle(image, stage, (px, py), 0.22 * metre * (1 + 0.4 * np.sin(x * 9)))
    _picture(image, stage, room, z)


def _picture(image: Field, stage: Stage, room: Room, z: float) -> None:
    """A framed landscape over the mantel."""
    mood = stage.mood
    top = min(room.spring - 0.35, 3.0)
    gilt, canvas = props.empty(stage), props.empty(stage)
    polygon(gilt, _rectangle(stage, room, (-0.72, 0.72, 1.85, top), z))
    polygon(canvas, _rectangle(stage, room, (-0.62, 0.62, 1.95, top - 0.1), z))
    lay(image, gilt, mix(colour("b98a3a"), mood.accent, 0.3) * flames.warm(stage) * np.float32(0.3))
    corners = np.array(_rectangle(stage, room, (-0.62, 0.62, 1.95, top - 0.1), z))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    down = np.clip((rows - corners[:, 1].min()) / np.ptp(corners[:, 1]), 0, 1)
    hills = fbm(stage.rng("picture"), stage.shape, stage.unit * 0.06, octaves=5)
    land = smoothstep(-0.05, 0.05, down - 0.55 - 0.16 * hills)[..., None]
    sky = mood.middle + (mood.light - mood.middle) * down[..., None]
    painted = sky + (mood.shade * (0.8 + 0.5 * hills)[..., None] - sky) * land
    lay(image, canvas, np.asarray(painted * np.float32(0.3), np.float32))


def _ladder(image: Field, stage: Stage, room: Room) -> None:
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


def _furniture(image: Field, stage: Stage, room: Room, lights: list[tuple[tuple[float, float, float], Colour]]) -> None:
    """An armchair turned to the fire, and a lamp on a small table."""
    side = -1.0 if room.eye[0] > 0 else 1.0
    if stage.has("an armchair") or stage.chance("chair", 0.35):
        _armchair(image, stage, project(stage, room, (side * room.half_width * 0.42, 0.0, room.length * 0.5)), side)
    if stage.has("a reading lamp"):
        x, y, metre = project(stage, room, (side * room.half_width * 0.62, 0.0, room.length * 0.55))
        _lamp(image, stage, (x, y), metre)


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
