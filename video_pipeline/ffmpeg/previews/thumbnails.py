"""Owns thumbnails as files: which words of a title can be set, and how a JPEG stays small; hides the designs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.thumbnails import Appeal, Design
from video_pipeline.ffmpeg.picture.pictures import put
from video_pipeline.ffmpeg.previews.appeal import appeal
from video_pipeline.ffmpeg.previews.canvas import SIZE, cropped, opened
from video_pipeline.ffmpeg.previews.designs import compose
from video_pipeline.ffmpeg.previews.glance import glance
from video_pipeline.ffmpeg.previews.words import Wording, can_be_set, worded

THUMBNAIL_SIZE = SIZE
THUMBNAIL_MAX_BYTES = 2_000_000
"""YouTube takes 1280 x 720 and at most 2 MB (support.google.com/youtube/answer/72431)."""


def draw_thumbnail(design: Design, pictures: Sequence[Path], out: Path, title: str = "") -> Appeal | None:
    """Draw `design` of `pictures` as a JPEG of 1280 x 720 below 2 MB, with `title` on it; the estimate of its appeal.

    The first picture counts most. Words that no font here has are left out; None, and nothing is written, when the
    design is nothing without words and there are none.
    """
    wording = _settable(title)
    if design.needs_words and not wording.heading:
        return None
    drawn = compose(design, [opened(picture) for picture in pictures], wording)
    _save_small(Image.fromarray(np.rint(np.clip(drawn.pixels, 0, 1) * 255).astype(np.uint8)), out)
    return appeal(drawn.pixels, drawn.ink, drawn.letters_px)


def thumbnail_words(title: str) -> str:
    """What of `title` is drawn on this machine: the heading, and the rest on a second line; "" when nothing is."""
    wording = _settable(title)
    return "\n".join(filter(None, (wording.heading, wording.rest)))


def _settable(title: str) -> Wording:
    wording = worded(title)
    if not can_be_set(wording.heading):
        return Wording("", "")
    return wording if can_be_set(wording.rest) else Wording(wording.heading, "")


def picture_appeal(picture: Path) -> Appeal:
    """The estimate for a picture without words, cut to the shape of a thumbnail."""
    pixels = opened(picture)
    return appeal(cropped(pixels, (640, 360), glance(pixels).focus))


def _save_small(image: Image.Image, out: Path) -> None:
    for quality in (92, 88, 82, 74, 60):
        content = io.BytesIO()
        image.save(content, "JPEG", quality=quality, subsampling=0 if quality > 90 else 2)
        if content.tell() <= THUMBNAIL_MAX_BYTES:
            break
    else:
        raise MediaError(f"{out.name} has {content.tell()} bytes even at low quality; at most {THUMBNAIL_MAX_BYTES:,}")
    put(content.getvalue(), out)
