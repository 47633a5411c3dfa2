"""Owns great halls lit by candles; hides their architecture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from video_pipeline.domain.scenery import TimeOfDay
from video_pipeline.providers.images_procedural import flames, props
from video_pipeline.providers.images_procedural.light import lay, polygon
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.rooms import Hits, Part, Room, cast, project
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix


@dataclass(frozen=True, slots=True)
class Style:
    """How one hall is built."""

    bay: float  # metres from column to column
    window_half: float
    window_spring: float
    pointed: bool
    stone: Colour
    trim: Colour  # gilding and mouldings
    cloth: Colour  # carpet and banners
    glass: Colour
    lamps: tuple[tuple[float, float, float], ...]


def paint_hall(stage: Stage) -> Field:
    """A long vaulted room with columns, seen along its axis."""
    room, style = _design(stage)
    texture = tile(stage.rng("stone"), 512, 1.5, 3)
    hits = cast(stage, room)
    image = _shade(stage, room, style, hits, texture)
    start = max(int(room.horizon * stage.height) - 1, 0)
    _polish(image, stage, room, style, hits, texture)
    _end_wall(image, stage, room, style)
    _shafts(image, stage, room, style, hits)
    if stage.has("standing candelabra") or not stage.has("a grand chandelier"):
        _candelabra(image, stage, room)
    _chandeliers(image, stage, room, style)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    haze = smoothstep(8, room.length * 1.1, hits.z)[..., None] * np.float32(0.28)
    warm = mix(stage.mood.accent, stage.mood.fog, 0.4) * np.float32(0.3)
    image = image + (warm - image) * haze * smoothstep(start * 2.4, start * 0.6, rows)[..., None]
    return np.asarray(image, np.float32)


def _design(stage: Stage) -> tuple[Room, Style]:
    rng, mood = stage.rng("design"), stage.mood
    half = float(rng.uniform(4.6, 7.0))
    bay = float(rng.uniform(4.2, 6.0))
    count = int(rng.integers(5, 9))
    spring = float(rng.uniform(6.0, 9.0))
    axis = half - float(rng.uniform(1.0, 1.7))
    first = float(rng.uniform(2.6, 4.4))
    columns = tuple((side * axis, first + bay * number) for number in range(count) for side in (-1, 1))
    room = Room(
        half_width=half,
        spring=spring,
        length=first + bay * (count - 0.5),
        eye=(float(rng.normal(0, 0.5)), float(rng.uniform(1.7, 3.0))),
        focus=float(rng.uniform(0.8, 1.05)),
        horizon=float(rng.uniform(0.54, 0.66)),
        vault=float(rng.choice([0.55, 0.9, 1.15])),
        columns=columns if rng.uniform() < 0.8 else (),
        radius=float(rng.uniform(0.3, 0.48)),
    )
    pale = rng.uniform() < 0.5
    stone = mix(colour("d6c8b2") if pale else colour("8b7863"), mood.light if pale else mood.middle, 0.25)
    lamps = tuple((0.0, spring * 0.78, first + bay * (0.7 + 1.6 * number)) for number in range(max(count // 2, 2)))
    style = Style(
        bay=bay,
        window_half=bay * float(rng.uniform(0.2, 0.28)),
        window_spring=spring * float(rng.uniform(0.55, 0.68)),
        pointed=bool(rng.uniform() < 0.5),
        stone=stone,
        trim=mix(colour("d9a441"), mood.accent, 0.3),
        cloth=mix(colour("8c1f26"), mood.shade, 0.35),
        glass=_glass(stage),
        lamps=lamps,
    )
    return room, style


def _glass(stage: Stage) -> Colour:
    """Light that stands behind the windows."""
    mood = stage.mood
    strength = {TimeOfDay.NIGHT: 0.85, TimeOfDay.DUSK: 1.0, TimeOfDay.DAY: 1.6}.get(stage.scenery.time_of_day, 1.5)
    return np.asarray(
        mix(mood.sky_middle, mood.sky_foot, 0.55) * np.float32(strength) + mood.sun * np.float32(0.14), np.float32
    )


def _shade(stage: Stage, room: Room, style: Style, hits: Hits, texture: Field) -> Field:
    """Stone, mouldings and windows in the light of the lamps."""
    part = hits.part
    wall, ceiling, floor, column = (part == each for each in (Part.WALL, Part.CEILING, Part.FLOOR, Part.COLUMN))
    along = np.where(wall | ceiling, hits.z, hits.x)
    grain = sample(texture, along * np.float32(0.11), (hits.y + hits.x * ceiling) * np.float32(0.11))
    albedo = style.stone * (1 + 0.13 * grain)[..., None]
    shape, gold, glow = _wall_relief(room, style, hits)
    shape = np.where(wall, shape, 1.0)
    gold = np.where(wall, gold, 0.0)
    rib_shape, rib_gold = _vault_relief(room, style, hits)
    shape = np.where(ceiling, rib_shape, shape)
    gold = np.where(ceiling, rib_gold, gold)
    col_shape, col_gold = _column_relief(room, hits)
    shape, gold = np.where(column, col_shape, shape), np.where(column, col_gold, gold)
    albedo = albedo + (style.trim - albedo) * np.clip(gold, 0, 1)[..., None]
    ground = _floor(stage, room, style, hits, grain)
    albedo = np.where(floor[..., None], ground, albedo)
    light = _lamp_light(stage, room, style, hits) * np.where(floor, 1.0, shape)[..., None]
    image = albedo * light
    lit = (glow * wall)[..., None]
    pane = _panes(stage, style, hits)
    return np.asarray(image + (pane - image) * lit, np.float32)


def _arch(room: Room, style: Style, hits: Hits) -> Field:
    """Distance in metres to the outline of the bay's window, negative inside."""
    across = np.abs(np.mod(hits.z - (room.columns[0][1] if room.columns else 3.0), style.bay) - style.bay / 2)
    above = hits.y - np.float32(style.window_spring)
    half = style.window_half
    if style.pointed:
        head = np.hypot(across + half * 0.9, np.maximum(above, 0)) - half * 1.9
    else:
        head = np.hypot(across, np.maximum(above, 0)) - half
    return np.asarray(np.maximum(np.where(above > 0, head, across - half), 1.4 - hits.y), np.float32)


