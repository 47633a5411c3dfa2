"""Owns answers that are given once: claim a request's key, keep its answer, find it again; hides the table.

A row is a claim while it has no answer. Its primary key decides between several that come at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.access import ANSWER_TTL, CLAIM_IS_DEAD_AFTER, StoredAnswer, checked_idempotency_key
from video_pipeline.domain.errors import ConflictError, ReusedKeyError
from video_pipeline.store.books.base import Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.people.users import ANSWERS, NOW

PURGED_AT_ONCE = 100


class AnswerBooks(Books):
    """Verbs about answers."""

    def begin_answer(self, owner: str, key: str, request_hash: str, ttl: timedelta = ANSWER_TTL) -> StoredAnswer | None:
        """Claim the key for this request, or find the answer to it; an answer is kept for `ttl`.

        None when the request is to be done now. ConflictError while another request with the key runs (ten minutes
        after its start it counts as dead and is taken over), ReusedKeyError when the key belongs to another request,
        InvalidInputError for an unusable key.
        """
        owner, key, request_hash = clean(owner), checked_idempotency_key(key), clean(request_hash)
        values = {"request_hash": request_hash, "created_at": NOW, "expires_at": NOW + ttl}
        empty = {"status": None, "headers": None, "body": None, "completed_at": None}
        dead = and_(
            ANSWERS.c.completed_at.is_(None),
            ANSWERS.c.created_at <= NOW - CLAIM_IS_DEAD_AFTER,
            ANSWERS.c.request_hash == request_hash,
        )
        statement = (
            insert(ANSWERS)
            .values(owner=owner, key=key, **values)
            .on_conflict_do_update(
                index_elements=["owner", "key"], set_=values | empty, where=or_(ANSWERS.c.expires_at <= NOW, dead)
            )
            .returning(ANSWERS.c.owner)
        )
        with self._transaction() as connection:
            if connection.execute(statement).one_or_none() is not None:
                return None
            # The statement has locked the row although it did not change it: it is still there.
            row = connection.execute(select(ANSWERS).where(_one(owner, key))).one()
        if row.request_hash != request_hash:
            raise ReusedKeyError(
                f"the idempotency key {key!r} belongs to another request; send a new key with this one"
            )
        if row.completed_at is None:
            raise ConflictError(f"the request with the idempotency key {key!r} is still being done; ask again later")
        return StoredAnswer(row.status, row.headers, row.body)

    def keep_answer(self, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer to the request that claimed the key; nothing happens when there is no open claim."""
        values = {
            "status": answer.status,
            "headers": _storable(answer.headers),
            "body": _storable(answer.body),
            "completed_at": NOW,
        }
        with self._transaction() as connection:
            connection.execute(update(ANSWERS).where(_open_claim(owner, key)).values(values))
            _purge(connection)

    def forget_answer(self, owner: str, key: str) -> None:
        """Give the claim back, so that the same request may be tried again; a kept answer stays."""
        with self._transaction() as connection:
            connection.execute(delete(ANSWERS).where(_open_claim(owner, key)))


def _one(owner: str, key: str) -> ColumnElement[bool]:
    return and_(ANSWERS.c.owner == clean(owner), ANSWERS.c.key == clean(key))


def _open_claim(owner: str, key: str) -> ColumnElement[bool]:
    return and_(_one(owner, key), ANSWERS.c.completed_at.is_(None))


def _purge(connection: Connection) -> None:
    """Forget some of the answers that nobody can ask for any more; rows in use are left to the next time."""
    row = tuple_(ANSWERS.c.owner, ANSWERS.c.key)
    old = select(ANSWERS.c.owner, ANSWERS.c.key).where(ANSWERS.c.expires_at <= NOW).limit(PURGED_AT_ONCE)
    connection.execute(delete(ANSWERS).where(row.in_(old.with_for_update(skip_locked=True))))


def _storable(value: Any) -> Any:
    """`value` with texts as PostgreSQL can hold them."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): _storable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(part) for part in value]
    return value
