"""Owns the view into straight rooms and streets; hides the intersection of rays with floor, walls, ceiling and columns.

World lengths are metres: x to the right of the middle, y up from the floor, z away from the camera.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from video_pipeline.providers.images_procedural.noise import Field
from video_pipeline.providers.images_procedural.stage import Stage

_BAND = 120  # rows


class Part(IntEnum):
    """What a ray meets."""

    FLOOR = 0
    WALL = 1
    CEILING = 2
    END = 3
    COLUMN = 4


@dataclass(frozen=True, slots=True)
class Room:
    """A straight room and the camera in it."""

    half_width: float
    spring: float  # height of the walls, where the vault begins
    length: float
    eye: tuple[float, float]  # x and height of the camera
    focus: float  # focal length in units
    horizon: float  # share of the picture's height
    vault: float = 1.0  # rise of the vault over half_width; 0 is a flat ceiling
    columns: tuple[tuple[float, float], ...] = ()  # x and z of their axes
    radius: float = 0.4  # of the columns
    centre: float = 0.0  # of the vanishing point, in units right of the picture's middle


@dataclass(frozen=True, slots=True)
class Hits:
    """Where each ray (rows, columns of the picture) ends."""

    part: Field
    x: Field
    y: Field
    z: Field
    turn: Field  # for columns: -1 left edge to 1 right edge as seen; 0 elsewhere


def by_bands(hits: Hits, shade: Callable[[Hits], Field]) -> Field:
    """`shade` of all rays, some rows at a time: its many intermediate fields would not fit a worker's memory."""
    rows = hits.z.shape[0]
    image = np.empty((*hits.z.shape, 3), np.float32)
    for start in range(0, rows, _BAND):
        band = slice(start, min(start + _BAND, rows))
        image[band] = shade(Hits(hits.part[band], hits.x[band], hits.y[band], hits.z[band], hits.turn[band]))
    return image


def project(stage: Stage, room: Room, point: tuple[float, float, float]) -> tuple[float, float, float]:
    """Pixel column and row of a point, and the pixels that a metre takes there."""
    scale = room.focus * stage.unit / max(point[2], 0.05)
    return (
        stage.width / 2 + room.centre * stage.unit + (point[0] - room.eye[0]) * scale,
        room.horizon * stage.height - (point[1] - room.eye[1]) * scale,
        scale,
    )


def cast(stage: Stage, room: Room, *, mirrored: bool = False) -> Hits:
    """What each pixel sees; `mirrored` is the view from under a polished floor, for its reflections."""
    dx = (stage.x - np.float32(room.centre)) / np.float32(room.focus)
    dy = (stage.y * stage.height - np.float32(room.horizon * stage.height)) / np.float32(stage.unit * room.focus)
    if mirrored:
        dy = -np.abs(dy)
        eye_y = -room.eye[1]
    else:
        eye_y = room.eye[1]
    far = np.float32(1e6)
    wall = np.where(
        dx >= 0,
        (room.half_width - room.eye[0]) / np.maximum(dx, 1e-6),
        (-room.half_width - room.eye[0]) / np.minimum(dx, -1e-6),
    )
    floor = np.full_like(dy, far) if mirrored else np.where(dy > 1e-6, eye_y / np.maximum(dy, 1e-6), far)
    ceiling = _ceiling(room, dx, dy, eye_y)
    shape = np.broadcast_shapes(dx.shape, dy.shape)
    reach = np.stack(
        [np.broadcast_to(each, shape) for each in (floor, wall, ceiling, np.full((1, 1), room.length, np.float32))]
    )
    part = np.argmin(reach, axis=0).astype(np.int8)
    distance = np.asarray(np.minimum(reach.min(axis=0), 1e4), np.float32)
    turn = np.zeros(shape, np.float32)
    for column in room.columns:
        _cast_column(room, column, dx[0], (part, distance, turn))
    return Hits(part, room.eye[0] + dx * distance, np.float32(eye_y) - dy * distance, distance, turn)


def _ceiling(room: Room, dx: Field, dy: Field, eye_y: float) -> Field:
    """Distance to the ceiling: flat, or an elliptic barrel that springs from the walls."""
    if room.vault <= 0:
        flat = (room.spring - eye_y) / np.maximum(-dy, 1e-6)
        return np.asarray(np.where(dy < -1e-6, flat, np.float32(1e6)) + np.zeros_like(dx), np.float32)
    rise = room.half_width * room.vault
    px, py = room.eye[0] / room.half_width, (eye_y - room.spring) / rise
    vx, vy = dx / room.half_width, -dy / np.float32(rise)
    a = np.maximum(vx * vx + vy * vy, 1e-9)
    b = px * vx + py * vy
    c = px * px + py * py - 1
    t = (-b + np.sqrt(np.maximum(b * b - a * c, 0))) / a
    # Below the springing the barrel is open: there the wall counts.
    return np.asarray(np.where((eye_y - dy * t >= room.spring) & (t > 0), t, 1e6), np.float32)


def _cast_column(room: Room, axis: tuple[float, float], dx: Field, seen_so_far: tuple[Field, Field, Field]) -> None:
    """Put one upright column before what is behind it (part, distance, turn), in place."""
    part, distance, turn = seen_so_far
    cx, cz = axis[0] - room.eye[0], axis[1]
    a = dx * dx + 1
    b = dx * cx + cz
    square = b * b - a * (cx * cx + cz * cz - room.radius**2)
    seen = np.flatnonzero(square > 0)
    if seen.size == 0 or cz < room.radius * 2:
        return
    span = slice(int(seen[0]), int(seen[-1]) + 1)
    t = ((b - np.sqrt(np.maximum(square, 0))) / a)[span]
    side = ((dx * cz - cx) / np.sqrt(a) / room.radius)[span]
    nearer = (t[None, :] < distance[:, span]) & (t[None, :] > 0.1)
    part[:, span] = np.where(nearer, Part.COLUMN, part[:, span])
    turn[:, span] = np.where(nearer, side[None, :], turn[:, span])
    distance[:, span] = np.where(nearer, t[None, :], distance[:, span])
