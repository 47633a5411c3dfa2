"""Owns great halls lit by candles; hides the shading of their stone, glass and floor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from video_pipeline.providers.images_procedural import flames
from video_pipeline.providers.images_procedural import hall_furnishing as furnishing
from video_pipeline.providers.images_procedural.hall_design import Style, design
from video_pipeline.providers.images_procedural.noise import Field, blur, sample, smoothstep, tile
from video_pipeline.providers.images_procedural.rooms import Hits, Part, Room, by_bands, cast
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_hall(stage: Stage) -> Field:
    """A long vaulted room with columns, seen along its axis."""
    room, style = design(stage)
    texture = tile(stage.rng("stone"), 512, 1.5, 3)
    hits = cast(stage, room)
    image = by_bands(hits, lambda band: _shade(stage, room, style, band, texture))
    start = max(int(room.horizon * stage.height) - 1, 0)
    _polish(image, stage, room, hits, lambda band: _shade(stage, room, style, band, texture))
    furnishing.end_wall(image, stage, room, style)
    furnishing.shafts(image, stage, room, style)
    if stage.has("standing candelabra") or not stage.has("a grand chandelier"):
        furnishing.candelabra(image, stage, room)
    furnishing.chandeliers(image, stage, room, style)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    haze = smoothstep(8, room.length * 1.1, hits.z)[..., None] * np.float32(0.28)
    warm = mix(stage.mood.accent, stage.mood.fog, 0.4) * np.float32(0.3)
    image = image + (warm - image) * haze * smoothstep(start * 2.4, start * 0.6, rows)[..., None]
    return np.asarray(image, np.float32)


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


def _polish(image: Field, stage: Stage, room: Room, hits: Hits, shade: Callable[[Hits], Field]) -> None:
    """Mirror the hall in its polished floor, softer with distance from what is mirrored."""
    start = max(int(room.horizon * stage.height) - 1, 0)
    below = cast(stage, room, mirrored=True)
    seen = by_bands(below, shade)
    seen = blur(seen, stage.unit * 0.002, stage.unit * 0.008)
    floor = (hits.part == Part.FLOOR).astype(np.float32)
    carpet = smoothstep(1.28, 1.34, np.abs(hits.x)) if stage.has("a long red carpet") else np.ones_like(hits.x)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    grazing = 0.5 - 0.3 * np.clip((rows - start) / (stage.height - start), 0, 1)
    image += seen * (floor * carpet * grazing)[..., None]
