"""Owns finished pieces of work on disk, found again by the hash of what went into them; hides layout and eviction.

    root/entries/ab/abcdef...      one file a piece, never changed after it appeared
    root/sessions/<random>/        hard links to what one render uses, beside a lock that lives as long as it does

A piece is written in the session's directory and linked into the entries when it is whole: a killed process leaves
whole pieces or nothing, and evicting an entry that a render still uses only removes its second name. Every method is
safe in several processes at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zlib import crc32

log = logging.getLogger(__name__)

DEFAULT_LIMIT_BYTES = 8 * 2**30


def key_of(what: Any) -> str:
    """The key of a piece: the SHA-256 of the JSON of everything that decides its content."""
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()


_BULKY = "bulky-"


def bulky(key: str) -> str:
    """The key for a piece that is large for the time it takes to make it again; when room is needed it goes first."""
    return _BULKY + key


@dataclass(frozen=True, slots=True)
class Session:
    """The pieces that one render uses; picklable, so that worker processes add to it."""

    root: Path
    own: Path

    def find(self, key: str) -> Path | None:
        """The piece, kept alive until the session ends; None when there is none."""
        mine, entry = self.own / key, _entry(self.root, key)
        if mine.exists():
            return mine
        try:
            _link(entry, mine)
        except (FileNotFoundError, PermissionError):  # it may be somebody else's alone
            return None
        except FileExistsError:  # another thread or worker of this session found it just now
            return mine
        with suppress(OSError):
            os.utime(mine)  # both names share one time: the entry was used now
        return mine

    def add(self, key: str, write: Callable[[Path], object]) -> Path:
        """Let `write` make the piece; it appears under `key` when it is whole."""
        mine, entry = self.own / key, _entry(self.root, key)
        part = self.own / f"{key}.{uuid.uuid4().hex}.part"
        try:
            write(part)
            part.replace(mine)
        finally:
            part.unlink(missing_ok=True)
        with _best_effort("keep", entry):
            entry.parent.mkdir(parents=True, exist_ok=True)
            _link(mine, entry)
        return mine

    def add_json(self, key: str, content: Any) -> None:
        """Keep a small piece as JSON."""
        body = json.dumps(content).encode()
        self.add(key, lambda path: path.write_bytes(_check(body) + body))

    def find_json(self, key: str) -> Any:
        """The content of a small piece; None when there is none, or when it was damaged since it was kept."""
        kept = self.find(key)
        if kept is None:
            return None
        check, body = _parted(kept.read_bytes())
        if check != _check(body):
            self.drop(key)
            return None
        return json.loads(body)

    def drop(self, key: str) -> None:
        """Forget a piece that turned out to be damaged."""
        (self.own / key).unlink(missing_ok=True)
        with _best_effort("remove", entry := _entry(self.root, key)):
            entry.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Cache:
    """Pieces under `root`; the least recently used go when a session ends and they exceed `limit_bytes`."""

    root: Path
    limit_bytes: int = DEFAULT_LIMIT_BYTES

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Use the cache for one render; what it used may be evicted afterwards."""
        own, lock = self._opened()
        with lock:
            try:
                yield Session(self.root, own)
            finally:
                shutil.rmtree(own, ignore_errors=True)
                self.evict()

    def _opened(self) -> tuple[Path, IO[str]]:
        """A directory and the lock on it."""
        while True:
            own = self.root / "sessions" / uuid.uuid4().hex
            own.mkdir(parents=True)
            lock = (own / "lock").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock.fileno()).st_nlink:
                return own, lock
            # Between making its lock and holding it, it looked like the session of a dead process to somebody.
            lock.close()

    def evict(self) -> None:
        """Remove the sessions of dead processes, and entries above the limit: bulky ones, then the least recently used.

        What cannot be removed stays and is logged: what a render has finished must not be lost for that.
        """
        for own in _directories(self.root / "sessions"):
            with _best_effort("remove", own):
                _remove_if_dead(own)
        entries = []
        for shelf in _directories(self.root / "entries"):
            for path in _inside(shelf):
                with _best_effort("look at", path):
                    facts = path.stat()
                    entries.append((not path.name.startswith(_BULKY), facts.st_mtime_ns, facts.st_size, path))
        excess = sum(size for _, _, size, _ in entries) - self.limit_bytes
        for _, _, size, path in sorted(entries):
            if excess <= 0:
                return
            with _best_effort("remove", path):
                path.unlink(missing_ok=True)
                excess -= size


def _entry(root: Path, key: str) -> Path:
    return root / "entries" / key[:2] / key


def _check(body: bytes) -> bytes:
    return b"%08x\n" % crc32(body)


def _parted(content: bytes) -> tuple[bytes, bytes]:
    end = content.find(b"\n") + 1
    return content[:end], content[end:]


def _inside(folder: Path) -> list[Path]:
    found: list[Path] = []
    with _best_effort("look into", folder):
        found.extend(folder.iterdir())
    return found


def _directories(folder: Path) -> list[Path]:
    return [path for path in _inside(folder) if path.is_dir()]


@contextmanager
def _best_effort(verb: str, path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, FileExistsError):  # another process does the same
        return
    except OSError as error:
        log.warning("the cache cannot %s %s: %s", verb, path, error)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # a file system without hard links
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
        shutil.copyfile(source, part)
        part.replace(target)


_YOUNG_S = 60
"""A session younger than this may not hold its lock yet."""


def _remove_if_dead(own: Path) -> None:
    try:
        if time.time() - own.stat().st_mtime < _YOUNG_S and not (own / "lock").exists():
            return
        with (own / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(own, ignore_errors=True)
    except BlockingIOError:
        return
