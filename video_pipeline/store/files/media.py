"""Owns files under one root; hides checksums, durability and the places where files are made.

A file appears under its key complete or not at all: it is made in a scratch directory on the same file system, flushed
to the disk and renamed. Nothing is ever written in place, so two keys may share the bytes of one file.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

from video_pipeline.domain.errors import CancelledError, InvalidInputError, MachineError, MediaError, NotFoundError
from video_pipeline.domain.media import MediaReference
from video_pipeline.ports import IsCancelled
from video_pipeline.store.files.keys import checked_key
from video_pipeline.store.files.parts import Parts

_SCRATCH = ".scratch"
_LOCKS = ".locks"  # not swept, because their names are used again


class LocalMediaStore(Parts):
    """`ports.MediaStore` in a directory; safe to share between threads and processes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._known: dict[tuple[str, int, int, int], str] = {}  # file, inode, mtime and size to checksum
        self._guard = threading.Lock()

    def path(self, key: str) -> Path:
        """Where `key` is, or would be; InvalidInputError when it would leave the store, also by a link."""
        root = self.root.resolve()
        path = root / checked_key(key)
        if not path.resolve().is_relative_to(root):
            raise InvalidInputError(f"{key!r} leads out of the media store")
        return path

    def locate(self, media: MediaReference) -> Path:
        """The file of `media`; NotFoundError when it is missing, MediaError when its size differs."""
        path = self.path(media.key)
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError(f"{media.key} is not in the media store {self.root}") from error
        if not stat.S_ISREG(status.st_mode):
            raise MediaError(f"{media.key} is not a file")
        if status.st_size != media.bytes:
            raise MediaError(f"{media.key} has {status.st_size} bytes, recorded are {media.bytes}")
        return path

    def holds(self, media: MediaReference) -> bool:
        """True when the file is there with the recorded size and checksum."""
        try:
            return self._checksum(self.locate(media)) == media.sha256
        except (NotFoundError, MediaError, FileNotFoundError):
            return False

    def adopt(self, made: Path, key: str, *, sha256: str = "") -> MediaReference:
        """Move a finished file in as `key`, replacing what was there.

        `sha256` is the checksum that its maker took while writing; without one the file is read for it, and it is read
        in any case when it has to be copied from another disk.

        NotFoundError when `made` is missing, MediaError when it is empty, no plain file or not what its checksum says,
        MachineError when the disk refuses. After a crash the key holds the old file or the new one, never a part.
        """
        target = self.path(key)
        with _disk_errors(key), self._workspace("adopt") as workspace:
            movable = made.lstat().st_dev == self.root.stat().st_dev and _plain(made)
            source = made if movable else _copied(made, workspace / target.name)
            found, size = _flushed(source, sha256 if movable else "")
            if sha256 and found != sha256:
                raise MediaError(f"{made.name} is not what was made: it changed since, or while it was copied")
            _put(source, target)
            if source is not made:
                made.unlink()
        return MediaReference(key, found, size)

    def duplicate(self, media: MediaReference, key: str) -> MediaReference:
        """Give the file of `media` a second name; the bytes are shared where the file system can.

        NotFoundError or MediaError when the file is not what was recorded.
        """
        source, target = self.locate(media), self.path(key)
        with _disk_errors(key), self._workspace("duplicate") as workspace:
            twin = workspace / target.name
            try:
                os.link(source, twin)
            except OSError:
                _copied(source, twin)
            sha256, size = _flushed(twin)
            if sha256 != media.sha256:
                raise MediaError(f"{media.key} has changed since it was recorded; it was not copied to {key}")
            _put(twin, target)
        return MediaReference(key, sha256, size)

    @contextlib.contextmanager
    def scratch(self, job_id: UUID) -> Iterator[Path]:
        """A directory of its own for one attempt, on the store's file system, removed afterwards.

        Those that killed processes left behind are removed first.
        """
        with self._workspace(str(job_id)) as workspace:
            yield workspace

    def remove(self, key: str) -> None:
        """Delete `key`; nothing happens when it is not there, InvalidInputError when it is a directory."""
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except (IsADirectoryError, PermissionError) as error:
            raise InvalidInputError(f"{key!r} cannot be deleted: {error.strerror}") from error

    @contextlib.contextmanager
    def lock(self, key: str, cancelled: IsCancelled = lambda: False) -> Iterator[None]:
        """Keep others from making `key` meanwhile, in this process and in all others of this machine; waits for them.

        It ends with the process that holds it. Only those who ask for it are kept out. CancelledError when `cancelled`
        says so while it waits.
        """
        base = self.root / _LOCKS
        base.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(str(checked_key(key)).encode()).hexdigest()
        with _mark(base / f"{name}.lock", lambda: _stop_if(key, cancelled)):
            yield

    def keys(self, prefix: str) -> list[str]:
        """The keys of all files that begin with `prefix`, in alphabetical order.

        InvalidInputError unless `prefix` is a key, or one with a slash behind it.
        """
        folder = self.path(prefix.removesuffix("/"))
        found = self._below(folder if prefix.endswith("/") else folder.parent)
        return sorted(key for key in found if key.startswith(prefix))

    def all_keys(self) -> list[str]:
        """Where all files are, in alphabetical order, also those that others put there and that have no key.

        Names that begin with a dot, at the top, belong to the store itself.
        """
        return sorted(key for key in self._below(self.root.resolve()) if not key.startswith("."))

    def _below(self, top: Path) -> Iterator[str]:
        root = self.root.resolve()
        for directory, _, names in os.walk(top):
            files = (Path(directory, name) for name in names)
            yield from (file.relative_to(root).as_posix() for file in files if os.path.isfile(file))

    def _checksum(self, path: Path) -> str:
        status = path.stat()
        fact = (str(path), status.st_ino, status.st_mtime_ns, status.st_size)
        with self._guard:
            known = self._known.get(fact)
        if known is None:
            with path.open("rb") as file:
                known = hashlib.file_digest(file, "sha256").hexdigest()
            with self._guard:
                self._known[fact] = known
        return known

    @contextlib.contextmanager
    def _workspace(self, purpose: str) -> Iterator[Path]:
        base = self.root / _SCRATCH
        base.mkdir(parents=True, exist_ok=True)
        _sweep(base)
        with _mark(base / f"{purpose}-{uuid4().hex[:12]}.lock") as mark:
            workspace = mark.with_suffix("")
            workspace.mkdir()
            try:
                yield workspace
            finally:
                shutil.rmtree(workspace, ignore_errors=True)


