"""Owns the arithmetic of latencies: percentiles, sums of a kind of request, ratios; hides nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

FIGURES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")


def percentile(figures: Sequence[float], percent: float) -> float:
    """The smallest of `figures` that `percent` of them do not exceed (nearest rank); ValueError for no figures."""
    if not figures:
        raise ValueError("no figures have no percentile")
    ordered = sorted(figures)
    return ordered[max(math.ceil(percent / 100 * len(ordered)), 1) - 1]


def spread(seconds: Sequence[float]) -> dict[str, float | None]:
    """p50, p95, p99 and the largest of some times, in milliseconds; None for each when there are none."""
    if not seconds:
        return dict.fromkeys(FIGURES)
    parts = [percentile(seconds, percent) for percent in (50, 95, 99, 100)]
    return {name: 1000 * part for name, part in zip(FIGURES, parts, strict=True)}


def ratios(above: Mapping[str, Any], below: Mapping[str, Any]) -> dict[str, float | None]:
    """`above` by `below`, figure by figure of those that both have as numbers; None where nothing can be divided."""
    names = [name for name, value in above.items() if _is_number(value) or name in FIGURES]
    return {
        name: above[name] / below[name] if _is_number(above[name]) and _is_number(below.get(name)) else None
        for name in names
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
