"""Owns the pixels of a scene as 8-bit BT.709 4:2:0 planes; hides scaling, colour conversion and layout.

A picture is one contiguous array of shape (height * 3 / 2, width): the luma plane, then both chroma planes, which is
what a `yuv420p` frame is made of. Width and height are even.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.ffmpeg.picture.pictures import open_picture

Planes = NDArray[np.uint8]
_Sample = TypeVar("_Sample", bound=np.generic)

BLACK, WHITE = 16, 235
"""Luma of black and white in limited range."""

BT709, LIMITED_RANGE = 1, 1
"""What streams and files call these colours: 1 in ITU-T H.273 for primaries, transfer and matrix; range 1 in ffmpeg."""

# ITU-R BT.709-6, items 3.2 to 3.5: luma weights, and limited range (luma 16 to 235, chroma 16 to 240).
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722
_LUMA = np.array([[_RED, _GREEN, _BLUE]], np.float32) * (219 / 255)
_CHROMA = np.array(
    [
        [-_RED / (2 * (1 - _BLUE)), -_GREEN / (2 * (1 - _BLUE)), 0.5],
        [0.5, -_GREEN / (2 * (1 - _RED)), -_BLUE / (2 * (1 - _RED))],
    ],
    np.float32,
) * (224 / 255)


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's size in pixels."""

    width: int
    height: int


def load_planes(path: Path, size: Size) -> Planes:
    """Decode a picture, fill `size` with it (Lanczos, centre crop) and convert it; MediaError when it is not one."""
    return scaled_planes(open_picture(path), size)


def scaled_planes(picture: Image.Image, size: Size) -> Planes:
    """A decoded RGB picture as planes of `size`; see `load_planes`."""
    return planes_of(_fill(picture, size))


def _fill(picture: Image.Image, size: Size) -> NDArray[np.uint8]:
    """The picture as RGB of shape (height, width, 3), scaled to cover `size`; what sticks out is cut off evenly."""
    scale = min(picture.width / size.width, picture.height / size.height)
    width, height = size.width * scale, size.height * scale
    # Rounding may put an edge a little outside of the picture, which Pillow refuses.
    left, top = max((picture.width - width) / 2, 0.0), max((picture.height - height) / 2, 0.0)
    box = (left, top, min(left + width, picture.width), min(top + height, picture.height))
    return np.asarray(picture.resize((size.width, size.height), Image.Resampling.LANCZOS, box=box))


def planes_of(rgb: NDArray[np.uint8]) -> Planes:
    """RGB of shape (height, width, 3) as BT.709 limited-range planes; chroma is sited left, as H.264 assumes."""
    height, width = rgb.shape[:2]
    real = rgb.astype(np.float32)
    planes = np.empty((height * 3 // 2, width), np.uint8)
    planes[:height] = np.rint(cv2.transform(real, _LUMA) + 16).reshape(height, width)
    # A chroma sample lies between two rows and on every second column: average the rows, and weigh the columns 1 2 1.
    rows = (real[0::2] + real[1::2]) / 2
    padded = cv2.copyMakeBorder(rows, 0, 0, 1, 1, cv2.BORDER_REPLICATE)
    sited = (padded[:, 0:-2:2] + 2 * padded[:, 1:-1:2] + padded[:, 2::2]) / 4
    chroma = np.rint(cv2.transform(np.ascontiguousarray(sited), _CHROMA) + 128).astype(np.uint8)
    planes[height:] = np.moveaxis(chroma, 2, 0).reshape(height // 2, width)
    return planes


def luma_of(planes: NDArray[_Sample]) -> NDArray[_Sample]:
    """A view of the luma plane, shape (height, width)."""
    return planes[: planes.shape[0] * 2 // 3]


def chroma_of(planes: NDArray[_Sample]) -> NDArray[_Sample]:
    """A view of both chroma planes, shape (2, height / 2, width / 2)."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    return planes[height:].reshape(2, height // 2, width // 2)


@lru_cache(maxsize=2)
def black_planes(shape: tuple[int, int]) -> Planes:
    """A black picture of the array shape `shape`; not to be written to."""
    planes = np.full(shape, 128, np.uint8)
    luma_of(planes)[:] = BLACK
    planes.setflags(write=False)
    return planes


def video_frame(planes: Planes) -> av.VideoFrame:
    """A frame for an encoder."""
    return av.VideoFrame.from_ndarray(planes, "yuv420p")


def decoded_planes(decoder: str, packets: Iterable[bytes]) -> list[Planes]:
    """The frames of `packets`, which begin with a key frame, as the decoder of that name shows them."""
    context = av.CodecContext.create(decoder, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    frames += context.decode(None)
    return [np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8) for frame in frames]
