"""Owns the folder of a backup; hides how it comes to be at once or not at all, and how damage is seen.

    SHA256SUMS        of every other file, as `sha256sum --check` reads it; written last
    backup.json       what it holds: `domain.backups`
    database/*.copy   the rows of a table each
    media.jsonl       key, bytes and checksum of each file of the media store
    media/<key>       the files themselves, if they were asked for

Only its owner may look into it: the books hold the secrets of webhooks and channels.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from video_pipeline.domain.backups import BackupFacts
from video_pipeline.domain.errors import InvalidInputError, MachineError
from video_pipeline.domain.media import MediaReference
from video_pipeline.store.files.keys import checked_key

SUMS = "SHA256SUMS"
FACTS = "backup.json"
FILES = "media.jsonl"
MEDIA = "media"
TABLES = "database"


@contextlib.contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its name when the block ends well, and is gone when it does not.

    InvalidInputError when `folder` exists, MachineError when the disk refuses.
    """
    if os.path.lexists(folder):
        raise InvalidInputError(f"{folder} exists; give the name of a folder that does not")
    aside = folder.with_name(f".{folder.name}.{uuid4().hex[:12]}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        aside.mkdir(mode=0o700)
        try:
            with _claimed(aside):
                yield aside
                _flush_folders(aside)
                aside.rename(folder)
            _flush(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise MachineError(f"the backup could not be written: {error}") from error


def new_file(path: Path) -> BinaryIO:
    """A file of a backup, open for writing, into which only its owner may look."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def seal(folder: Path, facts: BackupFacts, media: Sequence[MediaReference]) -> None:
    """Write what the backup holds and the checksums of it all."""
    lines = (json.dumps({"key": each.key, "bytes": each.bytes, "sha256": each.sha256}) + "\n" for each in media)
    _write(folder / FILES, "".join(lines))
    _write(folder / FACTS, json.dumps(facts.to_json(), indent=1) + "\n")
    known = {f"{MEDIA}/{each.key}": each.sha256 for each in media}
    names = [path.relative_to(folder).as_posix() for path in _files(folder)]
    sums = [f"{known.get(name) or sha256_of(folder / name)}  {name}\n" for name in names]
    _write(folder / SUMS, "".join(sums))
    for path in _files(folder):
        _flush(path)


def checked_facts(folder: Path) -> BackupFacts:
    """What the backup holds, if its books and lists are there and what they were; InvalidInputError otherwise.

    Copies of media are not looked at: each is checked when it is put back, and one that is damaged spoils no other.
    """
    sums = {name: sha256 for name, sha256 in _sums(folder).items() if not name.startswith(f"{MEDIA}/")}
    for name, sha256 in sums.items():
        try:
            is_right = sha256_of(folder / name) == sha256
        except FileNotFoundError as error:
            raise InvalidInputError(f"the backup {folder} is damaged: {name} is missing") from error
        except OSError as error:
            raise InvalidInputError(f"the backup {folder} is damaged: {name} cannot be read: {error}") from error
        if not is_right:
            raise InvalidInputError(f"the backup {folder} is damaged: {name} is not what was written")
    facts = BackupFacts.from_json(_json(_text(folder / FACTS)))
    needed = {FACTS, FILES, *(table_file(table.name) for table in facts.database.tables)}
    if not needed <= sums.keys():
        raise InvalidInputError(f"the backup {folder} is damaged: {SUMS} does not name {sorted(needed - sums.keys())}")
    return facts


def table_file(table: str) -> str:
    """Where in the folder the rows of a table are."""
    return f"{TABLES}/{table}.copy"


def listed_media(folder: Path) -> list[MediaReference]:
    """The files that the media store had."""
    lines = (_json(line) for line in _text(folder / FILES).splitlines())
    try:
        return [MediaReference(str(checked_key(each["key"])), each["sha256"], each["bytes"]) for each in lines]
    except (KeyError, TypeError) as error:
        raise InvalidInputError(f"the list of files in {folder} cannot be read: {error!r}") from error


def sha256_of(path: Path) -> str:
    """The checksum of a file, as 64 hexadecimal digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextlib.contextmanager
def _claimed(aside: Path) -> Iterator[None]:
    """Let others see that this process still writes here; a killed one loses the lock with its life."""
    descriptor = os.open(aside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # on disks of the network that lock no folders nothing is ever swept
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove what killed processes began for the same place."""
    name = re.compile(re.escape(f".{folder.name}.") + "[0-9a-f]{12}")
    for left in (folder.parent / each for each in os.listdir(folder.parent) if name.fullmatch(each)):
        with contextlib.suppress(OSError):
            descriptor = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(descriptor)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"the backup cannot be read: {error}") from error


def _sums(folder: Path) -> dict[str, str]:
    lines = [line.partition("  ") for line in _text(folder / SUMS).splitlines()]
    sums = {name: sha256 for sha256, _, name in lines}
    for name in sums:
        checked_key(name)  # a line may not name a file outside
    return sums


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path.parent} is no backup, or was cut off: {path.name} cannot be read") from error


def _write(path: Path, text: str) -> None:
    with new_file(path) as file:
        file.write(text.encode())


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folders(folder: Path) -> None:
    for each in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        _flush(each)
