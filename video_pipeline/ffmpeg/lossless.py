"""Owns sound that is kept as it was mixed; hides that its packets are numbered, so that chunks could not be joined."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from video_pipeline.domain.media import Loudness
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.codecs import Container
from video_pipeline.ffmpeg.crew import StopFlag
from video_pipeline.ffmpeg.loudness import STEP, Meter
from video_pipeline.ffmpeg.mux import describe
from video_pipeline.ffmpeg.reel import Label
from video_pipeline.ffmpeg.sound import FinishedSound, SoundWork
from video_pipeline.ffmpeg.voice import Measured

_SPAN = 1800 * STEP
"""Three minutes are measured in one task."""

_SETTLE = 10 * STEP
"""One second before a span, for the loudness filters."""

_AT_ONCE = 100 * STEP


class LosslessWork(SoundWork):
    """Makes the sound of one programme as 16-bit samples; its one chunk is the mix itself."""

    def _finished(self) -> FinishedSound | None:
        return None

    def _encoded(self, mix: Path) -> list[Measured]:
        length = self._timeline.samples
        starts = range(0, length, _SPAN)
        return self._crew.gather(
            self._crew.submit(
                2.0 * self._hours / len(starts),
                f"measured sound {number} of {len(starts)}",
                measure_span,
                mix,
                start,
                min(start + _SPAN, length),
                self._crew.stop,
            )
            for number, start in enumerate(starts, start=1)
        )

    def _keep(self, chunks: list[Measured], loudness: Loudness) -> FinishedSound:
        return FinishedSound((Path(chunks[0].key),), loudness)


def measure_span(mix: Path, start: int, stop: int, flag: StopFlag) -> Measured:
    """Measure samples [start, stop) of the 16-bit mix; `start` lies on a loudness step. Runs in a worker."""
    pcm = load_mix(mix)
    settling = min(_SETTLE, start)
    meter = Meter()
    for first in range(start - settling, stop, _AT_ONCE):
        flag.check()
        meter.add(np.ascontiguousarray(pcm[first : min(first + _AT_ONCE, stop)].T, np.float32) / np.float32(32768))
    return Measured(str(mix), meter.powers[settling // STEP :], meter.peak)


def load_mix(mix: Path) -> NDArray[np.int16]:
    """The samples of a mix, shape (samples, 2), read from the disk as needed."""
    return np.memmap(mix, np.int16, "r").reshape(-1, 2)


def write_flac(out: Path, container: Container, mix: Path, poll: Callable[[], None], *, label: Label) -> str:
    """Encode the mix to `out` and return its SHA-256; an hour takes some 10 s of one core."""
    pcm = load_mix(mix)
    with av.open(f"file:{out.absolute()}", "w", format=container.muxer, options={"fflags": "+bitexact"}) as target:
        stream = target.add_stream("flac", rate=SAMPLE_RATE, layout="stereo", format="s16")
        assert isinstance(stream, AudioStream)
        describe(target, container, label)
        for first in range(0, len(pcm), _AT_ONCE):
            poll()
            piece = np.ascontiguousarray(pcm[first : first + _AT_ONCE]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, "s16", "stereo")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = first
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    with out.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
