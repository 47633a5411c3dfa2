"""Owns the pictures of one programme in one codec and size; hides which stretches exist already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from video_pipeline.ffmpeg.encoding.codecs import VideoCodec
from video_pipeline.ffmpeg.encoding.stretch import (
    PictureFormat,
    make_stretch,
    pictures_of,
    prepare_picture,
    stretch_key,
)
from video_pipeline.ffmpeg.files.reel import PictureTrack
from video_pipeline.ffmpeg.overlay.live import Heard, live_key, make_live
from video_pipeline.ffmpeg.picture.canvas import Size
from video_pipeline.ffmpeg.picture.captions import texts_of
from video_pipeline.ffmpeg.picture.layers import LayerFile, keep_words
from video_pipeline.ffmpeg.picture.plan import Kind, Live, Run, Stretch, kind_of
from video_pipeline.ffmpeg.work.cache import Session
from video_pipeline.ffmpeg.work.coded import is_whole
from video_pipeline.ffmpeg.work.crew import Crew

# Expected CPU milliseconds a frame of 1080p by kind of stretch and codec; they only weigh the progress.
_FRAME_COST_MS = {
    (Kind.STILL, VideoCodec.H264): 0.5,
    (Kind.BLEND, VideoCodec.H264): 9.0,
    (Kind.MOVE, VideoCodec.H264): 30.0,
    (Kind.GLOW, VideoCodec.H264): 30.0,
    (Kind.FOOTAGE, VideoCodec.H264): 45.0,
    (Kind.LIVE, VideoCodec.H264): 8.0,
    (Kind.STILL, VideoCodec.VP9): 1.5,
    (Kind.BLEND, VideoCodec.VP9): 20.0,
    (Kind.MOVE, VideoCodec.VP9): 45.0,
    (Kind.GLOW, VideoCodec.VP9): 45.0,
    (Kind.FOOTAGE, VideoCodec.VP9): 60.0,
    (Kind.LIVE, VideoCodec.VP9): 12.0,
    (Kind.STILL, VideoCodec.AV1): 3.0,
    (Kind.LIVE, VideoCodec.AV1): 20.0,
    (Kind.BLEND, VideoCodec.AV1): 30.0,
    (Kind.MOVE, VideoCodec.AV1): 45.0,
    (Kind.GLOW, VideoCodec.AV1): 45.0,
    (Kind.FOOTAGE, VideoCodec.AV1): 100.0,
}
_OTHER_COST_MS = 30.0
_PREPARING_S = 0.07
"""Expected CPU seconds to decode, scale and convert one picture."""

_LETTERING_S = 0.3
"""The same to set and draw words."""

_FULL_HD = 1920 * 1080


class Gallery:
    """The stretches of one picture format: looked up, then those that are missing queued and made in the workers."""

    def __init__(
        self, plan: Sequence[Run], form: PictureFormat, files: Mapping[str, Path], *, session: Session, crew: Crew
    ) -> None:
        self._plan = plan
        self._form = form
        self._files = files
        self._session = session
        self._crew = crew
        self._heard: Heard | None = None
        self._layers: Mapping[str, LayerFile] = {}
        self._keys: dict[Stretch, str] = {}
        self._missing: list[Stretch] = []
        self.tasks: list[Future[None]] = []

    def look_up(self, heard: Heard | None, layers: Mapping[str, LayerFile]) -> None:
        """See which stretches exist already; one with an overlay is known by what is `heard` in it, one with words by
        their picture in `layers`."""
        self._heard, self._layers = heard, layers
        self._keys = {run.stretch: self._key(run.stretch) for run in self._plan}
        self._missing = [stretch for stretch, key in self._keys.items() if not _is_kept(self._session, key)]

    def _key(self, stretch: Stretch) -> str:
        layers = [self._layers[text] for text in texts_of(stretch)]
        if isinstance(stretch, Live) and self._heard:
            return live_key(stretch, self._form, self._heard, layers)
        return stretch_key(stretch, self._form, layers)

    @property
    def texts(self) -> tuple[str, ...]:
        """All words that are seen in its pictures."""
        return tuple(dict.fromkeys(text for run in self._plan for text in texts_of(run.stretch)))

    @property
    def cost(self) -> float:
        """Expected CPU seconds if every stretch has to be made."""
        return sum(map(self._cost, dict.fromkeys(run.stretch for run in self._plan)))

    @property
    def saved(self) -> float:
        """Expected CPU seconds of those that were there already."""
        return sum(map(self._cost, self._keys)) - sum(map(self._cost, self._missing))

    def _cost(self, stretch: Stretch) -> float:
        return stretch.shown * _cost_ms(kind_of(stretch), self._form.codec) / 1000 * _share(self.size)

    @property
    def size(self) -> Size:
        """Of its pictures."""
        return self._form.size

    @property
    def encoded(self) -> int:
        """How many stretches are made now."""
        return len(self._missing)

    @property
    def reused(self) -> int:
        """How many stretches were there already."""
        return len(self._keys) - len(self._missing)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The checksums of the pictures that are needed, in the order of their use."""
        return tuple(dict.fromkeys(picture for stretch in self._missing for picture in pictures_of(stretch)))

    def queue(self) -> None:
        """Queue the stretches that are missing."""
        self.tasks = [self._queue(number, stretch) for number, stretch in enumerate(self._missing, start=1)]

    def _queue(self, number: int, stretch: Stretch) -> Future[None]:
        task = f"encoded picture stretch {number} of {self.encoded} ({self._form.codec}, {self.size.height} lines)"
        cost, key, given = self._cost(stretch), self._keys[stretch], (self._files, self._session, self._crew.stop)
        layers = {text: self._layers[text] for text in texts_of(stretch)}
        if isinstance(stretch, Live):
            heard = self._heard
            return self._crew.submit(
                cost, task, make_live, stretch, self._form, *given, heard=heard, key=key, layers=layers
            )
        return self._crew.submit(cost, task, make_stretch, stretch, self._form, *given, key=key, layers=layers)

    def track(self) -> PictureTrack:
        """What a file is joined from, once all tasks are done."""
        return PictureTrack(
            self._form, [(self._session.own / self._keys[run.stretch], run.frames) for run in self._plan]
        )


