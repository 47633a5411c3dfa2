"""Owns clips that are made on this machine: their picture, frames and file; hides colour, the codec and writing aside.

A clip is an intermediate: it is made footage and encoded again, so it is written quickly and nearly without loss.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from video_pipeline.domain.errors import InvalidInputError, MachineError, MediaError
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import EngineCapabilities

Planes = NDArray[Any]
"""A frame as 4:2:0 of BT.709, uint8: the rows of luma, then those of both chromas."""

Picture = NDArray[Any]
"""uint8, (rows, columns, 3), blue first."""

SIDES = range(64, 4097, 2)
"""In pixels; even, for chroma has half of them."""

_BT709 = 1
_FILM = {"preset": "ultrafast", "crf": "10"}
"""Of 1080p some 60 Mbit/s; the next encoder cannot tell it from the frames."""


def check_clip(capabilities: EngineCapabilities, picture: Path | None, seconds: int, size: tuple[int, int]) -> Path:
    """The picture to start from; InvalidInputError when an engine of this machine cannot make such a clip."""
    if not 1 <= seconds <= capabilities.longest_s:
        raise InvalidInputError(
            f"a clip of {capabilities.name} lasts 1 to {capabilities.longest_s} seconds, not {seconds}"
        )
    if not all(side in SIDES for side in size):
        raise InvalidInputError(
            f"a clip has even sides from {SIDES.start} to {SIDES[-1]} pixels, not {size[0]}x{size[1]}"
        )
    if picture is None:
        raise InvalidInputError(f"the engine {capabilities.name} moves a picture, and was given none")
    return picture


def read_picture(path: Path, size: tuple[int, int]) -> Picture:
    """The middle of a picture that fills `size`; MediaError when it is none."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise MediaError(f"{path.name} is no picture that can be read")
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    columns, rows = max(round(width * scale), size[0]), max(round(height * scale), size[1])
    if (columns, rows) != (width, height):
        picture = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left, top = (columns - size[0]) // 2, (rows - size[1]) // 2
    return np.ascontiguousarray(picture[top : top + size[1], left : left + size[0]])


def planes_of(picture: Picture) -> Planes:
    """A picture as a frame."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "bgr24")
    made = frame.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    return np.asarray(made.to_ndarray())


def write_film(frames: Iterable[Planes], size: tuple[int, int], out: Path) -> None:
    """Write `frames` of `size` (width, height), 30 a second, to `out` (H.264 in mp4), aside first and renamed.

    On one core. MachineError when it cannot be written; nothing is left then.
    """
    aside = out.with_name(f".{out.name}.{uuid4().hex}.part")
    try:
        with av.open(f"file:{aside.absolute()}", "w", format="mp4") as film:
            stream = film.add_stream("libx264", rate=FPS_30.numerator, options=_FILM)
            _describe(stream.codec_context, size)
            for planes in frames:
                film.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
            film.mux(stream.encode(None))
        aside.replace(out)
    except OSError as error:  # those of libav are among them
        raise MachineError(f"cannot write {out.name}: {error}; make room on that disk") from error
    finally:
        aside.unlink(missing_ok=True)


def _describe(context: VideoCodecContext, size: tuple[int, int]) -> None:
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    # Other workers have the other cores, and the bytes do not depend on how many there are.
    context.thread_count = 1
    context.color_range = ColorRange.MPEG
    context.colorspace = context.color_primaries = context.color_trc = _BT709
