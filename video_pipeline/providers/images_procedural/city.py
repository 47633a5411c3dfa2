"""Owns cities; hides streets, towers and their lights."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.domain.scenery import TimeOfDay
from video_pipeline.providers.images_procedural import props
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, rectangle, shine
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm
from video_pipeline.providers.images_procedural.sky import paint_sky
from video_pipeline.providers.images_procedural.stage import Colour, Stage, colour, mix
from video_pipeline.providers.images_procedural.streets import paint_street
from video_pipeline.providers.images_procedural.water import mirror


def paint_city(stage: Stage) -> Field:
    """A skyline over water, or a street between towers."""
    over_water = stage.has("a wide river") or stage.has("a lit bridge")
    street = stage.has("neon signs") and not over_water
    if street or (not over_water and not stage.has("an elevated train") and stage.chance("street", 0.45)):
        image = paint_street(stage)
    else:
        image = _paint_skyline(stage, river=over_water or stage.chance("river", 0.6))
    if stage.has("sky lanterns"):
        rng = stage.rng("lanterns")
        props.lanterns(image, stage, rng, top=stage.height * 0.06, bottom=stage.height * 0.5, count=34, floating=False)
    return image


def lamp_colours(stage: Stage) -> list[Colour]:
    """Of windows: mostly warm, a few cool, some in the palette's colours."""
    mood = stage.mood
    return [
        colour("ffc67a"),
        mix(colour("ffb35c"), mood.accent, 0.5),
        mix(colour("fff0d0"), mood.glow, 0.5),
        mix(colour("a8d4ff"), mood.light, 0.6),
        mood.middle,
    ]


def lit_share(stage: Stage) -> float:
    """How many windows are lit."""
    return {TimeOfDay.NIGHT: 0.42, TimeOfDay.DUSK: 0.34, TimeOfDay.DAWN: 0.16, TimeOfDay.GOLDEN_HOUR: 0.12}.get(
        stage.scenery.time_of_day, 0.03
    )


def _paint_skyline(stage: Stage, *, river: bool) -> Field:
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.58, 0.7)) if river else float(rng.uniform(0.72, 0.84))
    sky = paint_sky(stage, horizon, sun_height=None if stage.mood.darkness < 1 else float(rng.uniform(0.72, 0.88)))
    image = sky.image.copy()
    line = horizon * stage.height
    _city_glow(image, stage, line)
    layers = 4
    for depth in range(layers):
        _towers(image, stage, line, depth / (layers - 1))
        if stage.has("an elevated train") and depth == layers - 2:
            _train(image, stage, line - stage.unit * 0.045)
        haze = np.exp(
            -(((np.arange(stage.height, dtype=np.float32)[:, None] - line) / np.float32(stage.unit * 0.1)) ** 2)
        )
        drift = np.clip(
            0.7 + 0.5 * fbm(stage.rng(f"haze {depth}"), stage.shape, stage.unit * 0.2, stretch=3, octaves=4), 0, 1
        )
        lay(image, np.asarray(haze * drift * np.float32(0.34 - 0.07 * depth), np.float32), _haze(stage))
    if river:
        if stage.has("a lit bridge"):
            _bridge(image, stage, line)
        wet = np.clip(np.arange(stage.height, dtype=np.float32)[:, None] - line, 0, 1) * np.ones(
            (1, stage.width), np.float32
        )
        shore = np.full(stage.width, line, np.float32)
        mirror(
            image,
            np.asarray(wet, np.float32),
            stage,
            shore=shore,
            horizon=line - stage.unit * 0.01,
            sun=sky.sun,
            rough=float(rng.uniform(0.8, 1.4)),
        )
    else:
        _rooftops(image, stage, line)
    return image


def _haze(stage: Stage) -> Colour:
    return np.asarray(
        mix(stage.mood.fog, stage.mood.middle, 0.35) * np.float32(0.9)
        + stage.mood.accent * np.float32(0.07 * stage.mood.darkness),
        np.float32,
    )


def _city_glow(image: Field, stage: Stage, line: float) -> None:
    """Light of the streets in the air over the roofs."""
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    up = np.maximum(line - rows, 0) / np.float32(stage.unit)
    glow = np.exp(-up * 3.2)[..., None] * np.float32(0.3 * stage.mood.darkness)
    image += glow * mix(stage.mood.accent, stage.mood.middle, 0.45)


