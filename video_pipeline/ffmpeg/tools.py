"""Owns the ffmpeg room's public face, the `MediaTools` port; hides everything else in the room."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from video_pipeline.cores import Cores
from video_pipeline.domain.delivery import AspectRatio, Format, Quality, Rendition
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.excerpt import excerpt, telling_range
from video_pipeline.domain.media import AudioFacts, FootageFacts, ImageFacts, MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.rhythm import Rhythm, check_tempo
from video_pipeline.domain.thumbnails import Appeal, Design
from video_pipeline.domain.timebase import FrameRate, TimeRange
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.foreign.admission import pictured_kind, sound_kind
from video_pipeline.ffmpeg.foreign.hardware import AUTO, Hardware
from video_pipeline.ffmpeg.foreign.mezzanine import Demand, conform, frames_expected
from video_pipeline.ffmpeg.foreign.transcode import Foundry, transcode
from video_pipeline.ffmpeg.foreign.wish import Wish
from video_pipeline.ffmpeg.lettering.drawing import check_words
from video_pipeline.ffmpeg.listening.structure import load_rhythm, prepare_rhythm
from video_pipeline.ffmpeg.picture.pictures import (
    WAVEFORM_SIZE,
    draw_contact_sheet,
    draw_preview,
    draw_upright,
    draw_waveform,
    image_facts,
)
from video_pipeline.ffmpeg.previews.excerpts import draw_programme, extract_sound
from video_pipeline.ffmpeg.previews.thumbnails import draw_thumbnail, picture_appeal, thumbnail_words
from video_pipeline.ffmpeg.program.binary import FfmpegBinary
from video_pipeline.ffmpeg.program.command import poster_command
from video_pipeline.ffmpeg.program.probe import black_frames, inspect
from video_pipeline.ffmpeg.program.runner import run
from video_pipeline.ffmpeg.program.sniff import video_demuxer
from video_pipeline.ffmpeg.render import Engine, order_of, render_all
from video_pipeline.ffmpeg.sound.tracks import Analysis, columns_of, load_analysis, load_pcm, pcm_path, prepare_track
from video_pipeline.ffmpeg.work.aside import aside, beside
from video_pipeline.ffmpeg.work.cache import DEFAULT_LIMIT_BYTES, Cache, Session
from video_pipeline.ffmpeg.work.crew import StopFlag, on_one_core, worker_died
from video_pipeline.ports import IsCancelled, KeepFinished, ReportProgress

_POSTER_LIMIT_S = 60.0

PREVIEW_S = 20
PREVIEW = Rendition(Format.MP4, Quality.LOW)
"""At its ceilings a preview has 2.8 MB."""


class FfmpegTools:
    """Measures, renders and draws media; safe to use from several threads and processes at once."""

    def __init__(
        self,
        binary: FfmpegBinary,
        cores: Cores,
        cache_dir: Path,
        *,
        cache_limit_bytes: int = DEFAULT_LIMIT_BYTES,
        encoder: str = AUTO,
    ) -> None:
        cache = Cache(cache_dir, cache_limit_bytes)
        self._engine = Engine(binary, cores, cache)
        self._foundry = Foundry(binary, cache, Hardware(binary, encoder, cache_dir / "encoders.json"))

    def describe(self) -> str:
        """Which ffmpeg is used, its version and where it was found."""
        binary = self._engine.binary
        return f"ffmpeg {binary.version} from {binary.source}: {binary.path}"

    def render(
        self,
        timeline: Timeline,
        rendition: Rendition,
        out: Path,
        *,
        locate: Callable[[MediaReference], Path],
        report: ReportProgress,
        cancelled: IsCancelled,
    ) -> RenderReport:
        """Render `timeline` to `out`; see ports.MediaTools."""
        return self.render_all(
            timeline, {rendition: out}, locate=locate, report=report, cancelled=cancelled, finished=lambda _: None
        )[rendition]

    def render_all(
        self,
        timeline: Timeline,
        outs: Mapping[Rendition, Path],
        *,
        locate: Callable[[MediaReference], Path],
        report: ReportProgress,
        cancelled: IsCancelled,
        finished: KeepFinished,
    ) -> dict[Rendition, RenderReport]:
        """Render `timeline` to several files in one go; see ports.MediaTools."""
        order = order_of(timeline, outs, locate)
        return render_all(self._engine, order, report=report, cancelled=cancelled, finished=finished)

    def describe_encoders(self) -> str:
        """Which hardware encoders work, tried now if nothing is known, or why none does; one line."""
        return self._foundry.hardware.describe()

    def transcode(
        self,
        video: Path,
        rendition: Rendition,
        out: Path,
        *,
        report: ReportProgress,
        cancelled: IsCancelled,
        crop: bool = False,
    ) -> RenderReport:
        """Make `rendition` of a foreign video at `out`; see ports.MediaTools."""
        return transcode(self._foundry, Wish(video, rendition, crop, out), report, cancelled)

    def conform_footage(
        self,
        video: Path,
        rate: FrameRate,
        out: Path,
        *,
        aspect: AspectRatio,
        report: ReportProgress,
        cancelled: IsCancelled,
        loop: bool = True,
        most_frames: int | None = None,
    ) -> FootageFacts:
        """Make footage for programmes of a foreign video at `out`; see ports.MediaTools."""
        demand = Demand(video, rate, aspect, loop, most_frames, out)
        return conform(self._engine.binary, self._engine.cache, demand, report, cancelled)

    def footage_frames(self, video: Path, rate: FrameRate) -> int:
        """How long the footage of a foreign video will be, as a loop; see ports.MediaTools."""
        return frames_expected(video, rate)

    def conform_picture(self, picture: Path, out: Path) -> None:
        """Make a PNG of a foreign picture at `out`; see ports.MediaTools."""
        draw_upright(picture, out)

    def upload_kind(self, path: Path, *, pictured: bool) -> str:
        """The extension that the content of an uploaded file deserves; see ports.MediaTools."""
        return pictured_kind(path) if pictured else sound_kind(path)

    def audio_facts(self, path: Path) -> AudioFacts:
        """Decode `path` once and measure it as played in stereo at 48 kHz; MediaError when it is not sound."""
        with self._prepared(path) as (session, sha256):
            analysis = load_analysis(session, sha256)
            assert analysis is not None
            return analysis.facts

    def rhythm(self, path: Path, bpm: float | None = None) -> Rhythm:
        """Where the beats and sections of a song are; see ports.MediaTools."""
        if bpm is not None:
            check_tempo(bpm)
        sha256 = _sha256(path)
        with self._engine.cache.session() as session:
            known = load_rhythm(session, sha256, bpm)
            if known is None:
                self._prepare(path, sha256, session)
                self._in_worker(f"listened to {path.name}", session, prepare_rhythm, sha256, bpm)
                known = load_rhythm(session, sha256, bpm)
                assert known is not None
            return known

    def image_facts(self, path: Path) -> ImageFacts:
        """Decode and measure a picture (PNG, JPEG, WebP, AVIF); MediaError when it is not one."""
        return image_facts(path)

    def waveform(self, audio: Path, out: Path) -> None:
        """Draw the waveform of `audio` as a PNG of 1600 x 300."""
        with self._prepared(audio, decoded=True) as (session, sha256):
            draw_waveform(*columns_of(load_pcm(pcm_path(session, sha256)), WAVEFORM_SIZE[0]), out)

    def preview(self, picture: Path, width: int, out: Path) -> None:
        """Draw `picture` as a JPEG at most `width` pixels wide."""
        draw_preview(picture, width, out)

    def contact_sheet(self, pictures: Sequence[Path], out: Path) -> None:
        """Draw all `pictures`, numbered, on one JPEG sheet with rows of five."""
        draw_contact_sheet(pictures, out)

    def poster(self, video: Path, at_s: float, out: Path) -> None:
        """Write the frame of `video` at `at_s` seconds as a JPEG; MediaError when there is none."""
        demuxer = video_demuxer(video)
        with aside(out) as part:
            run(poster_command(self._engine.binary.path, video, demuxer, at_s, part), limit_s=_POSTER_LIMIT_S)
            if not part.exists():
                raise MediaError(f"{video.name} has no frame at {at_s} s")

    def thumbnail(self, design: Design, pictures: Sequence[Path], out: Path, title: str = "") -> Appeal | None:
        """Draw `design` of `pictures` as a JPEG of 1280 x 720 below 2 MB; see ports.MediaTools."""
        return draw_thumbnail(design, pictures, out, title)

    def thumbnail_words(self, title: str) -> str:
        """What of `title` is drawn on a thumbnail on this machine; see ports.MediaTools."""
        return thumbnail_words(title)

    def check_caption(self, text: str) -> None:
        """InvalidInputError when `text` cannot be drawn as words over a picture; see ports.MediaTools."""
        check_words(text)

    def appeal(self, picture: Path) -> Appeal:
        """How much a picture promises at a glance, by domain.thumbnails.MODEL."""
        return picture_appeal(picture)

    def programme_waveform(self, timeline: Timeline, out: Path, *, locate: Callable[[MediaReference], Path]) -> None:
        """Draw how loud the programme is from end to end as a PNG of 1600 x 300; sounds not measured yet are."""
        heard = [clip.media for clip in timeline.sounds] + [bed.media for bed in timeline.beds]
        draw_programme(timeline, {media.sha256: self._analysis(media, locate) for media in dict.fromkeys(heard)}, out)

    def preview_clip(
        self,
        timeline: Timeline,
        master: Path,
        out: Path,
        *,
        locate: Callable[[MediaReference], Path],
        cancelled: IsCancelled,
    ) -> RenderReport:
        """Make a short film of the most telling moment of a programme; see ports.MediaTools."""
        rate = timeline.rate
        span = telling_range(timeline, rate.frames_in(PREVIEW_S))
        first, end = rate.samples_at(span.start), rate.samples_at(span.end)
        sound = beside(out, ".flac")
        try:
            # Longer than the pictures by a sample at most: lengths are rounded where they stand.
            extract_sound(master, TimeRange(first, end - first + 1), sound)
            reference = MediaReference(sound.name, _sha256(sound), sound.stat().st_size)
            return self.render(
                excerpt(timeline, span, reference),
                PREVIEW,
                out,
                locate=lambda media: sound if media == reference else locate(media),
                report=lambda _share, _message: None,
                cancelled=cancelled,
            )
        finally:
            sound.unlink(missing_ok=True)

    def inspect(self, video: Path) -> dict[str, Any]:
        """Facts of the finished file; see ports.MediaTools."""
        return inspect(video)

    def black_frames(self, video: Path) -> int:
        """How many different key frames of `video` are black; each stretch of picture begins with one."""
        return black_frames(video)

    def _analysis(self, media: MediaReference, locate: Callable[[MediaReference], Path]) -> Analysis:
        with self._engine.cache.session() as session:
            known = load_analysis(session, media.sha256)
        if known is not None:
            return known
        with self._prepared(locate(media)) as (session, sha256):
            measured = load_analysis(session, sha256)
            assert measured is not None
            return measured

    @contextmanager
    def _prepared(self, audio: Path, *, decoded: bool = False) -> Iterator[tuple[Session, str]]:
        """A session in which `audio` is measured and, if asked for, decoded; and the checksum of the file."""
        sha256 = _sha256(audio)
        with self._engine.cache.session() as session:
            if decoded or load_analysis(session, sha256) is None:
                self._prepare(audio, sha256, session)
            yield session, sha256

    def _prepare(self, audio: Path, sha256: str, session: Session) -> None:
        """Decode `audio` into `session`, and measure it unless that was done before."""
        self._in_worker(f"measured {audio.name}", session, prepare_track, self._engine.binary.path, audio, sha256)

    def _in_worker(self, what: str, session: Session, work: Callable[..., None], *facts: Any) -> None:
        """Let a worker do `work` with `facts`, the session and a flag that stops it; `what` says it in the past."""
        flag = StopFlag(session.own / "stop")
        made = self._engine.cores.submit(partial(on_one_core, work, *facts, session, flag))
        try:
            made.result()
        except BrokenProcessPool as error:
            raise worker_died(what) from error
        except BaseException:  # an interrupt as well: the worker must not go on in a directory that is gone
            flag.put_up()
            wait([made])
            raise


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
