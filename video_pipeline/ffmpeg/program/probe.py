"""Owns reading facts from a finished video file; hides containers and PyAV. No ffprobe is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.program.sniff import audio_demuxer, video_demuxer

BLACK_LUMA = 20
"""Mean luma at limited range (black is 16) up to which a frame counts as black."""

# ITU-T H.273, tables 2 to 4: the code points of HD, of both SD systems and of UHD.
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020"}
_TRANSFERS = {1: "bt709", 6: "smpte170m", 13: "srgb", 16: "pq", 18: "hlg"}
_MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc"}
_RANGES = {1: "limited", 2: "full"}

_NO_PICTURE = {
    **dict.fromkeys(("width", "height", "frames"), 0),
    **dict.fromkeys(("video_s", "first_pts_s"), 0.0),
    **dict.fromkeys(
        ("video_codec", "video_profile", "pixel_format", "color_space", "color_primaries", "color_transfer"), ""
    ),
    "rate": "0",
    "color_range": "",
    "sample_aspect": "",
}


def open_video(video: Path) -> InputContainer:
    """Open a video file of a kind that is accepted, and nothing that it may refer to; MediaError otherwise."""
    return _open(video, video_demuxer(video))


def _open(file: Path, demuxer: str) -> InputContainer:
    try:
        options = {"protocol_whitelist": "file"}
        # A title that is not UTF-8 is no reason to refuse a file.
        return av.open(f"file:{file.absolute()}", format=demuxer, options=options, metadata_errors="replace")
    except av.FFmpegError as error:
        raise MediaError(f"{file.name} cannot be read: {error}") from error


def inspect(media: Path) -> dict[str, Any]:
    """The facts that ports.MediaTools.inspect lists; a file that did not change is read once."""
    state = media.stat()
    return dict(_inspected(media.absolute(), state.st_mtime_ns, state.st_size, state.st_ino))


@lru_cache(maxsize=64)
def _inspected(media: Path, changed_ns: int, size: int, inode: int) -> dict[str, Any]:
    demuxer = media_demuxer(media)
    try:
        with _open(media, demuxer) as file:
            if not file.streams.audio:
                raise MediaError(f"{media.name} has no sound stream")
            picture, sound = next(iter(file.streams.video), None), file.streams.audio[0]
            chapters = len(file.chapters())
            facts = {**_NO_PICTURE, **(_picture_facts(picture) if picture else {}), **_extent(file, picture, sound)}
    except av.FFmpegError as error:
        raise MediaError(f"{media.name} cannot be read: {error}") from error
    iso = demuxer == "mov"
    return {
        **facts,
        "audio_codec": sound.codec_context.codec.canonical_name,
        "audio_rate": sound.codec_context.sample_rate,
        "audio_channels": sound.codec_context.channels,
        "chapters": chapters,
        "edit_lists": len(boxes_at(media, b"moov", b"trak", b"edts", b"elst")) if iso else 0,
        "index_first": is_index_first(media) if iso or demuxer == "matroska" else True,
        "bytes": size,
    }


def media_demuxer(media: Path) -> str:
    """The demuxer of a finished file, video or sound alone."""
    try:
        return video_demuxer(media)
    except MediaError:
        return audio_demuxer(media)


def _picture_facts(picture: VideoStream) -> dict[str, Any]:
    context, rate = picture.codec_context, picture.average_rate or Fraction(0)
    aspect = picture.sample_aspect_ratio
    return {
        "width": context.width,
        "height": context.height,
        "rate": str(FrameRate(rate.numerator, rate.denominator)) if rate else "0",
        "video_codec": context.codec.canonical_name,
        "video_profile": context.profile or "",
        "pixel_format": context.pix_fmt or "",
        "color_space": _MATRICES.get(context.colorspace, "unknown"),
        "color_primaries": _PRIMARIES.get(context.color_primaries, "unknown"),
        "color_transfer": _TRANSFERS.get(context.color_trc, "unknown"),
        "color_range": _RANGES.get(context.color_range, "unknown"),
        "sample_aspect": f"{aspect.numerator}:{aspect.denominator}" if aspect else "unknown",
    }


def _extent(file: InputContainer, picture: VideoStream | None, sound: AudioStream) -> dict[str, Any]:
    """Frames, the first and the last moment in seconds; WebM says the last nowhere, so its packets are counted."""
    audio_s = float(sound.duration * sound.time_base) if sound.duration and sound.time_base else None
    if picture is None:
        return {} if audio_s is None else {"audio_s": audio_s}
    if picture.frames and picture.duration and picture.time_base and audio_s:
        first = next(packet.pts for packet in file.demux(picture) if packet.pts is not None)
        video_s = float(picture.duration * picture.time_base)
        first_s = float(first * picture.time_base)
        return {"frames": picture.frames, "video_s": video_s, "first_pts_s": first_s, "audio_s": audio_s}
    frames, firsts = 0, Fraction(10**9)
    ends = {picture.index: Fraction(0), sound.index: Fraction(0)}
    for packet in file.demux(picture, sound):
        if packet.pts is None:
            continue
        start = packet.pts * packet.time_base
        if packet.stream is picture:
            frames += 1
            firsts = min(firsts, start)
        ends[packet.stream.index] = max(ends[packet.stream.index], start + (packet.duration or 0) * packet.time_base)
    ended = {"video_s": float(ends[picture.index]), "audio_s": float(ends[sound.index])}
    return {"frames": frames, "first_pts_s": float(firsts), **ended}


def boxes_at(file: Path, *path: bytes) -> list[bytes]:
    """The contents of all boxes at `path` (their kinds, outermost first) of an ISO base media file."""
    with file.open("rb") as opened:
        tops = [_content(opened, size) for kind, size in _boxes(opened) if kind == path[0]]
    for kind in path[1:]:
        tops = [inner for content in tops for found, inner in _inner(content) if found == kind]
    return tops


def _content(file: IO[bytes], size: int) -> bytes:
    content = file.read(size)
    file.seek(-len(content), 1)
    return content


def _inner(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if size < 8:
            return
        yield content[place + 4 : place + 8], content[place + 8 : place + size]
        place += size


def is_index_first(video: Path) -> bool:
    """True when the index stands before the media, so that playing can begin before the whole file has arrived."""
    mp4 = video_demuxer(video) == "mov"
    before, media = (b"moov", b"mdat") if mp4 else (b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75")
    with video.open("rb") as file:
        for kind in (kind for kind, _ in _boxes(file)) if mp4 else _elements(file):
            if kind in (before, media):
                return kind == before
    return False


def _boxes(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The kinds and lengths of the boxes on the top level of an ISO base media file, which stands at their contents."""
    while len(head := file.read(8)) == 8:
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if size == 1:
            size = int.from_bytes(file.read(8), "big") - 8
        if size < 8:
            return
        yield kind, size - 8
        file.seek(size - 8, 1)


