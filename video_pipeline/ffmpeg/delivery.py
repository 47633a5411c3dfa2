"""Owns one rendition from its finished parts to its file; hides what it waits for and how it is described."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.encoding.codecs import VIDEO
from video_pipeline.ffmpeg.files.containers import CONTAINERS, Container
from video_pipeline.ffmpeg.files.flac import write_flac
from video_pipeline.ffmpeg.files.mux import write_file
from video_pipeline.ffmpeg.files.reel import Label, PictureTrack, SoundTrack
from video_pipeline.ffmpeg.gallery import Gallery
from video_pipeline.ffmpeg.picture.captions import captioned_plan
from video_pipeline.ffmpeg.picture.plan import kind_of
from video_pipeline.ffmpeg.sound.programme import FinishedSound
from video_pipeline.ffmpeg.sound.voice import AudioCodec, Voice
from video_pipeline.ffmpeg.work.aside import beside
from video_pipeline.ffmpeg.work.crew import StopFlag


@dataclass(slots=True)
class Delivery:
    """One rendition on its way."""

    rendition: Rendition
    out: Path
    gallery: Gallery | None
    sound: Future[FinishedSound]
    pictures: Future[None]  # done when its gallery's tasks are queued
    joined: Future[str] | None = None
    part: Path = field(init=False)  # where it is written before it gets its name

    def __post_init__(self) -> None:
        self.part = beside(self.out)

    @property
    def container(self) -> Container:
        """How the file is written."""
        return CONTAINERS[self.rendition.format]

    @property
    def open(self) -> list[Future[Any]]:
        """What it waits for."""
        return [self.joined] if self.joined else [self.sound, *self._waits_for]

    @property
    def _waits_for(self) -> list[Future[None]]:
        return [self.pictures, *self.gallery.tasks] if self.gallery else []

    def is_ready(self) -> bool:
        """True when it can go on: nothing is open any more, or something failed."""
        # Asked first: once they are queued, all tasks are known.
        queued = self.gallery is None or self.pictures.done()
        return self.error() is not None or (queued and all(future.done() for future in self.open))

    def error(self) -> BaseException | None:
        """What went wrong so far."""
        done = (future for future in self.open if future.done())
        return next((error for future in done if (error := future.exception()) is not None), None)

    def hand_over(self, timeline: Timeline, *, wall_s: float, stages: Mapping[str, float]) -> RenderReport:
        """Give the joined file its name and tell what was made."""
        assert self.joined
        media = MediaReference(self.out.name, self.joined.result(), self.part.stat().st_size)
        self.part.replace(self.out)
        rung, gallery = self.rendition.rung_for(timeline.aspect), self.gallery
        return RenderReport(
            rendition=self.rendition,
            media=media,
            frames=timeline.frames,
            width=rung.width if gallery else 0,
            height=rung.height if gallery else 0,
            duration_s=float(timeline.rate.seconds(timeline.frames)),
            loudness=self.sound.result().loudness,
            video_codec=self.container.video or "",
            audio_codec=self.container.audio,
            stretches_encoded=gallery.encoded if gallery else 0,
            stretches_reused=gallery.reused if gallery else 0,
            command=" | ".join([*_described(self.rendition, timeline), *self._rate(timeline, media.bytes)]),
            wall_s=wall_s,
            stages=dict(stages),
        )

    def _rate(self, timeline: Timeline, size: int) -> list[str]:
        """What the bit rate is on average; stretches are held below the ceiling where the encoder can, not all."""
        if not self.gallery:
            return []
        rung = self.rendition.rung_for(timeline.aspect)
        kilobits = round(size * 8 / 1000 / float(timeline.rate.seconds(timeline.frames)))
        ceiling = (rung.video_bps + rung.audio_bps) // 1000
        verdict = f"above the ceiling of {ceiling}" if kilobits > ceiling else f"of at most {ceiling}"
        return [f"on average: {kilobits} kbit/s {verdict}"]


def join_file(
    out: Path, container: Container, picture: PictureTrack | None, sound: SoundTrack, *, label: Label, stop: StopFlag
) -> str:
    """Join what is finished to `out` and return its SHA-256. Runs in a worker."""
    if container.audio is AudioCodec.FLAC:
        return write_flac(out, container, sound.chunks[0], stop.check, label=label)
    return write_file(out, container, picture, sound, stop.check, label=label)


def voice_of(rendition: Rendition) -> Voice:
    """How the sound of a rendition is encoded."""
    return Voice(CONTAINERS[rendition.format].audio, rendition.rung.audio_bps)


def _described(rendition: Rendition, timeline: Timeline) -> list[str]:
    """How the file is made, in the words of ffmpeg's options."""
    container, rung = CONTAINERS[rendition.format], rendition.rung_for(timeline.aspect)
    steps = [f"sound: {voice_of(rendition)}"]
    if container.video:
        recipe = VIDEO[container.video]
        kinds = sorted({kind_of(run.stretch) for run in captioned_plan(timeline)})
        pictures = " ".join(f"-{kind} {recipe.options(kind, recipe.quantisers[kind][0])}" for kind in kinds)
        size = f"{rung.width}x{rung.height}"
        steps.insert(0, f"stretches: -c:v {recipe.encoder} -s {size} -r {timeline.rate} {pictures}")
    return [*steps, f"joined: -c copy -f {container.muxer}"]
