"""Owns how results are told: tables for people, JSON for machines, the last line; hides layout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.bench.figures import json_ready, mebibytes, shares, shown

Results = dict[str, Any]
"""`machine`, `material`, `command`, and `sections` by name."""

SUMMARY = ("vs_ffmpeg_tuned", "vs_ffmpeg_default", "vs_moviepy", "vs_floor")


def tables(results: Results) -> str:
    """Everything as text."""
    facts = [f"{name:>20}  {value}" for name, value in results["machine"].items()]
    facts.append(f"{'material':>20}  {results['material']}")
    return "\n\n".join(["\n".join(facts), *(table(section) for section in results["sections"].values())])


def table(section: Mapping[str, Any]) -> str:
    """One section as text."""
    lines = [section["title"], "=" * len(section["title"]), _row("", "wall s", "CPU s", "x real", "RSS", "PSS", "MB")]
    lines += [_contender(_marked(name, row), row) for name, row in section["rows"].items()]
    for label, ratio in section["ratios"].items():
        mark = " (extrapolated)" if ratio["extrapolated"] else ""
        above, below = ratio["of"]
        lines.append(f"  {label} = {above} / {below} = {_spread(ratio)}{mark}")
    for name, stages in section["stages"].items():
        parts = ", ".join(f"{stage} {shown(stages[stage])} s ({share:.0%})" for stage, share in shares(stages).items())
        lines.append(f"  CPU of {name} by stage: {parts}")
    for name, row in section["rows"].items():
        lines += [f"  {name}: {run['status']}: {run['message'][-200:]}" for run in row["runs"] if run["message"]]
        lines += [f"  ! {name} is not as promised and counts all the same: {'; '.join(_wrong(row))}"] * _counts(row)
    if any(row["extrapolated"] for row in section["rows"].values()):
        lines.append("  ~ extrapolated by frames from a slice with the same share of dissolves")
    return "\n".join(lines)


def _wrong(row: Mapping[str, Any]) -> list[str]:
    """What is wrong with the files of a contender."""
    return list(dict.fromkeys(fault for verdict in row["verified"] for fault in verdict["faults"]))


def _counts(row: Mapping[str, Any]) -> bool:
    """True when times of wrong files stand in the table: those of ours do not."""
    return row["wall_s"] is not None and bool(_wrong(row))


def _marked(name: str, row: Mapping[str, Any]) -> str:
    return f"{name} !" if _counts(row) else name


def _contender(name: str, row: Mapping[str, Any]) -> str:
    if row["wall_s"] is None:
        return _row(name, "none", *[""] * 5) + f"  {row['title']}"
    mark = "~" if row["extrapolated"] else ""
    return (
        _row(
            name,
            mark + _spread(row["wall_s"]),
            mark + shown(row["cpu_s"]["median"]),
            shown(row["times_real_time"]),
            mebibytes(row["peak_rss_bytes"]),
            mebibytes(row["peak_pss_bytes"]),
            shown(row["output_bytes"] / 1e6),
        )
        + f"  {row['title']}"
    )


def _row(name: str, *cells: str) -> str:
    widths = (24, 9, 7, 6, 6, 7)
    return f"{name:<16}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _spread(figures: Mapping[str, Any]) -> str:
    if figures["count"] == 1:
        return shown(figures["median"])
    return f"{shown(figures['median'])} ({shown(figures['least'])}-{shown(figures['most'])})"


def summary(section: Mapping[str, Any] | None, minutes: float) -> dict[str, Any]:
    """The last line: what the bars are about; null for what was not measured."""
    ratios = section["ratios"] if section else {}
    ours = section["rows"]["ours"] if section else {"peak_rss_bytes": None, "peak_pss_bytes": None, "wall_s": None}
    found = {name: ratios[name]["median"] if name in ratios else None for name in SUMMARY}
    line: dict[str, Any] = json_ready(
        {
            **found,
            "peak_rss_bytes": ours["peak_rss_bytes"],
            "stages": section["stages"].get("ours", {}) if section else {},
            "peak_pss_bytes": ours["peak_pss_bytes"],
            "minutes": minutes,
            "wall_s": ours["wall_s"] and ours["wall_s"]["median"],
            "tuned_is": ratios["vs_ffmpeg_tuned"]["of"][0] if "vs_ffmpeg_tuned" in ratios else None,
            "spread": {
                name: [ratios[name]["least"], ratios[name]["most"]] for name in SUMMARY if name in ratios
            },
            "extrapolated": [name for name in SUMMARY if name in ratios and ratios[name]["extrapolated"]],
        }
    )  # fmt: skip
    return line


def faults(results: Results) -> list[str]:
    """What of ours was not right: outputs that were refused, runs that failed."""
    ours = ("ours", "ours_webm", "nine", "swap")
    return [
        f"{section['title']}, {name}: {run['status']}: {run['message'][-300:]}"
        for section in results["sections"].values()
        for name, row in section["rows"].items()
        for run in row["runs"]
        if run["status"] != "finished" and (name in ours or section["title"] == "Cost by length")
    ]


def write_json(results: Results, path: Path) -> None:
    """Store `results`, readable and without noise digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(json_ready(results), indent=1) + "\n")
    part.replace(path)
