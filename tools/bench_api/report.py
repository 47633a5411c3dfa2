"""Owns how the results are told: a table for people and for the documents, JSON, the last line; hides layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.bench.figures import json_ready, mebibytes, shown
from tools.bench_api.latency import FIGURES, ratios
from tools.bench_api.load import LISTEN

IDLE, RENDER = "idle", "render"
TITLES = {IDLE: "machine idle", RENDER: "while a video is made"}
FAN_OUT = {"to_a_listener": "event to a listener", "to_all_listeners": "event to the last listener"}

Results = dict[str, Any]
"""`machine`, `material`, `command`, `phases` by name and `ratios`, render by idle."""


def compared(phases: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of the render phase by those of the idle one; nothing unless both were run."""
    if not {IDLE, RENDER} <= phases.keys():
        return {}
    above, below = phases[RENDER], phases[IDLE]
    made = {kind: ratios(row, below["kinds"][kind]) for kind, row in above["kinds"].items()}
    if LISTEN in above and LISTEN in below:
        made |= {name: ratios(above[LISTEN][name], below[LISTEN][name]) for name in FAN_OUT}
    return made


def faults(results: Results) -> list[str]:
    """What went wrong, phase by phase; a good run has none."""
    told = []
    for name, phase in results["phases"].items():
        for kind, row in [*phase["kinds"].items(), *([(LISTEN, phase[LISTEN])] if LISTEN in phase else [])]:
            if row["errors"]:
                told.append(f"{name}, {kind}: {row['errors']} errors: {'; '.join(row['what'])}")
            if not row["count"]:
                told.append(f"{name}, {kind}: no request was answered")
    return told


def markdown(results: Results) -> str:
    """The tables as they stand in docs/benchmarks/README.md."""
    return "\n".join([*_latencies(results), "", *_taken(results)])


def _latencies(results: Results) -> Iterator[str]:
    yield "| " + " | ".join(("", "requests", "errors", *_heads(), "a second")) + " |"
    yield "|" + "---|" * (len(FIGURES) + 4)
    for name, phase in results["phases"].items():
        yield f"| **{TITLES[name]}** |" + " |" * (len(FIGURES) + 3)
        for kind, row in phase["kinds"].items():
            yield _line(kind, row["count"], row["errors"], row, shown(row["per_s"]))
        if LISTEN in phase:
            heard = phase[LISTEN]
            yield _line(FAN_OUT["to_a_listener"], heard["count"], heard["errors"], heard["to_a_listener"], "")
            yield _line(FAN_OUT["to_all_listeners"], heard["told"], 0, heard["to_all_listeners"], "")
    if results["ratios"]:
        yield "| **with a render by without** |" + " |" * (len(FIGURES) + 3)
    for name, row in results["ratios"].items():
        yield _line(FAN_OUT.get(name, name), "", "", row, _cell(row.get("per_s")))


def _taken(results: Results) -> Iterator[str]:
    phases = results["phases"]
    yield "| the server | " + " | ".join(TITLES[name] for name in phases) + " |"
    yield "|---|" + "---|" * len(phases)
    lines = {
        "peak memory, MiB": lambda row: mebibytes(row["server"]["peak_rss_bytes"]),
        "threads": lambda row: row["server"]["threads"],
        "connections to PostgreSQL": lambda row: row["server"]["connections"],
        "CPU seconds a second": lambda row: shown(row["server"]["cpu_s"] / row["watched_s"]),
        "CPU seconds a second of the readers": lambda row: shown(row["client_cpu_s"] / row["seconds"]),
        "listeners, all connected": lambda row: row[LISTEN]["listeners"] if LISTEN in row else 0,
    }
    for title, figure in lines.items():
        yield f"| {title} | " + " | ".join(str(figure(row)) for row in phases.values()) + " |"


def _heads() -> Iterator[str]:
    return (name.removesuffix("_ms") + ", ms" for name in FIGURES)


def _line(title: str, count: Any, errors: Any, figures: Mapping[str, Any], last: str) -> str:
    return "| " + " | ".join((title, str(count), str(errors), *(_cell(figures[n]) for n in FIGURES), last)) + " |"


def _cell(figure: float | None) -> str:
    return "-" if figure is None else shown(figure)


def summary(results: Results) -> dict[str, Any]:
    """The last line: p95 of each kind in milliseconds, errors, what the server took, and the ratios of p95."""
    phases = {}
    for name, phase in results["phases"].items():
        kinds = {kind: row["p95_ms"] for kind, row in phase["kinds"].items()}
        heard = phase.get(LISTEN)
        phases[name] = {
            "p95_ms": kinds | ({FAN: heard[FAN]["p95_ms"] for FAN in FAN_OUT} if heard else {}),
            "per_s": sum(row["per_s"] for row in phase["kinds"].values()),
            **phase["server"],
        }
    made: dict[str, Any] = json_ready(
        {
            "errors": sum(_errors(phase) for phase in results["phases"].values()),
            **phases,
            "p95_ratio": {name: row["p95_ms"] for name, row in results["ratios"].items()},
        }
    )
    return made


def _errors(phase: Mapping[str, Any]) -> int:
    return sum(row["errors"] for row in phase["kinds"].values()) + phase.get(LISTEN, {"errors": 0})["errors"]
