"""Owns which files there should be, and what is wrong with those that there are; hides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Fault(StrEnum):
    """What can be wrong with a file."""

    MISSING = "missing"  # in the books, and not in the store
    CHANGED = "changed"  # there, and not what the books say
    UNREADABLE = "unreadable"  # there, and the disk does not give it back
    ORPHANED = "orphaned"  # there, and in no book


ADVICE = {
    Fault.MISSING: "put it back from a backup (maintenance restore DIR --media), or have it made anew by an edit",
    Fault.CHANGED: "put it back from a backup (maintenance restore DIR --media), or have it made anew by an edit",
    Fault.UNREADABLE: "look after the disk and its rights first, and check again",
    Fault.ORPHANED: "somebody died before recording it, or put it there by hand: remove it when nobody misses it",
}
"""What to do, for people."""


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file that a row of the books names."""

    job_id: UUID | None  # None for a picture that stands alone
    what: str  # track, image, clip, earlier image, earlier clip, bed, master, export, upload, thumbnail
    key: str  # of the media store
    bytes: int | None  # None where nobody measured it, as in the sums of thumbnails
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the books know of files, at one moment."""

    jobs: frozenset[UUID]
    files: tuple[RecordedFile, ...]
    receiving: frozenset[UUID]  # uploads in pieces; the file of one may be whole and not yet recorded


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with one file."""

    fault: Fault
    key: str
    what: str  # the kind of a recorded file; of another one nothing
    job_id: UUID | None
    detail: str  # for people


@dataclass(frozen=True, slots=True)
class FileCount:
    """How many files of a kind there are."""

    what: str
    recorded: int
    bytes: int  # as recorded
    intact: int  # of them, in the store as far as was looked


@dataclass(frozen=True, slots=True)
class Check:
    """What a look at books and store found."""

    findings: Sequence[Finding]
    counts: Sequence[FileCount]
    beside: int  # files that belong to no book, and rightly so
    young: int  # files in no book that are too new to be judged: somebody may be about to record them
    deep: bool  # contents were read as well

    @property
    def passed(self) -> bool:
        """True when nothing is wrong."""
        return not self.findings