def _elements(file: IO[bytes]) -> Iterator[bytes]:
    """The identifiers of the elements inside the segment of a Matroska file (RFC 8794: variable sizes)."""
    segment = b"\x18\x53\x80\x67"
    while first := file.read(1):
        kind = first + file.read(8 - first[0].bit_length())
        yield kind
        lead = file.read(1)
        if not lead:
            return
        length = 8 - lead[0].bit_length()
        size = int.from_bytes(bytes([lead[0] & (0x7F >> length)]) + file.read(length), "big")
        if kind != segment:
            file.seek(size, 1)


def black_frames(video: Path) -> int:
    """How many different key frames of `video` are black; a file that did not change is read once.

    Every stretch of picture starts with a key frame and repeats it byte by byte, so each is decoded once: seconds for
    an hour of video, where decoding all frames would take minutes.
    """
    state = video.stat()
    return _black_frames(video.absolute(), state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=64)
def _black_frames(video: Path, changed_ns: int, size: int, inode: int) -> int:
    black = 0
    seen: set[bytes] = set()
    try:
        with open_video(video) as file:
            picture = file.streams.video[0]
            picture.codec_context.skip_frame = "NONKEY"
            for packet in file.demux(picture):
                if not packet.is_keyframe:
                    continue
                digest = hashlib.sha256(packet).digest()
                if digest in seen:
                    continue
                seen.add(digest)
                black += sum(_is_black(frame) for frame in _decode_alone(packet))
    except (av.FFmpegError, IndexError) as error:
        raise MediaError(f"{video.name} cannot be decoded: {error}") from error
    return black


def _decode_alone(packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
    """The frames of one key packet; flushing makes the decoder give it out and forget it."""
    context = packet.stream.codec_context
    frames = [*context.decode(packet), *context.decode(None)]
    context.flush_buffers()
    return frames


def _is_black(frame: av.VideoFrame) -> bool:
    luma = frame.to_ndarray(format="gray")
    return float(np.mean(luma)) <= BLACK_LUMA
