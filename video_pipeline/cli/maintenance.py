"""Owns `video-pipeline maintenance`; hides nothing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, human_size, print_json, print_table
from video_pipeline.cli.restored import facts_json, tell_restored
from video_pipeline.domain.backups import BackupFacts
from video_pipeline.domain.inventory import ADVICE
from video_pipeline.steps.check import check_files
from video_pipeline.steps.retention import OldJob, cleanup_old_jobs, old_jobs
from video_pipeline.steps.upkeep import settle_open

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]

app = typer.Typer(help="Keeping an installation small and whole.", no_args_is_help=True)


@app.callback()
def maintenance() -> None:
    """Keeping an installation small and whole."""


@app.command("cleanup", epilog="Example: video-pipeline maintenance cleanup --days 60 --yes")
def cleanup(
    days: Annotated[int, typer.Option(help="Jobs that ended longer ago than this go.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only told what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give up jobs that ended long ago, with their files; published ones stay, and so does what was paid.

    Purchases that were left open for jobs that are over end as well: what a vendor was asked for counts as paid.
    """
    studio = bootstrap.studio()
    found = cleanup_old_jobs(studio, days) if yes else old_jobs(studio, days)
    ended = settle_open(studio) if yes else []
    if as_json:
        print_json(
            {"done": yes, "jobs": [_json(each) for each in found], "purchases": [str(each.id) for each in ended]}
        )
        return
    rows = [
        (str(each.job.id)[:8], each.job.status, f"{each.job.updated_at:%Y-%m-%d}", each.files, human_size(each.bytes))
        for each in found
    ]
    title = "Removed" if yes else "Would be removed"
    print_table(title, ("id", "status", "last changed (UTC)", "files", "size"), rows, empty="nothing is that old")
    if ended:
        text = f"{len(ended)} purchases that were left open are ended; see video-pipeline money purchases"
        console.print(text, markup=False, highlight=False)
    if found and not yes:
        console.print("nothing was removed; say --yes to do it", markup=False, highlight=False)


@app.command("backup", epilog="Example: video-pipeline maintenance backup /mnt/backup/studio-2026-03-01 --media")
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet.")],
    media: Annotated[bool, typer.Option("--media", help="Copy the files too, not only a list of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the books, as they are at one moment, and a list of all files with their checksums to a folder.

    People may work meanwhile; what is still being written is left out. Exit code 1 when the books name files that are
    not there or cannot be read: the backup is made, without them. On the disk of the media store the copies share their
    bytes with the files: they cost no room, and go with the disk.

    The folder holds secrets of webhooks, YouTube's refresh tokens of channels and hashes of passwords; only you can
    look into it.
    """
    facts = bootstrap.backups().make(folder.absolute(), with_media=media)
    _tell(folder, facts, as_json)
    if facts.lacking:
        raise typer.Exit(1)


@app.command("restore", epilog="Example: video-pipeline maintenance restore /mnt/backup/studio-2026-03-01 --replace")
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Books that somebody wrote in may be replaced.")] = False,
    media: Annotated[bool, typer.Option("--media", help="Put missing and changed files back as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the books what they were: all of it or, when anything is wrong, nothing. Stop the studio first.

    What happened since goes: jobs, entries of money (what was paid stays paid) and users; keys that were revoked since
    count again, so revoke them once more. Books that are replaced are written to a backup of their own before. Exit
    code 1 when files are missing or changed, or could not be put back.
    """
    from video_pipeline.orchestration.instance import stopped  # noqa: PLC0415 - a second of imports

    with stopped():
        done = bootstrap.backups().restore(folder.absolute(), replace=replace, with_media=media)
        found = check_files(bootstrap.job_store(), bootstrap.media_store())
    whole = tell_restored(done, found, as_json=as_json)
    if not whole:
        raise typer.Exit(1)


@app.command("check", epilog="Example: video-pipeline maintenance check --deep")
def check(
    job: Annotated[str | None, typer.Argument(metavar="JOB", help="Only the files of this job.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every file; else only sizes are compared.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the books with the media store; exit code 1 when a file is missing, changed, unreadable or in no book.

    Nothing is deleted or mended. People may work meanwhile: what is new is given time to be recorded.
    """
    jobs = bootstrap.job_store()
    found = check_files(jobs, bootstrap.media_store(), jobs.find_job(job).id if job else None, deep=deep)
    if as_json:
        print_json(asdict(found) | {"passed": found.passed})
    else:
        rows = [(each.fault, each.what, each.key, each.detail) for each in found.findings]
        print_table("Files", ("what", "kind", "file", "why"), rows, empty="every file is as the books say")
        for fault, advice in ADVICE.items():
            if any(each.fault is fault for each in found.findings):
                console.print(f"{fault}: {advice}", markup=False, highlight=False, soft_wrap=True)
        recorded = ", ".join(f"{count.intact} of {count.recorded} {count.what}" for count in found.counts) or "none"
        sentence = f"recorded: {recorded}; beside them {found.beside}, too new to be judged {found.young}"
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    if not found.passed:
        raise typer.Exit(1)


def _tell(folder: Path, facts: BackupFacts, as_json: bool) -> None:
    if as_json:
        print_json(facts_json(facts))
        return
    rows = sum(table.rows for table in facts.database.tables)
    held = "and" if facts.has_media else "and a list of"
    sentence = f"{folder}: {rows} rows {held} {facts.files} files ({human_size(facts.bytes)})"
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    lacking = [(each.key, each.why) for each in facts.lacking]
    print_table("Files that are not in it", ("file", "why"), lacking, empty="no file is missing in it")


def _json(old: OldJob) -> dict[str, object]:
    return {
        "job_id": str(old.job.id),
        "status": str(old.job.status),
        "updated_at": old.job.updated_at.isoformat(),
        "files": old.files,
        "bytes": old.bytes,
    }
