"""Owns which encoder each codec of pictures has, and its quantisers; hides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from video_pipeline.ffmpeg.encoding.av1 import av1_params, encode_av1, hold_av1
from video_pipeline.ffmpeg.encoding.h264 import encode_h264, hold_h264, x264_params
from video_pipeline.ffmpeg.encoding.vp9 import encode_vp9, hold_vp9, vp9_params
from video_pipeline.ffmpeg.encoding.vp9_dissolve import dissolve_vp9
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.work.coded import Coded


class VideoCodec(StrEnum):
    """How pictures are encoded."""

    H264 = "h264"
    VP9 = "vp9"
    AV1 = "av1"


@dataclass(frozen=True, slots=True)
class VideoRecipe:
    """How one video codec is used."""

    encode: Callable[..., Coded]
    hold: Callable[..., Coded]
    # Constant quantisers, first choice first: the next one is tried when a stretch exceeds its ceiling.
    quantisers: Mapping[Kind, tuple[int, ...]]
    encoder: str
    options: Callable[[Kind, int], str]  # for people
    halving: int  # by how much a larger quantiser halves the bits of footage, rather less than more
    # A quicker way from one still picture to another than encoding every frame.
    dissolve: Callable[..., Coded] | None = None


VIDEO: Mapping[VideoCodec, VideoRecipe] = {
    VideoCodec.H264: VideoRecipe(
        encode_h264,
        hold_h264,
        {
            Kind.STILL: (18, 21, 24, 28, 32, 38),
            Kind.BLEND: (20, 24, 28, 32, 38),
            Kind.MOVE: (18, 21, 25, 30, 36),
            Kind.GLOW: (18, 21, 25, 30, 36),
            Kind.FOOTAGE: (20, 22, 24, 26, 28, 30, 32, 35, 38),
            Kind.LIVE: (24, 28, 32, 38),
        },
        "libx264",
        x264_params,
        5,
    ),
    VideoCodec.VP9: VideoRecipe(
        encode_vp9,
        hold_vp9,
        {
            Kind.STILL: (24, 30, 38, 46, 54),
            Kind.BLEND: (18, 26, 34, 44, 54),
            Kind.MOVE: (24, 30, 38, 46, 54),
            # At 24 blocks keep their light until it is a third of a level off, and a key frame takes it all at once.
            Kind.GLOW: (14, 19, 24, 38, 54),
            Kind.FOOTAGE: (24, 28, 32, 36, 40, 44, 48, 52, 56),
            Kind.LIVE: (26, 34, 44, 54),
        },
        "libvpx-vp9",
        vp9_params,
        8,
        dissolve_vp9,
    ),
    VideoCodec.AV1: VideoRecipe(
        encode_av1,
        hold_av1,
        {
            Kind.STILL: (21, 25, 30, 36, 45),
            # At 30 fine grain went away within a frame, and came back so: 12 times as strong at 1080p, now 2.6 times.
            Kind.BLEND: (12, 22, 36, 48, 58),
            Kind.MOVE: (30, 36, 42, 50, 58),
            Kind.GLOW: (30, 36, 42, 50, 58),
            Kind.FOOTAGE: (26, 30, 34, 38, 42, 46, 50, 54, 58),
            Kind.LIVE: (30, 36, 42, 50, 58),
        },
        "libsvtav1",
        av1_params,
        11,
    ),
}
