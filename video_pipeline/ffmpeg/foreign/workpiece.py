"""Owns one foreign video under way: what is allowed to it, its progress, what was noted; hides polling and limits."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from video_pipeline.domain.errors import CancelledError, MachineError
from video_pipeline.domain.timebase import FrameRate
from video_pipeline.ffmpeg.foreign.conform import Frame
from video_pipeline.ffmpeg.foreign.survey import DECODERS, LONGEST_VIDEO_S, MAX_PIXELS, Footage
from video_pipeline.ffmpeg.program.command import UNLENT, Argv, Source
from video_pipeline.ffmpeg.program.runner import run
from video_pipeline.ports import IsCancelled, ReportProgress

_FULL_HD = 1920 * 1080
_ASK_S = 0.4
"""Asking whether to stop may cost a question to the database."""

_ROOM_BYTES = 64 * 2**20  # for what cannot be foreseen

_NO_DAMAGE = (*UNLENT, "Svt[")

STALL_S = 300.0
"""The slowest encoder looks ahead for some dozens of frames of 8K before it writes anything."""


@dataclass(slots=True)
class Workpiece:
    """One foreign video under way; `own` is a directory for what lies between the steps."""

    binary: Path
    video: Path
    aim: str  # what it becomes, for people
    frame: Frame
    footage: Footage
    own: Path
    report: ReportProgress
    is_stopped: IsCancelled
    notes: list[str] = field(default_factory=list)
    _reached: float = 0.0

    @property
    def rate(self) -> FrameRate:
        """Frames a second of what is made."""
        return self.frame.rate or self.footage.rate

    @property
    def limit_s(self) -> float:
        """Wall time for one step: twenty times what two idle cores need for VP9, more for frames above full HD."""
        size = max(self.footage.width * self.footage.height, self.frame.width * self.frame.height) / _FULL_HD
        return 300 + 60 * self.footage.duration_s * max(size, 1)

    @property
    def longest_s(self) -> float:
        """How much is decoded, whatever turns out to be there."""
        return min(self.footage.duration_s * 1.1 + 30, LONGEST_VIDEO_S + 60)

    @property
    def source(self) -> Source:
        """The video as an input."""
        return Source(self.binary, self.video, self.footage.demuxer, DECODERS, MAX_PIXELS, self.longest_s)

    def check(self) -> None:
        """Raise CancelledError when somebody wants to stop."""
        if self.is_stopped():
            raise CancelledError(f"making {self.aim} of {self.video.name} was cancelled")

    def check_room(self, target: Path, *, between: int, coded: int) -> None:
        """MachineError when `between` bytes among what lies between the steps, or `coded` at `target`, do not fit."""
        needs = {self.own: between, target: coded}
        if self.own.stat().st_dev == target.stat().st_dev:
            needs = {target: between + coded}
        for place, bytes_ in needs.items():
            free = shutil.disk_usage(place).free
            if free < bytes_ + _ROOM_BYTES:
                raise MachineError(
                    f"making {self.aim} of {self.video.name} may need {bytes_ / 1e6:,.0f} MB at {place}, and "
                    f"{free / 1e6:,.0f} MB are free: make room, or set VIDEO_PIPELINE_CACHE_DIR to a larger disk"
                )

    def tell(self, share: float, message: str) -> None:
        """Report progress; a step that is done a second time does not move it backwards."""
        self._reached = max(self._reached, share)
        self.report(self._reached, message)

    def run(self, command: Argv, span: tuple[float, float], message: str, stall_s: float = STALL_S) -> str:
        """Run one step, which takes the progress from the first share of `span` to the second."""
        begin, end = span

        def advance(seconds: float) -> None:
            share = min(seconds / max(self.footage.duration_s, 0.01), 1.0)
            self.tell(begin + share * (end - begin), message)

        self.tell(begin, message)
        return run(command, limit_s=self.limit_s, stall_s=stall_s, is_stopped=self.is_stopped, on_progress=advance)

    def note(self, sentence: str) -> None:
        """Remember something for the report, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def note_damage(self, what: str, complaints: str) -> None:
        """Remember that ffmpeg complained about a part of the video and went on."""
        lines = [line for line in complaints.splitlines() if not any(words in line for words in _NO_DAMAGE)]
        if lines:
            self.note(f"{what} is damaged in places ({len(lines)} messages): {lines[0][:200]}")

    def is_cut_short(self, frames: int) -> bool:
        """True when `frames` are clearly fewer than the video says it has."""
        seconds = self.rate.seconds(frames)
        return seconds < Fraction(self.footage.duration_s) * Fraction(95, 100) - 1


def seldom(asked: IsCancelled) -> IsCancelled:
    """The same question, answered from memory when it was asked a moment ago; once stopped stays stopped."""
    at, stopped = -1.0, False

    def answer() -> bool:
        nonlocal at, stopped
        if not stopped and time.monotonic() - at >= _ASK_S:
            stopped, at = asked(), time.monotonic()
        return stopped

    return answer
