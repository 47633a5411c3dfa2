"""Owns formats, qualities and loudness targets; hides how sizes are spelt. Encoder options are ffmpeg's room."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

from video_pipeline.domain.errors import InvalidInputError


class Format(StrEnum):
    """The kind of file of an export, which decides the codecs."""

    MP4 = "mp4"  # H.264 and AAC
    MOV = "mov"  # H.264 and AAC
    WEBM = "webm"  # VP9 and Opus
    AV1 = "av1"  # AV1 and AAC in an MP4 file
    M4A = "m4a"  # AAC alone
    OPUS = "opus"  # Opus alone
    FLAC = "flac"  # lossless sound alone, 16 bits

    @property
    def extension(self) -> str:
        """How the name of such a file ends, without the dot."""
        return "mp4" if self is Format.AV1 else self.value

    @property
    def pictured(self) -> bool:
        """False for a file of sound alone."""
        return self not in (Format.M4A, Format.OPUS, Format.FLAC)


class Quality(StrEnum):
    """A named rung of the ladder."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    QHD = "qhd"
    UHD = "uhd"
    SQUARE = "square"
    VERTICAL = "vertical"


class AspectRatio(StrEnum):
    """Width to height of a programme."""

    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"


@dataclass(frozen=True, slots=True)
class Rung:
    """Picture size and the ceilings of the bit rates."""

    width: int
    height: int
    video_bps: int
    audio_bps: int

    def shaped(self, aspect: AspectRatio) -> Rung:
        """The rung of a wide picture for a programme of another shape: its short side stays, and the rate per pixel.

        A rung that is not wide says itself what shape it has, and stays as it is.
        """
        if aspect is AspectRatio.WIDE or self.width <= self.height:
            return self
        if aspect is AspectRatio.TALL:
            return replace(self, width=self.height, height=self.width)
        return replace(self, width=self.height, video_bps=self.video_bps * self.height // self.width)


LADDER: dict[str, Rung] = {
    Quality.LOW: Rung(854, 480, 1_000_000, 128_000),
    Quality.MEDIUM: Rung(1280, 720, 2_500_000, 192_000),
    Quality.HIGH: Rung(1920, 1080, 5_000_000, 256_000),
    # Video rates that YouTube recommends for uploads at 30 frames a second: 16 Mbit/s for 1440p, 35 for 2160p, 8 for
    # as many pixels as 1080p has (support.google.com/youtube/answer/1722171); the square in proportion.
    Quality.QHD: Rung(2560, 1440, 16_000_000, 256_000),
    Quality.UHD: Rung(3840, 2160, 35_000_000, 256_000),
    Quality.SQUARE: Rung(1080, 1080, 4_500_000, 256_000),
    Quality.VERTICAL: Rung(1080, 1920, 8_000_000, 256_000),
}

SEED_FORMATS = (Format.MP4, Format.MOV, Format.WEBM)
SEED_QUALITIES = (Quality.LOW, Quality.MEDIUM, Quality.HIGH)

WIDTHS = range(64, 7681, 2)
HEIGHTS = range(64, 4321, 2)
KILOBITS = range(50, 200_001)
"""Limits of a size of one's own: H.264 and VP9 at their highest levels end at 8K; 4:2:0 halves both sides."""

_OWN = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})(?:@([1-9]\d{1,5})k)?")
_FORMS = "low, medium, high, qhd, uhd, square, vertical, WIDTHxHEIGHT or WIDTHxHEIGHT@4000k"


def rung_of(quality: str) -> Rung:
    """The rung called `quality`, or the size that it spells out; InvalidInputError when it does neither.

    Without a ceiling of its own a size has that of 1080p (high) in proportion to its pixels.
    """
    if quality in LADDER:
        return LADDER[quality]
    spelt = _OWN.fullmatch(quality)
    if spelt is None:
        raise InvalidInputError(f"unknown quality {quality!r}; one of: {_FORMS}")
    width, height = int(spelt[1]), int(spelt[2])
    high = LADDER[Quality.HIGH]
    kilobits = int(spelt[3] or max(high.video_bps * width * height // (high.width * high.height * 1000), KILOBITS[0]))
    if width not in WIDTHS or height not in HEIGHTS or kilobits not in KILOBITS:
        raise InvalidInputError(
            f"{quality} cannot be made: width and height are even, {WIDTHS[0]} to {WIDTHS[-1]} and "
            f"{HEIGHTS[0]} to {HEIGHTS[-1]}, the rate is {KILOBITS[0]}k to {KILOBITS[-1]}k"
        )
    return Rung(width, height, kilobits * 1000, high.audio_bps)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One deliverable: format and quality, a name on the ladder or a size of one's own such as 1600x900@4000k."""

    format: Format
    quality: str

    def __post_init__(self) -> None:
        rung_of(self.quality)
        if not self.format.pictured and self.quality not in SEED_QUALITIES:
            raise InvalidInputError(f"{self.format} has no picture; its quality is one of: {', '.join(SEED_QUALITIES)}")
        if self.format is Format.FLAC and self.quality != Quality.HIGH:
            raise InvalidInputError("flac keeps all of the sound; its quality is high")

    @property
    def rung(self) -> Rung:
        """Size and ceilings of a wide programme."""
        return rung_of(self.quality)

    def rung_for(self, aspect: AspectRatio) -> Rung:
        """Size and ceilings for a programme of that shape; a size that was spelt out is meant as it is."""
        return self.rung.shaped(aspect) if self.quality in LADDER else self.rung

    @property
    def name(self) -> str:
        """For example mp4_high."""
        return f"{self.format}_{self.quality}"

    @property
    def file_name(self) -> str:
        """For example mp4_high.mp4."""
        return f"{self.name}.{self.format.extension}"

    @classmethod
    def parse(cls, format_: str, quality: str) -> Rendition:
        """The rendition of two words; InvalidInputError lists the known ones."""
        try:
            known = Format(format_)
        except ValueError as error:
            raise InvalidInputError(
                f"unknown export {format_}/{quality}; formats: {', '.join(Format)}; qualities: {_FORMS}"
            ) from error
        return cls(known, quality)


MASTER = Rendition(Format.MP4, Quality.HIGH)
"""The rendition that every job makes."""

NINE: tuple[Rendition, ...] = tuple(Rendition(*pair) for pair in product(SEED_FORMATS, SEED_QUALITIES))
"""What `all` formats in `all` qualities are."""

ALL = "all"


def renditions_of(formats: str, qualities: str) -> tuple[Rendition, ...]:
    """Every pair of two lists with commas, in their order; `all` stands for the formats or qualities of NINE."""
    pairs = product(_listed(formats, SEED_FORMATS), _listed(qualities, SEED_QUALITIES))
    return tuple(dict.fromkeys(Rendition.parse(*pair) for pair in pairs))


def _listed(words: str, everything: tuple[str, ...]) -> list[str]:
    listed: list[str] = []
    for word in words.split(","):
        listed += everything if word.strip() == ALL else [word.strip()]
    return listed


@dataclass(frozen=True, slots=True)
class LoudnessTarget:
    """What a programme is normalised to (EBU R128 terms; -14 LUFS is what YouTube plays back at)."""

    integrated_lufs: float = -14.0
    tolerance_lu: float = 0.5
    true_peak_dbtp: float = -1.0


LOUDNESS = LoudnessTarget()
