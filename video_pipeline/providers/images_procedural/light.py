"""Owns light in the air and the laying of colour over colour: glows, bloom, rays, shapes; hides the blurs."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from video_pipeline.providers.images_procedural.noise import Field, blur, smoothstep
from video_pipeline.providers.images_procedural.stage import Colour, Stage

_SHIFT = 4  # fractional bits of polygon corners


def lay(image: Field, mask: Field, paint: Field | Colour) -> None:
    """Put `paint` (a colour or a picture) over `image` where `mask` (h, w) is 1, in place and only where needed."""
    rows = np.flatnonzero(mask.max(axis=1) > 0.002)
    if rows.size == 0:
        return
    columns = np.flatnonzero(mask.max(axis=0) > 0.002)
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    patch = paint[box] if paint.ndim == 3 else paint
    share = mask[box][..., None]
    image[box] += (patch - image[box]) * share


def shine(image: Field, stage: Stage, at: tuple[float, float], radius: float, paint: Field) -> None:
    """Add a round glow at pixel `at` that falls to nothing at about five times `radius` (pixels), in place."""
    reach = radius * 6
    left, right = int(max(at[0] - reach, 0)), int(min(at[0] + reach + 1, stage.width))
    top, bottom = int(max(at[1] - reach, 0)), int(min(at[1] + reach + 1, stage.height))
    if right <= left or bottom <= top:
        return
    x = (np.arange(left, right, dtype=np.float32)[None, :] - np.float32(at[0])) / np.float32(radius)
    y = (np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(at[1])) / np.float32(radius)
    square = x * x + y * y
    # A tight core and a wide skirt look like scattered light; the last factor ends it without an edge.
    glow = (1 / (1 + square) ** 1.5 + 0.15 / (1 + square * 0.15)) * smoothstep(36, 4, square)
    patch = image[top:bottom, left:right]
    patch += glow[..., None] * paint


def sprite(image: Field, patch: Field, at: tuple[float, float]) -> None:
    """Add `patch` (h, w, 3) to `image` with its middle at pixel `at`, in place."""
    top, left = round(at[1] - patch.shape[0] / 2), round(at[0] - patch.shape[1] / 2)
    rows, columns = image.shape[:2]
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + patch.shape[0], rows), min(left + patch.shape[1], columns)
    if y1 > y0 and x1 > x0:
        image[y0:y1, x0:x1] += patch[y0 - top : y1 - top, x0 - left : x1 - left]


def halo(radius: int) -> Field:
    """A soft round spot (2 radius + 1 square, peak 1) for `sprite`."""
    axis = np.arange(-radius, radius + 1, dtype=np.float32) / np.float32(max(radius, 1))
    square = axis[:, None] ** 2 + axis[None, :] ** 2
    return np.asarray((np.exp(-square * 14) + 0.12 * np.exp(-square * 3)) * smoothstep(1, 0.4, square), np.float32)


def bloom(image: Field, stage: Stage, strength: float = 0.12, threshold: float = 0.8) -> Field:
    """`image` with light spilling from what is brighter than `threshold`."""
    bright = np.minimum(np.maximum(image - np.float32(threshold), 0), 6)
    small = cv2.resize(bright, (max(stage.width // 4, 2), max(stage.height // 4, 2)), interpolation=cv2.INTER_AREA)
    total: Field = np.zeros_like(small)
    for radius, share in ((0.006, 0.5), (0.022, 0.3), (0.08, 0.2)):
        total += blur(small, radius * stage.unit / 4) * np.float32(share)
    spread = cv2.resize(total, (stage.width, stage.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(image + np.maximum(spread, 0) * np.float32(strength * 8), np.float32)


def rays(source: Field, at: tuple[float, float], reach: float = 0.75) -> Field:
    """`source` (h, w) smeared away from pixel `at`, as light through gaps; `reach` is the length of the smear, 0 to 1.

    Each pass doubles the number of copies (Jimenez's cheap light shafts), at a quarter of the scale.
    """
    rows, columns = source.shape
    small = cv2.resize(source, (max(columns // 4, 2), max(rows // 4, 2)), interpolation=cv2.INTER_AREA)
    x, y = at[0] / 4, at[1] / 4
    step = reach / 2
    for _ in range(6):
        zoom = 1 / (1 - step)
        matrix = np.array([[zoom, 0, x * (1 - zoom)], [0, zoom, y * (1 - zoom)]], np.float32)
        moved = cv2.warpAffine(
            small, matrix, (small.shape[1], small.shape[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        small = (small + moved * np.float32(0.96)) * np.float32(0.5)
        step /= 2
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def polygon(mask: Field, corners: Sequence[tuple[float, float]] | Field, value: float = 1.0) -> None:
    """Fill the polygon (pixels) in `mask`, smooth at its edge, in place."""
    points = np.asarray(corners, np.float64)
    box = _box(mask, points, 2)
    if box is None:
        return
    top, left, patch = box
    fixed = np.round((points - (left, top)) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(patch, [fixed], round(255 * value), lineType=cv2.LINE_AA, shift=_SHIFT)
    _put(mask, top, left, patch)


def rectangle(mask: Field, first: tuple[float, float], second: tuple[float, float]) -> None:
    """Fill the upright rectangle between two opposite corners (pixels) in `mask`, in place."""
    polygon(mask, [first, (second[0], first[1]), second, (first[0], second[1])])


def lines(mask: Field, paths: Sequence[Field], thickness: float, value: float = 1.0) -> None:
    """Draw open paths (n, 2) in pixels with rounded smooth lines, in place; below one pixel they grow faint."""
    points = [np.asarray(path, np.float64) for path in paths]
    box = _box(mask, np.concatenate(points), thickness / 2 + 2)
    if box is None:
        return
    top, left, patch = box
    fixed = [np.round((path - (left, top)) * (1 << _SHIFT)).astype(np.int32) for path in points]
    strength = round(255 * value * min(thickness, 1.0))
    cv2.polylines(patch, fixed, False, strength, max(round(thickness), 1), cv2.LINE_AA, _SHIFT)
    _put(mask, top, left, patch)


def _box(mask: Field, points: Field, margin: float) -> tuple[int, int, npt.NDArray[np.uint8]] | None:
    """Top, left and an empty 8-bit patch over `points` inside `mask`: OpenCV smooths edges of 8-bit pictures only."""
    left, top = np.maximum(np.floor(points.min(axis=0) - margin), 0).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + margin).astype(int) + 1
    right, bottom = min(int(right), mask.shape[1]), min(int(bottom), mask.shape[0])
    if right <= left or bottom <= top:
        return None
    return int(top), int(left), np.zeros((bottom - top, right - left), np.uint8)


def _put(mask: Field, top: int, left: int, patch: npt.NDArray[np.uint8]) -> None:
    part = mask[top : top + patch.shape[0], left : left + patch.shape[1]]
    np.maximum(part, patch * np.float32(1 / 255), out=part)
