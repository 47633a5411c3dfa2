"""The shape of the house: imports point down only, words agree, nothing happens at import."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from video_pipeline.domain.job import TRANSITIONS, WORKING, JobStatus
from video_pipeline.domain.progress import STAGE_WEIGHTS, Stage
from video_pipeline.orchestration.assets import DELIVERY_ASSETS, STORYBOARD_ASSETS
from video_pipeline.steps import pipeline

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "video_pipeline"
ENGINE = PACKAGE / "ffmpeg"
ENGINE_ROOMS = sorted(path.parent for path in ENGINE.rglob("__init__.py"))
STORE = PACKAGE / "store"
STORE_ROOMS = [STORE, *sorted(path.parent for path in STORE.glob("*/__init__.py"))]
ROOMS = [*ENGINE_ROOMS, *STORE_ROOMS]


def test_imports_point_down_only() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-logo",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if "migrations" not in path.parts
        and path not in {PACKAGE / "__init__.py"}
        and not path.read_text().startswith('"""Owns ')
    ]
    assert silent == []


def test_modules_stay_readable() -> None:
    long = {str(path): count for path in PACKAGE.rglob("*.py") if (count := path.read_text().count("\n")) > 400}
    assert long == {}


def _listed(room: Path) -> list[str]:
    """The names in the table that a room's first lines hold: a name, two spaces or more, what it is."""
    return re.findall(r"^(\w+)  +\w", (room / "__init__.py").read_text().split('"""')[1], re.MULTILINE)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_each_room_of_engine_and_store_says_what_is_in_it(room: Path) -> None:
    inside = {path.stem for path in room.glob("*.py")} | {path.parent.name for path in room.glob("*/__init__.py")}
    assert sorted(_listed(room)) == sorted(inside - {"__init__"})


def test_rooms_of_engine_and_store_stay_small() -> None:
    """More than fifty modules lay beside each other once, and nobody new could tell where to begin."""
    crowded = {room.name: count for room in ROOMS if (count := len(_listed(room))) > 15}
    assert crowded == {}


@pytest.mark.parametrize("house", [ENGINE, STORE], ids=lambda house: house.name)
def test_engine_and_store_list_their_rooms_from_the_lowest_up(house: Path) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == [f"video_pipeline.{house.name}"])
    floors = {name: floor for floor, names in enumerate(reversed(layers)) for name in names.split(" | ")}
    assert _listed(house) == sorted(_listed(house), key=floors.__getitem__)


def test_tests_of_the_engine_lie_as_its_rooms_do() -> None:
    tests = ROOT / "video_pipeline_tests" / "ffmpeg"
    # `truth` is the verifier, a program of its own.
    folders = {path.parent.name for path in tests.rglob("__init__.py")} - {"truth"}
    assert folders == {room.name for room in ENGINE_ROOMS}


def test_stages_assets_and_steps_have_the_same_names() -> None:
    assets = [asset.key.to_user_string() for asset in (*STORYBOARD_ASSETS, *DELIVERY_ASSETS)]
    assert assets == [str(stage) for stage in Stage]
    assert list(pipeline._STEPS) == list(Stage)
    assert sum(STAGE_WEIGHTS.values()) == 100


def test_the_steps_follow_the_table_of_moves() -> None:
    for step in pipeline._STEPS.values():
        for before, after in ((step.begins_from, step.works_in), (step.works_in, step.ends_in)):
            assert before is after or after in TRANSITIONS[before]
    for status in WORKING:
        assert {JobStatus.FAILED, JobStatus.CANCELLED} <= TRANSITIONS[status]
        assert status in TRANSITIONS[JobStatus.FAILED]


def test_importing_the_definitions_starts_nothing(tmp_path: Path) -> None:
    """No file, no process, no connection: the code server imports this each time it loads."""
    script = (
        "import pathlib, psutil, threading; import video_pipeline.definitions, video_pipeline.cli.app;"
        "assert not list(pathlib.Path('.').iterdir()), list(pathlib.Path('.').iterdir());"
        "assert not psutil.Process().children(recursive=True);"
        "names = [t.name for t in threading.enumerate()];"
        "assert names == ['MainThread'], names"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
