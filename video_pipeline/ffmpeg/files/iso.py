"""Owns a programme of H.264 or AV1 and AAC as the samples of an ISO base media file; hides how packets become samples.

An hour is 277,000 samples; their tables are made of arrays and their bytes are written stretch by stretch, so that the
time goes into copying the bytes and memory does not grow with what is repeated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np

from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.encoding.codecs import VideoCodec
from video_pipeline.ffmpeg.files.bmff import M4A, MOV, MP4, Medium, Samples, Shape, write_bmff
from video_pipeline.ffmpeg.files.entries import (
    aac_entry,
    av1_entry,
    avc_entry,
    bit_rates,
    text_entry,
    text_sample,
    user_data,
)
from video_pipeline.ffmpeg.files.reel import Label, PictureTrack, Reel, Shelf, SoundTrack, stretches_of
from video_pipeline.ffmpeg.work.coded import read_facts, read_payload

SHAPES: Mapping[str, Shape] = {"mp4": MP4, "mov": MOV, "ipod": M4A}
"""By the name of ffmpeg's muxer."""

_START = re.compile(b"\x00\x00\x00\x01")
_FINER = 1000
"""Into how many units a frame of a whole rate, or a second of chapters, is divided: some think in thousandths."""


def write_iso(out: Path, shape: Shape, reel: Reel, poll: Callable[[], None]) -> str:
    """Write a programme of H.264 or AV1 (or no picture) and AAC to `out` and return its SHA-256."""
    picture, sound, label = reel.picture, reel.sound, reel.label
    tracks = [picture_samples(picture, quicktime=shape.quicktime)] if picture else []
    tracks.append(sound_samples(sound, quicktime=shape.quicktime))
    if label.marks:
        tracks.append(chapter_samples(label))
    marks = [(mark.name, mark.start) for mark in label.marks]
    return write_bmff(out, shape, tracks, user_data(label.title, marks, quicktime=shape.quicktime), poll)


def picture_samples(picture: PictureTrack, *, quicktime: bool) -> Samples:
    """The pictures; MediaError when stretches do not fit together."""
    stretches = list(stretches_of(picture))
    entry, prepared = ENTRIES[picture.form.codec]
    sizes, leads, keys = [], [], []
    number = 1
    for _, facts, turns in stretches:
        lengths = np.array(facts.sizes, np.int64)
        later = np.array(facts.order, np.int64) - np.arange(len(facts.order))
        for turn in turns:
            sizes.append(lengths[:turn])
            leads.append(later[:turn])
            keys.append(number)
            number += turn
    rate, rung = picture.form.rate, picture.form.rung
    finer = 1 if rate.numerator >= _FINER else _FINER
    step = rate.denominator * finer
    all_sizes = np.concatenate(sizes)
    rates = bit_rates(all_sizes, rate.fraction)

    def pieces() -> Iterator[memoryview]:
        shelf = Shelf(prepared)
        for path, facts, turns in stretches:
            ends = [0, *accumulate(facts.sizes)]
            for turn in turns:
                yield memoryview(shelf.payload(path))[: ends[turn]]

    return Samples(
        Medium.PICTURE,
        entry(stretches[0][1].header, (rung.width, rung.height), rates, quicktime=quicktime),
        rate.numerator * finer,
        np.full(len(all_sizes), step),
        all_sizes,
        pieces(),
        keys=np.array(keys),
        leads=np.concatenate(leads) * step,
        size=(rung.width, rung.height),
    )


def with_lengths(stream: bytes) -> bytes:
    """H.264 units with their lengths in front instead of start codes of four bytes (which occur nowhere else)."""
    places = np.array([found.start() for found in _START.finditer(stream)])
    lengths = np.diff(places, append=len(stream)) - 4
    changed = np.frombuffer(stream, np.uint8).copy()
    changed[places[:, None] + np.arange(4)] = lengths.astype(">u4").view(np.uint8).reshape(-1, 4)
    return changed.tobytes()


ENTRIES: Mapping[VideoCodec, tuple[Callable[..., bytes], Callable[[bytes], bytes]]] = {
    VideoCodec.H264: (avc_entry, with_lengths),
    VideoCodec.AV1: (av1_entry, bytes),
}
"""How a codec is described, and what makes samples of its packets."""


def sound_samples(sound: SoundTrack, *, quicktime: bool) -> Samples:
    """The sound; its first packet is heard at 0."""
    facts = [read_facts(path) for path in sound.chunks]
    sizes = np.concatenate([np.array(each.sizes, np.int64) for each in facts])
    frame = sound.voice.facts.frame
    rates = bit_rates(sizes, Fraction(SAMPLE_RATE, frame))
    return Samples(
        Medium.SOUND,
        aac_entry(facts[0].header, rates, frame, quicktime=quicktime),
        SAMPLE_RATE,
        np.full(len(sizes), frame),
        sizes,
        (memoryview(read_payload(path)[1]) for path in sound.chunks),
    )


def chapter_samples(label: Label) -> Samples:
    """The titles of the chapters, each shown exactly as long as its chapter lasts."""
    timescale = math.lcm(_FINER, *((mark.end - mark.start).denominator for mark in label.marks))
    texts = [text_sample(mark.name) for mark in label.marks]
    return Samples(
        Medium.TEXT,
        text_entry(),
        timescale,
        np.array([int((mark.end - mark.start) * timescale) for mark in label.marks]),
        np.array([len(text) for text in texts]),
        map(memoryview, texts),
    )
