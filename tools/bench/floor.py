"""Owns the program that is measured as the floor: the encoding that nobody can leave out; hides how it is spread.

Run as `python -m tools.bench.floor PROGRAMME MIX PLANES OUTPUT`. On all cores: AAC of the ready mix, one key frame for
each still, the frames of each dissolve, all with the product's own encoder settings; and a copy of the finished
file's bytes. No decoding, mixing, measuring, joining. The pictures are ready as raw planes; a dissolve is blended on
the way, because reading its frames from a disk would take longer.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tools.bench.programme import Programme
from video_pipeline.cores import available_cores
from video_pipeline.domain.delivery import LADDER, Quality
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE
from video_pipeline.ffmpeg.encoding.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.encoding.h264 import Film, encode_h264
from video_pipeline.ffmpeg.picture.canvas import Size
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.sound.voice import AudioCodec, Voice

Planes = NDArray[np.uint8]

RUNG = LADDER[Quality.HIGH]
VOICE = Voice(AudioCodec.AAC, RUNG.audio_bps)
_PIECES_A_CORE = 4
"""So that no core waits long for another one at the end."""

_FRAMES_AT_ONCE = 64
"""As the product does it: one by one, Python would take a sixth of the time."""


def main() -> int:
    """Encode everything once; print how many bytes of sound and picture came out."""
    programme, mix = Programme.read(Path(sys.argv[1])), Path(sys.argv[2])
    planes, output = Path(sys.argv[3]), Path(sys.argv[4])
    pictures = [planes / f"{scene.picture.sha256}.yuv" for scene in programme.scenes]
    workers = available_cores()
    # Forked before any thread exists: the fastest start there is.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        # The longest tasks first.
        tasks: list[Future[int]] = [pool.submit(encode_sound, mix, *span) for span in spans(mix, workers)]
        for before, after in pairwise(pictures):
            tasks.append(pool.submit(encode_dissolve, before, after, programme.dissolve_frames))
        tasks += [pool.submit(encode_still, picture) for picture in pictures]
        tasks.append(pool.submit(copy, output))
        sizes = [task.result() for task in tasks]
    print(sum(sizes))
    return 0


def spans(mix: Path, workers: int) -> list[tuple[int, int]]:
    """The mix in equal parts, in samples."""
    samples = mix.stat().st_size // 4
    count = workers * _PIECES_A_CORE
    edges = [samples * part // count for part in range(count + 1)]
    return list(pairwise(edges))


def encode_sound(mix: Path, start: int, stop: int) -> int:
    """Encode samples [start, stop) of the 16-bit stereo mix; the size in bytes."""
    pcm = np.memmap(mix, np.int16, "r").reshape(-1, 2)[start:stop]
    encoder = av.CodecContext.create(VOICE.facts.encoder, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", VOICE.facts.sample_format
    encoder.bit_rate, encoder.thread_count, encoder.options = RUNG.audio_bps, 1, VOICE.options
    size, at_once = 0, VOICE.facts.frame * _FRAMES_AT_ONCE
    for first in range(0, len(pcm), at_once):
        piece = np.multiply(pcm[first : first + at_once].T, np.float32(1 / 32768), dtype=np.float32, order="C")
        frame = av.AudioFrame.from_ndarray(piece, VOICE.facts.sample_format, "stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, first
        size += sum(packet.size for packet in encoder.encode(frame))
    return size + sum(packet.size for packet in encoder.encode(None))


def encode_still(picture: Path) -> int:
    """Encode one key frame; the size in bytes."""
    return _encoded([_load(picture)], Kind.STILL)


def encode_dissolve(before: Path, after: Path, frames: int) -> int:
    """Encode the frames of one dissolve; the size in bytes."""
    return _encoded(Dissolve(_load(before), _load(after), frames), Kind.BLEND)


@dataclass(frozen=True, slots=True)
class Dissolve:
    """The frames between two pictures, blended when they are asked for."""

    before: Planes
    after: Planes
    frames: int

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Planes]:
        for share in (index / (self.frames + 1) for index in range(1, self.frames + 1)):
            yield np.asarray(cv2.addWeighted(self.before, 1 - share, self.after, share, 0), np.uint8)


def _encoded(frames: Film, kind: Kind) -> int:
    cv2.setNumThreads(1)
    size = Size(RUNG.width, RUNG.height)
    quantiser = VIDEO[VideoCodec.H264].quantisers[kind][0]
    return encode_h264(frames, size, FPS_30, kind=kind, quantiser=quantiser).bytes


def _load(picture: Path) -> Planes:
    return np.fromfile(picture, np.uint8).reshape(RUNG.height * 3 // 2, RUNG.width)


def copy(output: Path) -> int:
    """Copy the finished file; its size in bytes."""
    target = output.with_name(f"{output.name}.copy")
    try:
        shutil.copyfile(output, target)
        return os.path.getsize(target)
    finally:
        target.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
