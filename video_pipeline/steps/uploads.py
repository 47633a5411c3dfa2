"""Owns taking in and giving up the files that people upload for a job; hides where they lie.

A file lies under a name that we make; its own name is only shown. What it is, its content says. It appears complete
and in the books, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import UUID, uuid4

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.errors import ConflictError, InvalidInputError, MachineError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.records import JobFileRecord, JobRecord
from video_pipeline.domain.uploads import FileType, check_size, quotes_of, shown_name
from video_pipeline.steps.files import UPLOADS
from video_pipeline.steps.studio import Studio

CHUNK_BYTES = 2**20

ASIDE = "the upload"
"""What messages about the content call the file, whatever it calls itself."""


class Readable(Protocol):
    """An open file, as far as it is needed here."""

    def read(self, size: int, /) -> bytes: ...


def chunks_of(file: Readable) -> Iterator[bytes]:
    """The content of an open file from where it stands, piece by piece."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def keep_upload(
    studio: Studio,
    job_id: UUID,
    file_type: FileType,
    filename: str,
    content: Iterable[bytes] | Path,
    *,
    declared_bytes: int | None = None,
) -> JobFileRecord:
    """Take in one file for a job: `content` in pieces, or a file of this machine, which is left as it is.

    InvalidInputError when it is empty, larger than its type may be or of another size than declared, or has no usable
    name; MediaError when it is not what its type says; ConflictError when the job has one of that type and name;
    NotFoundError for an unknown job; MachineError when the disk refuses. Then nothing of it stays.
    """
    name = shown_name(filename)
    studio.jobs.get_job(job_id)
    _check_free(studio, job_id, file_type, name)
    check_size(file_type, 1 if declared_bytes is None else declared_bytes)
    with studio.media.scratch(job_id) as scratch:
        made = scratch / ASIDE
        _write(content, made, file_type)
        found = made.stat().st_size
        if declared_bytes is not None and found != declared_bytes:
            raise InvalidInputError(
                f"{name} was announced with {declared_bytes:,} bytes and came with {found:,}; send it again"
            )
        extension = admitted(studio, made, file_type)
        return _record(studio, job_id, file_type, name, made, extension=extension)


def remove_upload(studio: Studio, job_id: UUID, file_id: UUID) -> JobFileRecord:
    """Give up one file of a job; what it was.

    NotFoundError when the job has no such file, ConflictError while a video is made of such files.
    """
    with studio.media.lock(folder_of(job_id)):
        _check_not_in_use(studio.jobs.get_job(job_id), studio.jobs.get_file(job_id, file_id))
        removed = studio.jobs.delete_file(job_id, file_id)
        studio.media.remove(removed.media.key)
    return removed


def _check_not_in_use(job: JobRecord, file: JobFileRecord) -> None:
    """A kind that is made of files needs them until it is over: a failed job goes on, a finished one can be edited."""
    is_made_of_files = bool(brief_from_json(job.brief).needed_files)
    if is_made_of_files and job.status not in (JobStatus.PREPARING, JobStatus.CANCELLED):
        raise ConflictError(
            f"job {job.id} is {job.status} and made of its files; {file.filename} can be removed before it is started, "
            "or with the whole job"
        )


def folder_of(job_id: UUID) -> str:
    """What is locked while the files of a job change."""
    return UPLOADS.format(job_id=job_id).removesuffix("/")


def _check_free(studio: Studio, job_id: UUID, file_type: FileType, name: str) -> None:
    """Before gigabytes are taken in; the books look again."""
    if any(file.filename == name for file in studio.jobs.get_job_files(job_id, file_type)):
        raise ConflictError(
            f"job {job_id} has a file {name} among its {file_type}; delete it first, or give another name"
        )


def _write(content: Iterable[bytes] | Path, out: Path, file_type: FileType) -> None:
    """What goes wrong with the disk is a MachineError; what goes wrong with the sender is the sender's to tell."""
    size = 0
    with out.open("xb", buffering=0) as file:
        for chunk in _pieces(content):
            size += len(chunk)
            check_size(file_type, size)
            try:
                file.write(chunk)
            except OSError as error:
                raise MachineError(f"the upload could not be stored: {error}") from error
    if not size:
        raise InvalidInputError("the file is empty")


def _pieces(content: Iterable[bytes] | Path) -> Iterator[bytes]:
    if not isinstance(content, Path):
        yield from content
        return
    with content.open("rb") as file:
        yield from chunks_of(file)


def admitted(studio: Studio, made: Path, file_type: FileType) -> str:
    """The extension that the content deserves; MediaError when it is not of this type, or the scanner refuses it."""
    if studio.scanner is not None:
        studio.scanner.check(made)
    if file_type is FileType.QUOTES:
        made.write_text(quotes_of(made.read_bytes()), encoding="utf-8", newline="\n")
        return "txt"
    return studio.tools.upload_kind(made, pictured=file_type is FileType.VIDEOS)


def _record(
    studio: Studio, job_id: UUID, file_type: FileType, name: str, made: Path, *, extension: str
) -> JobFileRecord:
    key = f"{UPLOADS.format(job_id=job_id)}{uuid4()}.{extension}"
    with studio.media.lock(folder_of(job_id)):
        _sweep(studio, job_id)
        media = studio.media.adopt(made, key)
        try:
            return studio.jobs.add_file(job_id, file_type, name, media)
        except BaseException:
            studio.media.remove(key)
            raise


def _sweep(studio: Studio, job_id: UUID) -> None:
    """Remove what a process left that was killed between storing a file and recording it, or the other way round.

    What belongs to an upload in pieces stays: whoever goes on with it finds it again. Listed first, then asked for: an
    upload is in the books before it has a file, and stays in them until the file is.
    """
    there = studio.media.keys(UPLOADS.format(job_id=job_id))
    under_way = {str(upload.id) for upload in studio.jobs.get_uploads(job_id)}
    recorded = {file.media.key for file in studio.jobs.get_job_files(job_id)}
    for key in there:
        if key not in recorded and PurePosixPath(key).stem not in under_way:
            studio.media.remove(key)
