"""Owns the virtual environment of rivals and plots, apart from the product's; hides how it is made and locked.

MoviePy needs an older Pillow than the product, so the two never share an environment.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from tools import setup_environment
from tools.bench.measure import ROOT, say

LOCK = ROOT / "requirements-bench.lock"
_TARGET = ROOT / ".venv-bench"
_INSTALL_S = 900


class UnavailableError(Exception):
    """The environment cannot be had; the message says why."""


@lru_cache(maxsize=1)
def bench_python() -> Path:
    """The interpreter of the environment, which is made on first use; UnavailableError when that fails."""
    mark = _TARGET / "ready"
    with setup_environment.sole(_TARGET):
        if not (mark.exists() and mark.stat().st_mtime >= LOCK.stat().st_mtime):
            say("setting up .venv-bench for MoviePy and the plots (once) ...")
            _make(mark)
    return _TARGET / "bin" / "python"


def _make(mark: Path) -> None:
    try:
        pip = setup_environment.make_environment(setup_environment.suitable_python(), _TARGET)
        command = [*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(command, check=True, timeout=_INSTALL_S, stdin=subprocess.DEVNULL)
    except SystemExit as error:  # the set-up script ends with a message for people
        raise UnavailableError(f"no environment for MoviePy: {error.code}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"MoviePy could not be installed: {error}") from error
    mark.touch()
