"""Owns what a job must have before it can be planned; hides nothing."""

from __future__ import annotations

from collections.abc import Iterable

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.records import JobFileRecord
from video_pipeline.domain.uploads import FileType

_WORDS: dict[FileType, str] = {
    FileType.VIDEOS: "a video or a picture",
    FileType.MUSIC: "a piece of music",
    FileType.SOUNDS: "a sound",
    FileType.QUOTES: "a file of quotes",
}


def missing_files(brief: Brief, files: Iterable[JobFileRecord]) -> tuple[FileType, ...]:
    """The types of files that `brief` needs and that are not among `files`, in the order of the brief."""
    there = {file.file_type for file in files}
    return tuple(each for each in brief.needed_files if each not in there)


def check_prepared(brief: Brief, files: Iterable[JobFileRecord]) -> None:
    """ConflictError, which names what is missing, unless `brief` has the files that it needs."""
    missing = missing_files(brief, files)
    if missing:
        words = " and ".join(f"{_WORDS[each]} ({each})" for each in missing)
        raise ConflictError(f"the video cannot begin: {words} is missing; upload it, then start it again")
