"""What is told: the last line, the tables, what was not right; and which flags ask for what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.bench import report
from tools.bench.__main__ import OTHERS, RIVALS, _choice, _parser
from tools.bench.contenders import MOVIEPY_PARTS, Entry, Task
from tools.bench.experiments import Series, section
from tools.bench.measure import Measurement
from tools.bench.programme import File, Programme, Scene

_SCENE = Scene(File("", "", 0), File("", "", 0))


def series(name: str, walls: list[float], *, frames: int = 600, stands_for: int = 0) -> Series:
    programme = Programme("test", frames // 2, (_SCENE, _SCENE))
    entry = Entry(name, f"title of {name}", programme, lambda folder, number: Task([], ()), stands_for)
    runs = [Measurement("finished", wall, wall * 1.5, 300 * 2**20, 200 * 2**20, 10**6) for wall in walls]
    return Series(entry, runs)


@pytest.fixture
def made() -> dict[str, Any]:
    ours = series("ours", [10.0, 12.0, 11.0])
    ours.stages = [{"mix": 1.0, "sound": 5.0}, {"mix": 1.2, "sound": 5.2}]
    rivals = [series("ffmpeg_parts", [30.0, 36.0, 33.0]), series("moviepy", [60.0], frames=60, stands_for=600)]
    ratios = [
        ("vs_ffmpeg_tuned", "ffmpeg_parts", "ours"),
        ("vs_moviepy", "moviepy", "ours"),
        ("vs_floor", "ours", "floor"),
    ]
    return section("Stills", {each.entry.name: each for each in (ours, *rivals)}, ratios)


def test_the_last_line_has_every_bar(made: dict[str, Any]) -> None:
    line = json.loads(json.dumps(report.summary(made, 5)))
    assert line["vs_ffmpeg_tuned"] == 3.0
    assert line["vs_moviepy"] == pytest.approx(600 / 11, rel=1e-3)  # a tenth was run
    assert line["vs_ffmpeg_default"] is None
    assert line["vs_floor"] is None
    assert line["peak_rss_bytes"] == 300 * 2**20
    assert line["stages"] == {"mix": 1.1, "sound": 5.1}
    assert line["extrapolated"] == ["vs_moviepy"]
    assert line["tuned_is"] == "ffmpeg_parts"


def test_the_last_line_keeps_its_shape_when_nothing_was_measured(made: dict[str, Any]) -> None:
    nothing = report.summary(None, 5)
    assert nothing.keys() == report.summary(made, 5).keys()
    assert all(nothing[name] is None for name in report.SUMMARY)


def test_a_table_marks_what_is_extrapolated(made: dict[str, Any]) -> None:
    lines = report.table(made).splitlines()
    (moviepy,) = [line for line in lines if line.startswith("moviepy")]
    (parts,) = [line for line in lines if line.startswith("ffmpeg_parts")]
    assert "~600" in moviepy
    assert "~" not in parts
    assert "33.0 (30.0-36.0)" in parts
    assert "extrapolated by frames" in lines[-1]


def test_a_wrong_file_of_ours_does_not_win_and_is_told() -> None:
    ours = series("ours", [10.0])
    ours.runs.append(Measurement("invalid", 1.0, 1.0, 0, 0, 0, "599 frames instead of 600"))
    rival = series("ffmpeg_parts", [30.0])
    made = section("Stills", {"ours": ours, "ffmpeg_parts": rival}, [("vs_ffmpeg_tuned", "ffmpeg_parts", "ours")])
    assert made["ratios"]["vs_ffmpeg_tuned"]["most"] == 3.0
    assert report.faults({"sections": {"stills_5": made}}) == ["Stills, ours: invalid: 599 frames instead of 600"]
    assert "599 frames instead of 600" in report.table(made)


def test_a_wrong_file_of_a_rival_counts_and_is_marked() -> None:
    rival, right = series("moviepy", [60.0]), series("ffmpeg_parts", [30.0])
    rival.verdicts.append({"faults": ("loudness -19.0 LUFS", "true peak 0.3 dBTP")})
    right.verdicts.append({"faults": ()})
    made = section("Stills", {each.entry.name: each for each in (rival, right)}, [])
    lines = report.table(made).splitlines()
    assert any(line.startswith("moviepy !") for line in lines)
    assert lines[-1].endswith(
        "moviepy is not as promised and counts all the same: loudness -19.0 LUFS; true peak 0.3 dBTP"
    )
    assert sum("!" in line for line in lines) == 2


def test_a_rival_that_failed_is_told_but_is_no_fault_of_ours() -> None:
    rival = series("moviepy", [])
    rival.runs.append(Measurement("unavailable", 0.0, 0.0, 0, 0, 0, "MoviePy could not be installed"))
    made = section("Stills", {"ours": series("ours", [1.0]), "moviepy": rival}, [("vs_moviepy", "moviepy", "ours")])
    assert made["ratios"] == {}
    assert report.faults({"sections": {"stills_5": made}}) == []
    assert "MoviePy could not be installed" in report.table(made)


def wanted(*words: str) -> list[str]:
    choice = _choice(_parser().parse_args(words))
    return [name for name in (*RIVALS, *OTHERS) if choice.wants(name)]


def test_everything_is_run_by_default() -> None:
    assert wanted() == [*RIVALS, *OTHERS]


def test_a_length_alone_means_the_stills() -> None:
    assert wanted("--minutes", "5", "--json") == [name for name in RIVALS if name != MOVIEPY_PARTS]


def test_only_means_only() -> None:
    assert wanted("--only", "floor, motion") == ["floor", "motion"]
    assert wanted("--minutes", "60", "--only", "lengths") == ["lengths"]


@pytest.mark.parametrize("words", [["--only", "imovie"], ["--repeats", "0"], ["--music", "x"], ["--minutes", "7"]])
def test_what_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        wanted(*words)
    assert "error:" in capsys.readouterr().err
