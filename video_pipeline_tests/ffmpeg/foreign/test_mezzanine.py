"""Footage of uploaded videos: whatever comes becomes a loop of exact length in our size and colours, or is refused."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.errors import CancelledError, InvalidInputError, MachineError, MediaError
from video_pipeline.domain.media import FootageFacts
from video_pipeline.domain.timebase import FPS_30, FrameRate
from video_pipeline.ffmpeg.foreign import workpiece
from video_pipeline.ffmpeg.foreign.mezzanine import size_for
from video_pipeline.ffmpeg.foreign.survey import Colour, Footage
from video_pipeline_tests.ffmpeg.counted import counted_video, number_in
from video_pipeline_tests.ffmpeg.footage import Studio, rgb_at
from video_pipeline_tests.ffmpeg.material import Workshop

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
SMALL = "testsrc2=s={size}:r={rate}:d={seconds}"


@dataclass(frozen=True)
class Bench:
    """Makes footage in a folder."""

    studio: Studio

    @property
    def out(self) -> Path:
        return self.studio.folder / "film.mp4"

    def conform(self, video: Path, rate: FrameRate = FPS_30, **how: Any) -> FootageFacts:
        quiet = {"report": lambda *_: None, "cancelled": lambda: False, "aspect": AspectRatio.WIDE}
        return self.studio.workshop.tools.conform_footage(video, rate, self.out, **(quiet | how))

    def counted(self, frames: int, rate: str, *how: str, size: tuple[int, int] = (128, 72)) -> Path:
        path = self.studio.folder / "counted.mkv"
        return counted_video(
            self.studio.workshop.ffmpeg, path, frames, *(how or ("-c:v", "ffv1")), size=size, rate=rate
        )

    def numbers(self) -> list[int | None]:
        with av.open(str(self.out)) as file:
            return [number_in(frame.to_ndarray(format="yuv420p")) for frame in file.decode(video=0)]


@pytest.fixture
def bench(workshop: Workshop, tmp_path: Path) -> Bench:
    return Bench(Studio(workshop, tmp_path, workshop.tools))


def check_promises(bench: Bench, facts: FootageFacts, rate: FrameRate) -> None:
    """What every footage is: exact in its times, silent, square, of our colours, quick to reach."""
    with av.open(str(bench.out)) as file:
        assert len(file.streams) == 1
        stream = file.streams.video[0]
        context = stream.codec_context
        assert (context.width, context.height) == (facts.width, facts.height)
        assert stream.sample_aspect_ratio == 1
        assert (context.pix_fmt, context.color_primaries, context.color_trc, context.colorspace) == ("yuv420p", 1, 1, 1)
        assert (context.color_range, context.has_b_frames) == (1, False)
        frames = list(file.decode(stream))
    assert len(frames) == facts.frames
    assert [Fraction(frame.pts) * frame.time_base * rate.fraction for frame in frames] == list(range(facts.frames))
    with av.open(str(bench.out)) as file:
        keys = [packet.is_keyframe for packet in file.demux(video=0) if packet.size]
    assert keys == [number % rate.frames_in(1) == 0 for number in range(facts.frames)]
    assert bench.studio.workshop.run("-v", "warning", "-i", str(bench.out), "-f", "null", "-") == ""


@pytest.mark.parametrize(
    ("name", "arguments", "source", "size", "frames"),
    [
        ("pal.mp4", H264, SMALL.format(size="320x240", rate=25, seconds=2), (320, 180), 60),
        ("ntsc.mov", H264, SMALL.format(size="320x180", rate="30000/1001", seconds=2), (320, 180), 60),
        (
            "camera.ts",
            ("-vf", "interlace=lowpass=0,setsar=64/45", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "3"),
            SMALL.format(size="180x144", rate=50, seconds=2),
            (256, 144),
            60,
        ),
        (
            "recorder.mkv",
            ("-vf", "select='not(eq(mod(n\\,7)\\,3))*not(eq(mod(n\\,11)\\,5))'", "-fps_mode", "vfr", *H264),
            SMALL.format(size="192x108", rate=30, seconds=2),
            (192, 108),
            59,  # the last frame is one of those that are left out
        ),
        (
            "slow.webm",
            ("-c:v", "libvpx-vp9", "-cpu-used", "8"),
            SMALL.format(size="120x128", rate=5, seconds=2),
            (120, 68),
            60,
        ),
        (
            "deep.mkv",
            ("-pix_fmt", "yuv422p10le", "-c:v", "ffv1"),
            SMALL.format(size="192x108", rate=60, seconds=1),
            (192, 108),
            30,
        ),
        ("old.avi", ("-c:v", "mjpeg", "-q:v", "3"), SMALL.format(size="160x120", rate=15, seconds=1), (160, 90), 30),
        ("tiny.mp4", H264, SMALL.format(size="16x16", rate=30, seconds=1), (114, 64), 30),
    ],
)
def test_any_video_becomes_footage(
    bench: Bench, name: str, arguments: tuple[str, ...], source: str, size: tuple[int, int], frames: int
) -> None:
    silent = name not in ("pal.mp4", "ntsc.mov")
    sound = "" if silent else "sine=d=2:r=48000"
    video = bench.studio.make(name, *arguments, picture=source, sound=sound)
    facts = bench.conform(video, loop=False)
    assert facts == FootageFacts(frames, *size, seamless=False)
    check_promises(bench, facts, FrameRate(30))


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(30000, 1001), FrameRate(60)], ids=str)
def test_a_loop_keeps_to_the_rate_of_its_programme(bench: Bench, rate: FrameRate) -> None:
    video = bench.studio.make("any.mp4", *H264, picture=SMALL.format(size="192x108", rate=25, seconds=3))
    facts = bench.conform(video, rate)
    taken = rate.frames_in(3)
    assert abs(facts.frames + rate.frames_in(Fraction(1, 2)) - taken) <= 1
    assert facts.seamless
    check_promises(bench, facts, rate)


def test_a_phones_video_stands_upright(bench: Bench) -> None:
    quarters = "color=red:s=160x90:r=10:d=1[a];color=blue:s=160x90:r=10:d=1[b];[a][b]hstack"
    lying = bench.studio.make("lying.mp4", "-filter_complex", quarters, *H264)
    phone = bench.studio.make("phone.mp4", "-display_rotation", "90", "-i", str(lying), "-c", "copy")
    facts = bench.conform(phone, FrameRate(10), aspect=AspectRatio.TALL, loop=False)
    # 320 x 90 on its side: nine sixteenths of 90 wide is what covers an upright frame.
    assert (facts.width, facts.height) == (90, 160)
    top, bottom = rgb_at(bench.out, [(45, 30), (45, 130)])
    assert (top[2], bottom[0]) == (pytest.approx(255, abs=8), pytest.approx(255, abs=8))


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_light_of_high_range_becomes_ours(bench: Bench, transfer: str) -> None:
    how = ("-pix_fmt", "yuv420p10le", "-color_trc", transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc")
    video = bench.studio.make("hdr.mkv", *how, "-c:v", "ffv1", picture="color=0x808080:s=128x72:r=10:d=1")
    facts = bench.conform(video, FrameRate(10), loop=False)
    check_promises(bench, facts, FrameRate(10))
    red, green, blue = rgb_at(bench.out, [(64, 36)])[0]
    assert max(red, green, blue) - min(red, green, blue) <= 3
    # Half of the signal is 92 of 10,000 cd/m2 with PQ, and a twelfth of the light with HLG.
    assert 90 < green < 235


@pytest.mark.parametrize(
    ("rate", "wanted"), [("24", [*range(48)]), ("48", [*range(0, 96, 2)]), ("12", [n // 2 for n in range(192)])]
)
def test_frames_are_left_out_or_shown_longer_in_even_steps(bench: Bench, rate: str, wanted: list[int]) -> None:
    facts = bench.conform(bench.counted(48 if rate == "24" else 96, rate), FrameRate(24), loop=False)
    found = bench.numbers()
    assert facts.frames == len(found)
    assert all(abs((number or 0) - want) <= 1 for number, want in zip(found, wanted, strict=True))
    steps = np.diff([number or 0 for number in found])
    assert set(steps.tolist()) <= {"24": {1}, "48": {2}, "12": {0, 1}}[rate]


def test_a_loop_is_the_video_but_for_its_seam(bench: Bench) -> None:
    facts = bench.conform(bench.counted(100, "24"), FrameRate(24))
    assert facts == FootageFacts(88, 128, 72, seamless=True)
    # The frames behind the seam are exactly those of the video.
    assert bench.numbers()[12:] == list(range(12, 88))
    check_promises(bench, facts, FrameRate(24))


@pytest.mark.parametrize("frames", [20, 60])
def test_a_loop_does_not_jump_where_it_closes(bench: Bench, frames: int) -> None:
    # It becomes brighter and brighter: shown again and again it would flash.
    picture = f"color=black:s=64x64:r=24:d={frames / 24},geq=lum='40+N*{150 / frames}':cb=128:cr=128"
    video = bench.studio.make("brighter.mkv", "-c:v", "ffv1", picture=picture)
    facts = bench.conform(video, FrameRate(24))
    with av.open(str(bench.out)) as file:
        levels = [float(frame.to_ndarray(format="gray").mean()) for frame in file.decode(video=0)]
    assert len(levels) == facts.frames
    seam = min(12, frames // 4)
    steps = np.abs(np.diff([*levels, levels[0]]))
    assert max(steps) < 150 / seam
    assert np.ptp(levels) > 70


@pytest.mark.parametrize("most", [1, 30, 500])
def test_no_more_is_taken_than_is_needed(bench: Bench, most: int) -> None:
    video = bench.counted(60, "24")
    facts = bench.conform(video, FrameRate(24), loop=False, most_frames=most)
    assert facts.frames == min(most, 60)
    assert bench.numbers() == list(range(facts.frames))


def test_so_few_frames_are_no_loop_and_it_says_so(bench: Bench) -> None:
    facts = bench.conform(bench.counted(3, "24"), FrameRate(24))
    assert (facts.frames, facts.seamless) == (3, False)
    assert "its 3 frames are too few to fade" in facts.notes[0]


def test_a_still_of_footage_can_be_drawn(bench: Bench) -> None:
    bench.conform(bench.counted(30, "24"), FrameRate(24))
    still = bench.studio.folder / "still.jpg"
    bench.studio.workshop.tools.poster(bench.out, 0.75, still)
    with Image.open(still) as picture:
        assert picture.size == (128, 72)


def test_the_same_video_becomes_the_same_footage(bench: Bench) -> None:
    video = bench.counted(40, "24")
    bench.conform(video, FrameRate(24))
    first = bench.out.read_bytes()
    bench.conform(video, FrameRate(24))
    assert bench.out.read_bytes() == first


def test_progress_only_goes_forward(bench: Bench) -> None:
    shares: list[float] = []
    bench.conform(bench.counted(40, "24"), FrameRate(24), report=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_what_is_no_video_or_half_of_one_is_refused_and_leaves_nothing(bench: Bench) -> None:
    folder = bench.studio.folder
    whole = bench.studio.make("whole.mkv", *H264, picture=SMALL.format(size="320x180", rate=30, seconds=8))
    half = folder / "half.mkv"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    words = folder / "words.mp4"
    words.write_bytes(b"ffconcat version 1.0\nfile /etc/passwd\n")
    sound = bench.studio.make("sound.mp4", "-c:a", "aac", sound="sine=d=2")
    for video, complaint in ((half, "is cut off"), (words, "is no video file"), (sound, "has no picture stream")):
        with pytest.raises(MediaError, match=complaint):
            bench.conform(video)
    assert {path.name for path in folder.iterdir()} == {"whole.mkv", "half.mkv", "words.mp4", "sound.mp4"}


def test_who_stops_it_finds_nothing_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workpiece, "_ASK_S", 0.0)  # so few frames are done before it would ask again
    video = bench.counted(40, "24")
    asked: list[bool] = []
    with pytest.raises(CancelledError):
        bench.conform(video, FrameRate(24), cancelled=lambda: bool(asked.append(True)) or len(asked) > 1)
    assert [path.name for path in bench.studio.folder.iterdir()] == ["counted.mkv"]


def test_the_raw_pictures_of_the_seam_need_room_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was found out when the disk was full, with all of the video encoded already."""
    video = bench.counted(12, "24", size=(1280, 720))
    usage = type(shutil.disk_usage("/"))
    # 64 MB are kept for what cannot be foreseen; the film has at most 2.8 MB, between the steps and where it goes to.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 64 * 2**20 + 6_000_000))
    with pytest.raises(MachineError, match="may need 36 MB at"):
        bench.conform(video, FrameRate(24))
    assert bench.conform(video, FrameRate(24), loop=False).frames == 12


