"""Owns making one stretch of picture in a worker process; hides where pixels come from and when to try again."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, assert_never

import av
import numpy as np

from video_pipeline.domain.delivery import Rung
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import TransitionKind
from video_pipeline.ffmpeg.encoding.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.picture.canvas import Planes, Size, load_planes, scaled_planes
from video_pipeline.ffmpeg.picture.footage import FootageFile
from video_pipeline.ffmpeg.picture.layers import LAYER_VERSION, LayerFile, layer_of
from video_pipeline.ffmpeg.picture.motion import mover
from video_pipeline.ffmpeg.picture.pictures import open_picture
from video_pipeline.ffmpeg.picture.plan import Blend, Hold, Kind, Live, Look, Move, Plain, Stretch, kind_of
from video_pipeline.ffmpeg.picture.transitions import MIXES, shares
from video_pipeline.ffmpeg.work.cache import Session, key_of
from video_pipeline.ffmpeg.work.coded import Coded, write_coded
from video_pipeline.ffmpeg.work.crew import StopFlag

T = TypeVar("T")

Source = Planes | FootageFile
"""Where the pixels of a look come from: a still picture, or a film."""

Show = Callable[[int], Planes]
"""The frame of that number, which may be written to by nobody."""

ENGINE_VERSION = 7
"""Raise it when the same stretch would look different: cached stretches of older versions are then not used."""

BLEND_CEILING = 3
"""A transition may exceed the ceiling of the whole programme this many times: it lasts two seconds in three minutes.

