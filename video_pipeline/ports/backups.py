"""Owns the verbs of backups; hides how rows and files are written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from video_pipeline.domain.backups import BackupFacts, Restored


class Backups(Protocol):
    """Copies of the books, with a list of the files that belong to them or the files themselves."""

    def make(self, folder: Path, *, with_media: bool = False) -> BackupFacts:
        """Write a backup to `folder`, which must not exist: all of it or nothing.

        The books are as they were at one moment; the list of files is taken after it. What the books name and the list
        has not, and what cannot be read, is told. InvalidInputError when there is something at `folder`, MachineError
        when the disk refuses.
        """
        ...

    def check(self, folder: Path) -> BackupFacts:
        """What the backup in `folder` holds, once books and lists are what they were; InvalidInputError otherwise."""
        ...

    def restore(self, folder: Path, *, replace: bool = False, with_media: bool = False) -> Restored:
        """Make the books what they were, all of it or nothing, after `check`; the books of before go into a backup.

        ConflictError when there are jobs, users or anything else that somebody made, unless `replace`, while a job is
        worked on, and when tables of others stand on the studio's. InvalidInputError when the backup is damaged or of
        another schema than can be restored. With `with_media` files that are missing from the media store, or changed,
        are put back from the backup, each that can be, before the books change; MachineError when there is no room.
        """
        ...
