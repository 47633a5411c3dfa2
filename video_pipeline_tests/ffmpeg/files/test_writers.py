"""The writers of MP4 and WebM files, fed with anything: each sample comes back whole, in order, at its time."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.delivery import Rung
from video_pipeline.domain.errors import CancelledError, MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.encoding.codecs import VideoCodec
from video_pipeline.ffmpeg.encoding.h264 import encode_h264
from video_pipeline.ffmpeg.encoding.stretch import PictureFormat
from video_pipeline.ffmpeg.files.bmff import MOV, MP4, Medium, Samples, box, write_bmff
from video_pipeline.ffmpeg.files.containers import CONTAINERS, Format
from video_pipeline.ffmpeg.files.iso import with_lengths
from video_pipeline.ffmpeg.files.mux import write_file
from video_pipeline.ffmpeg.files.reel import Label, PictureTrack, Shelf, SoundTrack, turns_of
from video_pipeline.ffmpeg.picture.canvas import Size
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.sound.voice import AudioCodec, Voice
from video_pipeline.ffmpeg.work.coded import Coded, write_coded
from video_pipeline_tests.ffmpeg.files.test_files import inner_boxes

PACKETS = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=120)


def nothing() -> None:
    """Nobody wants to stop."""


def track(medium: Medium, packets: list[bytes], step: int, timescale: int) -> Samples:
    sizes = np.array([len(packet) for packet in packets])
    joined = b"".join(packets)
    half = len(joined) // 2  # pieces need not end where samples do
    pieces = [memoryview(joined)[:half], memoryview(joined)[half:]]
    return Samples(medium, box(b"mp4a", bytes(28)), timescale, np.full(len(packets), step), sizes, pieces)


def samples_of(content: bytes, number: int) -> list[bytes]:
    """The samples of one track, found by its tables."""
    found = [content]
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        found = [inner for each in found for name, inner in inner_boxes(each) if name == kind]
    tables = dict(inner_boxes(found[number]))
    sizes = np.frombuffer(tables[b"stsz"][12:], ">u4").tolist()
    places = np.frombuffer(tables[b"stco"][8:], ">u4").tolist()
    runs = [struct.unpack_from(">III", tables[b"stsc"], 8 + 12 * n) for n in range((len(tables[b"stsc"]) - 8) // 12)]
    samples = []
    for (first, count, _), (after, _, _) in pairwise([*runs, (len(places) + 1, 0, 0)]):
        for chunk in range(first - 1, after - 1):
            position = places[chunk]
            for size in sizes[len(samples) : len(samples) + count]:
                samples.append(content[position : position + size])
                position += size
    return samples


@settings(deadline=None)
@given(pictures=PACKETS, sounds=PACKETS, step=st.integers(1, 5000), quicktime=st.booleans())
def test_every_sample_lies_where_the_tables_say(
    pictures: list[bytes], sounds: list[bytes], step: int, quicktime: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mp4"
        tracks = [track(Medium.PICTURE, pictures, step, 3000), track(Medium.SOUND, sounds, 1024, 48_000)]
        write_bmff(out, MOV if quicktime else MP4, tracks, b"", nothing)
        content = out.read_bytes()
    assert samples_of(content, 0) == pictures
    assert samples_of(content, 1) == sounds


@given(units=st.lists(st.binary(min_size=1, max_size=50).map(lambda unit: unit.replace(b"\x00", b"\x01")), min_size=1))
def test_start_codes_become_lengths(units: list[bytes]) -> None:
    stream = b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
    assert with_lengths(stream) == b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def elements(content: bytes, place: int = 0) -> Iterator[tuple[bytes, int, bytes]]:
    """Identifier, position and content of each Matroska element (RFC 8794: both lengths are told by leading zeros)."""
    while place < len(content):
        begin = place
        kind = content[place : place + 9 - content[place].bit_length()]
        place += len(kind)
        length = 9 - content[place].bit_length()
        size = int.from_bytes(content[place : place + length], "big") - (1 << 7 * length)
        place += length
        assert place + size <= len(content)
        yield kind, begin, content[place : place + size]
        place += size


def children(content: bytes, *path: str) -> list[bytes]:
    """The contents of all elements at `path` of hexadecimal identifiers."""
    found = [content]
    for name in path:
        found = [inner for each in found for kind, _, inner in elements(each) if kind == bytes.fromhex(name)]
    return found


@dataclass
class Blocks:
    """The blocks of one track: content, milliseconds, whether decoding can begin there."""

    packets: list[bytes] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)


def blocks_of(segment: bytes) -> dict[int, Blocks]:
    tracks = {1: Blocks(), 2: Blocks()}
    for cluster in children(segment, "1f43b675"):
        (start,) = (int.from_bytes(each, "big") for each in children(cluster, "e7"))
        order = []
        for block in children(cluster, "a3"):
            later, flags = struct.unpack_from(">hB", block, 1)
            track = tracks[block[0] & 0x7F]
            track.packets.append(block[4:])
            track.times.append(start + later)
            track.keys.append(bool(flags & 0x80))
            order.append(later)
        assert order == sorted(order)
        assert order[0] >= 0
    return tracks


@settings(deadline=None, max_examples=60)
@given(
    stretch=st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=60),
    runs=st.lists(st.integers(1, 200), min_size=1, max_size=6),
    sounds=st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=200),
    rate=st.sampled_from([FrameRate(24), FrameRate(30000, 1001), FrameRate(60), FrameRate(1)]),
)
def test_every_block_of_a_webm_file_stands_at_its_time(
    stretch: list[bytes], runs: list[int], sounds: list[bytes], rate: FrameRate
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out, kept = Path(folder) / "out.webm", [Path(folder) / name for name in ("pictures", "sounds")]
        write_coded(Coded(b"", tuple(stretch), tuple(range(len(stretch)))), kept[0])
        write_coded(Coded(b"OpusHead", tuple(sounds), tuple(range(len(sounds)))), kept[1])
        form = PictureFormat(VideoCodec.VP9, Rung(64, 64, 1_000_000, 64_000), rate)
        picture = PictureTrack(form, [(kept[0], frames) for frames in runs])
        sound = SoundTrack(Voice(AudioCodec.OPUS, 128_000), [kept[1]])
        write_file(out, CONTAINERS[Format.WEBM], picture, sound, nothing, label=Label("t"))
        head, segment = (inner for _, _, inner in elements(out.read_bytes()))
    assert children(head, "4282") == [b"webm"]
    video, audio = blocks_of(segment).values()
    turns = [turn for frames in runs for turn in turns_of(frames, len(stretch))]
    assert video.packets == [packet for turn in turns for packet in stretch[:turn]]
    assert audio.packets == sounds
    assert all(abs(t - 1000 * n / rate.fraction) <= Fraction(1, 2) for n, t in enumerate(video.times))
    # The sound's times begin with what is to be skipped; the header says how long that is.
    assert audio.times == [20 * number for number in range(len(sounds))]
    firsts = list(accumulate(turns, initial=0))[:-1]
    assert [number for number, key in enumerate(video.keys) if key] == firsts
    places = {start: inner for kind, start, inner in elements(segment) if kind == bytes.fromhex("1f43b675")}
    cued = [int.from_bytes(each, "big") for each in children(segment, "1c53bb6b", "bb", "b7", "f1")]
    assert len(cued) == len(firsts)
    assert set(cued) <= set(places)
    tables = {start: kind for kind, start, _ in elements(segment)}
    for seek in children(segment, "114d9b74", "4dbb"):
        (kind,), (position,) = children(seek, "53ab"), children(seek, "53ac")
        assert tables[int.from_bytes(position, "big")] == kind


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 16, 17, 18, 19, 40])
def test_no_frame_of_a_short_file_is_shown_before_it_is_decoded(tmp_path: Path, frames: int) -> None:
    # ffmpeg warned of files of 3 to 18 moving frames: pts < dts.
    size = Size(64, 48)
    picture = np.random.default_rng(7).integers(40, 200, (72, 64), np.uint8)
    film = [np.roll(picture, number, axis=1) for number in range(frames)]
    write_coded(encode_h264(film, size, FrameRate(30), kind=Kind.MOVE, quantiser=30), tmp_path / "pictures")
    write_coded(Coded(b"\x11\x90", (b"sound",), (0,)), tmp_path / "sound")
    form = PictureFormat(VideoCodec.H264, Rung(64, 48, 1_000_000, 64_000), FrameRate(30))
    picture_track = PictureTrack(form, [(tmp_path / "pictures", frames)])
    sound = SoundTrack(Voice(AudioCodec.AAC, 128_000), [tmp_path / "sound"])
    out = tmp_path / "out.mp4"
    write_file(out, CONTAINERS[Format.MP4], picture_track, sound, nothing)
    with av.open(str(out)) as container:
        times = [(packet.pts, packet.dts) for packet in container.demux(video=0) if packet.pts is not None]
    assert len(times) == frames
    assert all(pts >= dts for pts, dts in times)
    assert len({pts for pts, _ in times}) == frames
    assert all(later > earlier for (_, earlier), (_, later) in pairwise(times))


def test_stopping_leaves_the_writer_at_once(tmp_path: Path) -> None:
    def stop() -> None:
        raise CancelledError("stopped")

    packets = [bytes(1_000_000)] * 10
    with pytest.raises(CancelledError):
        write_bmff(tmp_path / "out.mp4", MP4, [track(Medium.SOUND, packets, 48_000, 48_000)], b"", stop)


def test_stretches_of_other_parameter_sets_do_not_get_into_one_file(tmp_path: Path) -> None:
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"{number}")
        write_coded(Coded(bytes([number]), (b"\x00\x00\x00\x01a",), (0,)), paths[-1])
    form = PictureFormat(VideoCodec.H264, Rung(64, 64, 1, 1), FrameRate(30))
    sound = SoundTrack(Voice(AudioCodec.AAC, 128_000), [paths[0]])
    with pytest.raises(MediaError, match="other parameter sets"):
        write_file(tmp_path / "o", CONTAINERS[Format.MP4], PictureTrack(form, [(p, 1) for p in paths]), sound, nothing)
    with pytest.raises(MediaError, match="cannot hold"):
        write_file(tmp_path / "o", CONTAINERS[Format.WEBM], PictureTrack(form, [(paths[0], 1)]), sound, nothing)


def test_a_shelf_holds_what_returns_soon_and_not_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("video_pipeline.ffmpeg.files.reel._HELD_BYTES", 25)
    prepared = []
    shelf = Shelf(lambda content: prepared.append(content) or content)  # type: ignore[func-returns-value] # None is falsy
    for number in range(3):
        write_coded(Coded(b"", (bytes([number]) * 10,), (0,)), tmp_path / str(number))
    for number in (0, 1, 0, 1, 2, 1, 0):
        assert shelf.payload(tmp_path / str(number)) == bytes([number]) * 10
    assert [content[0] for content in prepared] == [0, 1, 2, 0]
