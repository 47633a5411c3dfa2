"""Owns the command lines of ffmpeg as values; hides nothing, starts nothing.

Inputs are hostile until shown otherwise: the demuxer is forced to what the first bytes say, demuxers that follow
references (concat, hls, ...) are not allowed, only local files are opened, and names are absolute behind `file:`, so
that a name like `-y`, `concat:x` or `pic%03d.png` is nothing but a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from video_pipeline.domain.timebase import SAMPLE_RATE, FrameRate

Argv = tuple[str, ...]

Filter = tuple[str, dict[str, str]]
"""A filter of ffmpeg and its options."""

AUDIO_DEMUXERS = ("flac", "wav", "mp3", "ogg", "mov", "aac", "aiff")
VIDEO_DEMUXERS = ("mov", "matroska")
FOREIGN_DEMUXERS = ("mov", "matroska", "mpegts", "avi")

MUSIC_DECODERS = (
    *("flac", "alac", "mp3float", "mp3", "aac", "vorbis", "libvorbis", "opus", "libopus", "ac3", "eac3"),
    *("pcm_s8", "pcm_u8", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav"),
    *(f"pcm_{sort}{bits}{order}" for sort in "sf" for bits in (16, 24, 32, 64) for order in ("le", "be")),
)
"""What decodes music. A picture in the tags of a file stays unopened: it may be larger than any memory."""

UNLENT = ("not on whitelist", "Last message repeated")
"""Complaints of ffmpeg that a stream's decoder is not lent; it looks at streams as well that are not used."""

FLAC_CHECKS = "crccheck+bitstream+buffer+explode"
"""A FLAC frame carries a checksum; without this a damaged one is decoded to noise and nobody hears of it."""

NO_REFERENCES = {"enable_drefs": "0"}
"""For MP4 and MOV: tracks whose samples lie in another file stay empty."""

LONGEST_TRACK_S = 4 * 3600
"""A small file can decode to days of silence; nobody orders a piece of music of more than four hours."""


@dataclass(frozen=True, slots=True)
class Source:
    """A foreign video and what is allowed while reading it."""

    binary: Path
    video: Path
    demuxer: str
    decoders: tuple[str, ...]
    max_pixels: int  # of one frame
    limit_s: float  # of what is decoded, whatever it says


@dataclass(frozen=True, slots=True)
class Coding:
    """How something is encoded and written."""

    muxer: str
    encoder: str
    options: Mapping[str, str]
    device: tuple[str, ...] = ()  # global arguments that open the hardware
    upload: tuple[Filter, ...] = ()  # filters that bring frames there


@dataclass(frozen=True, slots=True)
class Raw:
    """Frames of BT.709 4:2:0 that lie in a file one behind the other."""

    file: Path
    width: int
    height: int
    rate: FrameRate


_ALWAYS = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y")


def decode_command(binary: Path, audio: Path, demuxer: str, out: Path) -> Argv:
    """Decode the first audio stream of `audio` to raw 32-bit float, 48 kHz, stereo, interleaved."""
    options: dict[str, str | None] = {"codec_whitelist": ",".join(MUSIC_DECODERS), **dict.fromkeys(("vn", "sn", "dn"))}
    if demuxer == "flac":
        options["err_detect"] = FLAC_CHECKS
    if demuxer == "mov":
        options |= NO_REFERENCES
    sound = _input(audio, demuxer, AUDIO_DEMUXERS, **options)["a:0"]
    graph = sound.filter("aresample", SAMPLE_RATE).filter("aformat", sample_fmts="flt", channel_layouts="stereo")
    return _compile(binary, ffmpeg.output(graph, _name(out), format="f32le", acodec="pcm_f32le", t=LONGEST_TRACK_S))


def poster_command(binary: Path, video: Path, demuxer: str, at_s: float, out: Path) -> Argv:
    """Write the frame at `at_s` seconds as a JPEG, whose colours are those of BT.601 at full range by definition."""
    picture = _input(video, demuxer, VIDEO_DEMUXERS, ss=f"{at_s:.6f}")["v:0"]
    graph = picture.filter(
        "scale", in_color_matrix="bt709", in_range="tv", out_color_matrix="bt601", out_range="pc"
    ).filter("format", "yuvj420p")
    # -update 1: the output is one file, not a pattern of numbered ones.
    return _compile(
        binary, ffmpeg.output(graph, _name(out), format="image2", update=1, vcodec="mjpeg", vframes=1, **{"q:v": 2})
    )


def foreign_sound_command(source: Source, late_s: float, out: Path) -> Argv:
    """Decode the first sound of a foreign video to raw 32-bit float, 48 kHz, stereo, as it lies under the picture.

    `late_s` is how long after the beginning it starts where ffmpeg does not see to it.
    """
    # Silence where the times of the sound have gaps, and before its start; more channels are mixed down.
    times = {"async": 1, "first_pts": 0}
    graph = (
        _foreign(source, skip="v")["a:0"]
        .filter("asetpts", f"PTS+{late_s:.6f}/TB")
        .filter("aresample", SAMPLE_RATE, **times)
        .filter("aformat", sample_fmts="flt", channel_layouts="stereo")
    )
    return _compile(
        source.binary, ffmpeg.output(graph, _name(out), format="f32le", acodec="pcm_f32le", t=_seconds(source.limit_s))
    )


