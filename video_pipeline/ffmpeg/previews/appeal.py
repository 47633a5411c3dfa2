"""Owns the measurements behind the estimate of a thumbnail's appeal; hides pixels. Weights: domain.thumbnails.

All is measured on the picture as small as YouTube shows it in a list of suggestions: 168 pixels wide. What draws the
eye, and edges, are those of `glance`, 160 pixels wide.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.thumbnails import Appeal, Part
from video_pipeline.ffmpeg.previews.glance import Reals, glance

SEEN_WIDTH = 168

_LUMA_SPREAD, _MIDDLE_LUMA, _COLOURFUL = 0.25, 0.45, 80.0
"""What is full contrast, right exposure, and "quite colourful" by Hasler and Susstrunk's table 2 (59 to 82)."""

_LEAST_LETTERS_PX, _CLEAR_LETTERS_PX = 4.0, 12.0
"""Capitals of 4 pixels are a line of dots; those of 12 are as large as the text of most pages (16 pixels)."""

_CLEAR_RATIO = 7.0
"""WCAG 2.2, 1.4.6: the enhanced contrast of text."""

_FULL_OF_EDGES = 0.60
_GATHERED, _SPREAD = 0.62, 0.25
"""The share of salience in the best quarter of the picture: evenly spread it is a quarter."""


def appeal(picture: Reals, words: Reals | None = None, letters_px: float = 0.0) -> Appeal:
    """What each part of the model finds in a picture.

    `words` says how much each pixel is ink of its heading, 0 to 1; `letters_px` how high its capitals are in it.
    """
    height = max(round(picture.shape[0] * SEEN_WIDTH / picture.shape[1]), 1)
    size = (SEEN_WIDTH, height)
    seen = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    luma = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    seen_glance = glance(picture)
    parts = {
        Part.CONTRAST: float(luma.std()) / _LUMA_SPREAD,
        Part.COLOUR: _colourfulness(seen * 255) / _COLOURFUL,
        Part.SUBJECT: (_gathered(seen_glance.salience) - _SPREAD) / (_GATHERED - _SPREAD),
        Part.EXPOSURE: 1 - abs(float(luma.mean()) - _MIDDLE_LUMA) / _MIDDLE_LUMA,
        Part.CALM: 1 - float(seen_glance.edges.mean()) / _FULL_OF_EDGES,
    }
    if words is not None:
        ink = np.asarray(cv2.resize(words, size, interpolation=cv2.INTER_AREA), np.float32)
        seen_px = letters_px * SEEN_WIDTH / picture.shape[1]
        tall = (seen_px - _LEAST_LETTERS_PX) / (_CLEAR_LETTERS_PX - _LEAST_LETTERS_PX)
        clear = (_ratio(seen, ink) - 1) / (_CLEAR_RATIO - 1)
        parts[Part.LEGIBILITY] = min(max(tall, 0.0), 1.0) * min(max(clear, 0.0), 1.0)
    return Appeal({part: min(max(parts[part], 0.0), 1.0) for part in Part if part in parts})


def _colourfulness(rgb: Reals) -> float:
    """Hasler and Susstrunk, "Measuring colourfulness in natural images" (2003), section 7; of pixels 0 to 255."""
    red, green, blue = np.moveaxis(rgb, 2, 0)
    across, along = red - green, (red + green) / 2 - blue
    spread = np.hypot(across.std(), along.std())
    return float(spread + 0.3 * np.hypot(across.mean(), along.mean()))


def _gathered(salience: Reals) -> float:
    """The share of the window of half the width and height that has most."""
    height, width = salience.shape
    window = cv2.boxFilter(salience, -1, (width // 2, height // 2), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return float(window.max())


def _ratio(seen: Reals, ink: Reals) -> float:
    """The contrast of the letters to what is right around them, by WCAG, 1 to 21."""
    most = float(ink.max())
    letters = ink >= 0.8 * most
    around = (cv2.dilate(ink, np.ones((5, 5), np.uint8)) > 0.3) & (ink < 0.15)
    if most <= 0 or not around.any():
        return 1.0
    luminance = _luminance(seen)
    pair = float(luminance[letters].mean()), float(luminance[around].mean())
    return (max(pair) + 0.05) / (min(pair) + 0.05)


def _luminance(rgb: Reals) -> NDArray[np.float32]:
    """Relative luminance of sRGB, WCAG 2.2."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float32)
