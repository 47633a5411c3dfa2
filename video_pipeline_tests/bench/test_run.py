"""Tiny real runs: ours and the floor side by side, a wrong file refused, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tools.bench.experiments import compare
from tools.bench.material import Pool
from tools.bench.measure import ROOT
from tools.bench.report import summary
from tools.bench.verification import Verifier
from tools.bench.yard import Yard
from video_pipeline.ffmpeg import FfmpegBinary, find_ffmpeg


@pytest.mark.slow
def test_ours_and_the_floor_are_measured_and_verified(pool: Pool, tmp_path: Path) -> None:
    ffmpeg: FfmpegBinary = find_ffmpeg(None)
    yard = Yard(tmp_path, ffmpeg.path, pool, Verifier(ffmpeg.path))
    programme = pool.programme("tiny", 2, 300)
    made = compare(yard, programme, 1, whole=True, wanted=lambda name: name in ("ours", "floor"))
    ours, floor = made["rows"]["ours"], made["rows"]["floor"]
    assert [run["status"] for run in ours["runs"] + floor["runs"]] == ["finished", "finished"]
    (verdict,) = ours["verified"]
    assert verdict["frames"] == 600
    assert verdict["faults"] == ()
    assert made["stages"]["ours"].keys() >= {"decode", "mix", "sound", "pictures", "main process"}
    # The floor does less of the same, so it cannot cost more; both are CPU times, which noise moves little.
    assert 0 < floor["cpu_s"]["median"] < ours["cpu_s"]["median"]
    assert summary(made, 5)["vs_floor"] > 0
    _wrong_files_are_refused(yard, pool, tmp_path)


def _wrong_files_are_refused(yard: Yard, pool: Pool, folder: Path) -> None:
    programme = pool.programme("tiny", 2, 300)
    master = yard.master(programme)
    assert yard.verifier.verdict(master, programme).faults == ()
    longer = pool.programme("longer", 2, 301)
    other = Verifier(yard.ffmpeg).verdict(master, longer)
    assert any("600 frames instead of 602" in fault for fault in other.faults)
    loud = folder / "loud.mp4"
    for gain in ("-0.8dB", "4dB"):
        command = [str(yard.ffmpeg), "-v", "error", "-y", "-i", str(master)]
        subprocess.run([*command, "-c:v", "copy", "-af", f"volume={gain}", str(loud)], check=True, timeout=60)
        assert any(fault.startswith("loudness -1") for fault in yard.verifier.verdict(loud, programme).faults)
    torn = folder / "torn.mp4"
    content = bytearray(master.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 20_000] = bytes(20_000)
    torn.write_bytes(content)
    assert yard.verifier.verdict(torn, programme).faults
    assert yard.verifier.verdict(folder / "none.mp4", programme).faults == ("no file",)


@pytest.mark.slow
def test_ctrl_c_ends_what_was_running_and_clears_up(sources: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    words = ["--minutes", "5", "--json", "--only", "ours", "--work", str(work)]
    words += ["--music", str(sources), "--pictures", str(sources)]
    bench = subprocess.Popen(
        [sys.executable, "-m", "tools.bench", *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert bench.stderr is not None
    assert any("ours (1)" in line for line in iter(bench.stderr.readline, ""))
    while not (started := psutil.Process(bench.pid).children(recursive=True)):
        assert bench.poll() is None
    bench.send_signal(signal.SIGINT)
    stdout, stderr = bench.communicate(timeout=60)
    assert bench.returncode == 130, stderr
    assert "interrupted" in stderr
    assert stdout == ""
    # They have been killed; when the kernel lets them go is not in anybody's hands.
    assert psutil.wait_procs(started, timeout=30)[1] == []
    assert not work.exists()


def test_the_form_of_the_results_is_json(tmp_path: Path) -> None:
    from tools.bench.report import write_json

    write_json({"sections": {}, "spread": (1.0, 2.34567891)}, tmp_path / "a" / "results.json")
    assert json.loads((tmp_path / "a" / "results.json").read_text())["spread"] == [1.0, 2.3457]
