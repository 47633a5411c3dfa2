"""Owns H.264 encoding by x264; hides its options and its byte stream.

All stretches must share one SPS and PPS, otherwise they cannot be joined: `stitchable=1` keeps x264 from writing the
quantiser into the PPS, and what else shapes the two (references, B-frame structure, weighting, transform, entropy
coder, level) stands in `_SHARED` and is the same for every kind of stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

import av
import numpy as np
from av.video.frame import PictureType
from av.video.stream import VideoStream

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.picture.canvas import BT709, LIMITED_RANGE, Planes, Size, video_frame
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.work.coded import Coded


class Film(Protocol):
    """Frames in the order of showing, and how many there are."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Planes]: ...


FINER = 6
"""By how much smaller the quantiser of a moving stretch is where it begins and where it ends.

What a decoder shows differs from the picture by an error that every key frame replaces by another one, and the picture
pulses: in a slow zoom by 0.4 steps of luma (errors spread over some pixels), where it changes by 0.1 from frame to
frame otherwise. So the error is made small towards every join, where it is exchanged, and grows again after it.
"""

_SHARED = {
    "stitchable": "1",
    "annexb": "1",
    "aud": "0",
    "cabac": "1",
    "8x8dct": "1",
    "ref": "1",
    "b-pyramid": "none",
    # Implicit weighted bi-prediction is a linear dissolve: most B blocks of one become skips (240 fps, not 107).
    "weightb": "1",
    "weightp": "0",
    # Square pixels, said and not left open: some players stretch what says nothing.
    "sar": "1:1",
    # A stretch is one closed group of pictures: a key frame first, none after it. See `_NO_KEY_AFTER` as well.
    "min-keyint": "1",
    "scenecut": "0",
    "open-gop": "0",
    # No rate control that looks around: the quantiser is constant, so each stretch is encoded the same everywhere.
    "mbtree": "0",
    "rc-lookahead": "0",
    "sync-lookahead": "0",
}

# Slow motion is all prediction: whole blocks moved by fractions of a pixel, hence no skipping by a first glance.
# 6 ms a frame of 1080p; subme=3:me=hex with a quantiser of 22 takes 13 for 0.2 dB less at the same size.
# Parts of 128 pixels tremble by 0.05 to 0.12 px at 720p (second difference, least squares; noise of 47 dB alone: 0.01).
# pbratio=1.3 makes it 0.03 to 0.09 for 11 to 80 % more bytes; no-dct-decimate, dead zones and subme=4 change little.
_SLOW = (
    f"bframes=15:b-adapt=0:ipratio={2 ** (FINER / 6)}:pbratio=2:direct=temporal:subme=2:me=dia:trellis=1"
    ":no-fast-pskip=1"
)

STRUCTURE: dict[Kind, str] = {
    # The number of B-frames decides the width of the picture order count in the SPS: it must be the same in all.
    Kind.STILL: "bframes=15:b-adapt=0",
    # Pictures between two others are made of those: 6 ms a frame of a 1080p dissolve, 0.8 to 1 MB and 47 dB in 2 s;
    # with trellis=1 it would be 7 ms for 4 % less.
    Kind.BLEND: f"bframes=15:b-adapt=0:ipratio={2 ** (FINER / 6)}:pbratio=2",
    Kind.MOVE: _SLOW,
    Kind.GLOW: _SLOW,
    # In a film all may move at once: x264 looks ahead, chooses how many B-frames there are, and spends where it lasts.
    # 720p of an animated film has 44.1 dB at 2.3 Mbit/s, as a MOVE it takes 4.1; subme=6 would change the PPS.
    Kind.FOOTAGE: "bframes=15:b-adapt=1:rc-lookahead=30:mbtree=1:subme=4:me=hex:trellis=1",
    # All but the overlay is skipped: 6 to 7 ms a frame of 1080p with the drawing, 48 dB where it is drawn. With trellis
    # and direct=temporal the file is no smaller, and blocks beside the overlay change by up to 7 steps of luma.
    Kind.LIVE: f"bframes=15:b-adapt=0:ipratio={2 ** (FINER / 6)}:subme=2:me=dia",
}

_LAST, _NEARLY_LAST = 6, 22
"""The last frames of a stretch that get the quantiser of its key frame, and those that get one half way to it."""

_NO_KEY_AFTER = 2**30
"""Frames to the next key frame, more than there are. PyAV has a number of its own for it, and that one counts: with
keyint=infinite among the parameters x264 still made the 250th frame a key frame (2026-11-20, PyAV 18.1)."""

_FEW = 4
"""So few frames are encoded without B-frames: a file of three would show one before its decoding time, as libavformat
reads it (see `bmff`: it does not look at the last two frames)."""

_START = b"\x00\x00\x00\x01"
_SLICES, _KEY = range(1, 6), 5
_SPS, _PPS = 7, 8


