"""Owns which container, codecs and muxer options each format has; hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from video_pipeline.domain.delivery import Format
from video_pipeline.ffmpeg.encoding.codecs import VideoCodec
from video_pipeline.ffmpeg.sound.voice import AudioCodec


@dataclass(frozen=True, slots=True)
class Container:
    """How one format is written."""

    muxer: str
    options: Mapping[str, str]
    video: VideoCodec | None  # None for sound alone
    audio: AudioCodec


_MOV_OPTIONS = {
    # Index before media; presentation may run ahead of decoding, so that no edit list is needed to start at 0.
    "movflags": "+faststart+negative_cts_offsets",
    # YouTube asks for files without edit lists.
    "use_editlist": "0",
}

CONTAINERS: Mapping[Format, Container] = {
    Format.MP4: Container("mp4", _MOV_OPTIONS, VideoCodec.H264, AudioCodec.AAC),
    Format.MOV: Container("mov", _MOV_OPTIONS, VideoCodec.H264, AudioCodec.AAC),
    # Without cues in front a player must read to the end before it can seek.
    Format.WEBM: Container("webm", {"cues_to_front": "1"}, VideoCodec.VP9, AudioCodec.OPUS),
    Format.AV1: Container("mp4", _MOV_OPTIONS, VideoCodec.AV1, AudioCodec.AAC),
    Format.M4A: Container("ipod", _MOV_OPTIONS, None, AudioCodec.AAC),
    Format.OPUS: Container("opus", {}, None, AudioCodec.OPUS),
    Format.FLAC: Container("flac", {}, None, AudioCodec.FLAC),
}
