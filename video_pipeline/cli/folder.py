"""Owns which files of a folder are what; hides suffixes."""

from __future__ import annotations

from pathlib import Path

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.uploads import FileType, natural_order

_SUFFIXES: dict[FileType, frozenset[str]] = {
    FileType.VIDEOS: frozenset(
        ("mp4", "m4v", "mov", "webm", "mkv", "avi", "mpg", "mpeg", "ts", "wmv", "jpg", "jpeg", "png", "webp", "avif")
    ),
    FileType.MUSIC: frozenset(("mp3", "flac", "wav", "ogg", "oga", "opus", "m4a", "aac", "aiff", "aif")),
    FileType.QUOTES: frozenset(("txt", "srt", "vtt")),
}
"""For files that no folder sorts; what they really are, their content says when they are taken in."""


def files_in(folder: Path) -> list[tuple[FileType, Path]]:
    """The files of a folder with their types, in the order of their names.

    Folders in it that are called as a type hold files of that type; beside them the suffix decides, and what has an
    unknown one is left out. InvalidInputError when there is no such folder, or nothing usable in it.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"{folder} is no folder; --files names one with videos, music, sounds and quotes")
    found = [(kind, path) for kind in FileType for path in _inside(folder / kind)]
    for path in _inside(folder):
        suffix = path.suffix.removeprefix(".").lower()
        found += [(kind, path) for kind, known in _SUFFIXES.items() if suffix in known]
    if not found:
        raise InvalidInputError(f"there is nothing in {folder} that a video could be made of")
    return found


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return sorted(files, key=lambda path: natural_order(path.name))
