"""Videos that want to harm: each is refused with a clear text before long, or is harmless."""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from video_pipeline.domain.errors import CancelledError, MediaError
from video_pipeline.ffmpeg.foreign import cell
from video_pipeline.ffmpeg.foreign.survey import survey
from video_pipeline_tests.ffmpeg.footage import SMALL, Studio, rgb_at
from video_pipeline_tests.ffmpeg.material import Workshop

pytestmark = pytest.mark.slow

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


@pytest.fixture
def studio(workshop: Workshop, tmp_path: Path) -> Studio:
    return Studio(workshop, tmp_path, workshop.tools)


def refused(studio: Studio, name: str, content: bytes, complaint: str) -> None:
    path = studio.folder / name
    path.write_bytes(content)
    with pytest.raises(MediaError, match=complaint) as caught:
        studio.transcode(path)
    assert name in str(caught.value)
    assert not list(studio.folder.glob("*out.*"))


def test_scripts_and_playlists_are_no_videos(studio: Studio) -> None:
    whole = studio.flashing("whole.mp4", *H264, "-c:a", "aac")
    for name, content in {
        "playlist.mp4": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile {whole}\n".encode(),
        "dash.webm": b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>',
        "session.avi": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "image.mov": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "empty.ts": b"",
        "grid.ts": b"G" + bytes(999),
    }.items():
        refused(studio, name, content, "is no video file|has only")


def test_a_playlist_behind_the_first_bytes_of_a_video_is_not_followed(studio: Studio) -> None:
    playlist = b"\n#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    refused(studio, "p.mp4", b"\0\0\0\x14ftypisom\0\0\2\0isom" + playlist, "cannot be read|no picture")
    refused(studio, "p.webm", b"\x1a\x45\xdf\xa3" + playlist * 9, "cannot be read|no picture")
    refused(studio, "p.ts", (b"G" + bytes(187)) * 9 + playlist, "cannot be read|no picture")
    refused(studio, "p.avi", b"RIFF\0\0\0\0AVI LIST" + playlist * 9, "cannot be read|no picture")


@pytest.mark.parametrize("name", ["-y.mp4", "concat:a|b.mp4", "pic%03d.mp4", "a b'\"[];,=.mp4", "http:x.mp4", "-i"])
def test_strange_names_are_only_names(studio: Studio, name: str) -> None:
    path = studio.folder / name
    path.write_bytes(studio.flashing("plain.mp4", *H264, "-c:a", "aac", seconds=1).read_bytes())
    out = studio.folder / f"of {name}"
    report = studio.tools.transcode(path, SMALL, out, report=lambda *_: None, cancelled=lambda: False)
    assert report.frames == 30
    assert out.exists()


@pytest.mark.parametrize("name", ["old.avi", "old.mkv"])
def test_titles_that_are_not_utf8_are_no_reason_to_refuse(studio: Studio, name: str) -> None:
    video = studio.flashing(name, "-c:v", "mpeg4", "-c:a", "pcm_s16le", "-metadata", "title=QQQQ", seconds=1)
    content = video.read_bytes()
    assert b"QQQQ" in content
    video.write_bytes(content.replace(b"QQQQ", b"Caf\xe9"))
    if name.endswith("mkv"):
        assert studio.tools.inspect(video)["frames"] == 30
    _, report = studio.transcode(video)
    assert report.frames == 30


def test_what_is_no_file_is_refused_at_once(studio: Studio) -> None:
    pipe = studio.folder / "pipe.mp4"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), studio.folder):
        with pytest.raises(MediaError, match="no regular file"):
            studio.transcode(path)
    with pytest.raises(MediaError, match="cannot read"):
        studio.transcode(studio.folder / "missing.mp4")


