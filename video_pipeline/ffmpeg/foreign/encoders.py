"""Owns the encoders that a transcode may use and their options, software and hardware; hides nothing. Pure.

Quality is constant under a ceiling: `{rate}` is the rung's bit rate in bit/s, `{twice}` two seconds of it (the buffer
of a player), `{gop}` the frames between two key frames at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.program.command import Filter

KEY_DISTANCE_S = 2
"""Seconds between key frames: seeking is exact enough, and players can switch there."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """One encoder of ffmpeg and how it is used."""

    name: str
    codec: str  # h264, vp9, av1
    options: Mapping[str, str]
    device: tuple[str, ...] = ()  # global arguments that open the hardware
    upload: tuple[Filter, ...] = ()  # brings frames to the hardware

    def arguments(self, bit_rate: int, rate: FrameRate) -> dict[str, str]:
        """The options for a ceiling of `bit_rate` bit/s at `rate` frames a second."""
        gop = max(rate.frames_in(KEY_DISTANCE_S), 1)
        values = {"rate": bit_rate, "twice": 2 * bit_rate, "gop": gop}
        return {name: value.format_map(values) for name, value in {**self.options, "g": "{gop}"}.items()}


_CEILING = {"maxrate": "{rate}", "bufsize": "{twice}"}

SOFTWARE: Mapping[str, Encoder] = {
    encoder.codec: encoder
    for encoder in (
        # Slower presets than `fast` cost half as much again and save 3 % of the bits.
        Encoder(
            "libx264", "h264", {"preset": "fast", "crf": "20", "profile:v": "high", "bf": "2", "a53cc": "0", **_CEILING}
        ),
        # libvpx takes -b:v as the ceiling of the average when -crf is given, and uses both cores only with row-mt.
        Encoder(
            "libvpx-vp9",
            "vp9",
            {
                "crf": "31",
                "b:v": "{rate}",
                "maxrate": "{rate}",
                "bufsize": "{twice}",
                "deadline": "good",
                "cpu-used": "4",
                "row-mt": "1",
                "tile-columns": "2",
            },
        ),
        Encoder("libsvtav1", "av1", {"preset": "8", "crf": "32", **_CEILING}),
    )
}

_NVENC = {"preset": "p5", "rc": "vbr", "cq": "23", "b:v": "0", **_CEILING}
_QSV = {"preset": "medium", "global_quality": "23", "b:v": "{rate}", **_CEILING}
_VAAPI = {"rc_mode": "VBR", "b:v": "{rate}", **_CEILING}
_AMF = {"quality": "balanced", "rc": "vbr_peak", "b:v": "{rate}", **_CEILING}

VAAPI_DEVICE = "/dev/dri/renderD128"
_VAAPI_OPENED = ("-vaapi_device", VAAPI_DEVICE)
_QSV_OPENED = ("-init_hw_device", "qsv=hw", "-filter_hw_device", "hw")
_AS_NV12: Filter = ("format", {"pix_fmts": "nv12"})
_UPLOADED: tuple[Filter, ...] = (_AS_NV12, ("hwupload", {}))

HARDWARE: tuple[Encoder, ...] = (
    # In the order of preference: the ones with the better pictures at a low bit rate first.
    Encoder("h264_nvenc", "h264", {**_NVENC, "profile:v": "high", "bf": "2"}),
    Encoder("h264_qsv", "h264", {**_QSV, "profile:v": "high", "bf": "2"}, _QSV_OPENED, (_AS_NV12,)),
    Encoder("h264_vaapi", "h264", {**_VAAPI, "profile:v": "high"}, _VAAPI_OPENED, _UPLOADED),
    Encoder("h264_amf", "h264", {**_AMF, "profile:v": "high"}),
    Encoder("h264_videotoolbox", "h264", {"b:v": "{rate}", "profile:v": "high", "realtime": "0", **_CEILING}),
    Encoder("h264_v4l2m2m", "h264", {"b:v": "{rate}"}),
    Encoder("av1_nvenc", "av1", _NVENC),
    Encoder("av1_qsv", "av1", _QSV, _QSV_OPENED, (_AS_NV12,)),
    Encoder("av1_vaapi", "av1", _VAAPI, _VAAPI_OPENED, _UPLOADED),
    Encoder("vp9_qsv", "vp9", _QSV, _QSV_OPENED, (_AS_NV12,)),
    Encoder("vp9_vaapi", "vp9", _VAAPI, _VAAPI_OPENED, _UPLOADED),
)

BY_NAME: Mapping[str, Encoder] = {encoder.name: encoder for encoder in HARDWARE}
