"""Owns words laid over the planes of a picture; hides how half covered pixels and colours mix.

A layer is kept as a PNG of premultiplied RGBA beside its place. Only the part of a picture that it covers is touched,
and of that nothing where the layer is clear.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.ffmpeg.lettering.drawing import Lettering, draw_words, lettering_mark
from video_pipeline.ffmpeg.picture.canvas import BLACK, Planes, Size, chroma_of, luma_of, planes_of
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.crew import StopFlag

Reals = NDArray[np.float32]

LAYER_VERSION = 1
"""Raise it when the same words would mix with a picture differently."""


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A drawn layer: where its picture is, where that stands, and its checksum."""

    path: Path
    left: int
    top: int
    sha256: str


def keep_words(text: str, size: Size, session: Session, stop: StopFlag) -> LayerFile:
    """Draw `text` for pictures of `size`, unless that was done before with the same fonts. Runs in a worker."""
    stop.check()
    about = key_of(["words", lettering_mark(), size.width, size.height, text])
    picture = key_of(["layer", about])
    known, kept = session.find_json(about), session.find(picture)
    if known and kept and _checksum(kept.read_bytes()) == known["file"]:
        return LayerFile(kept, known["left"], known["top"], known["sha256"])
    session.drop(picture)
    drawn = draw_words(text, size.width, size.height)
    file = _png(drawn)
    facts = {"left": drawn.left, "top": drawn.top, "sha256": drawn.sha256, "file": _checksum(file)}
    if facts != known:
        session.drop(about)
        # The small piece first: who is killed between them leaves nothing that has to be made again.
        session.add_json(about, facts)
    place = session.add(picture, lambda part: part.write_bytes(file))
    return LayerFile(place, drawn.left, drawn.top, drawn.sha256)


def _png(drawn: Lettering) -> bytes:
    written = io.BytesIO()
    Image.fromarray(drawn.pixels, "RGBA").save(written, "PNG", compress_level=1)
    return written.getvalue()


def _checksum(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


@lru_cache(maxsize=4)
def layer_of(file: LayerFile) -> Layer:
    """The layer that `keep_words` kept."""
    with Image.open(file.path, formats=("PNG",)) as picture:
        return Layer(file.left, file.top, np.asarray(picture.convert("RGBA"), np.uint8))


class Layer:
    """Something half transparent over a part of a picture; its corner and its size are even."""

    def __init__(self, left: int, top: int, pixels: NDArray[np.uint8]) -> None:
        height, width = pixels.shape[:2]
        self._rows, self._columns = slice(top, top + height), slice(left, left + width)
        cover = np.asarray(pixels[..., 3], np.float32) / np.float32(255)
        ink = planes_of(pixels[..., :3])
        chance = np.random.default_rng(1)
        # Black and grey have levels of their own, 16 and 128, of which a clear pixel must not bring any.
        self._luma = _Mix(luma_of(ink), BLACK, cover, chance)
        self._chroma = _Mix(chroma_of(ink), 128, _sited(cover), chance)

    def over(self, planes: Planes, opacity: float) -> None:
        """Draw the layer onto `planes`, `opacity` from 0 to 1."""
        self._luma.onto(luma_of(planes)[self._rows, self._columns], opacity)
        self._chroma.onto(chroma_of(planes)[:, _halved(self._rows), _halved(self._columns)], opacity)


class _Mix:
    """What a layer brings to planes of one size."""

    def __init__(self, ink: Planes, nothing: int, cover: Reals, chance: np.random.Generator) -> None:
        self._ink = ink.astype(np.float32) - np.float32(nothing) * (1 - cover)
        self._cover = cover
        self._seen = np.broadcast_to(cover > 0, ink.shape)
        # Rounded by a threshold of each sample's own: a soft shade over an even sky would be seen in steps otherwise.
        self._thresholds = chance.random(ink.shape, np.float32) * np.float32(0.998)

    def onto(self, target: Planes, opacity: float) -> None:
        mixed = target + (self._ink - target * self._cover) * np.float32(opacity) + self._thresholds
        np.copyto(target, mixed.astype(np.uint8), where=self._seen)


def _halved(span: slice) -> slice:
    return slice(span.start // 2, span.stop // 2)


def _sited(cover: Reals) -> Reals:
    """A mask for chroma, which lies between two rows and on every second column; see `canvas.planes_of`."""
    rows = (cover[0::2] + cover[1::2]) / 2
    padded = cv2.copyMakeBorder(rows, 0, 0, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray((padded[:, 0:-2:2] + 2 * padded[:, 1:-1:2] + padded[:, 2::2]) / 4, np.float32)