def foreign_picture_command(source: Source, filters: Sequence[Filter], coding: Coding, out: Path) -> Argv:
    """Decode the picture of a foreign video, filter and encode it; no sound, no other stream, no metadata."""
    # The capital letter leaves out pictures that are attached, such as covers.
    graph = _filtered(_foreign(source, skip="a")["V:0"], (*filters, *coding.upload))
    written = {**_pictured(coding), "t": _seconds(source.limit_s)}
    argv = _compile(source.binary, ffmpeg.output(graph, _name(out), **written))
    return (argv[0], *coding.device, *argv[1:])


def raw_picture_command(binary: Path, raw: Raw, filters: Sequence[Filter], coding: Coding, out: Path) -> Argv:
    """Encode raw frames as the picture of a foreign video is encoded."""
    # ffmpeg-python takes what is called video_size apart.
    frames = {"pixel_format": "yuv420p", "s": f"{raw.width}x{raw.height}", "framerate": str(raw.rate)}
    graph = _filtered(ffmpeg.input(_name(raw.file), format="rawvideo", **frames)["v:0"], filters)
    return _compile(binary, ffmpeg.output(graph, _name(out), **_pictured(coding)))


def _pictured(coding: Coding) -> dict[str, str]:
    """The options with which a picture is written: nothing else with it, and its colours said."""
    return {
        "map_metadata": "-1",
        "map_chapters": "-1",
        "format": coding.muxer,
        "c:v": coding.encoder,
        **coding.options,
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "colorspace": "bt709",
        "color_range": "tv",
    }


def voice_command(binary: Path, pcm: Path, coding: Coding, out: Path) -> Argv:
    """Encode raw 32-bit float, 48 kHz, stereo."""
    sound = ffmpeg.input(_name(pcm), format="f32le", ar=SAMPLE_RATE, ac=2)["a:0"]
    written = {"format": coding.muxer, "c:a": coding.encoder, **coding.options}
    return _compile(binary, ffmpeg.output(sound, _name(out), **written))


def join_command(binary: Path, parts: Sequence[Path], chapters: Path | None, coding: Coding, out: Path) -> Argv:
    """Copy a stream of each of `parts`, which this room made, into one file with the chapters of an ffmetadata file."""
    argv = [str(binary), *_ALWAYS]
    for part in parts:
        argv += ["-protocol_whitelist", "file", "-i", _name(part)]
    if chapters is not None:
        argv += ["-f", "ffmetadata", "-protocol_whitelist", "file", "-i", _name(chapters)]
    for index in range(len(parts)):
        argv += ["-map", f"{index}:0"]
    # Of the file and of the streams; those of chapters are their titles.
    argv += ["-map_metadata:g", "-1", "-map_metadata:s", "-1"]
    argv += ["-map_chapters", str(len(parts)) if chapters else "-1", "-c", "copy"]
    for name, value in coding.options.items():
        argv += [f"-{name}", value]
    return (*argv, "-f", coding.muxer, _name(out))


def trial_command(binary: Path, picture: str, coding: Coding, out: Path) -> Argv:
    """Encode the moving test picture that a lavfi graph such as `testsrc2=duration=1` describes."""
    graph = _filtered(ffmpeg.input(picture, format="lavfi")["v:0"], coding.upload)
    written = {"format": coding.muxer, "c:v": coding.encoder, **coding.options}
    argv = _compile(binary, ffmpeg.output(graph, _name(out), **written))
    return (argv[0], *coding.device, *argv[1:])


def compare_command(binary: Path, encoded: Path, muxer: str, picture: str, stats: Path) -> Argv:
    """Decode what `trial_command` made and write the PSNR of each frame against the test picture to `stats`."""
    made = ffmpeg.input(_name(encoded), format=muxer, protocol_whitelist="file")["v:0"].filter("format", "yuv420p")
    right = ffmpeg.input(picture, format="lavfi")["v:0"].filter("format", "yuv420p")
    # Frames are compared by their number, whatever the container made of their times.
    numbered = [stream.filter("settb", "1/25").filter("setpts", "N") for stream in (made, right)]
    graph = ffmpeg.filter(numbered, "psnr", shortest=1, stats_file=str(stats.absolute()))
    return _compile(binary, ffmpeg.output(graph, "-", format="null"))


def with_progress(command: Argv, descriptor: int) -> Argv:
    """The same command that also writes its progress to an inherited file descriptor twice a second."""
    return (command[0], "-progress", f"pipe:{descriptor}", "-stats_period", "0.5", *command[1:])


def _input(path: Path, demuxer: str, allowed: tuple[str, ...], **options: str | None) -> ffmpeg.nodes.FilterableStream:
    return ffmpeg.input(
        _name(path), format=demuxer, protocol_whitelist="file", format_whitelist=",".join(allowed), **options
    )


def _foreign(source: Source, skip: str) -> ffmpeg.nodes.FilterableStream:
    options: dict[str, str | None] = {
        "codec_whitelist": ",".join(source.decoders),
        # A stream may grow beyond what its header says.
        "max_pixels": str(source.max_pixels),
        f"{skip}n": None,
        "sn": None,
        "dn": None,
    }
    if source.demuxer == "mov":
        options |= NO_REFERENCES
    return _input(source.video, source.demuxer, FOREIGN_DEMUXERS, **options)


def _filtered(stream: ffmpeg.nodes.FilterableStream, filters: Iterable[Filter]) -> ffmpeg.nodes.FilterableStream:
    for name, options in filters:
        stream = stream.filter(name, **options)
    return stream


def _seconds(value: float) -> str:
    return f"{value:.6f}"


def _name(path: Path) -> str:
    return f"file:{path.absolute()}"


def _compile(binary: Path, output: ffmpeg.nodes.OutputStream) -> Argv:
    argv = ffmpeg.compile(output, cmd=str(binary))
    return (argv[0], *_ALWAYS, *argv[1:])
