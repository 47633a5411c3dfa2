"""Owns the verbs of backups; hides the order in which things are read, checked and put back.

The books are read before the files are listed: no row is without its file because that was made in between, and what
a row names and the list has not is told. A restore puts files back before it commits, so that whatever stops it on the
way leaves the books as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from video_pipeline.domain.backups import BackupFacts, DatabaseDump, Lack, Replaced, Restored
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.inventory import RecordedFile
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.ports import MediaStore
from video_pipeline.store.backup import folder as form
from video_pipeline.store.backup.copies import check_room, compare, lacks, put_back, take_files
from video_pipeline.store.backup.replacing import (
    Ledger,
    check_replaceable,
    check_revision,
    gone,
    keep_others_out,
    ledger,
    make_room,
    mark_restored,
)
from video_pipeline.store.backup.tables import dump_tables, go_on_from, load_tables, next_numbers
from video_pipeline.store.books.inventory import recorded_files
from video_pipeline.store.schema.version import admit_providers, bring_forward
from video_pipeline.store.server.engine import transaction, translated


class PostgresBackups:
    """`ports.Backups` of a database and a media store."""

    def __init__(self, engine: Engine, media: MediaStore, *, replaced: Path | None = None) -> None:
        """Books that are replaced go to a folder in `replaced`, by default beside the backup that takes their place."""
        self._engine = engine
        self._media = media
        self._replaced = replaced

    def make(self, folder: Path, *, with_media: bool = False) -> BackupFacts:
        """Write a backup to `folder`, which must not exist: all of it or nothing.

        InvalidInputError when there is something at `folder`, or it lies in the media store, MachineError when the
        disk refuses.
        """
        if folder.resolve().is_relative_to(self._media.path("here").parent):
            raise InvalidInputError(f"{folder} lies in the media store, which a backup is to hold; give another folder")
        with form.written_aside(folder) as aside:
            with translated(), self._engine.connect() as opened:
                connection = opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with connection.begin():
                    moment, database, recorded = _dump(connection, aside)
            listed, unread = take_files(self._media, aside / form.MEDIA if with_media else None)
            told = {each.key for each in unread}
            lacking = [*unread, *(each for each in lacks(recorded, listed) if each.key not in told)]
            return _sealed(aside, moment, database, listed, lacking, with_media=with_media)

    def check(self, folder: Path) -> BackupFacts:
        """What the backup in `folder` holds, once books and lists are what they were; InvalidInputError otherwise."""
        return form.checked_facts(folder)

    def restore(self, folder: Path, *, replace: bool = False, with_media: bool = False) -> Restored:
        """Make the books what they were, all of it or nothing, after `check`; errors as the port says."""
        facts = self.check(folder)
        if with_media and not facts.has_media:
            raise InvalidInputError(f"the backup {folder} has no files, only a list of them; leave out --media")
        listed = form.listed_media(folder)
        with transaction(self._engine) as connection:
            check_revision(connection, facts.database.revision)
            check_replaceable(connection, replace=replace)
        # A name that was added to a type is of no use to the transaction that adds it.
        names = facts.database.providers
        admit_providers(self._engine, names.get("music_provider", ()), names.get("visual_provider", ()))
        # Before others are kept out: the store remembers the checksums of what does not change until then.
        compare(self._media, listed)
        with transaction(self._engine) as connection:
            _without_limits(connection)
            keep_others_out(connection)
            is_something = check_replaceable(connection, replace=replace)
            missing, changed = compare(self._media, listed)
            wanted = sorted({*missing, *changed}, key=lambda each: each.key) if with_media else []
            check_room(self._media, wanted)
            former = self._kept(connection, folder) if is_something else None
            before = ledger(connection)
            _load(connection, folder, facts.database)
            replaced = _replaced(former, gone(before, connection))
            mended, failed = put_back(self._media, folder / form.MEDIA, wanted)
        with transaction(self._engine) as connection:
            _without_limits(connection)
            connection.execute(text("ANALYZE"))
        return Restored(facts, replaced, missing, changed, mended, failed)

    def _kept(self, connection: Connection, folder: Path) -> Path:
        """Where the books of a locked database were written to before they go.

        With the files as the books themselves describe them: nobody waits behind the locks until all are read.
        """
        there = (self._replaced or folder.parent) / f"replaced-{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}"
        with form.written_aside(there) as aside:
            moment, database, recorded = _dump(connection, aside)
            known = {
                each.key: MediaReference(each.key, each.sha256, each.bytes)
                for each in recorded
                if each.sha256 is not None and each.bytes is not None
            }
            _sealed(aside, moment, database, list(known.values()), [], with_media=False)
        return there


def _dump(connection: Connection, aside: Path) -> tuple[datetime, DatabaseDump, Sequence[RecordedFile]]:
    _without_limits(connection)
    moment: datetime = connection.execute(text("SELECT now()")).scalar_one()
    return moment, dump_tables(connection, aside), recorded_files(connection)


def _sealed(
    aside: Path,
    moment: datetime,
    database: DatabaseDump,
    listed: Sequence[MediaReference],
    lacking: Sequence[Lack],
    *,
    with_media: bool,
) -> BackupFacts:
    size = sum(each.bytes for each in listed)
    facts = BackupFacts(moment, database, len(listed), size, with_media, tuple(lacking))
    form.seal(aside, facts, listed)
    return facts


def _replaced(folder: Path | None, entries: Ledger) -> Replaced:
    return Replaced(folder, len(entries), sum(entries.values(), start=ZERO_USD))


def _load(connection: Connection, folder: Path, database: DatabaseDump) -> None:
    # A number that was given once is not given again: those whom webhooks told would take another event for it.
    numbers = dict(next_numbers(connection))
    for name, number in database.numbers.items():
        numbers[name] = max(number, numbers.get(name, 1))
    make_room(connection, database.revision)
    load_tables(connection, folder, database)
    bring_forward(connection)
    go_on_from(connection, numbers)
    mark_restored(connection)


def _without_limits(connection: Connection) -> None:
    # Of a large installation one table takes longer than a statement of the studio may.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
