"""Owns formats, qualities and loudness targets; hides nothing. Encoder options belong to the ffmpeg room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from video_pipeline.domain.errors import InvalidInputError


class Format(StrEnum):
    """The container of an export, which decides the codecs."""

    MP4 = "mp4"  # H.264 and AAC
    MOV = "mov"  # H.264 and AAC
    WEBM = "webm"  # VP9 and Opus


class Quality(StrEnum):
    """A rung of the ladder."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Rung:
    """Picture size and the ceilings of the bit rates."""

    width: int
    height: int
    video_bps: int
    audio_bps: int


LADDER: dict[Quality, Rung] = {
    Quality.LOW: Rung(854, 480, 1_000_000, 128_000),
    Quality.MEDIUM: Rung(1280, 720, 2_500_000, 192_000),
    Quality.HIGH: Rung(1920, 1080, 5_000_000, 256_000),
}


@dataclass(frozen=True, slots=True)
class Rendition:
    """One deliverable: format and quality."""

    format: Format
    quality: Quality

    @property
    def rung(self) -> Rung:
        """Size and ceilings."""
        return LADDER[self.quality]

    @property
    def name(self) -> str:
        """For example mp4_high."""
        return f"{self.format}_{self.quality}"

    @classmethod
    def parse(cls, format_: str, quality: str) -> Rendition:
        """The rendition of two words; InvalidInputError lists the known ones."""
        try:
            return cls(Format(format_), Quality(quality))
        except ValueError as error:
            raise InvalidInputError(
                f"unknown export {format_}/{quality}; formats: {', '.join(Format)}; qualities: {', '.join(Quality)}"
            ) from error


MASTER = Rendition(Format.MP4, Quality.HIGH)
"""The rendition that every job makes."""


@dataclass(frozen=True, slots=True)
class LoudnessTarget:
    """What a programme is normalised to (EBU R128 terms; -14 LUFS is what YouTube plays back at)."""

    integrated_lufs: float = -14.0
    tolerance_lu: float = 0.5
    true_peak_dbtp: float = -1.0


LOUDNESS = LoudnessTarget()
