"""Owns the verbs of backups; hides the order in which things are read, checked and put back.

The books are read before the files are listed: a file that a row of the backup names may have gone by then, and is told
as missing after a restore, but no row is without its file because that was made in between.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, text

from video_pipeline.domain.backups import BackupFacts, DatabaseDump, Restored
from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.media import MediaReference
from video_pipeline.ports import MediaStore
from video_pipeline.store.backup import folder as form
from video_pipeline.store.backup.replacing import check_replaceable, check_revision, keep_others_out, make_room
from video_pipeline.store.backup.tables import dump_tables, go_on_from, load_tables, next_numbers
from video_pipeline.store.schema.version import admit_providers, bring_forward
from video_pipeline.store.server.engine import transaction, translated


class PostgresBackups:
    """`ports.Backups` of a database and a media store."""

    def __init__(self, engine: Engine, media: MediaStore) -> None:
        self._engine = engine
        self._media = media

    def make(self, folder: Path, *, with_media: bool = False) -> BackupFacts:
        """Write a backup to `folder`, which must not exist: all of it or nothing.

        InvalidInputError when there is something at `folder`, or it lies in the media store, MachineError when the
        disk refuses.
        """
        if folder.resolve().is_relative_to(self._media.path("here").parent):
            raise InvalidInputError(f"{folder} lies in the media store, which a backup is to hold; give another folder")
        with form.written_aside(folder) as aside:
            moment, database = self._dump(aside)
            listed = list(self._listed(aside / form.MEDIA if with_media else None))
            facts = BackupFacts(moment, database, len(listed), sum(each.bytes for each in listed), with_media)
            form.seal(aside, facts, listed)
        return facts

    def check(self, folder: Path) -> BackupFacts:
        """What the backup in `folder` holds, once all its files are what they were; InvalidInputError otherwise."""
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
        with transaction(self._engine) as connection:
            _without_limits(connection)
            keep_others_out(connection)
            check_replaceable(connection, replace=replace)
            _load(connection, folder, facts.database)
        with transaction(self._engine) as connection:
            _without_limits(connection)
            connection.execute(text("ANALYZE"))
        return self._compared(folder, facts, listed, put_back=with_media)

    def _dump(self, aside: Path) -> tuple[datetime, DatabaseDump]:
        with translated(), self._engine.connect() as opened:
            connection = opened.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                _without_limits(connection)
                moment: datetime = connection.execute(text("SELECT now()")).scalar_one()
                return moment, dump_tables(connection, aside)

    def _listed(self, copies: Path | None) -> Iterator[MediaReference]:
        """The files of the store as they are now, each copied below `copies` if that is given."""
        for key in self._media.all_keys():
            try:
                path = self._media.path(key)
                held = path if copies is None else _copied(path, copies / key)
                yield MediaReference(key, form.sha256_of(held), held.stat().st_size)
            except FileNotFoundError:
                continue  # it went in the meantime
            except InvalidInputError:
                continue  # nothing of ours: its name is no key

    def _compared(self, folder: Path, facts: BackupFacts, listed: list[MediaReference], *, put_back: bool) -> Restored:
        wrong = [each for each in listed if not self._media.holds(each)]
        missing = tuple(each for each in wrong if not self._media.path(each.key).exists())
        changed = tuple(each for each in wrong if each not in missing)
        if put_back:
            for each in wrong:
                self._put_back(folder / form.MEDIA / each.key, each)
        return Restored(facts, missing, changed, tuple(wrong) if put_back else ())

    def _put_back(self, copy: Path, media: MediaReference) -> None:
        if not copy.is_file():
            raise NotFoundError(f"the backup lists {media.key}, and has no copy of it")
        with self._media.scratch(uuid4()) as scratch:
            made = scratch / "copy"
            shutil.copyfile(copy, made)
            self._media.adopt(made, media.key, sha256=media.sha256)


def _load(connection: Connection, folder: Path, database: DatabaseDump) -> None:
    # A number that was given once is not given again: those whom webhooks told would take another event for it.
    numbers = dict(next_numbers(connection))
    for name, number in database.numbers.items():
        numbers[name] = max(number, numbers.get(name, 1))
    make_room(connection, database.revision)
    load_tables(connection, folder, database)
    bring_forward(connection)
    go_on_from(connection, numbers)


def _without_limits(connection: Connection) -> None:
    # Of a large installation one table takes longer than a statement of the studio may.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _copied(source: Path, target: Path) -> Path:
    """A second name for the bytes of `source` where the disk can, else a copy: nothing in the store is written to."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
    return target
