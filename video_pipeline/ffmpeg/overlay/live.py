"""Owns making a stretch with an overlay or words; hides how what lies beneath stands still under them.

Outside of what is drawn a still scene is to stay exactly as its key frame shows it, through the group and into the next
one. Every later frame is therefore drawn over what a decoder makes of that key frame: there is nothing to correct.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from video_pipeline.domain.timeline import Overlay
from video_pipeline.ffmpeg.encoding.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.encoding.stretch import (
    PictureFormat,
    Source,
    footage_of,
    frames_of,
    pictures_of,
    prepared_planes,
    stretch_key,
    watched,
    within_ceiling,
)
from video_pipeline.ffmpeg.overlay.drawings import DRAWING_VERSION, DRAWINGS, Drawing, Shade, layout_of
from video_pipeline.ffmpeg.overlay.spectrum import TABLE_VERSION, Clock, rows_around, smoothed
from video_pipeline.ffmpeg.picture.canvas import Planes, Size, decoded_planes
from video_pipeline.ffmpeg.picture.layers import LayerFile, layer_of
from video_pipeline.ffmpeg.picture.plan import Hold, Live, kind_of
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.coded import Coded, write_coded
from video_pipeline.ffmpeg.work.crew import StopFlag

Settled = Callable[[Planes], Planes]
"""What a decoder makes of a picture that was encoded as a key frame."""

Draw = Callable[[Planes, int], None]
"""Draws onto the frame of that number."""

_DECODERS = {VideoCodec.H264: "h264", VideoCodec.VP9: "vp9", VideoCodec.AV1: "libdav1d"}
_HEADER_APART = (VideoCodec.H264,)  # the packets of the others hold what a decoder needs


@dataclass(frozen=True, slots=True)
class Heard:
    """The table of heights of a programme, and the frames it is for."""

    table: Path
    clock: Clock


def live_key(live: Live, form: PictureFormat, heard: Heard, layers: Sequence[LayerFile] = ()) -> str:
    """The cache key: what is seen beneath, what is heard and what is said, wherever in a programme that is."""
    rows = rows_around(heard.table, live.first, live.shown, heard.clock)
    sound = hashlib.sha256(rows.tobytes()).hexdigest()
    return key_of(["live", DRAWING_VERSION, TABLE_VERSION, stretch_key(replace(live, first=0), form, layers), sound])


def make_live(
    live: Live,
    form: PictureFormat,
    files: Mapping[str, Path],
    session: Session,
    stop: StopFlag,
    *,
    heard: Heard | None,
    key: str,
    layers: Mapping[str, LayerFile] | None = None,
) -> None:
    """Encode `live` into the cache as `key`; `files` maps the checksums of its pictures to files, `layers` its words to
    their pictures. Runs in a worker."""
    stop.check()
    planes = {picture: prepared_planes(picture, files[picture], form.size, session) for picture in pictures_of(live)}
    shade, draw = _drawn(live, form, heard, layers or {})
    recipe, kind = VIDEO[form.codec], kind_of(live)

    def encoded(quantiser: int) -> Coded:
        def settled(picture: Planes) -> Planes:
            frame = recipe.encode([picture], form.size, form.rate, kind=kind, quantiser=quantiser)
            header = frame.header if form.codec in _HEADER_APART else b""
            return decoded_planes(_DECODERS[form.codec], [header + frame.packets[0]])[0]

        beneath = _Beneath(live, planes, {**planes, **footage_of(live, form, files)}, shade, settled)
        film = _Film(beneath, draw, live.shown, stop)
        return recipe.encode(film, form.size, form.rate, kind=kind, quantiser=quantiser)

    coded = within_ceiling(encoded, live, form)
    session.add(key, lambda path: write_coded(coded, path))


def _drawn(
    live: Live, form: PictureFormat, heard: Heard | None, layers: Mapping[str, LayerFile]
) -> tuple[Callable[[Planes], Planes], Draw]:
    """What darkens the pictures beneath, each time a copy, and what draws on each of them."""
    said = [(words, layer_of(layers[words.text])) for words in live.words]

    def say(planes: Planes, number: int) -> None:
        for words, layer in said:
            if opacity := words.opacity(number):
                layer.over(planes, opacity)

    if live.overlay is Overlay.NONE or heard is None:
        return np.copy, say
    levels = smoothed(rows_around(heard.table, live.first, live.shown, heard.clock), heard.clock.rate)
    drawing, shade = _tools(live.overlay, form.size)

    def draw(planes: Planes, number: int) -> None:
        drawing.draw(planes, levels[number])
        say(planes, number)

    return shade.over, draw


@lru_cache(maxsize=2)
def _tools(overlay: Overlay, size: Size) -> tuple[Drawing, Shade]:
    layout = layout_of(size)
    return DRAWINGS[overlay](layout), Shade(layout)


class _Beneath:
    """The frames beneath what is drawn, shaded; each may be written to."""

    def __init__(
        self,
        live: Live,
        planes: Mapping[str, Planes],
        sources: Mapping[str, Source],
        shade: Callable[[Planes], Planes],
        settled: Settled,
    ) -> None:
        self._live = live
        self._planes = planes
        self._sources = sources
        self._shade = shade
        self._settled = settled

    def __iter__(self) -> Iterator[Planes]:
        for number, sight in enumerate(self._live.beneath):
            if isinstance(sight.stretch, Hold):
                yield from self._still(sight.stretch.picture, sight.frames, is_key=number == 0)
            else:
                with closing(frames_of(sight.stretch, self._sources, sight.start)) as frames:
                    yield from map(self._shade, islice(frames, sight.frames))

    def _still(self, picture: str, frames: int, *, is_key: bool) -> Iterator[Planes]:
        shaded = self._shade(self._planes[picture])
        if is_key:
            yield shaded.copy()
            frames -= 1
            shaded = self._settled(shaded) if frames else shaded
        for _ in range(frames):
            yield shaded.copy()


@dataclass(frozen=True, slots=True)
class _Film:
    """The frames with all that is drawn on them, made while they are asked for; stops when the render does."""

    beneath: _Beneath
    draw: Draw
    frames: int
    stop: StopFlag

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Planes]:
        # A frame too many or too few would shift all that comes after it.
        for number, frame in zip(range(self.frames), watched(self.beneath, self.stop), strict=True):
            self.draw(frame, number)
            yield frame
