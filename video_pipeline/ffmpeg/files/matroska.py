"""Owns writing WebM files of VP9 and Opus in one pass; hides elements, clusters and block headers.

    EBML | Segment: SeekHead  Info  Tracks  Chapters  Cues | Cluster  Cluster ...   each begins with a key frame

All sizes are known beforehand, so the cues stand in front and nothing is moved afterwards. Elements are those of
RFC 9559, within what WebM allows. Times are whole milliseconds, as everywhere in WebM, each rounded for itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.files.reel import Label, PictureTrack, Reel, Shelf, SoundTrack, stretches_of
from video_pipeline.ffmpeg.files.spool import write_pieces
from video_pipeline.ffmpeg.work.coded import read_facts, read_payload

Ints = NDArray[np.int64]

_NS = 1_000_000_000
_CLUSTER_MS = 10_000  # a stretch that lasts longer is split; a block is at most 32,767 ms later than its cluster
_BLOCK_HEAD = 9
_CLUSTER_HEAD = 4 + 8 + 10
_VIDEO, _AUDIO = 1, 2
_SEEK_PRE_ROLL_NS = 80_000_000  # Opus decoders settle in 80 ms (RFC 7845, 4.6)


def write_webm(out: Path, picture: PictureTrack, reel: Reel, poll: Callable[[], None]) -> str:
    """Write VP9 and Opus to `out` and return its SHA-256; MediaError when stretches do not fit together."""
    video, audio = _Video(picture), _Audio(reel.sound)
    clusters = _Clusters(video, audio)
    end_ms = max(float(1000 * picture.form.rate.seconds(len(video.sizes))), audio.end_ms)
    parts = {
        b"\x15\x49\xa9\x66": _info(reel.label.title, end_ms),
        b"\x16\x54\xae\x6b": _video_entry(picture) + _audio_entry(reel.sound, audio.header),
        b"\x10\x43\xa7\x70": _chapters(reel.label),
    }
    tables = {kind: _element(kind, content) for kind, content in parts.items() if content}
    cues = b"\x1c\x53\xbb\x6b"
    tables[cues] = _element(cues, _cues(clusters, np.zeros(len(clusters.starts), np.int64)))
    seeks = len(_seek_head(tables, 0))
    first = seeks + sum(map(len, tables.values()))
    tables[cues] = _element(cues, _cues(clusters, first + np.cumsum(clusters.lengths) - clusters.lengths))
    total = first + int(clusters.lengths.sum())

    def pieces() -> Iterator[bytes]:
        head = _element(b"\x1a\x45\xdf\xa3", _EBML) + b"\x18\x53\x80\x67" + struct.pack(">Q", 1 << 56 | total)
        yield head + _seek_head(tables, seeks) + b"".join(tables.values())
        yield from clusters.blocks()

    return write_pieces(out, pieces(), poll)


class _Video:
    """When each picture is shown, how large it is, and where clusters may begin."""

    def __init__(self, picture: PictureTrack) -> None:
        self.stretches = list(stretches_of(picture))
        sizes, shown, keys = [], [], []
        start = 0
        for _, facts, turns in self.stretches:
            order, lengths = np.array(facts.order, np.int64), np.array(facts.sizes, np.int64)
            for turn in turns:
                sizes.append(lengths[:turn])
                shown.append(order[:turn] + start)
                keys.append(start)
                start += turn
        self.sizes, self.keys = np.concatenate(sizes), np.array(keys)
        self.times = _milliseconds(np.concatenate(shown), 1 / picture.form.rate.fraction)

    def packets(self) -> Iterator[bytes]:
        """All packets in order."""
        shelf = Shelf()
        for path, facts, turns in self.stretches:
            ends = [0, *accumulate(facts.sizes)]
            for turn in turns:
                payload = shelf.payload(path)
                for place in range(turn):
                    yield payload[ends[place] : ends[place + 1]]


class _Audio:
    """When each packet of sound is heard and how large it is; what is to be skipped comes before zero in its time."""

    def __init__(self, sound: SoundTrack) -> None:
        facts = [read_facts(path) for path in sound.chunks]
        self._chunks = sound.chunks
        self.header = facts[0].header
        self.sizes = np.concatenate([np.array(each.sizes, np.int64) for each in facts])
        frame = Fraction(sound.voice.facts.frame, SAMPLE_RATE)
        # The times of blocks begin with the first packet; the header says how much of it is not to be heard.
        self.times = _milliseconds(np.arange(len(self.sizes)), frame)
        self.end_ms = float(1000 * (len(self.sizes) * frame - Fraction(sound.voice.facts.early, SAMPLE_RATE)))

    def packets(self) -> Iterator[bytes]:
        """All packets in order."""
        for path in self._chunks:
            facts, payload = read_payload(path)
            ends = [0, *accumulate(facts.sizes)]
            for start, end in pairwise(ends):
                yield payload[start:end]


class _Clusters:
    """Which blocks stand in which cluster: it begins with a key frame, or where a long stretch is split."""

    def __init__(self, video: _Video, audio: _Audio) -> None:
        self._video, self._audio = video, audio
        self.firsts = np.array(list(_split(video)))  # the first picture of each cluster
        self.starts = video.times[self.firsts]
        self.cued = np.isin(self.firsts, video.keys)
        of_audio = np.maximum(np.searchsorted(self.starts, audio.times, side="right") - 1, 0)
        self._video_counts = np.diff(self.firsts, append=len(video.sizes))
        self._audio_counts = np.bincount(of_audio, minlength=len(self.firsts))
        of_video = np.repeat(np.arange(len(self.firsts)), self._video_counts)
        self._later = (video.times - self.starts[of_video], audio.times - self.starts[of_audio])
        content = np.bincount(of_video, video.sizes + _BLOCK_HEAD, len(self.firsts))
        content += np.bincount(of_audio, audio.sizes + _BLOCK_HEAD, len(self.firsts))
        self.lengths: Ints = content.astype(np.int64) + _CLUSTER_HEAD

    def blocks(self) -> Iterator[bytes]:
        """Each cluster as a whole."""
        keys = np.zeros(len(self._video.sizes), bool)
        keys[self._video.keys] = True
        heads = (
            _block_heads(_VIDEO, self._video.sizes, self._later[0], keys),
            _block_heads(_AUDIO, self._audio.sizes, self._later[1], np.ones(len(self._audio.sizes), bool)),
        )
        sources = (self._video.packets(), self._audio.packets())
        places = [0, 0]
        for number, start in enumerate(self.starts.tolist()):
            counts = (int(self._video_counts[number]), int(self._audio_counts[number]))
            spans = [slice(place, place + count) for place, count in zip(places, counts, strict=True)]
            later = np.concatenate([times[span] for times, span in zip(self._later, spans, strict=True)])
            # Stable: of a picture and a packet of sound at the same time the picture comes first.
            order = np.argsort(later, kind="stable") >= counts[0]
            parts = [_cluster_head(int(self.lengths[number]), start)]
            for which in order.tolist():
                place = places[which]
                parts.append(heads[which][place * _BLOCK_HEAD : (place + 1) * _BLOCK_HEAD])
                parts.append(next(sources[which]))
                places[which] = place + 1
            yield b"".join(parts)


def _split(video: _Video) -> Iterator[int]:
    ends = [*video.keys[1:].tolist(), len(video.sizes)]
    for first, end in zip(video.keys.tolist(), ends, strict=True):
        start = first
        while start < end:
            yield start
            start = max(int(np.searchsorted(video.times[:end], video.times[start] + _CLUSTER_MS)), start + 1)


def _milliseconds(counts: Ints, unit_s: Fraction) -> Ints:
    """Times rounded to the nearest millisecond, half up."""
    numerator, denominator = 2000 * unit_s.numerator, unit_s.denominator
    times: Ints = (counts * numerator + denominator) // (2 * denominator)
    return times


def _block_heads(track: int, sizes: Ints, later: Ints, keys: NDArray[np.bool_]) -> bytes:
    """A SimpleBlock's identifier, size (in four bytes), track, time after its cluster and flags, for each packet."""
    if int(sizes.max()) > 2**28 - 8:
        raise MediaError(f"a packet has {int(sizes.max())} bytes, more than a block may have")
    heads = np.zeros(len(sizes), [("id", "u1"), ("size", ">u4"), ("track", "u1"), ("later", ">i2"), ("flags", "u1")])
    heads["id"], heads["track"] = 0xA3, 0x80 | track
    heads["size"] = (sizes + 4) | 1 << 28
    heads["later"] = later
    heads["flags"] = np.where(keys, 0x80, 0)
    return heads.tobytes()


