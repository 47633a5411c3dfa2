"""Footage in finished files: each frame the promised one through loops, cuts and transitions, in every codec."""

from __future__ import annotations

import gc
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from video_pipeline.domain.delivery import AspectRatio, Rendition
from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Motion, Overlay, PictureClip, Timeline, Transition, TransitionKind
from video_pipeline.ffmpeg.encoding.codecs import VIDEO, VideoCodec
from video_pipeline.ffmpeg.encoding.h264 import encode_h264
from video_pipeline.ffmpeg.encoding.stretch import PictureFormat, frames_of, within_ceiling
from video_pipeline.ffmpeg.picture.canvas import Size, chroma_of, luma_of
from video_pipeline.ffmpeg.picture.footage import FootageFile, scaled
from video_pipeline.ffmpeg.picture.plan import Blend, Kind, Look, Move
from video_pipeline.ffmpeg.work.coded import Coded
from video_pipeline_tests.ffmpeg.counted import counted_frame, counted_video, number_in
from video_pipeline_tests.ffmpeg.material import Workshop, reference, stamps_of

RATE = FrameRate(24)
LENGTH = 100


@pytest.fixture(scope="module")
def film(workshop: Workshop) -> Path:
    """Footage of 100 frames that say their numbers."""
    source = workshop.folder / "counted.mkv"
    counted_video(workshop.ffmpeg, source, LENGTH, "-c:v", "ffv1", size=(256, 144), rate="24")
    out = workshop.folder / "film.mp4"
    facts = workshop.tools.conform_footage(
        source, RATE, out, aspect=AspectRatio.WIDE, loop=False, report=lambda *_: None, cancelled=lambda: False
    )
    assert (facts.frames, facts.width, facts.height, facts.seamless) == (LENGTH, 256, 144, False)
    return out


def showing(workshop: Workshop, film: Path, lengths: list[int | None], kind: TransitionKind) -> Timeline:
    """Scenes of footage for so many frames, None being a still one of 40; transitions take 12 frames."""
    still = workshop.picture(0)
    clips = tuple(
        PictureClip(f"scene {number}", reference(still if length is None else film), length or 40, footage_frames=taken)
        for number, length in enumerate(lengths)
        for taken in [0 if length is None else LENGTH]
    )
    seconds = sum(clip.frames for clip in clips) / 24
    plain = workshop.album(1, seconds=np.ceil(seconds) + 1, rate=RATE)
    sound = plain.sounds[0]
    samples = RATE.samples_at(sum(clip.frames for clip in clips))
    cut = replace(sound, source_range=replace(sound.source_range, duration=samples))
    offsets = (0, 0) if kind is TransitionKind.CUT else (6, 6)
    changes = (Transition(kind, *offsets),) * (len(clips) - 1)
    return replace(plain, pictures=clips, transitions=changes, sounds=(cut,))


