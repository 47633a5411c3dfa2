"""Owns what a picture tells at a glance: what draws the eye, where it is calm, its colours; hides how that is measured.

OpenCV 5 ships neither a face detector's data nor its saliency module. What draws the eye is found without being named:
what is of another colour than the rest (Achanta et al., "Frequency-tuned salient region detection", 2009), what breaks
the even spectrum of nature (Hou and Zhang, "Saliency detection: a spectral residual approach", 2007), and what is in
the middle.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]
"""Pictures are arrays of (height, width, 3), sRGB from 0 to 1."""

Colour = tuple[float, float, float]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in parts of the picture."""

_WIDTH = 160
_SPECTRUM = 64
_CENTRE_SPREAD = 0.42
_EDGES_COUNT = 0.6
_PLAIN_ACCENT = (1.0, 0.80, 0.30)


@dataclass(frozen=True, slots=True)
class Glance:
    """A picture at a glance."""

    small: Reals  # 160 pixels wide
    salience: Reals  # of its size, the sum is 1
    edges: Reals  # of its size, 0 to about 1

    @property
    def focus(self) -> tuple[float, float]:
        """Where most of what draws the eye is together, across and down in parts of the picture."""
        height, width = self.salience.shape
        gathered = cv2.GaussianBlur(self.salience, (0, 0), 0.10 * width, borderType=cv2.BORDER_CONSTANT)
        y, x = np.unravel_index(int(gathered.argmax()), gathered.shape)
        return (float(x) + 0.5) / width, (float(y) + 0.5) / height

    def calmest(self, boxes: Sequence[Box]) -> int:
        """The number of the box over which words do least harm: little draws the eye there, and few edges cross."""
        return int(np.argmin([self._harm(box) for box in boxes]))

    def _harm(self, box: Box) -> float:
        height, width = self.salience.shape
        rows = slice(int(box[1] * height), max(int(box[3] * height), int(box[1] * height) + 1))
        columns = slice(int(box[0] * width), max(int(box[2] * width), int(box[0] * width) + 1))
        share = float(self.salience[rows, columns].mean()) * self.salience.size
        return share + _EDGES_COUNT * float(self.edges[rows, columns].mean()) / max(float(self.edges.mean()), 1e-6)

    @property
    def accent(self) -> Colour:
        """A bright colour that goes with the picture: its most vivid hue; a warm yellow where there is none."""
        hsv = cv2.cvtColor(self.small, cv2.COLOR_RGB2HSV)
        vivid = hsv[..., 1] * hsv[..., 2] ** 1.5 * (hsv[..., 2] > 0.25)
        hues, _ = np.histogram(hsv[..., 0], 24, (0, 360), weights=vivid)
        smooth = hues + 0.5 * (np.roll(hues, 1) + np.roll(hues, -1))
        if smooth.max() < 0.01 * vivid.size:
            return _PLAIN_ACCENT
        return bright((int(smooth.argmax()) + 0.5) / 24)

    @property
    def depth(self) -> Colour:
        """A very dark colour of the picture's own cast, for shades."""
        luma = cv2.cvtColor(self.small, cv2.COLOR_RGB2GRAY)
        dark = self.small[luma <= np.quantile(luma, 0.5)].mean(axis=0)
        red, green, blue = (float(each) for each in dark * (0.055 / max(float(dark.mean()), 0.055)))
        return red, green, blue


def bright(hue: float) -> Colour:
    """A colour of that hue, 0 to 1, which stands out from dark grounds: blues and violets need to be paler."""
    for saturation in (0.78, 0.66, 0.54, 0.42, 0.30):
        red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
        if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.62:
            break
    return red, green, blue


def glance(picture: Reals) -> Glance:
    """Look at a picture."""
    height = max(round(picture.shape[0] * _WIDTH / picture.shape[1]), 8)
    small = np.asarray(cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.float32)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    gradient = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return Glance(small, _salience(small, grey), np.minimum(gradient, 1.0))


def _salience(small: Reals, grey: Reals) -> Reals:
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), (0, 0), 1.5)
    strange = np.linalg.norm(lab - lab.mean(axis=(0, 1)), axis=2)
    height, width = grey.shape
    across = (np.arange(width) + 0.5) / width - 0.5
    down = (np.arange(height) + 0.5) / height - 0.5
    centre = np.exp(-(across[None, :] ** 2 + down[:, None] ** 2) / (2 * _CENTRE_SPREAD**2))
    both = (_share(strange) + _share(_residual(grey))) * centre
    return np.asarray(_share(both), np.float32)


def _residual(grey: Reals) -> NDArray[np.float64]:
    size = (grey.shape[1], grey.shape[0])
    spectrum = np.fft.fft2(cv2.resize(grey, (_SPECTRUM, _SPECTRUM), interpolation=cv2.INTER_AREA))
    level = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    unusual = np.exp(level - cv2.blur(level, (3, 3)) + 1j * np.angle(spectrum))
    found = np.abs(np.fft.ifft2(unusual)).astype(np.float32) ** 2
    smooth = cv2.GaussianBlur(found, (0, 0), 3.0)
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float64)


def _share(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """`values` with a sum of 1; even where there is nothing to share."""
    total = float(values.sum())
    return np.asarray(values / total if total > 1e-9 else np.full(values.shape, 1 / values.size), np.float64)
