"""Programmes of other shapes: upright and square ones are as true as wide ones, in every codec and with an overlay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from video_pipeline.domain.delivery import MASTER, AspectRatio, Rendition
from video_pipeline.domain.thumbnails import Design
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Motion, Overlay, Timeline
from video_pipeline.ffmpeg.picture.canvas import Planes, luma_of, planes_of
from video_pipeline.ffmpeg.picture.motion import mover
from video_pipeline_tests.ffmpeg.material import Workshop, luma_frames, reference
from video_pipeline_tests.ffmpeg.programme import album, coded_picture, rendered
from video_pipeline_tests.ffmpeg.truth import verify, wrong

SIZES = {AspectRatio.TALL: (480, 854), AspectRatio.SQUARE: (480, 480)}


def shaped(workshop: Workshop, aspect: AspectRatio) -> Timeline:
    """Two scenes whose pictures have the shape of the programme."""
    timeline = album(workshop, 2, seconds=3, rate=FrameRate(24))
    rung = MASTER.rung_for(aspect)
    clips = []
    for number, clip in enumerate(timeline.pictures):
        path = workshop.folder / f"coded{number}_{rung.width}x{rung.height}.png"
        if not path.exists():
            coded_picture(path, number + 1, (rung.width, rung.height))
        clips.append(replace(clip, media=reference(path)))
    return replace(timeline, aspect=aspect, pictures=tuple(clips))


@pytest.mark.parametrize(
    "rendition", ["mp4_low", *(pytest.param(each, marks=pytest.mark.slow) for each in ("webm_low", "av1_low"))]
)
@pytest.mark.parametrize("aspect", SIZES)
def test_a_programme_of_another_shape_is_what_was_promised(
    workshop: Workshop, tmp_path: Path, aspect: AspectRatio, rendition: str
) -> None:
    claim = rendered(workshop, shaped(workshop, aspect), rendition, tmp_path)
    assert wrong(verify(claim, seeks=10)) == []
    facts = workshop.tools.inspect(claim.file)
    assert (facts["width"], facts["height"], facts["sample_aspect"]) == (*SIZES[aspect], "1:1")


def test_the_report_tells_the_size_and_the_ceiling_of_the_shape(workshop: Workshop, tmp_path: Path) -> None:
    report = workshop.render(shaped(workshop, AspectRatio.SQUARE), "mp4_low", tmp_path / "out.mp4")
    assert (report.width, report.height) == (480, 480)
    assert "-s 480x480" in report.command
    # 1000 kbit/s for 854 x 480, as much for each pixel here; and 128 of sound.
    assert "690" in report.command.rsplit("on average:", 1)[1]


def test_a_size_that_was_spelt_out_is_meant_as_it_is(workshop: Workshop, tmp_path: Path) -> None:
    report = workshop.render(shaped(workshop, AspectRatio.TALL), "mp4_128x64", tmp_path / "out.mp4")
    assert (report.width, report.height) == (128, 64)


@pytest.mark.parametrize("shape", [(900, 500), (500, 900), (700, 700)], ids=str)
@pytest.mark.parametrize("aspect", AspectRatio)
def test_a_picture_of_any_shape_covers_the_frame_and_keeps_its_own(
    workshop: Workshop, tmp_path: Path, aspect: AspectRatio, shape: tuple[int, int]
) -> None:
    width, height = shape
    y, x = np.mgrid[0:height, 0:width]
    disc = np.hypot(x - width / 2, y - height / 2) < 90
    path = workshop.folder / f"disc{width}x{height}.png"
    Image.fromarray(np.where(disc, 235, 90).astype(np.uint8)).convert("RGB").save(path)
    timeline = replace(workshop.album(1, seconds=1, pictures=[path]), aspect=aspect)
    report = workshop.render(timeline, "mp4_low", tmp_path / "out.mp4")
    luma = luma_of(luma_frames(tmp_path / "out.mp4", [3])[3])
    assert luma.shape == (report.height, report.width)
    # Nothing is black: the picture goes to the edges; and a circle is still one.
    assert luma.min() > 60
    bright = luma > 150
    assert bright.any(axis=0).sum() == pytest.approx(bright.any(axis=1).sum(), abs=2)


@pytest.mark.parametrize("aspect", SIZES)
def test_an_overlay_lies_in_the_picture_whatever_its_shape(
    workshop: Workshop, tmp_path: Path, aspect: AspectRatio
) -> None:
    plain = shaped(workshop, aspect)
    timeline = replace(plain, overlay=Overlay.BARS)
    for name, each in (("with.mp4", timeline), ("without.mp4", plain)):
        workshop.render(each, "mp4_low", tmp_path / name)
    with_it, without = (luma_frames(tmp_path / f"{name}.mp4", [50])[50] for name in ("with", "without"))
    drawn = luma_of(with_it).astype(int) - luma_of(without) > 40
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    width, height = SIZES[aspect]
    assert height * 0.6 < rows.min() < rows.max() < height - 10
    assert 10 < columns.min() < width * 0.2
    assert width * 0.8 < columns.max() < width - 10


def lights(motion: Motion, size: tuple[int, int]) -> Planes:
    """What is brighter for the particles, at one moment."""
    width, height = size
    dark = planes_of(np.full((height, width, 3), 30, np.uint8))
    return np.asarray(luma_of(mover(motion, dark, 7)(0.3)).astype(int) - luma_of(dark) > 12)


@pytest.mark.parametrize("motion", [Motion.SNOW, Motion.PARTICLES, Motion.FIREFLIES])
def test_particles_are_as_large_on_an_upright_picture_and_everywhere_on_it(motion: Motion) -> None:
    wide, tall = lights(motion, (854, 480)), lights(motion, (480, 854))
    assert tall.sum() == pytest.approx(wide.sum(), rel=0.25)
    for third in np.array_split(tall, 3):
        assert third.sum() > tall.sum() / 10


def test_a_preview_has_the_shape_of_its_programme(workshop: Workshop, tmp_path: Path) -> None:
    timeline = shaped(workshop, AspectRatio.TALL)
    master, out = tmp_path / "master.mp4", tmp_path / "preview.mp4"
    workshop.render(timeline, "mp4_low", master)
    report = workshop.tools.preview_clip(
        timeline, master, out, locate=lambda media: workshop.folder / media.key, cancelled=lambda: False
    )
    assert (report.width, report.height) == SIZES[AspectRatio.TALL]
    assert workshop.tools.inspect(out)["height"] == 854


def test_thumbnails_stay_as_wide_as_youtube_shows_them(workshop: Workshop, tmp_path: Path) -> None:
    tall = tmp_path / "tall.png"
    Image.fromarray(np.full((960, 540, 3), 120, np.uint8)).save(tall)
    assert workshop.tools.thumbnail(Design.PLAIN, [tall], tmp_path / "thumbnail.jpg")
    with Image.open(tmp_path / "thumbnail.jpg") as thumbnail:
        assert thumbnail.size == (1280, 720)


@pytest.mark.parametrize(("shape", "cell"), [((90, 160), (216, 384)), ((90, 90), (216, 216)), ((160, 90), (384, 216))])
def test_a_contact_sheet_shows_pictures_in_their_shape(
    workshop: Workshop, tmp_path: Path, shape: tuple[int, int], cell: tuple[int, int]
) -> None:
    pictures = [tmp_path / f"{number}.png" for number in range(2)]
    for path in pictures:
        Image.fromarray(np.full((shape[1], shape[0], 3), 120, np.uint8)).save(path)
    workshop.tools.contact_sheet(pictures, tmp_path / "sheet.jpg")
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.size == (2 * (cell[0] + 8) + 8, cell[1] + 16)


@pytest.mark.parametrize("aspect", AspectRatio)
def test_every_rung_has_even_sides_in_every_shape(aspect: AspectRatio) -> None:
    for quality in ("low", "medium", "high", "qhd", "uhd", "square", "vertical"):
        rung = Rendition.parse("mp4", quality).rung_for(aspect)
        assert rung.width % 2 == rung.height % 2 == 0