def _towers(image: Field, stage: Stage, line: float, share: float) -> None:
    """One row of buildings; `share` is 0 for the farthest and 1 for the nearest."""
    rng, mood = stage.rng(f"towers {share:.2f}"), stage.mood
    mask = props.empty(stage)
    glow = np.zeros((*stage.shape, 3), np.float32)
    x = -stage.unit * 0.05
    peak = float(rng.uniform(0.25, 0.75)) * stage.width
    lights = lamp_colours(stage)
    while x < stage.width * 1.02:
        wide = stage.unit * float(rng.uniform(0.035, 0.085)) * (0.7 + 0.9 * share)
        centre = 0.4 + 0.75 * np.exp(-(((x - peak) / (stage.width * 0.28)) ** 2))
        tall = stage.unit * float(rng.lognormal(-1.75, 0.4)) * centre * (1.7 - 0.75 * share)
        tall = float(np.clip(tall, stage.unit * 0.05, line * 0.86))
        _tower(mask, glow, rng, (x, line + 2, wide, tall), (stage, lights, share))
        x += wide * float(rng.uniform(0.88, 1.25))
    body: Field = mix(mix(colour("20242c"), mood.deep, 0.5), mood.shade, 0.25) * (
        mood.ambient * np.float32(0.8) + mood.sun * np.float32(0.18) + np.float32(0.012)
    )
    body = mix(np.asarray(body, np.float32), _haze(stage), 0.72 * (1 - share) ** 0.8 + 0.06 + 0.12 * mood.dull)
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    up = np.clip((line - rows) / (stage.unit * 0.5), 0, 1)[..., None]
    paint = body * (1 - 0.35 * up) + _haze(stage) * (0.22 * (1 - up))
    lay(image, mask, np.asarray(paint * np.ones((1, stage.width, 1), np.float32), np.float32))
    strength = np.float32((0.5 + 0.8 * share) * (0.35 + 0.65 * mood.darkness))
    image += glow * strength


# width and height of each step in shares of the tower
_SETBACKS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((1.0, 1.0),),
    ((1.0, 0.72), (0.7, 0.9), (0.45, 1.0)),
    ((1.0, 0.86), (0.8, 1.0)),
    ((1.0, 0.94),),
    ((1.0, 1.0),),
)


def _tower(
    mask: Field,
    glow: Field,
    rng: np.random.Generator,
    box: tuple[float, float, float, float],
    look: tuple[Stage, list[Colour], float],
) -> None:
    """A building with setbacks, a crown and a grid of windows."""
    x, foot, wide, tall = box
    stage, lights, share = look
    kind = int(rng.integers(0, 5))
    steps = _SETBACKS[kind]
    cx = x + wide / 2
    for narrow, height in steps:
        half = wide * narrow / 2
        rectangle(mask, (cx - half, foot), (cx + half, foot - tall * height))
    top = foot - tall * steps[-1][1]
    if kind == 3 and wide < stage.unit * 0.075:
        polygon(mask, [(cx - wide / 2, top + 1), (cx - wide * 0.1, top - wide * 0.55), (cx + wide / 2, top + 1)])
    if kind in (1, 4) or rng.uniform() < 0.2:
        mast = wide * float(rng.uniform(0.4, 1.1))
        lines(mask, [np.array([(cx, top + 1), (cx, top - mast)])], max(stage.unit * 0.0018, 0.7))
        if share > 0.3 and rng.uniform() < 0.4:
            shine(glow, stage, (cx, top - mast), stage.unit * 0.0013, colour("ff3b30") * np.float32(1.6))
    pitch = stage.unit * (0.0055 + 0.0062 * share)
    columns, floors = max(int(wide / pitch) - 1, 1), max(int(tall / (pitch * 1.35)) - 1, 1)
    lit = rng.random((floors, columns)) < lit_share(stage) * float(rng.uniform(0.45, 1.4))
    if rng.uniform() < 0.25:
        lit[rng.random(floors) < 0.35] = True
    tint = lights[int(rng.choice(len(lights), p=[0.34, 0.28, 0.2, 0.12, 0.06]))]
    # The windows of one tower are one small grid, enlarged: far cheaper than a polygon each.
    grid = np.zeros((floors * 3, columns * 3), np.float32)
    values = lit * rng.uniform(0.35, 1.15, lit.shape)
    grid[1::3, 1::3], grid[0::3, 1::3] = values, values
    size = (max(int(columns * pitch), 1), max(int(floors * pitch * 1.35), 1))
    panel = cv2.resize(grid, size, interpolation=cv2.INTER_AREA if size[0] < grid.shape[1] else cv2.INTER_LINEAR)
    left, upper = int(cx - size[0] / 2), int(foot - tall * steps[0][1] + pitch)
    y0, y1, x0, x1 = (
        max(upper, 0),
        min(upper + size[1], int(foot), stage.height),
        max(left, 0),
        min(left + size[0], stage.width),
    )
    if y1 > y0 and x1 > x0:
        part = panel[y0 - upper : y1 - upper, x0 - left : x1 - left]
        glow[y0:y1, x0:x1] *= np.float32(0.2)
        glow[y0:y1, x0:x1] += part[..., None] * tint * np.float32(1.5)


