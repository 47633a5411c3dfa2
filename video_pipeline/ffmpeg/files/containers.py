"""Owns which container and codecs each format has; hides nothing."""

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
    video: VideoCodec | None  # None for sound alone
    audio: AudioCodec


CONTAINERS: Mapping[Format, Container] = {
    Format.MP4: Container("mp4", VideoCodec.H264, AudioCodec.AAC),
    Format.MOV: Container("mov", VideoCodec.H264, AudioCodec.AAC),
    Format.WEBM: Container("webm", VideoCodec.VP9, AudioCodec.OPUS),
    Format.AV1: Container("mp4", VideoCodec.AV1, AudioCodec.AAC),
    Format.M4A: Container("ipod", None, AudioCodec.AAC),
    Format.OPUS: Container("opus", None, AudioCodec.OPUS),
    Format.FLAC: Container("flac", None, AudioCodec.FLAC),
}
