"""Owns webhooks in the books: who is told what; hides their secrets, which no verb but `create_webhook` returns."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from video_pipeline.domain.addresses import Target
from video_pipeline.domain.errors import ConflictError, LimitReachedError, NotFoundError
from video_pipeline.domain.webhooks import (
    SECRET_BYTES,
    WEBHOOKS_EACH_MAX,
    WebhookRecord,
    checked_description,
    checked_kinds,
    secret_of,
)
from video_pipeline.store.books.base import CHANNELS, Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.schema import tables

WEBHOOKS = cast(Table, tables.Webhook.__table__)
_KEYS = cast(Table, tables.ApiKey.__table__)
_USERS = cast(Table, tables.User.__table__)

WELL: dict[str, Any] = {"failures_in_a_row": 0, "failing_since": None}

# The function of the clock, not now(): a key that expires in a long transaction has expired.
_KEY_END = case(
    (_KEYS.c.revoked_at.is_not(None), "its key was revoked"),
    (_KEYS.c.expires_at <= func.clock_timestamp(), "its key expired"),
)
_SILENCE = (
    select(case((_USERS.c.disabled_at.is_not(None), "its user is disabled"), else_=_KEY_END))
    .select_from(_KEYS.join(_USERS, _USERS.c.id == _KEYS.c.user_id))
    .where(_KEYS.c.id == WEBHOOKS.c.api_key_id)
    .correlate(WEBHOOKS)
    .scalar_subquery()
    .label("silence")
)
"""Why the key of a webhook counts no more; null when it does, and when there is none."""

_PUBLIC = (*(column for column in WEBHOOKS.c if column.name not in ("secret", "failing_since")), _SILENCE)


class WebhookBooks(Books):
    """Verbs about webhooks."""

    def create_webhook(
        self,
        url: str,
        *,
        user_name: str | None = None,
        channel_id: UUID | None = None,
        key_id: UUID | None = None,
        kinds: Sequence[str] = (),
        description: str = "",
    ) -> tuple[WebhookRecord, str]:
        """Add a webhook; returns it and its secret, which is shown this once.

        One with a `key_id` is told of what this API key orders, as long as the key counts, and belongs to its user,
        whatever `user_name` says. InvalidInputError for an unusable URL, kind or description, NotFoundError when there
        is no such channel or key, ConflictError when the key counts no more, LimitReachedError when the user has
        WEBHOOKS_EACH_MAX.
        """
        secret = secret_of(secrets.token_bytes(SECRET_BYTES))
        values = {
            "user_name": user_name and clean(user_name),
            "channel_id": channel_id,
            "api_key_id": key_id,
            "secret": secret,
            **_checked(url=url, kinds=kinds, description=description),
        }
        with self._transaction() as connection:
            if key_id is not None:
                values["user_name"] = _owner_of_key(connection, key_id)
            if values["user_name"] is not None:
                _check_number(connection, values["user_name"])
            if channel_id is not None:
                # Kept from being removed until the webhook stands.
                there = select(CHANNELS.c.id).where(CHANNELS.c.id == channel_id).with_for_update(read=True)
                if connection.execute(there).one_or_none() is None:
                    raise NotFoundError(f"there is no channel {channel_id}")
            row = connection.execute(insert(WEBHOOKS).values(values).returning(*_PUBLIC)).one()
        return _webhook_record(row), secret

    def list_webhooks(self, user_name: str | None = None) -> list[WebhookRecord]:
        """Webhooks, newest first: those of one user, or all."""
        query = select(*_PUBLIC).order_by(WEBHOOKS.c.created_at.desc(), WEBHOOKS.c.id)
        if user_name is not None:
            query = query.where(WEBHOOKS.c.user_name == clean(user_name))
        with self._transaction() as connection:
            return [_webhook_record(row) for row in connection.execute(query)]

    def get_webhook(self, webhook_id: UUID) -> WebhookRecord:
        """The webhook; NotFoundError when there is none."""
        with self._transaction() as connection:
            return _webhook_record(webhook_row(connection, webhook_id))

    def update_webhook(
        self,
        webhook_id: UUID,
        *,
        is_active: bool | None = None,
        url: str | None = None,
        kinds: Sequence[str] | None = None,
        description: str | None = None,
    ) -> WebhookRecord:
        """Change what is given; empty `kinds` means all. Activating it forgets why it was disabled.

        What is pending waits while a webhook is not active. Errors as for `create_webhook`, and NotFoundError.
        """
        values = _checked(url=url, kinds=kinds, description=description)
        if url is not None:
            values |= WELL
        if is_active is not None:
            values |= {"is_active": is_active} | ({"disabled_reason": None} | WELL if is_active else {})
        with self._transaction() as connection:
            row = webhook_row(connection, webhook_id, locked=True)
            if values:
                changed = update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(values).returning(*_PUBLIC)
                row = connection.execute(changed).one()
        return _webhook_record(row)

    def delete_webhook(self, webhook_id: UUID) -> None:
        """Remove a webhook with its deliveries; NotFoundError when there is none."""
        with self._transaction() as connection:
            if not connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id)).rowcount:
                raise NotFoundError(f"there is no webhook {webhook_id}")


def webhook_row(connection: Connection, webhook_id: UUID, *, locked: bool = False) -> Row[Any]:
    query = select(*_PUBLIC).where(WEBHOOKS.c.id == webhook_id)
    row = connection.execute(query.with_for_update(key_share=True) if locked else query).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no webhook {webhook_id}")
    return row


_LIVE_KEY = and_(
    _KEYS.c.revoked_at.is_(None),
    or_(_KEYS.c.expires_at.is_(None), _KEYS.c.expires_at > func.clock_timestamp()),
    _USERS.c.disabled_at.is_(None),
)


def may_be_told() -> ColumnElement[bool]:
    """The condition that a webhook is active, and so is the key that it belongs to, if it does."""
    key = select(_KEYS.c.id).join(_USERS, _USERS.c.id == _KEYS.c.user_id)
    lives = key.where(_KEYS.c.id == WEBHOOKS.c.api_key_id, _LIVE_KEY).exists()
    return and_(WEBHOOKS.c.is_active, or_(WEBHOOKS.c.api_key_id.is_(None), lives))


def end_of_key() -> ScalarSelect[str | None]:
    """Why the key of a webhook ended for good, as a column; null when it did not, and when there is none."""
    return select(_KEY_END).where(_KEYS.c.id == WEBHOOKS.c.api_key_id).correlate(WEBHOOKS).scalar_subquery()


def _owner_of_key(connection: Connection, key_id: UUID) -> str:
    """The user of a key that counts."""
    query = select(_USERS.c.name, _LIVE_KEY.label("lives")).join(_KEYS, _KEYS.c.user_id == _USERS.c.id)
    row = connection.execute(query.where(_KEYS.c.id == key_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no key {key_id}")
    if not row.lives:
        raise ConflictError(f"key {key_id} counts no more, so nothing would be told; make a new one")
    return str(row.name)


def _check_number(connection: Connection, user_name: str) -> None:
    """Raise LimitReachedError when the user has enough of them; of several at once each may be the last."""
    count = select(func.count()).select_from(WEBHOOKS).where(WEBHOOKS.c.user_name == user_name)
    if connection.execute(count).scalar_one() >= WEBHOOKS_EACH_MAX:
        raise LimitReachedError(f"{user_name} has {WEBHOOKS_EACH_MAX} webhooks, which is the most; remove one first")


def _checked(*, url: str | None, kinds: Sequence[str] | None, description: str | None) -> dict[str, Any]:
    """The columns for what is given; InvalidInputError for what is not usable."""
    values: dict[str, Any] = {}
    if url is not None:
        Target.parse(url)
        values["url"] = clean(url)
    if kinds is not None:
        values["kinds"] = list(checked_kinds(kinds)) or None
    if description is not None:
        values["description"] = checked_description(clean(description))
    return values


def _webhook_record(row: Row[Any]) -> WebhookRecord:
    return WebhookRecord(
        id=row.id,
        user_name=row.user_name,
        channel_id=row.channel_id,
        key_id=row.api_key_id,
        url=row.url,
        kinds=tuple(row.kinds or ()),
        description=row.description,
        is_active=row.is_active and row.silence is None,
        disabled_reason=row.silence if row.is_active else row.disabled_reason,
        failures_in_a_row=row.failures_in_a_row,
        created_at=row.created_at,
    )