def _bridge(image: Field, stage: Stage, line: float) -> None:
    """A suspension bridge with lamps along deck and cables."""
    rng, mood = stage.rng("bridge"), stage.mood
    deck = line - stage.unit * 0.035
    tall = stage.unit * float(rng.uniform(0.2, 0.28))
    left, right = stage.width * float(rng.uniform(0.12, 0.24)), stage.width * float(rng.uniform(0.7, 0.88))
    mask = props.empty(stage)
    wide = stage.unit * 0.011
    polygon(mask, [(0, deck), (stage.width, deck), (stage.width, deck + wide), (0, deck + wide)])
    warm = mix(colour("ffd08a"), mood.accent, 0.4)
    lamps: list[tuple[float, float]] = [
        (float(x), deck - wide * 0.6) for x in np.arange(0, stage.width, stage.unit * 0.032)
    ]
    for tower in (left, right):
        for offset in (-wide * 1.1, wide * 1.1):
            polygon(
                mask,
                [
                    (tower + offset - wide * 0.5, line + 3),
                    (tower + offset - wide * 0.4, deck - tall),
                    (tower + offset + wide * 0.4, deck - tall),
                    (tower + offset + wide * 0.5, line + 3),
                ],
            )
        for share in (0.3, 0.65, 0.97):
            polygon(
                mask,
                [
                    (tower - wide * 1.5, deck - tall * share),
                    (tower + wide * 1.5, deck - tall * share),
                    (tower + wide * 1.5, deck - tall * share + wide * 0.7),
                    (tower - wide * 1.5, deck - tall * share + wide * 0.7),
                ],
            )
    span = right - left
    for start, end, low in ((left, right, 0.08), (left - span, left, 0.08), (right, right + span, 0.08)):
        t = np.linspace(0, 1, 60)
        curve = np.stack([start + (end - start) * t, deck - tall * (low + (1 - low) * (2 * t - 1) ** 2)], 1)
        lines(mask, [curve], max(stage.unit * 0.0028, 0.8))
        for x, y in curve[::2]:
            lines(mask, [np.array([(x, y), (x, deck)])], max(stage.unit * 0.0009, 0.5))
        lamps += [(float(x), float(y)) for x, y in curve[::3]]
    lay(image, mask, mix(mood.deep * np.float32(0.6), _haze(stage), 0.15))
    for at in lamps:
        if 0 < at[0] < stage.width:
            shine(image, stage, at, stage.unit * 0.0024, warm * np.float32(0.5 + 0.7 * mood.darkness))
    for tower in (left, right):
        shine(image, stage, (tower, deck - tall * 0.5), tall * 0.25, warm * np.float32(0.07))


