"""Owns looking at a finished file from outside: ffmpeg and PyAV, not the engine's own meters; hides what was looked at.

A file that is wrong must not win, so every output of ours is verified, and each different one only once.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from tools.bench.programme import Programme
from video_pipeline.domain.delivery import LOUDNESS

ROUNDED = 0.05
"""ffmpeg shows loudness and peaks in tenths."""

_SAMPLE_S = 4.0
_LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file holds, and what is wrong with it."""

    frames: int
    video_s: float
    audio_s: float
    integrated_lufs: float
    true_peak_dbtp: float
    faults: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)


class Verifier:
    """Verifies files; remembers by content what it has seen, because renders of the same timeline are the same file."""

    def __init__(self, ffmpeg: Path) -> None:
        self._ffmpeg = ffmpeg
        self._seen: dict[str, Verdict] = {}

    def verdict(self, file: Path, programme: Programme) -> Verdict:
        """What is in `file`, and where it differs from `programme`."""
        if not file.exists():
            return Verdict(0, 0.0, 0.0, 0.0, 0.0, ("no file",))
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest not in self._seen:
            self._seen[digest] = self._look(file, programme)
        return self._seen[digest]

    def _look(self, file: Path, programme: Programme) -> Verdict:
        try:
            frames, video_s, audio_s, steady = _extent(file)
            lufs, dbtp = self.loudness(file)
            complaints = self._complaints(file, programme)
        except (av.FFmpegError, IndexError, ValueError, OSError, subprocess.SubprocessError) as error:
            return Verdict(0, 0.0, 0.0, 0.0, 0.0, (f"cannot be read: {error}",))
        checks = {
            f"{frames} frames instead of {programme.frames}": frames == programme.frames,
            f"picture lasts {video_s:.3f} s instead of {programme.seconds:.3f}": abs(video_s - programme.seconds)
            < 0.02,
            f"sound ends {audio_s - video_s:+.3f} s after the picture": abs(audio_s - video_s) < 1 / 30,
            "frames are not evenly spaced": steady,
            f"loudness {lufs:.1f} LUFS": abs(lufs - LOUDNESS.integrated_lufs) <= LOUDNESS.tolerance_lu + ROUNDED,
            f"true peak {dbtp:.1f} dBTP": dbtp <= LOUDNESS.true_peak_dbtp + ROUNDED,
            f"decoder complains: {complaints[:200]}": not complaints,
        }
        faults = tuple(fault for fault, right in checks.items() if not right)
        return Verdict(frames, video_s, audio_s, lufs, dbtp, faults)

    def loudness(self, file: Path) -> tuple[float, float]:
        """Integrated loudness (LUFS) and true peak (dBTP) as ffmpeg's ebur128 filter measures them."""
        said = self._run(
            "-v", "info", "-nostats", "-i", str(file),
            "-vn", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-",
        )  # fmt: skip
        summary = said[said.rindex("Summary:") :]
        integrated = re.search(r"I:\s+(-?[\d.]+|-inf|nan) LUFS", summary)
        peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
        if integrated is None or peak is None:
            raise ValueError(f"no loudness in {summary[:200]!r}")
        return float(integrated[1]), float(peak[1])

    def _complaints(self, file: Path, programme: Programme) -> str:
        """What the decoder says at the beginning, over the first dissolve and at the end."""
        places = {0.0, max(programme.seconds - _SAMPLE_S, 0.0)}
        if programme.cuts:
            places.add(max(programme.cuts[0] / 30 - _SAMPLE_S / 2, 0.0))
        said = [
            self._run("-v", "warning", "-ss", f"{place:.3f}", "-i", str(file), "-t", f"{_SAMPLE_S}", "-f", "null", "-")
            for place in sorted(places)
        ]
        return "\n".join(filter(None, said))

    def _run(self, *words: str) -> str:
        command = [str(self._ffmpeg), "-nostdin", "-hide_banner", *words]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=_LIMIT_S,
        )
        return done.stderr.strip()


def _extent(file: Path) -> tuple[int, float, float, bool]:
    """Frames, the ends of picture and sound in seconds, and whether the frames are evenly spaced."""
    with av.open(str(file)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        stamps: list[int] = []
        ends = {video.index: Fraction(0), audio.index: Fraction(0)}
        for packet in container.demux(video, audio):
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.stream_index == video.index:
                stamps.append(packet.pts)
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            ends[packet.stream_index] = max(ends[packet.stream_index], end)
        stamps.sort()
        steps = [later - earlier for earlier, later in pairwise(stamps)]
        # WebM counts whole milliseconds: 33 and 34 take turns.
        steady = not steps or max(steps) - min(steps) <= (1 if video.time_base == Fraction(1, 1000) else 0)
        return len(stamps), float(ends[video.index]), float(ends[audio.index]), steady
