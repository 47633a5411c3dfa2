"""Owns the command lines of ffmpeg as values; hides nothing, starts nothing.

Inputs are hostile until shown otherwise: the demuxer is forced to what the first bytes say, demuxers that follow
references (concat, hls, ...) are not allowed, only local files are opened, and names are absolute behind `file:`, so
that a name like `-y`, `concat:x` or `pic%03d.png` is nothing but a name.
"""

from __future__ import annotations

from pathlib import Path

import ffmpeg

from video_pipeline.domain.timebase import SAMPLE_RATE

Argv = tuple[str, ...]

AUDIO_DEMUXERS = ("flac", "wav", "mp3", "ogg", "mov", "aac", "aiff")
VIDEO_DEMUXERS = ("mov", "matroska")

LONGEST_TRACK_S = 4 * 3600
"""A small file can decode to days of silence; nobody orders a piece of music of more than four hours."""

_ALWAYS = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y")


def decode_command(binary: Path, audio: Path, demuxer: str, out: Path) -> Argv:
    """Decode the first audio stream of `audio` to raw 32-bit float, 48 kHz, stereo, interleaved."""
    sound = _input(audio, demuxer, AUDIO_DEMUXERS)["a:0"]
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


def with_progress(command: Argv, descriptor: int) -> Argv:
    """The same command that also writes its progress to an inherited file descriptor twice a second."""
    return (command[0], "-progress", f"pipe:{descriptor}", "-stats_period", "0.5", *command[1:])


def _input(path: Path, demuxer: str, allowed: tuple[str, ...], **options: str) -> ffmpeg.nodes.FilterableStream:
    return ffmpeg.input(
        _name(path), format=demuxer, protocol_whitelist="file", format_whitelist=",".join(allowed), **options
    )


def _name(path: Path) -> str:
    return f"file:{path.absolute()}"


def _compile(binary: Path, output: ffmpeg.nodes.OutputStream) -> Argv:
    argv = ffmpeg.compile(output, cmd=str(binary))
    return (argv[0], *_ALWAYS, *argv[1:])
