"""Owns measuring one program from its start to its end; hides the warden and how it is stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

_END_S = 10.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one contender."""

    status: str  # finished, failed, killed, late, ended, invalid
    wall_s: float  # from the start of the process to its end
    cpu_s: float  # user and system, all descendants
    peak_rss_bytes: int  # sum over the process tree; pages that processes share count in each of them
    peak_pss_bytes: int  # the same, shared pages counted once; sampled less often
    output_bytes: int
    message: str = ""  # the end of what it said, when it did not finish

    @property
    def usable(self) -> bool:
        """True when it made what it should."""
        return self.status == "finished"

    def to_json(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)


def measure(argv: Sequence[str], work: Path, outputs: Sequence[Path], *, limit_s: float) -> Measurement:
    """Run `argv` and measure it; never raises for what the program does. Its messages go to a file in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    report = work / "measured.json"
    report.unlink(missing_ok=True)
    os.sync()  # what the one before has written shall not be written at the expense of this one
    warden = [sys.executable, "-m", "tools.bench.warden", str(report), str(limit_s), "--", *argv]
    process = subprocess.Popen(warden, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        process.wait()
    finally:
        _end(process)
    try:
        facts = json.loads(report.read_text())
    except (OSError, ValueError):
        return Measurement("killed", 0.0, 0.0, 0, 0, 0, "the measuring process itself was ended")
    return Measurement(
        status=facts["status"],
        wall_s=facts["wall_s"],
        cpu_s=facts["cpu_s"],
        peak_rss_bytes=facts["peak_rss_bytes"],
        peak_pss_bytes=facts["peak_pss_bytes"],
        output_bytes=sum(path.stat().st_size for path in outputs if path.exists()),
        message="" if facts["status"] == "finished" else facts["tail"],
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the warden, which ends what it has started."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_S)


def say(message: str) -> None:
    """Tell how far the benchmark is."""
    print(f"{time.strftime('%H:%M:%S')}  {message}", file=sys.stderr, flush=True)
