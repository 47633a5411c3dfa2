"""Owns rows to files and back, by COPY; hides quoting, computed columns and numbered ones.

COPY needs no program of PostgreSQL's on this machine and no right but that to the tables, so a backup of the embedded
server can be restored into a configured one, and the other way round.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy import Connection, text

from video_pipeline.domain.backups import DatabaseDump, TableDump
from video_pipeline.domain.errors import InvalidInputError, MachineError
from video_pipeline.store.backup.folder import table_file
from video_pipeline.store.schema.tables import Base
from video_pipeline.store.schema.version import current_revision, known_providers

PROVIDER_TYPES = ("music_provider", "visual_provider")
_OPTIONS = sql.SQL("(FORMAT text, ENCODING 'UTF8')")


def dump_tables(connection: Connection, folder: Path) -> DatabaseDump:
    """Write a file for each table of the newest schema, as one snapshot sees it: the transaction repeats its reads."""
    tables = []
    for table in Base.metadata.sorted_tables:
        columns = tuple(column.name for column in table.columns if column.computed is None)
        key = tuple(column.name for column in table.primary_key)
        path = folder / table_file(table.name)
        path.parent.mkdir(exist_ok=True)
        # In the order of the key, so that the same books are the same bytes.
        what = sql.SQL("(SELECT {} FROM {} ORDER BY {})").format(
            _names(columns), sql.Identifier(table.name), _names(key)
        )
        with path.open("wb") as file:
            rows = _copy(connection, sql.SQL("COPY {} TO STDOUT {}").format(what, _OPTIONS), file)
        tables.append(TableDump(table.name, columns, rows))
    return DatabaseDump(
        revision=current_revision(connection) or "",
        server=str(connection.execute(text("SHOW server_version")).scalar_one()),
        tables=tuple(tables),
        numbers=next_numbers(connection),
        providers={kind: tuple(known_providers(connection, kind)) for kind in PROVIDER_TYPES},
    )


def load_tables(connection: Connection, folder: Path, dump: DatabaseDump) -> None:
    """Fill the empty tables, whose schema is that of the dump; InvalidInputError when a row does not fit."""
    there = columns_of(connection)
    said = {table.name: set(table.columns) for table in dump.tables}
    if said != there:
        wrong = sorted(name for name in said.keys() | there.keys() if said.get(name) != there.get(name))
        raise InvalidInputError(f"the backup's tables are not those of the schema {dump.revision}: {', '.join(wrong)}")
    for table in dump.tables:
        into = sql.SQL("COPY {} ({}) FROM STDIN {}").format(sql.Identifier(table.name), _names(table.columns), _OPTIONS)
        with (folder / table_file(table.name)).open("rb") as file:
            rows = _copy(connection, into, file)
        if rows != table.rows:
            raise InvalidInputError(f"the backup has {rows} rows of {table.name} where it says {table.rows}")
    # The rules that are looked at when a transaction ends: now, while it can still be undone, and before the schema
    # may be brought forward, which waits for no trigger.
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def columns_of(connection: Connection) -> dict[str, set[str]]:
    """The columns of each table that can be written to."""
    query = text(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
        " AND table_name <> 'alembic_version' GROUP BY table_name"
    )
    return {name: set(columns) for name, columns in connection.execute(query)}


def next_numbers(connection: Connection) -> dict[str, int]:
    """The next number of each numbered column."""
    query = text(
        "SELECT c.table_name, c.column_name, coalesce(s.last_value + s.increment_by, s.start_value)"
        " FROM information_schema.columns AS c JOIN pg_sequences AS s ON format('%I.%I', s.schemaname, s.sequencename)"
        " = pg_get_serial_sequence(format('%I.%I', c.table_schema, c.table_name), c.column_name)"
        " WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'"
    )
    return {f"{table}.{column}": int(number) for table, column, number in connection.execute(query)}


def go_on_from(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Let numbered columns go on from `numbers`; undone with the transaction, which setval() would not be."""
    for name, number in numbers.items():
        table, _, column = name.partition(".")
        statement = sql.SQL("ALTER TABLE {} ALTER COLUMN {} RESTART WITH {}").format(
            sql.Identifier(table), sql.Identifier(column), sql.Literal(number)
        )
        _use_driver(connection, partial(_execute, statement=statement))


def _names(names: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _copy(connection: Connection, statement: sql.Composable, file: object) -> int:
    return _use_driver(connection, lambda cursor: cursor.copy_expert(statement, file))


def _execute(cursor: Any, statement: sql.Composable) -> None:
    cursor.execute(statement)


def _use_driver(connection: Connection, use: Callable[[Any], None]) -> int:
    """Let `use` have a cursor of the driver itself, with errors translated; how many rows it has touched."""
    with contextlib.closing(connection.connection.cursor()) as cursor:
        try:
            use(cursor)
            return int(cursor.rowcount)
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            raise InvalidInputError(f"the database does not take the backup: {_first_line(error)}") from error
        except psycopg2.Error as error:
            raise MachineError(f"the database could not copy its rows: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