The ceiling is one of the average over a programme. Short ones full of transitions may exceed it, and the report tells.
"""

CEILING_SECONDS = 2
"""The shortest time over which a bit rate is looked at."""


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


def stretch_key(stretch: Stretch, form: PictureFormat, layers: Sequence[LayerFile] = ()) -> str:
    """The cache key: everything that decides the packets; `layers` are the pictures of the words in it."""
    recipe = VIDEO[form.codec]
    kind = kind_of(stretch)
    options = [recipe.options(kind, quantiser) for quantiser in recipe.quantisers[kind]]
    said = [LAYER_VERSION, *(layer.sha256 for layer in layers)] if layers else []
    return key_of(["stretch", ENGINE_VERSION, av.library_versions, repr(stretch), repr(form), options, *said])


def pictures_of(stretch: Stretch) -> tuple[str, ...]:
    """The checksums of the still pictures that a stretch shows, moved or not."""
    match stretch:
        case Hold():
            return (stretch.picture,)
        case Move() | Blend():
            return tuple(look.picture for look in _looks(stretch) if not look.is_footage)
        case Live():
            return tuple(dict.fromkeys(each for sight in stretch.beneath for each in pictures_of(sight.stretch)))
    assert_never(stretch)


def footage_of(stretch: Stretch, form: PictureFormat, files: Mapping[str, Path]) -> dict[str, FootageFile]:
    """The footage that a stretch shows, by checksum."""
    match stretch:
        case Hold():
            return {}
        case Move() | Blend():
            films = [look.picture for look in _looks(stretch) if look.is_footage]
            return {film: FootageFile(files[film], form.size, form.rate) for film in films}
        case Live():
            shown = [footage_of(sight.stretch, form, files) for sight in stretch.beneath]
            return {film: file for each in shown for film, file in each.items()}
    assert_never(stretch)


def _looks(stretch: Move | Blend) -> tuple[Look, ...]:
    return (stretch.look,) if isinstance(stretch, Move) else (stretch.before, stretch.after)


def make_stretch(
    stretch: Plain,
    form: PictureFormat,
    files: Mapping[str, Path],
    session: Session,
    stop: StopFlag,
    *,
    key: str,
    layers: Mapping[str, LayerFile] | None = None,
) -> None:
    """Encode `stretch` into the cache as `key`; `files` maps the checksums of its pictures to files, `layers` its words
    to their pictures. In a worker."""
    stop.check()
    planes = {picture: prepared_planes(picture, files[picture], form.size, session) for picture in pictures_of(stretch)}
    if isinstance(stretch, Hold) and stretch.words and layers:
        layer_of(layers[stretch.words]).over(planes[stretch.picture], 1.0)

    recipe = VIDEO[form.codec]

    def encoded(quantiser: int) -> Coded:
        if isinstance(stretch, Hold):
            repeats = watched(range(stretch.frames - 1), stop)
            return recipe.hold(planes[stretch.picture], repeats, form.size, form.rate, quantiser=quantiser)
        if isinstance(stretch, Blend) and recipe.dissolve and _is_plain(stretch):
            before, after = planes[stretch.before.picture], planes[stretch.after.picture]
            return recipe.dissolve(before, after, stretch.frames, form.size, form.rate, quantiser=quantiser)
        film = _Film(stretch, {**planes, **footage_of(stretch, form, files)}, stop)
        return recipe.encode(film, form.size, form.rate, kind=kind_of(stretch), quantiser=quantiser)

    coded = within_ceiling(encoded, stretch, form)
    session.add(key, lambda path: write_coded(coded, path))


def _is_plain(blend: Blend) -> bool:
    """True for a dissolve between pictures that do not move."""
    still = not blend.before.period and not blend.after.period
    return still and not blend.lead and blend.kind is TransitionKind.DISSOLVE


@dataclass(frozen=True, slots=True)
class _Film:
    """The frames of a moving stretch, made while they are asked for; stops when the render does."""

    stretch: Move | Blend
    sources: Mapping[str, Source]
    stop: StopFlag

    def __len__(self) -> int:
        return self.stretch.shown

    def __iter__(self) -> Iterator[Planes]:
        return watched(frames_of(self.stretch, self.sources), self.stop)


def watched(frames: Iterable[T], stop: StopFlag) -> Iterator[T]:
    """`frames`, until the render is stopped."""
    for frame in frames:
        stop.check()  # a frame of 4K may take a third of a second
        yield frame


def frames_of(stretch: Move | Blend, sources: Mapping[str, Source], first: int = 0) -> Generator[Planes]:
    """The frames of `stretch` from its frame `first` on in the order of showing, before encoding.

    Holds its footage open until the last one was taken, or until it is closed.
    """
    with ExitStack() as opened:
        shows = [_shown(look, sources[look.picture], opened) for look in _looks(stretch)]
        if isinstance(stretch, Move):
            yield from map(shows[0], range(first, stretch.frames))
        else:
            yield from _blended(stretch, shows[0], shows[1], first)


def _blended(blend: Blend, before: Show, after: Show, first: int) -> Iterator[Planes]:
    mix = MIXES[blend.kind]()
    for number in range(first, blend.lead):
        yield before(number)
    for number, share in enumerate(shares(blend.frames)):
        # A mix may decide by its first frame how it goes on.
        if number == 0 or blend.lead + number >= first:
            mixed = mix(before(blend.lead + number), after(number), share)
        if blend.lead + number >= first:
            yield mixed


def _shown(look: Look, source: Source, opened: ExitStack) -> Show:
    """What `look` shows so many frames later; a file that is read for it is closed with `opened`."""
    if isinstance(source, FootageFile):
        player = opened.enter_context(source.open())
        return lambda later: player.frame((look.phase + later) % look.period)
    # What floats in a picture follows from the picture, so that its loop is the same in every stretch.
    show = mover(look.motion, source, int(look.picture[:16], 16))
    period = look.period or 1
    return lambda later: show((look.phase + later) % period / period)


def within_ceiling(encoded: Callable[[int], Coded], stretch: Stretch, form: PictureFormat) -> Coded:
    """The stretch at the first quantiser at which its bit rate keeps below its ceiling.

    When none does, it is the one at the last quantiser, above the ceiling: no picture would be worse. What the whole
    programme comes to stands in the report (delivery.Delivery).
    """
    kind = kind_of(stretch)
    ceiling = form.rung.video_bps * (BLEND_CEILING if kind is Kind.BLEND else 1)
    # A few frames that are left over from a loop are mostly key frame: they do not count as if there were seconds.
    frames = max(stretch.shown, form.rate.frames_in(CEILING_SECONDS))
    recipe = VIDEO[form.codec]
    quantisers = recipe.quantisers[kind]
    least = quantisers[0]
    for quantiser in (each for each in quantisers if each >= least):
        coded = encoded(quantiser)
        excess = float(coded.bytes * 8 * form.rate.fraction / (ceiling * frames))
        if excess <= 1:
            break
        if kind is Kind.FOOTAGE:
            # What is far above the ceiling would be encoded again and again on the way down to it.
            least = min(quantiser + int(math.log2(excess) * recipe.halving), quantisers[-1])
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


def prepared_planes(picture: str, file: Path, size: Size, session: Session) -> Planes:
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
