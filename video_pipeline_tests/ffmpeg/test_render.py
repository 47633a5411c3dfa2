"""Ground truth about finished files: every format and quality goes through the same checks."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.domain.delivery import LADDER, NINE, Format, Quality, Rendition
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.files.reel import turns_of
from video_pipeline.ffmpeg.picture.plan import hold_frames
from video_pipeline_tests.ffmpeg.material import Workshop, luma_frames, stamps_of

RENDITIONS = [pytest.param(each, marks=pytest.mark.slow if each.quality is Quality.HIGH else ()) for each in NINE]


class Rendered:
    """One finished file and what was asked for."""

    def __init__(self, workshop: Workshop, timeline: Timeline, rendition: Rendition, out: Path) -> None:
        self.workshop, self.timeline, self.rendition, self.file = workshop, timeline, rendition, out
        self.shares: list[float] = []
        self.report: RenderReport = workshop.render(
            timeline, rendition.name, out, report=lambda share, message: self.shares.append(share)
        )
        self.hashes, self.complaints = workshop.decoded(out)


@pytest.fixture(scope="module", params=RENDITIONS, ids=lambda rendition: rendition.name)
def rendered(request: pytest.FixtureRequest, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    rendition: Rendition = request.param
    out = tmp_path_factory.mktemp("out") / f"{rendition.name}.{rendition.format}"
    return Rendered(workshop, workshop.album(3, seconds=4), rendition, out)


@pytest.fixture(scope="module")
def master(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    out = tmp_path_factory.mktemp("master") / "master.mp4"
    return Rendered(workshop, workshop.album(3, seconds=5), Rendition(Format.MP4, Quality.LOW), out)


def test_file_has_the_planned_frames_codecs_and_length(rendered: Rendered) -> None:
    facts = rendered.workshop.tools.inspect(rendered.file)
    rung, webm = LADDER[rendered.rendition.quality], rendered.rendition.format is Format.WEBM
    assert (facts["width"], facts["height"]) == (rung.width, rung.height)
    assert facts["frames"] == rendered.timeline.frames == rendered.report.frames
    assert (facts["video_codec"], facts["audio_codec"]) == (("vp9", "opus") if webm else ("h264", "aac"))
    assert facts["video_profile"] == ("Profile 0" if webm else "High")
    assert (facts["pixel_format"], facts["color_space"]) == ("yuv420p", "bt709")
    assert (facts["audio_rate"], facts["audio_channels"], facts["rate"]) == (48_000, 2, "30")
    assert facts["index_first"] is True
    frame_s = float(1 / rendered.timeline.rate.fraction)
    # WebM counts in milliseconds.
    assert facts["video_s"] == pytest.approx(rendered.report.duration_s, abs=0.001)
    assert abs(facts["audio_s"] - facts["video_s"]) < frame_s


def test_timestamps_are_even_and_start_at_zero(rendered: Rendered) -> None:
    webm = rendered.rendition.format is Format.WEBM
    video, audio = stamps_of(rendered.file, "video"), stamps_of(rendered.file, "audio")
    assert len(video.pts) == rendered.timeline.frames
    assert video.pts[0] == 0
    steps = np.diff(video.pts)
    tolerance = 0.001 if webm else 1e-9
    assert np.allclose(steps, 1 / 30, atol=tolerance)
    assert np.all(np.diff(video.dts) > 0)
    assert np.all(np.diff(audio.dts) > 0)
    # An Opus stream says that its first 312 samples (6.5 ms) are to be skipped, and has them before zero.
    assert audio.pts[0] == (pytest.approx(-0.0065, abs=0.001) if webm else 0)


def test_decodes_without_a_complaint(rendered: Rendered) -> None:
    assert rendered.complaints == ""


def test_loudness_and_true_peak_of_the_finished_file(rendered: Rendered) -> None:
    integrated, peak = rendered.workshop.loudness(rendered.file)
    assert integrated == pytest.approx(-14.0, abs=0.5)
    assert peak <= -1.0
    assert rendered.report.loudness.integrated_lufs == pytest.approx(integrated, abs=0.1)
    assert rendered.report.loudness.true_peak_dbtp == pytest.approx(peak, abs=0.15)


def test_every_frame_of_a_still_scene_is_the_same(rendered: Rendered) -> None:
    hashes = rendered.hashes
    assert len(hashes) == rendered.timeline.frames
    starts, half = rendered.timeline.picture_starts, rendered.timeline.transitions[0].in_offset
    ends = [*starts[1:], rendered.timeline.frames]
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        alone = hashes[start + (half if index else 0) : end - (half if index < 2 else 0)]
        assert len(set(alone)) == 1
    for cut in starts[1:]:
        assert len(set(hashes[cut - half : cut + half])) == 2 * half


def test_progress_only_grows_and_ends_at_one(rendered: Rendered) -> None:
    assert rendered.shares == sorted(rendered.shares)
    assert rendered.shares[-1] == 1.0


def rgb_of(planes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """BT.709 limited range planes as RGB, by the inverse of the standard's equations; chroma is enlarged plainly."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    luma = (planes[:height].astype(np.float64) - 16) / 219
    chroma = (planes[height:].reshape(2, height // 2, width // 2).astype(np.float64) - 128) / 224
    blue, red = (cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in chroma)
    r, b = luma + 1.5748 * red, luma + 1.8556 * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.clip(np.stack([r, g, b], axis=2), 0, 1) * 255


def psnr(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(10 * np.log10(255**2 / np.mean((one - other) ** 2)))


def field_means(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colours of the insides of the coloured fields: free of edges, where 4:2:0 smears colour."""
    height, width = rgb.shape[:2]
    cell_h, cell_w = height // 9 + 1, width // 16 + 1
    return np.array(
        [
            rgb[row * cell_h + 20 : (row + 1) * cell_h - 20, col * cell_w + 20 : (col + 1) * cell_w - 20].mean((0, 1))
            for row in range(4, 8)
            for col in range(1, 15)
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("rendition", ["mp4_high", "webm_high"])
def test_colours_and_detail_are_those_of_the_pictures(workshop: Workshop, tmp_path: Path, rendition: str) -> None:
    timeline = workshop.album(2, seconds=4.5)
    file = tmp_path / f"out.{rendition[:-5]}"
    workshop.render(timeline, rendition, file)
    cut, half = timeline.picture_starts[1], timeline.transitions[0].in_offset
    numbers = [30, cut - half, cut, cut + half - 1, cut + 90]
    found = {number: rgb_of(planes) for number, planes in luma_frames(file, numbers).items()}
    first, second = (np.asarray(Image.open(workshop.picture(n)), np.float64) for n in range(2))
    expected = {30: first, cut + 90: second}
    for number in (cut - half, cut, cut + half - 1):
        share = (number - (cut - half) + 1) / (2 * half + 1)
        expected[number] = first * (1 - share) + second * share
    for number in numbers:
        # The wrong matrix (BT.601) shifts saturated colours by 10 to 30 steps. Dissolves in VP9 are means of means, all
        # rounded up: at worst one level too bright in an even field, which are two steps of blue.
        most = 2.5 if rendition == "mp4_high" or number in (30, cut + 90) else 4.5
        assert np.abs(field_means(found[number]) - field_means(expected[number])).max() < most
        assert psnr(found[number].mean(2), expected[number].mean(2)) > (38 if number in (30, cut + 90) else 34)


def test_stream_has_one_parameter_set_and_no_edit_list(master: Rendered) -> None:
    content = master.file.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    moov = content[content.index(b"moov") : content.index(b"mdat")]
    assert b"elst" not in moov
    with av.open(str(master.file)) as container:
        stream = container.streams.video[0]
        units = {unit for packet in container.demux(stream) for unit in length_prefixed_kinds(bytes(packet))}
        assert units == {1, 5}  # slices only: parameter sets stand once, in the header
        assert stream.codec_context.extradata is not None
        assert stream.codec_context.extradata[5] & 31 == 1
        colours = stream.codec_context
        assert (colours.color_primaries, colours.color_trc, colours.colorspace, colours.color_range) == (1, 1, 1, 1)


def length_prefixed_kinds(packet: bytes) -> list[int]:
    kinds, place = [], 0
    while place < len(packet):
        kinds.append(packet[place + 4] & 31)
        place += 4 + int.from_bytes(packet[place : place + 4], "big")
    return kinds


@pytest.mark.parametrize("share", [0.03, 0.31, 0.352, 0.5, 0.77, 0.99])
def test_seeking_lands_on_the_right_frame(master: Rendered, share: float) -> None:
    number = int(master.timeline.frames * share)
    expected = luma_frames(master.file, [number])[number]
    with av.open(str(master.file)) as container:
        stream = container.streams.video[0]
        wanted = round(number / 30 / stream.time_base)
        container.seek(wanted, stream=stream)
        found = next(frame for frame in container.decode(stream) if frame.pts >= wanted)
    assert found.pts == wanted
    assert np.array_equal(found.to_ndarray(), expected)


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(25), FrameRate(30000, 1001), FrameRate(60)], ids=str)
def test_other_frame_rates_are_exact(workshop: Workshop, tmp_path: Path, rate: FrameRate) -> None:
    timeline = workshop.album(2, seconds=5, rate=rate)
    file = tmp_path / "out.mp4"
    workshop.render(timeline, "mp4_256x144@1000k", file)
    facts = workshop.tools.inspect(file)
    assert facts["rate"] == str(rate)
    assert facts["frames"] == timeline.frames
    assert abs(facts["audio_s"] - facts["video_s"]) < float(1 / rate.fraction)
    steps = np.diff(stamps_of(file, "video").pts)
    assert np.allclose(steps, float(1 / rate.fraction), atol=1e-9)


def test_report_says_how_the_file_was_made(master: Rendered) -> None:
    assert re.search(r"-c:v libx264 .*stitchable=1.* -c:a aac -b:a 128000 .* -f mp4", master.report.command)
    assert master.report.media.bytes == master.file.stat().st_size
    assert master.report.media.key == "master.mp4"


@pytest.mark.parametrize(("rendition", "verdict"), [("mp4_low", "of at most 1128"), ("mp4_1280x720@50k", "above")])
def test_report_says_whether_the_whole_file_keeps_below_its_ceiling(
    workshop: Workshop, tmp_path: Path, rendition: str, verdict: str
) -> None:
    """At the last quantiser a stretch is taken whatever it has: no picture would be worse."""
    timeline = workshop.album(3, seconds=2.5)
    report = workshop.render(timeline, rendition, tmp_path / "out.mp4")
    kilobits = (tmp_path / "out.mp4").stat().st_size * 8 / 1000 / report.duration_s
    rung = report.rendition.rung
    assert (kilobits > (rung.video_bps + rung.audio_bps) / 1000) == (verdict == "above")
    assert f"on average: {kilobits:.0f} kbit/s {verdict}" in report.command


def test_a_portrait_picture_fills_the_frame(workshop: Workshop, tmp_path: Path) -> None:
    tall = np.zeros((1600, 900, 3), np.uint8)
    tall[:, :, 1] = 200
    path = workshop.folder / "tall.png"
    Image.fromarray(tall).save(path)
    file = tmp_path / "out.mp4"
    workshop.render(workshop.album(1, seconds=2, pictures=[path]), "mp4_low", file)
    rgb = rgb_of(luma_frames(file, [0])[0])
    assert np.abs(rgb - [0, 200, 0]).max() < 6


@pytest.mark.parametrize("beyond", [0, 1, 2])
def test_no_two_key_frames_stand_next_to_each_other(workshop: Workshop, tmp_path: Path, beyond: int) -> None:
    # Equal key frames in a row would be taken for one picture: a scene of whole holds and one frame had two.
    hold = hold_frames(FrameRate(30))
    frames = 2 * hold + beyond + 15
    album = workshop.album(2, seconds=14)
    lengths = (frames, album.frames - frames)
    pictures = tuple(replace(clip, frames=length) for clip, length in zip(album.pictures, lengths, strict=True))
    file = tmp_path / "out.mp4"
    workshop.render(replace(album, pictures=pictures), "mp4_256x144@1000k", file)
    with av.open(str(file)) as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.size]
    assert len(keys) == album.frames
    assert not any(one and two for one, two in pairwise(keys))
    hashes = workshop.frame_hashes(file)
    assert len(set(hashes[: frames - 15])) == 1
    assert hashes[frames - 15] != hashes[0]


@given(frames=st.integers(1, 2000), length=st.integers(1, 200))
def test_turns_add_up_and_each_can_be_shown(frames: int, length: int) -> None:
    turns = turns_of(frames, length)
    assert sum(turns) == frames
    assert all(0 < turn <= length for turn in turns)
    assert frames <= length or length <= 2 or 1 not in turns


@pytest.mark.slow
def test_two_renders_at_once_do_not_disturb_each_other(fresh: Workshop, tmp_path: Path) -> None:
    timeline = fresh.album(2, seconds=4)
    renditions = ["mp4_low", "webm_low", "mp4_low"]
    with ThreadPoolExecutor(3) as threads:
        made = threads.map(
            lambda number: fresh.render(timeline, renditions[number], tmp_path / f"{number}.out"), range(3)
        )
        reports = list(made)
    assert [report.frames for report in reports] == [timeline.frames] * 3
    assert reports[0].media.sha256 == reports[2].media.sha256
    for number in range(3):
        assert fresh.run("-v", "warning", "-i", str(tmp_path / f"{number}.out"), "-f", "null", "-") == ""