def test_orders_that_nothing_could_be_made_of_are_refused(bench: Bench) -> None:
    video = bench.counted(10, "24")
    kept = video.read_bytes()
    tools = bench.studio.workshop.tools
    how: dict[str, Any] = {"aspect": AspectRatio.WIDE, "report": lambda *_: None, "cancelled": lambda: False}
    with pytest.raises(InvalidInputError, match="is the video itself"):
        tools.conform_footage(video, FrameRate(24), video, **how)
    with pytest.raises(InvalidInputError, match="there is no directory"):
        tools.conform_footage(video, FrameRate(24), bench.studio.folder / "nowhere" / "film.mp4", **how)
    with pytest.raises(InvalidInputError, match="at least one"):
        bench.conform(video, most_frames=0)
    assert video.read_bytes() == kept


SEEN = Footage("mov", "h264", 1920, 1080, "yuv420p", Colour(), False, FrameRate(30), 60.0, 2, 0.0, 0.0, ())


@pytest.mark.parametrize(
    ("width", "height", "more", "aspect", "size"),
    [
        (1920, 1080, {}, AspectRatio.WIDE, (1920, 1080)),
        (3840, 2160, {}, AspectRatio.WIDE, (1920, 1080)),
        (1280, 720, {}, AspectRatio.WIDE, (1280, 720)),
        (1920, 1080, {}, AspectRatio.TALL, (608, 1080)),
        (1920, 1080, {"turned": True}, AspectRatio.TALL, (1080, 1920)),
        (1920, 1080, {"turned": True}, AspectRatio.WIDE, (1080, 608)),
        (1920, 1080, {}, AspectRatio.SQUARE, (1080, 1080)),
        (640, 272, {}, AspectRatio.WIDE, (484, 272)),
        # Pixels twice as wide as high, and twice as high as wide: the longer side counts.
        (480, 540, {"sample_aspect": Fraction(2)}, AspectRatio.WIDE, (960, 540)),
        (960, 270, {"sample_aspect": Fraction(1, 2)}, AspectRatio.WIDE, (960, 540)),
        (4000, 10, {}, AspectRatio.WIDE, (114, 64)),
        (10, 4000, {}, AspectRatio.TALL, (64, 114)),
    ],
)
def test_footage_is_as_large_as_it_is_worth(
    width: int, height: int, more: dict[str, Any], aspect: AspectRatio, size: tuple[int, int]
) -> None:
    found = size_for(replace(SEEN, width=width, height=height, **more), aspect)
    assert (found.width, found.height) == size
