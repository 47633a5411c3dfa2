"""Owns what is done to the pixels of a thumbnail: crops, shades, light, words laid on; hides the arithmetic."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.ffmpeg.lettering.blur import blurred
from video_pipeline.ffmpeg.picture.pictures import open_picture
from video_pipeline.ffmpeg.previews.glance import Colour, Reals, glance
from video_pipeline.ffmpeg.previews.words import Block, Mask

SIZE = (1280, 720)
WHITE: Colour = (0.984, 0.972, 0.945)
_OPENED_LONGEST = 1920
_LIT = np.array([0.2126, 0.7152, 0.0722], np.float32)


def opened(picture: Path) -> Reals:
    """A picture as sRGB from 0 to 1, no more of it than is needed; MediaError when it is none."""
    stat = picture.stat()
    return _pixels(picture, stat.st_mtime_ns, stat.st_size).astype(np.float32) / np.float32(255)


@lru_cache(maxsize=3)  # a job's thumbnails are drawn one after the other, of few pictures; 6 MB each
def _pixels(picture: Path, _modified_ns: int, _bytes: int) -> NDArray[np.uint8]:
    pixels = np.asarray(open_picture(picture).convert("RGB"))
    scale = _OPENED_LONGEST / max(pixels.shape)
    if scale < 1:
        size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return pixels


def cropped(
    picture: Reals, size: tuple[int, int], focus: tuple[float, float], zoom: float = 1.0, *, at: float = 0.5
) -> Reals:
    """The part of `picture` of the shape of `size`, as large as it can be divided by `zoom`.

    `focus` comes to `at` of its width and to the middle of its height, as far as the picture goes on that far.
    """
    height, width = picture.shape[:2]
    scale = min(width / size[0], height / size[1]) / zoom
    across, down = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
    left = min(max(round(focus[0] * width - across * at), 0), width - across)
    top = min(max(round(focus[1] * height - down / 2), 0), height - down)
    part = picture[top : top + down, left : left + across]
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    return np.clip(np.asarray(cv2.resize(part, size, interpolation=way), np.float32), 0, 1)


def is_tall(picture: Reals) -> bool:
    """True for a picture that would lose too much if it were cut to the shape of a thumbnail."""
    return bool(picture.shape[1] < 1.25 * picture.shape[0])


def staged(picture: Reals, at: float = 0.5, zoom: float = 1.0) -> Reals:
    """A picture as a whole thumbnail: cut to its shape, with what draws the eye at `at` of the width if it can be.

    A tall one stands in front of itself, out of focus, its middle there.
    """
    seen = glance(picture)
    filled = cropped(picture, SIZE, seen.focus, zoom, at=at)
    if not is_tall(picture):
        return filled
    width, height = SIZE
    across = round(height * min(max(picture.shape[1] / picture.shape[0], 0.78), 1.0))
    left = min(max(round(at * width - across / 2), 0), width - across)
    behind = blurred(filled, 34) * np.float32(0.55)
    edge = np.clip(np.minimum(np.arange(across) + 1, across - np.arange(across)) / 56, 0, 1)
    # A side that touches the edge of the thumbnail is not faded.
    edge[: across // 2] = 1 if left == 0 else edge[: across // 2]
    edge[across // 2 :] = 1 if left + across == width else edge[across // 2 :]
    soft = _eased(edge)[None, :, None]
    part = behind[:, left : left + across]
    part += (cropped(picture, (across, height), seen.focus) - part) * soft
    return behind


def graded(picture: Reals, *, contrast: float = 1.0, saturation: float = 1.0, lift: float = 0.0) -> Reals:
    """More contrast around the picture's own middle, purer colours; `lift` moves dark pictures towards the middle."""
    small = cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA)
    middle = float(np.median(small @ _LIT))
    pure = saturation * np.eye(3) + (1 - saturation) * np.tile(_LIT, (3, 1))
    # Rows of (red, green, blue, 1): all of it but the power is one product of matrices.
    whole = np.hstack([contrast * pure, np.full((3, 1), middle * (1 - contrast))]).astype(np.float32)
    spread = np.clip(np.asarray(cv2.transform(picture, whole), np.float32), 0, 1)
    power = 1 - lift * min(max(0.42 - middle, 0.0) / 0.42, 1.0)
    return spread if power == 1 else np.asarray(cv2.pow(spread, power), np.float32)


def at_night(picture: Reals) -> Reals:
    """`picture` as by the light of the moon: darker, paler and cooler."""
    pale = 0.7 * np.eye(3) + 0.3 * np.tile(_LIT, (3, 1))
    cool = (pale * np.array([[0.80], [0.94], [1.12]])).astype(np.float32)
    seen = np.clip(np.asarray(cv2.transform(picture, cool), np.float32), 0, 1)
    return np.asarray(cv2.pow(seen, 1.45), np.float32) * np.float32(0.52)


def sharpened(picture: Reals, amount: float) -> Reals:
    """`picture` with finer edges, for what was made larger."""
    return np.clip(picture + (picture - cv2.GaussianBlur(picture, (0, 0), 2.2)) * np.float32(amount), 0, 1)


