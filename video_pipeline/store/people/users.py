"""Owns the users in the books, and the hashing of their passwords; hides the tables of access."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from video_pipeline.domain.access import Scope, UserRecord, checked_user_name
from video_pipeline.domain.errors import ConflictError, NotFoundError, TooManyRequestsError
from video_pipeline.domain.passwords import OWASP, Cost, hash_password
from video_pipeline.store.books.base import Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.schema import tables

USERS = cast(Table, tables.User.__table__)
API_KEYS = cast(Table, tables.ApiKey.__table__)
SESSIONS = cast(Table, tables.Session.__table__)
LOGIN_FAILURES = cast(Table, tables.LoginFailure.__table__)
ANSWERS = cast(Table, tables.Answer.__table__)

NOW = func.clock_timestamp()
"""Not now(), which stands still from the start of a transaction, also while that waits for a lock."""

HASHES_AT_ONCE = 2
"""Each occupies 128 MiB and a core: a crowd at the login must not take the machine from those who work."""
HASH_PATIENCE_S = 10.0
CROWD_MAX = 8
"""How many may wait for their turn: each keeps a thread that others need for their work."""

_PUBLIC = tuple(column for column in USERS.c if column.name != "password_hash")


class AccessBooks(Books):
    """What the verbs about access share: `cost` is what hashing a password takes."""

    def __init__(self, engine: Engine, *, cost: Cost = OWASP) -> None:
        super().__init__(engine)
        self._cost = cost
        self._hashing = BoundedSemaphore(HASHES_AT_ONCE)
        self._crowd = BoundedSemaphore(HASHES_AT_ONCE + CROWD_MAX)

    @contextlib.contextmanager
    def _turn_to_hash(self) -> Iterator[None]:
        with _place(self._crowd, 0.0), _place(self._hashing, HASH_PATIENCE_S):
            yield

    def _hashed(self, password: str) -> str:
        with self._turn_to_hash():
            return hash_password(password, self._cost)


@contextlib.contextmanager
def _place(room: BoundedSemaphore, patience_s: float) -> Iterator[None]:
    if not room.acquire(timeout=patience_s):
        raise TooManyRequestsError("too many people log in at once; try again", retry_after_s=HASH_PATIENCE_S)
    try:
        yield
    finally:
        room.release()


class UserBooks(AccessBooks):
    """Verbs about users."""

    def create_user(self, name: str, password: str, scope: Scope) -> UserRecord:
        """Add a user; ConflictError when the name is taken, InvalidInputError for an unusable name or password."""
        values = {"name": checked_user_name(name), "password_hash": self._hashed(password), "scope": scope}
        statement = postgresql.insert(USERS).values(values).on_conflict_do_nothing().returning(*_PUBLIC)
        with self._transaction() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            raise ConflictError(f"there is a user {name} already; names that differ in the case of letters are one")
        return user_record(row)

    def create_first_user(self, name: str, password: str, scope: Scope) -> UserRecord | None:
        """Add a user unless there is one; of several that try at once, one succeeds."""
        checked_user_name(name)
        if self.count_users():  # without the work of hashing
            return None
        values = {"name": name, "password_hash": self._hashed(password), "scope": scope}
        with self._transaction() as connection:
            # Against every other insertion, until the end of the transaction; readers are not held up.
            connection.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
            if _count(connection):
                return None
            return user_record(connection.execute(insert(USERS).values(values).returning(*_PUBLIC)).one())

    def find_user(self, name: str) -> UserRecord:
        """The user of this name in any case of letters; NotFoundError when there is none."""
        with self._transaction() as connection:
            return user_record(find_user_row(connection, name))

    def list_users(self) -> list[UserRecord]:
        """All users by name."""
        with self._transaction() as connection:
            return [user_record(row) for row in connection.execute(select(*_PUBLIC).order_by(func.lower(USERS.c.name)))]

    def count_users(self) -> int:
        """How many users there are, disabled ones as well."""
        with self._transaction() as connection:
            return _count(connection)

    def set_password(self, name: str, password: str) -> UserRecord:
        """Replace the password; all sessions of the user end, and failed logins are forgotten."""
        self.find_user(name)  # before the work of hashing
        return self._change(name, end_sessions=True, password_hash=self._hashed(password))

    def set_scope(self, name: str, scope: Scope) -> UserRecord:
        """Say anew what a user may do; it holds at once, for all sessions and as a limit for all keys."""
        return self._change(name, end_sessions=False, scope=scope)

    def disable_user(self, name: str) -> UserRecord:
        """Let a user in no more: sessions end, keys count no more until the user is enabled again."""
        return self._change(name, end_sessions=True, disabled_at=func.coalesce(USERS.c.disabled_at, NOW))

    def enable_user(self, name: str) -> UserRecord:
        """Let a user in again."""
        return self._change(name, end_sessions=False, disabled_at=None)

    def _change(self, name: str, *, end_sessions: bool, **values: Any) -> UserRecord:
        statement = update(USERS).where(named(name)).values(values).returning(*_PUBLIC)
        with self._transaction() as connection:
            row = _there(connection.execute(statement).one_or_none(), name)
            if end_sessions:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.user_id == row.id))
            if "password_hash" in values:
                connection.execute(delete(LOGIN_FAILURES).where(LOGIN_FAILURES.c.name == row.name.lower()))
            return user_record(row)


def named(name: str) -> ColumnElement[bool]:
    """The condition that a user has this name, in any case of letters."""
    return func.lower(USERS.c.name) == clean(name).lower()


def find_user_row(connection: Connection, name: str, *, locked: bool = False) -> Row[Any]:
    """The public columns of a user, locked against other writers if asked for; NotFoundError when there is none."""
    query = select(*_PUBLIC).where(named(name))
    return _there(connection.execute(query.with_for_update(key_share=True) if locked else query).one_or_none(), name)


def user_record(row: Row[Any]) -> UserRecord:
    """A user; the hash of the password is never among the columns."""
    return UserRecord(row.id, row.name, row.scope, row.disabled_at, row.created_at)


def _there(row: Row[Any] | None, name: str) -> Row[Any]:
    if row is None:
        raise NotFoundError(f"there is no user {name[:80]!r}; see them: video-pipeline user list")
    return row


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(USERS)).scalar_one()