def _stop_if(key: str, cancelled: IsCancelled) -> None:
    if cancelled():
        raise CancelledError(f"{key} was cancelled while somebody else made it")


@contextlib.contextmanager
def _mark(path: Path, poll: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Hold a lock file, by which others see that this process lives; a killed process loses the lock with its life."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _wait_for(descriptor, poll)
        except BaseException:  # an interrupt while waiting
            os.close(descriptor)
            raise
        # Somebody may have taken the file away between the two calls: then the lock is on a file without a name.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                break
        os.close(descriptor)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _wait_for(descriptor: int, poll: Callable[[], None]) -> None:
    asked = time.monotonic()
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOOK_S)
        if time.monotonic() >= asked:
            poll()
            asked = time.monotonic() + _ASK_S


_LOOK_S = 0.02
_ASK_S = 0.5
"""Asking whether to stop may cost a question to the database."""


def _sweep(base: Path) -> None:
    """Remove the scratch directories of processes that are gone."""
    for mark in base.glob("*.lock"):
        with contextlib.suppress(OSError):
            descriptor = os.open(mark, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(mark.with_suffix(""), ignore_errors=True)
                mark.unlink(missing_ok=True)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def _disk_errors(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"{error.filename} is not there; {key} was not stored") from error
    except OSError as error:
        raise MachineError(f"{key} could not be stored: {error}") from error


def _plain(path: Path) -> bool:
    """True for a file with one name, of which nobody else holds the bytes."""
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _copied(source: Path, target: Path) -> Path:
    if not stat.S_ISREG(source.lstat().st_mode):
        raise MediaError(f"{source} is not a plain file")
    shutil.copyfile(source, target)
    return target


def _put(made: Path, target: Path) -> None:
    """Rename a flushed file to its key; the name is on the disk when this returns."""
    there = target.parent
    while not there.exists():
        there = there.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    made.replace(target)
    directory = target.parent
    _flush_directory(directory)
    while directory != there:  # a new directory is safe once the one above knows of it
        directory = directory.parent
        _flush_directory(directory)


def _flush_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flushed(path: Path, known: str = "") -> tuple[str, int]:
    """Checksum and size of a file whose bytes are on the disk; MediaError when it is empty.

    It is not read when its checksum is `known`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        sha256 = known or hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
        os.fsync(file.fileno())
    if not size:
        raise MediaError(f"{path.name} is empty")
    return sha256, size
