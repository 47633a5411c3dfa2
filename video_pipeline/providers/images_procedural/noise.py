"""Owns random fields; hides how they are made. Every field follows from its generator alone, at any picture size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[Any]  # of float32 wherever it is made here


def smoothstep(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, with a soft S between; `low` may be the greater one."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def fbm(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cell: float,
    *,
    octaves: int = 6,
    gain: float = 0.5,
    stretch: float = 1.0,
    billow: bool = False,
    quick: bool = False,
) -> Field:
    """Fractal noise of `shape` (rows, columns), about -1 to 1.

    `quick` makes it at half the scale, for soft things that nobody takes the slope of.

    `cell` is the size of its largest features in pixels; `stretch` makes them wider than high; `billow` folds each
    octave to round lumps with creases between.
    """
    if quick:
        half = (shape[0] // 2 + 1, shape[1] // 2 + 1)
        small = fbm(rng, half, cell / 2, octaves=octaves, gain=gain, stretch=stretch, billow=billow)
        return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
    total = np.zeros(shape, np.float32)
    weight, amplitude = 0.0, 1.0
    for _ in range(octaves):
        rows, columns = int(shape[0] / cell) + 4, int(shape[1] / (cell * stretch)) + 4
        grid = rng.standard_normal((rows, columns), dtype=np.float32) * np.float32(0.6)
        # An octave finer than the pixels would only alias; its numbers are drawn all the same.
        if cell > 1.4:
            layer = enlarge(grid, shape, (cell, cell * stretch))
            total += np.float32(amplitude) * (2.2 * np.abs(layer) - 0.75 if billow else layer)
            weight += amplitude
        cell, amplitude = cell / 2, amplitude * gain
    return np.asarray(total / np.float32(max(weight, 1e-6) ** 0.85), np.float32)


def enlarge(grid: Field, shape: tuple[int, int], cell: tuple[float, float]) -> Field:
    """The top left `shape` of `grid` with each value `cell` (rows, columns) pixels apart, smoothly joined."""
    matrix = np.array([[1 / cell[1], 0, 1.0], [0, 1 / cell[0], 1.0]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(grid, matrix, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REFLECT), np.float32
    )


def wave(rng: np.random.Generator, length: int, cell: float, *, octaves: int = 5, gain: float = 0.5) -> Field:
    """One line of fractal noise, about -1 to 1, with features of `cell` samples."""
    total, amplitude, weight = np.zeros(length, np.float32), 1.0, 0.0
    places = np.arange(length, dtype=np.float32)
    for _ in range(octaves):
        knots = rng.standard_normal(int(length / cell) + 4, dtype=np.float32) * np.float32(0.6)
        if cell > 1.4:
            at = places / np.float32(cell)
            left = at.astype(np.int32)
            t = at - left
            t = t * t * (3 - 2 * t)
            total += np.float32(amplitude) * (knots[left] * (1 - t) + knots[left + 1] * t)
            weight += amplitude
        cell, amplitude = cell / 2, amplitude * gain
    return np.asarray(total / np.float32(max(weight, 1e-6) ** 0.85), np.float32)


def tile(rng: np.random.Generator, size: int, slope: float = 1.7, cycles: float = 2.0) -> Field:
    """A square field that repeats seamlessly, with mean 0 and deviation 1.

    Its amplitude falls with the frequency to the power `slope`; nothing is slower than `cycles` per side.
    """
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]) * size
    strength = np.where(frequency >= cycles, np.maximum(frequency, 1) ** -slope, 0)
    phases = rng.uniform(0, 2 * np.pi, strength.shape)
    field = np.fft.irfft2(strength * np.exp(1j * phases), s=(size, size))
    return np.asarray(field / field.std(), np.float32)


def sample(field: Field, x: Field, y: Field) -> Field:
    """`field` (a seamless tile) read at `x`, `y`, counted in tiles; both of one shape."""
    rows, columns = field.shape[:2]
    u = np.asarray((x - np.floor(x)) * np.float32(columns), np.float32)
    v = np.asarray((y - np.floor(y)) * np.float32(rows), np.float32)
    return np.asarray(cv2.remap(field, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def displace(image: Field, dx: Field, dy: Field) -> Field:
    """`image` read `dx`, `dy` pixels away, mirrored at its borders."""
    rows, columns = image.shape[:2]
    x = np.arange(columns, dtype=np.float32)[None, :] + dx
    y = np.arange(rows, dtype=np.float32)[:, None] + dy
    return np.asarray(
        cv2.remap(
            image,
            np.ascontiguousarray(x, np.float32),
            np.ascontiguousarray(y, np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        np.float32,
    )


def blur(image: Field, sigma: float, sigma_y: float | None = None) -> Field:
    """Gaussian blur with the deviation in pixels; wide ones are made at a reduced scale."""
    sigma_y = sigma if sigma_y is None else sigma_y
    if max(sigma, sigma_y) < 0.3:
        return image
    rows, columns = image.shape[:2]
    shrink_x, shrink_y = max(min(sigma / 3, columns / 8), 1), max(min(sigma_y / 3, rows / 8), 1)
    size = (max(int(columns / shrink_x), 2), max(int(rows / shrink_y), 2))
    small = image if size == (columns, rows) else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(
        small,
        (0, 0),
        max(sigma * size[0] / columns, 0.3),
        sigmaY=max(sigma_y * size[1] / rows, 0.3),
        borderType=cv2.BORDER_REPLICATE,
    )
    if size == (columns, rows):
        return np.asarray(small, np.float32)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)
