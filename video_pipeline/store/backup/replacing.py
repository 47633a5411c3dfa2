"""Owns whether the books may be replaced, making room for others and what goes with them; hides locks and triggers.

Everything here is undone with the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy import Connection, Table, case, func, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InternalError, OperationalError

from video_pipeline.domain.errors import ConflictError, InvalidInputError
from video_pipeline.domain.money import LedgerEntry
from video_pipeline.store.backup.tables import columns_of
from video_pipeline.store.books.base import CHANNELS, INSTALLATION, JOBS, LEDGER, LICENCES
from video_pipeline.store.books.fences import held_jobs
from video_pipeline.store.books.orders import jobs_with_live_orders
from video_pipeline.store.schema.tables import ApiKey, User, Webhook
from video_pipeline.store.schema.version import current_revision, is_known, rebuild

Ledger = Mapping[tuple[int, datetime], Decimal]

_LOSABLE: dict[str, Table] = {
    "jobs": JOBS,
    "entries of money": LEDGER,
    "licences": LICENCES,
    "channels": CHANNELS,
    **{name: cast(Table, kind.__table__) for name, kind in (("users", User), ("keys", ApiKey), ("webhooks", Webhook))},
}
"""What somebody made, and would miss."""

_PATIENCE_MS = 10_000
"""A transaction of the studio takes milliseconds; whoever holds a table longer than this is no friend of a restore."""


def check_revision(connection: Connection, revision: str) -> None:
    """InvalidInputError when the schema of a backup is one that this version of the package does not know."""
    if not is_known(connection, revision):
        raise InvalidInputError(
            f"the backup has the schema {revision}, which this version does not know; "
            "restore it with the version of video-pipeline that made it, or a newer one"
        )


def check_replaceable(connection: Connection, *, replace: bool) -> bool:
    """True when there is something that a restore replaces.

    ConflictError while a job is worked on, when there is something unless it may go, and when a table of somebody else
    refers to one of ours.
    """
    held = [*held_jobs(connection), *jobs_with_live_orders(connection, true())]
    if held:
        raise ConflictError(
            f"job {held[0]} is being worked on; stop the studio, or wait until nothing is, and restore then"
        )
    _check_references(connection)
    there = ", ".join(f"{count} {what}" for what, table in _LOSABLE.items() if (count := _count(connection, table)))
    if there and not replace:
        raise ConflictError(
            f"the database has {there}, which a restore replaces; say that it may: --replace "
            "(what is there is written to a backup of its own before)"
        )
    return bool(there)


def _check_references(connection: Connection) -> None:
    query = text(
        "SELECT conrelid::regclass, conname, confrelid::regclass FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid = ANY(CAST(:ours AS regclass[])) AND conrelid <> ALL(CAST(:ours AS regclass[])) LIMIT 1"
    )
    foreign = connection.execute(query, {"ours": [f'"{name}"' for name in columns_of(connection)]}).one_or_none()
    if foreign is not None:
        table, name, ours = foreign
        raise ConflictError(
            f"the table {table} is none of the studio's and refers to {ours}, which a restore replaces; "
            f'say ALTER TABLE {table} DROP CONSTRAINT "{name}", restore, and add it again'
        )


def keep_others_out(connection: Connection) -> None:
    """Lock all tables until the end of the transaction; ConflictError when somebody uses one for long."""
    connection.execute(text(f"SET LOCAL lock_timeout = {_PATIENCE_MS}"))
    try:
        connection.execute(text(f"LOCK TABLE {_tables(connection)} IN ACCESS EXCLUSIVE MODE"))
    except OperationalError as error:
        raise ConflictError("somebody uses the database; stop the studio, and restore then") from error


def make_room(connection: Connection, revision: str) -> None:
    """Empty all tables, and give them the schema that they had at `revision`."""
    for able in ("DISABLE", "ENABLE"):  # the history and the ledger refuse to be emptied, as they should
        for name in columns_of(connection):
            connection.execute(text(f'ALTER TABLE "{name}" {able} TRIGGER USER'))
        if able == "DISABLE":
            connection.execute(text(f"TRUNCATE {_tables(connection)}"))
    if revision != current_revision(connection):
        try:
            rebuild(connection, revision)
        except InternalError as error:
            raise ConflictError(
                f"something that is none of the studio's stands on its tables: {str(error.orig).strip()}; "
                "remove it, and restore then"
            ) from error


def ledger(connection: Connection) -> Ledger:
    """The entries of the ledger, each by its number and moment, and what each says was paid."""
    paid = case((LEDGER.c.entry == LedgerEntry.SETTLE, LEDGER.c.amount), else_=0)
    rows = connection.execute(select(LEDGER.c.id, LEDGER.c.created_at, paid))
    return {(number, moment): amount for number, moment, amount in rows}


def gone(before: Ledger, connection: Connection) -> Ledger:
    """Those of the entries that the ledger has no more."""
    now = ledger(connection)
    return {entry: amount for entry, amount in before.items() if entry not in now}


def mark_restored(connection: Connection) -> None:
    """Write down that the books were put back, by which runs of before are told from those that come now."""
    values = {"restored_at": func.clock_timestamp()}
    once = insert(INSTALLATION).values(id=1, **values)
    connection.execute(once.on_conflict_do_update(index_elements=["id"], set_=values))


def _tables(connection: Connection) -> str:
    return ", ".join(f'"{name}"' for name in columns_of(connection))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
