"""Owns `video-pipeline doctor`; hides how each part of the machine is tried."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.text import Text

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, print_json
from video_pipeline.cores import available_cores
from video_pipeline.domain.errors import StudioError

DISK_MIN_GIB = 6
"""A 60-minute job keeps about 1.5 GB and needs about as much again while it renders; the rest is for the cache."""

MEMORY_MIN_GIB = 2


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer of one examination."""

    name: str
    ok: bool
    found: str


def _settings() -> tuple[bool, str]:
    bootstrap.settings()
    bootstrap.fallbacks()
    return True, "every variable can be used"


def _ffmpeg() -> tuple[bool, str]:
    return True, bootstrap.media_tools().describe()


def _encoders() -> tuple[bool, str]:
    # No hardware is no fault: software does the same, slower.
    return True, bootstrap.media_tools().describe_encoders()


def _database() -> tuple[bool, str]:
    facts = bootstrap.database_facts()
    return True, f"{facts['server']} at {facts['where']}, schema {facts['schema_version']}"


def _storage() -> tuple[bool, str]:
    root = bootstrap.settings().storage
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=root) as probe:
        probe.write(b"writable")
    return True, f"{root} is writable"


def _disk() -> tuple[bool, str]:
    root = _existing(bootstrap.settings().storage)
    free = shutil.disk_usage(root).free / 2**30
    return free >= DISK_MIN_GIB, f"{free:.1f} GiB free at {root} (a job needs {DISK_MIN_GIB})"


def _memory() -> tuple[bool, str]:
    free = psutil.virtual_memory().available / 2**30
    return free >= MEMORY_MIN_GIB, f"{free:.1f} GiB available (a job needs {MEMORY_MIN_GIB})"


def _machine() -> tuple[bool, str]:
    return True, f"Python {sys.version.split()[0]}, {available_cores()} cores"


def _dagster() -> tuple[bool, str]:
    from video_pipeline.definitions import defs  # noqa: PLC0415 - a second of imports
    from video_pipeline.orchestration.instance import daemon_is_alive, instance  # noqa: PLC0415

    graph = defs.resolve_asset_graph()
    with instance() as opened:
        state = "its daemon is running" if daemon_is_alive(opened) else "no daemon is running (video-pipeline up)"
    return True, f"{len(graph.get_all_asset_keys())} assets load; {state}"


EXAMINATIONS: tuple[tuple[str, Callable[[], tuple[bool, str]]], ...] = (
    ("machine", _machine),
    ("memory", _memory),
    ("disk", _disk),
    ("storage", _storage),
    ("ffmpeg", _ffmpeg),
    ("encoders", _encoders),
    ("database", _database),
    ("dagster", _dagster),
)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def examine(name: str, look: Callable[[], tuple[bool, str]]) -> Diagnosis:
    """One examination; an error is an answer too."""
    try:
        return Diagnosis(name, *look())
    except (StudioError, OSError) as error:
        return Diagnosis(name, False, str(error))


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False) -> None:
    """Try everything a job needs: binaries, disk, memory, database, storage, Dagster. Exit code 1 when one fails.

    Example: video-pipeline doctor --json
    """
    found = [examine("settings", _settings)]
    if found[0].ok:  # without them every other one would say the same
        found += [examine(name, look) for name, look in EXAMINATIONS]
    if as_json:
        print_json({"ok": all(each.ok for each in found), "examinations": [asdict(each) for each in found]})
    else:
        for each in found:
            mark = Text("ok   ", style="green") if each.ok else Text("FAIL ", style="bold red")
            console.print(mark + Text(f"{each.name:<9} {each.found}"), soft_wrap=True)
    if not all(each.ok for each in found):
        raise typer.Exit(1)
