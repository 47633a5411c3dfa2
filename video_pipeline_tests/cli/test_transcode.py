"""`video-pipeline transcode`: what it prints, refuses and leaves behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from video_pipeline import bootstrap
from video_pipeline.cli.app import main
from video_pipeline.cli.doctor import _encoders as encoders
from video_pipeline.cli.doctor import examine
from video_pipeline.cores import Cores
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline_tests.ffmpeg.footage import Studio
from video_pipeline_tests.ffmpeg.material import Workshop

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    binary = find_ffmpeg(None)
    with Cores() as cores:
        tools = FfmpegTools(binary, cores, tmp_path / "cache")
        yield Studio(Workshop(tmp_path, tools, binary.path), tmp_path, tools)


@pytest.fixture
def call(studio: Studio, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Call:
    monkeypatch.setattr(bootstrap, "media_tools", lambda: studio.tools)

    def called(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["video-pipeline", "transcode", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return called


def test_a_file_is_made_and_described(call: Call, studio: Studio) -> None:
    video = studio.flashing("holiday.mov", "-c:v", "libx264", "-c:a", "aac", seconds=1)
    out = studio.folder / "out.webm"
    common = (str(video), "--format", "webm", "--quality", "320x180@300k", "--out", str(out))
    code, said, err = call(*common, "--json")
    assert code == 0, err
    facts = json.loads(said.splitlines()[-1])
    assert facts["path"] == str(out)
    assert facts["frames"] == 30
    assert facts["bytes"] == out.stat().st_size
    assert "libvpx-vp9" in facts["command"]
    assert studio.tools.inspect(out)["video_codec"] == "vp9"

    before = out.read_bytes()
    code, _, err = call(*common)
    assert code == 2
    assert "--overwrite" in err
    assert out.read_bytes() == before
    code, said, _ = call(*common, "--overwrite", "--crop")
    assert code == 0
    assert "LUFS" in said
    assert str(out) in said.replace("\n", "")


def test_what_cannot_be_done_has_its_exit_code(call: Call, studio: Studio) -> None:
    (studio.folder / "text.mp4").write_text("these are words and no video")
    text, out = str(studio.folder / "text.mp4"), str(studio.folder / "out.mp4")
    for code, complaint, arguments in (
        (4, "there is no file", (str(studio.folder / "missing.mp4"), "--out", out)),
        (1, "is no video file", (text, "--out", out)),
        (2, "unknown export", (text, "--out", out, "--format", "gif")),
        (2, "unknown quality", (text, "--out", out, "--quality", "best")),
        (2, "Missing option", (text,)),
    ):
        found, said, err = call(*arguments)
        assert found == code, err
        assert complaint in err
        assert said == ""
    assert not (studio.folder / "out.mp4").exists()


def test_the_doctor_has_one_line_about_encoders(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "media_tools", lambda: studio.tools)
    diagnosis = examine("encoders", encoders)
    assert diagnosis.ok
    assert diagnosis.found == studio.tools.describe_encoders()
    assert "\n" not in diagnosis.found
