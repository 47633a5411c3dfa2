"""Owns reading facts from a finished video file; hides containers and PyAV. No ffprobe is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.sniff import video_demuxer

BLACK_LUMA = 20
"""Mean luma at limited range (black is 16) up to which a frame counts as black."""

_COLOR_SPACES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc"}  # ITU-T H.273, table 4


def open_video(video: Path) -> InputContainer:
    """Open a video file of a kind that is accepted, and nothing that it may refer to; MediaError otherwise."""
    demuxer = video_demuxer(video)
    try:
        return av.open(f"file:{video.absolute()}", format=demuxer, options={"protocol_whitelist": "file"})
    except av.FFmpegError as error:
        raise MediaError(f"{video.name} cannot be read: {error}") from error


def inspect(video: Path) -> dict[str, Any]:
    """The facts that ports.MediaTools.inspect lists."""
    try:
        with open_video(video) as file:
            if not file.streams.video or not file.streams.audio:
                raise MediaError(f"{video.name} lacks a picture or a sound stream")
            picture, sound = file.streams.video[0], file.streams.audio[0]
            frames, video_s, audio_s = _extent(file, picture, sound)
            rate = picture.average_rate or Fraction(0)
            return {
                "width": picture.codec_context.width,
                "height": picture.codec_context.height,
                "frames": frames,
                "rate": str(FrameRate(rate.numerator, rate.denominator)) if rate else "0",
                "video_s": video_s,
                "audio_s": audio_s,
                "video_codec": picture.codec_context.name,
                "video_profile": picture.codec_context.profile or "",
                "pixel_format": picture.codec_context.pix_fmt or "",
                "color_space": _COLOR_SPACES.get(picture.codec_context.colorspace, "unknown"),
                "audio_codec": sound.codec_context.name,
                "audio_rate": sound.codec_context.sample_rate,
                "audio_channels": sound.codec_context.channels,
                "index_first": is_index_first(video),
                "bytes": video.stat().st_size,
            }
    except av.FFmpegError as error:
        raise MediaError(f"{video.name} cannot be read: {error}") from error


def _extent(file: InputContainer, picture: VideoStream, sound: AudioStream) -> tuple[int, float, float]:
    """Frames, and the ends of picture and sound in seconds; WebM says them nowhere, so its packets are counted."""
    if picture.frames and picture.duration and sound.duration and picture.time_base and sound.time_base:
        return picture.frames, float(picture.duration * picture.time_base), float(sound.duration * sound.time_base)
    frames = 0
    ends = {picture.index: Fraction(0), sound.index: Fraction(0)}
    for packet in file.demux(picture, sound):
        if packet.pts is None:
            continue
        frames += packet.stream is picture
        end = (packet.pts + (packet.duration or 0)) * packet.time_base
        ends[packet.stream.index] = max(ends[packet.stream.index], end)
    return frames, float(ends[picture.index]), float(ends[sound.index])


def is_index_first(video: Path) -> bool:
    """True when the index stands before the media, so that playing can begin before the whole file has arrived."""
    mp4 = video_demuxer(video) == "mov"
    before, media = (b"moov", b"mdat") if mp4 else (b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75")
    with video.open("rb") as file:
        for kind in _boxes(file) if mp4 else _elements(file):
            if kind in (before, media):
                return kind == before
    return False


def _boxes(file: IO[bytes]) -> Iterator[bytes]:
    """The kinds of the boxes on the top level of an ISO base media file."""
    while len(head := file.read(8)) == 8:
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        yield kind
        if size == 1:
            size = int.from_bytes(file.read(8), "big") - 8
        if size < 8:
            return
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
    """How many different key frames of `video` are black.

    Every stretch of picture starts with a key frame and repeats it byte by byte, so each is decoded once: seconds for
    an hour of video, where decoding all frames would take minutes.
    """
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
