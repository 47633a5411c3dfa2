"""Owns which ffmpeg program is used; hides where it is looked for and what is asked of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from video_pipeline.domain.errors import MachineError

MINIMUM_LIBAVCODEC = (59, 37)
"""libavcodec of ffmpeg 5.1, the oldest release with which the input restrictions of `command` were tried out.

Builds from git have no release number, hence the library's is compared. Security fixes are the distributor's task.
"""

_NEEDED = {
    "-encoders": ("pcm_f32le", "mjpeg"),
    "-filters": ("aresample", "aformat", "scale", "format"),
    "-demuxers": ("flac", "mp3", "wav", "ogg", "mov", "matroska"),
}
_ANSWER_S = 20
_REMEDY = "install ffmpeg 5.1 or newer, or set FFMPEG_BINARY to one"


@dataclass(frozen=True, slots=True)
class FfmpegBinary:
    """An ffmpeg program that was tried."""

    path: Path
    version: str
    source: str  # configured, PATH or imageio-ffmpeg


def find_ffmpeg(configured: Path | None) -> FfmpegBinary:
    """The configured program; else the one on PATH if it is good enough; else the one of the imageio-ffmpeg wheel.

    MachineError, with what to do, when the configured one is unusable or there is none at all.
    """
    if configured is not None:
        return _tried(configured, "configured")
    refusals = []
    for source, path in (("PATH", _on_path()), ("imageio-ffmpeg", _in_wheel())):
        if path is None:
            refusals.append(f"none in {source}")
            continue
        try:
            return _tried(path, source)
        except MachineError as error:
            refusals.append(str(error))
    raise MachineError(f"no usable ffmpeg: {'; '.join(refusals)}; {_REMEDY}")


def _on_path() -> Path | None:
    found = shutil.which("ffmpeg")
    return Path(found) if found else None


def _in_wheel() -> Path | None:
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # a platform for which the wheel carries no program
        return None


def _tried(path: Path, source: str) -> FfmpegBinary:
    banner = _ask(path, "-version")
    version = re.match(r"ffmpeg version (\S+)", banner)
    library = re.search(r"^libavcodec\s+(\d+)\.\s*(\d+)", banner, re.MULTILINE)
    if version is None or library is None:
        raise MachineError(f"{path} is no ffmpeg: it answers {banner[:80]!r}; {_REMEDY}")
    if (int(library[1]), int(library[2])) < MINIMUM_LIBAVCODEC:
        raise MachineError(f"{path} is ffmpeg {version[1]}, which is too old; {_REMEDY}")
    for question, names in _NEEDED.items():
        known = parts(path, question)
        missing = [name for name in names if name not in known]
        if missing:
            raise MachineError(f"{path} was built without {', '.join(missing)}; {_REMEDY}")
    return FfmpegBinary(path, version[1], source)


def parts(path: Path, question: str) -> frozenset[str]:
    """What the program was built with: the names it answers to -encoders, -filters or -demuxers."""
    # A line reads " A....D name   description"; demuxers share one, as in "mov,mp4,m4a".
    return frozenset(name for line in _ask(path, question).splitlines() for name in _names(line))


def _names(line: str) -> list[str]:
    words = line.split()
    return words[1].split(",") if len(words) > 1 else []


def _ask(path: Path, question: str) -> str:
    try:
        answer = subprocess.run(
            [str(path), "-hide_banner", question] if question != "-version" else [str(path), question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_S,
            check=True,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(f"cannot run {path}: {error}; {_REMEDY}") from error
    return answer.stdout
