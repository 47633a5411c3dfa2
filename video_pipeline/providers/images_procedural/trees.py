"""Owns trees and grass as drawn shapes; hides how they grow. Masks are (h, w) from 0 to 1."""

from __future__ import annotations

import cv2
import numpy as np

from video_pipeline.providers.images_procedural.light import lines, polygon
from video_pipeline.providers.images_procedural.noise import Field, smoothstep
from video_pipeline.providers.images_procedural.stage import Stage


def pine(mask: Field, rng: np.random.Generator, foot: tuple[float, float], tall: float) -> None:
    """A conifer standing at pixel `foot`, `tall` pixels high, into `mask`, in place.

    Boughs droop from a thin stem, longer and looser towards the foot, each a little different.
    """
    x, y = foot
    levels = int(np.clip(tall / 5, 9, 64))
    spread, lean = tall * float(rng.uniform(0.15, 0.21)), float(rng.normal(0, 0.014)) * tall
    polygon(
        mask, [(x - tall * 0.011, y), (x + tall * 0.011, y), (x + lean + 0.4, y - tall), (x + lean - 0.4, y - tall)]
    )
    bushy = float(rng.uniform(0.75, 0.95))
    steps = (np.arange(levels) + rng.uniform(-0.35, 0.35, levels)) / levels
    for share in np.clip(steps, 0.012, 1):
        height = y - tall * (1 - 0.94 * float(share))
        middle = x + lean * (1 - float(share))
        for side in (-1, 1):
            reach = spread * float(share) ** bushy * float(rng.uniform(0.55, 1.12)) + tall * 0.006
            droop = reach * float(rng.uniform(0.22, 0.5))
            thick = max(tall / levels * float(rng.uniform(0.7, 1.25)), 0.8)
            root, tip = (middle - side * reach * 0.06, height - thick * 0.7), (middle + side * reach, height + droop)
            belly = (middle + side * reach * 0.55, height + droop * 0.5 + thick * 0.75)
            back = (middle + side * reach * 0.6, height + droop * 0.32 - thick * 0.12)
            polygon(mask, [root, back, tip, belly, (middle, height + thick * 0.9)])


def pine_row(
    stage: Stage,
    rng: np.random.Generator,
    ground: Field,
    *,
    tall: float,
    count: int,
    gap: tuple[float, float] | None = None,
) -> Field:
    """A mask of `count` pines on `ground` (rows, one a column), about `tall` pixels high.

    `gap` (two shares of the width) stays open.
    """
    mask = np.zeros(stage.shape, np.float32)
    for _ in range(count):
        x = float(rng.uniform(-0.02, 1.02))
        size = tall * float(rng.lognormal(0, 0.28))
        if gap is not None and gap[0] < x < gap[1]:
            near = min(x - gap[0], gap[1] - x) / (gap[1] - gap[0])
            if near > 0.12:
                continue
            size *= 0.6
        column = int(np.clip(x * stage.width, 0, stage.width - 1))
        pine(mask, rng, (x * stage.width, float(ground[column]) + size * 0.04), min(size, stage.height * 0.9))
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    return np.asarray(np.maximum(mask, np.clip(rows - ground[None, :] + 0.5, 0, 1)), np.float32)


def leaf_tree(
    stage: Stage, rng: np.random.Generator, foot: tuple[float, float], tall: float, sun_side: float
) -> tuple[Field, Field]:
    """A broad tree: its mask and its light (0 shadow to 1 sun), both (h, w). `sun_side` is -1 (left) to 1."""
    wood = np.zeros(stage.shape, np.float32)
    ends: list[tuple[float, float]] = []
    _branch(wood, rng, (foot[0], foot[1], -np.pi / 2 + float(rng.normal(0, 0.05)), tall * 0.3, tall * 0.045), 0, ends)
    leaves8, shade8 = np.zeros(stage.shape, np.uint8), np.zeros(stage.shape, np.uint8)
    centre = np.mean(np.array(ends), axis=0)
    dabs = []
    for x, y in ends:
        for _ in range(13):
            dabs.append(
                (x + float(rng.normal(0, tall * 0.045)), y + float(rng.normal(0, tall * 0.036)), float(rng.uniform()))
            )

    # From the dark inside to the lit outside, as a painter does.
    def light(dab: tuple[float, float, float]) -> float:
        across = (dab[0] - centre[0]) / tall * sun_side
        return float(0.42 + 1.1 * across + 0.95 * (centre[1] - dab[1]) / tall + 0.3 * (dab[2] - 0.5))

    dabs.sort(key=light)
    for dab in dabs:
        size = (max(tall * 0.011 * (0.6 + dab[2]), 0.7), max(tall * 0.007 * (0.6 + dab[2]), 0.6))
        box = ((dab[0], dab[1]), (size[0] * 2, size[1] * 2), dab[2] * 180)
        cv2.ellipse(leaves8, box, 255, -1, cv2.LINE_AA)
        cv2.ellipse(shade8, box, round(255 * min(max(light(dab), 0.0), 1.0)), -1, cv2.LINE_AA)
    leaves, shade = leaves8 * np.float32(1 / 255), shade8 * np.float32(1 / 255)
    mask = np.maximum(wood, leaves)
    return mask, np.asarray(shade * leaves + 0.1 * wood * (1 - leaves), np.float32)


