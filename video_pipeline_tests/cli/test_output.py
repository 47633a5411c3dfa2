"""Tables: what somebody copies from them is in one piece, at a terminal and where a program reads on."""

from __future__ import annotations

import pytest
from rich.console import Console

from video_pipeline.cli import output
from video_pipeline.cli.watch import Display
from video_pipeline.domain.job import JobStatus

COLUMNS = ("kind", "name", "ready")
MISSING = "no: set VIDEO_PIPELINE_RUNWAY_API_KEY or RUNWAYML_API_SECRET, which hold the key of an account at Runway"
ROWS = [("clip", "runway_standard", MISSING), ("picture", "procedural", "yes")]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    output.print_table("Providers", COLUMNS, ROWS, empty="")
    return capsys.readouterr().out.splitlines()


def test_a_program_gets_each_row_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(capsys)
    assert [line for line in found if MISSING in line and "runway_standard" in line]
    assert len(found) == len(["title", "top", "head", "rule", *ROWS, "bottom"])


@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_shows_names_whole_and_folds_texts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(output, "console", Console(force_terminal=True, color_system=None, width=width))
    found = lines(capsys)
    assert any("runway_standard" in line for line in found)
    assert not any(MISSING in line for line in found)
    assert max(map(len, found)) <= width


def test_where_names_have_no_room_nothing_is_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "console", Console(force_terminal=True, color_system=None, width=30))
    cells = [line.split("│") for line in lines(capsys) if line.startswith("│")]
    told = ["".join(row[at].strip() for row in cells) for at in (2, 3)]
    assert told[0] == "runway_standardprocedural"
    assert told[1].replace(" ", "") == f"{MISSING}yes".replace(" ", "")


def test_a_program_that_reads_the_progress_gets_a_line_for_each_stage_and_each_wait(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waits = "waits for mubert: HTTP 503; next try at 12:00:00 UTC"
    with Display() as display:
        for message in (
            "0 of 4 ready",
            "1 of 4 ready",
            f"1 of 4 ready; {waits}",
            f"1 of 4 ready; {waits}",
            "2 of 4 ready",
        ):
            display.show(JobStatus.GENERATING_MUSIC, {"stage": "music", "message": message, "percent": 1.0})
    assert [line for line in capsys.readouterr().err.splitlines() if line] == [
        "music: 0 of 4 ready",
        f"music: 1 of 4 ready; {waits}",
        "music: 2 of 4 ready",
    ]