def numbers_of(file: Path) -> list[int | None]:
    with av.open(str(file)) as container:
        return [number_in(frame.to_ndarray(format="yuv420p")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("rendition", ["mp4_256x144", "webm_256x144", "av1_256x144"])
def test_every_frame_is_the_promised_one_through_loops_and_dissolves(
    workshop: Workshop, film: Path, tmp_path: Path, rendition: str
) -> None:
    # A loop of 100 frames in groups of 200; a still picture; footage that is long enough to be shown once.
    timeline = showing(workshop, film, [700, None, 80], TransitionKind.DISSOLVE)
    file = tmp_path / Rendition.parse(*rendition.split("_")).file_name
    report = workshop.render(timeline, rendition, file)
    found = numbers_of(file)
    assert len(found) == timeline.frames == report.frames
    assert found[:694] == [number % LENGTH for number in range(694)]
    # It is first seen six frames before its cut, where it begins; the dissolve takes twelve.
    assert found[746:] == [number - 734 for number in range(746, timeline.frames)]
    # 700 frames are one group shown three times, 94 frames left over with the dissolve, the still one, the last.
    assert report.stretches_encoded == 5
    times = stamps_of(file, "video")
    assert np.allclose(np.diff(times.pts), 1 / 24, atol=0.001)
    assert workshop.run("-v", "warning", "-i", str(file), "-f", "null", "-") == ""


@pytest.mark.parametrize("kind", TransitionKind)
def test_footage_stands_on_both_sides_of_every_transition(
    workshop: Workshop, film: Path, tmp_path: Path, kind: TransitionKind
) -> None:
    timeline = showing(workshop, film, [130, 130], kind)
    file = tmp_path / "out.mp4"
    workshop.render(timeline, "mp4_256x144", file)
    found = numbers_of(file)
    taken = 0 if kind is TransitionKind.CUT else 6
    assert found[: 130 - taken] == [number % LENGTH for number in range(130 - taken)]
    assert found[130 + taken :] == [number % LENGTH for number in range(130 - taken)]


def test_a_loop_is_repeated_without_encoding_it_again(workshop: Workshop, film: Path, tmp_path: Path) -> None:
    timeline = showing(workshop, film, [1000], TransitionKind.CUT)
    report = workshop.render(timeline, "mp4_256x144", tmp_path / "out.mp4")
    assert report.stretches_encoded + report.stretches_reused == 1
    with av.open(str(tmp_path / "out.mp4")) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert packets[:200] * 5 == packets


def test_what_was_encoded_is_known_by_the_content_of_the_footage(fresh: Workshop, film: Path, tmp_path: Path) -> None:
    timeline = showing(fresh, film, [120], TransitionKind.CUT)
    first = fresh.render(timeline, "mp4_128x72", tmp_path / "1.mp4")
    assert (first.stretches_encoded, first.stretches_reused) == (1, 0)
    again = fresh.render(timeline, "mp4_128x72", tmp_path / "2.mp4")
    assert (again.stretches_encoded, again.stretches_reused) == (0, 1)
    other = fresh.folder / "other.mp4"
    other.write_bytes(film.read_bytes() + b"\0\0\0\x08free")
    changed = replace(timeline, pictures=(replace(timeline.pictures[0], media=reference(other)),))
    assert fresh.render(changed, "mp4_128x72", tmp_path / "3.mp4").stretches_encoded == 1


def test_an_overlay_is_drawn_over_footage(workshop: Workshop, film: Path, tmp_path: Path) -> None:
    timeline = replace(showing(workshop, film, [150, None], TransitionKind.DISSOLVE), overlay=Overlay.BARS)
    workshop.render(timeline, "mp4_256x144", tmp_path / "out.mp4")
    found = numbers_of(tmp_path / "out.mp4")
    assert found[:144] == [number % LENGTH for number in range(144)]
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(frame for number, frame in enumerate(container.decode(video=0)) if number == 60)
        shown = luma_of(frame.to_ndarray(format="yuv420p")).astype(int)
    # White bars stand on what is darkened.
    assert shown[108:120, 40:216].max() > 200


def test_footage_beside_a_picture_that_moves(workshop: Workshop, film: Path, tmp_path: Path) -> None:
    timeline = showing(workshop, film, [None, 60], TransitionKind.WIPE)
    moved = replace(timeline.pictures[0], motion=Motion.SLOW_ZOOM)
    workshop.render(replace(timeline, pictures=(moved, timeline.pictures[1])), "mp4_256x144", tmp_path / "out.mp4")
    assert numbers_of(tmp_path / "out.mp4")[46:] == list(range(12, 66))


@pytest.mark.parametrize("rendition", ["mp4_144x256", "mp4_200x200", "mp4_512x288"])
def test_footage_covers_a_frame_of_another_shape_or_size(
    workshop: Workshop, film: Path, tmp_path: Path, rendition: str
) -> None:
    timeline = showing(workshop, film, [30], TransitionKind.CUT)
    workshop.render(timeline, rendition, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    width, height = map(int, rendition.split("_")[1].split("x"))
    scale = max(width / 256, height / 144)
    for number in (0, 7, 29):
        wide = np.kron(counted_frame(number, (256, 144)), np.ones((4, 4)))
        # The squares in the middle are there, in their size, whatever is cut off at the sides.
        middle = luma_of(frames[number])[height // 2 + round(6 * scale), :].astype(float)
        wanted = wide[wide.shape[0] // 2 + 24, :] * 219 / 255 + 16
        places = ((np.arange(width) + 0.5 - width / 2) / scale + 128) * 4
        assert np.median(np.abs(middle - wanted[places.astype(int)])) < 6


def test_footage_far_above_its_ceiling_is_not_encoded_at_every_step_on_the_way() -> None:
    form = PictureFormat(VideoCodec.H264, Rendition.parse("mp4", "320x180@100k").rung, RATE)
    stretch = Move(Look("a" * 64, Motion.STILL, 0, 240), 240)
    tried: list[int] = []

    def encoded(quantiser: int) -> Coded:
        tried.append(quantiser)
        # 1600 kbit/s at 20, and half for each six steps.
        return Coded(b"", (bytes(int(2_000_000 * 2 ** ((20 - quantiser) / 6))),), (0,))

    coded = within_ceiling(encoded, stretch, form)
    assert tried[0] == 20
    assert len(tried) <= 3
    assert tried[-1] == VIDEO[VideoCodec.H264].quantisers[Kind.FOOTAGE][-1]
    assert coded.bytes == pytest.approx(250_000, rel=0.01)


def test_headers_of_footage_are_those_of_every_other_stretch() -> None:
    noise = np.random.default_rng(1).integers(40, 200, (6, 96, 64)).astype(np.uint8)
    kinds = (Kind.STILL, Kind.MOVE, Kind.BLEND, Kind.FOOTAGE, Kind.LIVE)
    made = {encode_h264(list(noise), Size(64, 64), RATE, kind=kind, quantiser=30).header for kind in kinds}
    assert len(made) == 1


def test_a_player_reaches_any_frame_in_any_order(film: Path) -> None:
    with FootageFile(film, Size(256, 144), RATE).open() as player:
        for number in (0, 1, 99, 0, 47, 48, 48, 20, 95, 3):
            assert number_in(player.frame(number)) == number


def test_files_of_footage_are_closed_as_soon_as_their_frames_were_taken(film: Path) -> None:
    """A worker makes hundreds of stretches: files that wait for the garbage collector exceed what it may open."""
    look = Look("f" * 64, Motion.STILL, 0, LENGTH)
    sources = {look.picture: FootageFile(film, Size(256, 144), RATE)}
    blend = Blend(look, 1, replace(look, phase=50), 2, TransitionKind.DISSOLVE)
    gc.disable()
    try:
        before = len(os.listdir("/dev/fd"))
        for stretch in (Move(look, 3), blend):
            assert len(list(frames_of(stretch, sources))) == 3
            with closing(frames_of(stretch, sources)) as begun:
                next(begun)
                assert len(os.listdir("/dev/fd")) > before
        assert len(os.listdir("/dev/fd")) == before
    finally:
        gc.enable()


def test_footage_that_ends_early_or_has_another_rate_is_refused(film: Path) -> None:
    ends = pytest.raises(MediaError, match=r"film.mp4 has no frame 100 at 24 frames a second: .* it is made again")
    with FootageFile(film, Size(256, 144), RATE).open() as player, ends:
        player.frame(100)
    with FootageFile(film, Size(256, 144), FrameRate(12)).open() as other:
        assert number_in(other.frame(0)) == 0
        with pytest.raises(MediaError, match="has no frame"):
            other.frame(1)


def test_footage_shorter_than_said_ends_the_render_with_what_to_do(
    workshop: Workshop, film: Path, tmp_path: Path
) -> None:
    timeline = showing(workshop, film, [150], TransitionKind.CUT)
    longer = replace(timeline, pictures=(replace(timeline.pictures[0], footage_frames=140),))
    with pytest.raises(MediaError, match=r"film\.mp4 has no frame 100"):
        workshop.render(longer, "mp4_128x72", tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [Size(300, 200), Size(64, 64), Size(90, 160), Size(256, 144)], ids=str)
def test_scaling_keeps_colours_and_their_places(size: Size) -> None:
    wide, high = 320, 180
    planes = np.full((high * 3 // 2, wide), 128, np.uint8)
    luma_of(planes)[:] = np.linspace(40, 200, wide, dtype=np.uint8)[None, :]
    chroma_of(planes)[0] = np.linspace(90, 170, wide // 2, dtype=np.uint8)[None, :]
    chroma_of(planes)[1] = 60
    shown = scaled(av.VideoFrame.from_ndarray(planes, "yuv420p"), size)
    assert shown.shape == (size.height * 3 // 2, size.width)
    middle = size.height // 2, size.width // 2
    assert luma_of(shown)[middle] == pytest.approx(120, abs=2)
    assert chroma_of(shown)[0][middle[0] // 2, middle[1] // 2] == pytest.approx(130, abs=2)
    assert np.ptp(chroma_of(shown)[1]) <= 1
