"""Owns thumbnails: the picture that is clicked on, with or without the title; hides how words stay legible on it."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from video_pipeline.domain.errors import MediaError
from video_pipeline.ffmpeg.picture.pictures import open_picture, put
from video_pipeline.ffmpeg.previews.lettering import Wording, fitted, font_at, font_name_for, worded

THUMBNAIL_SIZE = (1280, 720)
THUMBNAIL_MAX_BYTES = 2_000_000
"""YouTube takes 1280 x 720 and at most 2 MB (support.google.com/youtube/answer/72431)."""

_MARGIN = 72
_BADGE = 190  # the length of the video is shown over the lower right corner
_HEADING_SIZES = tuple(range(132, 59, -6))
_REST_SIZES = tuple(range(44, 27, -2))
_LEADING = 1.08
_INK = (250, 247, 240)
_JUDGED_WIDTH = 320


def draw_thumbnail(picture: Path, out: Path, title: str = "") -> bool:
    """Draw `picture` as a JPEG of 1280 x 720 below 2 MB, with `title` on it; False when no words were set.

    That is when `title` is empty, or when no font here has all its letters.
    """
    image = ImageOps.fit(open_picture(picture), THUMBNAIL_SIZE, Image.Resampling.LANCZOS)
    wording = worded(title)
    name = font_name_for(wording.text) if wording.heading else None
    if name is not None:
        image = _lettered(image, wording, name)
    _save_small(image, out)
    return name is not None


def appeal(picture: Path) -> float:
    """How much a picture promises at a glance, about 0 to 1: colourful, rich in contrast, neither dark nor pale.

    Colourfulness after Hasler and Susstrunk, "Measuring colourfulness in natural images" (2003), section 7.
    """
    image = open_picture(picture)
    height = max(round(image.height * _JUDGED_WIDTH / image.width), 1)
    rgb = np.asarray(image.resize((_JUDGED_WIDTH, height), Image.Resampling.BILINEAR), np.float32)
    luma = cv2.cvtColor(rgb / 255, cv2.COLOR_RGB2GRAY)
    contrast = min(float(luma.std()) / 0.25, 1)
    exposure = 1 - min(abs(float(luma.mean()) - 0.45) / 0.45, 1)
    return 0.45 * min(_colourfulness(rgb) / 80, 1) + 0.35 * contrast + 0.2 * exposure


def _colourfulness(rgb: NDArray[np.float32]) -> float:
    red, green, blue = np.moveaxis(rgb, 2, 0)
    across, along = red - green, (red + green) / 2 - blue
    spread = np.hypot(across.std(), along.std())
    return float(spread + 0.3 * np.hypot(across.mean(), along.mean()))


def _lettered(image: Image.Image, wording: Wording, name: str) -> Image.Image:
    """The title at the lower left over a shade that grows towards the bottom."""
    width, height = THUMBNAIL_SIZE
    room = width - 2 * _MARGIN
    size, lines = fitted(wording.heading, name, room, most_lines=3, sizes=_HEADING_SIZES)
    small, below = (
        fitted(wording.rest, name, room - _BADGE, most_lines=1, sizes=_REST_SIZES) if wording.rest else (0, [])
    )
    step = round(size * _LEADING)
    top = height - _MARGIN - (round(small * 1.7) if below else 0) - step * len(lines)
    places = [(top + number * step, line, size) for number, line in enumerate(lines)]
    places += [(height - _MARGIN - small, line, small) for line in below]
    shaded = _shade(image, top)
    words = Image.new("L", THUMBNAIL_SIZE)
    draw = ImageDraw.Draw(words)
    draw.rectangle((_MARGIN + 2, top - 30, _MARGIN + 110, top - 24), fill=230)
    for y, line, each in places:
        # Pillow's font has one weight; a heading is made heavier by its outline.
        outline = each // 40 if not name and each > _REST_SIZES[0] else 0
        draw.text((_MARGIN, y), line, font=font_at(name, each), fill=255, stroke_width=outline)
    glow = words.filter(ImageFilter.GaussianBlur(10)).point(lambda value: min(int(value * 1.6), 200))
    shaded.paste((0, 0, 0), mask=glow)
    shaded.paste(_INK, mask=words)
    return shaded


def _shade(image: Image.Image, top: int) -> Image.Image:
    """The picture darkened below, so that light words stand out from any of them."""
    height = image.height
    begins = max(top - 220, 0)
    ramp = np.clip((np.arange(height) - begins) / (height - begins), 0, 1)
    eased = (ramp * ramp * (3 - 2 * ramp))[:, None, None]
    pixels = np.asarray(image, np.float32) * (1 - 0.72 * eased)
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def _save_small(image: Image.Image, out: Path) -> None:
    for quality in (92, 88, 82, 74, 60):
        content = io.BytesIO()
        image.save(content, "JPEG", quality=quality, subsampling=0 if quality > 90 else 2)
        if content.tell() <= THUMBNAIL_MAX_BYTES:
            break
    else:
        raise MediaError(f"{out.name} has {content.tell()} bytes even at low quality; at most {THUMBNAIL_MAX_BYTES:,}")
    put(content.getvalue(), out)
