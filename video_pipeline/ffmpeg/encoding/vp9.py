"""Owns VP9 encoding by libvpx; hides its options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import av
import numpy as np

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.picture.canvas import BT709, LIMITED_RANGE, Planes, Size, decoded_planes, video_frame
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.work.coded import Coded

_SHARED = {
    # No hidden frames and no looking ahead: each packet is one shown frame, so a still stretch can be cut anywhere.
    "auto-alt-ref": "0",
    "lag-in-frames": "0",
    "g": "99999",
    "keyint_min": "99999",
    "row-mt": "0",
}

SPEED: dict[Kind, dict[str, str]] = {
    # The one key frame of each picture, at 1080p: 0.17 s, 347 KB, 48.8 dB; deadline good: 0.86 s, 259 KB, 48.4 dB.
    Kind.STILL: {"deadline": "realtime", "cpu-used": "6"},
    # Speed 8 takes 20 ms a frame of a 1080p dissolve, 7 takes 26, 6 takes 31, all with the same 45.4 dB.
    Kind.BLEND: {"deadline": "realtime", "cpu-used": "8"},
    Kind.MOVE: {"deadline": "realtime", "cpu-used": "6"},
    Kind.GLOW: {"deadline": "realtime", "cpu-used": "6"},
    Kind.FOOTAGE: {"deadline": "realtime", "cpu-used": "6"},
    Kind.LIVE: {"deadline": "realtime", "cpu-used": "8"},
}

_HOLDING = {
    # Probabilities start anew in each frame, so that nothing in it depends on the frames before.
    "error-resilient": "default",
    # At deadline realtime the loop filter is on, which would change the picture a little with every frame.
    "deadline": "good",
    "cpu-used": "3",
    "aq-mode": "0",
    "crf": "40",
}


def vp9_params(kind: Kind, quantiser: int) -> str:
    """The libvpx options of one kind of stretch."""
    options = {**_SHARED, **SPEED[kind], "crf": quantiser}
    return ":".join(f"{name}={value}" for name, value in options.items())


def encode_vp9(frames: Iterable[Planes], size: Size, rate: FrameRate, *, kind: Kind, quantiser: int) -> Coded:
    """Encode one stretch that starts with its only key frame; `quantiser` is libvpx's constant quality, 0 to 63."""
    return _encode(frames, _encoder(size, rate, SPEED[kind] | {"crf": str(quantiser)}), [])


def encode_alike(frames: Iterable[Planes], size: Size, rate: FrameRate, *, kind: Kind, quantiser: int) -> Coded:
    """As `encode_vp9`, with all frames of one quality; otherwise a key frame is 10 dB better than those after it."""
    constant = dict.fromkeys(("crf", "qmin", "qmax"), str(quantiser))
    return _encode(frames, _encoder(size, rate, SPEED[kind] | constant), [])


def hold_vp9(planes: Planes, repeats: Iterable[object], size: Size, rate: FrameRate, *, quantiser: int) -> Coded:
    """A picture shown once and then once for each of `repeats`, each time exactly like the first.

    Encoding the same picture again would not do that: the second frame corrects the first one a little, and the
    picture pulses with every key frame. So what follows the key frame is a frame made for another picture in which
    every block is skipped: it says nothing about the picture, and holds any other one as well.
    """
    key = encode_vp9([planes], size, rate, kind=Kind.STILL, quantiser=quantiser).packets[0]
    same = _holding_frame(size, rate)
    shown, again = decoded_planes("vp9", [key, same])
    if not np.array_equal(shown, again):
        raise MediaError(f"libvpx made a frame of {size.width} x {size.height} that does not hold the picture still")
    packets = (key, *(same for _ in repeats))
    return Coded(b"", packets, tuple(range(len(packets))))


@lru_cache(maxsize=16)
def _holding_frame(size: Size, rate: FrameRate) -> bytes:
    """A frame of some 60 bytes that shows what the frame before it showed; made once in each worker.

    It is encoded from a picture and what a decoder makes of its key frame: in that there is nothing to correct. The
    picture is a mosaic, since on an even one any motion vector would do as well as none.
    """
    packets: list[bytes] = []

    def frames() -> Iterator[Planes]:
        yield _mosaic(size)
        yield decoded_planes("vp9", packets)[0]

    return _encode(frames(), _encoder(size, rate, _HOLDING), packets).packets[1]


def _mosaic(size: Size) -> Planes:
    """Greys in squares of 8 by 8."""
    picture = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
    greys = np.random.default_rng(1).integers(64, 193, (size.height // 8 + 1, size.width // 8 + 1), np.uint8)
    picture[: size.height] = np.kron(greys, np.ones((8, 8), np.uint8))[: size.height, : size.width]
    return picture


def _encoder(size: Size, rate: FrameRate, options: dict[str, str]) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
    encoder.framerate, encoder.time_base = rate.fraction, 1 / rate.fraction
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = BT709
    encoder.color_range = LIMITED_RANGE
    encoder.thread_count = 1
    encoder.bit_rate = 0  # otherwise the quality is constrained by a bit rate of its own choice
    encoder.options = _SHARED | options
    return encoder


def _encode(frames: Iterable[Planes], encoder: av.VideoCodecContext, packets: list[bytes]) -> Coded:
    """Encode `frames` to `packets`, which hold the packet of each frame before the next frame is asked for."""
    keys = count = 0
    for count, planes in enumerate(frames, start=1):
        frame = video_frame(planes)
        frame.pts = count - 1
        for packet in encoder.encode(frame):
            keys += packet.is_keyframe
            packets.append(bytes(packet))
    if encoder.encode(None) or len(packets) != count or keys != 1:
        raise MediaError(f"libvpx made {len(packets)} packets of {count} frames; expected as many, one key frame")
    return Coded(b"", tuple(packets), tuple(range(count)))
