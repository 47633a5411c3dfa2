"""Owns the finished picture of words: warm white letters in a soft shade; hides oversampling, shadows and emoji.

Letters are drawn several times as large and made smaller by averaging, which places them between pixels and draws
their thin parts as thin as they are. Whatever is behind them is darkened softly, most around the letters, so that they
can be read on snow as well: see `test_drawing` for the contrast that comes of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, features

from video_pipeline.ffmpeg.lettering.blur import Reals, blurred
from video_pipeline.ffmpeg.lettering.clusters import clusters
from video_pipeline.ffmpeg.lettering.faces import Face, is_shaping
from video_pipeline.ffmpeg.lettering.runs import font_of, picture_em
from video_pipeline.ffmpeg.lettering.setting import AUTHOR_SCALE, Placed, Setting, set_words
from video_pipeline.ffmpeg.lettering.shelf import OWN, fonts_mark, installed_shelf

LETTERING_VERSION = 1
"""Raise it when the same words would be drawn differently."""

INK = (250, 247, 240)
_AUTHOR_INK = 0.94
_FINE_PX = 220.0
"""Letters are drawn at about this size, at most 4 times as large as they will be."""

_SHADES = ((0.06, 0.03, 1.4, 0.50), (0.27, 0.02, 2.3, 0.72))
"""Shadows of the letters: softness and drop in em, gain of their density, and how dark they are."""

_STROKE = 0.008
"""Around the letters of other fonts than the studio's own, in em: those are there in regular weight, a little thin."""

_BOLDER = 0.03
"""Of what throws the shadows, to all sides, in em."""

_VEIL_SOFTNESS, _VEIL_BEYOND, _VEIL = 1.15, 0.45, 0.40
"""The veil behind all lines: its softness, how far it goes beyond them, in em, and how dark it is."""

