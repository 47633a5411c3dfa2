"""Owns the arithmetic of comparisons: spreads, paired ratios, extrapolation; hides nothing."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """The smallest, the middle and the largest of some figures, and how many there were."""

    least: float
    median: float
    most: float
    count: int

    def to_json(self) -> dict[str, float]:
        """For a JSON file; three significant places are more than the noise allows."""
        return {name: float(f"{value:.5g}") for name, value in asdict(self).items()}

    def __str__(self) -> str:
        if self.count == 1:
            return shown(self.median)
        return f"{shown(self.median)} ({shown(self.least)}-{shown(self.most)})"


def spread(figures: Sequence[float]) -> Spread | None:
    """The spread of `figures`; None when there are none."""
    if not figures:
        return None
    return Spread(min(figures), statistics.median(figures), max(figures), len(figures))


def paired_ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """`above` by `below`, repeat by repeat; one that ran less often is paired anew from its beginning.

    Repeats that ran side by side share the machine's mood, so their ratio is steadier than that of two averages.
    """
    if not above or not below or min(below) <= 0:
        return []
    count = max(len(above), len(below))
    return [above[index % len(above)] / below[index % len(below)] for index in range(count)]


def extrapolated(seconds: float, frames: int, whole: int) -> float:
    """What `whole` frames would take when `frames` of them took `seconds`, if each cost the same."""
    if frames <= 0:
        raise ValueError(f"a measured part needs frames, not {frames}")
    return seconds * whole / frames


def shares(stages: Mapping[str, float]) -> dict[str, float]:
    """Each stage's share of all stages, from 0 to 1."""
    total = sum(stages.values())
    return {stage: seconds / total for stage, seconds in stages.items()} if total > 0 else dict.fromkeys(stages, 0.0)


def median_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """For each name that any row has, the median over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.median([row[name] for row in rows if name in row]) for name in names}


def shown(value: float) -> str:
    """`value` with as many digits as are worth reading."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def mebibytes(size: float | None) -> str:
    """`size` bytes in MiB."""
    return "-" if size is None else f"{size / 2**20:.0f}"


def json_ready(value: Any) -> Any:
    """`value` with floats short enough to read."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {str(name): json_ready(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(each) for each in value]
    return value
