"""Owns small drawn things that give a view scale and a story: boats, castles, birds, lanterns; hides their outlines."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.providers.images_procedural.light import lay, lines, polygon, rectangle, shine
from video_pipeline.providers.images_procedural.noise import Field
from video_pipeline.providers.images_procedural.stage import Colour, Stage, mix


def empty(stage: Stage) -> Field:
    """A mask with nothing in it."""
    return np.zeros(stage.shape, np.float32)


# place, height and width in heights of the castle
_TOWERS = (
    (0.0, 1.0, 0.11),
    (-0.24, 0.72, 0.085),
    (0.25, 0.62, 0.09),
    (-0.48, 0.5, 0.07),
    (0.5, 0.42, 0.075),
    (0.12, 0.82, 0.05),
)


def castle(image: Field, stage: Stage, foot: tuple[float, float], tall: float, paint: Colour) -> None:
    """A castle with towers and lit windows, `tall` pixels high, standing at pixel `foot`."""
    rng = stage.rng("castle")
    mask, lit = empty(stage), empty(stage)
    x, y = foot
    t = np.linspace(-1, 1, 36)
    rough = np.cumsum(rng.normal(0, 0.02, 36))
    top_edge = y - tall * (0.22 * np.exp(-((t / 0.75) ** 4)) - 0.55 * np.abs(t) ** 3 + 0.35 * (rough - rough.mean()))
    polygon(
        mask,
        [
            *zip(x + t * tall * 1.1, top_edge, strict=True),
            (x + tall * 1.1, y + tall * 0.9),
            (x - tall * 1.1, y + tall * 0.9),
        ],
    )
    for form in _TOWERS:
        _tower(mask, lit, rng, foot, (tall, *form))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    # The crag sinks into the haze below.
    mask *= np.clip((y + tall * 0.62 - rows) / (tall * 0.6), 0, 1)
    lay(image, mask, paint)
    glow = 0.6 + 1.6 * stage.mood.darkness
    lay(image, lit, np.asarray(stage.mood.accent * np.float32(glow), np.float32))
    if stage.mood.darkness > 0.3:
        shine(image, stage, (x, y - tall * 0.35), tall * 0.5, stage.mood.accent * np.float32(0.05))


def _tower(
    mask: Field,
    lit: Field,
    rng: np.random.Generator,
    foot: tuple[float, float],
    form: tuple[float, float, float, float],
) -> None:
    """One tower with its battlement and spire into `mask` and two windows into `lit`, in place."""
    tall, place, height, width = form
    cx, y = foot[0] + tall * (place + float(rng.normal(0, 0.02))), foot[1]
    top = y - tall * height * float(rng.uniform(0.7, 0.82))
    half = tall * width * 0.5
    rectangle(mask, (cx - half, y), (cx + half, top))
    rectangle(mask, (cx - half * 1.3, top), (cx + half * 1.3, top - half * 0.6))
    polygon(mask, [(cx - half * 1.3, top - half * 0.5), (cx + half * 1.3, top - half * 0.5), (cx, top - half * 4.4)])
    for _ in range(2):
        wx, wy = cx + float(rng.uniform(-0.4, 0.4)) * half, float(rng.uniform(top + half, y - half))
        size = max(tall * 0.008, 0.6)
        rectangle(lit, (wx - size, wy - size * 1.6), (wx + size, wy + size * 1.6))


def birds(image: Field, stage: Stage, paint: Colour, *, low: float = 0.15, high: float = 0.4) -> None:
    """A small flock in loose formation between two shares of the height."""
    rng = stage.rng("birds")
    mask = empty(stage)
    cx, cy = float(rng.uniform(0.2, 0.8)) * stage.width, float(rng.uniform(low, high)) * stage.height
    for _ in range(int(rng.integers(7, 14))):
        x, y = cx + float(rng.normal(0, 0.09)) * stage.unit, cy + float(rng.normal(0, 0.03)) * stage.unit
        span = stage.unit * float(rng.uniform(0.006, 0.013))
        flap = float(rng.uniform(-0.25, 0.6))
        wing = [
            (x - span, y - span * flap),
            (x - span * 0.5, y - span * (0.25 + flap * 0.6)),
            (x, y),
            (x + span * 0.5, y - span * (0.25 + flap * 0.6)),
            (x + span, y - span * flap),
        ]
        low_edge = [(px, py + span * 0.13) for px, py in reversed(wing)]
        polygon(mask, [*wing, *low_edge])
    lay(image, mask * np.float32(0.85), paint)


def rowing_boat(image: Field, stage: Stage, at: tuple[float, float], size: float, paint: Colour) -> None:
    """A boat of `size` pixels with its mirror image, its water line at pixel `at`."""
    x, y = at
    mask, below = empty(stage), empty(stage)
    t = np.linspace(-1, 1, 24)
    rim = -0.12 - 0.1 * np.abs(t) ** 2.5
    keel = 0.06 * (1 - t**4)
    hull = np.concatenate([np.stack([t, rim], 1), np.stack([t[::-1] * 0.86, keel[::-1]], 1)]) * size / 2
    polygon(mask, hull + np.array([x, y]))
    polygon(below, hull * np.array([1, -1.1]) + np.array([x, y + size * 0.05]))
    figure = (
        np.array(
            [
                (-0.06, -0.1),
                (-0.075, -0.3),
                (-0.03, -0.36),
                (-0.035, -0.42),
                (0, -0.46),
                (0.035, -0.42),
                (0.03, -0.36),
                (0.075, -0.28),
                (0.07, -0.1),
            ]
        )
        * size
        / 2
        * 1.1
    )
    polygon(mask, figure + np.array([x + size * 0.08, y]))
    polygon(below, figure * np.array([1, -0.8]) + np.array([x + size * 0.08, y + size * 0.06]))
    lay(image, cv2.GaussianBlur(below, (0, 0), max(size * 0.012, 0.4)) * np.float32(0.6), paint * np.float32(0.7))
    lay(image, mask, paint)
    edge = empty(stage)
    lines(edge, [hull[:24] + np.array([x, y])], max(size * 0.012, 0.7))
    lay(image, edge * np.float32(0.55), mix(stage.mood.sky_foot, stage.mood.sun, 0.5))


def jetty(image: Field, stage: Stage, rng: np.random.Generator, horizon: float, paint: Colour) -> None:
    """A plank walk in perspective from the lower edge out over the water; `horizon` in pixels."""
    side = float(rng.choice([-1, 1]))
    near_x = stage.width * (0.5 + side * float(rng.uniform(0.12, 0.26)))
    far_x = stage.width * (0.5 + side * float(rng.uniform(0.02, 0.1)))
    far_y = horizon + (stage.height - horizon) * float(rng.uniform(0.3, 0.42))
    near_y = float(stage.height) * 1.04
    near_w = stage.unit * 0.3

    def at(depth: float, across: float) -> tuple[float, float]:
        """depth 0 near to 1 far end, in even steps on the ground."""
        scale = 1 / (1 + depth * ((near_y - horizon) / (far_y - horizon) - 1))
        y = horizon + (near_y - horizon) * scale
        share = (near_y - y) / (near_y - far_y)
        return near_x + (far_x - near_x) * share + across * near_w * scale, y

    posts, deck = empty(stage), np.zeros((*stage.shape, 3), np.float32)
    mask, shadow = empty(stage), empty(stage)
    polygon(
        shadow,
        [
            at(0, -0.5),
            at(1, -0.5),
            (at(1, 0.5)[0], at(1, 0.5)[1] + 0.03 * stage.unit),
            (at(0, 0.5)[0], at(0, 0)[1] + 0.2 * stage.unit),
        ],
    )
    lay(image, cv2.GaussianBlur(shadow, (0, 0), stage.unit * 0.006) * np.float32(0.55), paint * np.float32(0.3))
    planks = 30
    for number in range(planks):
        a, b = number / planks, (number + 0.9) / planks
        corners = [at(a, -0.5), at(a, 0.5), at(b, 0.5), at(b, -0.5)]
        tone = float(rng.uniform(0.75, 1.25))
        cv2.fillConvexPoly(
            deck,
            np.round(np.array(corners) * 16).astype(np.int32),
            (paint * tone * np.float32(1.0)).tolist(),
            cv2.LINE_AA,
            4,
        )
        polygon(mask, corners)
    lay(image, mask, deck)
    for number in range(5):
        depth = number / 4 * 0.98
        for across in (-0.5, 0.5):
            x, y = at(depth, across)
            scale = (y - horizon) / (near_y - horizon)
            wide, tall = stage.unit * 0.017 * scale, stage.unit * 0.13 * scale
            polygon(
                posts,
                [(x - wide, y + tall * 0.8), (x - wide, y - tall), (x + wide, y - tall), (x + wide, y + tall * 0.8)],
            )
    lay(image, posts, paint * np.float32(0.6))


def reeds(image: Field, stage: Stage, rng: np.random.Generator, paint: Colour, *, side: float) -> None:
    """Reeds with cattails in a lower corner; `side` -1 is left."""
    mask, heads = empty(stage), empty(stage)
    for _ in range(90):
        x = stage.width * (0.5 + side * (0.5 - min(abs(float(rng.normal(0, 0.09))), 0.24)))
        tall = stage.unit * float(rng.uniform(0.1, 0.36)) * (0.6 + 0.8 * abs(x / stage.width - 0.5))
        lean = float(rng.normal(-side * 0.05, 0.13)) * tall
        t = np.linspace(0, 1, 8)
        path = np.stack([x + lean * t**2, stage.height + 4 - tall * t], 1)
        lines(mask, [path], max(stage.unit * float(rng.uniform(0.0012, 0.0032)), 0.6))
        if rng.uniform() < 0.22:
            tip = path[-1]
            lines(
                heads,
                [
                    np.array(
                        [tip, tip + (path[-1] - path[-2]) / np.linalg.norm(path[-1] - path[-2]) * stage.unit * 0.03]
                    )
                ],
                stage.unit * 0.008,
            )
    lay(image, np.maximum(mask, heads), paint)


def lanterns(
    image: Field, stage: Stage, rng: np.random.Generator, *, top: float, bottom: float, count: int, floating: bool
) -> None:
    """Paper lanterns with their glow; on water (`floating`) each has its mirror. `top`, `bottom` are pixels."""
    for _ in range(count):
        depth = float(rng.uniform()) ** 1.6
        y = top + (bottom - top) * (depth if floating else float(rng.uniform()))
        x = float(rng.uniform(0.05, 0.95)) * stage.width
        size = stage.unit * (0.0035 + 0.011 * depth)
        warm = mix(stage.mood.accent, np.array([1.0, 0.55, 0.2], np.float32), 0.4)
        body = empty(stage)
        polygon(
            body,
            [
                (x - size * 0.75, y - size * 1.2),
                (x + size * 0.75, y - size * 1.2),
                (x + size * 0.6, y + size),
                (x - size * 0.6, y + size),
            ],
        )
        lay(image, body, warm * np.float32(1.5))
        shine(image, stage, (x, y), size * 1.6, warm * np.float32(0.5))
        if floating:
            for step in range(1, 5):
                shine(
                    image,
                    stage,
                    (x + float(rng.normal(0, 0.3)) * size, y + size * (1.2 + 1.5 * step)),
                    size * 0.8,
                    warm * np.float32(0.16 / step),
                )
