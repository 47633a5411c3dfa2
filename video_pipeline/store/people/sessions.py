"""Owns logins in the books: open, recognise, close a session, slow down guessing; hides the tables and the clock.

A login hashes the password between two transactions, so that no connection waits for that. The attempt is counted as
failed in the first one, before its outcome is known: a hundred guesses at once are a hundred failures.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, Select, bindparam, delete, extract, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.dml import ReturningUpdate

from video_pipeline.domain.access import (
    FAILURES_ARE_FORGOTTEN_AFTER_S,
    SESSION_LIFE_MAX,
    SESSION_TTL,
    TOUCH_EVERY,
    OpenedSession,
    Principal,
    SessionRecord,
    Via,
    checked_session_ttl,
    checked_user_name,
    failures_after,
    login_wait_s,
)
from video_pipeline.domain.credentials import SESSION_PREFIX, csrf_token, hash_secret, matches, new_secret, parse_secret
from video_pipeline.domain.errors import InvalidInputError, TooManyRequestsError
from video_pipeline.domain.passwords import cost_of, hash_password, verify_password
from video_pipeline.store.people.users import LOGIN_FAILURES, NOW, SESSIONS, USERS, AccessBooks, find_user_row, named


class SessionBooks(AccessBooks):
    """Verbs about sessions."""

    def open_session(self, name: str, password: str, ttl: timedelta = SESSION_TTL) -> OpenedSession | None:
        """Log in; None when name and password do not belong together, which takes as long for an unknown name.

        Unused for `ttl` the session ends. TooManyRequestsError after several failures under this name, right password
        or not.
        """
        ttl = checked_session_ttl(ttl)
        with self._turn_to_hash():
            with self._transaction() as connection:
                _purge(connection)
                user = _count_attempt(connection, name)
            stored = None if user is None else user.password_hash
            if not verify_password(password, stored, self._cost) or user is None or user.disabled_at is not None:
                return None
            renewed = None if cost_of(user.password_hash) == self._cost else hash_password(password, self._cost)
        with self._transaction() as connection:
            return _opened(connection, user, ttl, renewed)

    def principal_of_session(self, token: str) -> Principal | None:
        """Who a session stands for, while it lasts; using it moves its end on, written at most once a minute."""
        credential = parse_secret(token)
        if credential is None or credential.prefix != SESSION_PREFIX:
            return None
        with self._transaction() as connection:
            row = connection.execute(_FOR_CHECK, {"session_id": credential.id}).one_or_none()
            if row is None or not matches(token, row.token_hash):
                return None
            expires_at = (
                connection.execute(_touch(row)).scalar_one_or_none() if row.is_stale else None
            ) or row.expires_at
        return Principal(row.user_name, row.scope, Via.SESSION, session_id=row.id, expires_at=expires_at)

    def close_session(self, token: str) -> bool:
        """Log out; False when there was no such session."""
        with self._transaction() as connection:
            return bool(
                connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == hash_secret(token))).rowcount
            )

    def close_sessions_of(self, name: str) -> int:
        """Log a user out everywhere; how many sessions that were."""
        with self._transaction() as connection:
            user = find_user_row(connection, name, locked=True)
            return connection.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user.id)).rowcount


_FOR_CHECK = (
    select(
        SESSIONS.c.id,
        SESSIONS.c.token_hash,
        SESSIONS.c.ttl_s,
        SESSIONS.c.created_at,
        SESSIONS.c.expires_at,
        USERS.c.name.label("user_name"),
        USERS.c.scope,
        (SESSIONS.c.last_seen_at <= NOW - TOUCH_EVERY).label("is_stale"),
    )
    .join(USERS, USERS.c.id == SESSIONS.c.user_id)
    .where(SESSIONS.c.id == bindparam("session_id"), SESSIONS.c.expires_at > NOW, USERS.c.disabled_at.is_(None))
)


def _purge(connection: Connection) -> None:
    """Forget sessions that have ended and failures that count no more; rows in use are left to the next time."""
    ended = select(SESSIONS.c.id).where(SESSIONS.c.expires_at <= NOW)
    long_ago = NOW - timedelta(seconds=FAILURES_ARE_FORGOTTEN_AFTER_S)
    forgotten = select(LOGIN_FAILURES.c.name).where(LOGIN_FAILURES.c.last_failed_at <= long_ago)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(_free(ended))))
    connection.execute(delete(LOGIN_FAILURES).where(LOGIN_FAILURES.c.name.in_(_free(forgotten))))


def _count_attempt(connection: Connection, name: str) -> Row[Any] | None:
    """Count a login as failed for now; the user of the name, if any; TooManyRequestsError while it must wait."""
    try:
        key = checked_user_name(name).lower()
    except InvalidInputError:
        return None  # nobody can have it, so there is nothing to guess
    since = extract("epoch", NOW - LOGIN_FAILURES.c.last_failed_at).label("since_s")
    # Changes nothing, and so locks the row, be it new or old.
    locking = (
        postgresql.insert(LOGIN_FAILURES)
        .values(name=key)
        .on_conflict_do_update(index_elements=["name"], set_={"name": key})
        .returning(LOGIN_FAILURES.c.failures, since)
    )
    row = connection.execute(locking).one()
    since_s = float(row.since_s)
    wait_s = login_wait_s(row.failures, since_s)
    if wait_s > 0:
        raise TooManyRequestsError(
            f"{row.failures} logins as {name} failed; try again in {wait_s:.0f} seconds", retry_after_s=wait_s
        )
    values = {"failures": failures_after(row.failures, since_s), "last_failed_at": NOW}
    connection.execute(update(LOGIN_FAILURES).where(LOGIN_FAILURES.c.name == key).values(values))
    return connection.execute(select(USERS).where(named(name))).one_or_none()


def _opened(connection: Connection, user: Row[Any], ttl: timedelta, renewed: str | None) -> OpenedSession | None:
    """A new session, unless the user was disabled or got another password since that row was read."""
    same = (USERS.c.id == user.id, USERS.c.password_hash == user.password_hash, USERS.c.disabled_at.is_(None))
    row = connection.execute(select(USERS).where(*same).with_for_update(key_share=True)).one_or_none()
    if row is None:
        return None
    if renewed is not None:
        connection.execute(update(USERS).where(USERS.c.id == user.id).values(password_hash=renewed))
    connection.execute(delete(LOGIN_FAILURES).where(LOGIN_FAILURES.c.name == user.name.lower()))
    session_id = uuid4()
    token = new_secret(SESSION_PREFIX, session_id)
    values = {
        "id": session_id,
        "token_hash": hash_secret(token),
        "user_id": user.id,
        "ttl_s": int(ttl.total_seconds()),
        "created_at": NOW,
        "expires_at": NOW + ttl,
        "last_seen_at": NOW,
    }
    made = connection.execute(insert(SESSIONS).values(values).returning(*SESSIONS.c)).one()
    session = SessionRecord(made.id, row.name, row.scope, made.created_at, made.expires_at, made.last_seen_at)
    return OpenedSession(session, token, csrf_token(token))


def _touch(row: Row[Any]) -> ReturningUpdate[Any]:
    # Of a hundred requests at once one writes, and the others do not wait for it.
    free = _free(select(SESSIONS.c.id).where(SESSIONS.c.id == row.id))
    end = func.least(NOW + timedelta(seconds=row.ttl_s), row.created_at + SESSION_LIFE_MAX)
    statement = update(SESSIONS).where(SESSIONS.c.id.in_(free)).values(last_seen_at=NOW, expires_at=end)
    return statement.returning(SESSIONS.c.expires_at)


def _free(query: Select[Any]) -> Select[Any]:
    return query.with_for_update(skip_locked=True, key_share=True)
