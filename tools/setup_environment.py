"""Make the virtual environment: locked dependencies and this project, with nothing but Python itself.

Run by make as `python3 tools/setup_environment.py .venv`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NEWEST = (3, 13)


def suitable_python() -> str:
    """This interpreter, or a supported one on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    sys.exit(
        f"Python {sys.version.split()[0]} is not supported; install Python 3.11 to 3.13 "
        "and call make PYTHON=/path/to/python3.x"
    )


def run(*command: str | Path) -> None:
    """Run a step of the set-up; stop with its exit code when it fails."""
    code = subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(f"set-up failed ({code}): {' '.join(str(part) for part in command)}")


def make_environment(python: str, target: Path) -> None:
    """Create the environment with venv, or with virtualenv where Debian's venv lacks its second package."""
    if subprocess.run([python, "-m", "ensurepip", "--version"], capture_output=True, check=False).returncode == 0:
        run(python, "-m", "venv", "--clear", target)
    elif subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        with tempfile.TemporaryDirectory() as scratch:
            run(python, "-m", "pip", "install", "--quiet", "--target", scratch, "virtualenv")
            run(
                python,
                "-c",
                f"import sys; sys.path.insert(0, {scratch!r}); import virtualenv; "
                f"virtualenv.cli_run(['--clear', {str(target)!r}])",
            )
    else:
        sys.exit("Python has neither venv nor pip; on Debian and Ubuntu: apt-get install python3-venv")


def main() -> None:
    """Build the environment aside of a half-made one and fill it."""
    target = ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".venv")
    print("Setting up the environment (once, about a minute) ...", file=sys.stderr, flush=True)
    make_environment(suitable_python(), target)
    pip = [target / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock")
    run(*pip, "--no-build-isolation", "--editable", ROOT)


if __name__ == "__main__":
    main()
