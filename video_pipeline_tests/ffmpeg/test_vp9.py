"""VP9 that no encoder wrote: held frames and dissolves of means, in two decoders that know nothing of each other."""

from __future__ import annotations

from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ffmpeg.canvas import Planes, Size
from video_pipeline.ffmpeg.coded import Coded
from video_pipeline.ffmpeg.plan import Kind
from video_pipeline.ffmpeg.vp9 import encode_vp9
from video_pipeline.ffmpeg.vp9_dissolve import dissolve_vp9
from video_pipeline.ffmpeg.vp9_syntax import hidden, mean_frame, superframe

DECODERS = ("vp9", "libvpx-vp9")

sides = st.integers(32, 180).map(lambda half: 2 * half)


def scenery(width: int, height: int, seed: int) -> Planes:
    """Squares in strong colours, a little soft."""
    noise = np.random.default_rng(seed).integers(16, 236, (height * 3 // 32 + 1, width // 16 + 1), np.uint8)
    squares = np.kron(noise, np.ones((16, 16), np.uint8))[: height * 3 // 2, :width]
    return np.asarray(cv2.blur(squares, (5, 3)))


def decoded(packets: tuple[bytes, ...] | list[bytes], name: str) -> list[Planes]:
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    frames += decoder.decode(None)
    return [frame.to_ndarray(format="yuv420p") for frame in frames]


def two_of(size: Size, seeds: tuple[int, int]) -> tuple[bytes, bytes]:
    """A key frame and a frame behind it that shows something else."""
    film = [scenery(size.width, size.height, seed) for seed in seeds]
    key, other = encode_vp9(film, size, FPS_30, kind=Kind.BLEND, quantiser=20).packets
    return key, other


@settings(max_examples=15, deadline=None)
@given(width=sides, height=sides)
def test_a_mean_is_the_mean_to_the_bit(width: int, height: int) -> None:
    size = Size(width, height)
    one, other = two_of(size, (1, 2))
    first, second = decoded([one, other], "vp9")
    stream = [
        one,
        superframe(
            [
                hidden(other, width, 3),
                mean_frame(width, height, (0, 3), refresh=7, shown=False),
                mean_frame(width, height, (7, 3), refresh=None, shown=True),
            ]
        ),
        mean_frame(width, height, (3, 3), refresh=None, shown=True),
    ]
    half = (first.astype(np.uint16) + second + 1) // 2
    expected = [first, (half + second + 1) // 2, second]
    for name in DECODERS:
        shown = decoded(stream, name)
        assert len(shown) == 3
        assert all(np.array_equal(frame, wanted) for frame, wanted in zip(shown, expected, strict=True))


@settings(max_examples=8, deadline=None)
@given(width=sides, height=sides, frames=st.integers(1, 140))
def test_a_dissolve_has_its_frames_and_goes_evenly_from_one_picture_to_the_other(
    width: int, height: int, frames: int
) -> None:
    before, after = scenery(width, height, 3), scenery(width, height, 4)
    coded = dissolve_vp9(before, after, frames, Size(width, height), FPS_30, quantiser=18)
    assert len(coded.packets) == frames
    one, other = (decoded(coded.packets, name) for name in DECODERS)
    assert len(one) == len(other) == frames
    assert all(np.array_equal(mine, yours) for mine, yours in zip(one, other, strict=True))
    way = after.astype(np.float64) - before
    shares = [float(np.vdot(frame.astype(np.float64) - before, way) / np.vdot(way, way)) for frame in one]
    wanted = [(number + 1) / (frames + 1) for number in range(frames)]
    assert np.abs(np.subtract(shares, wanted)).max() < 0.02
    assert all(later > earlier - 0.003 for earlier, later in pairwise(shares))
    # Means are rounded up; half a level is taken off before.
    mixed = [before * (1 - share) + after * share for share in wanted]
    assert max(abs(frame.mean() - ideal.mean()) for frame, ideal in zip(one, mixed, strict=True)) < 1


def test_a_dissolve_takes_less_than_every_frame_would() -> None:
    size = Size(640, 360)
    before, after = scenery(640, 360, 5), scenery(640, 360, 6)
    film = [np.asarray(cv2.addWeighted(before, 1 - s, after, s, 0)) for s in ((n + 1) / 61 for n in range(60))]
    every: Coded = encode_vp9(film, size, FPS_30, kind=Kind.BLEND, quantiser=18)
    means = dissolve_vp9(before, after, 60, size, FPS_30, quantiser=18)
    assert means.bytes < every.bytes * 0.75

    def error(coded: Coded) -> float:
        shown = decoded(coded.packets, "vp9")
        return float(np.mean([(a.astype(np.float64) - b) ** 2 for a, b in zip(shown, film, strict=True)]))

    assert error(means) < error(every) * 1.1


def test_colours_stay_those_of_hd_through_a_dissolve() -> None:
    """The second picture was once hidden as an intra-only frame, and decoders took the whole dissolve for BT.601."""
    size = Size(320, 180)
    coded = dissolve_vp9(scenery(320, 180, 8), scenery(320, 180, 9), 60, size, FPS_30, quantiser=18)
    decoder = av.CodecContext.create("vp9", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [frame for packet in coded.packets for frame in decoder.decode(av.Packet(packet))]
    assert {(frame.colorspace, frame.color_range) for frame in [*frames, *decoder.decode(None)]} == {(1, 1)}


def test_what_is_no_later_frame_is_refused() -> None:
    key, other = two_of(Size(64, 64), (7, 8))
    with pytest.raises(MediaError, match="another kind of frame"):
        hidden(key, 64, 1)
    with pytest.raises(MediaError, match="ends within its header"):
        hidden(other[:6], 64, 1)
