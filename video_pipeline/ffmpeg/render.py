"""Owns one render from a timeline to a finished file; hides the order of the work and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av

from video_pipeline.cores import Cores
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import MachineError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.binary import FfmpegBinary
from video_pipeline.ffmpeg.cache import Cache, Session
from video_pipeline.ffmpeg.codecs import CONTAINERS, VIDEO, Container, VideoCodec
from video_pipeline.ffmpeg.coded import is_whole
from video_pipeline.ffmpeg.crew import Crew, StopFlag
from video_pipeline.ffmpeg.mixing import mix_span
from video_pipeline.ffmpeg.mux import write_file
from video_pipeline.ffmpeg.plan import KINDS, Kind, Run, Stretch, compile_plan
from video_pipeline.ffmpeg.reel import PictureTrack, SoundTrack, label_of
from video_pipeline.ffmpeg.sound import FinishedSound, SoundWork
from video_pipeline.ffmpeg.stretch import PictureFormat, make_stretch, stretch_key
from video_pipeline.ffmpeg.tracks import prepare_track
from video_pipeline.ffmpeg.voice import Voice, encode_chunk
from video_pipeline.ports import IsCancelled, ReportProgress

# Expected CPU milliseconds a frame of 1080p by kind of stretch and codec; they only weigh the progress.
_FRAME_COST_MS = {
    (Kind.STILL, VideoCodec.H264): 4.0,
    (Kind.BLEND, VideoCodec.H264): 9.0,
    (Kind.MOVE, VideoCodec.H264): 30.0,
    (Kind.STILL, VideoCodec.VP9): 12.0,
    (Kind.BLEND, VideoCodec.VP9): 30.0,
    (Kind.MOVE, VideoCodec.VP9): 45.0,
}
STAGES: Mapping[Callable[..., Any], str] = {
    prepare_track: "decode",
    mix_span: "mix",
    encode_chunk: "sound",
    make_stretch: "pictures",
}
"""Kinds of work, the most urgent first: the sound has steps that wait for each other, pictures fill the time."""

_NEARLY = 0.97
"""Share of the work that is done before the packets are joined."""

_FULL_HD = 1920 * 1080


@dataclass(frozen=True, slots=True)
class Engine:
    """What every render on this machine uses."""

    binary: FfmpegBinary
    cores: Cores
    cache: Cache


@dataclass(frozen=True, slots=True)
class Order:
    """What one render is to make."""

    timeline: Timeline
    rendition: Rendition
    files: Mapping[str, Path]  # the file of each picture and piece of sound, by checksum

    @property
    def container(self) -> Container:
        """How the file is written."""
        return CONTAINERS[self.rendition.format]

    @property
    def form(self) -> PictureFormat:
        """What its pictures are."""
        return PictureFormat(self.container.video, self.rendition.rung, self.timeline.rate)

    @property
    def voice(self) -> Voice:
        """How its sound is encoded."""
        return Voice(self.container.audio, self.rendition.rung.audio_bps)


def order_of(timeline: Timeline, rendition: Rendition, locate: Callable[[MediaReference], Path]) -> Order:
    """An order with every file looked up once."""
    media = [clip.media for clip in timeline.pictures] + [clip.media for clip in timeline.sounds]
    return Order(timeline, rendition, {reference.sha256: locate(reference) for reference in dict.fromkeys(media)})


def render(engine: Engine, order: Order, out: Path, report: ReportProgress, cancelled: IsCancelled) -> RenderReport:
    """Make `order` at `out`, written aside and renamed; see ports.MediaTools.render."""
    began = time.monotonic()
    part = out.with_name(f"{out.name}.part")
    with engine.cache.session() as session:
        crew = Crew(engine.cores, StopFlag(session.own / "stop"), _up_to(_NEARLY, report), cancelled, STAGES)
        try:
            crew.poll()
            sound_work = SoundWork(
                order.timeline,
                order.voice,
                files=order.files,
                binary=engine.binary.path,
                session=session,
                crew=crew,
            )
            sound_work.queue()
            pictures = _PictureWork(order, session, crew)
            sound = sound_work.finish()
            runs = pictures.finish()
            report(_NEARLY, "joining picture and sound")
            picture_track = PictureTrack(order.form, [(path, run.frames) for path, run in runs])
            joining = time.process_time()
            sound_track = SoundTrack(order.voice, sound.chunks)
            label = label_of(order.timeline)
            sha256 = write_file(part, order.container, picture_track, sound_track, crew.poll, label=label)
            crew.spent["join"] = time.process_time() - joining
            crew.poll()
            media = MediaReference(out.name, sha256, part.stat().st_size)
            part.replace(out)
        except (OSError, av.FFmpegError) as error:
            raise MachineError(f"cannot render {out.name}: {error}; is the disk full?") from error
        finally:
            crew.dismiss()
            part.unlink(missing_ok=True)
    report(1.0, "finished")
    made = _report(order, media, sound, pictures, time.monotonic() - began)
    return replace(made, stages={stage: round(seconds, 3) for stage, seconds in crew.spent.items()})


def _up_to(limit: float, report: ReportProgress) -> ReportProgress:
    return lambda share, message: report(share * limit, message)


class _PictureWork:
    """The stretches of one order, queued at once; made in the workers."""

    def __init__(self, order: Order, session: Session, crew: Crew) -> None:
        self._runs = compile_plan(order.timeline)
        self._order = order
        self._session = session
        self._crew = crew
        keys = {run.stretch: stretch_key(run.stretch, order.form) for run in self._runs}
        self._keys = keys
        missing = [stretch for stretch, key in keys.items() if not _is_kept(session, key)]
        self.reused = len(keys) - len(missing)
        self.encoded = len(missing)
        self._tasks = [self._queue(number, stretch) for number, stretch in enumerate(missing, start=1)]

    def _queue(self, number: int, stretch: Stretch) -> Future[None]:
        form, kind = self._order.form, KINDS[type(stretch)]
        pixels = form.rung.width * form.rung.height
        cost = stretch.shown * _FRAME_COST_MS[kind, form.codec] / 1000 * pixels / _FULL_HD
        return self._crew.submit(
            cost,
            f"encoded picture stretch {number} of {self.encoded}",
            make_stretch,
            stretch,
            form,
            self._order.files,
            self._session,
            self._crew.stop,
        )

    def finish(self) -> list[tuple[Path, Run]]:
        """Wait for the stretches; each run with the file of its packets."""
        self._crew.gather(self._tasks)
        return [(self._session.own / self._keys[run.stretch], run) for run in self._runs]


def _is_kept(session: Session, key: str) -> bool:
    kept = session.find(key)
    if kept is not None and not is_whole(kept):
        session.drop(key)
        return False
    return kept is not None


def _report(
    order: Order, media: MediaReference, sound: FinishedSound, pictures: _PictureWork, wall_s: float
) -> RenderReport:
    timeline, rung = order.timeline, order.rendition.rung
    return RenderReport(
        rendition=order.rendition,
        media=media,
        frames=timeline.frames,
        width=rung.width,
        height=rung.height,
        duration_s=float(timeline.rate.seconds(timeline.frames)),
        loudness=sound.loudness,
        video_codec=order.container.video,
        audio_codec=order.container.audio,
        stretches_encoded=pictures.encoded,
        stretches_reused=pictures.reused,
        command=_described(order),
        wall_s=wall_s,
    )


def _described(order: Order) -> str:
    """How the file is made, in the words of ffmpeg's options."""
    recipe = VIDEO[order.container.video]
    kinds = sorted({KINDS[type(run.stretch)] for run in compile_plan(order.timeline)})
    pictures = " ".join(f"-{kind} {recipe.options(kind, recipe.quantisers[kind][0])}" for kind in kinds)
    muxing = " ".join(f"-{name} {value}" for name, value in order.container.options.items())
    size = f"{order.form.rung.width}x{order.form.rung.height}"
    return (
        f"stretches: -c:v {recipe.encoder} -s {size} -r {order.timeline.rate} {pictures} | sound: {order.voice} "
        f"| joined: -c copy -f {order.container.muxer} {muxing}"
    )