def _wall_relief(room: Room, style: Style, hits: Hits) -> tuple[Field, Field, Field]:
    """Shading of the wall's mouldings, share of gilding, and where glass is."""
    arch = _arch(room, style, hits)
    frame = smoothstep(0.34, 0.3, arch)
    rounds = 0.78 + 0.3 * np.cos(arch * np.float32(2 * np.pi / 0.15))
    shape = 1 - frame * (1 - rounds)
    gold = frame * smoothstep(0.12, 0.17, arch) * smoothstep(0.25, 0.2, arch)
    across = np.mod(hits.z - (room.columns[0][1] if room.columns else 3.0) + style.bay / 2, style.bay) - style.bay / 2
    pilaster = smoothstep(0.42, 0.38, np.abs(across))
    shape = shape * (1 - 0.35 * pilaster * (np.abs(across) / 0.42) ** 3) + 0.12 * pilaster
    for height, thick in ((room.spring - 0.3, 0.3), (1.15, 0.1), (0.25, 0.16)):
        band = smoothstep(thick, thick * 0.85, np.abs(hits.y - height))
        shape = shape * (1 - band) + band * (0.85 + 0.35 * np.cos((hits.y - height) / thick * 7))
        gold = np.maximum(gold, 0.75 * band * smoothstep(thick * 0.5, thick * 0.2, np.abs(hits.y - height)))
    panel = np.abs(np.abs(across) - style.bay * 0.28)
    low = (hits.y > 0.42) & (hits.y < 1.0)
    shape = np.where(low, shape * (0.82 + 0.25 * smoothstep(0.02, 0.08, panel)), shape)
    glow = smoothstep(0.02, -0.02, arch)
    return np.asarray(shape, np.float32), np.asarray(gold, np.float32), glow


