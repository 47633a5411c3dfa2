"""The map from the seed documents to this project names only what exists."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from video_pipeline.store import PostgresJobStore
from video_pipeline.store.schema.tables import Base
from video_pipeline_tests.api.document import document

TESTS = Path(__file__).parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS.parent / "docs" / "seed-map.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| Seed")
]


def test_every_row_has_a_place_and_a_proof() -> None:
    assert len(ROWS) > 200
    for seed, here, proof in ROWS:
        assert seed
        assert here
        assert proof, seed


def test_every_column_and_verb_named_exists() -> None:
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.columns}
    tables = "|".join(Base.metadata.tables)
    named = {name for _, here, _ in ROWS for name in re.findall(rf"`((?:{tables})\.\w+)`", here)}
    assert len(named) > 80
    assert named <= columns
    verbs = {name for _, here, _ in ROWS for name in re.findall(r"`PostgresJobStore\.(\w+)`", here)}
    assert len(verbs) > 15
    assert [verb for verb in verbs if not callable(getattr(PostgresJobStore, verb, None))] == []


def test_every_route_named_is_in_the_openapi_document() -> None:
    named = {found for row in ROWS for cell in row for found in re.findall(r"`([A-Z]+ /api/v2/[^`?]*)`", cell)}
    assert len(named) > 20
    offered = {f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods}
    assert named - offered == set()


def test_nothing_is_put_off() -> None:
    assert [seed for seed, here, _ in ROWS if "later" in here.replace("_", " ").split()] == []


ROOMS = "|".join(each.stem for each in (TESTS.parent / "video_pipeline").iterdir() if not each.stem.startswith("_"))


def test_every_symbol_named_exists() -> None:
    """`steps.retention.cleanup_old_jobs` and the like: a module below `video_pipeline`, and what is in it."""
    named = {name for _, here, _ in ROWS for name in re.findall(rf"`((?:{ROOMS})(?:\.\w+)+)`", here)}
    assert len(named) > 20
    assert [name for name in sorted(named) if not _is_there(name)] == []


def _is_there(name: str) -> bool:
    """Whether a dotted name below `video_pipeline` is a module, or leads from one to an attribute or a field."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(["video_pipeline", *parts[:length]])
        try:
            found: Any = import_module(module)
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part) and part not in getattr(found, "__dataclass_fields__", {}):
                return False
            found = getattr(found, part, None)
        return True
    return False


def test_every_column_of_the_schema_that_a_seed_has_is_in_the_map() -> None:
    """What is not in the map is ours alone; the list says so on purpose."""
    named = {name for _, here, _ in ROWS for name in re.findall(r"`(\w+\.\w+)`", here)}
    core = ("channels", "video_jobs", "audio_tracks", "images", "render_tasks", "thumbnails", "job_files")
    ours = {
        f"{table}.{column.name}"
        for table in core
        for column in Base.metadata.tables[table].columns
        if f"{table}.{column.name}" not in named
    }
    measured = {"kind", "cost", "sha256", "bytes"}
    assert ours == {
        *(f"audio_tracks.{name}" for name in (*measured, "samples", "channels", "integrated_lufs", "true_peak_dbtp")),
        *(f"audio_tracks.{name}" for name in ("range_lu", "longest_silence_s")),
        *(f"images.{name}" for name in (*measured, "width", "height", "mean_luma", "perceptual_hash")),
        *(f"images.{name}" for name in ("licence", "license_document_url")),
        *(f"images.clip_{name}" for name in ("path", "sha256", "bytes", "frames")),
        *(f"video_jobs.{name}" for name in ("kind", "approval", "seed", "failed_from", "attempt", "master_report")),
        "video_jobs.scene_count",
        "video_jobs.api_key_id",
        "thumbnails.pictures",
        *(f"job_files.{name}" for name in ("sha256", "bytes")),
        *(f"render_tasks.{name}" for name in ("attempt", "report")),
    }


def test_every_test_named_exists() -> None:
    named = {name for *_, proof in ROWS for name in re.findall(r"`([\w/]+\.py(?:::\w+)?)`", proof)}
    assert len(named) > 40
    for name in named:
        path, _, function = name.partition("::")
        text = (TESTS / path).read_text(encoding="utf-8")
        assert not function or f"def {function}(" in text, name
