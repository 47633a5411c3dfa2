"""Setting up the environment: which Python is taken, what is said when there is none, and two set-ups at once."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "tools" / "setup_environment.py"


@pytest.fixture
def setup() -> ModuleType:
    """The script as a module; nothing of it has run."""
    spec = importlib.util.spec_from_file_location("setup_environment", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, body: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_a_supported_python_takes_itself(setup: ModuleType) -> None:
    for version in ((3, 11), (3, 12), (3, 13), (3, 14)):
        assert setup.suitable_python(version) == sys.executable


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (2, 7)])
def test_another_python_takes_the_newest_on_path_that_answers(
    setup: ModuleType, version: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as nothing:
        setup.suitable_python(version)
    said = str(nothing.value.code)
    assert f"Python {version[0]}.{version[1]} is not supported" in said
    assert "make PYTHON=/path/to/python3.14" in said

    program(tmp_path / "python3.14", "exit 127")  # a version switcher's name for a version that is switched off
    program(tmp_path / "python3.12", "exit 0")
    program(tmp_path / "python3.11", "exit 0")
    assert setup.suitable_python(version) == str(tmp_path / "python3.12")


def test_the_versions_are_those_of_the_project(setup: ModuleType) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest, newest = (".".join(str(part) for part in version) for version in (setup.OLDEST, setup.NEWEST))
    assert wanted == f">={oldest},<3.{setup.NEWEST[1] + 1}"
    assert f"Python {oldest} to {newest}" in (ROOT / "README.md").read_text()


def test_a_python_without_pip_is_refused_with_the_remedy(setup: ModuleType, tmp_path: Path) -> None:
    bare = program(tmp_path / "python3", '[ "$1" = -c ] && echo 3.12 && exit 0; exit 1')
    with pytest.raises(SystemExit) as refused:
        setup.make_environment(str(bare), tmp_path / "env")
    said = str(refused.value.code)
    assert "apt-get install python3.12-venv" in said
    assert "make PYTHON=" in said
    assert not (tmp_path / "env").exists()


def test_a_python_with_pip_alone_installs_from_outside(setup: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "log"
    debian = program(tmp_path / "python3", f'echo "$@" >> {log}; [ "$2" != ensurepip ]')
    pip = setup.make_environment(str(debian), tmp_path / "env")
    assert pip == [str(debian), "-m", "pip", "--python", str(tmp_path / "env" / "bin" / "python")]
    assert f"-m venv --clear --without-pip {tmp_path / 'env'}" in log.read_text()


def test_a_failed_step_says_what_failed_and_what_to_do(setup: ModuleType) -> None:
    with pytest.raises(SystemExit) as failed:
        setup.run("sh", "-c", "exit 7")
    said = str(failed.value.code)
    assert "code 7 at: sh -c exit 7" in said
    assert "PIP_INDEX_URL" in said
    assert "call make again" in said


def test_the_second_of_two_set_ups_waits_and_makes_nothing(setup: ModuleType, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    (root / "tools").mkdir(parents=True)
    for name in setup.MADE_FROM:
        (root / name).write_bytes((ROOT / name).read_bytes())
    target = root / ".venv"
    with setup.sole(target):
        second = subprocess.Popen(
            [sys.executable, root / "tools" / "setup_environment.py", ".venv"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": ""},
        )
        assert second.stderr is not None
        assert "waiting for it" in second.stderr.readline()
        assert second.poll() is None
        target.mkdir()
        (target / "ready").touch()
    assert second.communicate(timeout=30)[1] == ""
    assert second.returncode == 0
    assert [path.name for path in target.iterdir()] == ["ready"]


def test_a_change_of_the_lock_makes_it_anew(setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    (tmp_path / "tools").mkdir()
    for name in setup.MADE_FROM:
        (tmp_path / name).touch()
    mark = tmp_path / "ready"
    assert not setup.is_ready(mark)
    mark.touch()
    assert setup.is_ready(mark)
    later = mark.stat().st_mtime + 5
    os.utime(tmp_path / "requirements.lock", (later, later))
    assert not setup.is_ready(mark)


def test_make_compares_the_same_files_with_the_mark(setup: ModuleType) -> None:
    (rule,) = re.findall(r"^\$\(VENV\)/ready: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert tuple(rule.split()) == setup.MADE_FROM
