"""The benchmark of the API: its arithmetic, what it tells, a short real run, and that nothing is left behind."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.bench.measure import ROOT
from tools.bench_api import report
from tools.bench_api.__main__ import main, shares
from tools.bench_api.latency import percentile, ratios, spread

TIMES = st.lists(st.floats(min_value=1e-6, max_value=1e3), min_size=1, max_size=300)


@given(TIMES, st.floats(min_value=0.1, max_value=100))
def test_a_percentile_is_the_least_figure_that_so_many_do_not_exceed(times: list[float], percent: float) -> None:
    found = percentile(times, percent)
    assert found in times
    enough = percent / 100 * len(times)
    assert sum(each <= found for each in times) >= enough - 1e-9
    assert sum(each < found for each in times) < max(math.ceil(enough), 1)


def test_nothing_has_no_percentile() -> None:
    assert set(spread([]).values()) == {None}
    with pytest.raises(ValueError, match="no figures"):
        percentile([], 50)


def test_ratios_are_of_figures_that_both_have() -> None:
    above = {"p95_ms": 30.0, "max_ms": 5.0, "per_s": 8, "what": ["x"], "p50_ms": None}
    assert ratios(above, {"p95_ms": 20.0, "max_ms": None, "per_s": 4}) == {
        "p95_ms": 1.5,
        "max_ms": None,
        "per_s": 2,
        "p50_ms": None,
    }


@given(st.integers(min_value=10, max_value=5000))
def test_every_reader_does_something(readers: int) -> None:
    made = shares(readers)
    assert sum(made.values()) == readers
    assert min(made.values()) >= 1


def phase(errors: int = 0, *, count: int = 100, scale: float = 1.0) -> dict[str, Any]:
    row = {"count": count, "errors": errors, "what": ["1 x status 500"] * errors, "per_s": 10 / scale}
    figures = {"p50_ms": 10 * scale, "p95_ms": 20 * scale, "p99_ms": 30 * scale, "max_ms": 40 * scale}
    heard = {"count": 60, "errors": 0, "what": [], "listeners": 30, "told": 2, "messages": 90}
    return {
        "seconds": 10.0,
        "watched_s": 13.0,
        "client_cpu_s": 1.0,
        "kinds": {"list": row | figures, "show": {**row, "errors": 0, "what": []} | figures},
        "events": heard | {"to_a_listener": figures, "to_all_listeners": figures},
        "server": {"peak_rss_bytes": 2**27, "threads": 50, "connections": 15, "cpu_s": 6.5, "machine_percent": 50.0},
    }


def results(**phases: dict[str, Any]) -> report.Results:
    return {"phases": phases, "ratios": report.compared(phases)}


def test_the_table_has_both_phases_and_their_ratios() -> None:
    told = report.markdown(results(idle=phase(), render=phase(scale=1.5))).splitlines()
    assert "| list | 100 | 0 | 10.0 | 20.0 | 30.0 | 40.0 | 10.0 |" in told
    assert "| list |  |  | 1.50 | 1.50 | 1.50 | 1.50 | 0.67 |" in told
    assert "| peak memory, MiB | 128 | 128 |" in told
    widths = [line.count("|") for line in told]
    assert set(widths) == {9, 4, 0}


def test_errors_and_silence_are_faults() -> None:
    assert report.faults(results(idle=phase(), render=phase())) == []
    assert report.faults(results(idle=phase(2))) == ["idle, list: 2 errors: 1 x status 500; 1 x status 500"]
    assert len(report.faults(results(idle=phase(count=0)))) == 2
    assert report.summary(results(idle=phase(2), render=phase()))["errors"] == 2


def test_one_phase_alone_has_no_ratios() -> None:
    line = report.summary(results(idle=phase()))
    assert line["p95_ratio"] == {}
    assert line["idle"]["p95_ms"]["to_all_listeners"] == 20.0


@pytest.mark.parametrize(
    "words", [["--readers", "9"], ["--jobs", "0"], ["--seconds", "0"], ["--only", "both"], ["--pause", "4"]]
)
def test_what_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert "error:" in capsys.readouterr().err


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """The benchmark, with its scratch directories in `folder`."""
    return subprocess.Popen(
        ["env", f"TMPDIR={folder}", sys.executable, "-m", "tools.bench_api", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def open_folder() -> Any:
    """A directory that the server of the database may enter."""
    with tempfile.TemporaryDirectory(prefix="vp-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.slow
def test_a_short_run_is_without_errors_and_leaves_nothing(open_folder: Path, tmp_path: Path) -> None:
    words = ["--only", "idle", "--seconds", "1", "--readers", "20", "--jobs", "60", "--pause", "0.1", "--json"]
    bench = started(open_folder, *words, "--out", str(tmp_path))
    stdout, stderr = bench.communicate(timeout=240)
    assert bench.returncode == 0, stderr
    line = json.loads(stdout)
    assert line["errors"] == 0
    assert line["idle"]["p95_ms"].keys() == {"list", "search", "show", "to_a_listener", "to_all_listeners"}
    assert line["idle"]["connections"] > 0
    kept = json.loads((tmp_path / "api.json").read_text())
    assert kept["material"].startswith("60 jobs with ")
    assert kept["phases"]["idle"]["events"]["listeners"] == 6
    assert list(open_folder.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_ends_what_was_running_and_clears_up(open_folder: Path) -> None:
    bench = started(open_folder, "--only", "idle", "--seconds", "200", "--readers", "10", "--jobs", "20")
    assert bench.stderr is not None
    assert any("idle: 10 readers" in line for line in iter(bench.stderr.readline, ""))
    running = psutil.Process(bench.pid).children(recursive=True)
    assert running
    bench.send_signal(signal.SIGINT)
    _, stderr = bench.communicate(timeout=60)
    assert bench.returncode == 130, stderr
    assert psutil.wait_procs(running, timeout=30)[1] == []
    assert list(open_folder.iterdir()) == []
