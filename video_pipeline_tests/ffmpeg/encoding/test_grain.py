"""Fine grain over soft pictures at both ends of a dissolve: it may fade in between, but not within one frame.

In 1080p the last frame of a dissolve once showed a ninth of the grain of the still after it in VP9, a
twelfth in AV1, which at no quantiser keeps all of it; a step of 5 remains there at this size, where it was 18.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ffmpeg.encoding.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.picture.canvas import Planes, Size, decoded_planes, luma_of
from video_pipeline.ffmpeg.picture.plan import Kind
from video_pipeline.ffmpeg.picture.transitions import blend, shares
from video_pipeline.ffmpeg.work.coded import Coded

SIZE = Size(960, 540)
DECODERS = {VideoCodec.H264: "h264", VideoCodec.VP9: "vp9", VideoCodec.AV1: "libdav1d"}


def sky(seed: int) -> Planes:
    """A soft light with grain of 1.6 levels."""
    noise = np.random.default_rng(seed)
    coarse = noise.normal(90, 40, (6, 10)).astype(np.float32)
    light = cv2.resize(coarse, (SIZE.width, SIZE.height), interpolation=cv2.INTER_CUBIC)
    planes = np.full((SIZE.height * 3 // 2, SIZE.width), 128, np.uint8)
    luma_of(planes)[:] = np.clip(np.rint(light + noise.normal(0, 1.6, light.shape)), 16, 235)
    return planes


def grain_of(planes: Planes) -> float:
    """The power of what is finer than some pixels, in squares of levels of luma."""
    luma = luma_of(planes).astype(np.float32)
    return float(np.square(luma - cv2.GaussianBlur(luma, (0, 0), 1.5)).mean())


def shown(codec: VideoCodec, coded: Coded) -> list[Planes]:
    first = coded.header if codec is VideoCodec.H264 else b""
    return decoded_planes(DECODERS[codec], [first + coded.packets[0], *coded.packets[1:]])


@pytest.mark.parametrize(
    ("codec", "most"), [(VideoCodec.H264, 1.4), (VideoCodec.VP9, 1.4), (VideoCodec.AV1, 6.5)], ids=str
)
def test_grain_does_not_jump_where_a_dissolve_begins_or_ends(codec: VideoCodec, most: float) -> None:
    recipe, before, after = VIDEO[codec], sky(1), sky(2)
    quantiser = recipe.quantisers[Kind.BLEND][0]
    if recipe.dissolve:
        coded = recipe.dissolve(before, after, 30, SIZE, FPS_30, quantiser=quantiser)
    else:
        film = [blend(before, after, share) for share in shares(30)]
        coded = recipe.encode(film, SIZE, FPS_30, kind=Kind.BLEND, quantiser=quantiser)
    dissolve = shown(codec, coded)
    stills = [
        shown(codec, recipe.hold(planes, range(2), SIZE, FPS_30, quantiser=recipe.quantisers[Kind.STILL][0]))[0]
        for planes in (before, after)
    ]
    first = grain_of(stills[0]) / grain_of(dissolve[0])
    last = grain_of(stills[1]) / grain_of(dissolve[-1])
    assert 1 / most < first < most, first
    assert 1 / most < last < most, last