def test_a_video_that_was_cut_off_is_not_passed_off_as_a_whole_one(studio: Studio) -> None:
    moving = "testsrc2=s=320x180:r=30:d=6"
    for name, options in {
        "index_last.mp4": (),
        "index_first.mp4": ("-movflags", "+faststart"),
        "cut.mkv": (),
        "cut.avi": (),
    }.items():
        whole = studio.make(f"whole_{name}", *options, *H264, picture=moving).read_bytes()
        refused(studio, name, whole[: len(whole) // 3], "cannot be read|cut off")


def test_a_little_damage_is_told_and_survived(studio: Studio) -> None:
    moving = "testsrc2=s=320x180:r=30:d=4"
    content = bytearray(studio.make("whole.mp4", *H264, "-g", "30", picture=moving).read_bytes())
    middle = content.index(b"mdat") + 60_000
    content[middle : middle + 4000] = b"\xff" * 4000  # lengths beyond all measure, slices that are none
    (studio.folder / "scratched.mp4").write_bytes(content)
    _, report = studio.transcode(studio.folder / "scratched.mp4")
    assert report.frames in range(115, 122)
    assert "damaged in places" in report.command


def test_a_video_needs_a_picture_that_can_be_seen(studio: Studio) -> None:
    sound = "sine=d=1"
    refused(studio, "s.mp4", studio.make("sound.mp4", "-c:a", "aac", sound=sound).read_bytes(), "no picture stream")
    cover = studio.make("cover.png", "-frames:v", "1", picture="color=red:s=64x64")
    covered = studio.make(
        "covered.mp4",
        *("-f", "lavfi", "-i", sound, "-i", str(cover), "-map", "0", "-map", "1"),
        *("-c:v", "png", "-c:a", "aac", "-disposition:v", "attached_pic"),
    )
    refused(studio, "c.mp4", covered.read_bytes(), "no picture stream")


def test_decoders_that_nobody_needs_are_not_lent_to_strangers(studio: Studio) -> None:
    strange = studio.make("strange.mkv", "-c:v", "snow", "-strict", "-2", picture="testsrc2=s=64x64:d=1")
    refused(studio, "s.mkv", strange.read_bytes(), "encoded with snow, which is not accepted")


@pytest.mark.parametrize(
    ("times", "complaint"),
    [(256, "does not say how large its frames are, or they are too large"), (128, "frames of 8192 x 8192; at most")],
)
def test_a_header_that_promises_a_gigabyte_a_frame_is_refused(studio: Studio, times: int, complaint: str) -> None:
    small = studio.make("raw.avi", "-c:v", "rawvideo", "-pix_fmt", "bgr24", picture="color=red:s=64x64:r=10:d=1")
    content = small.read_bytes()
    for height in (64, -64):  # a negative height: from the top
        content = content.replace(struct.pack("<Ii", 64, height), struct.pack("<Ii", 64 * times, height * times))
    refused(studio, "bomb.avi", content, complaint)


def test_a_frame_that_grows_on_the_way_is_not_decoded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header says 64 x 64 and the second half is 640 x 360; the limit stands between the two."""
    monkeypatch.setattr("video_pipeline.ffmpeg.foreign.workpiece.MAX_PIXELS", 100_000)
    parts = [
        studio.make(
            f"part{size}.ts", *H264, "-output_ts_offset", start, picture=f"testsrc2=s={size}:r=10:d=3"
        ).read_bytes()
        for size, start in (("64x64", "0"), ("640x360", "3"))
    ]
    refused(studio, "grows.ts", b"".join(parts), "cut off or damaged: .*exceeds")


def test_an_absurd_length_is_refused(studio: Studio) -> None:
    far = "color=red:s=64x64:r=10:d=0.2,setpts='N*100000/TB'"
    content = studio.make("far.mp4", *H264, "-fps_mode", "passthrough", picture=far).read_bytes()
    refused(studio, "endless.mp4", content, r"lasts [\d.]+ hours; at most 12")


def test_more_than_was_promised_is_not_decoded_for_ever(studio: Studio) -> None:
    """An index that says one second, in front of a minute and a half."""
    content = bytearray(studio.make("long.mkv", *H264, picture="color=red:s=64x64:r=10:d=90").read_bytes())
    place = content.index(b"\x44\x89\x88") + 3  # the length: a float of eight bytes, in milliseconds
    content[place : place + 8] = struct.pack(">d", 1000.0)
    path = studio.folder / "modest.mkv"
    path.write_bytes(content)
    # Matroska does not say how long its streams are: they are read, and what is there is what counts.
    assert survey(path).duration_s == pytest.approx(90, abs=0.2)


def test_tracks_that_lie_in_another_file_stay_there(studio: Studio) -> None:
    """A QuickTime film whose samples are said to be in a file of somebody else's."""
    secret = studio.make("secret.mov", *H264, picture="color=blue:s=320x180:r=10:d=1")
    own = studio.make("own.mov", *H264, picture="color=red:s=320x180:r=10:d=1")
    path = studio.folder / "reference.mov"
    path.write_bytes(with_reference(own.read_bytes(), secret))
    assert str(secret).encode() in path.read_bytes()
    followed = studio.make("followed.mkv", "-enable_drefs", "1", "-use_absolute_path", "1", "-i", str(path), *H264)
    assert rgb_at(followed, [(160, 90)])[0][2] > 200  # who follows the reference gets what it points at
    with pytest.raises(MediaError, match=r"failed with status|cut off or damaged"):
        studio.transcode(path)


def with_reference(film: bytes, target: Path) -> bytes:
    """The film with a data reference (alis) to an absolute path instead of to itself."""
    name = str(target).encode()
    alias = bytes(10) + b"\4disk".ljust(28, b"\0") + bytes(12) + bytes([len(target.name)])
    alias += target.name.encode().ljust(63, b"\0") + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(name)) + name + b"\0" * (len(name) % 2) + b"\xff\xff\0\0"
    entry = struct.pack(">I4sI", len(alias) + 12, b"alis", 0) + alias

    def changed(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">II", 0, 1) + entry if kind == b"dref" else body

    return rebuilt(film, changed)


def rebuilt(content: bytes, changed: Callable[[bytes, bytes], bytes]) -> bytes:
    """The boxes of a film, those that hold others rebuilt with what was changed in them; media stays in front."""
    boxes, place = b"", 0
    while place < len(content):
        size, kind = struct.unpack(">I4s", content[place : place + 8])
        body = content[place + 8 : place + size]
        holds = kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf")
        body = rebuilt(body, changed) if holds else changed(kind, body)
        boxes += struct.pack(">I4s", len(body) + 8, kind) + body
        place += size
    return boxes


def test_only_picture_sound_and_chapters_are_taken(studio: Studio) -> None:
    (studio.folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    (studio.folder / "font.ttf").write_bytes(b"a font, or what calls itself one")
    rich = studio.make(
        "rich.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1"),
        *("-f", "lavfi", "-i", "sine=f=99:d=1", "-i", str(studio.folder / "words.srt")),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", *H264, "-c:a", "aac", "-c:s", "srt"),
        *("-attach", str(studio.folder / "font.ttf"), "-metadata:s:t", "mimetype=font/ttf"),
    )
    path, report = studio.transcode(rich)
    with av.open(str(path)) as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]
    assert b"font" not in path.read_bytes()
    assert "damaged" not in report.command


