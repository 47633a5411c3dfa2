"""Owns the folder of a backup; hides how it comes to be at once or not at all, and how damage is seen.

    SHA256SUMS        of every other file, as `sha256sum --check` reads it; written last
    backup.json       what it holds: `domain.backups`
    database/*.copy   the rows of a table each
    media.jsonl       key, bytes and checksum of each file of the media store
    media/<key>       the files themselves, if they were asked for

Only its owner may look into it: the books hold the secrets of webhooks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
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
        aside.mkdir(mode=0o700)
        try:
            yield aside
            _flush_folders(aside)
            aside.rename(folder)
            _flush(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise MachineError(f"the backup could not be written: {error}") from error


def seal(folder: Path, facts: BackupFacts, media: Sequence[MediaReference]) -> None:
    """Write what the backup holds and the checksums of it all."""
    lines = (json.dumps({"key": each.key, "bytes": each.bytes, "sha256": each.sha256}) + "\n" for each in media)
    (folder / FILES).write_text("".join(lines), encoding="utf-8")
    (folder / FACTS).write_text(json.dumps(facts.to_json(), indent=1) + "\n", encoding="utf-8")
    known = {f"{MEDIA}/{each.key}": each.sha256 for each in media}
    names = [path.relative_to(folder).as_posix() for path in _files(folder)]
    sums = [f"{known.get(name) or sha256_of(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")
    for path in _files(folder):
        _flush(path)


def checked_facts(folder: Path) -> BackupFacts:
    """What the backup holds, if every file that it had is there and what it was; InvalidInputError otherwise."""
    sums = _sums(folder)
    for name, sha256 in sums.items():
        path = folder / name
        if not path.is_file():
            raise InvalidInputError(f"the backup {folder} is damaged: {name} is missing")
        if sha256_of(path) != sha256:
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
