"""Owns the library; hides its room and its shelves. Its furniture has a module of its own."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.providers.images_procedural import flames, furniture
from video_pipeline.providers.images_procedural.noise import Field, blur, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.rooms import Hits, Part, Room, by_bands, cast
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix

Light = tuple[tuple[float, float, float], Colour]  # place in metres, strength

_SHELF = 0.42  # metres from board to board
_SHEET = 4.2  # metres of shelves on one sheet of books


def paint_library(stage: Stage) -> Field:
    """A room of shelves with a fire, a window, a chair."""
    rng = stage.rng("design")
    half = float(rng.uniform(2.7, 3.8))
    aside = float(rng.choice([-1, 0, 0, 1]))
    room = Room(
        half_width=half,
        spring=float(rng.uniform(3.5, 4.8)),
        length=float(rng.uniform(5.2, 8.2)),
        eye=(aside * half * 0.3 + float(rng.uniform(-0.6, 0.6)), float(rng.uniform(1.3, 1.95))),
        focus=float(rng.uniform(0.8, 1.2)),
        horizon=float(rng.uniform(0.48, 0.62)),
        vault=float(rng.choice([0.0, 0.0, 0.35])),
        centre=-aside * float(rng.uniform(0.05, 0.2)),
    )
    hearth = stage.has("a burning fireplace") or not stage.has("a tall window")
    window = stage.has("a tall window") or not hearth
    hearth_x = aside * half * 0.42 if not window else float(rng.choice([-1, 1])) * half * 0.36
    hits = cast(stage, room)
    lights = _lights(stage, room, hearth_x if hearth else None)
    sheet = _book_sheet(stage, _wood(stage))
    image = by_bands(hits, lambda band: _shade(stage, room, band, lights, sheet))
    _polish(image, stage, room, hits, (lights, sheet))
    if window:
        furniture.window(image, stage, room, -np.sign(hearth_x) * half * 0.52 if hearth else 0.0, narrow=hearth)
    if hearth:
        furniture.fireplace(image, stage, room, hearth_x)
    if stage.has("a rolling ladder"):
        furniture.ladder(image, stage, room)
    furniture.seats(image, stage, room)
    return image


def _wood(stage: Stage) -> Colour:
    return mix(colour("5b3820"), stage.mood.shade, 0.2)


def _lights(stage: Stage, room: Room, hearth_x: float | None) -> list[Light]:
    """Point lights with their strength."""
    warm = flames.warm(stage)
    lights = [((0.0, room.spring * 0.8, room.length * 0.5), warm * np.float32(0.75))]
    if hearth_x is not None:
        lights.append(((hearth_x, 0.7, room.length - 0.9), mix(warm, colour("ff7a2a"), 0.5) * np.float32(2.4)))
    else:
        lights.append(
            ((0.0, 2.2, room.length - 0.6), mix(stage.mood.sky_foot, stage.mood.light, 0.4) * np.float32(1.0))
        )
    if stage.has("a reading lamp"):
        side = -1.0 if room.eye[0] > 0 else 1.0
        lights.append(((side * room.half_width * 0.55, 1.5, room.length * 0.55), warm * np.float32(1.5)))
    return lights


def _shade(stage: Stage, room: Room, hits: Hits, lights: list[Light], sheet: Field) -> Field:
    """Books, boards, rug and ceiling in the light of the lamps, darker in the corners."""
    mood = stage.mood
    wood = _wood(stage)
    texture = tile(stage.rng("wood"), 512, 1.4, 3)
    wall, end, floor = (hits.part == part for part in (Part.WALL, Part.END, Part.FLOOR))
    along = np.where(end, hits.x + 20, hits.z + np.where(hits.x > 0, 40, 0))
    books = _shelves(sheet, np.asarray(along, np.float32), hits.y, wood)
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


def _shelves(sheet: Field, along: Field, height: Field, wood: Colour) -> Field:
    """Books between boards and posts: one sheet, read again along all walls."""
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


def _polish(image: Field, stage: Stage, room: Room, hits: Hits, look: tuple[list[Light], Field]) -> None:
    """A faint mirror in the waxed boards."""
    below = cast(stage, room, mirrored=True)
    seen = by_bands(below, lambda band: _shade(stage, room, band, *look))
    bare = (hits.part == Part.FLOOR) * (1 - _rug(stage, room, hits)[1])
    image += blur(seen, stage.unit * 0.004, stage.unit * 0.02) * (bare * np.float32(0.22))[..., None]
