"""The map from the seed documents to this project names only what exists."""

from __future__ import annotations

import re
from pathlib import Path

from video_pipeline.store import PostgresJobStore
from video_pipeline.store.schema.tables import Base
from video_pipeline_tests.api.document import document

TESTS = Path(__file__).parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TESTS.parent / "docs" / "seed-map.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| Seed")
]


def test_every_row_has_a_place_and_a_proof_or_is_for_later() -> None:
    assert len(ROWS) > 200
    for seed, here, proof in ROWS:
        assert seed
        assert here
        assert proof or "later" in here, seed


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


def test_no_operation_of_a_seed_is_in_the_map_twice_and_both_there_and_for_later() -> None:
    later = {seed for seed, here, _ in ROWS if here.startswith("**later**")}
    there = {seed for seed, here, _ in ROWS if "later" not in here}
    assert later & there == set()


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