SIZES = ((1920, 1080), (854, 480), (1080, 1920), (480, 854), (1080, 1080), (480, 480))
"""Pictures for which a caption is checked: every shape, large and small."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """Words as a picture: its upper left corner, even, and premultiplied RGBA of shape (height, width, 4), even."""

    left: int
    top: int
    pixels: NDArray[np.uint8]

    @property
    def sha256(self) -> str:
        """Of all of it."""
        head = f"{self.left} {self.top} {self.pixels.shape}".encode()
        return hashlib.sha256(head + self.pixels.tobytes()).hexdigest()


def check_words(text: str) -> None:
    """InvalidInputError when `text` cannot be drawn in every shape and size: see `setting.set_words`."""
    for width, height in SIZES:
        set_words(text, width, height, installed_shelf())


def lettering_mark() -> str:
    """Another word as soon as `draw_words` may draw the same words in another way."""
    versions = [features.version(name) for name in ("pil", "freetype2", "raqm", "harfbuzz", "fribidi")]
    return f"{LETTERING_VERSION} {fonts_mark()} {cv2.__version__} {versions}"


def draw_words(text: str, width: int, height: int) -> Lettering:
    """`text` for pictures of `width` x `height` pixels; InvalidInputError when it cannot be drawn."""
    setting = set_words(text, width, height, installed_shelf())
    canvas = _Canvas(setting, width, height)
    for line in setting.lines:
        for placed in line.runs:
            canvas.write(placed, is_author=placed.em_px < setting.em_px * (1 + AUTHOR_SCALE) / 2)
    return Lettering(canvas.left, canvas.top, canvas.finished())


class _Canvas:
    """The part of the picture that the words and their shade take."""

    def __init__(self, setting: Setting, width: int, height: int) -> None:
        self._em = setting.em_px
        margin = (3 * _VEIL_SOFTNESS + _VEIL_BEYOND) * self._em
        boxes = [line.ink for line in setting.lines]
        self.left = max(int(min(box[0] for box in boxes) - margin) // 2 * 2, 0)
        self.top = max(int(min(box[1] for box in boxes) - margin) // 2 * 2, 0)
        right = min(int(max(box[2] for box in boxes) + margin) // 2 * 2 + 2, width // 2 * 2)
        bottom = min(int(max(box[3] for box in boxes) + margin) // 2 * 2 + 2, height // 2 * 2)
        self._width, self._height = right - self.left, bottom - self.top
        self._boxes = boxes
        self._letters = np.zeros((self._height, self._width), np.float32)
        self._pictures = np.zeros((self._height, self._width, 4), np.float32)

    def write(self, placed: Placed, *, is_author: bool) -> None:
        """Draw one run at its place."""
        if placed.run.face.is_coloured:
            self._stick(placed)
        else:
            self._ink(placed, _AUTHOR_INK if is_author else 1.0)

    def _ink(self, placed: Placed, strength: float) -> None:
        fine = max(min(round(_FINE_PX / placed.em_px), 4), 1)
        # Some letters reach out of their run: two em are enough for all, and cost little.
        beyond = round(2 * placed.em_px)
        left, top = int(placed.left) - beyond, int(placed.base) - beyond
        size = (int(placed.width) + 2 * beyond + 2, 2 * beyond)
        mask = Image.new("L", (size[0] * fine, size[1] * fine))
        font = font_of(placed.run.face, placed.em_px * placed.run.scale * fine, placed.optical_px)
        at = ((placed.left - left) * fine, (placed.base - top) * fine)
        direction = placed.run.direction if is_shaping() else None
        stroke = 0.0 if placed.run.face.path == OWN else _STROKE * placed.em_px * fine
        ImageDraw.Draw(mask).text(
            at, placed.run.text, font=font, fill=255, anchor="ls", direction=direction, stroke_width=stroke
        )
        small = cv2.resize(np.asarray(mask), size, interpolation=cv2.INTER_AREA).astype(np.float32) * (strength / 255)
        self._lay(small, left - self.left, top - self.top)

    def _lay(self, mask: Reals, left: int, top: int) -> None:
        target, seen = _common(self._letters, mask, left, top)
        np.maximum(target, seen, out=target)

    def _stick(self, placed: Placed) -> None:
        left = placed.left
        for cluster in clusters(placed.run.text):
            if not cluster.strip():
                continue
            width = picture_em(placed.run.face, cluster) * placed.em_px
            picture = _emoji(placed.run.face, cluster, round(width))
            middle = placed.base - 0.36 * placed.em_px
            top = round(middle - picture.shape[0] / 2) - self.top
            target, seen = _common(self._pictures, picture, round(left) - self.left, top)
            target[:] = seen
            left += width

    def finished(self) -> NDArray[np.uint8]:
        """The words over their shade."""
        ink = self._letters + self._pictures[..., 3] * (1 - self._letters)
        # Made a little bolder first, or thin and small letters would throw less shade than others.
        bolder = np.asarray(cv2.dilate(ink, _disc(_BOLDER * self._em)), np.float32)
        clear = 1 - self._veil()
        for softness, drop, gain, depth in _SHADES:
            soft = blurred(bolder, softness * self._em)
            shift = np.array([[1, 0, 0], [0, 1, drop * self._em]], np.float32)
            dropped = cv2.warpAffine(soft, shift, (self._width, self._height))
            clear *= 1 - np.clip(dropped * gain, 0, 1) * depth
        result = np.empty((self._height, self._width, 4), np.float32)
        beneath = 1 - self._letters
        for channel, colour in enumerate(INK):
            result[..., channel] = self._letters * colour + self._pictures[..., channel] * beneath * 255
        result[..., 3] = (1 - (1 - ink) * clear) * 255
        return np.rint(result).astype(np.uint8)

    def _veil(self) -> Reals:
        """A soft dark patch behind the lines, as wide as each of them."""
        patch = np.zeros((self._height, self._width), np.float32)
        beyond = _VEIL_BEYOND * self._em
        for left, top, right, bottom in self._boxes:
            rows = slice(max(int(top - beyond) - self.top, 0), int(bottom + beyond) - self.top)
            columns = slice(max(int(left - beyond) - self.left, 0), int(right + beyond) - self.left)
            patch[rows, columns] = 1
        return blurred(patch, _VEIL_SOFTNESS * self._em) * np.float32(_VEIL)


def _common(whole: Reals, part: Reals, left: int, top: int) -> tuple[Reals, Reals]:
    """Where `part` lies on `whole`, as views of both; what is outside of it is not drawn."""
    rows = slice(max(top, 0), max(min(top + part.shape[0], whole.shape[0]), 0))
    columns = slice(max(left, 0), max(min(left + part.shape[1], whole.shape[1]), 0))
    seen = part[rows.start - top : max(rows.stop - top, 0), columns.start - left : max(columns.stop - left, 0)]
    return whole[rows, columns], seen


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


@lru_cache(maxsize=256)
def _emoji(face: Face, cluster: str, width: int) -> Reals:
    """A coloured picture `width` pixels wide as premultiplied RGBA, 0 to 1."""
    font = font_of(face, 0, 0)
    direction = "ltr" if is_shaping() else None
    left, top, right, bottom = font.getbbox(cluster, direction=direction)
    size = (max(round(right - left), 1), max(round(bottom - top), 1))
    drawn = Image.new("RGBA", size)
    ImageDraw.Draw(drawn).text((-left, -top), cluster, font=font, embedded_color=True, direction=direction)
    height = max(round(size[1] * width / size[0]), 1)
    # Premultiplied before it is made smaller: what is not seen has no colour that could bleed into the edges.
    small = drawn.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(small, np.float32) / np.float32(255)
