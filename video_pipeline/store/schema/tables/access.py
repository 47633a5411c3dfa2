"""Owns the tables of who may use the studio: users, keys, sessions, failed logins, answers; hides nothing.

No column holds a password, a key or a token, only what is made of it by hashing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from video_pipeline.domain.access import Scope
from video_pipeline.store.schema.tables.base import Base, Count, Id, Now, postgres_enum

ACCESS_SCOPE = postgres_enum(Scope, "access_scope")


class User(Base):
    """Somebody who may log in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("name ~ '^[A-Za-z0-9._@-]{1,64}$'", name="name"),
        CheckConstraint("password_hash ~ '^scrypt[$]'", name="password_hash"),
        Index("idx_users_name", text("lower(name)"), unique=True),
    )

    id: Mapped[Id]
    name: Mapped[str]
    password_hash: Mapped[str]  # see `domain.passwords`
    scope: Mapped[Scope] = mapped_column(ACCESS_SCOPE)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[Now]


class ApiKey(Base):
    """A key with which a program acts for a user."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("key_hash"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name"),
        CheckConstraint("key_hash ~ '^[0-9a-f]{64}$'", name="key_hash"),
        Index("idx_api_keys_user_id", "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    key_hash: Mapped[str]  # see `domain.credentials`
    scope: Mapped[Scope] = mapped_column(ACCESS_SCOPE)
    created_at: Mapped[Now]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Session(Base):
    """A login that lasts."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("token_hash ~ '^[0-9a-f]{64}$'", name="token_hash"),
        CheckConstraint("ttl_s > 0", name="ttl_s"),
        Index("idx_sessions_user_id", "user_id"),
        Index("idx_sessions_expires_at", "expires_at"),
    )

    id: Mapped[Id]
    token_hash: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    ttl_s: Mapped[int]  # how far each use moves its end
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[Now]


class LoginFailure(Base):
    """Failed logins in a row under one name, whether somebody has it or not: who exists must not be seen from it."""

    __tablename__ = "login_failures"
    __table_args__ = (
        CheckConstraint("name = lower(name)", name="name"),
        CheckConstraint("failures >= 0", name="failures"),
        Index("idx_login_failures_last_failed_at", "last_failed_at"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[Count]
    last_failed_at: Mapped[Now]


class Answer(Base):
    """A request that carries an idempotency key: claimed while it runs, then with its answer."""

    __tablename__ = "answers"
    __table_args__ = (
        CheckConstraint("char_length(key) BETWEEN 1 AND 255", name="key"),
        CheckConstraint("status BETWEEN 100 AND 599", name="status"),
        CheckConstraint("num_nonnulls(status, headers, completed_at) IN (0, 3)", name="completed"),
        CheckConstraint("completed_at IS NOT NULL OR body IS NULL", name="body"),
        Index("idx_answers_expires_at", "expires_at"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
