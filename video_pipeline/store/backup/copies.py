"""Owns the files of the media store as a backup has them; hides how one is read while others write, and put back."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from video_pipeline.domain.backups import Lack
from video_pipeline.domain.errors import InvalidInputError, MachineError, MediaError, NotFoundError, StudioError
from video_pipeline.domain.inventory import RecordedFile
from video_pipeline.domain.media import MediaReference, is_unfinished
from video_pipeline.ports import MediaStore
from video_pipeline.store.backup.folder import new_file, sha256_of

_TRIES = 3
_CHUNK_BYTES = 1 << 20


def take_files(media: MediaStore, copies: Path | None) -> tuple[list[MediaReference], list[Lack]]:
    """The files of the store as they are now, each copied below `copies` if that is given, and those not to be read.

    What is still being written is left out. OSError when `copies` takes no more.
    """
    taken, lacking = [], []
    for key in media.all_keys():
        if is_unfinished(key):
            continue
        try:
            taken.append(_taken(media.path(key), key, None if copies is None else copies / key))
        except FileNotFoundError:
            continue  # it went in the meantime
        except InvalidInputError:
            continue  # nothing of ours: its name is no key
        except MediaError as error:
            lacking.append(Lack(key, str(error)))
    return taken, lacking


def lacks(recorded: Iterable[RecordedFile], taken: Iterable[MediaReference]) -> list[Lack]:
    """What the books name and the backup has not, or has otherwise."""
    held = {each.key: each.sha256 for each in taken}
    found = {}
    for file in recorded:
        if file.key not in held:
            found[file.key] = f"the books name this {file.what}, and it was not in the media store"
        elif file.sha256 not in (None, held[file.key]):
            found[file.key] = f"it is not the {file.what} that the books name"
    return [Lack(key, why) for key, why in sorted(found.items())]


def compare(
    media: MediaStore, listed: Iterable[MediaReference]
) -> tuple[tuple[MediaReference, ...], tuple[MediaReference, ...]]:
    """Those of the files that the store has not, and those that are others there or cannot be read."""
    missing: list[MediaReference] = []
    changed: list[MediaReference] = []
    for each in listed:
        try:
            right, there = media.holds(each), os.path.lexists(media.path(each.key))
        except (OSError, InvalidInputError):  # a disk that fails, or a link that leads out of the store
            right, there = False, True
        if not right:
            (changed if there else missing).append(each)
    return tuple(missing), tuple(changed)


def check_room(media: MediaStore, wanted: Iterable[MediaReference]) -> None:
    """MachineError when the disk of the store has no room for these files."""
    root = media.path("here").parent
    there = next(each for each in (root, *root.parents) if each.exists())
    needed, free = sum(each.bytes for each in wanted), shutil.disk_usage(there).free
    if needed > free:
        raise MachineError(
            f"the files to put back have {needed} bytes, and the disk of {root} has room for {free}; "
            "make room, or restore without --media first; nothing was changed"
        )


def put_back(
    media: MediaStore, copies: Path, wanted: Iterable[MediaReference]
) -> tuple[tuple[MediaReference, ...], tuple[Lack, ...]]:
    """Put these files into the store, each that can be; those that were, and why others were not."""
    done, failed = [], []
    for each in wanted:
        try:
            _put_back(media, copies / each.key, each)
            done.append(each)
        except (StudioError, OSError) as error:
            failed.append(Lack(each.key, str(error)))
    return tuple(done), tuple(failed)


def _put_back(media: MediaStore, copy: Path, file: MediaReference) -> None:
    with media.scratch(uuid4()) as scratch:
        made = scratch / "copy"
        try:
            shutil.copyfile(copy, made)
        except FileNotFoundError as error:
            raise NotFoundError("the backup has no copy of it") from error
        if sha256_of(made) != file.sha256:
            raise MediaError("its copy in the backup is not what was written")
        media.adopt(made, file.key, sha256=file.sha256)


def _taken(source: Path, key: str, copy: Path | None) -> MediaReference:
    """The file, read once, under a second name or copied; MediaError when it cannot be read or does not stand still."""
    for _ in range(_TRIES):
        try:
            found = _read_once(source, key, copy)
        except MediaError:
            _forget(copy)
            raise
        if found is not None:
            return found
        _forget(copy)
    raise MediaError("somebody wrote to it while it was read")


def _read_once(source: Path, key: str, copy: Path | None) -> MediaReference | None:
    if copy is None:
        with _opened(source) as file:
            return _read(file, key, None)
    if _linked(source, copy):
        with _opened(copy) as file:
            return _read(file, key, None)
    with _opened(source) as file, new_file(copy) as out:
        return _read(file, key, out)


def _forget(copy: Path | None) -> None:
    if copy is not None:
        copy.unlink(missing_ok=True)


def _read(file: BinaryIO, key: str, out: BinaryIO | None) -> MediaReference | None:
    """What was read, and written to `out`; None when it was written to meanwhile."""
    before, digest, size = os.fstat(file.fileno()), hashlib.sha256(), 0
    for chunk in _chunks(file):
        digest.update(chunk)
        size += len(chunk)
        if out is not None:
            out.write(chunk)
    after = os.fstat(file.fileno())
    stood_still = (before.st_size, before.st_mtime_ns) == (size, after.st_mtime_ns)
    return MediaReference(key, digest.hexdigest(), size) if stood_still else None


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    try:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise MediaError(f"it cannot be read: {error.strerror}") from error


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MediaError(f"it cannot be read: {error.strerror}") from error


def _linked(source: Path, target: Path) -> bool:
    """Give the bytes of `source` a second name where the disk can: nothing in the store is written to."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True
