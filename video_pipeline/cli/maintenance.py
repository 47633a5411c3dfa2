"""Owns `video-pipeline maintenance`; hides nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, megabytes, print_json, print_table
from video_pipeline.steps.retention import OldJob, cleanup_old_jobs, old_jobs

app = typer.Typer(help="Keeping an installation small and whole.", no_args_is_help=True)


@app.callback()
def maintenance() -> None:
    """Keeping an installation small and whole."""


@app.command("cleanup", epilog="Example: video-pipeline maintenance cleanup --days 60 --yes")
def cleanup(
    days: Annotated[int, typer.Option(help="Jobs that ended longer ago than this go.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only told what would go.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Give up jobs that ended long ago, with their files; published ones stay, and so does what was paid."""
    studio = bootstrap.studio()
    found = cleanup_old_jobs(studio, days) if yes else old_jobs(studio, days)
    if as_json:
        print_json({"done": yes, "jobs": [_json(each) for each in found]})
        return
    rows = [
        (str(each.job.id)[:8], each.job.status, f"{each.job.updated_at:%Y-%m-%d}", each.files, megabytes(each.bytes))
        for each in found
    ]
    title = "Removed" if yes else "Would be removed"
    print_table(title, ("id", "status", "last changed (UTC)", "files", "size"), rows, empty="nothing is that old")
    if found and not yes:
        console.print("nothing was removed; say --yes to do it", markup=False, highlight=False)


def _json(old: OldJob) -> dict[str, object]:
    return {
        "job_id": str(old.job.id),
        "status": str(old.job.status),
        "updated_at": old.job.updated_at.isoformat(),
        "files": old.files,
        "bytes": old.bytes,
    }
