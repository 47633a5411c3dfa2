"""Owns the sea and its coasts; hides their making."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.domain.scenery import Weather
from video_pipeline.providers.images_procedural import props, trees
from video_pipeline.providers.images_procedural.light import lay, lines, polygon, rectangle, shine
from video_pipeline.providers.images_procedural.noise import Field, blur, fbm, sample, smoothstep, tile, wave
from video_pipeline.providers.images_procedural.sky import Sky, paint_sky
from video_pipeline.providers.images_procedural.stage import Stage, colour, mix


def paint_sea(stage: Stage) -> Field:
    """Open water to the horizon."""
    rng = stage.rng("view")
    horizon = float(rng.uniform(0.38, 0.62))
    sky = paint_sky(stage, horizon)
    image = sky.image.copy()
    line = round(horizon * stage.height)
    beach = stage.has("a sandy beach")
    cliffs = stage.has("rocky cliffs")
    if cliffs:
        _cliffs(image, stage, sky, line)
    _waves(image, stage, sky, line)
    if stage.has("a sailing boat"):
        _sail(image, stage, line)
    if stage.has("a lighthouse"):
        _lighthouse(image, stage, line, sky)
    if beach:
        _beach(image, stage, sky, line)
    elif not cliffs and stage.chance("rocks", 0.5):
        _rocks(image, stage, sky)
    if stage.has("flying birds"):
        props.birds(image, stage, mix(stage.mood.deep, stage.mood.sky_middle, 0.25), high=horizon * 0.75)
    if stage.has("palm leaves"):
        _palms(image, stage, sky)
    return image


def _waves(image: Field, stage: Stage, sky: Sky, line: int) -> None:
    """Swell in perspective: each slope mirrors another part of the sky, crests catch the sun."""
    rng, mood = stage.rng("waves"), stage.mood
    y = np.arange(line, stage.height, dtype=np.float32)[:, None]
    below = np.maximum(y - line, 0.5) / np.float32(stage.unit)
    away = np.float32(0.06) / below
    texture = tile(rng, 512, 1.45, 4)
    u, v = stage.x * away, away * np.ones_like(stage.x)
    turn = float(rng.uniform(-0.35, 0.35))
    u, v = u + v * np.float32(turn), v - u * np.float32(turn * 0.3)
    swell = sample(texture, u * 0.7, v * 2.1)
    chop = sample(texture, u * 2.6 + 0.3, v * 6.5)
    fine = sample(texture, u * 9 + 0.6, v * 21)
    calm = smoothstep(0.0, 0.035, below)
    rough = 1.5 if stage.scenery.weather is Weather.RAIN else float(rng.uniform(0.6, 1.1))
    slope = (0.5 * swell + 0.42 * chop * calm + 0.3 * fine * smoothstep(0.01, 0.12, below)) * np.float32(rough)
    # A slope towards us mirrors higher, darker sky; one away from us the bright foot of the sky.
    up = np.clip(0.1 + 0.5 * np.sqrt(below) + slope * (0.1 + 0.12 * calm), 0.02, 0.95)
    rows = (line - 1) * (1 - up)
    seen = cv2.remap(
        blur(image[:line], stage.unit * 0.012),
        np.repeat(np.arange(stage.width, dtype=np.float32)[None, :], len(y), 0) + slope * np.float32(stage.unit * 0.02),
        np.asarray(rows, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    body = mix(mix(colour("0b3a4a"), mood.shade, 0.55), mood.deep, 0.35) * (
        mood.ambient * np.float32(1.2) + mood.sun * np.float32(0.12) + np.float32(0.03)
    )
    fresnel = np.clip(0.78 - 0.5 * smoothstep(0.0, 0.5, below) - 0.13 * slope * calm, 0.12, 0.92)
    paint = body + (seen - body) * fresnel[..., None]
    thin = smoothstep(0.6, 2.0, swell + 0.5 * chop) * smoothstep(0.05, 0.4, below)
    paint += (
        thin[..., None]
        * mix(colour("1f8a86"), mood.middle, 0.5)
        * (mood.ambient + mood.sun * np.float32(0.25))
        * np.float32(0.8)
    )
    foam = smoothstep(1.55, 2.4, swell * 0.6 + chop + 0.5 * fine) * smoothstep(0.03, 0.25, below)
    paint = (
        paint
        + (mix(mood.glow, mood.fog, 0.3) * (mood.ambient + mood.sun * 0.6 + 0.05) - paint)
        * (foam * np.float32(0.55))[..., None]
    )
    path = np.exp(-(((stage.x - np.float32((sky.sun[0] - stage.width / 2) / stage.unit)) / (0.03 + below * 0.42)) ** 2))
    glint = path * (smoothstep(0.35, 1.5, slope) * np.float32(1.8) + np.float32(0.08)) * smoothstep(0.8, 0.05, below)
    paint += glint[..., None] * mood.sun * np.float32((1 - mood.dull) * (0.6 if mood.darkness >= 1 else 1.1))
    haze = np.exp(-below * 26)[..., None] * np.float32(0.7)
    image[line:] = paint + (mood.fog - paint) * haze


def _rock_paint(stage: Stage, sky: Sky, shape: Field, name: str) -> Field:
    """Light and texture of rock for a mask: bright on the sun's side and on top."""
    mood = stage.mood
    texture = fbm(stage.rng(name), stage.shape, stage.unit * 0.06, octaves=7, gain=0.62, stretch=0.8)
    body = cv2.GaussianBlur(shape, (0, 0), stage.unit * 0.012) + texture * np.float32(0.16)
    gx, gy = cv2.Sobel(body, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(body, cv2.CV_32F, 0, 1, ksize=3)
    side = np.float32(-1 if sky.sun[0] > stage.width / 2 else 1)
    lit = np.clip(0.3 + (gx * side + gy * 0.9) * np.float32(stage.unit / 1080 * 11), 0, 1.3)
    rock = mix(colour("57504a"), mood.shade, 0.3) * (0.7 + 0.4 * texture)[..., None]
    light = mood.ambient * np.float32(0.8) + lit[..., None] * mood.sun * np.float32(0.8)
    return np.asarray(rock * light + mood.fog * np.float32(0.02), np.float32)


def _cliffs(image: Field, stage: Stage, sky: Sky, line: int) -> None:
    """Headlands stepping back into the haze on one side, the nearest highest."""
    side = -1.0 if sky.sun[0] > stage.width / 2 else 1.0
    for depth in (0, 1, 2):
        rng = stage.rng(f"cliff {depth}")
        reach = 0.78 - 0.2 * depth + float(rng.uniform(-0.05, 0.05))
        across = 0.5 + side * stage.x[0] * stage.unit / stage.width
        rise = smoothstep(1 - reach, 1 - reach + 0.14 + 0.1 * depth, across.astype(np.float32))
        tall = stage.unit * (0.08 + 0.11 * depth) * float(rng.uniform(0.8, 1.2))
        rough = wave(rng, stage.width, stage.width * 0.14, octaves=7, gain=0.52)
        top = line - rise * tall * (1 + 0.35 * rough) + (1 - rise) * 4 + np.where(rise < 0.02, 40, 0)
        rows = np.arange(stage.height, dtype=np.float32)[:, None]
        foot = line + stage.unit * (0.004 + 0.012 * depth) + rough[None, :] * 2
        mask = np.clip(rows - top[None, :] + 0.5, 0, 1) * np.clip(foot - rows, 0, 1)
        paint = _rock_paint(stage, sky, np.asarray(mask, np.float32), f"cliff face {depth}")
        haze = min((0.72, 0.45, 0.16)[depth] * (1 + 0.3 * stage.mood.dull), 0.9)
        lay(image, np.asarray(mask, np.float32), paint + (stage.mood.fog - paint) * np.float32(haze))


def _rocks(image: Field, stage: Stage, sky: Sky) -> None:
    """Boulders in the lower corner on the side away from the sun."""
    rng = stage.rng("rocks")
    side = -1.0 if sky.sun[0] > stage.width / 2 else 1.0
    across = (0.5 + side * stage.x[0] * stage.unit / stage.width).astype(np.float32)
    rough = wave(rng, stage.width, stage.width * 0.12, octaves=6, gain=0.5)
    top = stage.height * (1.04 - 0.3 * smoothstep(0.55, 1.0, across + 0.12 * rough)) - rough * stage.unit * 0.025
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    mask = np.asarray(np.clip(rows - top[None, :] + 0.5, 0, 1), np.float32)
    lay(image, mask, _rock_paint(stage, sky, mask, "rock face") * np.float32(0.7))
    spray = (
        blur(mask, stage.unit * 0.02)
        * (1 - mask)
        * smoothstep(-0.1, 0.5, fbm(rng, stage.shape, stage.unit * 0.03, octaves=4))
    )
    lay(
        image,
        np.asarray(spray * np.float32(0.5), np.float32),
        np.asarray(
            mix(stage.mood.glow, stage.mood.fog, 0.5) * (stage.mood.ambient + stage.mood.sun * 0.4 + 0.03), np.float32
        ),
    )


def _beach(image: Field, stage: Stage, sky: Sky, line: int) -> None:
    """Wet and dry sand with a lace of foam, running in from one corner."""
    rng, mood = stage.rng("beach"), stage.mood
    side = float(rng.choice([-1, 1]))
    across = 0.5 + side * stage.x * stage.unit / stage.width
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    bend = wave(rng, stage.width, stage.width * 0.35, octaves=4, gain=0.4)[None, :]
    edge = stage.height * (1.02 - 0.3 * across**1.3) + bend * stage.unit * 0.02
    inland = (rows - edge) / np.float32(stage.unit)
    texture = fbm(rng, stage.shape, stage.unit * 0.03, octaves=6, gain=0.6, stretch=3)
    light = mood.ambient * np.float32(0.9) + mood.sun * np.float32(0.55) + np.float32(0.01)
    sand = mix(colour("cdb389"), mood.light, 0.3) * light * (0.9 + 0.1 * texture)[..., None]
    wet = sand * np.float32(0.42) + mix(mood.sky_foot, mood.sky_middle, 0.4) * np.float32(0.3)
    paint = wet + (sand - wet) * smoothstep(0.03, 0.12, inland + 0.01 * texture)[..., None]
    lay(image, smoothstep(-0.004, 0.006, inland + 0.006 * texture), np.asarray(paint, np.float32))
    for number in range(3):
        offset = 0.004 - 0.035 * number
        lace = np.exp(-(((inland - offset - 0.008 * texture) / (0.006 + 0.003 * number)) ** 2))
        holes = 0.55 + 0.45 * fbm(stage.rng(f"foam {number}"), stage.shape, stage.unit * 0.012, octaves=4)
        white = mix(mood.glow, mood.fog, 0.2) * (mood.ambient + mood.sun * np.float32(0.75) + np.float32(0.03))
        lay(
            image,
            np.asarray(np.clip(lace * holes, 0, 1) * np.float32(0.85 - 0.2 * number), np.float32),
            np.asarray(white, np.float32),
        )


def _sail(image: Field, stage: Stage, line: int) -> None:
    rng = stage.rng("sail")
    x, size = stage.width * float(rng.choice([0.24, 0.38, 0.62, 0.76])), stage.unit * float(rng.uniform(0.05, 0.11))
    y = line + size * 0.24
    hull, cloth, back = props.empty(stage), props.empty(stage), props.empty(stage)
    t = np.linspace(0, 1, 12)
    for up, mask in ((1.0, cloth), (-0.55, back)):
        main = np.stack(
            [x + size * (0.02 + 0.42 * np.sin(t * np.pi * 0.5) ** 1.3), y - up * size * (1.25 - 1.15 * t)], 1
        )
        polygon(mask, [(x + size * 0.02, y - up * size * 0.1), *map(tuple, main)])
        jib = np.stack([x - size * (0.02 + 0.36 * t**1.15), y - up * size * (1.05 - 0.95 * t)], 1)
        polygon(mask, [(x - size * 0.03, y - up * size * 0.12), *map(tuple, jib)])
    polygon(
        hull,
        [
            (x - size * 0.46, y - size * 0.07),
            (x + size * 0.48, y - size * 0.07),
            (x + size * 0.36, y + size * 0.06),
            (x - size * 0.34, y + size * 0.06),
        ],
    )
    mood = stage.mood
    white = mix(mood.glow, mood.sky_foot, 0.35) * (
        mood.ambient * np.float32(0.7) + mood.sun * np.float32(0.45) + np.float32(0.02)
    )
    lay(image, blur(back, size * 0.02, size * 0.01) * np.float32(0.35), np.asarray(white * np.float32(0.8), np.float32))
    lay(image, cloth, np.asarray(white, np.float32))
    lay(image, hull, mood.deep * np.float32(0.4))


def _lighthouse(image: Field, stage: Stage, line: int, sky: Sky) -> None:
    """A tower on its rock, with beams when it is dark."""
    rng, mood = stage.rng("lighthouse"), stage.mood
    x = stage.width * (0.2 if sky.sun[0] > stage.width / 2 else 0.8) + float(rng.uniform(-0.05, 0.05)) * stage.width
    tall, y = stage.unit * float(rng.uniform(0.2, 0.3)), line + stage.unit * 0.02
    across = np.arange(stage.width, dtype=np.float32)
    hill = (
        np.exp(-(((across - x) / (stage.unit * 0.17)) ** 2))
        * stage.unit
        * 0.09
        * (1 + 0.3 * wave(rng, stage.width, stage.unit * 0.08, octaves=5))
    )
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    rock = np.clip(rows - (y + stage.unit * 0.025 - hill)[None, :], 0, 1) * np.clip(y + stage.unit * 0.02 - rows, 0, 1)
    rock = np.asarray(rock, np.float32)
    lay(image, rock, _rock_paint(stage, sky, rock, "lighthouse rock"))
    base = y - stage.unit * 0.05
    tower = props.empty(stage)
    polygon(
        tower,
        [
            (x - tall * 0.085, base),
            (x - tall * 0.055, base - tall * 0.8),
            (x + tall * 0.055, base - tall * 0.8),
            (x + tall * 0.085, base),
        ],
    )
    round_light = np.clip(0.55 + (across - x)[None, :] / (tall * 0.085) * (0.5 if sky.sun[0] > x else -0.5), 0.08, 1)
    bands = np.where(np.floor((base - rows) / (tall * 0.16)) % 2 == 0, 1.0, 0.0)[..., None]
    coat = mix(colour("b6413a"), mood.accent, 0.25) * bands + mix(colour("f1ece2"), mood.glow, 0.4) * (1 - bands)
    lay(image, tower, np.asarray(coat * (mood.ambient + mood.sun * 0.55) * round_light[..., None], np.float32))
    _lantern(image, stage, (x, base - tall * 0.8), tall)


def _lantern(image: Field, stage: Stage, foot: tuple[float, float], tall: float) -> None:
    """The lamp room of a lighthouse `tall` pixels high, on pixel `foot`, and its beams when it is dark."""
    x, top = foot
    mood = stage.mood
    cap, lamp = props.empty(stage), props.empty(stage)
    rectangle(cap, (x - tall * 0.08, top), (x + tall * 0.08, top - tall * 0.02))
    polygon(cap, [(x - tall * 0.06, top - tall * 0.12), (x, top - tall * 0.19), (x + tall * 0.06, top - tall * 0.12)])
    rectangle(lamp, (x - tall * 0.04, top - tall * 0.02), (x + tall * 0.04, top - tall * 0.12))
    lay(image, cap, mood.deep * np.float32(0.5))
    lay(image, lamp, np.asarray(mood.accent * np.float32(1.6), np.float32))
    if mood.darkness <= 0.3:
        return
    at = (x, top - tall * 0.07)
    shine(image, stage, at, tall * 0.05, mood.accent * np.float32(1.4))
    beam = props.empty(stage)
    for way, drop in ((-1, -0.02), (1, 0.05)):
        far = stage.width * 1.2
        ends = [(x + way * far, at[1] + far * (drop + spread)) for spread in (-0.035, 0.035)]
        polygon(beam, [at, *ends])
    distance = np.abs(np.arange(stage.width, dtype=np.float32) - np.float32(x))[None, :] / np.float32(stage.unit)
    image += (blur(beam, stage.unit * 0.006) * np.exp(-distance * 1.6))[..., None] * mood.accent * np.float32(0.28)


def _palms(image: Field, stage: Stage, sky: Sky) -> None:
    """Fronds that hang in from an upper corner, and a leaning stem."""
    rng = stage.rng("palms")
    side = -1.0 if sky.sun[0] > stage.width / 2 else 1.0
    if stage.has("a lighthouse"):
        side = -side
    mask = props.empty(stage)
    for number in range(2):
        crown = np.array(
            [stage.width * (0.5 + side * (0.42 - 0.1 * number)), stage.height * float(rng.uniform(0.1, 0.3))]
        )
        foot = np.array([stage.width * (0.5 + side * 0.56), stage.height * 1.05])
        t = np.linspace(0, 1, 24)[:, None]
        stem = foot + (crown - foot) * t + np.array([-side * stage.unit * 0.12, 0]) * np.sin(t * np.pi) * -1
        for start in range(23):
            lines(mask, [stem[start : start + 2]], stage.unit * (0.02 - 0.00045 * start))
        for angle in np.linspace(-2.9, 0.5, 11):
            trees.palm_leaf(
                mask, rng, crown, float(angle + rng.normal(0, 0.1)), stage.unit * float(rng.uniform(0.22, 0.34))
            )
    lay(image, mask, mix(colour("0d140c"), stage.mood.deep, 0.4) * np.float32(0.5))
