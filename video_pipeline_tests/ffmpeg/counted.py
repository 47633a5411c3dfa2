"""Owns films in which every frame says its number: squares of black and white that any encoder keeps."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.ffmpeg.picture.canvas import Planes, luma_of

BITS = 10
"""Squares in two rows; the lowest bit first."""


def counted_frame(number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A grey frame with its number over the middle two thirds, and a bar that wanders below."""
    width, height = size
    grey = np.full((height, width), 110, np.uint8)
    across = np.arange(width)
    wave = 90 + 60 * np.sin((across + 5 * number) / width * 12)
    grey[height * 5 // 6 :] = np.clip(wave, 0, 255).astype(np.uint8)
    for bit in range(BITS):
        grey[_square(bit, size)] = 235 if number >> bit & 1 else 20
    return grey


def _square(bit: int, size: tuple[int, int]) -> tuple[slice, slice]:
    # A square of the size of the short side stays in the middle, whatever shape is cut out.
    width, height = size
    unit = min(width, height) * 2 // 3 // 5
    row, column = divmod(bit, 5)
    top, left = height // 2 + (row - 1) * unit, width // 2 + round((column - 2.5) * unit)
    return slice(top, top + unit), slice(left, left + unit)


def number_in(planes: Planes) -> int | None:
    """The number that a frame shows; None when its squares are neither black nor white, as in a dissolve."""
    luma = luma_of(planes).astype(float)
    size = luma.shape[1], luma.shape[0]
    number = 0
    for bit in range(BITS):
        part = luma[_square(bit, size)]
        edge = max(part.shape[0] // 4, 1)
        level = part[edge:-edge, edge:-edge].mean()
        if 75 < level < 170:
            return None
        number |= int(level > 120) << bit
    return number


def counted_video(ffmpeg: Path, path: Path, frames: int, *how: str, size: tuple[int, int], rate: str) -> Path:
    """A film of `frames` frames, encoded with the arguments `how`."""
    raw = b"".join(counted_frame(number, size).tobytes() for number in range(frames))
    command = [str(ffmpeg), "-v", "error", "-y", "-f", "rawvideo", "-pixel_format", "gray"]
    command += ["-video_size", f"{size[0]}x{size[1]}", "-framerate", rate, "-i", "-", *how, f"file:{path}"]
    subprocess.run(command, input=raw, check=True, timeout=120, capture_output=True)
    return path
