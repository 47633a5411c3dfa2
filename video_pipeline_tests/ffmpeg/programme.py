"""Owns the programmes that the truth is told about: pictures that say which one they are, and clear music."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import butter, sosfilt

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Timeline
from video_pipeline_tests.ffmpeg.material import Workshop, detailed_picture, write_sound
from video_pipeline_tests.ffmpeg.truth import Claim, claim_of

BITS = 6
"""A picture's number is written into it: so many squares in a row, white for 1, black for 0, the lowest bit first."""


COLOURS = ((200, 60, 80), (60, 150, 90), (80, 100, 160), (190, 170, 90))
"""What the square behind the number is painted with, in turn; Chromium shows stronger blues too dark by itself."""


def square(bit: int, size: tuple[int, int]) -> tuple[int, int, int]:
    """Left, top and side of the square of a bit, or behind the last one; a sixteenth of the width."""
    side = size[0] // 16
    return size[0] // 2 + (bit - BITS // 2) * side, (size[1] - side) // 2, side


def coded_picture(path: Path, number: int, size: tuple[int, int] = (1920, 1080)) -> Path:
    """A detailed picture with its number and a colour; both stay on the screen in every motion."""
    pixels = np.array(Image.open(detailed_picture(path, number, size)))
    for bit in range(BITS + 1):
        left, top, side = square(bit, size)
        grey = 245 if number >> bit & 1 else 10
        pixels[top : top + side, left : left + side] = grey if bit < BITS else COLOURS[number % len(COLOURS)]
    Image.fromarray(pixels).save(path, compress_level=1)
    return path


def clear_music(seconds: float, seed: int, level: float = 0.1) -> NDArray[np.float64]:
    """Slowly swelling tones over dark noise, shape (samples, 2); nothing in it masks a click."""
    noise = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(
        np.sin(2 * np.pi * pitch * time) * (0.6 + 0.4 * np.sin(2 * np.pi * noise.uniform(0.1, 0.5) * time))
        for pitch in (98 * (1 + seed % 4), 196.5 + 7 * seed, 331.0, 440.25)
    )
    rain = sosfilt(butter(4, 3000, fs=SAMPLE_RATE, output="sos"), noise.standard_normal((len(time), 2)), axis=0)
    return level * (tones[:, None] + rain)


def album(workshop: Workshop, scenes: int, *, pieces: int | None = None, seconds: float = 8.0, **how: Any) -> Timeline:
    """As Workshop.album, with these pictures and this music; `pieces` of them take turns."""
    pictures, sounds = [], []
    for scene in range(scenes):
        number = scene % (pieces or scenes)
        pictures.append(workshop.folder / f"coded{number}.png")
        sounds.append(workshop.folder / f"clear{number}_{seconds}.flac")
        if not pictures[-1].exists():
            coded_picture(pictures[-1], number + 1)
        if not sounds[-1].exists():
            write_sound(sounds[-1], clear_music(seconds, number, 0.02 + 0.05 * (number % 3)))
    return workshop.album(scenes, seconds=seconds, pictures=pictures, sounds=sounds, **how)


def claimed(workshop: Workshop, timeline: Timeline, rendition: str, file: Path) -> Claim:
    """The claim that `file` is `timeline` as `rendition`, from the material in the workshop's folder."""
    wanted = Rendition.parse(*rendition.split("_"))
    return claim_of(file, timeline, wanted, lambda media: workshop.folder / media.key, workshop.ffmpeg)


def rendered(workshop: Workshop, timeline: Timeline, rendition: str, folder: Path) -> Claim:
    """The file that the engine makes, and what it claims to be."""
    file = folder / Rendition.parse(*rendition.split("_")).file_name
    workshop.render(timeline, rendition, file)
    return claimed(workshop, timeline, rendition, file)
