"""A video that somebody else made becomes one of ours: what is promised is measured on the file that came out."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from video_pipeline.domain.delivery import LOUDNESS, Rendition
from video_pipeline.domain.errors import CancelledError, InvalidInputError, MachineError, MediaError
from video_pipeline.domain.media import Loudness
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.foreign.conform import Frame, picture_filters
from video_pipeline.ffmpeg.foreign.encoders import SOFTWARE
from video_pipeline.ffmpeg.foreign.levelling import next_trim
from video_pipeline.ffmpeg.foreign.survey import Colour, Footage, ForeignChapter, check_limits, steady_rate
from video_pipeline.ffmpeg.foreign.transcode import chapters_text
from video_pipeline.ffmpeg.program.command import (
    Coding,
    Source,
    foreign_picture_command,
    foreign_sound_command,
    join_command,
    voice_command,
)
from video_pipeline.ffmpeg.sound.programme import Trim
from video_pipeline_tests.ffmpeg.footage import (
    SMALL,
    SMALL_WEBM,
    Studio,
    beeps_of,
    flashes_of,
    frames_of,
    rgb_at,
)
from video_pipeline_tests.ffmpeg.material import Workshop, music, stamps_of, write_sound
from video_pipeline_tests.ffmpeg.program.test_process import ALWAYS

pytestmark = pytest.mark.slow

PLAIN = Footage(
    demuxer="mov",
    codec="h264",
    width=1920,
    height=1080,
    pixel_format="yuv420p",
    colour=Colour(),
    interlaced=False,
    rate=FrameRate(30),
    duration_s=60.0,
    channels=2,
    picture_late_s=0.0,
    sound_late_s=0.0,
    chapters=(),
)
SOURCE = Source(Path("/f"), Path("/in/-y.mov"), "mov", ("h264", "aac"), 1000, 9.5)


def read_without(kind: str) -> tuple[str, ...]:
    words = sorted(["-an" if kind == "a" else "-vn", "-codec_whitelist", "-dn", "-enable_drefs", "-format_whitelist"])
    values = {"-codec_whitelist": "h264,aac", "-enable_drefs": "0", "-format_whitelist": "mov,matroska,mpegts,avi"}
    words += ["-max_pixels", "-protocol_whitelist", "-sn"]
    values |= {"-max_pixels": "1000", "-protocol_whitelist": "file"}
    if kind == "v":
        words.sort()
    return ("-f", "mov", *(each for word in words for each in (word, values.get(word)) if each))


@pytest.fixture
def studio(workshop: Workshop, tmp_path: Path) -> Studio:
    return Studio(workshop, tmp_path, workshop.tools)


# what is run


def test_sound_command_line() -> None:
    assert foreign_sound_command(SOURCE, 0.25, Path("/s")) == (
        *("/f", *ALWAYS, *read_without("v"), "-i", "file:/in/-y.mov", "-filter_complex"),
        "[0:a:0]asetpts=PTS+0.250000/TB[s0];[s0]aresample=48000:async=1:first_pts=0[s1];"
        "[s1]aformat=channel_layouts=stereo:sample_fmts=flt[s2]",
        *("-map", "[s2]", "-f", "f32le", "-acodec", "pcm_f32le", "-t", "9.500000", "file:/s"),
    )


def test_picture_command_line() -> None:
    encoder = SOFTWARE["h264"]
    coding = Coding("mp4", encoder.name, encoder.arguments(1_000_000, FrameRate(30000, 1001)))
    filters = picture_filters(PLAIN, Frame(854, 480, crop=False), can_convert_light=True)
    assert foreign_picture_command(SOURCE, filters, coding, Path("/o")) == (
        *("/f", *ALWAYS, *read_without("a"), "-i", "file:/in/-y.mov", "-filter_complex"),
        "[0:V:0]fps=fps=30:start_time=0[s0];"
        "[s0]scale=flags=lanczos+accurate_rnd+full_chroma_int:h=max(2\\,2*round(min(480\\,854/dar)/2)):"
        "in_color_matrix=bt709:in_range=tv:out_color_matrix=bt709:out_range=tv:"
        "w=max(2\\,2*round(min(854\\,480*dar)/2))[s1];[s1]setsar=sar=1[s2];[s2]format=pix_fmts=yuv420p[s3];"
        "[s3]pad=color=black:h=480:w=854:x=2*trunc((ow-iw)/4):y=2*trunc((oh-ih)/4)[s4];"
        "[s4]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:field_mode=prog:range=tv[s5];"
        "[s5]sidedata=mode=delete[s6]",
        *("-map", "[s6]", "-f", "mp4", "-a53cc", "0", "-bf", "2", "-bufsize", "2000000", "-c:v", "libx264"),
        *("-color_primaries", "bt709", "-color_range", "tv", "-color_trc", "bt709", "-colorspace", "bt709"),
        *("-crf", "20", "-g", "60", "-map_chapters", "-1", "-map_metadata", "-1", "-maxrate", "1000000"),
        *("-preset", "fast", "-profile:v", "high", "-t", "9.500000", "file:/o"),
    )


def test_voice_and_join_command_lines() -> None:
    assert voice_command(Path("/f"), Path("/s"), Coding("mp4", "aac", {"b:a": "128000"}), Path("/v")) == (
        *("/f", *ALWAYS, "-f", "f32le", "-ac", "2", "-ar", "48000", "-i", "file:/s", "-map", "0:a:0"),
        *("-f", "mp4", "-b:a", "128000", "-c:a", "aac", "file:/v"),
    )
    coding = Coding("webm", "copy", {"cues_to_front": "1"})
    inputs = ("-protocol_whitelist", "file", "-i", "file:/p", "-protocol_whitelist", "file", "-i", "file:/v")
    bare = ("-map_metadata:g", "-1", "-map_metadata:s", "-1")
    ending = ("-c", "copy", "-cues_to_front", "1", "-f", "webm", "file:/o")
    assert join_command(Path("/f"), (Path("/p"), Path("/v")), Path("/c"), coding, Path("/o")) == (
        *("/f", *ALWAYS, *inputs, "-f", "ffmetadata", "-protocol_whitelist", "file", "-i", "file:/c"),
        *("-map", "0:0", "-map", "1:0", *bare, "-map_chapters", "2", *ending),
    )
    assert join_command(Path("/f"), (Path("/p"), Path("/v")), None, coding, Path("/o")) == (
        *("/f", *ALWAYS, *inputs, "-map", "0:0", "-map", "1:0", *bare, "-map_chapters", "-1"),
        *ending,
    )


# what is decided


@pytest.mark.parametrize(
    ("average", "nominal", "expected"),
    [
        ("30000/1001", "30000/1001", "30000/1001"),
        ("24", "24", "24"),
        ("25", "25", "25"),
        ("299/10", "299/10", "299/10"),  # steady, however strange
        ("120", "120", "60"),
        ("120000/1001", "120000/1001", "60000/1001"),
        ("240", "240", "60"),
        ("100", "100", "50"),
        ("29.92", "30", "30"),  # a phone
        ("21.3", "30", "30"),  # a phone in the dark
        ("21.3", "90000", "24000/1001"),
        ("30", "90000", "30"),
        ("29.97003", "90000", "30000/1001"),  # a camera with a fine clock
        ("12.7", "1000", "24000/1001"),  # a screen recorder
        ("59.6", "1000", "60000/1001"),
        ("75.5", "1000", "151/4"),
        ("1/10", "1/10", "1"),  # a picture every ten seconds
        (None, "25", "25"),
        (None, None, "30"),
    ],
)
def test_the_rate_is_the_sources_own(average: str | None, nominal: str | None, expected: str) -> None:
    def fraction(word: str | None) -> Fraction | None:
        return Fraction(word) if word else None

    assert str(steady_rate(fraction(average), fraction(nominal))) == expected


def test_fields_are_no_frames() -> None:
    assert str(steady_rate(Fraction(25), Fraction(50), interlaced=True)) == "25"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"width": 16384, "height": 16384}, r"frames of 16384 x 16384; at most 35,651,584 pixels"),
        ({"duration_s": 40 * 3600.0}, r"lasts 40.0 hours; at most 12"),
        ({"width": 7680, "height": 4320, "duration_s": 11 * 3600.0}, r"pixels in all \(7680 x 4320"),
    ],
)
def test_what_would_take_days_is_refused_before_anything_is_done(change: dict[str, float], complaint: str) -> None:
    check_limits(replace(PLAIN, duration_s=11 * 3600.0), "fine.mp4")
    with pytest.raises(MediaError, match=complaint):
        check_limits(replace(PLAIN, **change), "bomb.mp4")


def test_an_ffmpeg_without_zscale_converts_the_matrix_at_least() -> None:
    bright = replace(PLAIN, colour=Colour(9, 16, 9, 1))
    able = [name for name, _ in picture_filters(bright, Frame(854, 480, crop=False), can_convert_light=True)]
    assert able.count("zscale") == 3
    assert "tonemap" in able
    unable = dict(picture_filters(bright, Frame(854, 480, crop=False), can_convert_light=False))
    assert "zscale" not in unable
    assert unable["scale"]["in_color_matrix"] == "bt2020"


def test_titles_of_chapters_are_only_words() -> None:
    chapters = (ForeignChapter(0, 1500, "A=B;C#D\\E"), ForeignChapter(1500, 3000, ""))
    assert chapters_text(chapters) == (
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=A\\=B\\;C\\#D\\\\E\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1500\nEND=3000\ntitle=\n"
    )


def test_what_is_changed_after_encoding() -> None:
    last = Trim(3.0, -2.0)
    assert next_trim(Loudness(-14.1, -1.0, 5), last) is None
    assert next_trim(Loudness(-70.0, -120.0, 0), last) is None
    louder = next_trim(Loudness(-14.4, -0.7, 5), last)
    assert louder is not None
    assert louder.gain_db == pytest.approx(0.4)
    assert louder.ceiling_dbtp == pytest.approx(-2.4)


# what comes out


def test_loudness_that_was_not_reached_is_told(studio: Studio) -> None:
    """One click in a minute of near silence: no gain that is allowed makes it as loud as it should be."""
    click = "aevalsrc='0.9*lt(abs(t-5)\\,0.0005)+0.0004*sin(2765*t)':s=48000:d=8"
    studio.make("click.mkv", "-c:v", "libx264", "-c:a", "flac", "-ac", "2", picture="color=s=320x180:d=8", sound=click)
    path, report = studio.transcode(studio.folder / "click.mkv")
    integrated, _ = studio.workshop.loudness(path)
    assert abs(integrated - LOUDNESS.integrated_lufs) > LOUDNESS.tolerance_lu
    assert f"the sound has {report.loudness.integrated_lufs:.1f} LUFS and" in report.command
    assert report.loudness.integrated_lufs == pytest.approx(integrated, abs=0.1)


def check_promises(studio: Studio, path: Path, rendition: Rendition, frames: int, rate: FrameRate) -> None:
    """What every result has, whatever went in."""
    facts = studio.tools.inspect(path)
    rung = rendition.rung
    assert (facts["width"], facts["height"], facts["frames"]) == (rung.width, rung.height, frames)
    assert facts["pixel_format"] == "yuv420p"
    assert facts["color_space"] == "bt709"
    assert facts["index_first"]
    assert (facts["audio_rate"], facts["audio_channels"]) == (48_000, 2)
    assert abs(facts["audio_s"] - facts["video_s"]) < float(1 / rate.fraction) + 0.021
    stamps = stamps_of(path, "video")
    step, grid = float(1 / rate.fraction), 0.0011 if path.suffix == ".webm" else 1e-6
    assert stamps.pts == pytest.approx([number * step for number in range(frames)], abs=grid)
    assert stamps.dts == sorted(set(stamps.dts))
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        assert [stream.type for stream in file.streams if stream.type != "data"] == ["video", "audio"]
        assert video.sample_aspect_ratio in (None, 1)
        context = video.codec_context
        assert (context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1)
        keys = [float(packet.pts * packet.time_base) for packet in file.demux(video) if packet.is_keyframe]
    assert keys[0] == pytest.approx(0, abs=grid)
    assert max(np.diff([*keys, frames * step])) <= 2 + step
    assert b"elst" not in path.read_bytes()[: path.stat().st_size // 2]
    assert "error" not in studio.workshop.run("-v", "warning", "-i", str(path), "-f", "null", "-").lower()


def test_a_video_of_a_phone(studio: Studio) -> None:
    """Held upright, with its place in the metadata, a name, a cover, subtitles, chapters and one channel of sound."""
    folder = studio.folder
    studio.flashing("upright.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-ac", "1", "-ar", "44100")
    (folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nhello\n")
    (folder / "chapters.txt").write_text(
        ";FFMETADATA1\ntitle=secret\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=One \\= \\#1\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1500\nEND=3000\ntitle=Two\n"
    )
    phone = studio.make(
        "phone.mp4",
        *("-display_rotation", "90", "-i", str(folder / "upright.mp4"), "-i", str(folder / "words.srt")),
        *("-i", str(folder / "chapters.txt"), "-map", "0", "-map", "1", "-map_metadata", "2", "-map_chapters", "2"),
        *("-c", "copy", "-c:s", "mov_text", "-metadata", "location=+37.1234-122.5678/"),
        *("-metadata", "comment=my home", "-movflags", "use_metadata_tags"),
    )
    assert b"+37.1234" in phone.read_bytes()
    reported: list[tuple[float, str]] = []
    path, report = studio.transcode(phone, report=lambda share, message: reported.append((share, message)))
    check_promises(studio, path, SMALL, 90, FrameRate(30))

    assert (report.frames, report.width, report.height, report.duration_s) == (90, 320, 180, 3.0)
    assert (report.video_codec, report.audio_codec) == ("h264", "aac")
    assert report.media.bytes == path.stat().st_size
    shares = [share for share, _ in reported]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    # Upright it is 180 x 320, so a third of the width between black bars.
    flash = frames_of(path)[0]
    assert flash[:, 112:208].min() > 200
    assert flash[:, :100].max() < 30
    assert flash[:, 220:].max() < 30
    for secret in (b"+37.1234", b"secret", b"my home", b"hello"):
        assert secret not in path.read_bytes()
    with av.open(str(path)) as file:
        chapters = file.chapters()
    assert [chapter["metadata"]["title"] for chapter in chapters] == ["One = #1", "Two"]
    assert [float(chapter["start"] * chapter["time_base"]) for chapter in chapters] == [0.0, 1.5]
    assert flashes_of(path) == pytest.approx([0, 1, 2], abs=0.001)
    assert beeps_of(studio.workshop.sound_of(path)) == pytest.approx([0, 1, 2], abs=0.02)
    integrated, peak = studio.workshop.loudness(path)
    assert integrated == pytest.approx(LOUDNESS.integrated_lufs, abs=LOUDNESS.tolerance_lu)
    assert peak <= LOUDNESS.true_peak_dbtp
    assert report.loudness.integrated_lufs == pytest.approx(integrated, abs=0.1)
    assert list((studio.folder).glob("*.part")) == []


def test_a_source_that_is_called_like_a_part_of_its_result_stays(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`film.mp4.part` was written over and removed, and removed even when nothing had been written."""
    source = studio.folder / "out.mp4.part"
    source.write_bytes(studio.flashing("plain.mp4", "-c:v", "libx264", "-c:a", "aac", seconds=1).read_bytes())
    content = source.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(1, 1, 0))
        with pytest.raises(MachineError, match="make room"):
            studio.transcode(source)
    assert source.read_bytes() == content
    path, report = studio.transcode(source)
    assert (path.name, report.frames) == ("out.mp4", 30)
    assert source.read_bytes() == content
    assert {each.name for each in studio.folder.iterdir()} == {"plain.mp4", "out.mp4.part", "out.mp4"}