def side_shade(is_left: bool, reach: float, depth: float) -> Mask:
    """Darkness of `depth` at one side, which ends at `reach` of the width."""
    across = (np.arange(SIZE[0], dtype=np.float32) + 0.5) / SIZE[0]
    gone = np.clip((across if is_left else 1 - across) / reach, 0, 1)
    line = depth * (1 - _eased(np.clip((gone - 0.35) / 0.65, 0, 1)))
    return np.broadcast_to(line[None, :], SIZE[::-1]).astype(np.float32)


def flat_shade(is_top: bool, reach: float, depth: float) -> Mask:
    """The same from above or below; `reach` of the height."""
    down = (np.arange(SIZE[1], dtype=np.float32) + 0.5) / SIZE[1]
    gone = np.clip((down if is_top else 1 - down) / reach, 0, 1)
    line = depth * (1 - _eased(np.clip((gone - 0.3) / 0.7, 0, 1)))
    return np.broadcast_to(line[:, None], SIZE[::-1]).astype(np.float32)


def round_shade(focus: tuple[float, float], clear: float, depth: float) -> Mask:
    """Darkness of `depth` away from `focus`; light within `clear` of the height around it."""
    width, height = SIZE
    across = (np.arange(width, dtype=np.float32) + 0.5 - focus[0] * width) / height
    down = (np.arange(height, dtype=np.float32) + 0.5 - focus[1] * height) / height
    far = np.hypot(across[None, :], down[:, None] * 1.15)
    return np.asarray(depth * _eased(np.clip((far - clear) / 0.75, 0, 1)), np.float32)


def rushing(picture: Reals, focus: tuple[float, float], strength: float) -> Reals:
    """`picture` blurred away from `focus` as by a fast approach; sharp around it."""
    width, height = SIZE
    small = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    centre = (focus[0] * width / 2, focus[1] * height / 2)
    # Each pass doubles the number of copies that are averaged: 16 of them after four.
    for number in range(4):
        scale = 1 + strength / 2 ** (number + 1)
        move = cv2.getRotationMatrix2D(centre, 0, scale)
        nearer = cv2.warpAffine(small, move, (width // 2, height // 2), borderMode=cv2.BORDER_REFLECT)
        small = (small + nearer) / 2
    streaks = cv2.resize(small, SIZE, interpolation=cv2.INTER_LINEAR)
    return mixed(picture, np.asarray(streaks, np.float32), round_shade(focus, 0.20, 1.0))


def tilted(picture: Reals, degrees: float) -> Reals:
    """`picture` turned counter-clockwise, and larger by as much as its corners need."""
    width, height = SIZE
    turn = math.radians(abs(degrees))
    scale = math.cos(turn) + math.sin(turn) * width / height
    move = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    turned = cv2.warpAffine(picture, move, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.clip(np.asarray(turned, np.float32), 0, 1)


def placed(block: Block, left: float, top: float) -> Mask:
    """The words as ink on the whole thumbnail; what is outside of it is lost."""
    whole = np.zeros(SIZE[::-1], np.float32)
    x, y = round(left), round(top)
    part = block.mask[max(-y, 0) : SIZE[1] - y, max(-x, 0) : SIZE[0] - x]
    whole[max(y, 0) : max(y, 0) + part.shape[0], max(x, 0) : max(x, 0) + part.shape[1]] = part
    return whole


def inked(picture: Reals, ink: Mask, colour: Colour | Reals) -> Reals:
    """`picture` with words of one colour, or of the colours of another picture."""
    used = np.flatnonzero(ink.any(axis=1))
    if not len(used):
        return picture
    result = picture.copy()
    rows = slice(int(used[0]), int(used[-1]) + 1)
    other = colour[rows] if isinstance(colour, np.ndarray) else colour
    result[rows] = mixed(picture[rows], other, ink[rows])
    return result


def mixed(picture: Reals, other: Colour | Reals, share: Mask) -> Reals:
    """`picture` with a share of a colour or of another picture, 0 to 1 for each pixel."""
    # With a mask of one channel NumPy would work three numbers at a time, ten times as long.
    mask = cv2.merge([share, share, share])
    result = np.asarray(other, np.float32) - picture
    result *= mask
    result += picture
    return result


def with_shadow(picture: Reals, ink: Mask, em_px: float, depth: float = 0.75) -> Reals:
    """`picture` darkened softly around words, a little below them, so that they stand out from any ground."""
    near = _dropped(blurred(ink, 0.035 * em_px), 0.03 * em_px)
    wide = blurred(ink, 0.22 * em_px)
    shade = np.clip(np.maximum(near * 1.5, 0.85 * np.minimum(wide * 1.7, 1)), 0, 1) * np.float32(depth)
    return mixed(picture, (0.0, 0.0, 0.0), np.asarray(shade, np.float32))


def _dropped(mask: Mask, by: float) -> Mask:
    move = np.array([[1, 0, 0.4 * by], [0, 1, by]], np.float32)
    return np.asarray(cv2.warpAffine(mask, move, (mask.shape[1], mask.shape[0])), np.float32)


def slanted(points: list[tuple[float, float]]) -> Mask:
    """A polygon with smooth edges."""
    mask = np.zeros(SIZE[::-1], np.uint8)
    corners = np.array([[round(x * 16), round(y * 16)] for x, y in points], np.int32)
    cv2.fillPoly(mask, [corners], 255, lineType=cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) / np.float32(255)


def _eased(values: Mask) -> Mask:
    return np.asarray(values * values * (3 - 2 * values), np.float32)
