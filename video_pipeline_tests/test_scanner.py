"""A program that decides about uploads: what each of its ends means, and that without an answer nothing comes in."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from video_pipeline.domain.errors import InvalidInputError, MachineError, MediaError
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.scanner import CommandScanner
from video_pipeline.steps.receive import append, complete, open_upload
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload
from video_pipeline_tests.steps.conftest import cache_root, cores, finished_work, order, studio, workshop

__all__ = ["cache_root", "cores", "finished_work", "order", "studio", "workshop"]

SCRIPT = """
import pathlib, sys
text = pathlib.Path(sys.argv[-1]).read_text()
print(sys.argv[-1] + (": Test-Signature FOUND" if "EVIL" in text else ": OK"))
sys.exit(1 if "EVIL" in text else 2 if "ODD" in text else 0)
"""


@pytest.fixture
def command(tmp_path: Path) -> str:
    """Answers as clamdscan does."""
    script = tmp_path / "a scanner.py"
    script.write_text(SCRIPT)
    return shlex.join([sys.executable, "-I", "-S", str(script), "--no-summary"])


@pytest.fixture
def guarded(studio: Studio, command: str) -> Studio:
    """A studio with such a scanner."""
    return replace(studio, scanner=CommandScanner(command))


def test_its_exit_code_decides(command: str, tmp_path: Path) -> None:
    scanner, file = CommandScanner(command), tmp_path / "-rf a b; echo '"
    file.write_text("fine")
    scanner.check(file)
    file.write_text("EVIL")
    with pytest.raises(MediaError, match=r"refused by the scanner.*Test-Signature FOUND") as refused:
        scanner.check(file)
    assert str(tmp_path) not in str(refused.value)
    file.write_text("ODD")
    with pytest.raises(MachineError, match="ended with 2"):
        scanner.check(file)


def test_a_scanner_that_cannot_answer_lets_nothing_in(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot be run"):
        CommandScanner("/no/such/scanner").check(tmp_path)
    sleeper = shlex.join(["/bin/sh", "-c", f"sleep 77 & echo $! > {tmp_path}/pid; wait"])
    began = time.monotonic()
    with pytest.raises(MachineError, match="no answer within"):
        CommandScanner(sleeper, limit_s=0.5).check(tmp_path)
    assert time.monotonic() - began < 20
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5  # a signal takes its moment
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for wrong in ("", "  ", "clamdscan 'a"):
        with pytest.raises(InvalidInputError):
            CommandScanner(wrong)


def test_what_it_refuses_leaves_nothing(guarded: Studio, order: Callable[..., JobRecord]) -> None:
    job = order().id
    kept = keep_upload(guarded, job, FileType.QUOTES, "fine.txt", [b"Breathe in.\n"])
    for name, error in (("EVIL", MediaError), ("ODD", MachineError)):
        with pytest.raises(error):
            keep_upload(guarded, job, FileType.QUOTES, f"{name}.txt", [f"{name} words.\n".encode()])
    assert guarded.jobs.get_job_files(job) == [kept]
    assert guarded.media.keys(f"jobs/{job}/") == [kept.media.key]


def test_what_comes_in_pieces_is_looked_at_when_it_is_whole(guarded: Studio, order: Callable[..., JobRecord]) -> None:
    job: UUID = order().id
    content = b"EVIL words.\n"
    upload = open_upload(guarded.jobs, job, FileType.QUOTES, "q.txt", len(content))
    whole = append(guarded.jobs, guarded.media, upload, content)
    with pytest.raises(MediaError, match="refused by the scanner"):
        complete(guarded, whole)
    assert "refused by the scanner" in (guarded.jobs.get_upload(job, upload.id).error_message or "")
    assert guarded.media.part_ids() == []
    assert guarded.jobs.get_job_files(job) == []
