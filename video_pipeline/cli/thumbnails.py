"""Owns `video-pipeline job thumbnails`: looking at thumbnails and their estimates, choosing one; hides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, print_json, print_table
from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.records import ThumbnailRecord
from video_pipeline.domain.thumbnails import MODEL, WEIGHTS, Part
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.thumbnails import estimates

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its first characters (at least 6).")]


@app.command("thumbnails", epilog="Example: video-pipeline job thumbnails 3fa85f64 --select bold_text")
def thumbnails(
    job: Job,
    select: Annotated[str | None, typer.Option(help="Choose this one, by its variant such as bold_text.")] = None,
    as_json: AsJson = False,
) -> None:
    """List thumbnails, the highest estimate first, with the parts of each estimate; choose one with --select."""
    studio = bootstrap.studio()
    found = studio.jobs.find_job(job)
    records = studio.jobs.get_thumbnails(found.id)
    if select is not None:
        records = studio.jobs.update_thumbnail_selection(found.id, _named(records, select).id)
    rows = _told(studio, records)
    if as_json:
        print_json(rows)
        return
    columns = ("variant", "estimate", *(str(part) for part in Part), "selected", "file")
    shown = [
        (
            row["variant"],
            _percent(row["click_prediction"]),
            *(_percent(row["parts"].get(part)) for part in Part),
            "yes" if row["is_selected"] else "",
            row["path"],
        )
        for row in rows
    ]
    print_table("Thumbnails", columns, shown, empty="no thumbnails yet; they are drawn once the pictures are there")
    for model in dict.fromkeys(row["predicted_by"] for row in rows if row["predicted_by"]):
        console.print(_explained(model, rows), markup=False, highlight=False)


def _explained(model: str, rows: Sequence[dict[str, Any]]) -> str:
    """What the estimates of a model mean; the weights of former versions are not known."""
    if model == MODEL:
        weights = ", ".join(f"{part} {weight:.0%}" for part, weight in WEIGHTS.items())
        return f"{MODEL}, of 100: {weights}. No clicks were measured."
    named = ", ".join(row["variant"] for row in rows if row["predicted_by"] == model)
    return f"By {model}: {named}. They are estimated anew when the job's thumbnails are drawn next."


def _named(records: Sequence[ThumbnailRecord], variant: str) -> ThumbnailRecord:
    for record in records:
        if record.variant == variant:
            return record
    known = ", ".join(record.variant for record in records) or "none yet"
    raise NotFoundError(f"the job has no thumbnail {variant}; it has {known}")


def _told(studio: Studio, records: Sequence[ThumbnailRecord]) -> list[dict[str, Any]]:
    found = estimates(studio.media, records[0].job_id) if records else {}
    return [
        {
            "id": str(record.id),
            "variant": record.variant,
            "click_prediction": record.click_prediction,
            "predicted_by": record.predicted_by,
            "parts": {str(part): worth for part, worth in found[record.key].parts.items()}
            if record.key in found
            else {},
            "is_selected": record.is_selected,
            "path": str(studio.media.path(record.key)),
        }
        for record in records
    ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}"