def _cluster_head(length: int, start_ms: int) -> bytes:
    size = length - 12 | 1 << 56
    return b"\x1f\x43\xb6\x75" + struct.pack(">Q", size) + b"\xe7\x88" + struct.pack(">Q", start_ms)


def _element(kind: bytes, content: bytes | int | float | str) -> bytes:
    """An element: its identifier, its size in as many bytes as needed, its content."""
    match content:
        case int():
            content = content.to_bytes(max((content.bit_length() + 7) // 8, 1), "big")
        case float():
            content = struct.pack(">d", content)
        case str():
            content = content.encode()
    length = next(each for each in range(1, 9) if len(content) < (1 << 7 * each) - 1)
    return kind + (len(content) | 1 << 7 * length).to_bytes(length, "big") + content


_EBML = b"".join(
    _element(kind, value)
    for kind, value in (
        (b"\x42\x86", 1),
        (b"\x42\xf7", 1),
        (b"\x42\xf2", 4),
        (b"\x42\xf3", 8),
        (b"\x42\x82", "webm"),
        (b"\x42\x87", 4),
        (b"\x42\x85", 2),
    )
)


def _info(title: str, duration_ms: float) -> bytes:
    named = _element(b"\x7b\xa9", title) if title else b""
    apps = _element(b"\x4d\x80", "video_pipeline") + _element(b"\x57\x41", "video_pipeline")
    return _element(b"\x2a\xd7\xb1", _NS // 1000) + _element(b"\x44\x89", duration_ms) + named + apps


def _track(number: int, kind: int, codec: str, *rest: bytes) -> bytes:
    # Number, identity, kind, no lacing, language, codec.
    said = ((b"\xd7", number), (b"\x73\xc5", number), (b"\x83", kind), (b"\x9c", 0), (b"\x22\xb5\x9c", "und"))
    return _element(b"\xae", b"".join([*(_element(*each) for each in said), _element(b"\x86", codec), *rest]))


def _video_entry(picture: PictureTrack) -> bytes:
    rung, rate = picture.form.rung, picture.form.rate
    # BT.709 matrix, transfer and primaries, limited range; chroma sited left, half way between lines.
    colours = (
        (b"\x55\xb1", 1),
        (b"\x55\xb7", 1),
        (b"\x55\xb8", 2),
        (b"\x55\xb9", 1),
        (b"\x55\xba", 1),
        (b"\x55\xbb", 1),
    )
    sizes = ((b"\xb0", rung.width), (b"\xba", rung.height), (b"\x54\xb0", rung.width), (b"\x54\xba", rung.height))
    shown = [*(_element(*each) for each in sizes), _element(b"\x55\xb0", b"".join(_element(*each) for each in colours))]
    frame_ns = round(_NS / rate.fraction)
    return _track(_VIDEO, 1, "V_VP9", _element(b"\x23\xe3\x83", frame_ns), _element(b"\xe0", b"".join(shown)))


def _audio_entry(sound: SoundTrack, header: bytes) -> bytes:
    delay_ns = round(Fraction(sound.voice.facts.early * _NS, SAMPLE_RATE))
    facts = _element(b"\xb5", float(SAMPLE_RATE)) + _element(b"\x9f", 2)
    timing = _element(b"\x56\xaa", delay_ns) + _element(b"\x56\xbb", _SEEK_PRE_ROLL_NS)
    return _track(_AUDIO, 2, "A_OPUS", _element(b"\x63\xa2", header), timing, _element(b"\xe1", facts))


def _chapters(label: Label) -> bytes:
    atoms = []
    for number, mark in enumerate(label.marks, start=1):
        shown = _element(b"\x85", mark.name) + _element(b"\x43\x7c", "und")
        said = ((b"\x73\xc4", number), (b"\x91", round(mark.start * _NS)), (b"\x92", round(mark.end * _NS)))
        atoms.append(_element(b"\xb6", b"".join(_element(*each) for each in said) + _element(b"\x80", shown)))
    return _element(b"\x45\xb9", b"".join(atoms)) if atoms else b""


def _cues(clusters: _Clusters, positions: Ints) -> bytes:
    """Where the key frames are; numbers have eight bytes, so that the size does not depend on them."""
    points = []
    for start, position, cued in zip(clusters.starts.tolist(), positions.tolist(), clusters.cued, strict=True):
        if cued:
            place = _element(b"\xf7", _VIDEO) + _element(b"\xf1", struct.pack(">Q", position))
            points.append(_element(b"\xbb", _element(b"\xb3", struct.pack(">Q", start)) + _element(b"\xb7", place)))
    return b"".join(points)


def _seek_head(tables: dict[bytes, bytes], start: int) -> bytes:
    """Where the tables are, which stand in their order from `start` on."""
    seeks = []
    for kind, table in tables.items():
        seeks.append(
            _element(b"\x4d\xbb", _element(b"\x53\xab", kind) + _element(b"\x53\xac", struct.pack(">Q", start)))
        )
        start += len(table)
    return _element(b"\x11\x4d\x9b\x74", b"".join(seeks))
