"""Overlays: drawn where they belong and nowhere else, and in finished files in time with the sound."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.domain.delivery import LADDER, Rendition
from video_pipeline.domain.errors import CancelledError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Motion, Overlay, Timeline
from video_pipeline.ffmpeg.overlay.drawings import DRAWINGS, Layout, Shade, layout_of
from video_pipeline.ffmpeg.overlay.spectrum import BANDS, edges_hz
from video_pipeline.ffmpeg.picture.canvas import BLACK, WHITE, Planes, Size, chroma_of, luma_of
from video_pipeline_tests.ffmpeg.material import Workshop, stamps_of, write_sound

SIZE = Size(640, 360)
LAYOUT = layout_of(SIZE)
SIZES = [
    *(Size(rung.width, rung.height) for rung in LADDER.values()),
    Size(64, 64),
    Size(64, 4320),
    Size(7680, 64),
    Size(256, 144),
]
DRAWN = [Overlay.BARS, Overlay.LINE]


def grey(size: Size, luma: int = 60) -> Planes:
    planes = np.full((size.height * 3 // 2, size.width), 128, np.uint8)
    luma_of(planes)[:] = luma
    return planes


def levels(height: float, bands: slice = slice(None)) -> NDArray[np.float32]:
    heights = np.zeros(BANDS, np.float32)
    heights[bands] = height
    return heights


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width}x{size.height}")
@pytest.mark.parametrize("overlay", DRAWN)
def test_an_overlay_fits_into_pictures_of_every_size(size: Size, overlay: Overlay) -> None:
    place = layout_of(size)
    assert 0 <= place.rows.start < place.rows.stop <= size.height
    assert 0 <= place.columns.start < place.columns.stop <= size.width
    assert place.rows.start > size.height / 2
    assert all(edge % 2 == 0 for edge in (place.rows.start, place.rows.stop, place.columns.start, place.columns.stop))
    drawn = grey(size)
    DRAWINGS[overlay](place).draw(drawn, levels(0.7))
    changed = luma_of(drawn) != 60
    assert changed.any()
    changed[place.rows, place.columns] = False
    assert not changed.any()
    assert luma_of(drawn).min() >= BLACK
    assert luma_of(drawn).max() <= WHITE


def light(planes: Planes) -> float:
    """How much brighter than the grey the picture is in all, in pixels of the overlay's white."""
    return float((luma_of(planes).astype(float) - 60).sum() / (224 - 60))


@pytest.mark.parametrize("overlay", DRAWN)
def test_a_height_that_grows_slowly_grows_in_the_picture_without_a_jump(overlay: Overlay) -> None:
    drawing = DRAWINGS[overlay](LAYOUT)
    frames = []
    for height in np.linspace(0.3, 0.4, 60):
        frames.append(grey(SIZE))
        drawing.draw(frames[-1], levels(height))
    steps = [np.abs(b.astype(int) - a).max() for a, b in pairwise(frames)]
    # Sixty steps of a twentieth of a pixel: no pixel jumps by more than a small part of the way from grey to white.
    assert max(steps) <= 24
    if overlay is Overlay.BARS:
        lit = np.array([light(frame) for frame in frames])
        assert (np.diff(lit) > -1e-9).all()
        tall = 2 * LAYOUT.reach * 0.1 * LAYOUT.width * LAYOUT.bars * 0.86
        assert lit[-1] - lit[0] == pytest.approx(tall, rel=0.05)


def test_chroma_goes_with_luma_of_the_bars() -> None:
    size = Size(1280, 720)
    drawn = grey(size)
    chroma_of(drawn)[:] = 200
    DRAWINGS[Overlay.BARS](layout_of(size)).draw(drawn, levels(1.0))
    white = (luma_of(drawn) > 190).astype(np.uint8)
    inner = cv2.erode(white, np.ones((5, 3), np.uint8))[0::2, 0::2] > 0
    assert inner.any()
    # 0.86 of the way from 200 to about 128.
    assert np.abs(chroma_of(drawn)[:, inner].astype(int) - 138).max() <= 3
    far = cv2.dilate((luma_of(drawn) > 62).astype(np.uint8), np.ones((5, 5), np.uint8))[0::2, 0::2] == 0
    assert (chroma_of(drawn)[:, far] == 200).all()


@settings(max_examples=25, deadline=None)
@given(heights=st.lists(st.floats(0, 1, width=32), min_size=BANDS, max_size=BANDS), overlay=st.sampled_from(DRAWN))
def test_any_heights_stay_in_range_and_in_place(heights: list[float], overlay: Overlay) -> None:
    drawn = grey(SIZE, WHITE)
    DRAWINGS[overlay](LAYOUT).draw(drawn, np.array(heights, np.float32))
    assert BLACK <= luma_of(drawn).min() <= luma_of(drawn).max() <= WHITE
    outside = luma_of(drawn).copy()
    outside[LAYOUT.rows, LAYOUT.columns] = WHITE
    assert (outside == WHITE).all()


