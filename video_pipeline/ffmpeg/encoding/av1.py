"""Owns AV1 encoding by SVT-AV1; hides its options and its byte stream.

A packet is a temporal unit: one shown frame, with hidden ones before it where later frames need them. So packets are
in the order of showing, and a stretch can be cut at any of them. All stretches share one sequence header, which the
preset decides; hence there is one preset.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import repeat

import av

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.picture.canvas import BT709, LIMITED_RANGE, Planes, Size, decoded_planes, video_frame
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.work.coded import Coded

PRESET = "8"
"""A dissolve of 1080p takes 27 ms a frame for 44.2 dB; preset 10 takes 14 ms for 42.7 dB."""

_SHARED = {
    # One key frame at the beginning, none later.
    "keyint": "-1",
    "scd": "0",
    # The temporal filter would mix later frames into the key frame: a dissolve began two thirds of a frame too far on.
    "enable-tf": "0",
    # One worker is one core.
    "lp": "1",
}

_HOLDING = {
    # A constant quantiser: what follows the key frame has one so much coarser that it corrects nothing.
    "rc": "0",
    "aq-mode": "0",
    "use-fixed-qindex-offsets": "1",
    "key-frame-qindex-offset": "-64",
    "qindex-offsets": "[63,63,63,63,63,63]",
}

_NEARBY = (0, -1, 1, -2, 2)
_FINER = (16, 12, 8, 4)
"""What is tried after a quantiser and those nearby. In one of 17 pictures of gradients SVT-AV1 smooths anew what the
lower edge cuts, at every quantiser from 19 to 29; from 16 on it left all of some 1400 such pictures alone."""

_SEQUENCE_HEADER, _FRAME_HEADER = 1, 3
_SHOW_EXISTING = 0x80
_DELIMITER = b"\x12\x00"


def av1_params(kind: Kind, quantiser: int) -> str:
    """The SVT-AV1 parameters of one kind of stretch."""
    chosen = _HOLDING | {"qp": quantiser} if kind is Kind.STILL else {"crf": quantiser}
    return ":".join(f"{name}={value}" for name, value in {**_SHARED, **chosen}.items())


def encode_av1(frames: Iterable[Planes], size: Size, rate: FrameRate, *, kind: Kind, quantiser: int) -> Coded:
    """Encode one stretch that starts with its only key frame; `quantiser` is SVT-AV1's, 1 to 63."""
    encoder = _encoder(size, rate, av1_params(kind, quantiser))
    packets: list[av.Packet[av.VideoStream]] = []
    count = 0
    for count, planes in enumerate(frames, start=1):
        frame = video_frame(planes)
        frame.pts = count - 1
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    if [packet.pts for packet in packets] != list(range(count)) or sum(packet.is_keyframe for packet in packets) != 1:
        raise MediaError(f"SVT-AV1 made {len(packets)} packets of {count} frames; expected one each, one key frame")
    units = tuple(_undelimited(bytes(packet)) for packet in packets)
    return Coded(_sequence_header(units[0]), units, tuple(range(count)))


def hold_av1(planes: Planes, repeats: Iterable[object], size: Size, rate: FrameRate, *, quantiser: int) -> Coded:
    """A picture shown once and then once for each of `repeats`, each time exactly like the first.

    The third packet of three equal frames only says "show that frame again"; every AV1 stream of this encoder has such
    packets, and only a key frame may not be shown so more than once (AV1 specification, 6.8.2).
    """
    coded = _three_alike(planes, size, rate, quantiser)
    length = 1 + sum(1 for _ in repeats)
    packets = (*coded.packets, *repeat(coded.packets[2], length - 3))[:length]
    return Coded(coded.header, packets, tuple(range(length)))


def _three_alike(planes: Planes, size: Size, rate: FrameRate, quantiser: int) -> Coded:
    """Three frames that look the same; the picture that needs another quantiser for it is one in many."""
    nearby = (quantiser + more for more in _NEARBY)
    for tried in (*nearby, *(finer for finer in _FINER if finer < quantiser)):
        coded = encode_av1(repeat(planes, 3), size, rate, kind=Kind.STILL, quantiser=tried)
        again = coded.packets[2]
        if (
            _shows_existing(again)
            and len({frame.tobytes() for frame in decoded_planes("libdav1d", [*coded.packets, again])}) == 1
        ):
            return coded
    raise MediaError(f"SVT-AV1 does not hold a picture of {size.width} x {size.height} still")


def _encoder(size: Size, rate: FrameRate, parameters: str) -> av.VideoCodecContext:
    # Otherwise the library tells its version and settings on standard error.
    os.environ.setdefault("SVT_LOG", "1")
    encoder = av.CodecContext.create("libsvtav1", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
    encoder.framerate, encoder.time_base = rate.fraction, 1 / rate.fraction
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = BT709
    encoder.color_range = LIMITED_RANGE
    encoder.thread_count = 1
    encoder.options = {"preset": PRESET, "svtav1-params": parameters}
    return encoder


def _undelimited(unit: bytes) -> bytes:
    """A temporal unit without its delimiter, which files that have samples do without."""
    return unit.removeprefix(_DELIMITER)


def _sequence_header(unit: bytes) -> bytes:
    return next(content for kind, content in _obus(unit) if kind == _SEQUENCE_HEADER)


def _shows_existing(unit: bytes) -> bool:
    return any(kind == _FRAME_HEADER and bool(content[0] & _SHOW_EXISTING) for kind, content in _obus(unit))


def _obus(unit: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each open bitstream unit in a temporal unit (AV1 specification, 5.3); all have sizes."""
    place = 0
    while place < len(unit):
        head = unit[place]
        place += 2 if head & 4 else 1
        size, shift = 0, 0
        while True:
            size |= (unit[place] & 127) << shift
            shift += 7
            place += 1
            if not unit[place - 1] & 128:
                break
        yield head >> 3 & 15, unit[place : place + size]
        place += size
