"""Owns `video-pipeline job add-file`, `remove-file` and `start`; hides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from video_pipeline import bootstrap
from video_pipeline.cli.jobs import AsJson, Job, answer
from video_pipeline.cli.output import console, errors, human_size, print_json
from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.records import JobFileRecord
from video_pipeline.domain.uploads import FileType, check_size
from video_pipeline.steps.start import start_job
from video_pipeline.steps.uploads import chunks_of, keep_upload, remove_upload

app = typer.Typer()


@app.command("add-file", epilog="Example: video-pipeline job add-file 3fa85f64 rain.mp4 --type videos")
def add_file(
    job: Job,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file of this machine; it is copied.")],
    file_type: Annotated[FileType, typer.Option("--type", help="What it is: videos takes still pictures as well.")],
    name: Annotated[str | None, typer.Option(help="What it is called; by default as it is here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a job a file: a video or picture, music, a sound, or quotes (UTF-8 text)."""
    size = _size_of(path)
    check_size(file_type, size)
    studio = bootstrap.studio()
    found = studio.jobs.find_job(job)
    kept = keep_upload(studio, found.id, file_type, name or path.name, _shown(path, size), declared_bytes=size)
    if as_json:
        print_json(_file_json(kept))
        return
    sentence = f"{kept.filename} ({human_size(kept.media.bytes)}) is among the {kept.file_type} of job {found.id}"
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


@app.command("remove-file", epilog="Example: video-pipeline job remove-file 3fa85f64 rain.mp4")
def remove_file(
    job: Job,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called there, or its id.")],
    file_type: Annotated[
        FileType | None, typer.Option("--type", help="When several types have one of that name.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take a file from a job, and from the storage."""
    studio = bootstrap.studio()
    found = studio.jobs.find_job(job)
    there = studio.jobs.get_job_files(found.id, file_type)
    matching = [each for each in there if name in (each.filename, str(each.id))]
    if not matching:
        raise NotFoundError(f"job {found.id} has no file {name}; see video-pipeline job files {str(found.id)[:8]}")
    if len(matching) > 1:
        raise InvalidInputError(f"several files are called {name}; say which with --type")
    removed = remove_upload(studio, found.id, matching[0].id)
    if as_json:
        print_json(_file_json(removed))
    else:
        console.print(f"{removed.filename} is removed from job {found.id}", markup=False, highlight=False)


@app.command("start", epilog="Example: video-pipeline job start 3fa85f64")
def start(job: Job, as_json: AsJson = False) -> None:
    """Begin a job that waited for its files; `video-pipeline up` picks it up."""
    store = bootstrap.job_store()
    started = start_job(store, bootstrap.media_store(), store.find_job(job).id)
    answer(started, f"job {started.id} is started; watch it: video-pipeline job watch {str(started.id)[:8]}", as_json)


def _size_of(path: Path) -> int:
    if not path.is_file():
        raise InvalidInputError(f"{path} is no file; give the path of one")
    return path.stat().st_size


def _shown(path: Path, size: int) -> Iterator[bytes]:
    """The content of a file, with a bar on standard error while it is read."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with path.open("rb") as file, Progress(*columns, TimeRemainingColumn(), console=errors, transient=True) as progress:
        bar = progress.add_task(path.name, total=size)
        for chunk in chunks_of(file):
            yield chunk
            progress.advance(bar, len(chunk))


def _file_json(file: JobFileRecord) -> dict[str, object]:
    return {
        "file_id": str(file.id),
        "job_id": str(file.job_id),
        "file_type": str(file.file_type),
        "filename": file.filename,
        "bytes": file.media.bytes,
        "sha256": file.media.sha256,
        "uploaded_at": file.uploaded_at.isoformat(),
    }
