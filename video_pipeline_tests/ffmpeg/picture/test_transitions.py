"""Transitions: before encoding each mix does what its name says; after it the frames are those that were mixed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.timeline import Motion, TransitionKind
from video_pipeline.ffmpeg.encoding.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.encoding.stretch import frames_of
from video_pipeline.ffmpeg.picture.canvas import Planes, Size, chroma_of, load_planes, luma_of, planes_of
from video_pipeline.ffmpeg.picture.plan import Blend, Kind, Look
from video_pipeline.ffmpeg.picture.transitions import MIXES, blend, shares
from video_pipeline_tests.ffmpeg.material import detailed_picture

KINDS = list(MIXES)


def even(level: int) -> Planes:
    return planes_of(np.full((36, 64, 3), level, np.uint8))


def test_every_kind_but_the_cut_has_a_mix() -> None:
    assert set(MIXES) == set(TransitionKind) - {TransitionKind.CUT}


def test_blending_planes_is_blending_the_pictures() -> None:
    noise = np.random.default_rng(1)
    one, two = (noise.integers(0, 256, (36, 64, 3), np.uint8) for _ in range(2))
    direct = planes_of(np.rint(one * 0.7 + two * 0.3).astype(np.uint8)).astype(int)
    assert np.abs(blend(planes_of(one), planes_of(two), 0.3).astype(int) - direct).max() <= 2


@given(frames=st.integers(1, 400))
def test_shares_grow_evenly_and_leave_both_ends_out(frames: int) -> None:
    found = list(shares(frames))
    assert len(found) == frames
    assert found[0] > 0
    assert found[-1] < 1
    assert np.allclose(np.diff([0, *found, 1]), 1 / (frames + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_transition_starts_at_one_picture_and_ends_at_the_other(kind: TransitionKind) -> None:
    noise = np.random.default_rng(2)
    one, two = (planes_of(noise.integers(0, 256, (180, 320, 3), np.uint8)) for _ in range(2))
    mix = MIXES[kind]()
    frames = [mix(one, two, share).astype(float) for share in np.linspace(0, 1, 61)]
    assert np.abs(frames[0] - one).max() <= 1
    assert np.abs(frames[-1] - two).max() <= 1
    assert all(16 <= luma_of(frame).min() <= luma_of(frame).max() <= 235 for frame in frames)
    # No step anywhere: the longest way of a frame is a small part of the whole.
    steps = [np.abs(a - b).mean() for a, b in pairwise(frames)]
    assert max(steps) < 0.06 * max(np.abs(frames[0] - frames[-1]).mean(), 60)


def test_a_dip_is_black_half_way_and_nothing_else_is() -> None:
    for kind in KINDS:
        half = MIXES[kind]()(even(200), even(120), 0.5)
        assert (luma_of(half).max() == 16) == (kind is TransitionKind.DIP)
    assert np.all(chroma_of(MIXES[TransitionKind.DIP]()(even(200), even(120), 0.5)) == 128)


def test_a_wipe_goes_from_left_to_right_by_parts_of_pixels() -> None:
    one, two = even(40), even(200)
    half = luma_of(MIXES[TransitionKind.WIPE]()(one, two, 0.5)).astype(float)
    assert np.all(half[:, :10] == luma_of(two)[0, 0])
    assert np.all(half[:, -10:] == luma_of(one)[0, 0])
    assert np.all(np.diff(half, axis=1) <= 0)
    edges = [luma_of(MIXES[TransitionKind.WIPE]()(one, two, share)).mean() for share in np.linspace(0.3, 0.7, 200)]
    assert np.all(np.diff(edges) >= 0)
    assert np.diff(edges).max() < 1.2


def test_luma_shows_the_brightest_first() -> None:
    ramp = planes_of(np.repeat(np.linspace(30, 220, 640)[None, :, None], 90, 0).repeat(3, 2).astype(np.uint8))
    early = luma_of(MIXES[TransitionKind.LUMA]()(np.full_like(ramp, 16), ramp, 0.35)).astype(float)
    seen = (early[45] - 16) / (luma_of(ramp)[45] - 16.0)
    assert seen[-40:].min() > 0.6
    assert seen[:200].max() < 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_a_mix_is_the_same_each_time(kind: TransitionKind) -> None:
    noise = np.random.default_rng(4)
    one, two = (planes_of(noise.integers(0, 256, (36, 64, 3), np.uint8)) for _ in range(2))
    assert np.array_equal(MIXES[kind]()(one, two, 0.4), MIXES[kind]()(one, two, 0.4))


def decoded(codec: VideoCodec, packets: tuple[bytes, ...]) -> Iterator[Planes]:
    decoder = av.CodecContext.create("h264" if codec is VideoCodec.H264 else "vp9", "r")
    for packet in packets:
        yield from (frame.to_ndarray() for frame in decoder.decode(av.Packet(packet)))
    yield from (frame.to_ndarray() for frame in decoder.decode(None))


class Material:
    """Two detailed pictures and a transition of 30 frames between them, one of them moving."""

    size = Size(1280, 720)

    def __init__(self, folder: Path) -> None:
        names = ("1" * 64, "2" * 64)
        self.planes = {
            name: load_planes(detailed_picture(folder / f"{number}.png", number), self.size)
            for number, name in enumerate(names)
        }
        self._looks = Look(names[0], Motion.STILL, 0, 0), Look(names[1], Motion.PAN, 400, 480)

    def blend(self, kind: TransitionKind) -> Blend:
        return Blend(self._looks[0], 0, self._looks[1], 30, kind)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(tmp_path_factory.mktemp("transitions"))


@pytest.mark.parametrize("codec", [VideoCodec.H264, pytest.param(VideoCodec.VP9, marks=pytest.mark.slow)])
def test_encoded_transitions_are_true_to_what_was_mixed(material: Material, codec: VideoCodec) -> None:
    recipe, headers = VIDEO[codec], set()
    for kind in KINDS:
        wanted = list(frames_of(material.blend(kind), material.planes))
        quantiser = recipe.quantisers[Kind.BLEND][0]
        coded = recipe.encode(wanted, material.size, FPS_30, kind=Kind.BLEND, quantiser=quantiser)
        headers.add(coded.header)
        shown = list(decoded(codec, ((coded.header + coded.packets[0]), *coded.packets[1:])))
        assert len(shown) == len(wanted) == 30
        errors = [np.square(a.astype(float) - b).mean() for a, b in zip(shown, wanted, strict=True)]
        assert 10 * np.log10(255**2 / np.mean(errors)) > 40
    # Parameter sets that differ could not be joined.
    assert len(headers) == 1
