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
from video_pipeline.store.backup.folder import new_file, table_file
from video_pipeline.store.schema.tables import Base
from video_pipeline.store.schema.version import PROVIDER_TYPES, current_revision, known_providers

_OPTIONS = sql.SQL("(FORMAT text, ENCODING 'UTF8')")


def dump_tables(connection: Connection, folder: Path) -> DatabaseDump:
    """Write a file for each table, as one snapshot sees it: the transaction repeats its reads, or has locked them."""
    tables, there = [], columns_of(connection)
    for table in (each for each in Base.metadata.sorted_tables if each.name in there):
        columns = tuple(column.name for column in table.columns if column.name in there[table.name])
        key = tuple(column.name for column in table.primary_key)
        # In the order of the key, so that the same books are the same bytes.
        what = sql.SQL("(SELECT {} FROM {} ORDER BY {})").format(
            _names(columns), sql.Identifier(table.name), _names(key)
        )
        with new_file(folder / table_file(table.name)) as file:
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
    """The columns that can be written to of each table of ours, and of none that others keep beside them."""
    query = text(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
        " AND table_name = ANY(:ours) GROUP BY table_name"
    )
    return {name: set(columns) for name, columns in connection.execute(query, {"ours": list(Base.metadata.tables)})}


def next_numbers(connection: Connection) -> dict[str, int]:
    """The next number of each numbered column.

    Asked of the sequences themselves: in pg_sequences one that was restarted and not used since looks like a new one,
    and would begin with 1 again.
    """
    return {
        f"{table}.{column}": int(connection.execute(text(f"{_NEXT} FROM {sequence}")).scalar_one())
        for table, column, sequence in _numbered(connection)
    }


_NEXT = "SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END"


def go_on_from(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Let numbered columns go on from `numbers`, in any case behind the rows that there are.

    Undone with the transaction, which setval() would not be.
    """
    for table, column, _ in _numbered(connection):
        named = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        behind = sql.SQL("SELECT coalesce(max({column}), 0) + 1 FROM {table}").format(**named)
        number = max(numbers.get(f"{table}.{column}", 1), _use_driver(connection, partial(_asked, statement=behind)))
        restart = sql.SQL("ALTER TABLE {table} ALTER COLUMN {column} RESTART WITH {number}")
        _use_driver(connection, partial(_execute, statement=restart.format(**named, number=sql.Literal(number))))


def _numbered(connection: Connection) -> list[tuple[str, str, str]]:
    """Table, column and sequence of each numbered column of ours, the sequence as it is written in a statement."""
    query = text(
        "SELECT table_name, column_name, pg_get_serial_sequence(format('%I.%I', table_schema, table_name), column_name)"
        " FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'"
        " AND table_name = ANY(:ours) ORDER BY table_name, column_name"
    )
    return [(*row,) for row in connection.execute(query, {"ours": list(Base.metadata.tables)})]


def _names(names: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _copy(connection: Connection, statement: sql.Composable, file: object) -> int:
    def copy(cursor: Any) -> int:
        cursor.copy_expert(statement, file)
        return int(cursor.rowcount)

    return _use_driver(connection, copy)


def _execute(cursor: Any, statement: sql.Composable) -> int:
    cursor.execute(statement)
    return int(cursor.rowcount)


def _asked(cursor: Any, statement: sql.Composable) -> int:
    cursor.execute(statement)
    return int(cursor.fetchone()[0])


def _use_driver(connection: Connection, use: Callable[[Any], int]) -> int:
    """What `use` makes of a cursor of the driver itself, with errors translated."""
    with contextlib.closing(connection.connection.cursor()) as cursor:
        try:
            return use(cursor)
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            raise InvalidInputError(f"the database does not take the backup: {_first_line(error)}") from error
        except psycopg2.Error as error:
            raise MachineError(f"the database could not copy its rows: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
