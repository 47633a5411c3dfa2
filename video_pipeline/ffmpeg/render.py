"""Owns one order from a timeline to finished files, all renditions in one go; hides the order of the work.

    decode sound -- mix -- encode sound ----\
                                             join -- rename -- report        once for each rendition
    decode pictures -- encode stretches ----/

With an overlay the stretches are encoded after the mix: they are drawn from a table of what is heard in it.

Each step is done once, whichever renditions need it: a picture is decoded once, a stretch is encoded once for each
codec and size, the sound is mixed once and encoded once for each codec and rate. Files are joined in the workers as
soon as their parts are there, while others are still encoded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import av

from video_pipeline.cores import Cores
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import MachineError, StudioError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timeline import Overlay, Timeline
from video_pipeline.ffmpeg.delivery import Delivery, join_file, voice_of
from video_pipeline.ffmpeg.encoding.codecs import VIDEO
from video_pipeline.ffmpeg.encoding.stretch import PictureFormat, make_stretch, prepare_picture
from video_pipeline.ffmpeg.files.containers import CONTAINERS
from video_pipeline.ffmpeg.files.reel import SoundTrack, label_of
from video_pipeline.ffmpeg.gallery import Gallery, prepare_pictures, prepare_words
from video_pipeline.ffmpeg.overlay.hearing import listen
from video_pipeline.ffmpeg.overlay.live import Heard, make_live
from video_pipeline.ffmpeg.overlay.spectrum import table_span
from video_pipeline.ffmpeg.picture.captions import captioned_plan
from video_pipeline.ffmpeg.picture.layers import keep_words
from video_pipeline.ffmpeg.program.binary import FfmpegBinary
from video_pipeline.ffmpeg.sound.lossless import LosslessWork, measure_span
from video_pipeline.ffmpeg.sound.mixing import mix_span
from video_pipeline.ffmpeg.sound.programme import SoundWork
from video_pipeline.ffmpeg.sound.tracks import prepare_track
from video_pipeline.ffmpeg.sound.voice import AudioCodec, Voice, encode_chunk
from video_pipeline.ffmpeg.work.aside import not_made
from video_pipeline.ffmpeg.work.cache import Cache, Session
from video_pipeline.ffmpeg.work.crew import Crew, StopFlag
from video_pipeline.ports import IsCancelled, KeepFinished, ReportProgress

T = TypeVar("T")

_HOUR_S = 3600.0
_JOINING = 1.0
"""Expected CPU seconds to join an hour."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What every render on this machine uses."""

    binary: FfmpegBinary
    cores: Cores
    cache: Cache


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of one timeline: a file for each rendition."""

    timeline: Timeline
    outs: Mapping[Rendition, Path]
    files: Mapping[str, Path]  # the file of each picture, piece of music and bed, by checksum


def order_of(timeline: Timeline, outs: Mapping[Rendition, Path], locate: Callable[[MediaReference], Path]) -> Order:
    """An order with every file looked up once."""
    media = [clip.media for clip in timeline.pictures] + [clip.media for clip in timeline.sounds]
    media += [bed.media for bed in timeline.beds]
    return Order(timeline, outs, {reference.sha256: locate(reference) for reference in dict.fromkeys(media)})


STAGES: Mapping[Callable[..., Any], str] = {
    join_file: "join",
    prepare_track: "decode",
    mix_span: "mix",
    table_span: "mix",
    encode_chunk: "sound",
    measure_span: "sound",
    keep_words: "pictures",
    prepare_picture: "pictures",
    make_stretch: "pictures",
    make_live: "pictures",
}
"""Kinds of work, the most urgent first: the sound has steps that wait for each other, pictures fill the time."""


def render_all(
    engine: Engine, order: Order, *, report: ReportProgress, cancelled: IsCancelled, finished: KeepFinished
) -> dict[Rendition, RenderReport]:
    """Make all files of `order`, each written aside and renamed; see ports.MediaTools.render_all."""
    with engine.cache.session() as session:
        crew = Crew(engine.cores, StopFlag(session.own / "stop"), report, cancelled, STAGES)
        batch = _Batch(engine, order, session, crew)
        try:
            crew.poll()
            batch.start()
            made = batch.finish(finished)
        finally:
            try:
                crew.dismiss()
            finally:
                batch.clear()
    report(1.0, "finished")
    return made


class _Batch:
    """All renditions of one order, sharing what they have in common."""

    def __init__(self, engine: Engine, order: Order, session: Session, crew: Crew) -> None:
        self._engine = engine
        self._order = order
        self._session = session
        self._crew = crew
        self._label = label_of(order.timeline)
        self._began = time.monotonic()
        self._deliveries: list[Delivery] = []
        self._failures: list[BaseException] = []
        self._threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Queue all work that does not wait for other work."""
        renditions = self._order.outs
        self._check_encoders()
        self._crew.announce(self._joining * len(renditions))
        plan = captioned_plan(self._order.timeline)
        forms = dict.fromkeys(form for each in renditions if (form := self._form(each)) is not None)
        galleries = {
            form: Gallery(plan, form, self._order.files, session=self._session, crew=self._crew) for form in forms
        }
        works = self._works(dict.fromkeys(map(voice_of, renditions)))
        # Those that wait for each other, each with a thread: the rounds of every voice, and pictures for the mix.
        self._threads = ThreadPoolExecutor(len(works) + 1, "sound")
        # The sound first: words are drawn before pictures are queued, and it need not wait for that.
        sounds = {voice: self._followed(work.finish) for voice, work in works.items()}
        pictures = self._pictures(list(galleries.values()), next(iter(works.values())))
        for rendition, out in renditions.items():
            form = self._form(rendition)
            gallery, sound = galleries[form] if form else None, sounds[voice_of(rendition)]
            self._deliveries.append(Delivery(rendition, out, gallery, sound, pictures))

    def _check_encoders(self) -> None:
        for rendition in self._order.outs:
            codec = CONTAINERS[rendition.format].video
            if codec and VIDEO[codec].encoder not in av.codecs_available:
                raise MachineError(
                    f"cannot make {rendition.name}: PyAV {av.__version__} has no encoder {VIDEO[codec].encoder}; "
                    "install a build of PyAV that has it, or choose another format"
                )

    def _form(self, rendition: Rendition) -> PictureFormat | None:
        codec = CONTAINERS[rendition.format].video
        timeline = self._order.timeline
        return PictureFormat(codec, rendition.rung_for(timeline.aspect), timeline.rate) if codec else None

    def _pictures(self, galleries: list[Gallery], sound: SoundWork) -> Future[None]:
        """Queues what is missing of `galleries`: at once, or when it is known what an overlay is to show."""
        if self._order.timeline.overlay is Overlay.NONE or not galleries:
            self._queue(galleries, None)
            queued: Future[None] = Future()
            queued.set_result(None)
            return queued
        self._crew.announce(sum(gallery.cost for gallery in galleries))

        def when_heard() -> None:
            heard = listen(self._order.timeline, sound, session=self._session, crew=self._crew)
            self._queue(galleries, heard)
            self._crew.retract(sum(gallery.saved for gallery in galleries))

        return self._followed(when_heard)

    def _queue(self, galleries: list[Gallery], heard: Heard | None) -> None:
        layers = prepare_words(galleries, session=self._session, crew=self._crew)
        for gallery in galleries:
            gallery.look_up(heard, layers.get(gallery.size, {}))
        prepare_pictures(galleries, self._order.files, session=self._session, crew=self._crew)
        for gallery in galleries:
            gallery.queue()

    def _followed(self, work: Callable[[], T]) -> Future[T]:
        """What `work` will return, done in a thread of its own; who waits looks again then."""
        assert self._threads
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._crew.wake())
        return future

    def _works(self, voices: Mapping[Voice, None]) -> dict[Voice, SoundWork]:
        """The sound in every voice, queued as far as it does not wait for anything."""
        works: dict[Voice, SoundWork] = {
            voice: (LosslessWork if voice.codec is AudioCodec.FLAC else SoundWork)(
                self._order.timeline,
                voice,
                files=self._order.files,
                binary=self._engine.binary.path,
                session=self._session,
                crew=self._crew,
            )
            for voice in voices
        }
        for work in works.values():
            work.queue()
        return works

    @property
    def _joining(self) -> float:
        timeline = self._order.timeline
        return _JOINING * float(timeline.rate.seconds(timeline.frames)) / _HOUR_S

    def finish(self, finished: KeepFinished) -> dict[Rendition, RenderReport]:
        """Join each file when its parts are there; what fails does not keep the others from being finished."""
        made: dict[Rendition, RenderReport] = {}
        waiting = list(self._deliveries)
        while waiting:
            self._crew.wait_until(lambda: any(each.is_ready() for each in waiting))
            for each in [each for each in waiting if each.is_ready()]:
                if (error := each.error()) is not None:
                    waiting.remove(each)
                    self._fail(each, error, waiting)
                elif each.joined is None:
                    each.joined = self._join(each)
                else:
                    waiting.remove(each)
                    made[each.rendition] = self._deliver(each)
                    try:
                        finished(made[each.rendition])
                    except StudioError as refused:  # the others are finished all the same
                        self._failures.append(refused)
        if self._failures:
            first = self._failures[0]
            # What several renditions need fails all of them with the same words.
            for other in dict.fromkeys(str(each) for each in self._failures if str(each) != str(first)):
                first.add_note(f"and: {other}")
            raise first
        return made

    def _join(self, each: Delivery) -> Future[str]:
        return self._crew.submit(
            self._joining,
            f"joined {each.rendition.name}",
            join_file,
            each.part,
            each.container,
            each.gallery.track() if each.gallery else None,
            SoundTrack(voice_of(each.rendition), each.sound.result().chunks),
            label=self._label,
            stop=self._crew.stop,
        )

    def _fail(self, failed: Delivery, error: BaseException, others: list[Delivery]) -> None:
        """Remember what went wrong and leave undone what only the failed one needed."""
        if not isinstance(error, StudioError):
            if not isinstance(error, OSError | av.FFmpegError):
                raise error
            told = not_made(failed.out, error)
            told.__cause__ = error
            error = told
        self._failures.append(error)
        if failed.gallery and all(each.gallery is not failed.gallery for each in others):
            for task in failed.gallery.tasks:
                task.cancel()

    def _deliver(self, each: Delivery) -> RenderReport:
        spent = {stage: round(seconds, 3) for stage, seconds in sorted(self._crew.spent.items())}
        return each.hand_over(self._order.timeline, wall_s=time.monotonic() - self._began, stages=spent)

    def clear(self) -> None:
        """Wait for the threads, which end when the crew is dismissed, and remove what is unfinished."""
        if self._threads:
            self._threads.shutdown()
        for each in self._deliveries:
            with suppress(OSError):  # what happened before is what counts
                each.part.unlink(missing_ok=True)
