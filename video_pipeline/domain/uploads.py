"""Owns what may be uploaded for a job: types, sizes, names, texts, states; hides where a name is cut.

A name that comes with a file is shown to people and compared with other names. It is never part of a path.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from pathlib import PurePath

from video_pipeline.domain.characters import UNSHOWN, first_unshown, is_seen, lines_of
from video_pipeline.domain.errors import InvalidInputError, LimitReachedError, MediaError


class FileType(StrEnum):
    """What an uploaded file is for."""

    VIDEOS = "videos"
    MUSIC = "music"
    SOUNDS = "sounds"
    QUOTES = "quotes"


MIB, GIB = 2**20, 2**30

UPLOAD_MAX_BYTES: dict[FileType, int] = {
    FileType.VIDEOS: 4 * GIB,
    FileType.MUSIC: GIB,
    FileType.SOUNDS: GIB,
    FileType.QUOTES: MIB,
}
"""Size of one file."""

JOB_MAX_FILES = 200
JOB_MAX_BYTES = 64 * GIB
"""Of all files of a job together, those that are still on their way with the size that was announced."""

UPLOAD_TTL_S = 24 * 3600
"""How long an upload waits for its next bytes unless the settings say otherwise."""


class UploadState(StrEnum):
    """How far an upload in pieces is."""

    RECEIVING = "receiving"  # bytes are missing, or all are there and have not been looked at yet
    KEPT = "kept"  # it became a file of the job
    REFUSED = "refused"  # its content is not what was announced; its bytes are gone


NAME_MAX_BYTES = 255
_SUFFIX_MAX_CHARACTERS = 12

_SHA256 = re.compile(r"[0-9a-f]{64}")


def file_type_of(word: str) -> FileType:
    """The type called `word`; InvalidInputError lists the known ones."""
    try:
        return FileType(word)
    except ValueError as error:
        raise InvalidInputError(f"unknown file type {word[:60]!r}; one of: {', '.join(FileType)}") from error


def check_size(file_type: FileType, size: int) -> None:
    """InvalidInputError unless a file of this type may have `size` bytes."""
    most = UPLOAD_MAX_BYTES[file_type]
    if size > most:
        raise InvalidInputError(f"the file is too large: {file_type} may have {most:,} bytes each")
    if size < 1:
        raise InvalidInputError("the file is empty")


def check_room(files: int, size: int, new: int) -> None:
    """LimitReachedError unless a job with so many files of `size` bytes together may have one more of `new` bytes."""
    if files >= JOB_MAX_FILES:
        raise LimitReachedError(f"the job has {files} files; at most {JOB_MAX_FILES} are kept for one: remove some")
    if size + new > JOB_MAX_BYTES:
        raise LimitReachedError(
            f"the job has files of {size:,} bytes; with {new:,} more it would have more than {JOB_MAX_BYTES:,}: "
            "remove some, or make them smaller"
        )


def checked_sha256(text: str) -> str:
    """A SHA-256 in lower case; InvalidInputError when it is none."""
    digest = text.strip().lower()
    if not _SHA256.fullmatch(digest):
        raise InvalidInputError(f"{text[:80]!r} is no SHA-256; give 64 hexadecimal digits, or none at all")
    return digest


def shown_name(name: str) -> str:
    """The name of an uploaded file as it is shown: its last component, without what is not seen.

    At most NAME_MAX_BYTES of UTF-8, cut before its suffix. InvalidInputError when nothing of it is left.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(each for each in last if unicodedata.category(each) not in UNSHOWN)
    plain = " ".join(seen.split()).lstrip(".- ")
    if not plain:
        raise InvalidInputError(f"{name[:60]!r} is no name for a file; give it one")
    stem, dot, suffix = plain.rpartition(".")
    if not stem or len(suffix) > _SUFFIX_MAX_CHARACTERS:
        stem, dot, suffix = plain, "", ""
    room = NAME_MAX_BYTES - len(f"{dot}{suffix}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}{dot}{suffix}"


def quotes_of(content: bytes) -> str:
    """The text of a file of quotes, lines ending in LF; MediaError when it is not UTF-8, or no plain text."""
    try:
        lines = lines_of(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MediaError(
            f"the quotes are no UTF-8 text: byte {error.start} cannot be read; save them as UTF-8"
        ) from error
    for number, line in enumerate(lines, start=1):
        if (strange := first_unshown(line)) is not None:
            raise MediaError(f"line {number} of the quotes has a character that is not shown: U+{ord(strange):04X}")
    if not any(map(is_seen, lines)):
        raise MediaError("the quotes are empty: there is no line with a word")
    return "\n".join(lines)


PICTURE_SUFFIXES = frozenset({"jpg", "png", "webp", "avif"})
"""What an uploaded file is called in the store when its content is a still picture."""


def is_picture(file: PurePath) -> bool:
    """Whether a stored upload among the videos is a still picture: its suffix says what its content is."""
    return file.suffix.removeprefix(".") in PICTURE_SUFFIXES


def stem_of(name: str) -> str:
    """A file's name for people, without its suffix and its number: `01 - Late_train.flac` is "Late train"."""
    stem, _, suffix = name.rpartition(".")
    words = " ".join((stem if stem and len(suffix) <= _SUFFIX_MAX_CHARACTERS else name).replace("_", " ").split())
    return re.sub(r"^\d{1,3}(?:[ .)-]+)(?=\S*[^\W\d])", "", words)


def natural_order(name: str) -> list[tuple[bool, int, str]]:
    """A key by which names are sorted as people count: 2.flac stands before 10.flac."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts if part]
