"""Owns what a finished file claims to be and the findings about it; hides how a finding is judged and worded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from video_pipeline.domain.delivery import Rendition, Rung
from video_pipeline.domain.timeline import Timeline

LONG_S = 180
"""A programme longer than this is looked at in places; a shorter one frame by frame and sample by sample."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A finished file and what it should show and sound like."""

    file: Path
    timeline: Timeline
    rendition: Rendition
    files: Mapping[str, Path]  # the file of each picture and piece of sound, by checksum
    ffmpeg: Path  # the program whose decoders and meters are believed

    @property
    def long(self) -> bool:
        """True when only places of it are looked at."""
        return self.timeline.rate.seconds(self.timeline.frames) > LONG_S

    @property
    def rung(self) -> Rung:
        """Size and ceilings of the file."""
        return self.rendition.rung_for(self.timeline.aspect)

    @property
    def kind(self) -> str:
        """The container, by the name of the file."""
        return self.file.suffix[1:]

    @property
    def frame_s(self) -> float:
        """Length of one frame in seconds."""
        return float(1 / self.timeline.rate.fraction)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    good: bool
    found: str
    figure: float | None = None

    def __str__(self) -> str:
        return f"{'ok ' if self.good else 'BAD'} {self.name}: {self.found}"


def same(name: str, found: object, promised: object) -> Finding:
    """Good when both are equal."""
    return Finding(name, found == promised, f"{found}, promised {promised}")


def at_most(name: str, figure: float, limit: float, unit: str = "") -> Finding:
    """Good when `figure` is a number up to `limit`."""
    return Finding(name, bool(figure <= limit), f"{figure:.4g}{unit}, at most {limit:g}{unit}", float(figure))


def at_least(name: str, figure: float, limit: float, unit: str = "") -> Finding:
    """Good when `figure` is a number from `limit` on."""
    return Finding(name, bool(figure >= limit), f"{figure:.4g}{unit}, at least {limit:g}{unit}", float(figure))


def wrong(findings: Iterable[Finding]) -> list[str]:
    """The findings that are not as promised, for an assertion."""
    return [str(finding) for finding in findings if not finding.good]
