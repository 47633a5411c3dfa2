"""Owns the designs of thumbnails: how each is composed of pictures and a title; hides their measures.

All are drawn on 1280 x 720 pixels. The lower right corner stays free of words: the length of the video is shown there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from video_pipeline.domain.thumbnails import Design
from video_pipeline.ffmpeg.lettering.blur import blurred
from video_pipeline.ffmpeg.previews import canvas
from video_pipeline.ffmpeg.previews.canvas import SIZE, WHITE
from video_pipeline.ffmpeg.previews.glance import Box, Colour, Reals, glance
from video_pipeline.ffmpeg.previews.words import Block, Mask, Style, Wording, set_block

_MARGIN = 60
_BADGE = (200, 86)  # of the lower right corner
_LEAN = 0.14  # of an action shot's letters and bands, in their heights
_MID_DARK: Colour = (0.05, 0.05, 0.06)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished thumbnail."""

    pixels: Reals
    ink: Mask | None  # of the heading, where there is one
    letters_px: float  # height of its capitals


def compose(design: Design, pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """`design` of `pictures`, the first of which counts most; without words when `wording` has none."""
    return _DESIGNS[design](pictures, wording)


def _plain(pictures: Sequence[Reals], _: Wording) -> Drawn:
    return Drawn(canvas.staged(pictures[0]), None, 0.0)


def _bold_text(pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """The heading in a column on the calm side, its last line in the picture's own bright colour."""
    is_left = glance(canvas.staged(pictures[0])).calmest([(0.0, 0.1, 0.5, 0.9), (0.5, 0.1, 1.0, 0.9)]) == 0
    whole = canvas.staged(pictures[0], 0.74 if is_left else 0.26, 1.3)
    seen = glance(whole)
    ground = canvas.graded(whole, contrast=1.10, saturation=1.15, lift=0.35)
    ground = canvas.mixed(ground, seen.depth, canvas.side_shade(is_left, 0.86, 0.90))
    heading = set_block(wording.heading, Style(690, 450, 3, 232, 66, leading=1.02, is_upper=True))
    below = _small(wording.rest, 600)
    bar, gap, rule = 12, 34, 150
    tall = bar + gap + heading.height + (gap + below.height if below else 0)
    top = (SIZE[1] - tall) / 2
    wide = max(heading.width, below.width if below else 0, rule)
    left = _MARGIN if is_left else SIZE[0] - _MARGIN - wide
    if not is_left:
        top -= max(top + tall + 20 - (SIZE[1] - _BADGE[1]), 0)
    ink = canvas.placed(heading, _begin(heading, left, wide, heading.width), top + bar + gap)
    ground = canvas.with_shadow(ground, ink, heading.em_px, 0.6)
    line, start = np.zeros_like(ink), _begin(heading, left, wide, rule)
    line[round(top) : round(top) + bar, start : start + rule] = 1
    ground = canvas.inked(ground, line, seen.accent)
    colours = np.full((*SIZE[::-1], 3), WHITE, np.float32)
    if len(heading.line_tops) > 1:
        colours[round(top + bar + gap) + heading.line_tops[-1] :] = seen.accent
    ground = canvas.inked(ground, ink, colours)
    if below:
        at = _begin(heading, left, wide, below.width)
        ground = canvas.inked(ground, canvas.placed(below, at, top + tall - below.height), WHITE)
    return Drawn(ground, ink, heading.letters_px)


def _begin(heading: Block, left: int, room: int, width: int) -> int:
    """The left end of something `width` wide in a column: at its left, or its right where the heading begins there."""
    return left + (room - width if heading.runs_left else 0)


def _small(text: str, width: float) -> Block | None:
    return set_block(text, Style(width, 60, 1, 46, 34, is_upper=True)) if text else None


def _close_up(pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """The subject as near as its pixels allow, and one or two lines where it is calm."""
    picture = pictures[0]
    zoom = min(max(picture.shape[1] / 760, 1.25), 2.1)
    near = canvas.cropped(picture, SIZE, glance(picture).focus, zoom)
    ground = canvas.graded(canvas.sharpened(near, 0.7), contrast=1.14, saturation=1.18, lift=0.40)
    seen = glance(ground)
    ground = canvas.mixed(ground, seen.depth, canvas.round_shade(seen.focus, 0.42, 0.55))
    if not wording.heading:
        return Drawn(ground, None, 0.0)
    is_top = seen.calmest([(0.03, 0.62, 0.8, 0.97), (0.03, 0.03, 0.8, 0.38)]) == 1
    left = _MARGIN + 34
    style = Style(SIZE[0] - _BADGE[0] - left, 250, 2, 150, 64, leading=1.04, is_upper=True)
    heading = set_block(wording.heading, style)
    reach = min((heading.height + 2 * _MARGIN + 190) / SIZE[1], 0.85)
    ground = canvas.mixed(ground, seen.depth, canvas.flat_shade(is_top, reach, 0.82))
    top = 52 if is_top else SIZE[1] - 52 - heading.height
    wide = left - _MARGIN + heading.width
    ink = canvas.placed(heading, _MARGIN if heading.runs_left else left, top)
    ground = canvas.with_shadow(ground, ink, heading.em_px, 0.65)
    bar, start = np.zeros_like(ink), _begin(heading, _MARGIN, wide, 12)
    bar[top : top + heading.height, start : start + 12] = 1
    return Drawn(canvas.inked(canvas.inked(ground, bar, seen.accent), ink, WHITE), ink, heading.letters_px)


def _action_shot(pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """Tilted, everything but the subject in motion, and the heading on slanted bands, a line on each."""
    picture = pictures[0]
    shot = canvas.cropped(picture, SIZE, glance(picture).focus, 1.12)
    turned = canvas.tilted(canvas.graded(shot, contrast=1.2, saturation=1.3, lift=0.45), 4.0)
    seen = glance(turned)
    ground = canvas.rushing(turned, seen.focus, 0.20)
    ground = canvas.mixed(ground, seen.depth, canvas.round_shade(seen.focus, 0.50, 0.50))
    if not wording.heading:
        return Drawn(ground, None, 0.0)
    style = Style(900, 330, 2, 150, 62, leading=1.42, is_upper=True, skew=_LEAN)
    heading = set_block(wording.heading, style)
    pad = 0.17 * heading.em_px
    boxes = _line_boxes(heading)
    is_top = seen.calmest([(0.0, 0.6, 0.75, 1.0), (0.0, 0.0, 0.75, 0.4)]) == 1
    top = 46 + pad if is_top else SIZE[1] - 46 - pad - heading.height
    left = 44 + pad * 1.6
    ink = canvas.placed(heading, left, top)
    band = np.zeros_like(ink)
    for line_left, line_top, line_right, line_bottom in boxes:
        high, low = top + line_top - pad, top + line_bottom + pad
        start, end = left + line_left - 1.6 * pad, left + line_right + 1.4 * pad
        slope = _LEAN * (low - high) / 2
        # A line's own slant is measured from its base: the box around it is wider above than the letters are below.
        corners = [(start + slope, high), (end + slope, high), (end - slope, low), (start - slope, low)]
        band = np.maximum(band, canvas.slanted(corners))
    ground = canvas.with_shadow(ground, band, heading.em_px * 0.8, 0.6)
    ground = canvas.inked(ground, band, seen.accent)
    return Drawn(canvas.inked(ground, ink, _MID_DARK), ink, heading.letters_px)


def _line_boxes(block: Block) -> list[tuple[int, int, int, int]]:
    """The ink of each line that has any: left, top, right, bottom in pixels of the block."""
    found = []
    for first, end in zip(block.line_tops, [*block.line_tops[1:], block.height], strict=True):
        rows, columns = np.nonzero(block.mask[first:end] > 0.3)
        if len(rows):
            across, down = (int(columns.min()), int(columns.max()) + 1), (int(rows.min()), int(rows.max()) + 1)
            found.append((across[0], first + down[0], across[1], first + down[1]))
    return found


def _minimal(pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """A leaf of paper, warm or cool as the picture is, with the title in reading letters; without one, a mat."""
    picture = pictures[0]
    seen = glance(picture)
    cast = np.clip(np.array(seen.accent, np.float32), 0, 1)
    paper = np.array((0.965, 0.950, 0.920), np.float32) * (0.90 + 0.10 * cast)
    dark = 0.16 * cast / max(float(cast.max()), 0.1) + 0.02
    whole = np.broadcast_to(paper, (*SIZE[::-1], 3)).copy()
    if not wording.heading:
        mat = 56
        inner = (SIZE[0] - 2 * mat, SIZE[1] - 2 * mat)
        whole[mat:-mat, mat:-mat] = canvas.cropped(picture, inner, seen.focus)
        return Drawn(whole, None, 0.0)
    leaf = 610
    whole[:, leaf:] = canvas.cropped(picture, (SIZE[0] - leaf, SIZE[1]), seen.focus)
    room = leaf - 2 * _MARGIN
    heading = set_block(wording.heading, Style(room, 400, 4, 140, 62, leading=1.10, is_heavy=False))
    below = set_block(wording.rest, Style(room, 110, 2, 40, 30, is_heavy=False, leading=1.3)) if wording.rest else None
    gap, rule = 38, 6
    tall = heading.height + gap + rule + (gap + below.height if below else 0)
    top = round((SIZE[1] - tall) / 2)
    ink = canvas.placed(heading, _begin(heading, _MARGIN, room, heading.width), top)
    tone = (float(dark[0]), float(dark[1]), float(dark[2]))
    whole = canvas.inked(whole, ink, tone)
    line = top + heading.height + gap
    start = _begin(heading, _MARGIN, room, 96)
    whole[line : line + rule, start : start + 96] = 0.62 * cast
    if below:
        whole = canvas.inked(
            whole, canvas.placed(below, _begin(heading, _MARGIN, room, below.width), line + rule + gap), tone
        )
    return Drawn(whole, ink, heading.letters_px)


def _collage(pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """Three slanted panels beside each other, and the title on a band across them."""
    slant, seam = 90, 7
    edges = (0, SIZE[0] / 3, 2 * SIZE[0] / 3, SIZE[0])
    panel = (round(SIZE[0] / 3 + 2 * slant), SIZE[1])
    whole = np.broadcast_to(np.array(WHITE, np.float32), (*SIZE[::-1], 3)).copy()
    for number, view in enumerate(_views(pictures, panel)):
        left = round(edges[number] + (SIZE[0] / 3 - panel[0]) / 2)
        laid = np.zeros_like(whole)
        shown = slice(max(left, 0), min(left + panel[0], SIZE[0]))
        laid[:, shown] = canvas.graded(view, contrast=1.08, saturation=1.12, lift=0.4)[
            :, shown.start - left : shown.stop - left
        ]
        first = edges[number] + seam if number else -2.0 * slant
        last = edges[number + 1] - seam if number < 2 else SIZE[0] + 2.0 * slant
        corners = [
            (first + slant / 2, 0.0),
            (last + slant / 2, 0.0),
            (last - slant / 2, SIZE[1]),
            (first - slant / 2, SIZE[1]),
        ]
        whole = canvas.inked(whole, canvas.slanted(corners), laid)
    if not wording.heading:
        return Drawn(whole, None, 0.0)
    seen = glance(whole)
    style = Style(SIZE[0] - 150, 230, 2, 140, 64, leading=1.06, is_upper=True, is_centred=True)
    heading = set_block(wording.heading, style)
    tall = heading.height + 84
    boxes: list[Box] = [(0, y / SIZE[1], 1, (y + tall) / SIZE[1]) for y in (round(0.56 * SIZE[1] - tall / 2), 64)]
    top = round(boxes[seen.calmest(boxes)][1] * SIZE[1])
    band = np.zeros(SIZE[::-1], np.float32)
    band[top : top + tall] = 0.90
    whole = canvas.mixed(whole, seen.depth, band)
    whole[top : top + 6] = whole[top + tall - 6 : top + tall] = seen.accent
    ink = canvas.placed(heading, (SIZE[0] - heading.width) / 2, top + 42)
    return Drawn(canvas.inked(whole, ink, WHITE), ink, heading.letters_px)


def _views(pictures: Sequence[Reals], panel: tuple[int, int]) -> list[Reals]:
    """Three views: of as many pictures, or of fewer from near and from far and from another side."""
    found = []
    for number in range(3):
        picture = pictures[number % len(pictures)]
        focus = glance(picture).focus
        again = number // len(pictures)
        if again == 1:
            found.append(canvas.sharpened(canvas.cropped(picture, panel, focus, 1.9), 0.4))
        elif again == 2:
            found.append(canvas.cropped(picture, panel, (0.1 if focus[0] > 0.5 else 0.9, focus[1]), 1.35))
        else:
            found.append(canvas.cropped(picture, panel, focus))
    return found if len(pictures) > 1 else [found[2], found[1], found[0]]


def _dark(pictures: Sequence[Reals], wording: Wording) -> Drawn:
    """Night: light stays where the subject is, the title glows above or below it."""
    whole = canvas.staged(pictures[0])
    seen = glance(whole)
    lit = canvas.graded(whole, contrast=1.1, saturation=1.12, lift=0.3)
    ground = canvas.mixed(lit, canvas.at_night(whole), canvas.round_shade(seen.focus, 0.10, 1.0))
    ground = canvas.mixed(ground, (0.008, 0.010, 0.018), canvas.round_shade(seen.focus, 0.45, 0.85))
    if not wording.heading:
        return Drawn(ground, None, 0.0)
    is_top = seen.focus[1] > 0.5
    style = Style(1080, 270, 2, 150, 66, leading=1.12, is_heavy=False, is_centred=True)
    heading = set_block(wording.heading, style)
    ground = canvas.mixed(ground, (0.008, 0.010, 0.018), canvas.flat_shade(is_top, 0.75, 0.86))
    top = 70 if is_top else SIZE[1] - _BADGE[1] - heading.height
    ink = canvas.placed(heading, (SIZE[0] - heading.width) / 2, top)
    ground = canvas.mixed(ground, seen.accent, 0.42 * blurred(ink, 0.16 * heading.em_px))
    return Drawn(canvas.inked(ground, ink, WHITE), ink, heading.letters_px)


_DESIGNS: dict[Design, Callable[[Sequence[Reals], Wording], Drawn]] = {
    Design.PLAIN: _plain,
    Design.BOLD_TEXT: _bold_text,
    Design.CLOSE_UP: _close_up,
    Design.ACTION_SHOT: _action_shot,
    Design.MINIMAL: _minimal,
    Design.COLLAGE: _collage,
    Design.DARK: _dark,
}
