"""The ffmpeg program: which one is used, its exact arguments, and that its process never outlives its purpose."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from video_pipeline.domain.errors import CancelledError, MachineError, MediaError
from video_pipeline.ffmpeg import FfmpegBinary, find_ffmpeg
from video_pipeline.ffmpeg.program import runner
from video_pipeline.ffmpeg.program.command import MUSIC_DECODERS, decode_command, poster_command, with_progress
from video_pipeline.ffmpeg.program.runner import run

ALWAYS = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y")


def endless(binary: FfmpegBinary) -> tuple[str, ...]:
    return (str(binary.path), *ALWAYS, "-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-")


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_decode_command_line() -> None:
    assert decode_command(Path("/bin/ffmpeg"), Path("/in/a b.mp3"), "mp3", Path("/out/x.f32")) == (
        "/bin/ffmpeg",
        *ALWAYS,
        *("-f", "mp3", "-codec_whitelist", ",".join(MUSIC_DECODERS), "-dn"),
        *("-format_whitelist", "flac,wav,mp3,ogg,mov,aac,aiff", "-protocol_whitelist", "file"),
        *("-sn", "-vn", "-i", "file:/in/a b.mp3"),
        "-filter_complex",
        "[0:a:0]aresample=48000[s0];[s0]aformat=channel_layouts=stereo:sample_fmts=flt[s1]",
        *("-map", "[s1]", "-f", "f32le", "-acodec", "pcm_f32le", "-t", "14400", "file:/out/x.f32"),
    )


def test_poster_command_line() -> None:
    assert poster_command(Path("/bin/ffmpeg"), Path("/in/%d.mp4"), "mov", 1.5, Path("/out/p.jpg")) == (
        "/bin/ffmpeg",
        *ALWAYS,
        *("-f", "mov", "-format_whitelist", "mov,matroska", "-protocol_whitelist", "file", "-ss", "1.500000"),
        *("-i", "file:/in/%d.mp4"),
        "-filter_complex",
        "[0:v:0]scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc[s0];"
        "[s0]format=yuvj420p[s1]",
        *("-map", "[s1]", "-f", "image2", "-q:v", "2", "-update", "1", "-vcodec", "mjpeg", "-vframes", "1"),
        "file:/out/p.jpg",
    )


def test_a_name_like_an_option_or_protocol_is_only_a_name() -> None:
    for name in ("-y", "concat:a|b", "http:x", "pic%03d.png"):
        argv = decode_command(Path("/f"), Path("/in") / name, "wav", Path("/out/x"))
        assert argv[argv.index("-i") + 1] == f"file:/in/{name}"


def test_progress_goes_to_the_inherited_pipe() -> None:
    assert with_progress(("ffmpeg", "-i", "x"), 7) == (
        *("ffmpeg", "-progress", "pipe:7", "-stats_period", "0.5"),
        *("-i", "x"),
    )


def test_progress_is_reported(binary: FfmpegBinary, tmp_path: Path) -> None:
    seconds: list[float] = []
    command = (
        *(str(binary.path), *ALWAYS, "-f", "lavfi", "-i", "anullsrc=r=48000", "-t", "30"),
        *("-f", "wav", str(tmp_path / "x.wav")),
    )
    assert run(command, limit_s=60, on_progress=seconds.append) == ""
    assert seconds[-1] == pytest.approx(30, abs=0.1)


def test_an_error_while_telling_the_progress_ends_the_process_and_is_raised(binary: FfmpegBinary) -> None:
    def tell(seconds: float) -> None:
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="the database is gone"):
        run(endless(binary), limit_s=60, on_progress=tell)
    assert not leftovers(binary)


def test_failure_carries_the_end_of_what_ffmpeg_said(binary: FfmpegBinary) -> None:
    with pytest.raises(MediaError, match=r"ffmpeg on missing.wav failed with status \d+: .*No such file"):
        run((str(binary.path), *ALWAYS, "-i", "file:/missing.wav", "-f", "null", "-"), limit_s=20)


def test_a_flood_of_messages_neither_blocks_nor_piles_up(tmp_path: Path) -> None:
    flood = script(tmp_path / "flood", "i=0; while [ $i -lt 20000 ]; do echo line $i >&2; i=$((i+1)); done; exit 3")
    with pytest.raises(MediaError, match="line 19999") as caught:
        run((str(flood),), limit_s=60)
    assert str(caught.value).count("\n") < 250


def test_time_limit_ends_the_process(binary: FfmpegBinary) -> None:
    with pytest.raises(MediaError, match="longer than 1 s"):
        run(endless(binary), limit_s=1)
    assert not leftovers(binary)


def test_standing_still_ends_the_process_and_moving_does_not(binary: FfmpegBinary, tmp_path: Path) -> None:
    stuck = script(tmp_path / "stuck", "echo out_time_us=1000 > /proc/$$/fd/${2#pipe:}; sleep 300")
    seconds: list[float] = []
    with pytest.raises(MediaError, match="stood still"):
        run((str(stuck),), limit_s=60, stall_s=1, on_progress=seconds.append)
    assert seconds == [0.001]
    moving = (str(binary.path), *ALWAYS, "-re", "-f", "lavfi", "-i", "anullsrc", "-t", "3", "-f", "null", "-")
    assert run(moving, limit_s=60, stall_s=2) == ""


def test_a_full_disk_is_a_fault_of_the_machine_and_not_of_the_media(binary: FfmpegBinary) -> None:
    with pytest.raises(MachineError, match=r"no room for what it writes: .*No space left on device"):
        run((str(binary.path), *ALWAYS, "-f", "lavfi", "-i", "anullsrc=d=9", "-f", "s16le", "/dev/full"), limit_s=20)


def test_a_child_that_keeps_the_pipes_open_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process does that waits for a disk for ever: who had cancelled it waited as long."""
    monkeypatch.setattr(runner, "_GRACE_S", 0.2)
    left = script(tmp_path / "left", f"setsid sleep 200 & echo $! > {tmp_path}/pid; echo gone >&2; exit 3")
    try:
        with pytest.raises(MediaError, match="failed with status 3: gone"):
            run((str(left),), limit_s=60)
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_cancelling_ends_the_whole_group_even_when_it_ignores_the_first_signal(tmp_path: Path) -> None:
    stubborn = script(tmp_path / "stubborn", f"trap '' TERM; echo $$ > {tmp_path}/pid; sleep 300 & wait; sleep 300")
    asked = threading.Event()

    def is_stopped() -> bool:
        return (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text().strip()) and not asked.set()

    with pytest.raises(CancelledError):
        run((str(stubborn),), limit_s=60, is_stopped=is_stopped)
    group = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while members(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not members(group)


def members(group: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def leftovers(binary: FfmpegBinary) -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if child.name() == binary.path.name]


def test_ffmpeg_dies_with_the_process_that_started_it(binary: FfmpegBinary, tmp_path: Path) -> None:
    code = f"from video_pipeline.ffmpeg.program.runner import run; run({endless(binary)!r}, limit_s=300)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        child = wait_for_child(parent.pid, binary.path.name)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    gone, alive = psutil.wait_procs([child], timeout=10)
    assert gone
    assert not alive


def wait_for_child(pid: int, name: str) -> psutil.Process:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children(recursive=True):
            if child.name()[:15] == name[:15]:
                return child
        time.sleep(0.05)
    raise AssertionError(f"{name} was not started")


def test_the_found_binary_says_where_it_comes_from(binary: FfmpegBinary) -> None:
    assert binary.path.exists()
    assert binary.source in ("configured", "PATH", "imageio-ffmpeg")
    assert find_ffmpeg(binary.path) == FfmpegBinary(binary.path, binary.version, "configured")


def test_a_good_ffmpeg_on_path_comes_before_the_wheel(
    binary: FfmpegBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ffmpeg").symlink_to(binary.path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg(None) == FfmpegBinary(tmp_path / "ffmpeg", binary.version, "PATH")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("echo ffmpeg version 4.4.2; echo 'libavcodec     58.134.100'", "ffmpeg 4.4.2, which is too old"),
        ("echo hello", "is no ffmpeg"),
        ("exit 1", "cannot run"),
        (
            "case $1 in -version) echo ffmpeg version 7.1; echo 'libavcodec     61. 19.101';; esac",
            "was built without pcm_f32le, mjpeg",
        ),
    ],
)
def test_an_unusable_ffmpeg_is_refused_by_name_and_passed_over_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, complaint: str
) -> None:
    bad = script(tmp_path / "ffmpeg", body)
    with pytest.raises(MachineError, match=complaint) as caught:
        find_ffmpeg(bad)
    assert "FFMPEG_BINARY" in str(caught.value)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE", raising=False)
    assert find_ffmpeg(None).source == "imageio-ffmpeg"


def test_a_configured_ffmpeg_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot run"):
        find_ffmpeg(tmp_path / "nothing")
