"""Owns how a foreign picture becomes one of ours: a chain of ffmpeg filters; hides geometry and colour. Pure.

The chain works on whatever comes: sizes are expressions of the frame's own size and sample aspect, after ffmpeg has
turned it upright, so a video that changes its size on the way stays whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.foreign.survey import Colour, Footage
from video_pipeline.ffmpeg.program.command import Filter

BT2020 = 9
_FULL = 2
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_BRIGHT = {16: "smpte2084", 18: "arib-std-b67"}
"""Transfer functions of high dynamic range: PQ and HLG."""

_LARGEST_SD = 576
"""Lines up to which video that says nothing is BT.601 (ITU-R BT.601 and BT.709 name the systems)."""

REFERENCE_WHITE = 203
"""cd/m2 of paper white in a programme of high dynamic range (ITU-R BT.2408); it becomes nearly white here."""

_PEAK = 10
"""The brightest light that is kept, in reference whites: 2000 cd/m2, twice what most programmes are graded for."""

_COLOURS = dict.fromkeys(("color_primaries", "color_trc", "colorspace"), "bt709")

OURS: Filter = ("setparams", {"field_mode": "prog", "range": "tv", **_COLOURS})
"""What the encoder writes into the stream is what the frames say."""

SQUARE: Filter = ("setsar", {"sar": "1"})

_INTERLACED_KINDS = ("mpeg2video", "dvvideo")


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture is to become."""

    width: int
    height: int
    crop: bool  # cover the frame and lose the edges, instead of fitting into it between bars
    rate: FrameRate | None = None  # None: its own


def is_bright(colour: Colour) -> bool:
    """True for a programme of high dynamic range."""
    return colour.transfer in _BRIGHT


def picture_filters(footage: Footage, frame: Frame, *, can_convert_light: bool) -> tuple[Filter, ...]:
    """The filters in order; `can_convert_light`: the ffmpeg at hand has zscale and tonemap."""
    needs_light = is_bright(footage.colour) or footage.colour.primaries == BT2020
    colour = _light(footage.colour) if needs_light and can_convert_light else ()
    late = (("setpts", {"expr": f"PTS+{footage.picture_late_s:.6f}/TB"}),) if footage.picture_late_s else ()
    return (
        *_deinterlace(footage),
        *late,
        *_steps(footage.rate, frame.rate),
        *_geometry(frame, {} if colour else _matrix(footage)),
        *colour,
        ("format", {"pix_fmts": "yuv420p"}),
        *_bars(frame),
        OURS,
        # Mastering data of the old colours and captions would be written again.
        ("sidedata", {"mode": "delete"}),
    )


def _steps(own: FrameRate, wanted: FrameRate | None) -> tuple[Filter, ...]:
    """Frames at the wanted rate, brought to their own one first.

    Times in whole milliseconds, as Matroska has them, lie now before and now behind the middle between two frames: of
    60 frames for 30 there would be left out now none and now two.
    """
    even: Filter = ("fps", {"fps": str(own), "start_time": "0"})
    return (even,) if wanted in (None, own) else (even, ("fps", {"fps": str(wanted)}))


def _deinterlace(footage: Footage) -> tuple[Filter, ...]:
    if not footage.interlaced and footage.codec not in _INTERLACED_KINDS and footage.demuxer != "mpegts":
        return ()
    # One frame for two fields: the source's own rate. Frames that are not marked as interlaced pass.
    return (("bwdif", {"mode": "send_frame", "deint": "interlaced"}),)


def _geometry(frame: Frame, matrix: dict[str, str]) -> tuple[Filter, ...]:
    width, height = frame.width, frame.height
    flags = {"flags": "lanczos+accurate_rnd+full_chroma_int", **matrix}
    if frame.crop:
        # Cut first: the whole of a very wide picture scaled to the height could be gigabytes.
        cut = {"w": f"max(2,min(iw,ih*{width}/{height}/sar))", "h": f"max(2,min(ih,iw*sar*{height}/{width}))"}
        size: tuple[Filter, ...] = (("crop", cut), ("scale", {"w": str(width), "h": str(height), **flags}))
    else:
        # Even sizes, for chroma has half of them.
        fitted = {
            "w": f"max(2,2*round(min({width},{height}*dar)/2))",
            "h": f"max(2,2*round(min({height},{width}/dar)/2))",
        }
        size = (("scale", {**fitted, **flags}),)
    return (*size, SQUARE)


def _bars(frame: Frame) -> tuple[Filter, ...]:
    if frame.crop:
        return ()
    place = {"x": "2*trunc((ow-iw)/4)", "y": "2*trunc((oh-ih)/4)"}
    return (("pad", {"w": str(frame.width), "h": str(frame.height), **place, "color": "black"}),)


def _matrix(footage: Footage) -> dict[str, str]:
    """Conversion from the source's matrix and range; without these words swscale assumes BT.601 of everything."""
    converted = {"out_color_matrix": "bt709", "out_range": "tv"}
    if footage.pixel_format.startswith(("rgb", "bgr", "gbr", "pal", "argb", "abgr", "0rgb", "0bgr", "x2")):
        return converted
    span = "pc" if footage.colour.span == _FULL or footage.pixel_format.startswith("yuvj") else "tv"
    return {"in_color_matrix": _known_matrix(footage), "in_range": span, **converted}


def _known_matrix(footage: Footage) -> str:
    guess = "smpte170m" if min(footage.width, footage.height) <= _LARGEST_SD else "bt709"
    return _MATRICES.get(footage.colour.matrix, guess)


def _light(colour: Colour) -> tuple[Filter, ...]:
    """Wide colours, and light beyond white, into BT.709; the matrix is that of BT.2020 with all of these."""
    source = {
        "transferin": _BRIGHT.get(colour.transfer, "709"),
        "primariesin": "2020",
        "matrixin": "2020_ncl",
        "rangein": "full" if colour.span == _FULL else "limited",
    }
    target = {"transfer": "709", "primaries": "709", "matrix": "709", "range": "limited"}
    if not is_bright(colour):
        return (("zscale", {**source, **target}),)
    return (
        ("zscale", {**source, "transfer": "linear", "npl": str(REFERENCE_WHITE)}),
        ("format", {"pix_fmts": "gbrpf32le"}),
        ("zscale", {"primaries": "709"}),
        # Leaves what is darker than a third of white as it is and bends only the rest.
        ("tonemap", {"tonemap": "mobius", "desat": "0", "peak": str(_PEAK)}),
        ("zscale", target),
    )
