"""Owns blurring pictures and masks; hides the smaller picture on which most of it is done."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]


def blurred(picture: Reals, softness: float) -> Reals:
    """`picture`, of one channel or several, out of focus by so many pixels; in a tenth of the time that all take."""
    height, width = picture.shape[:2]
    part = max(int(softness / 4), 1)
    small = cv2.resize(picture, (-(-width // part), -(-height // part)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(softness / part, 0.5), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
