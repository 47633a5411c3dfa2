"""Owns how the sound is drawn over a picture, as bars or as a line; hides masks, edges and colour planes.

All is drawn straight onto the planes, in one region low in the picture whose proportions follow it; everything outside
of the region is left as it was. Edges are soft at fractions of a pixel: a height that changes slowly does not flicker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.timeline import Overlay
from video_pipeline.ffmpeg.overlay.spectrum import BANDS
from video_pipeline.ffmpeg.picture.canvas import BLACK, Planes, Size, chroma_of, luma_of

Levels = NDArray[np.float32]
"""The heights of the bands, 0 to 1."""

DRAWING_VERSION = 1

_INK = (224, 126, 130)
"""Luma and chroma of a soft, slightly warm white."""

_OPACITY = 0.86
_FINE = 16
"""Steps of height in a pixel."""

_NARROWEST = 6
"""Pixels from bar to bar; in smaller pictures bands are put together."""


@dataclass(frozen=True)
class Layout:
    """Where the overlay stands in a picture; all in whole, even pixels."""

    size: Size
    axis: int  # the row in whose upper edge the middle of the bars lies
    reach: int  # rows from the axis to the tip of the highest bar
    pitch: int  # columns from bar to bar
    bars: int

    @property
    def left(self) -> int:
        """The first column of the region."""
        return _even((self.size.width - self.pitch * self.bars) / 2)

    @property
    def columns(self) -> slice:
        """Of the region."""
        return slice(self.left, self.left + self.pitch * self.bars)

    @property
    def rows(self) -> slice:
        """Of the region: it is as high above the axis as below it."""
        half = self.reach + self.margin
        return slice(self.axis - half, self.axis + half)

    @property
    def margin(self) -> int:
        """Rows beyond the tips that a round end and a glow need."""
        return _even(self.pitch)

    @property
    def width(self) -> int:
        """Of a bar."""
        return max(_even(self.pitch * 0.29), 2)


def layout_of(size: Size) -> Layout:
    """The layout for pictures of `size`: in the lowest third, narrower than the picture is."""
    span = min(size.width * 0.8, size.height * 1.07)
    bars = next(count for count in (BANDS, BANDS // 2, BANDS // 4) if span / count >= _NARROWEST or count < BANDS // 2)
    unit = min(size.width, size.height)
    pitch, reach = max(_even(span / bars), 2), max(_even(unit * 0.082), 4)
    # In the smallest pictures the round ends touch the edge.
    axis = min(_even(size.height - unit * 0.145), size.height // 2 * 2 - reach - _even(pitch))
    return Layout(size, axis, reach, pitch, bars)


def _even(pixels: float) -> int:
    return round(pixels / 2) * 2


class Drawing(Protocol):
    """One kind of overlay in one size."""

    layout: Layout

    def draw(self, planes: Planes, levels: Levels) -> None:
        """Draw the heights of one frame onto `planes`."""
        ...


class Bars:
    """Slim bars with round ends on an axis; where nothing sounds there is a row of dots."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def draw(self, planes: Planes, levels: Levels) -> None:
        """Draw the heights of one frame onto `planes`."""
        place = self.layout
        tips = np.rint(levels.reshape(place.bars, -1).max(axis=1) * (place.reach * _FINE)).astype(np.intp)
        fine, coarse = self._tips
        half = place.rows.stop - place.axis
        _ink(_cells(luma_of(planes), place, 1), fine[_beyond(half, 0.5, tips, len(fine))], _INK[0])
        cover = coarse[_beyond(half // 2, 1.0, tips, len(coarse))]
        for plane, ink in zip(chroma_of(planes), _INK[1:], strict=True):
            _ink(_cells(plane, place, 2), cover, ink)

    @cached_property
    def _tips(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """How much of each pixel across a bar's cell is covered, of 256, so far beyond the point where its end begins
        to be round, in fractions of a pixel: for luma, and for the two rows of a pixel of chroma."""
        place = self.layout
        radius = place.width / 2
        x = np.arange(place.pitch) + 0.5 - place.pitch / 2
        beyond = np.arange(round((radius + 1) * _FINE) + 1) / _FINE
        distance = np.sqrt(np.square(beyond)[:, None] + np.square(x))
        cover = np.asarray(np.clip(radius + 0.5 - distance, 0, 1) * _OPACITY, np.float32)
        # Chroma lies between two rows, on every second column; a cell begins and ends with a gap.
        sited = (np.roll(cover, 1, axis=1) + 2 * cover + np.roll(cover, -1, axis=1))[:, 0::2] / 4
        rows = np.arange(len(cover) + _FINE // 2)
        inner, outer = np.maximum(rows - _FINE // 2, 0), np.minimum(rows + _FINE // 2, len(cover) - 1)
        return _of_256(cover), _of_256((sited[inner] + sited[outer]) / 2)


def _beyond(half: int, row: float, tips: NDArray[np.intp], steps: int) -> NDArray[np.intp]:
    """How far each row lies beyond each tip, in fractions of a pixel, at most `steps` - 1; shape (rows, bars).

    `half` rows on either side of the axis; the middle of the first one is `row` away from it, and so is every next one
    from the one before, or twice as far.
    """
    away = np.rint((np.arange(half) * (2 * row) + row) * _FINE).astype(np.intp)
    mirrored = np.concatenate([away[::-1], away])
    return np.asarray(np.clip(mirrored[:, None] - tips[None, :], 0, steps - 1), np.intp)


class Line:
    """One smooth, glowing line through the heights, level at both ends."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def draw(self, planes: Planes, levels: Levels) -> None:
        """Draw the heights of one frame onto `planes`."""
        place = self.layout
        mask = self._mask(levels)
        luma = luma_of(planes)[place.rows, place.columns]
        _ink(luma, mask, _INK[0])
        height, width = mask.shape
        quarter = np.asarray(cv2.resize(mask, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.int16)
        for plane, ink in zip(chroma_of(planes), _INK[1:], strict=True):
            _ink(plane[_halved(place.rows), _halved(place.columns)], quarter, ink)

    def _mask(self, levels: Levels) -> NDArray[np.int16]:
        place = self.layout
        along = self._spline @ levels
        # Of its two sides the line takes the upper one: its foot stands as low as the bars do.
        middle = place.margin + 2 * place.reach * (1 - along)
        lean = 1 / np.sqrt(1 + np.square(np.gradient(middle)))
        distance = self._y - middle[None, :].astype(np.float32)
        np.abs(distance, out=distance)
        distance *= (lean * _FINE).astype(np.float32)[None, :]
        np.minimum(distance, len(self._glow) - 1, out=distance)
        return np.asarray(self._glow[distance.astype(np.intp)] * self._ends >> 8, np.int16)

    @cached_property
    def _ends(self) -> NDArray[np.int32]:
        """How much of the line is seen at each column, of 256: it comes out of nothing and goes into it."""
        place = self.layout
        columns = place.columns.stop - place.columns.start
        away = (np.arange(columns) + 0.5) / columns
        return np.rint(256 * _eased(np.clip(np.minimum(away, 1 - away) / 0.08, 0, 1))).astype(np.int32)

    @cached_property
    def _y(self) -> NDArray[np.float32]:
        place = self.layout
        return np.asarray(np.arange(place.rows.stop - place.rows.start)[:, None] + 0.5, np.float32)

    @cached_property
    def _spline(self) -> NDArray[np.float32]:
        """What each band adds to the line at each column: a cubic B-spline, which overshoots nowhere."""
        place = self.layout
        columns = place.columns.stop - place.columns.start
        at = (np.arange(columns) + 0.5) / columns * (BANDS + 3) - 2
        away = np.abs(at[:, None] - np.arange(BANDS)[None, :])
        near = 2 / 3 - np.square(away) + away**3 / 2
        far = np.maximum(2 - away, 0) ** 3 / 6
        return np.asarray(np.where(away < 1, near, far), np.float32)

    @cached_property
    def _glow(self) -> NDArray[np.int16]:
        """How much is covered, of 256, at so many fractions of a pixel from the middle of the line."""
        pitch = self.layout.pitch
        distance = np.arange(2 * pitch * _FINE, dtype=np.float32) / _FINE
        core = np.clip(pitch * 0.065 + 0.75 - distance, 0, 1)
        light = 0.34 * np.exp(-np.square(distance / (pitch * 0.30))) + 0.14 * np.exp(
            -np.square(distance / (pitch * 0.8))
        )
        edge = np.clip(2 - distance / pitch, 0, 1)
        return _of_256(np.maximum(core * _OPACITY, light * edge * _OPACITY))


DRAWINGS: Mapping[Overlay, Callable[[Layout], Drawing]] = {Overlay.BARS: Bars, Overlay.LINE: Line}
"""What draws each overlay there is to draw."""


class Shade:
    """Darkens a picture softly where the overlay will stand, so that white on snow can be seen."""

    DEPTH = 0.42

    def __init__(self, layout: Layout) -> None:
        height, width = layout.size.height, layout.size.width
        half = 2.3 * (layout.reach + layout.margin)
        top, bottom = max(layout.axis - int(half), 0) // 2 * 2, min(layout.axis + int(half) // 2 * 2, height)
        self._rows = slice(top, bottom)
        down = np.clip(1 - np.abs(np.arange(top, bottom) + 0.5 - layout.axis) / half, 0, 1)
        reach = layout.pitch * layout.bars / 2 + 1.5 * half
        across = np.clip((1 - np.abs(np.arange(width) + 0.5 - width / 2) / reach) * reach / (1.5 * half), 0, 1)
        soft = _eased(down)[:, None] * _eased(across)[None, :] * self.DEPTH
        self._light = np.rint((1 - soft) * 256).astype(np.uint16)
        # Rounded by a threshold of each pixel's own, otherwise an even sky would show the steps of the shade.
        self._thresholds = np.random.default_rng(1).integers(0, 256, soft.shape, np.uint16)

    def over(self, planes: Planes) -> Planes:
        """A shaded copy of `planes`."""
        shaded = planes.copy()
        luma = luma_of(shaded)[self._rows]
        wide = (np.maximum(luma, BLACK).astype(np.uint16) - BLACK) * self._light + self._thresholds
        luma[:] = (wide >> 8).astype(np.uint8) + BLACK
        return shaded


def _eased(share: NDArray[np.float64]) -> NDArray[np.float32]:
    return (share * share * (3 - 2 * share)).astype(np.float32)


def _of_256(cover: NDArray[np.floating]) -> NDArray[np.int16]:
    return np.asarray(np.rint(cover * 256), np.int16)


def _halved(span: slice) -> slice:
    return slice(span.start // 2, span.stop // 2)


def _cells(plane: Planes, place: Layout, part: int) -> Planes:
    """A view of the region of `plane`, which has a `part` of the rows and columns: shape (rows, bars, columns)."""
    rows, columns = (slice(span.start // part, span.stop // part) for span in (place.rows, place.columns))
    region = plane[rows, columns]
    return np.lib.stride_tricks.as_strided(
        region,
        (region.shape[0], place.bars, place.pitch // part),
        (region.strides[0], place.pitch // part, 1),
    )


def _ink(target: Planes, cover: NDArray[np.int16], ink: int) -> None:
    """Bring `target` nearer to `ink` by `cover` of 256."""
    target += ((ink - target.astype(np.int16)) * cover.astype(np.int32) + 128 >> 8).astype(np.uint8)
