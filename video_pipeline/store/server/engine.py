"""Owns how the database is reached: the form of its URL, the pool, time limits; hides the driver and its errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    TimeoutError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from video_pipeline.domain.errors import ConflictError, InvalidInputError, MachineError, StoreUnavailableError

STATEMENT_LIMIT_MS = 60_000
"""The slowest statement of the studio takes milliseconds; one that takes a minute waits for something that is stuck."""

POOL_SIZE = 15
"""They are opened one by one as threads need them at the same time, and kept; a process with one thread has one."""

_DRIVER = "postgresql+psycopg2"
_RIGHT_FORM = f"{_DRIVER}://user:password@host:5432/video_pipeline"


def rewritten_url(text: str) -> str:
    """`text` as a URL of psycopg2, the only driver; InvalidInputError for anything but PostgreSQL.

    A bare `postgresql://` is rewritten: SQLAlchemy 2.1 would take psycopg 3 for it, with which dagster-postgres 0.29
    does not work. No message repeats the password.
    """
    return _checked(text).render_as_string(hide_password=False)


def connect(url: str, *, pool_size: int = POOL_SIZE) -> Engine:
    """An engine for `url`, with `pool_size` connections at most; nothing connects before its first use.

    InvalidInputError when the URL is not one of PostgreSQL with psycopg2.
    """
    engine = create_engine(
        _checked(url),
        pool_size=pool_size,
        # What overflows is opened and closed again for every transaction, which costs more than most transactions.
        max_overflow=0,
        pool_timeout=30,
        # A server that was restarted leaves dead connections in the pool.
        pool_pre_ping=True,
        pool_recycle=1800,
        # Errors go into the log, and values hold the secrets of webhooks and the hashes of passwords.
        hide_parameters=True,
        # Keepalives find a peer that vanished without a word; they mean nothing on a Unix socket.
        connect_args={
            "connect_timeout": 10,
            "application_name": "video_pipeline",
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        },
    )
    event.listen(engine, "connect", _limit)
    return engine


def _limit(connection: object, _entry: ConnectionPoolEntry) -> None:
    # As statements and not as connection options, which poolers such as Neon's refuse.
    with connection.cursor() as cursor:  # type: ignore[attr-defined] # the driver's own connection
        cursor.execute(f"SET statement_timeout = {STATEMENT_LIMIT_MS}")
        cursor.execute(f"SET idle_in_transaction_session_timeout = {STATEMENT_LIMIT_MS}")
        cursor.execute("SET timezone = 'UTC'")
    connection.commit()  # type: ignore[attr-defined] # the driver's own connection


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours.

    No answer is StoreUnavailableError, an unusable value InvalidInputError, a broken rule of the schema ConflictError,
    a missing right or table MachineError.
    """
    try:
        yield
    except (OperationalError, TimeoutError) as error:
        raise StoreUnavailableError(f"the database did not answer: {_first_line(error)}") from error
    except DataError as error:
        raise InvalidInputError(f"the database does not accept a value: {_first_line(error)}") from error
    except IntegrityError as error:
        raise ConflictError(f"the database refuses this: {_first_line(error)}") from error
    except ProgrammingError as error:
        raise MachineError(f"the database cannot do this: {_first_line(error)}; {_remedy(error)}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailableError(f"the connection to the database broke: {_first_line(error)}") from error
        raise


@contextlib.contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed at the end and rolled back by an error; errors are translated."""
    with translated(), engine.begin() as connection:
        yield connection


def _remedy(error: ProgrammingError) -> str:
    if isinstance(error.orig, InsufficientPrivilege):
        return "grant the right to the database user of the URL, or give a user and a database of the studio's own"
    return "bring its schema up to date with 'video-pipeline db migrate', and let nothing else write to it"


def _first_line(error: Exception) -> str:
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return text.strip().partition("\n")[0]


def _checked(text: str) -> URL:
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as error:
        raise InvalidInputError(f"the database URL cannot be read; write {_RIGHT_FORM}") from error
    if url.drivername not in ("postgresql", _DRIVER):
        raise InvalidInputError(f"the database URL starts with {url.drivername}://; write {_RIGHT_FORM}")
    if not url.database:
        raise InvalidInputError(f"the database URL names no database; write {_RIGHT_FORM}")
    return url.set(drivername=_DRIVER)