def _branch(
    mask: Field,
    rng: np.random.Generator,
    limb: tuple[float, float, float, float, float],
    level: int,
    ends: list[tuple[float, float]],
) -> None:
    """Draw a limb (x, y, angle, length, thickness) and what grows from it; tips go to `ends`."""
    x, y, angle, length, thick = limb
    bend = float(rng.normal(0, 0.16))
    middle = (x + np.cos(angle) * length * 0.5, y + np.sin(angle) * length * 0.5)
    tip = (middle[0] + np.cos(angle + bend) * length * 0.5, middle[1] + np.sin(angle + bend) * length * 0.5)
    lines(mask, [np.array([(x, y), middle, tip])], thick)
    if level >= 2:
        ends.append(tip)
    if level >= 6 or length < 2:
        return
    for side in (-1, 1) if level else (-1, 0.15, 1):
        turn = side * float(rng.uniform(0.3, 0.62)) + bend
        shorter = float(rng.uniform(0.66, 0.84))
        _branch(mask, rng, (*tip, angle + turn, length * shorter, thick * 0.64), level + 1, ends)


def bare_branches(
    mask: Field, rng: np.random.Generator, start: tuple[float, float], angle: float, length: float
) -> None:
    """A leafless bough from pixel `start`, in place."""
    _branch(mask, rng, (*start, angle, length, length * 0.07), 1, [])


def grass(
    stage: Stage, rng: np.random.Generator, ground: Field, *, tall: float, count: int, groups: int = 4
) -> list[Field]:
    """`groups` masks of `count` blades each, rooted on or below `ground` (rows, one a column), about `tall` pixels."""
    masks = []
    for _ in range(groups):
        mask = np.zeros(stage.shape, np.float32)
        x = rng.uniform(-0.02, 1.02, count) * stage.width
        down = rng.uniform(0, 1, count) ** 1.5
        root = ground[np.clip(x, 0, stage.width - 1).astype(int)]
        y = root + down * np.maximum(stage.height - root, 1) + 2
        size = tall * np.clip(rng.lognormal(0, 0.3, count), 0.4, 1.8) * (0.45 + 0.8 * down)
        lean = rng.normal(0.08, 0.28, count)
        t = np.linspace(0, 1, 5)[None, :]
        px = x[:, None] + (lean * size)[:, None] * t**2
        py = y[:, None] - size[:, None] * t
        width = np.maximum(size * 0.018, 0.35)
        for thick in (1, 2, 3):
            chosen = np.flatnonzero(np.clip(np.round(width), 1, 3) == thick)
            if chosen.size:
                lines(mask, list(np.stack([px[chosen], py[chosen]], axis=2)), float(thick))
        masks.append(mask)
    return masks


def floor_of(ground: Field, stage: Stage) -> Field:
    """A mask of all that lies below `ground` (rows, one a column)."""
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    return np.asarray(np.clip(rows - ground[None, :] + 0.5, 0, 1), np.float32)


def foot_mist(stage: Stage, ground: Field, tall: float) -> Field:
    """1 at `ground`, 0 above `tall` pixels over it: what mist does to the feet of trees."""
    rows = np.arange(stage.height, dtype=np.float32)[:, None]
    return smoothstep(tall, 0, ground[None, :] - rows)


def palm_leaf(mask: Field, rng: np.random.Generator, crown: Field, angle: float, length: float) -> None:
    """A feathered leaf from pixel `crown`, hanging at its end, in place."""
    t = np.linspace(0, 1, 28)
    reach = np.stack([np.cos(angle) * t, np.sin(angle) * t + 0.75 * t**2.2], 1) * length
    points = crown + reach
    lines(mask, [points], max(length * 0.011, 0.7))
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    for step in range(2, 28):
        leaf = length * 0.24 * np.sin(np.pi * (0.1 + 0.88 * step / 28)) ** 0.7
        for way in (-1, 1):
            out = (
                np.array([-along[step][1], along[step][0]]) * way * 0.75
                + along[step] * 0.55
                + np.array([0, 0.55 + 0.2 * float(rng.normal())])
            )
            tip = points[step] + out / np.linalg.norm(out) * leaf
            polygon(
                mask,
                [
                    tuple(points[step] - along[step] * length * 0.012),
                    tuple(tip),
                    tuple(points[step] + along[step] * length * 0.012),
                ],
            )