def _train(image: Field, stage: Stage, row: float) -> None:
    """A viaduct on piers with a lit train."""
    rng, mood = stage.rng("train"), stage.mood
    mask = props.empty(stage)
    thick = stage.unit * 0.016
    polygon(mask, [(0, row), (stage.width, row), (stage.width, row + thick), (0, row + thick)])
    for x in np.arange(stage.unit * 0.05, stage.width, stage.unit * 0.22):
        polygon(
            mask,
            [
                (x - thick * 0.5, row),
                (x + thick * 0.5, row),
                (x + thick * 0.4, row + stage.unit * 0.3),
                (x - thick * 0.4, row + stage.unit * 0.3),
            ],
        )
    lay(image, mask, mix(mood.deep * np.float32(0.6), _haze(stage), 0.2))
    start, car = stage.width * float(rng.uniform(0.05, 0.35)), stage.unit * 0.19
    body, panes = props.empty(stage), props.empty(stage)
    for number in range(4):
        x = start + number * car * 1.03
        top = row - stage.unit * 0.042
        nose = car * 0.08 if number == 3 else 0
        polygon(
            body,
            [(x, row - 1), (x, top), (x + car - nose, top), (x + car, row - stage.unit * 0.014), (x + car, row - 1)],
        )
        for window in range(8):
            wx = x + car * (0.06 + 0.112 * window)
            polygon(
                panes,
                [
                    (wx, top + stage.unit * 0.007),
                    (wx + car * 0.085, top + stage.unit * 0.007),
                    (wx + car * 0.085, top + stage.unit * 0.022),
                    (wx, top + stage.unit * 0.022),
                ],
            )
    light = mix(colour("fff0d0"), mood.accent, 0.3)
    lay(image, body, mix(mix(colour("b8bec6"), mood.light, 0.4) * np.float32(0.12), _haze(stage), 0.2))
    lay(image, panes, light * np.float32(1.5))
    end = start + 4 * car * 1.03
    shine(image, stage, (end, row - stage.unit * 0.014), stage.unit * 0.009, light * np.float32(1.8))
    image += (blur(panes, stage.unit * 0.012) * np.float32(0.5))[..., None] * light


def _rooftops(image: Field, stage: Stage, line: float) -> None:
    """Dark roofs near the eye with tanks, rails and a few warm windows."""
    rng, mood = stage.rng("roofs"), stage.mood
    mask, panes = props.empty(stage), props.empty(stage)
    x = -stage.unit * 0.1
    while x < stage.width:
        wide = stage.unit * float(rng.uniform(0.16, 0.34))
        top = line + stage.unit * float(rng.uniform(0.0, 0.1))
        polygon(mask, [(x, stage.height + 5), (x, top), (x + wide, top), (x + wide, stage.height + 5)])
        polygon(
            mask,
            [
                (x - 3, top),
                (x + wide + 3, top),
                (x + wide + 3, top + stage.unit * 0.008),
                (x - 3, top + stage.unit * 0.008),
            ],
        )
        if rng.uniform() < 0.5:
            tx, size = x + wide * float(rng.uniform(0.2, 0.7)), stage.unit * 0.03
            polygon(
                mask,
                [
                    (tx - size, top - size * 1.4),
                    (tx, top - size * 2.0),
                    (tx + size, top - size * 1.4),
                    (tx + size, top - size * 0.5),
                    (tx - size, top - size * 0.5),
                ],
            )
            for leg in (-0.8, 0.0, 0.8):
                lines(
                    mask,
                    [np.array([(tx + leg * size, top - size * 0.6), (tx + leg * size, top)])],
                    max(stage.unit * 0.002, 0.7),
                )
        for _ in range(int(rng.integers(1, 5))):
            wx, wy, size = (
                x + wide * float(rng.uniform(0.1, 0.85)),
                top + stage.unit * float(rng.uniform(0.035, 0.16)),
                stage.unit * 0.013,
            )
            polygon(panes, [(wx, wy), (wx + size, wy), (wx + size, wy + size * 1.4), (wx, wy + size * 1.4)])
        x += wide * float(rng.uniform(0.9, 1.1))
    lay(image, mask, mix(mood.deep * np.float32(0.45), _haze(stage), 0.07))
    warm = lamp_colours(stage)[0]
    lay(image, panes * mask, warm * np.float32(0.35 + 0.8 * mood.darkness))
    image += (blur(panes, stage.unit * 0.012) * np.float32(0.22 * mood.darkness))[..., None] * warm