def _vault_relief(room: Room, style: Style, hits: Hits) -> tuple[Field, Field]:
    """Ribs at each column and coffers between."""
    start = room.columns[0][1] if room.columns else 3.0
    across = np.mod(hits.z - start + style.bay / 2, style.bay) - style.bay / 2
    rib = smoothstep(0.4, 0.34, np.abs(across))
    angle = (
        np.arctan2((hits.y - room.spring) / max(room.vault, 0.3), hits.x)
        if room.vault > 0
        else hits.x / room.half_width * 1.5
    )
    cell_a = np.abs(np.mod(angle * np.float32(9 / np.pi), 1) - 0.5)
    cell_z = np.abs(np.mod(across / style.bay * 5, 1) - 0.5)
    edge = np.maximum(cell_a, cell_z)
    coffer = smoothstep(0.3, 0.42, edge)
    shape = (0.55 + 0.45 * coffer) * (1 - rib) + rib * (1.0 - 0.3 * (np.abs(across) / 0.4) ** 2)
    gold = np.maximum(
        0.7 * np.exp(-(((edge - 0.36) / 0.025) ** 2)), 0.45 * rib * smoothstep(0.22, 0.28, np.abs(across))
    )
    return np.asarray(shape, np.float32), np.asarray(gold, np.float32)


def _column_relief(room: Room, hits: Hits) -> tuple[Field, Field]:
    """A fluted shaft with base and gilded capital."""
    turn = np.clip(hits.turn, -1, 1)
    round_light = 0.35 + 0.65 * np.sqrt(np.maximum(1 - turn * turn, 0))
    flutes = 0.9 + 0.1 * np.cos(np.arcsin(turn) * 18)
    inner = 1 - 0.3 * turn * np.sign(hits.x)  # the side towards the middle of the hall is brighter
    top = room.spring - 0.2
    capital = smoothstep(top - 1.05, top - 0.95, hits.y)
    base = smoothstep(0.75, 0.65, hits.y)
    rings = 0.8 + 0.25 * np.cos(hits.y * 26)
    shape = round_light * inner * (flutes * (1 - capital) * (1 - base) + rings * np.maximum(capital, base))
    return np.asarray(shape, np.float32), np.asarray(0.8 * capital + 0.25 * base, np.float32)


def _floor(stage: Stage, room: Room, style: Style, hits: Hits, grain: Field) -> Field:
    """Marble squares, or slabs, with a carpet when asked for."""
    mood = stage.mood
    x, z = hits.x, hits.z
    size = 0.9
    fade = np.clip(6 / np.maximum(z, 0.1), 0, 1)
    if stage.has("checkered marble floor"):
        odd = np.sign(np.sin(x * np.pi / size) * np.sin(z * np.pi / size)) * 0.5 * fade + 0.5
        dark, pale = mix(colour("2a2422"), mood.shade, 0.35), mix(colour("e9dfcf"), mood.light, 0.25)
    else:
        odd = 0.5 + 0.5 * np.sin(np.floor(x / 1.3) * 12.9 + np.floor(z / 1.3) * 78.2) * fade
        dark, pale = style.stone * np.float32(0.5), style.stone * np.float32(0.72)
    ground = dark + (pale - dark) * odd[..., None]
    ground = ground * (1 + 0.2 * grain)[..., None]
    if stage.has("a long red carpet"):
        away = np.abs(x)
        carpet = smoothstep(1.32, 1.28, away)[..., None]
        border = (smoothstep(1.0, 1.04, away) * smoothstep(1.2, 1.16, away))[..., None]
        pattern = (0.85 + 0.25 * np.sin(x * 9) * np.sin(z * 9) * fade)[..., None]
        cloth = style.cloth * pattern + (style.trim * np.float32(0.7) - style.cloth * pattern) * border
        ground = ground + (cloth - ground) * carpet
    return np.asarray(ground, np.float32)


