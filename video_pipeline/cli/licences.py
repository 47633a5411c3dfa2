"""Owns `video-pipeline job licence`: the licences of a video, and the pack for a dispute; hides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, human_size, print_json, print_table
from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.licences import LicenceRecord, drawn_from, in_force, shown_of
from video_pipeline.ports import JobStore
from video_pipeline.steps.licence_pack import licence_json, write_licence_pack

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its first characters (at least 6).")]

_COLUMNS = ("shown", "what", "provider", "licence", "terms read", "USD", "made at")
"""What fits into 80 characters; the rest is in the JSON and in the pack."""


@app.command("licence", epilog="Example: video-pipeline job licence 3fa85f64 --zip dispute.zip")
def licence(
    job: Job,
    zip_: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="Write the pack for a dispute about rights there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List under which licence each thing of a video was made, or write it as a pack with times and checksums.

    The licences of a deleted job are listed by its whole id.
    """
    jobs = bootstrap.job_store()
    if zip_ is not None:
        _write(jobs, jobs.find_job(job).id, zip_, as_json)
        return
    job_id = _job_id(jobs, job)
    rows = jobs.licences(job_id)
    shown = {row.id for row in in_force(rows, shown_of(jobs.works(job_id))).values()}
    drawn = {row.id for row in in_force(rows, drawn_from(jobs.get_thumbnails(job_id))).values()}
    if as_json:
        print_json([licence_json(row, in_video=row.id in shown, in_thumbnails=row.id in drawn) for row in rows])
        return
    lines = [_line(row, row.id in shown | drawn) for row in rows]
    print_table("Licences", _COLUMNS, lines, empty="nothing was made for this job yet")


def _write(jobs: JobStore, job_id: UUID, out: Path, as_json: bool) -> None:
    size = write_licence_pack(jobs, job_id, out)
    if as_json:
        sha256 = hashlib.sha256(out.read_bytes()).hexdigest()
        print_json({"job_id": job_id, "path": out, "bytes": size, "sha256": sha256})
        return
    console.print(f"{out} ({human_size(size)}) is written", markup=False, highlight=False, soft_wrap=True)


def _job_id(jobs: JobStore, job: str) -> UUID:
    """The id of a job, or of one that is deleted and has left licences."""
    try:
        return jobs.find_job(job).id
    except NotFoundError:
        with suppress(ValueError):
            if jobs.licences(UUID(job)):
                return UUID(job)
        raise


def _line(row: LicenceRecord, is_shown: bool) -> Sequence[object]:
    read = f"{row.terms_taken_at:%Y-%m-%d}" if row.terms_taken_at else "no"
    licence = f"{row.licence} ({row.plan})" if row.plan else row.licence
    what = f"{row.kind} {row.order_index}"
    return (
        *("yes" if is_shown else "no", what, row.provider, licence),
        *(read, row.cost_usd, f"{row.created_at:%Y-%m-%d}"),
    )
