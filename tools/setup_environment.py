"""Make the virtual environment: locked dependencies and this project, with nothing but Python itself.

Run by make as `python3 tools/setup_environment.py .venv`. Several may be started at once: one makes the environment,
the others wait for it.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NEWEST = (3, 14)
MADE_FROM = ("requirements.lock", "pyproject.toml", "tools/setup_environment.py")
"""What the environment is made from; make compares the same files with the mark."""


def suitable_python(running: tuple[int, int] = sys.version_info[:2]) -> str:
    """This interpreter if it is of a supported version, else the newest supported one on PATH."""
    if OLDEST <= running <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # A version switcher puts a name on PATH for every version, also for those that are switched off.
        if found and answers(found, "-c", ""):
            return found
    oldest, newest = (".".join(str(part) for part in version) for version in (OLDEST, NEWEST))
    sys.exit(
        f"Python {running[0]}.{running[1]} is not supported, and no python{oldest} to python{newest} is on PATH. "
        f"Install one, or name it: make PYTHON=/path/to/python{newest}"
    )


def answers(*command: str) -> bool:
    """True when the command ends well."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: str | Path) -> None:
    """Run a step of the set-up; stop with a message when it fails."""
    parts = [str(part) for part in command]
    code = subprocess.run(parts, cwd=ROOT, check=False).returncode
    if code:
        sys.exit(
            f"The set-up failed with code {code} at: {' '.join(parts)}\n"
            "The lines above say why. The packages come from PyPI: behind a mirror or a proxy, set PIP_INDEX_URL or "
            "HTTPS_PROXY. Then call make again; it starts anew."
        )


def make_environment(python: str, target: Path) -> list[str]:
    """Make an empty environment; the command of a pip that installs into it."""
    inside = str(target / "bin" / "python")
    if answers(python, "-m", "ensurepip", "--version"):
        run(python, "-m", "venv", "--clear", target)
        return [inside, "-m", "pip"]
    if answers(python, "-m", "pip", "--version"):  # Debian without python3-venv, but with python3-pip
        run(python, "-m", "venv", "--clear", "--without-pip", target)
        return [python, "-m", "pip", "--python", inside]
    version = subprocess.check_output([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True)
    sys.exit(
        f"{python} can neither make a complete virtual environment nor has it pip. On Debian and Ubuntu: "
        f"apt-get install python{version.strip()}-venv; elsewhere install a Python with its module ensurepip, or name "
        "another one: make PYTHON=/path/to/python3"
    )


def is_ready(mark: Path) -> bool:
    """True when the mark is as new as everything that the environment is made from."""
    return mark.exists() and all(mark.stat().st_mtime >= (ROOT / name).stat().st_mtime for name in MADE_FROM)


@contextmanager
def sole(target: Path) -> Iterator[None]:
    """Be the only one who makes `target`; whoever comes second waits here."""
    with target.with_name(f"{target.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another make sets up the environment; waiting for it ...", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Make the environment, unless another process has just done so."""
    target = ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".venv")
    mark = target / "ready"
    with sole(target):
        if is_ready(mark):
            return
        print("Setting up the environment (once, about a minute) ...", file=sys.stderr, flush=True)
        pip = make_environment(suitable_python(), target)
        install = [*pip, "install", "--quiet", "--no-deps"]
        run(*install, "--require-hashes", "-r", ROOT / "requirements.lock")
        run(*install, "--no-build-isolation", "--editable", ROOT)
        mark.touch()


if __name__ == "__main__":
    main()
