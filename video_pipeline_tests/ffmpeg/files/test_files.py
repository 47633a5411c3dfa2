"""Finished files as players see them: boxes, colours, chapters, titles; read by eyes other than the engine's."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from video_pipeline.domain.delivery import Format, Rendition, rung_of
from video_pipeline.domain.timebase import FPS_30, FrameRate
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.encoding.codecs import VideoCodec
from video_pipeline.ffmpeg.encoding.stretch import PictureFormat
from video_pipeline.ffmpeg.files.containers import CONTAINERS
from video_pipeline.ffmpeg.files.mux import write_file
from video_pipeline.ffmpeg.files.reel import PictureTrack, SoundTrack, label_of
from video_pipeline.ffmpeg.program.probe import inspect
from video_pipeline.ffmpeg.sound.voice import AudioCodec, Voice
from video_pipeline.ffmpeg.work.coded import Coded, write_coded
from video_pipeline_tests.ffmpeg.material import Workshop

TITLE = "Rainy Library – „Bücher“ 静か"
NAMES = ("01 Página", "02 Rain & <Snow>", "03 雨")
RENDITIONS = ("mp4_low", "mov_low", "webm_low", "av1_low", "m4a_low", "opus_low", "flac_high")


def programme(workshop: Workshop, rate: FrameRate = FPS_30) -> Timeline:
    album = workshop.album(3, seconds=4, rate=rate)
    named = tuple(replace(clip, name=name) for clip, name in zip(album.pictures, NAMES, strict=True))
    return replace(album, name=TITLE, pictures=named)


class Made:
    """One finished file."""

    def __init__(self, workshop: Workshop, timeline: Timeline, rendition: str, folder: Path) -> None:
        self.workshop, self.timeline, self.kind = workshop, timeline, rendition.partition("_")[0]
        self.rendition = Rendition.parse(*rendition.split("_"))
        self.file = folder / self.rendition.file_name
        self.report = workshop.render(timeline, rendition, self.file)

    def boxes(self, *path: bytes) -> list[bytes]:
        """The contents of all boxes at `path` of an MP4 or QuickTime file."""
        found = [self.file.read_bytes()]
        for kind in path:
            found = [inner for content in found for each, inner in inner_boxes(content) if each == kind]
        return found


def inner_boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        head = 8
        if size == 1:
            head, (size,) = 16, struct.unpack_from(">Q", content, place + 8)
        assert size >= head
        assert place + size <= len(content)
        yield kind, content[place + head : place + size]
        place += size
    assert place == len(content)


@pytest.fixture(scope="module", params=RENDITIONS)
def made(request: pytest.FixtureRequest, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(workshop, programme(workshop), request.param, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def mp4(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Made:
    rate = FrameRate(30000, 1001)
    return Made(workshop, programme(workshop, rate), "mp4_low", tmp_path_factory.mktemp("files"))


def test_every_scene_is_a_chapter_and_its_end_is_exact(made: Made) -> None:
    with av.open(str(made.file)) as file:
        found = file.chapters()
    assert [chapter["metadata"]["title"] for chapter in found] == list(NAMES)
    starts = [*made.timeline.picture_starts, made.timeline.frames]
    for chapter, start, end in zip(found, starts, starts[1:], strict=False):
        base = chapter["time_base"]
        assert chapter["start"] * base == pytest.approx(start / 30, abs=0.0005)
        # Vorbis comments say where chapters start only; a reader ends the last one with the sound.
        assert chapter["end"] * base == pytest.approx(end / 30, abs=0.02 if made.kind in ("opus", "flac") else 0.0005)
    listed = made.workshop.run("-i", str(made.file), "-f", "ffmetadata", "-")
    assert listed.count("[CHAPTER]") == 3
    assert inspect(made.file)["chapters"] == 3


def test_the_title_is_the_programmes_and_nothing_tells_the_time_of_making(made: Made) -> None:
    with av.open(str(made.file)) as file:
        titles = {**file.metadata, **file.streams[0].metadata}
    assert titles["title"] == TITLE
    assert "creation_time" not in titles
    content = made.file.read_bytes()
    assert b"Lavf6" not in content
    assert b"x264" not in content


def test_the_same_programme_makes_the_same_bytes(made: Made, tmp_path: Path) -> None:
    again = Made(made.workshop, made.timeline, made.rendition.name, tmp_path)
    assert again.file.read_bytes() == made.file.read_bytes()
    assert again.report.media.sha256 == made.report.media.sha256


def test_ffmpeg_decodes_all_of_it_without_a_word(made: Made) -> None:
    said = made.workshop.run("-v", "warning", "-xerror", "-i", str(made.file), "-f", "null", "-")
    assert said == ""


def test_what_is_said_about_colours_and_pixels(made: Made) -> None:
    facts = inspect(made.file)
    if not made.rendition.format.pictured:
        assert (facts["video_codec"], facts["frames"], facts["sample_aspect"]) == ("", 0, "")
        assert facts["audio_s"] == pytest.approx(float(made.timeline.samples / 48_000), abs=0.03)
        return
    colours = ("color_space", "color_primaries", "color_transfer")
    assert {facts[name] for name in colours} == {"bt709"}
    assert (facts["color_range"], facts["sample_aspect"], facts["first_pts_s"]) == ("limited", "1:1", 0.0)
    assert facts["edit_lists"] == 0


def test_the_stream_says_the_same_without_its_container(mp4: Made, tmp_path: Path) -> None:
    bare = tmp_path / "bare.h264"
    mp4.workshop.run("-i", str(mp4.file), "-c", "copy", "-an", "-sn", "-dn", "-f", "h264", str(bare))
    with av.open(str(bare), format="h264") as file:
        stream = file.streams.video[0]
        context = stream.codec_context
        next(file.decode(stream))
        assert stream.sample_aspect_ratio == 1
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)


def test_boxes_of_an_mp4_are_as_players_want_them(mp4: Made) -> None:
    tops = [kind for kind, _ in inner_boxes(mp4.file.read_bytes())]
    assert tops == [b"ftyp", b"moov", b"mdat"]
    assert mp4.boxes(b"ftyp")[0][:4] == b"mp42"
    assert b"isom" in mp4.boxes(b"ftyp")[0]
    assert mp4.boxes(b"moov", b"trak", b"edts") == []
    header = (b"moov", b"trak", b"mdia")
    assert [each[8:12] for each in mp4.boxes(*header, b"hdlr")] == [b"vide", b"soun", b"text"]
    assert {each[20:22] for each in mp4.boxes(*header, b"mdhd")} == {b"\x55\xc4"}  # und
    assert {each[4:12] for each in (*mp4.boxes(*header, b"mdhd"), *mp4.boxes(b"moov", b"mvhd"))} == {bytes(8)}
    table = (*header, b"minf", b"stbl")
    entry = mp4.boxes(*table, b"stsd")[0][8:]
    inside = dict(inner_boxes(entry[8 + 78 :]))
    assert inside[b"pasp"] == struct.pack(">II", 1, 1)
    assert inside[b"colr"] == b"nclx" + struct.pack(">3HB", 1, 1, 1, 0)
    # In units of the rate's numerator every frame is as long as any other, and chapters end where frames do.
    steps = mp4.boxes(*table, b"stts")
    assert steps[0][4:] == struct.pack(">III", 1, mp4.timeline.frames, 1001)
    chapters = np.frombuffer(steps[2][8:], ">u4").reshape(-1, 2)
    lengths = np.repeat(chapters[:, 1], chapters[:, 0])
    assert lengths.tolist() == [clip.frames * 1001 for clip in mp4.timeline.pictures]


def test_the_chapter_track_is_named_by_the_others_and_not_shown(mp4: Made) -> None:
    references = mp4.boxes(b"moov", b"trak", b"tref", b"chap")
    assert references == [struct.pack(">I", 3)] * 2
    flags = [int.from_bytes(each[1:4], "big") for each in mp4.boxes(b"moov", b"trak", b"tkhd")]
    assert [flag & 1 for flag in flags] == [1, 1, 0]


def test_players_that_read_neros_list_find_the_same_chapters(mp4: Made) -> None:
    (content,) = mp4.boxes(b"moov", b"udta", b"chpl")
    place, found = 9, []
    for _ in range(content[8]):
        start, length = struct.unpack_from(">QB", content, place)
        found.append((content[place + 9 : place + 9 + length].decode(), start))
        place += 9 + length
    assert place == len(content)
    at = [mp4.timeline.rate.seconds(frame) for frame in mp4.timeline.picture_starts]
    assert found == [(name, round(start * 10_000_000)) for name, start in zip(NAMES, at, strict=True)]


def test_chunks_lie_where_the_index_says_and_leave_no_byte_over(mp4: Made) -> None:
    table = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    content = mp4.file.read_bytes()
    spans = []
    for sizes, counts, places in zip(*(mp4.boxes(*table, kind) for kind in (b"stsz", b"stsc", b"stco")), strict=True):
        each = np.frombuffer(sizes[12:], ">u4").astype(int)
        starts = np.frombuffer(places[8:], ">u4").astype(int)
        runs = np.frombuffer(counts[8:], ">u4").astype(int).reshape(-1, 3)
        lengths = np.repeat(runs[:, 1], np.diff(runs[:, 0], append=len(starts) + 1))
        ends = np.cumsum(lengths)
        assert ends[-1] == len(each)
        spans += [(s, s + int(each[e - n : e].sum())) for s, e, n in zip(starts, ends, lengths, strict=True)]
    spans.sort()
    assert spans[0][0] == content.index(b"mdat") + 4
    assert spans[-1][1] == len(content)
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


def copied_tracks(file: Path, folder: Path) -> tuple[PictureTrack, SoundTrack]:
    """The packets of a QuickTime file as they are stored before joining."""
    with av.open(str(file)) as found:
        packets = [packet for packet in found.demux(found.streams.video[0], found.streams.audio[0]) if packet.size]
        video = [packet for packet in packets if packet.stream.type == "video"]
        audio = [bytes(packet) for packet in packets if packet.stream.type == "audio"]
        avcc, header = (bytes(stream.codec_context.extradata or b"") for stream in list(found.streams)[:2])
        size = int.from_bytes(avcc[6:8], "big")
        sets = (
            avcc[8 : 8 + size],
            avcc[8 + size + 3 : 8 + size + 3 + int.from_bytes(avcc[9 + size : 11 + size], "big")],
        )
        order = [round(packet.pts * packet.time_base * 30) for packet in video]
        # Each packet is one unit: its length stands where a start code was.
        slices = [b"\x00\x00\x00\x01" + bytes(packet)[4:] for packet in video]
    start = b"\x00\x00\x00\x01"
    pictures = Coded(b"".join(start + unit for unit in sets), tuple(slices), tuple(order))
    write_coded(pictures, folder / "pictures")
    write_coded(Coded(header, tuple(audio), tuple(range(len(audio)))), folder / "sound")
    form = PictureFormat(VideoCodec.H264, rung_of("low"), FPS_30)
    return (
        PictureTrack(form, [(folder / "pictures", len(order))]),
        SoundTrack(Voice(AudioCodec.AAC, 128_000), [folder / "sound"]),
    )


def test_a_file_beyond_four_gigabytes_is_written_with_long_positions(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of that size is written here: the limit is lowered, what is shown must stay the same."""
    timeline = programme(workshop)
    small = Made(workshop, timeline, "mov_low", tmp_path)
    hashes, sound = workshop.frame_hashes(small.file), workshop.sound_of(small.file)
    monkeypatch.setattr("video_pipeline.ffmpeg.files.bmff.NARROW_BYTES", 0)
    monkeypatch.setattr("video_pipeline.ffmpeg.files.bmff.NARROW_UNITS", 1)
    out = tmp_path / "wide.mov"
    write_file(
        out, CONTAINERS[Format.MOV], *copied_tracks(small.file, tmp_path), lambda: None, label=label_of(timeline)
    )
    wide = Made.__new__(Made)
    wide.file = out
    table = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    assert len(wide.boxes(*table, b"co64")) == 3
    assert wide.boxes(*table, b"stco") == []
    assert {each[0] for each in wide.boxes(b"moov", b"trak", b"tkhd")} == {1}
    assert workshop.frame_hashes(out) == hashes
    assert np.array_equal(workshop.sound_of(out), sound)
    assert inspect(out)["chapters"] == 3