def _lamp_light(stage: Stage, room: Room, style: Style, hits: Hits) -> Field:
    """Light of the chandeliers by distance, of the windows along the walls, and dark corners."""
    mood = stage.mood
    warm = flames.warm(stage)
    total = np.zeros(hits.z.shape, np.float32)
    for x, y, z in style.lamps:
        square = (hits.x - x) ** 2 + (hits.y - y) ** 2 + (hits.z - z) ** 2
        total += 9.0 / (6.0 + square)
    corner = np.clip((room.half_width - np.abs(hits.x)) / 1.2, 0, 1) * np.clip(hits.y / 1.0, 0, 1)
    corner = 0.55 + 0.45 * np.where(
        hits.part == Part.FLOOR,
        np.clip((room.half_width - np.abs(hits.x)) / 2, 0, 1),
        np.where(hits.part == Part.WALL, np.clip(hits.y / 0.8, 0, 1), np.maximum(corner, 0.6)),
    )
    day = style.glass * np.float32(0.16 + 0.16 * (1 - mood.darkness))
    return np.asarray(
        ((total * np.float32(0.62) + np.float32(0.05))[..., None] * warm + day) * corner[..., None], np.float32
    )


def _panes(stage: Stage, style: Style, hits: Hits) -> Field:
    """Glass in leads: pale sky light, or stained colours when tall windows are asked for."""
    mood = stage.mood
    u, v = hits.z, hits.y
    leads = np.maximum(np.abs(np.mod(u * 2.2, 1) - 0.5), np.abs(np.mod(v * 1.6, 1) - 0.5))
    lead = smoothstep(0.47, 0.43, leads)[..., None]
    height = np.clip(v / (style.window_spring * 1.3), 0, 1)[..., None]
    light = style.glass * (0.75 + 0.5 * height)
    if stage.has("tall arched windows"):
        choice = np.sin(np.floor(u * 2.2) * 37.7 + np.floor(v * 1.6) * 91.3)[..., None]
        tint = np.where(choice > 0.4, mood.accent, np.where(choice < -0.4, mood.middle, mood.glow))
        light = light * (np.float32(0.45) + tint * np.float32(1.1))
    return np.asarray(light * (0.12 + 0.88 * lead), np.float32)


def _polish(image: Field, stage: Stage, room: Room, style: Style, hits: Hits, texture: Field) -> None:
    """Mirror the hall in its polished floor, softer with distance from what is mirrored."""
    start = max(int(room.horizon * stage.height) - 1, 0)
    below = cast(stage, room, mirrored=True)
    seen = _shade(stage, room, style, below, texture)
    seen = blur(seen, stage.unit * 0.002, stage.unit * 0.008)
    floor = (hits.part == Part.FLOOR).astype(np.float32)
    carpet = smoothstep(1.28, 1.34, np.abs(hits.x)) if stage.has("a long red carpet") else np.ones_like(hits.x)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    grazing = 0.5 - 0.3 * np.clip((rows - start) / (stage.height - start), 0, 1)
    image += seen * (floor * carpet * grazing)[..., None]


