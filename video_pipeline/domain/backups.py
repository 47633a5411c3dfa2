"""Owns what a backup says of itself; hides its form as JSON.

Whatever reads a backup from a disk reads it through `BackupFacts.from_json`, which refuses what no backup of ours says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.money import ZERO_USD

FORMAT = 1
"""Of the folder; another number is another program's business."""


@dataclass(frozen=True, slots=True)
class TableDump:
    """The rows of one table, in a file of its own."""

    name: str
    columns: tuple[str, ...]  # in the order of the file; computed ones are not in it
    rows: int


@dataclass(frozen=True, slots=True)
class DatabaseDump:
    """The books at one moment."""

    revision: str  # of the schema
    server: str  # the version of PostgreSQL
    tables: tuple[TableDump, ...]  # each behind those to which it refers
    numbers: Mapping[str, int]  # the next number of each numbered column, such as job_events.id
    providers: Mapping[str, tuple[str, ...]]  # the names that each type of provider has


@dataclass(frozen=True, slots=True)
class Lack:
    """A file of the media store that is not as it should be, or could not be used."""

    key: str
    why: str  # for people


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What a backup holds."""

    created_at: datetime  # the moment of the books
    database: DatabaseDump
    files: int  # of the media store
    bytes: int  # of these files
    has_media: bool  # the files are in the backup as well, not only what they are
    lacking: tuple[Lack, ...] = ()  # files that the books name, or that were there, and that the backup could not take

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"format": FORMAT, **asdict(self), "created_at": self.created_at.isoformat()}

    @classmethod
    def from_json(cls, value: Any) -> BackupFacts:
        """The facts in `value`; InvalidInputError when it is no such thing."""
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise InvalidInputError(f"this is no backup of the format {FORMAT}")
        try:
            books = value["database"]
            tables = tuple(TableDump(t["name"], tuple(t["columns"]), int(t["rows"])) for t in books["tables"])
            return cls(
                created_at=datetime.fromisoformat(value["created_at"]),
                database=DatabaseDump(
                    revision=str(books["revision"]),
                    server=str(books["server"]),
                    tables=tables,
                    numbers={str(name): int(number) for name, number in books["numbers"].items()},
                    providers={str(name): tuple(map(str, names)) for name, names in books["providers"].items()},
                ),
                files=int(value["files"]),
                bytes=int(value["bytes"]),
                has_media=bool(value["has_media"]),
                lacking=tuple(Lack(str(each["key"]), str(each["why"])) for each in value.get("lacking", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInputError(f"what this backup says of itself cannot be read: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a restore took away."""

    folder: Path | None  # a backup of the books that were there; None when there was nothing
    entries: int = 0  # of the ledger, which the restored books do not have
    paid_usd: Decimal = ZERO_USD  # by these entries, to vendors


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, and what it found in the media store."""

    facts: BackupFacts
    replaced: Replaced
    missing: tuple[MediaReference, ...]  # in the backup's list and not in the store
    changed: tuple[MediaReference, ...]  # there, and not what they were
    put_back: tuple[MediaReference, ...]  # missing or changed ones that the backup had
    failed: tuple[Lack, ...]  # missing or changed ones that could not be put back
