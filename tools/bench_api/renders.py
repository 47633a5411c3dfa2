"""Owns making videos in an installation of their own until it is ended; hides the command.

Run as `python -m tools.bench_api.renders DIRECTORY`. Each run begins to render with `BEGUN` on standard error.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.bench_api.installation import environment

BEGUN = "job "
"""How a line begins that says that a video was ordered."""

WORDS = ("run", "--scenes", "4", "--scene-seconds", "60")


def main() -> int:
    """Make one video after the other; 1 when one fails."""
    folder = Path(sys.argv[1])
    while True:
        command = [sys.executable, "-m", "video_pipeline", *WORDS]
        code = subprocess.run(command, env=environment(folder), cwd=folder, check=False).returncode
        if code:
            return code


if __name__ == "__main__":
    sys.exit(main())
