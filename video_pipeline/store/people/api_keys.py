"""Owns the API keys in the books; hides their hashes, and how their use is written down without a write each time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, Update, bindparam, func, insert, select, update

from video_pipeline.domain.access import (
    TOUCH_EVERY,
    KeyRecord,
    Principal,
    Scope,
    Via,
    checked_key_life,
    checked_label,
)
from video_pipeline.domain.credentials import KEY_PREFIX, hash_secret, matches, new_secret, parse_secret
from video_pipeline.domain.errors import ConflictError, InvalidInputError, LapsedAccessError, NotFoundError
from video_pipeline.store.people.users import API_KEYS, NOW, USERS, AccessBooks, find_user_row

_RENEWAL = "make a new one: video-pipeline key new"


class KeyBooks(AccessBooks):
    """Verbs about API keys."""

    def create_key(
        self, user: str, name: str, scope: Scope, expires_in: timedelta | None = None
    ) -> tuple[KeyRecord, str]:
        """A new key of `user` and its secret, which is told this once; for ever unless `expires_in` says otherwise.

        InvalidInputError when `scope` is more than the user's, ConflictError for a disabled user.
        """
        name, expires_in = checked_label(name), checked_key_life(expires_in)
        key_id = uuid4()
        secret = new_secret(KEY_PREFIX, key_id)
        with self._transaction() as connection:
            owner = find_user_row(connection, user, locked=True)
            if owner.disabled_at is not None:
                raise ConflictError(f"user {owner.name} is disabled: video-pipeline user enable {owner.name}")
            if not owner.scope.includes(scope):
                raise InvalidInputError(f"{owner.name} has the scope {owner.scope}, so a key cannot have {scope}")
            statement = insert(API_KEYS).values(
                id=key_id,
                user_id=owner.id,
                name=name,
                key_hash=hash_secret(secret),
                scope=scope,
                created_at=NOW,
                expires_at=None if expires_in is None else NOW + expires_in,
            )
            connection.execute(statement)
            return _record(connection.execute(_with_owner().where(API_KEYS.c.id == key_id)).one()), secret

    def list_keys(self, user: str | None = None) -> list[KeyRecord]:
        """All keys, or those of one user, newest first; also those that count no more."""
        query = _with_owner().order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.id)
        with self._transaction() as connection:
            if user is not None:
                query = query.where(API_KEYS.c.user_id == find_user_row(connection, user).id)
            return [_record(row) for row in connection.execute(query)]

    def revoke_key(self, key_id: UUID) -> KeyRecord:
        """Let a key count no more, for good; NotFoundError for an unknown one."""
        revoked = func.coalesce(API_KEYS.c.revoked_at, NOW)
        with self._transaction() as connection:
            done = connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(revoked_at=revoked))
            if not done.rowcount:
                raise NotFoundError(f"there is no key {key_id}; see them: video-pipeline key list")
            return _record(connection.execute(_with_owner().where(API_KEYS.c.id == key_id)).one())

    def principal_of_key(self, secret: str) -> Principal | None:
        """Who a key stands for; None for any text that is no key of ours.

        LapsedAccessError, with the reason, when the secret is right and the key expired or was revoked, or its user
        is disabled. One query; its use is written down at most once a minute.
        """
        credential = parse_secret(secret)
        if credential is None or credential.prefix != KEY_PREFIX:
            return None
        with self._transaction() as connection:
            row = connection.execute(_FOR_CHECK, {"key_id": credential.id}).one_or_none()
            if row is None or not matches(secret, row.key_hash):
                return None
            _refuse_lapsed(row)
            if row.is_stale:
                connection.execute(_touch(row.id))
        scope = row.scope.lesser(row.user_scope)
        return Principal(row.user_name, scope, Via.KEY, key_id=row.id, expires_at=row.expires_at)


def _with_owner() -> Select[Any]:
    columns = [column for column in API_KEYS.c if column.name not in ("key_hash", "user_id")]
    return select(*columns, USERS.c.name.label("user_name")).join(USERS, USERS.c.id == API_KEYS.c.user_id)


_FOR_CHECK = (
    select(
        API_KEYS.c.id,
        API_KEYS.c.key_hash,
        API_KEYS.c.name,
        API_KEYS.c.scope,
        API_KEYS.c.expires_at,
        API_KEYS.c.revoked_at,
        USERS.c.name.label("user_name"),
        USERS.c.scope.label("user_scope"),
        USERS.c.disabled_at,
        func.coalesce(API_KEYS.c.expires_at <= NOW, False).label("is_expired"),
        func.coalesce(API_KEYS.c.last_used_at <= NOW - TOUCH_EVERY, True).label("is_stale"),
    )
    .join(USERS, USERS.c.id == API_KEYS.c.user_id)
    .where(API_KEYS.c.id == bindparam("key_id"))
)


def _refuse_lapsed(row: Row[Any]) -> None:
    if row.disabled_at is not None:
        raise LapsedAccessError(f"user {row.user_name} is disabled; ask an admin of this studio")
    if row.revoked_at is not None:
        raise LapsedAccessError(f"the key {row.name!r} was revoked at {row.revoked_at:%Y-%m-%d %H:%M} UTC; {_RENEWAL}")
    if row.is_expired:
        raise LapsedAccessError(f"the key {row.name!r} expired at {row.expires_at:%Y-%m-%d %H:%M} UTC; {_RENEWAL}")


def _touch(key_id: UUID) -> Update:
    # Of a hundred requests at once one writes, and the others do not wait for it.
    free = select(API_KEYS.c.id).where(API_KEYS.c.id == key_id).with_for_update(skip_locked=True, key_share=True)
    return update(API_KEYS).where(API_KEYS.c.id.in_(free)).values(last_used_at=NOW)


def _record(row: Row[Any]) -> KeyRecord:
    return KeyRecord(
        id=row.id,
        user_name=row.user_name,
        name=row.name,
        scope=row.scope,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
