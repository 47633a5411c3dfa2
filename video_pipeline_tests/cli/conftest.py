"""Owns how tests use the command line: in this process, on the small studio of the steps' tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from video_pipeline import bootstrap
from video_pipeline.cli.app import main
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.orchestration.conftest import wired
from video_pipeline_tests.steps.conftest import cache_root, cores, finished_work, order, studio, workshop

__all__ = ["cache_root", "cores", "finished_work", "order", "studio", "wired", "workshop"]

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(wired: dict[str, Any], studio: Studio, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Call:
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(bootstrap, "studio", lambda: studio)

    def called(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["video-pipeline", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return called


def in_json(call: Call, *arguments: str) -> Any:
    code, out, err = call(*arguments, "--json")
    assert code == 0, err
    return json.loads(out.splitlines()[-1])
