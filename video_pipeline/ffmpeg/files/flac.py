"""Owns encoding a mix to a FLAC file in one go; hides how it is read without holding it all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.files.containers import Container
from video_pipeline.ffmpeg.files.mux import describe
from video_pipeline.ffmpeg.files.reel import Label
from video_pipeline.ffmpeg.sound.lossless import load_mix

_AT_ONCE = 10 * SAMPLE_RATE


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