def _end_wall(image: Field, stage: Stage, room: Room, style: Style) -> None:
    """The focal point: a great window, a rose, or a throne under a canopy."""
    rng, mood = stage.rng("end wall"), stage.mood
    kind = int(rng.integers(0, 3))
    cx, base, metre = project(stage, room, (0.0, 0.0, room.length - 0.05))
    half = room.half_width * 0.36
    angle = np.linspace(0, np.pi, 30)
    window = props.empty(stage)
    if kind == 1:
        radius, height = room.half_width * 0.42, room.spring * 0.82
        ring = np.linspace(0, 2 * np.pi, 60)
        polygon(
            window, np.stack([cx + np.cos(ring) * radius * metre, base - (height + np.sin(ring) * radius) * metre], 1)
        )
        x = (stage.x * stage.unit + stage.width / 2 - cx) / metre / radius
        y = ((base - stage.y * stage.height) / metre - height) / radius
        spokes = np.abs(np.mod(np.arctan2(y, x) * 6 / np.pi, 1) - 0.5)
        rings = np.abs(np.mod(np.hypot(x, y) * 3, 1) - 0.5)
        bars = smoothstep(0.47, 0.4, spokes) * smoothstep(0.47, 0.38, rings)
    else:
        top = room.spring * 0.72
        arch = np.stack(
            [
                cx + np.cos(angle) * half * metre,
                base - (top + np.sin(angle) * half * (1.5 if style.pointed else 1.0)) * metre,
            ],
            1,
        )
        foot = 2.2 if kind == 0 else 3.4
        polygon(
            window,
            [(cx + half * metre, base - foot * metre), *map(tuple, arch), (cx - half * metre, base - foot * metre)],
        )
        x = (stage.x * stage.unit + stage.width / 2 - cx) / metre
        y = (base - stage.y * stage.height) / metre
        bars = smoothstep(0.46, 0.4, np.abs(np.mod(x / half * 2 + 0.5, 1) - 0.5)) * smoothstep(
            0.48, 0.43, np.abs(np.mod(y * 0.8, 1) - 0.5)
        )
    rim = np.clip(blur(window, metre * 0.1) * 2.2, 0, 1) * (1 - window)
    lay(image, np.asarray(rim, np.float32), style.trim * np.float32(0.5))
    tint = mix(style.glass, mood.glow, 0.3) * np.float32(1.25)
    lay(image, window, np.asarray(tint * (0.15 + 0.85 * bars)[..., None], np.float32))
    if kind == 2:
        _throne(image, stage, style, (cx, base, metre))


def _throne(image: Field, stage: Stage, style: Style, place: tuple[float, float, float]) -> None:
    cx, base, metre = place
    for step in range(3):
        stair = props.empty(stage)
        wide = 2.4 - 0.45 * step
        polygon(
            stair,
            [
                (cx - wide * metre, base - 0.2 * step * metre),
                (cx + wide * metre, base - 0.2 * step * metre),
                (cx + wide * metre, base - (0.2 * step + 0.18) * metre),
                (cx - wide * metre, base - (0.2 * step + 0.18) * metre),
            ],
        )
        lay(image, stair, style.stone * np.float32(0.3 + 0.08 * step))
    back, seat = props.empty(stage), props.empty(stage)
    y = base - 0.6 * metre
    polygon(
        back,
        [
            (cx - 0.55 * metre, y),
            (cx - 0.6 * metre, y - 2.0 * metre),
            (cx, y - 2.7 * metre),
            (cx + 0.6 * metre, y - 2.0 * metre),
            (cx + 0.55 * metre, y),
        ],
    )
    polygon(
        seat,
        [
            (cx - 0.42 * metre, y - 0.1 * metre),
            (cx - 0.45 * metre, y - 1.9 * metre),
            (cx, y - 2.4 * metre),
            (cx + 0.45 * metre, y - 1.9 * metre),
            (cx + 0.42 * metre, y - 0.1 * metre),
        ],
    )
    lay(image, back, style.trim * np.float32(0.55))
    lay(image, seat, style.cloth * np.float32(0.6))


