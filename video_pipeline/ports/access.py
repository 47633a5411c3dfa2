"""Owns the verbs about who may do what, and about answers that are given once; hides PostgreSQL and hashing.

Users are named in any case of letters. NotFoundError when there is no user of a name.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.access import (
    ANSWER_TTL,
    SESSION_TTL,
    KeyRecord,
    OpenedSession,
    Principal,
    Scope,
    StoredAnswer,
    UserRecord,
)


class UserBook(Protocol):
    """Users."""

    def create_user(self, name: str, password: str, scope: Scope) -> UserRecord:
        """Add a user; ConflictError when the name is taken, InvalidInputError for an unusable name or password."""
        ...

    def create_first_user(self, name: str, password: str, scope: Scope) -> UserRecord | None:
        """Add a user unless there is one; of several that try at once, one succeeds."""
        ...

    def find_user(self, name: str) -> UserRecord: ...
    def list_users(self) -> list[UserRecord]: ...
    def count_users(self) -> int: ...
    def set_password(self, name: str, password: str) -> UserRecord:
        """Replace the password; all sessions of the user end."""
        ...

    def set_scope(self, name: str, scope: Scope) -> UserRecord:
        """Say anew what a user may do; it holds at once, for all sessions and as a limit for all keys."""
        ...

    def disable_user(self, name: str) -> UserRecord:
        """Let a user in no more: sessions end, keys count no more until the user is enabled again."""
        ...

    def enable_user(self, name: str) -> UserRecord: ...


class KeyBook(Protocol):
    """API keys."""

    def create_key(
        self, user: str, name: str, scope: Scope, expires_in: timedelta | None = None
    ) -> tuple[KeyRecord, str]:
        """A new key and its secret, which is told this once.

        InvalidInputError when `scope` is more than the user's, ConflictError for a disabled user.
        """
        ...

    def list_keys(self, user: str | None = None) -> list[KeyRecord]: ...
    def revoke_key(self, key_id: UUID) -> KeyRecord:
        """Let a key count no more, for good; NotFoundError for an unknown one."""
        ...

    def principal_of_key(self, secret: str) -> Principal | None:
        """Who a key stands for; None for any text that is no key of ours.

        LapsedAccessError, with the reason, when the secret is right and the key expired or was revoked, or its user
        is disabled.
        """
        ...


class SessionBook(Protocol):
    """Logins."""

    def open_session(self, name: str, password: str, ttl: timedelta = SESSION_TTL) -> OpenedSession | None:
        """Log in; None when name and password do not belong together, which takes as long for an unknown name.

        TooManyRequestsError after several failures under this name, right password or not.
        """
        ...

    def principal_of_session(self, token: str) -> Principal | None:
        """Who a session stands for, while it lasts; using it moves its end on."""
        ...

    def close_session(self, token: str) -> bool:
        """Log out; False when there was no such session."""
        ...

    def close_sessions_of(self, name: str) -> int:
        """Log a user out everywhere; how many sessions that were."""
        ...


class AnswerBook(Protocol):
    """Answers to requests that may come again."""

    def begin_answer(self, owner: str, key: str, request_hash: str, ttl: timedelta = ANSWER_TTL) -> StoredAnswer | None:
        """Claim the key for this request, or find the answer to it.

        None when the request is to be done now, and kept or forgotten afterwards. ConflictError while another request
        with the key runs, ReusedKeyError when the key belongs to another request, InvalidInputError for an unusable
        key.
        """
        ...

    def keep_answer(self, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer to the request that claimed the key; nothing happens when there is no open claim."""
        ...

    def forget_answer(self, owner: str, key: str) -> None:
        """Give the claim back, so that the same request may be tried again; a kept answer stays."""
        ...


class AccessStore(UserBook, KeyBook, SessionBook, AnswerBook, Protocol):
    """Keeps who may do what."""