def test_a_broadcast_to_webm(studio: Studio) -> None:
    """A transport stream: interlaced, pixels that are not square, six channels, the picture late."""
    moving = "testsrc2=s=720x576:r=50:d=3,drawbox=x='mod(t*800\\,720)':w=80:h=576:c=white:t=fill"
    # Sound in the surround channels only must not be lost.
    six = "aevalsrc='0|0|0|0|0.2*sin(2765*t)|0.2*sin(2765*t)':c=5.1:s=48000:d=3"
    studio.make(
        "fields.ts",
        *("-vf", "interlace=lowpass=0,setsar=64/45", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-b:v", "6M"),
        *("-c:a", "ac3"),
        picture=moving,
        sound=six,
    )
    path, report = studio.transcode(studio.folder / "fields.ts", SMALL_WEBM)
    check_promises(studio, path, SMALL_WEBM, 75, FrameRate(25))
    assert (report.video_codec, report.audio_codec) == ("vp9", "opus")
    integrated, _ = studio.workshop.loudness(path)
    assert integrated == pytest.approx(-14, abs=0.5)
    # 1024:576 is wider than 16:9 by nothing: no bars. Fields that were left in would comb every edge of the bar.
    frames = frames_of(path)
    assert frames[10][:, 2].mean() > 30
    assert max(comb(frame) for frame in frames[5:40:7]) < 2 * comb(frames_of_progressive(studio, moving)[10])


def comb(frame: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> float:
    """How much rows differ from both neighbours in the same direction."""
    rows = frame.astype(float)
    above, below = rows[1:-1] - rows[:-2], rows[1:-1] - rows[2:]
    return float(np.sqrt(np.maximum(above * below, 0)).mean())


def frames_of_progressive(studio: Studio, moving: str) -> list[np.ndarray[tuple[int, int], np.dtype[np.uint8]]]:
    path = studio.make("p.mp4", "-vf", "fps=25,scale=320:180", "-c:v", "libx264", "-t", "1", picture=moving)
    return frames_of(path)


@pytest.mark.parametrize("name", ["late.ts", "late.mp4", "late.mkv", "plain.avi"])
def test_picture_and_sound_stay_together(studio: Studio, name: str) -> None:
    source = studio.flashing("source.mp4", "-c:v", "libx264", "-bf", "3", "-c:a", "aac")
    late = ("-i", str(source), "-itsoffset", "0.7", "-i", str(source), "-map", "0:v", "-map", "1:a", "-c", "copy")
    arguments = ("-i", str(source), "-c:v", "mpeg4", "-c:a", "pcm_s16le") if name == "plain.avi" else late
    path, report = studio.transcode(studio.make(name, *arguments))
    delay = 0.0 if name == "plain.avi" else 0.7
    assert report.frames in (90, 91)  # 21 ms of a packet that only fills the decoder may count
    flashes, beeps = flashes_of(path), beeps_of(studio.workshop.sound_of(path))
    assert [beep - flash for flash, beep in zip(flashes, beeps, strict=False)] == pytest.approx(
        [delay] * len(beeps), abs=0.034
    )
    assert len(beeps) == 3


def test_a_silent_video_of_an_odd_size_and_a_fast_rate(studio: Studio) -> None:
    video = studio.make("odd.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv444p", picture="testsrc2=s=333x187:r=120:d=1")
    path, report = studio.transcode(video)
    check_promises(studio, path, SMALL, 60, FrameRate(60))
    assert "no sound" in report.command
    assert np.abs(studio.workshop.sound_of(path)).max() == 0
    assert report.loudness.integrated_lufs == -70


def test_av1_where_the_program_has_it(studio: Studio) -> None:
    """libsvtav1 introduces itself in twenty lines of messages, which are no complaints."""
    rendition = Rendition.parse("av1", "320x180@300k")
    video = studio.flashing("clip.mp4", "-c:v", "libx264", "-c:a", "aac", rate="24000/1001", seconds=2)
    path, report = studio.transcode(video, rendition)
    check_promises(studio, path, rendition, 48, FrameRate(24000, 1001))
    assert studio.tools.inspect(path)["video_codec"] in ("libdav1d", "av1")
    assert "damaged" not in report.command


def test_a_wavering_rate_becomes_steady(studio: Studio) -> None:
    wavering = studio.make(
        "vfr.mp4",
        *("-vf", "select='not(eq(mod(n\\,7)\\,3))*not(eq(mod(n\\,11)\\,5))'", "-fps_mode", "vfr", "-c:v", "libx264"),
        picture="testsrc2=s=320x180:r=30000/1001:d=3",
    )
    path, report = studio.transcode(wavering)
    check_promises(studio, path, SMALL, report.frames, FrameRate(30000, 1001))
    assert report.frames in (89, 90)


def test_crop_fills_the_frame(studio: Studio) -> None:
    """A tall picture: red above, green in the middle, blue below."""
    bands = "color=red:s=180x120:r=10:d=1[a];color=lime:s=180x120:r=10:d=1[b];color=blue:s=180x120:r=10:d=1[c]"
    tall = studio.make(
        "tall.mp4", "-filter_complex", f"{bands};[a][b][c]vstack=3", "-c:v", "libx264", "-pix_fmt", "yuv444p"
    )
    path, _ = studio.transcode(tall, crop=True, out="crop")
    assert rgb_at(path, [(10, 10), (160, 90), (310, 170)]) == [pytest.approx((0, 255, 0), abs=6)] * 3
    path, _ = studio.transcode(tall, out="fit")
    middle = rgb_at(path, [(10, 90), (160, 20), (160, 90), (160, 160)])
    assert middle[0] == pytest.approx((0, 0, 0), abs=4)
    assert [max(range(3), key=colour.__getitem__) for colour in middle[1:]] == [0, 1, 2]


@pytest.mark.parametrize(
    "options",
    [
        ("-vf", "scale=out_color_matrix=bt601,format=yuv420p", "-c:v", "libx264", "-qp", "4"),  # says nothing: SD
        ("-vf", "scale=out_color_matrix=bt709,format=yuv420p", "-colorspace", "bt709", "-c:v", "libx264", "-qp", "4"),
        ("-vf", "scale=out_range=pc:out_color_matrix=bt601,format=yuvj420p", "-c:v", "mjpeg", "-q:v", "1"),
        ("-c:v", "ffv1", "-pix_fmt", "bgr0"),
        ("-vf", "scale=out_color_matrix=bt2020,format=yuv420p10le", "-colorspace", "bt2020nc", "-c:v", "libx265"),
    ],
)
def test_colours_stay_what_they_were(studio: Studio, options: tuple[str, ...]) -> None:
    colours = [(200, 40, 40), (40, 180, 60), (50, 60, 210), (230, 220, 40), (128, 128, 128)]
    graph = "".join(
        f"color=0x{r:02x}{g:02x}{b:02x}:s=64x180:r=10:d=1,format=gbrp[c{index}];"
        for index, (r, g, b) in enumerate(colours)
    )
    joined = "".join(f"[c{index}]" for index in range(len(colours))) + f"hstack={len(colours)}"
    plain = studio.make("plain.mkv", "-filter_complex", graph + joined, "-c:v", "ffv1")
    quiet = ("-x265-params", "log-level=0:colormatrix=bt2020nc") if "libx265" in options else ()
    source = studio.make("source.mkv", "-i", str(plain), *options, *quiet)
    path, _ = studio.transcode(source)
    found = rgb_at(path, [(32 + 64 * index, 90) for index in range(len(colours))])
    assert found == [pytest.approx(colour, abs=5) for colour in colours]


@pytest.mark.parametrize(("transfer", "name"), [(16, "smpte2084"), (18, "arib-std-b67")])
def test_light_beyond_white_is_brought_down(studio: Studio, transfer: int, name: str) -> None:
    """Grey steps of 0, 20, 100, 203 and 1000 cd/m2: dark ones stay, paper white is bright, the sun is white."""
    nits = np.array([0, 20, 100, 203, 1000])
    levels = pq(nits) if transfer == 16 else hlg(nits)
    luma = np.repeat(np.rint(64 + 876 * levels).astype(np.uint16), 64)[None].repeat(180, axis=0)
    raw = studio.folder / "steps.yuv"
    raw.write_bytes((luma.tobytes() + np.full(320 * 90, 512, np.uint16).tobytes()) * 10)
    video = studio.make(
        "bright.mp4",
        *("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "320x180", "-r", "10", "-i", str(raw), "-c:v", "libx265"),
        *("-x265-params", f"log-level=0:colorprim=bt2020:transfer={name}:colormatrix=bt2020nc:range=limited:qp=8"),
    )
    path, report = studio.transcode(video)
    check_promises(studio, path, SMALL, 10, FrameRate(10))
    grey = [round(sum(colour) / 3) for colour in rgb_at(path, [(32 + 64 * index, 90) for index in range(5)])]
    assert grey == sorted(grey)
    assert grey[0] <= 2
    # 20 cd/m2 against a white of 203: by BT.709's curve 0.33.
    assert 60 <= grey[1] <= 105
    assert 150 <= grey[2] <= 200
    assert 195 <= grey[3] <= 235
    assert grey[4] >= 240
    assert "not mapped" not in report.command


def pq(nits: np.ndarray[tuple[int], np.dtype[np.int_]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """SMPTE ST 2084."""
    y = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(nits: np.ndarray[tuple[int], np.dtype[np.int_]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """ITU-R BT.2100, a screen of 1000 cd/m2 with a gamma of 1.2."""
    light = (nits / 1000) ** (1 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
    return np.where(light <= 1 / 12, np.sqrt(3 * light), bright)


def test_peaks_are_limited_and_nothing_is_pumped(studio: Studio) -> None:
    """Quiet music, loud clicks: the level between the clicks is the same before and after them."""
    samples = music(12, 1, 0.02)
    samples[2 * 48_000 : 10 * 48_000 : 12_000] = 0.95
    write_sound(studio.folder / "clicks.wav", samples)
    video = studio.make(
        "clicks.mkv",
        *("-i", str(studio.folder / "clicks.wav"), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"),
        picture="color=gray:s=64x36:r=10:d=12",
    )
    path, report = studio.transcode(video)
    integrated, peak = studio.workshop.loudness(path)
    assert integrated == pytest.approx(-14, abs=0.5)
    assert peak <= -1.0
    assert report.loudness.true_peak_dbtp == pytest.approx(peak, abs=0.15)
    made = studio.workshop.sound_of(path)
    quiet = [level(made, 0.5, 1.8) / level(samples, 0.5, 1.8), level(made, 10.3, 11.8) / level(samples, 10.3, 11.8)]
    assert quiet[0] == pytest.approx(quiet[1], rel=0.04)


def level(sound: np.ndarray[tuple[int, int], np.dtype[np.floating]], start: float, stop: float) -> float:
    return float(np.sqrt(np.square(sound[round(start * 48_000) : round(stop * 48_000)], dtype=float).mean()))


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_the_ceiling_holds_for_a_picture_that_is_hard_to_pack(studio: Studio, container: str) -> None:
    """libvpx alone would use half as much again as it was told to."""
    noise = studio.make(
        "noise.mkv", "-vf", "noise=alls=30:allf=t", "-c:v", "huffyuv", picture="testsrc2=s=320x180:r=25:d=5"
    )
    path, _ = studio.transcode(noise, Rendition.parse(container, "320x180@300k"))
    with av.open(str(path)) as file:
        size = sum(packet.size for packet in file.demux(video=0))
    # The buffer of two seconds may be full at the start.
    assert size * 8 <= 300_000 * (5 + 2) * 1.05


# what goes wrong


def test_cancelling_leaves_nothing(studio: Studio, workshop: Workshop) -> None:
    video = studio.make("long.mkv", "-c:v", "huffyuv", picture="testsrc2=s=640x360:r=60:d=20")
    far: list[float] = []
    with pytest.raises(CancelledError):
        studio.transcode(
            video,
            Rendition.parse("webm", "1280x720"),
            report=lambda share, _: far.append(share),
            cancelled=lambda: bool(far) and far[-1] > 0.05,
        )
    assert 0.05 < far[-1] < 0.9
    assert [path.name for path in studio.folder.iterdir()] == ["long.mkv"]
    assert list((workshop.folder / "cache" / "sessions").iterdir()) == []
    assert [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()] == []


def test_a_small_disk_is_noticed_before_the_work(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    video = studio.flashing("clip.mp4", "-c:v", "libx264", "-c:a", "aac")
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(MachineError, match=r"may need .* MB at .* 1 MB are free: make room"):
        studio.transcode(video)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [50_000, 1_200_000])
def test_a_disk_that_becomes_full_is_a_fault_of_the_machine(studio: Studio, size: int) -> None:
    """First the picture does not fit; then the raw sound does, but not the file that is joined."""
    video = studio.flashing("clip.mp4", "-vf", "noise=alls=60:allf=t", "-c:v", "libx264", "-c:a", "aac")
    with largest_file(size), pytest.raises(MachineError, match="no room"):
        studio.transcode(video, Rendition.parse("mp4", "640x360@9000k"))
    assert [path.name for path in studio.folder.iterdir()] == ["clip.mp4"]


def test_the_video_itself_is_never_written(studio: Studio) -> None:
    video = studio.flashing("out.mp4", "-c:v", "libx264", "-c:a", "aac")
    before = video.read_bytes()
    with pytest.raises(InvalidInputError, match="video itself"):
        studio.transcode(video)
    with pytest.raises(InvalidInputError, match="no directory"):
        studio.transcode(video, out="nowhere/out")
    with pytest.raises(InvalidInputError, match="m4a has no picture"):
        studio.transcode(video, Rendition.parse("m4a", "high"))
    assert video.read_bytes() == before