def _shafts(image: Field, stage: Stage, room: Room, style: Style, hits: Hits) -> None:
    """Slanting light from the windows of one side through the dusty air, and banners between them."""
    rng = stage.rng("shafts")
    side = float(rng.choice([-1, 1]))
    start = room.columns[0][1] if room.columns else 3.0
    mask = props.empty(stage)
    for number in range(7):
        z = start + style.bay * (number + 0.5)
        if z > room.length:
            break
        top, low = style.window_spring * 1.1, style.window_spring * 0.35
        corners = [
            (side * room.half_width, top, z - style.window_half),
            (side * room.half_width, low, z + style.window_half),
        ]
        floor = [
            (-side * room.half_width * 0.2, 0.0, z + 1.2 + style.window_half),
            (-side * room.half_width * 0.45, 0.0, z + 1.2 - style.window_half),
        ]
        shaft = props.empty(stage)
        polygon(shaft, [project(stage, room, point)[:2] for point in (*corners, *floor)])
        mask += shaft * np.float32(0.3)
    soft = blur(mask, stage.unit * 0.02)
    strength = {TimeOfDay.NIGHT: 0.16, TimeOfDay.DUSK: 0.24}.get(stage.scenery.time_of_day, 0.42) * (
        1 - 0.7 * stage.mood.dull
    )
    dust = np.clip(0.8 + 0.3 * fbm(rng, stage.shape, stage.unit * 0.2, octaves=4), 0, 1.3)
    image += (soft * dust * np.float32(strength))[..., None] * style.glass
    if stage.has("hanging banners"):
        for number in range(6):
            for wall in (-1, 1):
                _banner(image, stage, room, style, (wall * (room.half_width - 0.9), start + style.bay * number + 0.02))


def _banner(image: Field, stage: Stage, room: Room, style: Style, place: tuple[float, float]) -> None:
    x, z = place
    if z < 3.2 or z > room.length:
        return
    cx, top, metre = project(stage, room, (x, room.spring * 0.8, z))
    if cx < -metre or cx > stage.width + metre:
        return
    tall = room.spring * 0.38 * metre
    mask, emblem = props.empty(stage), props.empty(stage)
    half = 0.5 * metre
    polygon(
        mask,
        [
            (cx - half, top),
            (cx + half, top),
            (cx + half, top + tall),
            (cx, top + tall + half * 0.8),
            (cx - half, top + tall),
        ],
    )
    middle = top + tall * 0.5
    polygon(
        emblem,
        [(cx, middle - half * 0.7), (cx + half * 0.5, middle), (cx, middle + half * 0.7), (cx - half * 0.5, middle)],
    )
    across = (stage.x * stage.unit + stage.width / 2 - cx) / max(half, 1)
    folds = 0.75 + 0.25 * np.cos(across * 6)
    light = np.clip(0.75 - 0.01 * z, 0.3, 1)
    lay(
        image,
        mask,
        np.asarray(
            style.cloth * folds[..., None] * np.float32(light) * np.ones((stage.height, 1, 1), np.float32), np.float32
        ),
    )
    lay(image, emblem, style.trim * np.float32(0.8 * light))


def _candelabra(image: Field, stage: Stage, room: Room) -> None:
    """Standing lights along both sides."""
    z = room.length - 1.5
    while z > 3.0:
        for side in (-1, 1):
            cx, base, metre = project(stage, room, (side * room.half_width * 0.5, 0.0, z))
            flames.candelabrum(image, stage, (cx, base), metre)
        z -= 3.4


def _chandeliers(image: Field, stage: Stage, room: Room, style: Style) -> None:
    """Far ones first; the nearest stays clear of the upper edge."""
    grand = stage.has("a grand chandelier")
    for number, lamp in sorted(enumerate(style.lamps), key=lambda pair: -pair[1][2]):
        if number > 0 and not grand and stage.chance("few lamps", 0.5):
            continue
        z = max(lamp[2], 5.5)
        height = min(lamp[1], room.eye[1] + z * room.horizon * stage.height / stage.unit / room.focus * 0.62)
        cx, cy, metre = project(stage, room, (lamp[0], height, z))
        flames.chandelier(image, stage, (cx, cy), metre * (1.35 if grand else 0.9), tiers=3 if grand else 2)
