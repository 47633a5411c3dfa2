"""Owns what furnishes a great hall: end wall, throne, banners, lights and shafts of sun; hides their drawing."""

from __future__ import annotations

import numpy as np

from video_pipeline.domain.scenery import TimeOfDay
from video_pipeline.providers.images_procedural import flames, props
from video_pipeline.providers.images_procedural.hall_design import Style
from video_pipeline.providers.images_procedural.light import lay, polygon
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, smoothstep
from video_pipeline.providers.images_procedural.rooms import Room, project
from video_pipeline.providers.images_procedural.stage import Stage, mix


def end_wall(image: Field, stage: Stage, room: Room, style: Style) -> None:
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


def shafts(image: Field, stage: Stage, room: Room, style: Style) -> None:
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


def candelabra(image: Field, stage: Stage, room: Room) -> None:
    """Standing lights along both sides."""
    z = room.length - 1.5
    while z > 3.0:
        for side in (-1, 1):
            cx, base, metre = project(stage, room, (side * room.half_width * 0.5, 0.0, z))
            flames.candelabrum(image, stage, (cx, base), metre)
        z -= 3.4


def chandeliers(image: Field, stage: Stage, room: Room, style: Style) -> None:
    """Far ones first; the nearest stays clear of the upper edge."""
    grand = stage.has("a grand chandelier")
    for number, lamp in sorted(enumerate(style.lamps), key=lambda pair: -pair[1][2]):
        if number > 0 and not grand and stage.chance("few lamps", 0.5):
            continue
        z = max(lamp[2], 5.5)
        height = min(
            lamp[1], room.eye[1] + z * room.horizon * stage.height / stage.unit / room.focus * (0.5 if grand else 0.6)
        )
        cx, cy, metre = project(stage, room, (lamp[0], height, z))
        flames.chandelier(image, stage, (cx, cy), metre * (1.35 if grand else 0.9), tiers=3 if grand else 2)
