"""Owns the pictures of the results; runs as `python plots.py JSON DIRECTORY` in the environment that has matplotlib."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

OURS, RIVAL = "#2a6f97", "#9a6b5f"
STAGE_COLOURS = ("#2a6f97", "#61a5c2", "#a9d6e5", "#e9c46a", "#f4a261", "#e76f51", "#8d99ae", "#6d6875")
_STAGED = ("stills", "motion", "webm")
_OURS_NAMES = frozenset({"ours", "floor", "ours_webm", "nine", "swap"})


def main() -> int:
    """Draw every section that has something to draw."""
    results, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    plt.switch_backend("svg")
    # The same figures give the same bytes, and text stays text.
    plt.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})
    sections = results["sections"]
    told = f"{results['machine']['cpu']}, {results['machine']['cores']} cores, {results['machine']['date']}"
    for name, section in sections.items():
        if name == "lengths":
            _lengths(section, folder / "cost_by_length.svg", told)
        elif len(section["rows"]) > 1:
            _contenders(section, folder / f"{name}.svg", told)
    staged = {
        section["title"]: next(iter(section["stages"].values()))
        for name, section in sections.items()
        if name.startswith(_STAGED) and section["stages"]
    }
    if staged:
        _stages(staged, folder / "stages.svg", told)
    return 0


def _contenders(section: dict[str, Any], out: Path, told: str) -> None:
    rows = [(name, row) for name, row in section["rows"].items() if row["wall_s"]]
    rows.sort(key=lambda item: item[1]["wall_s"]["median"], reverse=True)
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.5 * len(rows)), layout="constrained")
    for place, (name, row) in enumerate(rows):
        wall = row["wall_s"]
        reach = [[wall["median"] - wall["least"]], [wall["most"] - wall["median"]]]
        # Points, not bars: a logarithmic axis has no zero at which a bar could begin. Hollow: not run whole.
        axes.errorbar(
            wall["median"],
            place,
            xerr=reach,
            fmt="o",
            capsize=3,
            color=OURS if name in _OURS_NAMES else RIVAL,
            markerfacecolor="white" if row["extrapolated"] else None,
        )
        mark = " (extrapolated)" if row["extrapolated"] else ""
        axes.text(wall["most"] * 1.15, place, f"{wall['median']:.4g} s{mark}", va="center")
    axes.set_yticks(range(len(rows)), [row["title"] for _, row in rows])
    axes.set_xscale("log")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", alpha=0.3)
    middle = [row["wall_s"]["median"] for _, row in rows]
    axes.set_xlim(right=2 * max(middle) * (max(middle) / min(middle)) ** 0.5)  # room for the longest label
    axes.set_xlabel(f"wall seconds, logarithmic\n{told}")
    _finish(figure, axes, section["title"], out)


def _lengths(section: dict[str, Any], out: Path, told: str) -> None:
    rows = [row for row in section["rows"].values() if row["wall_s"]]
    minutes = [row["frames"] / 1800 for row in rows]
    figure, (time, memory) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for key, style in (("wall_s", "o-"), ("cpu_s", "s--")):
        time.plot(minutes, [row[key]["median"] for row in rows], style, color=OURS, label=key.replace("_s", ""))
    time.set_ylabel("seconds")
    for key, style in (("peak_rss_bytes", "o-"), ("peak_pss_bytes", "s--")):
        memory.plot(minutes, [row[key] / 2**20 for row in rows], style, color=OURS, label=key.split("_")[1].upper())
    memory.set_ylabel("MiB, all processes")
    for axes in (time, memory):
        axes.set_xlabel(f"minutes of programme\n{told}" if axes is time else "minutes of programme")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    _finish(figure, time, section["title"], out)


def _stages(staged: dict[str, dict[str, float]], out: Path, told: str) -> None:
    names = list(dict.fromkeys(stage for stages in staged.values() for stage in stages))
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.45 * len(staged)), layout="constrained")
    left = [0.0] * len(staged)
    for index, name in enumerate(names):
        part = [stages.get(name, 0.0) / sum(stages.values()) for stages in staged.values()]
        axes.barh(range(len(staged)), part, left=left, label=name, color=STAGE_COLOURS[index % len(STAGE_COLOURS)])
        left = [start + more for start, more in zip(left, part, strict=True)]
    axes.set_yticks(range(len(staged)), [f"{title}\n{sum(s.values()):.4g} CPU s" for title, s in staged.items()])
    axes.set_xlabel(f"share of CPU seconds\n{told}")
    axes.legend(ncols=4, frameon=False, loc="lower center", bbox_to_anchor=(0.4, 1.12))
    _finish(figure, axes, "Where the CPU seconds go", out)


def _finish(figure: Any, axes: Any, title: str, out: Path) -> None:
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
