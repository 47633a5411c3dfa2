"""Owns sound that is kept as it was mixed; hides that its packets are numbered, so that chunks could not be joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.media import Loudness
from video_pipeline.ffmpeg.sound.loudness import STEP, Meter
from video_pipeline.ffmpeg.sound.programme import FinishedSound, SoundWork
from video_pipeline.ffmpeg.sound.voice import Measured
from video_pipeline.ffmpeg.work.crew import StopFlag

_SPAN = 1800 * STEP
"""Three minutes are measured in one task."""

_SETTLE = 10 * STEP
"""One second before a span, for the loudness filters."""

_AT_ONCE = 100 * STEP


class LosslessWork(SoundWork):
    """Makes the sound of one programme as 16-bit samples; its one chunk is the mix itself."""

    encoding_s = 2.0  # nothing is encoded here: it is measured

    def _finished(self) -> FinishedSound | None:
        return None

    def _encoded(self, mix: Path) -> list[Measured]:
        length = self._timeline.samples
        starts = range(0, length, _SPAN)
        return self._crew.gather(
            self._crew.submit(
                self.encoding_s * self._hours / len(starts),
                f"measured sound {number} of {len(starts)}",
                measure_span,
                mix,
                start,
                min(start + _SPAN, length),
                self._crew.stop,
            )
            for number, start in enumerate(starts, start=1)
        )

    def _keep(self, mix: Path, chunks: list[Measured], loudness: Loudness) -> FinishedSound:
        return FinishedSound((mix,), loudness)


def measure_span(mix: Path, start: int, stop: int, flag: StopFlag) -> Measured:
    """Measure samples [start, stop) of the 16-bit mix; `start` lies on a loudness step. Runs in a worker."""
    pcm = load_mix(mix)
    settling = min(_SETTLE, start)
    meter = Meter()
    for first in range(start - settling, stop, _AT_ONCE):
        flag.check()
        meter.add(np.ascontiguousarray(pcm[first : min(first + _AT_ONCE, stop)].T, np.float32) / np.float32(32768))
    return Measured("", meter.powers[settling // STEP :], meter.peak)


def load_mix(mix: Path) -> NDArray[np.int16]:
    """The samples of a mix, shape (samples, 2), read from the disk as needed."""
    return np.memmap(mix, np.int16, "r").reshape(-1, 2)
