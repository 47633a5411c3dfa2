"""Owns what one transcode is to make, and whether that is possible; hides what is counted for it. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ffmpeg.files.containers import CONTAINERS, Container
from video_pipeline.ffmpeg.foreign.workpiece import Workpiece
from video_pipeline.ffmpeg.sound.voice import Voice

_PCM_BPS = SAMPLE_RATE * 2 * 32


@dataclass(frozen=True, slots=True)
class Wish:
    """What one transcode is to make of `video`."""

    video: Path
    rendition: Rendition
    crop: bool
    out: Path

    @property
    def container(self) -> Container:
        """How the file is written."""
        return CONTAINERS[self.rendition.format]

    @property
    def codec(self) -> str:
        """How its picture is encoded."""
        return str(self.container.video)

    @property
    def voice(self) -> Voice:
        """How its sound is encoded."""
        return Voice(self.container.audio, self.rendition.rung.audio_bps)


def check_wish(wish: Wish) -> None:
    """InvalidInputError when no such file can be made, whatever the video is."""
    if not wish.rendition.format.pictured:
        raise InvalidInputError(f"{wish.rendition.format} has no picture; a video becomes mp4, mov, webm or av1")
    if not wish.out.parent.is_dir():
        raise InvalidInputError(f"there is no directory {wish.out.parent} to write {wish.out.name} to")
    if wish.out.exists() and (not wish.out.is_file() or wish.out.samefile(wish.video)):
        raise InvalidInputError(f"{wish.out} cannot be written: it is the video itself, or no file")


def check_room(work: Workpiece, wish: Wish) -> None:
    """MachineError when what will lie on the disk at the highest bit rates does not fit."""
    rung, seconds = wish.rendition.rung, work.footage.duration_s
    coded = int((rung.video_bps + rung.audio_bps) * seconds / 8)
    work.check_room(wish.out.parent, between=coded + int(_PCM_BPS * seconds / 8), coded=coded)