# the cell


def crashes() -> None:
    os.abort()


def hangs() -> None:
    time.sleep(600)


def grows() -> int:
    return len(bytearray(64 * 2**30))


def says_too_much() -> str:
    return "x" * 2**21


def answers(content: bytes) -> None:
    """Like a parser that was taken over, which writes what it likes to the one who waits."""
    sys._getframe(2).f_locals["writing"].send_bytes(content)


def babbles() -> None:
    answers(b'{"found": ')


def nests() -> None:
    answers(b"[" * 100_000)


def answers_another_question() -> None:
    answers(b"42")


@pytest.mark.parametrize(
    ("behaviour", "complaint"),
    [
        (crashes, "v.mp4 crashes the program"),
        (hangs, "v.mp4 could not be looked at within 2 s"),
        (grows, "more memory than is allowed"),
        (says_too_much, "v.mp4 crashes the program"),
        (babbles, "v.mp4 confuses the program"),
        (nests, "v.mp4 confuses the program"),
        (answers_another_question, "v.mp4 confuses the program"),
    ],
)
def test_what_happens_in_the_cell_stays_there(behaviour: Callable[[], object], complaint: str) -> None:
    assert cell.alone(os.getpid, name="v.mp4", limit_s=30) != os.getpid()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(MediaError, match=complaint):
        cell.alone(behaviour, name="v.mp4", limit_s=2 if behaviour is hangs else 30)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_facts_of_another_kind_are_refused(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    video = studio.flashing("plain.mp4", *H264, seconds=1)
    for facts in ([], {}, {"rate": [1]}, {"rate": [30, 1], "colour": [], "chapters": []}):
        monkeypatch.setattr("video_pipeline.ffmpeg.foreign.survey.alone", lambda *_, facts=facts, **__: facts)
        with pytest.raises(MediaError, match=r"plain\.mp4 confuses the program"):
            survey(video)


def test_who_waits_for_the_cell_can_be_stopped() -> None:
    with pytest.raises(CancelledError, match=r"v\.mp4 was cancelled"):
        cell.alone(hangs, name="v.mp4", limit_s=60, is_stopped=lambda: True)
