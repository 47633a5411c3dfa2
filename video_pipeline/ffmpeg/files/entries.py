"""Owns what an ISO base media file says about its codecs, chapters and title; hides descriptors and atoms.

Layouts: avcC ISO/IEC 14496-15, av1C AV1 Codec ISO Media File Format Binding, esds ISO/IEC 14496-1 and -14, text and
its header QuickTime File Format, the title Apple's item list, chpl as Nero wrote it, which some players read instead of
the chapter track.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.files.bmff import Ints, box, full_box
from video_pipeline.ffmpeg.picture.canvas import BT709

_START = b"\x00\x00\x00\x01"
_SPS, _PPS = 7, 8
_HIGH_PROFILES = (100, 110, 122, 244)
_LAST_WITHOUT_TIER = 7
_CHAPTERS_IN_CHPL = 255  # its count is one byte


def avc_entry(header: bytes, size: tuple[int, int], rates: bytes, *, quicktime: bool) -> bytes:
    """H.264 whose parameter sets are in `header` as a byte stream: square pixels, BT.709 at limited range."""
    return _visual_entry(b"avc1", box(b"avcC", _avc_configuration(header)), size, rates, quicktime=quicktime)


def av1_entry(header: bytes, size: tuple[int, int], rates: bytes, *, quicktime: bool) -> bytes:
    """AV1 whose sequence header is `header`, without the head of its unit; the rest as for H.264."""
    return _visual_entry(b"av01", box(b"av1C", _av1_configuration(header)), size, rates, quicktime=quicktime)


def _visual_entry(kind: bytes, configuration: bytes, size: tuple[int, int], rates: bytes, *, quicktime: bool) -> bytes:
    width, height = size
    visual = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, 24, -1)
    colours = struct.pack(">4s3H", b"nclc" if quicktime else b"nclx", BT709, BT709, BT709)
    return box(
        kind,
        visual,
        configuration,
        # The last byte says limited range; QuickTime's kind of the box has none, limited is what it means.
        box(b"colr", colours if quicktime else colours + b"\x00"),
        box(b"pasp", struct.pack(">II", 1, 1)),
        box(b"btrt", rates),
    )


def _av1_configuration(header: bytes) -> bytes:
    """For the main profile, without timing, with one operating point (AV1 specification, 5.5.1): 24 bits of zero."""
    if len(header) > 127 or header[:3] != bytes(3):
        raise MediaError(f"the sequence header {header.hex()} is none that SVT-AV1 was asked for")
    level = header[3] >> 3
    tier = header[3] >> 2 & 1 if level > _LAST_WITHOUT_TIER else 0
    # 8 bits, 4:2:0; where chroma is sited is not said.
    return bytes([0x81, level, tier << 7 | 0b1100, 0, 0x0A, len(header)]) + header


def _avc_configuration(header: bytes) -> bytes:
    units = [unit for unit in header.split(_START) if unit]
    sequences = [unit for unit in units if unit[0] & 31 == _SPS]
    pictures = [unit for unit in units if unit[0] & 31 == _PPS]
    if len(sequences) != 1 or not pictures:
        raise MediaError(f"a stretch has {len(sequences)} sequence and {len(pictures)} picture parameter sets")
    profile, constraints, level = sequences[0][1:4]
    # Four bytes before each unit say how long it is; 4:2:0 of 8 bits.
    extension = bytes([0xFC | 1, 0xF8, 0xF8, 0]) if profile in _HIGH_PROFILES else b""
    return b"".join(
        [
            bytes([1, profile, constraints, level, 0xFC | 3, 0xE0 | 1]),
            *(struct.pack(">H", len(unit)) + unit for unit in sequences),
            bytes([len(pictures)]),
            *(struct.pack(">H", len(unit)) + unit for unit in pictures),
            extension,
        ]
    )


def aac_entry(configuration: bytes, rates: bytes, frame: int, *, quicktime: bool) -> bytes:
    """Stereo AAC at 48 kHz; `configuration` is the encoder's AudioSpecificConfig, `frame` the samples in a packet."""
    decoder = struct.pack(">BB", 0x40, 0x15) + rates[1:4] + rates[4:] + _descriptor(5, configuration)
    stream = struct.pack(">HB", 0, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    esds = full_box(b"esds", 0, 0, _descriptor(3, stream))
    sound = struct.pack(">6xHH6xHHhHI", 1, int(quicktime), 2, 16, -2 if quicktime else 0, 0, SAMPLE_RATE << 16)
    if not quicktime:
        return box(b"mp4a", sound, esds)
    # QuickTime's second version of the description: samples in a packet, then sizes that vary.
    wave = box(b"wave", box(b"frma", b"mp4a"), box(b"mp4a", bytes(4)), esds, struct.pack(">II", 8, 0))
    return box(b"mp4a", sound, struct.pack(">IIII", frame, 0, 0, 2), wave)


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def bit_rates(sizes: Ints, per_second: Fraction) -> bytes:
    """The largest sample in bytes, the highest and the mean bit rate, as a description of samples states them."""
    span = max(round(per_second), 1)
    seconds = np.add.reduceat(sizes, np.arange(0, len(sizes), span))
    mean = round(int(sizes.sum()) * 8 * per_second / len(sizes))
    return struct.pack(">III", int(sizes.max()), max(int(seconds.max()) * 8, mean), mean)


def text_entry() -> bytes:
    """Plain text, white on black, should it ever be drawn."""
    return box(b"text", struct.pack(">6xH4xi6x8x8xHHBH3HB", 1, 1, 0, 0, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0))


def text_sample(text: str) -> bytes:
    """The title of a chapter, said to be UTF-8."""
    content = text.encode()[: 2**16 - 1]
    return struct.pack(">H", len(content)) + content + box(b"encd", struct.pack(">I", 1 << 8))


def user_data(title: str, marks: Sequence[tuple[str, Fraction]], *, quicktime: bool) -> bytes:
    """The title and a list of chapters (name and start in seconds); nothing when there is neither."""
    boxes = []
    name = title.encode()[: 2**16 - 1]
    if title and quicktime:
        boxes.append(box(b"\xa9nam", struct.pack(">HH", len(name), 0x55C4), name))
    elif title:
        item = box(b"\xa9nam", box(b"data", struct.pack(">II", 1, 0), name))
        kind = full_box(b"hdlr", 0, 0, bytes(4), b"mdir", b"appl", bytes(9))
        boxes.append(full_box(b"meta", 0, 0, kind, box(b"ilst", item)))
    if marks:
        boxes.append(_nero_chapters(marks[:_CHAPTERS_IN_CHPL]))
    return box(b"udta", *boxes) if boxes else b""


def _nero_chapters(marks: Sequence[tuple[str, Fraction]]) -> bytes:
    entries = []
    for name, start in marks:
        short = name.encode()[:255].decode(errors="ignore").encode()
        entries.append(struct.pack(">QB", round(start * 10_000_000), len(short)) + short)
    return full_box(b"chpl", 1, 0, bytes(4), bytes([len(marks)]), *entries)
