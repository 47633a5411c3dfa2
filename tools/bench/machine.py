"""Owns the description of the machine and the software that were measured; hides where it is read from."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import av
import psutil

from tools.bench.measure import ROOT
from video_pipeline.cores import available_cores
from video_pipeline.ffmpeg import find_ffmpeg

_LIBRARIES = ("av", "numpy", "scipy", "opencv-python-headless", "pillow")


def describe() -> dict[str, str]:
    """Machine and software, for people."""
    binary = find_ffmpeg(None)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "cpu": _cpu(),
        "cores": f"{available_cores()} usable of {os.cpu_count()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "system": f"{_system()}, Linux {platform.release()}, {platform.machine()}",
        "python": platform.python_version(),
        "ffmpeg": f"{binary.version} ({binary.source})",
        "libavcodec in PyAV": ".".join(map(str, av.library_versions["libavcodec"])),
        "libraries": ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - whichever git the developer uses
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
