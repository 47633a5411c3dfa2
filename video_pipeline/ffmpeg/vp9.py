"""Owns VP9 encoding by libvpx; hides its options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
import numpy as np

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.canvas import Planes, Size, video_frame
from video_pipeline.ffmpeg.coded import Coded
from video_pipeline.ffmpeg.plan import Kind

_SHARED = {
    # No hidden frames and no looking ahead: each packet is one shown frame, so a still stretch can be cut anywhere.
    "auto-alt-ref": "0",
    "lag-in-frames": "0",
    "g": "99999",
    "keyint_min": "99999",
    "row-mt": "0",
}

SPEED: dict[Kind, dict[str, str]] = {
    # A still is one key frame looked at for minutes, the frames after it are 30 bytes each.
    Kind.STILL: {"deadline": "good", "cpu-used": "3"},
    # 28 CPU seconds for 19 dissolves at 1080p; deadline good would take 136 for 0.4 dB.
    Kind.BLEND: {"deadline": "realtime", "cpu-used": "6"},
    Kind.MOVE: {"deadline": "realtime", "cpu-used": "6"},
}

BT709 = 1
LIMITED_RANGE = 1


def vp9_params(kind: Kind, quantiser: int) -> str:
    """The libvpx options of one kind of stretch."""
    options = {**_SHARED, **SPEED[kind], "crf": quantiser}
    return ":".join(f"{name}={value}" for name, value in options.items())


def encode_vp9(frames: Iterable[Planes], size: Size, rate: FrameRate, *, kind: Kind, quantiser: int) -> Coded:
    """Encode one stretch that starts with its only key frame; `quantiser` is libvpx's constant quality, 0 to 63."""
    return _encode(frames, [], _encoder(size, rate, kind, quantiser))


def hold_vp9(planes: Planes, repeats: Iterable[object], size: Size, rate: FrameRate, *, quantiser: int) -> Coded:
    """A picture shown once and then once for each of `repeats`, each time exactly like the first.

    After the key frame the encoder is given what a decoder makes of it: in that there is nothing to correct.
    """
    packets: list[bytes] = []

    def frames() -> Iterator[Planes]:
        yield planes
        shown = _decoded(packets[0])
        for _ in repeats:
            yield shown

    return _encode(frames(), packets, _encoder(size, rate, Kind.STILL, quantiser))


def _encoder(size: Size, rate: FrameRate, kind: Kind, quantiser: int) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
    encoder.framerate, encoder.time_base = rate.fraction, 1 / rate.fraction
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = BT709
    encoder.color_range = LIMITED_RANGE
    encoder.thread_count = 1
    encoder.bit_rate = 0  # otherwise the quality is constrained by a bit rate of its own choice
    encoder.options = {**_SHARED, **SPEED[kind], "crf": str(quantiser)}
    return encoder


def _encode(frames: Iterable[Planes], packets: list[bytes], encoder: av.VideoCodecContext) -> Coded:
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


def _decoded(key: bytes) -> Planes:
    decoder = av.CodecContext.create("vp9", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [*decoder.decode(av.Packet(key)), *decoder.decode(None)]
    return np.asarray(frames[0].to_ndarray(format="yuv420p"), np.uint8)
