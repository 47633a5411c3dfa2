"""Owns making one stretch of picture in a worker process; hides where pixels come from and when to try again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, assert_never

import av
import numpy as np

from video_pipeline.domain.delivery import Rung
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Motion
from video_pipeline.ffmpeg.cache import Session, key_of
from video_pipeline.ffmpeg.canvas import (
    Planes,
    Size,
    blend,
    dissolve_shares,
    load_planes,
    scaled_planes,
    zoom_factor,
    zoomed,
)
from video_pipeline.ffmpeg.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.coded import Coded, write_coded
from video_pipeline.ffmpeg.crew import StopFlag
from video_pipeline.ffmpeg.pictures import open_picture
from video_pipeline.ffmpeg.plan import KINDS, Blend, Hold, Kind, Look, Move, Stretch, loop_at

T = TypeVar("T")

ENGINE_VERSION = 1
"""Raise it when the same stretch would look different: cached stretches of older versions are then not used."""

BLEND_CEILING = 3
"""A dissolve may exceed the ceiling of the whole programme this many times: it lasts two seconds in three minutes."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What all stretches of one rendition have in common."""

    codec: VideoCodec
    rung: Rung
    rate: FrameRate

    @property
    def size(self) -> Size:
        """Of the picture."""
        return Size(self.rung.width, self.rung.height)


def stretch_key(stretch: Stretch, form: PictureFormat) -> str:
    """The cache key: everything that decides the packets."""
    recipe = VIDEO[form.codec]
    kind = KINDS[type(stretch)]
    options = [recipe.options(kind, quantiser) for quantiser in recipe.quantisers[kind]]
    return key_of(["stretch", ENGINE_VERSION, av.library_versions, repr(stretch), repr(form), options])


def pictures_of(stretch: Stretch) -> tuple[str, ...]:
    """The checksums of the pictures that a stretch shows."""
    match stretch:
        case Hold():
            return (stretch.picture,)
        case Move():
            return (stretch.look.picture,)
        case Blend():
            return (stretch.before.picture, stretch.after.picture)
    assert_never(stretch)


def make_stretch(
    stretch: Stretch, form: PictureFormat, files: Mapping[str, Path], session: Session, stop: StopFlag
) -> None:
    """Encode `stretch` into the cache; `files` maps the checksums of its pictures to files. Runs in a worker."""
    stop.check()
    planes = {picture: _planes(picture, files[picture], form.size, session) for picture in pictures_of(stretch)}

    def watched(frames: Iterable[T]) -> Iterator[T]:
        for number, frame in enumerate(frames):
            if number % 8 == 0:
                stop.check()
            yield frame

    def encoded(quantiser: int) -> Coded:
        recipe = VIDEO[form.codec]
        if isinstance(stretch, Hold):
            repeats = watched(range(stretch.frames - 1))
            return recipe.hold(planes[stretch.picture], repeats, form.size, form.rate, quantiser=quantiser)
        frames = watched(frames_of(stretch, planes, form.rate))
        return recipe.encode(frames, form.size, form.rate, kind=KINDS[type(stretch)], quantiser=quantiser)

    coded = _within_ceiling(encoded, stretch, form)
    session.add(stretch_key(stretch, form), lambda path: write_coded(coded, path))


def frames_of(stretch: Move | Blend, planes: Mapping[str, Planes], rate: FrameRate) -> Iterator[Planes]:
    """The frames of `stretch` in the order of showing, before encoding."""
    if isinstance(stretch, Move):
        for number in range(stretch.frames):
            yield _seen(stretch.look, number, planes, rate)
        return
    for number in range(stretch.lead):
        yield _seen(stretch.before, number, planes, rate)
    for number, share in enumerate(dissolve_shares(stretch.frames)):
        before = _seen(stretch.before, stretch.lead + number, planes, rate)
        yield blend(before, _seen(stretch.after, number, planes, rate), share)


def _seen(look: Look, later: int, planes: Mapping[str, Planes], rate: FrameRate) -> Planes:
    """What `look` shows `later` frames later."""
    if look.motion is Motion.STILL:
        return planes[look.picture]
    return zoomed(planes[look.picture], zoom_factor(look.phase + later, loop_at(rate).period))


def _within_ceiling(encoded: Callable[[int], Coded], stretch: Stretch, form: PictureFormat) -> Coded:
    """The stretch at the first quantiser, or the last resort, at which its bit rate keeps below its ceiling."""
    kind = KINDS[type(stretch)]
    ceiling = form.rung.video_bps * (BLEND_CEILING if kind is Kind.BLEND else 1)
    for quantiser in VIDEO[form.codec].quantisers[kind]:
        coded = encoded(quantiser)
        if coded.bytes * 8 * form.rate.fraction <= ceiling * stretch.shown:
            break
    return coded


def prepare_picture(picture: str, file: Path, sizes: Sequence[Size], session: Session, stop: StopFlag) -> None:
    """Decode a picture once and keep it in all `sizes` while the session lasts. Runs in a worker."""
    stop.check()
    missing = [size for size in sizes if not _place(picture, size, session).exists()]
    if not missing:
        return
    opened = open_picture(file)
    for size in missing:
        _keep(scaled_planes(opened, size), _place(picture, size, session))


def _planes(picture: str, file: Path, size: Size, session: Session) -> Planes:
    """The converted picture: a dissolve and two stills need it, so it is kept while the session lasts."""
    kept = _place(picture, size, session)
    if not kept.exists():
        _keep(load_planes(file, size), kept)
    planes: Planes = np.load(kept)
    if planes.shape != (size.height * 3 // 2, size.width):
        raise MediaError(f"{kept} does not hold a picture of {size.width} x {size.height}")
    return planes


def _place(picture: str, size: Size, session: Session) -> Path:
    return session.own / f"{picture}_{size.width}x{size.height}.npy"


def _keep(planes: Planes, place: Path) -> None:
    part = place.with_suffix(f".{os.getpid()}.npy")
    np.save(part, planes)
    part.replace(place)