def test_the_shade_is_soft_and_leaves_black_black() -> None:
    shaded = luma_of(Shade(LAYOUT).over(grey(SIZE, 200))).astype(float)
    soft = cv2.blur(shaded, (9, 9))
    assert shaded.min() > 110
    assert soft[LAYOUT.axis, SIZE.width // 2] < 135
    assert (shaded[: SIZE.height // 2] == 200).all()
    assert max(np.abs(np.diff(soft, axis=0)).max(), np.abs(np.diff(soft, axis=1)).max()) < 3
    assert (luma_of(Shade(LAYOUT).over(grey(SIZE, BLACK))) == BLACK).all()


# Finished files.

QUIET, CLICK = 6.0, 131_072
"""Seconds of tone, then as many of silence; the sample of a click."""


def picture(folder: Path, name: str, colour: int) -> Path:
    path = folder / f"{name}.png"
    fields = np.kron(np.random.default_rng(colour).integers(0, 60, (9, 16, 3)), np.ones((40, 40, 1)))
    Image.fromarray((fields + colour).astype(np.uint8)).save(path)
    return path


def programme(workshop: Workshop, sound: NDArray[np.float64], name: str, overlay: Overlay, scenes: int = 1) -> Timeline:
    """Dark pictures with one sound each."""
    path = write_sound(workshop.folder / f"{name}.flac", sound)
    pictures = [picture(workshop.folder, f"dark{number}", 20 + 30 * number) for number in range(scenes)]
    made = workshop.album(scenes, seconds=len(sound) / SAMPLE_RATE, pictures=pictures, sounds=[path] * scenes)
    return replace(made, overlay=overlay)


def tone_then_silence() -> NDArray[np.float64]:
    time = np.arange(round(2 * QUIET * SAMPLE_RATE)) / SAMPLE_RATE
    tone = 0.2 * np.sin(2 * np.pi * 1000 * time) * (time < QUIET)
    return np.repeat(tone[:, None], 2, axis=1)


def frames_of(file: Path) -> NDArray[np.uint8]:
    with av.open(str(file)) as container:
        return np.array([frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)])


def bar_heights(frames: NDArray[np.uint8], place: Layout) -> NDArray[np.int64]:
    """How many rows of the middle of each bar are white, for each frame."""
    middles = place.left + place.pitch // 2 + place.pitch * np.arange(place.bars)
    return np.asarray((frames[:, place.rows][:, :, middles] > 150).sum(axis=1))


@pytest.fixture(scope="module")
def tone(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Timeline, Path]:
    timeline = programme(workshop, tone_then_silence(), "tone", Overlay.BARS)
    out = tmp_path_factory.mktemp("tone") / "tone.mp4"
    workshop.render(timeline, "mp4_640x360", out)
    return timeline, out


def test_a_bar_stands_high_while_its_tone_sounds_and_all_lie_down_in_silence(tone: tuple[Timeline, Path]) -> None:
    timeline, out = tone
    frames = frames_of(out)
    assert len(frames) == timeline.frames
    heights = bar_heights(frames, LAYOUT)
    bar = int(np.searchsorted(edges_hz(), 1000)) - 1
    sounding, silent = heights[15:170], heights[230:]
    assert (sounding.argmax(axis=1) == bar).all()
    assert sounding[:, bar].min() > 1.4 * LAYOUT.reach
    far = np.abs(np.arange(BANDS) - bar) > 4
    assert sounding[:, far].max() <= LAYOUT.width + 2
    assert silent.max() <= LAYOUT.width + 2
    assert (silent >= 1).all(), "where nothing sounds there is a row of dots"


def test_what_an_overlay_does_not_cover_stands_still_through_every_group(tone: tuple[Timeline, Path]) -> None:
    _, out = tone
    assert stamps_of(out, "video").keys == 2
    frames = frames_of(out)
    above = {frame[: LAYOUT.rows.start // 16 * 16 - 16].tobytes() for frame in frames}
    assert len(above) == 1
    below = frames[:, LAYOUT.rows.stop : SIZE.height].astype(int)
    assert np.abs(below - below[0]).max() <= 12


def test_the_same_order_gives_the_same_bytes(tone: tuple[Timeline, Path], fresh: Workshop, tmp_path: Path) -> None:
    timeline, out = tone
    fresh.render(timeline, "mp4_640x360", tmp_path / "again.mp4")
    assert (tmp_path / "again.mp4").read_bytes() == out.read_bytes()


def test_a_second_render_makes_nothing_and_another_overlay_only_pictures(
    tone: tuple[Timeline, Path], workshop: Workshop, tmp_path: Path
) -> None:
    timeline, _ = tone
    told: list[tuple[float, str]] = []
    again = workshop.render(timeline, "mp4_640x360", tmp_path / "a.mp4", report=lambda *news: told.append(news))
    assert (again.stretches_encoded, again.stretches_reused) == (0, 2)
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    other = workshop.render(
        replace(timeline, overlay=Overlay.LINE), "mp4_640x360", tmp_path / "b.mp4", report=lambda *n: told.append(n)
    )
    assert other.stretches_encoded == 2
    assert not [message for _, message in told if message.startswith(("listened", "mixed", "decoded", "encoded sound"))]
    plain = workshop.render(replace(timeline, overlay=Overlay.NONE), "mp4_640x360", tmp_path / "c.mp4")
    assert plain.stretches_encoded == 1


def test_bars_jump_in_the_frame_in_which_a_click_is_heard(workshop: Workshop, tmp_path: Path) -> None:
    sound = np.zeros((4 * SAMPLE_RATE, 2))
    sound[CLICK : CLICK + 480] = np.random.default_rng(2).uniform(-0.7, 0.7, (480, 2))
    timeline = programme(workshop, sound, "click", Overlay.BARS)
    workshop.render(timeline, "mp4_640x360", tmp_path / "click.mp4")
    rises = np.diff(bar_heights(frames_of(tmp_path / "click.mp4"), LAYOUT).sum(axis=1), prepend=0)[1:]
    heard = np.abs(workshop.sound_of(tmp_path / "click.mp4")).max(axis=1).argmax()
    assert abs(int(heard) - CLICK) < 1024
    assert abs(int(rises.argmax()) + 1 - CLICK * 30 // SAMPLE_RATE) <= 1


def test_a_batch_listens_once_and_every_codec_and_size_shows_it(workshop: Workshop, tmp_path: Path) -> None:
    time = np.arange(round(3.3 * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.repeat((0.2 * np.sin(2 * np.pi * 300 * time))[:, None], 2, axis=1)
    timeline = programme(workshop, sound, "batch", Overlay.LINE, scenes=2)
    outs = {
        Rendition.parse(*pair): tmp_path / f"{'_'.join(pair)}"
        for pair in (("mp4", "320x180"), ("mp4", "180x320"), ("webm", "320x180"), ("av1", "320x180"), ("m4a", "low"))
    }
    told: list[str] = []
    made = workshop.tools.render_all(
        timeline,
        outs,
        locate=lambda media: workshop.folder / media.key,
        report=lambda _, message: told.append(message),
        cancelled=lambda: False,
        finished=lambda _: None,
    )
    assert len([message for message in told if message.startswith("listened")]) == 1
    assert made.keys() == outs.keys()
    for rendition, out in outs.items():
        if not rendition.format.pictured:
            continue
        frames = frames_of(out)
        assert len(frames) == timeline.frames
        place = layout_of(Size(rendition.rung.width, rendition.rung.height))
        middle = frames[len(frames) // 2][place.rows, place.columns]
        band = int(np.searchsorted(edges_hz(), 300)) - 1
        column = int((band + 2.5) / (BANDS + 3) * middle.shape[1])
        # The line passes high over the tone's column and low over the others.
        assert middle[:, column - 2 : column + 3].max(axis=1).argmax() < 0.5 * middle.shape[0]
        edge = middle[:, int(0.85 * middle.shape[1])]
        assert edge.argmax() > 0.75 * middle.shape[0]


def test_scenes_move_and_dissolve_beneath_an_overlay_as_without_it(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(2, seconds=5.0, motion=Motion.SNOW)
    shown = []
    for overlay in (Overlay.NONE, Overlay.BARS):
        out = tmp_path / f"{overlay}.mp4"
        workshop.render(replace(timeline, overlay=overlay), "mp4_320x180@8000k", out)
        shown.append(frames_of(out)[:, :88])
    assert shown[0].shape == shown[1].shape
    apart = [cv2.PSNR(plain, under) for plain, under in zip(*shown, strict=True)]
    assert min(apart) > 34
    # A frame too late the flakes would have fallen on.
    late = [cv2.PSNR(plain, under) for plain, under in zip(shown[0][1:], shown[1][:-1], strict=True)]
    assert np.mean([right > wrong for right, wrong in zip(apart, late, strict=False)]) > 0.95


def test_a_render_with_an_overlay_stops_when_asked_to(fresh: Workshop, tmp_path: Path) -> None:
    timeline = programme(fresh, tone_then_silence(), "tone", Overlay.BARS)
    told: list[str] = []
    with pytest.raises(CancelledError):
        fresh.render(
            timeline,
            "mp4_high",
            tmp_path / "never.mp4",
            report=lambda _, message: told.append(message),
            cancelled=lambda: any(message.startswith("listened") for message in told),
        )
    assert list(tmp_path.glob("never*")) == []
