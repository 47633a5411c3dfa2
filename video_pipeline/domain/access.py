"""Owns who may do what: scopes, principals, users, keys, sessions, the pace of logins; hides the order of scopes.

What is secret about them, keys and passwords, is in `credentials` and `passwords`: no value here holds any of it, but
for `OpenedSession`, which does not show it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from video_pipeline.domain.credentials import key_hint
from video_pipeline.domain.errors import ForbiddenError, InvalidInputError

USER_NAME = r"[A-Za-z0-9._@-]{1,64}"
LABEL_MAX_CHARACTERS = 100
IDEMPOTENCY_KEY_MAX_CHARACTERS = 255

KEY_LIFE_MAX = timedelta(days=3650)
SESSION_TTL = timedelta(hours=12)
SESSION_TTL_MIN = timedelta(minutes=1)
SESSION_LIFE_MAX = timedelta(days=30)
"""However often it is used, a session ends this long after its login: a stolen one must not live for ever."""

ANSWER_TTL = timedelta(hours=24)
CLAIM_IS_DEAD_AFTER = timedelta(minutes=10)
"""A request that is not answered by then died with its process: the longest one waits 5 minutes for an export."""

TOUCH_EVERY = timedelta(minutes=1)
"""How often at most the use of a key or session is written down, so that reading does not write."""

FREE_FAILURES = 5
FAILURES_ARE_FORGOTTEN_AFTER_S = 15 * 60
LOGIN_WAITS_S = (5, 10, 20, 40, 60)
"""What the fifth failed login in a row costs, the sixth, and so on; the last for all further ones.

A minute at most: guessing stays hopeless, and somebody who is shut out by another's guessing is not so for long.
"""


class Scope(StrEnum):
    """What one may do: a ladder, on which each rung includes those before it."""

    READ = "read"  # look
    EDIT = "edit"  # change and approve what exists
    SPEND = "spend"  # order, and what else may cost money
    ADMIN = "admin"  # everything, also with what belongs to others

    @property
    def rung(self) -> int:
        """Its place on the ladder, from 0. Comparing with < would go by the alphabet."""
        return tuple(Scope).index(self)

    def includes(self, other: Scope) -> bool:
        """True when whoever has this scope may do what needs `other`."""
        return self.rung >= other.rung

    def lesser(self, other: Scope) -> Scope:
        """The one of both that allows less."""
        return other if self.includes(other) else self


class Via(StrEnum):
    """By what somebody is known."""

    KEY = "key"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, and what that one may do: the lesser of the user's scope and the key's."""

    name: str  # of the user, as `video_jobs.user_id` has it
    scope: Scope
    via: Via
    key_id: UUID | None = None
    session_id: UUID | None = None
    expires_at: datetime | None = None  # of the key or session; None for a key that does not expire

    @property
    def is_admin(self) -> bool:
        """True when everything is allowed."""
        return self.scope is Scope.ADMIN

    def sees(self, user_id: str | None) -> bool:
        """True for a job of this user: admins see all, others their own and not those of nobody."""
        return self.is_admin or user_id == self.name

    def require(self, scope: Scope) -> None:
        """Raise ForbiddenError unless `scope` is included."""
        if not self.scope.includes(scope):
            raise ForbiddenError(f"this needs the scope {scope}, and the {self.via} of {self.name} has {self.scope}")


@dataclass(frozen=True, slots=True)
class UserRecord:
    """Somebody who may log in. Users are never deleted, so that no name comes to mean somebody else."""

    id: UUID
    name: str  # unique in any case of letters
    scope: Scope
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key, without its secret, which nobody keeps."""

    id: UUID
    user_name: str
    name: str  # what it is for, for example "laptop"
    scope: Scope  # its own; what it allows is the lesser of this and the user's
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None  # to the minute

    @property
    def hint(self) -> str:
        """The first characters of the key, by which its owner knows it again."""
        return key_hint(self.id)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A login that lasts."""

    id: UUID
    user_name: str
    scope: Scope  # the user's
    created_at: datetime
    expires_at: datetime  # moves on while it is used
    last_seen_at: datetime  # to the minute


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session with the two texts that are told once, to the one who logged in."""

    session: SessionRecord
    token: str = field(repr=False)  # for the cookie
    csrf_token: str = field(repr=False)  # for the page; see `credentials.csrf_token`


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer to a request that may come again."""

    status: int  # of HTTP, 100 to 599
    headers: dict[str, str]
    body: Any  # JSON-ready; None for none


def checked_user_name(name: str) -> str:
    """`name`; InvalidInputError when it cannot be one of a user.

    Letters are those of ASCII: a name is also looked at by people, who must be able to tell two apart.
    """
    if not re.fullmatch(USER_NAME, name):
        raise InvalidInputError(
            f"{name[:80]!r} is no user name; write 1 to 64 letters (a-z), digits, dots, underscores, hyphens and @"
        )
    return name


def checked_label(label: str) -> str:
    """The name of a key, without superfluous blanks; InvalidInputError when it is unusable."""
    label = " ".join(label.split())
    if not label or len(label) > LABEL_MAX_CHARACTERS or not label.isprintable():
        raise InvalidInputError(
            f"the name of a key has 1 to {LABEL_MAX_CHARACTERS} printable characters, not {label[:80]!r}"
        )
    return label


def checked_key_life(expires_in: timedelta | None) -> timedelta | None:
    """How long a key lives; InvalidInputError when it is nothing or more than ten years."""
    if expires_in is not None and not timedelta(0) < expires_in <= KEY_LIFE_MAX:
        raise InvalidInputError(f"a key lives for at most {KEY_LIFE_MAX.days} days, or without end; not {expires_in}")
    return expires_in


def checked_session_ttl(ttl: timedelta) -> timedelta:
    """How long a session lives unused; InvalidInputError when out of bounds."""
    if not SESSION_TTL_MIN <= ttl <= SESSION_LIFE_MAX:
        raise InvalidInputError(f"a session lives for {SESSION_TTL_MIN} to {SESSION_LIFE_MAX.days} days, not {ttl}")
    return ttl


def checked_idempotency_key(key: str) -> str:
    """`key`; InvalidInputError unless it has 1 to 255 printable characters."""
    if not 1 <= len(key) <= IDEMPOTENCY_KEY_MAX_CHARACTERS or not key.isprintable():
        raise InvalidInputError(
            f"an idempotency key has 1 to {IDEMPOTENCY_KEY_MAX_CHARACTERS} printable characters, not {key[:80]!r}"
        )
    return key


def failures_after(failures: int, since_s: float) -> int:
    """How many failed logins count after one more, when there were `failures`, the last one `since_s` seconds ago."""
    return 1 if since_s >= FAILURES_ARE_FORGOTTEN_AFTER_S else failures + 1


def login_wait_s(failures: int, since_s: float) -> float:
    """Seconds until a login may be tried again after `failures` in a row, the last one `since_s` seconds ago."""
    if failures < FREE_FAILURES:
        return 0.0
    wait_s = LOGIN_WAITS_S[min(failures - FREE_FAILURES, len(LOGIN_WAITS_S) - 1)]
    return max(0.0, wait_s - since_s)