def test_a_quicktime_file_is_one(workshop: Workshop, tmp_path: Path) -> None:
    made = Made(workshop, programme(workshop), "mov_low", tmp_path)
    assert made.boxes(b"ftyp")[0] == b"qt  " + struct.pack(">I", 512) + b"qt  "
    entry = made.boxes(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")[0][8:]
    assert dict(inner_boxes(entry[8 + 78 :]))[b"colr"] == b"nclc" + struct.pack(">3H", 1, 1, 1)
    assert made.boxes(b"moov", b"trak", b"edts") == []


def test_a_webm_file_says_its_size_and_chapters_in_front(workshop: Workshop, tmp_path: Path) -> None:
    made = Made(workshop, programme(workshop), "webm_low", tmp_path)
    content = made.file.read_bytes()
    cluster = content.index(b"\x1f\x43\xb6\x75")
    # Identifiers of Cues and Chapters (RFC 9559), and the display size where it differs from the coded one.
    assert content.index(b"\x1c\x53\xbb\x6b") < cluster
    assert content.index(b"\x10\x43\xa7\x70") < cluster
    with av.open(str(made.file)) as file:
        picture = file.streams.video[0]
        assert (picture.codec_context.width, picture.codec_context.height) == (854, 480)
        assert picture.sample_aspect_ratio == 1


def test_one_scene_needs_no_chapters(workshop: Workshop, tmp_path: Path) -> None:
    made = Made(workshop, workshop.album(1, seconds=2), "mp4_low", tmp_path)
    assert inspect(made.file)["chapters"] == 0
    assert [each[8:12] for each in made.boxes(b"moov", b"trak", b"mdia", b"hdlr")] == [b"vide", b"soun"]


def test_a_file_is_read_again_when_it_changed(workshop: Workshop, tmp_path: Path) -> None:
    made = Made(workshop, workshop.album(1, seconds=2), "mp4_low", tmp_path)
    assert inspect(made.file)["frames"] == made.timeline.frames
    longer = programme(workshop)
    made.workshop.render(longer, "mp4_low", made.file)
    assert (inspect(made.file)["frames"], inspect(made.file)["chapters"]) == (longer.frames, 3)
