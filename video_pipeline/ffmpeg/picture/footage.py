"""Owns reading footage frame by frame, as often as it is shown; hides decoding, seeking and scaling.

Footage is a video that `foreign.mezzanine` made: constant rate, frames in the order of showing, many key frames.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.video.reformatter import Interpolation

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.picture.canvas import Planes, Size, chroma_of, luma_of
from video_pipeline.ffmpeg.program.probe import open_video

_WORTH_A_SEEK_S = 2
"""To a frame so far ahead it is quicker to begin anew at the key frame before it."""


@dataclass(frozen=True, slots=True)
class FootageFile:
    """A file of footage, the size in which it is wanted, and the rate for which it was made."""

    path: Path
    size: Size
    rate: FrameRate

    def open(self) -> Player:
        """A player at its beginning, to be closed."""
        return Player(self)


class Player:
    """Shows the frames of one file, quickest in their order; holds it open until it is closed."""

    def __init__(self, footage: FootageFile) -> None:
        self._footage = footage
        self._file = open_video(footage.path)
        if not self._file.streams.video:
            self._file.close()
            raise MediaError(f"{footage.path.name} is no footage: there is no picture in it")
        self._stream = self._file.streams.video[0]
        # Other workers have the other cores.
        self._stream.codec_context.thread_count = 1
        self._frames = self._decoded()
        self._place = -1
        self._shown: Planes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give file and decoder back; no other frame can be shown then."""
        # The generator knows the player and the player the generator: without this they would wait for the collector.
        self._frames.close()
        self._file.close()

    def frame(self, number: int) -> Planes:
        """Frame `number`, counted from 0, which may be written to by nobody; MediaError when there is none."""
        if number != self._place:
            self._go_to(number)
            found = next((frame for place, frame in self._frames if place >= number), None)
            if found is None or self._place != number:
                raise self._lacks(number)
            self._shown = scaled(found, self._footage.size)
        assert self._shown is not None
        return self._shown

    def _go_to(self, number: int) -> None:
        ahead = number - self._place
        if 0 < ahead <= self._footage.rate.frames_in(_WORTH_A_SEEK_S):
            return
        if number or self._place >= 0:
            assert self._stream.time_base is not None
            time = Fraction(number) / self._footage.rate.fraction / self._stream.time_base
            self._file.seek(int(time), stream=self._stream)
            self._frames.close()
            self._frames = self._decoded()

    def _decoded(self) -> Generator[tuple[int, av.VideoFrame]]:
        """The frames from where the file stands, and their numbers."""
        try:
            for frame in self._file.decode(self._stream):
                assert frame.time_base is not None
                number = (frame.pts or 0) * frame.time_base * self._footage.rate.fraction
                if number.denominator != 1:
                    raise self._lacks(round(number))
                self._place = number.numerator
                yield self._place, frame
        except av.FFmpegError as error:
            raise MediaError(f"{self._footage.path.name} cannot be decoded: {error}") from error

    def _lacks(self, number: int) -> MediaError:
        return MediaError(
            f"{self._footage.path.name} has no frame {number} at {self._footage.rate} frames a second: it was made for "
            "another programme, or is damaged; delete it, and it is made again"
        )


def scaled(frame: av.VideoFrame, size: Size) -> Planes:
    """A frame of BT.709 4:2:0 as planes that fill `size` (Lanczos, centre crop)."""
    planes = np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
    if (frame.width, frame.height) == (size.width, size.height):
        return planes
    cut = av.VideoFrame.from_ndarray(_cut(planes, size), "yuv420p")
    fitted = cut.reformat(size.width, size.height, interpolation=Interpolation.LANCZOS)
    return np.asarray(fitted.to_ndarray(format="yuv420p"), np.uint8)


def _cut(planes: Planes, size: Size) -> Planes:
    """The middle of `planes` in the shape of `size`, to the pair of pixels that share their colour."""
    luma = luma_of(planes)
    height, width = luma.shape
    scale = min(width / size.width, height / size.height)
    columns, rows = (
        min(2 * round(side * scale / 2), most) for side, most in ((size.width, width), (size.height, height))
    )
    if (columns, rows) == (width, height):
        return planes
    left, top = (width - columns) // 4 * 2, (height - rows) // 4 * 2
    cut = np.empty((rows * 3 // 2, columns), np.uint8)
    luma_of(cut)[:] = luma[top : top + rows, left : left + columns]
    half = slice(top // 2, (top + rows) // 2), slice(left // 2, (left + columns) // 2)
    chroma_of(cut)[:] = chroma_of(planes)[:, half[0], half[1]]
    return cut
