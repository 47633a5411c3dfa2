"""A library of an operator for tests: six pieces and six pictures, of several kinds, with a licence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

LICENCE = {"licence": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/", "author": "Mia Example"}


def write_piece(path: Path, number: int, seconds: float, rate: int = 44_100) -> None:
    """A chord of its own for each number; `path` says by its end what kind of file it is."""
    time = np.arange(round(seconds * rate)) / rate
    sound = sum(0.2 * np.sin(2 * np.pi * hertz * 2 ** (number * 5 / 12) * time) for hertz in (110, 277))
    soundfile.write(path, np.column_stack([sound, sound]), rate)


def write_view(path: Path, number: int, size: tuple[int, int]) -> None:
    """Stripes of its own for each number."""
    stripes = np.random.default_rng(number).integers(40, 220, (3, 4, 3), np.uint8)
    Image.fromarray(stripes).resize(size, Image.Resampling.NEAREST).save(path)


def write_library(root: Path, seconds: float = 16, size: tuple[int, int] = (640, 640)) -> Path:
    """The library in `root`."""
    for shelf in ("music", "pictures"):
        (root / shelf).mkdir(parents=True)
        (root / shelf / "licences.json").write_text(json.dumps(LICENCE))
        (root / shelf / ".hidden.wav").write_bytes(b"RIFF")
    for number, end in enumerate(("wav", "flac", "mp3", "ogg", "flac", "wav")):
        write_piece(root / "music" / f"piece {number}.{end}", number, seconds)
    for number, end in enumerate(("png", "jpg", "webp", "png", "jpg", "png")):
        write_view(root / "pictures" / f"view {number}.{end}", number, size)
    return root
