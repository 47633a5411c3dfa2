"""Hardware encoders: only what really works is used, and what stops working is replaced without losing the reason.

A program in front of ffmpeg plays encoders that work, fail, hang, crash, lie or give up: there is no graphics card.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import CancelledError, InvalidInputError, MediaError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg import FfmpegBinary, FfmpegTools, find_ffmpeg
from video_pipeline.ffmpeg.foreign import hardware, transcode
from video_pipeline.ffmpeg.foreign.encoders import BY_NAME, HARDWARE, SOFTWARE
from video_pipeline.ffmpeg.foreign.hardware import KEPT_S, WORTHWHILE_S, Hardware, try_encoders
from video_pipeline.ffmpeg.program.command import Coding, compare_command, trial_command
from video_pipeline_tests.ffmpeg.footage import FakeHardware, Studio, fake_hardware
from video_pipeline_tests.ffmpeg.material import Workshop
from video_pipeline_tests.ffmpeg.program.test_process import ALWAYS

pytestmark = pytest.mark.slow

LONG = 2 * WORTHWHILE_S


def with_modes(folder: Path, binary: FfmpegBinary, **modes: str) -> tuple[FakeHardware, FfmpegBinary]:
    fake = fake_hardware(folder, binary.path, modes)
    return fake, find_ffmpeg(fake.program)


def test_trial_command_line() -> None:
    encoder = BY_NAME["h264_vaapi"]
    coding = Coding(
        "matroska", encoder.name, encoder.arguments(1_000_000, FrameRate(25)), encoder.device, encoder.upload
    )
    assert trial_command(Path("/f"), "testsrc2=duration=2", coding, Path("/o.mkv")) == (
        *("/f", "-vaapi_device", "/dev/dri/renderD128", *ALWAYS),
        *("-f", "lavfi", "-i", "testsrc2=duration=2"),
        *("-filter_complex", "[0:v:0]format=pix_fmts=nv12[s0];[s0]hwupload[s1]", "-map", "[s1]", "-f", "matroska"),
        *("-b:v", "1000000", "-bufsize", "2000000", "-c:v", "h264_vaapi", "-g", "50", "-maxrate", "1000000"),
        *("-profile:v", "high", "-rc_mode", "VBR", "file:/o.mkv"),
    )
    assert compare_command(Path("/f"), Path("/o.mkv"), "matroska", "testsrc2", Path("/s.txt"))[-9:] == (
        *("-i", "testsrc2", "-filter_complex"),
        "[0:v:0]format=yuv420p[s0];[s0]settb=1/25[s1];[s1]setpts=N[s2];[1:v:0]format=yuv420p[s3];[s3]settb=1/25[s4];"
        "[s4]setpts=N[s5];[s2][s5]psnr=shortest=1:stats_file=/s.txt[s6]",
        *("-map", "[s6]", "-f", "null", "-"),
    )


def test_only_an_encoder_that_writes_the_picture_is_usable(
    binary: FfmpegBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_TRIAL_S", 5.0)
    modes = {
        "h264_nvenc": "works",
        "h264_amf": "fails",
        "h264_v4l2m2m": "hangs",
        "h264_videotoolbox": "crashes",
        "av1_nvenc": "rubbish",
    }
    _, faked = with_modes(tmp_path, binary, **modes)
    verdicts = {each.name: each for each in try_encoders(faked.path, [BY_NAME[name] for name in modes])}
    said = {name: verdict.said for name, verdict in verdicts.items()}
    assert [name for name, verdict in verdicts.items() if verdict.usable] == ["h264_nvenc"]
    assert "PSNR" in said["h264_nvenc"]
    assert "Cannot load libfake.so.1" in said["h264_amf"]
    assert "longer than 5 s" in said["h264_v4l2m2m"]
    assert "status -11" in said["h264_videotoolbox"]
    assert "failed with status" in said["av1_nvenc"]

    _, faked = with_modes(tmp_path, binary, h264_nvenc="other picture", h264_amf="ends early")
    other, early = try_encoders(faked.path, [BY_NAME["h264_nvenc"], BY_NAME["h264_amf"]])
    assert "not the picture" in other.said
    assert "25 of 50 frames" in early.said
    assert not other.usable
    assert not early.usable


def test_the_trial_is_passed_by_every_software_encoder(binary: FfmpegBinary) -> None:
    """What refuses hardware must not refuse what is known to be right."""
    for verdict in try_encoders(binary.path, [SOFTWARE["h264"], SOFTWARE["vp9"], SOFTWARE["av1"]]):
        assert verdict.usable, verdict


def test_this_machine_gives_a_reason_for_every_encoder(binary: FfmpegBinary, tmp_path: Path) -> None:
    found = Hardware(binary, "auto", tmp_path / "encoders.json")
    assert [verdict.name for verdict in found.verdicts(HARDWARE)] == list(BY_NAME)
    assert all(verdict.said for verdict in found.verdicts(HARDWARE))
    line = found.describe()
    assert "\n" not in line
    assert line.startswith("software; no hardware encoder works here (") or "h264_" in line


def test_an_answer_is_kept_for_the_same_machine_and_for_some_hours(binary: FfmpegBinary, tmp_path: Path) -> None:
    keep = tmp_path / "cache" / "encoders.json"
    fake, faked = with_modes(tmp_path, binary, vp9_qsv="fails", vp9_vaapi="fails")

    def ask() -> int:
        before = len(fake.asked)
        assert Hardware(faked, "auto", keep).choice("vp9", LONG) is None
        return len(fake.asked) - before

    assert ask() == 2
    assert ask() == 0
    kept = json.loads(keep.read_text())
    for aged in kept["verdicts"]:
        aged["at"] -= KEPT_S + 1
    keep.write_text(json.dumps(kept))
    assert ask() == 2
    keep.write_text("{")
    assert ask() == 2
    os.utime(fake.program, (1, 1))  # another program
    assert ask() == 2
    keep.unlink()
    keep.mkdir()  # it cannot be kept
    assert ask() == 2


def test_each_answer_has_an_age_of_its_own(binary: FfmpegBinary, tmp_path: Path) -> None:
    keep = tmp_path / "encoders.json"
    _, faked = with_modes(tmp_path, binary, vp9_qsv="fails", h264_amf="fails")
    Hardware(faked, "vp9_qsv", keep).choice("vp9", LONG)
    (first,) = json.loads(keep.read_text())["verdicts"]
    Hardware(faked, "h264_amf", keep).choice("h264", LONG)
    later = {each["name"]: each["at"] for each in json.loads(keep.read_text())["verdicts"]}
    assert later["vp9_qsv"] == first["at"] < later["h264_amf"]


def test_another_machine_is_noticed_while_answers_still_count(binary: FfmpegBinary, tmp_path: Path) -> None:
    fake, faked = with_modes(tmp_path, binary, vp9_qsv="fails")
    found = Hardware(faked, "vp9_qsv", tmp_path / "encoders.json")
    for _ in range(2):
        assert found.choice("vp9", LONG) is None
    assert len(fake.asked) == 1
    os.utime(fake.program, (1, 1))  # another program
    assert found.choice("vp9", LONG) is None
    assert len(fake.asked) == 2


def test_what_failed_at_work_is_refused_by_this_process_for_good_and_by_no_other(
    binary: FfmpegBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "encoders.json"
    fake, faked = with_modes(tmp_path, binary, h264_nvenc="works", vp9_qsv="fails", vp9_vaapi="fails")
    found = Hardware(faked, "auto", keep)
    nvenc = [BY_NAME["h264_nvenc"]]
    assert found.verdicts(nvenc)[0].usable
    found.distrust("h264_nvenc", "device lost")
    found.choice("vp9", LONG)  # stores what it found out
    assert not found.verdicts(nvenc)[0].usable
    assert Hardware(faked, "auto", keep).verdicts(nvenc)[0].usable
    monkeypatch.setattr(hardware, "KEPT_S", 0.0)
    os.utime(fake.program, (1, 1))
    assert "device lost" in found.verdicts(nvenc)[0].said


def test_what_is_chosen(binary: FfmpegBinary, tmp_path: Path) -> None:
    fake, faked = with_modes(tmp_path, binary, h264_nvenc="fails", h264_qsv="fails", h264_vaapi="fails", h264_amf="ok")
    keep = tmp_path / "encoders.json"

    def choice(chosen: str, codec: str, seconds: float) -> str | None:
        encoder = Hardware(faked, chosen, keep).choice(codec, seconds)
        return encoder.name if encoder else None

    assert choice("software", "h264", LONG) is None
    assert choice("auto", "h264", WORTHWHILE_S / 2) is None
    assert fake.asked == []
    assert choice("h264_amf", "h264", 1) == "h264_amf"
    assert choice("h264_amf", "vp9", 1) is None
    assert choice("h264_nvenc", "h264", 1) is None
    assert choice("auto", "h264", LONG) == "h264_amf"
    with pytest.raises(InvalidInputError, match="unknown encoder h265_nvenc; known are auto, software, h264_nvenc"):
        Hardware(faked, "h265_nvenc", keep)


def test_a_trial_can_be_cancelled(binary: FfmpegBinary, tmp_path: Path) -> None:
    _, faked = with_modes(tmp_path, binary, h264_nvenc="hangs")
    asked = threading.Event()
    with pytest.raises(CancelledError):
        Hardware(faked, "h264_nvenc", tmp_path / "e.json").choice("h264", LONG, lambda: not asked.set())
    assert not (tmp_path / "e.json").exists()


@pytest.fixture(scope="module")
def clip(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    studio = Studio(workshop, tmp_path_factory.mktemp("clip"), workshop.tools)
    return studio.flashing("clip.mp4", "-c:v", "libx264", "-c:a", "aac")


def studio_with(
    mode: str, workshop: Workshop, binary: FfmpegBinary, tmp_path: Path, cores: Cores, **others: str
) -> tuple[FakeHardware, Studio]:
    fake, faked = with_modes(tmp_path, binary, h264_nvenc=mode, **others)
    tools = FfmpegTools(faked, cores, tmp_path / "cache", encoder="h264_nvenc")
    return fake, Studio(workshop, tmp_path, tools)


def test_hardware_that_works_is_used(
    workshop: Workshop, binary: FfmpegBinary, tmp_path: Path, cores: Cores, clip: Path
) -> None:
    fake, studio = studio_with("works", workshop, binary, tmp_path, cores)
    _, report = studio.transcode(clip)
    assert report.frames == 90
    assert "-c:v h264_nvenc" in report.command
    assert fake.asked == ["h264_nvenc trial", "h264_nvenc work"]


@pytest.mark.parametrize(
    ("mode", "complaint"),
    [
        ("dies at work", "device lost after 25 frames"),
        ("ends early at work", "0.8 of 3.0 s were encoded by h264_nvenc"),
        ("stands still at work", "stood still"),
    ],
)
def test_software_takes_over_when_hardware_fails_half_way(
    mode: str,
    complaint: str,
    workshop: Workshop,
    binary: FfmpegBinary,
    tmp_path: Path,
    cores: Cores,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(transcode, "_HARDWARE_STALL_S", 2.0)
    fake, studio = studio_with(mode, workshop, binary, tmp_path, cores)
    shares: list[float] = []
    with caplog.at_level(logging.WARNING):
        path, report = studio.transcode(clip, report=lambda share, _: shares.append(share))
    assert report.frames == 90
    assert studio.tools.inspect(path)["frames"] == 90
    assert "-c:v libx264" in report.command
    assert "h264_nvenc failed, libx264 took over" in report.command
    assert complaint in report.command
    assert complaint in caplog.text
    # It is not asked again in this process, and nothing of the first attempt is left.
    studio.transcode(clip, out="again")
    assert fake.asked.count("h264_nvenc work") == 1
    assert not list((tmp_path / "cache" / "sessions").iterdir())


def test_both_errors_are_told_when_software_fails_too(
    workshop: Workshop, binary: FfmpegBinary, tmp_path: Path, cores: Cores, clip: Path
) -> None:
    _, studio = studio_with("dies at work", workshop, binary, tmp_path, cores, libx264="fails")
    with pytest.raises(MediaError) as caught:
        studio.transcode(clip)
    assert "neither by h264_nvenc" in str(caught.value)
    assert "device lost after 25 frames" in str(caught.value)
    assert "nor by libx264" in str(caught.value)
    assert "Cannot load libfake.so.1" in str(caught.value)
    assert not list(tmp_path.glob("*out.*"))


def test_an_encoder_that_was_asked_for_and_does_not_work_is_named(
    workshop: Workshop, binary: FfmpegBinary, tmp_path: Path, cores: Cores, clip: Path
) -> None:
    _, studio = studio_with("fails", workshop, binary, tmp_path, cores)
    _, report = studio.transcode(clip)
    assert "-c:v libx264" in report.command
    assert "h264_nvenc does not work here" in report.command
    assert "Cannot load libfake.so.1" in report.command