def prepare_words(galleries: Iterable[Gallery], *, session: Session, crew: Crew) -> dict[Size, dict[str, LayerFile]]:
    """The words of `galleries` drawn in every size in which they are needed; InvalidInputError when they cannot be."""
    wanted = dict.fromkeys((gallery.size, text) for gallery in galleries for text in gallery.texts)
    tasks = [
        crew.submit(
            _LETTERING_S * _share(size),
            f"set words {number} of {len(wanted)}",
            keep_words,
            text,
            size,
            session,
            crew.stop,
        )
        for number, (size, text) in enumerate(wanted, start=1)
    ]
    drawn: dict[Size, dict[str, LayerFile]] = {}
    for (size, text), layer in zip(wanted, crew.gather(tasks), strict=True):
        drawn.setdefault(size, {})[text] = layer
    return drawn


def prepare_pictures(galleries: Iterable[Gallery], files: Mapping[str, Path], *, session: Session, crew: Crew) -> None:
    """Queue decoding each picture once for all the sizes in which it is needed."""
    sizes: dict[str, dict[Size, None]] = {}
    for gallery in galleries:
        for picture in gallery.wanted:
            sizes.setdefault(picture, {})[gallery.size] = None
    for number, (picture, wanted) in enumerate(sizes.items(), start=1):
        cost = _PREPARING_S * sum(map(_share, wanted))
        message = f"scaled picture {number} of {len(sizes)}"
        crew.submit(cost, message, prepare_picture, picture, files[picture], tuple(wanted), session, crew.stop)


def _cost_ms(kind: Kind, codec: VideoCodec) -> float:
    return _FRAME_COST_MS.get((kind, codec), _OTHER_COST_MS)


def _share(size: Size) -> float:
    return size.width * size.height / _FULL_HD


def _is_kept(session: Session, key: str) -> bool:
    kept = session.find(key)
    if kept is not None and not is_whole(kept):
        session.drop(key)
        return False
    return kept is not None