def x264_params(kind: Kind, quantiser: int) -> str:
    """The x264 parameters of one kind of stretch; moving ones have finer ends, see `FINER`."""
    constant = "crf" if kind is Kind.FOOTAGE else "qp"
    shared = (f"{name}={value}" for name, value in _SHARED.items())
    return ":".join([*shared, STRUCTURE[kind], f"{constant}={quantiser}"])


def _zones(kind: Kind, quantiser: int, frames: int) -> str:
    """The parameter that makes the end of a moving stretch of `frames` frames as fine as its beginning."""
    if kind in (Kind.STILL, Kind.FOOTAGE) or frames < 2:
        return ""
    # x264 keeps all quantisers between those of its I-, P- and B-frames; the key frame has the finest.
    last, nearly = max(frames - _LAST, 1), max(frames - _NEARLY_LAST, 1)
    zones = [f"{last},{frames - 1},q={quantiser - FINER}"]
    if nearly < last:
        zones.insert(0, f"{nearly},{last - 1},q={quantiser - FINER // 2}")
    return f":zones={'/'.join(zones)}"


def encode_h264(frames: Film, size: Size, rate: FrameRate, *, kind: Kind, quantiser: int) -> Coded:
    """Encode one closed group of pictures; a still one has no B-frames, so any prefix of it can be shown."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
    encoder.framerate, encoder.time_base = rate.fraction, 1 / rate.fraction
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = BT709
    encoder.color_range = LIMITED_RANGE
    encoder.thread_count = 1
    encoder.gop_size = _NO_KEY_AFTER
    encoder.options = {
        "preset": "superfast",
        "profile": "high",
        "x264-params": x264_params(kind, quantiser) + _zones(kind, quantiser, len(frames)),
    }
    in_order = kind is Kind.STILL or len(frames) <= _FEW
    packets = [packet for frame in _numbered(frames, in_order) for packet in encoder.encode(frame)]
    packets += encoder.encode(None)
    return _coded(packets)


def hold_h264(planes: Planes, repeats: Iterable[object], size: Size, rate: FrameRate, *, quantiser: int) -> Coded:
    """A picture shown once and then once for each of `repeats`, each time exactly like the first.

    Encoding the same picture again would not do that: the second frame corrects the first one a little, and the
    picture pulses with every key frame. The frames after the key frame of an even grey picture skip every macroblock;
    such a frame says nothing about the picture, so it holds any other one as well.
    """
    key = encode_h264([planes], size, rate, kind=Kind.STILL, quantiser=quantiser)
    grey = _held_grey(1 + sum(1 for _ in repeats), size, rate, quantiser)
    if grey.header != key.header:
        raise MediaError("x264 wrote other parameter sets for a grey picture; stretches would not fit together")
    return Coded(key.header, (key.packets[0], *grey.packets[1:]), grey.order)


@lru_cache(maxsize=2)
def _held_grey(frames: int, size: Size, rate: FrameRate, quantiser: int) -> Coded:
    """A grey picture held for `frames` frames: some 3 ms a frame of 1080p, once in each worker."""
    grey = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
    return encode_h264([grey] * frames, size, rate, kind=Kind.STILL, quantiser=quantiser)


def _numbered(frames: Iterable[Planes], in_order: bool) -> Iterator[av.VideoFrame]:
    last: tuple[Planes, av.VideoFrame] | None = None
    for number, planes in enumerate(frames):
        # The same array again is the same picture again: copying it would cost as much as encoding it.
        frame = last[1] if last and last[0] is planes else video_frame(planes)
        last = planes, frame
        frame.pts = number
        later = PictureType.P if in_order else PictureType.NONE
        frame.pict_type = later if number else PictureType.I
        yield frame


def _coded(packets: list[av.Packet[VideoStream]]) -> Coded:
    headers: set[bytes] = set()
    slices, keys = [], 0
    for packet in packets:
        units = _units(bytes(packet))
        sets = [unit for unit in units if unit[0] & 31 in (_SPS, _PPS)]
        if sets:
            headers.add(b"".join(_START + unit for unit in sets))
        # Supplemental information names the encoder in every key frame; parameter sets live in the file's header.
        slices.append(b"".join(_START + unit for unit in units if unit[0] & 31 in _SLICES))
        keys += any(unit[0] & 31 == _KEY for unit in units)
    if keys != 1:
        raise MediaError(f"x264 wrote {keys} key frames in one stretch; expected one")
    if len(headers) != 1:
        raise MediaError(f"x264 wrote {len(headers)} different parameter sets in one stretch; expected one")
    return Coded(headers.pop(), tuple(slices), tuple(int(packet.pts or 0) for packet in packets))


def _units(stream: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream; a unit never ends in a zero byte (ITU-T H.264, 7.4.1)."""
    return [unit.rstrip(b"\x00") for unit in stream.split(b"\x00\x00\x01")[1:]]
