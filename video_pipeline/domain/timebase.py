"""Owns exact time: integers over a rational rate; hides the rounding rule.

All sound in the studio is 48 kHz. A picture position is a frame number, a sound position a sample number, and a frame
boundary becomes a sample number (or the reverse) by rounding once, never by adding up rounded pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from video_pipeline.domain.errors import InvalidInputError

SAMPLE_RATE = 48_000
"""Samples a second of every sound in the studio."""


@dataclass(frozen=True, slots=True, order=True)
class FrameRate:
    """Frames a second as an exact fraction, for example 30/1 or 30000/1001."""

    numerator: int
    denominator: int = 1

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0:
            raise InvalidInputError(
                f"a frame rate needs two positive integers, not {self.numerator}/{self.denominator}"
            )

    @property
    def fraction(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.numerator, self.denominator)

    def samples_at(self, frame: int) -> int:
        """The sample number at the start of `frame`, rounded half up."""
        exact = Fraction(frame * SAMPLE_RATE * self.denominator, self.numerator)
        return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)

    def frame_at(self, sample: int) -> int:
        """The frame boundary nearest to `sample`, rounded half up."""
        exact = Fraction(sample * self.numerator, SAMPLE_RATE * self.denominator)
        return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)

    def frames_in(self, seconds: Fraction | int) -> int:
        """The number of whole frames nearest to `seconds`, rounded half up."""
        exact = Fraction(seconds) * self.fraction
        return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)

    def seconds(self, frames: int) -> Fraction:
        """The exact length of `frames` in seconds."""
        return Fraction(frames * self.denominator, self.numerator)

    def __str__(self) -> str:
        return str(self.numerator) if self.denominator == 1 else f"{self.numerator}/{self.denominator}"


FPS_30 = FrameRate(30)
"""The rate of an album."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The half-open range [start, start + duration) in frames or samples; the owner says which."""

    start: int
    duration: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.duration < 0:
            raise InvalidInputError(f"a time range cannot be negative: start {self.start}, duration {self.duration}")

    @property
    def end(self) -> int:
        """The first position after the range."""
        return self.start + self.duration


def clock(seconds: Fraction | float | int) -> str:
    """`seconds` as m:ss, or h:mm:ss from one hour on; whole seconds, rounded down."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"
