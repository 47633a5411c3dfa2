"""Owns what a webhook tells, how it is signed, when it is tried again and what an answer means; hides nothing.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com): three headers, of which the last is an
HMAC-SHA256 over the other two and the body:

    webhook-id: 6a1f...                    the same for every attempt at one delivery, so that a receiver knows it again
    webhook-timestamp: 1767225600          seconds since 1970, of this attempt
    webhook-signature: v1,K5oZfzN95Z9...   base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from video_pipeline.domain.errors import InvalidInputError

TOLD = (
    "created",
    "moved",
    "cancelled",
    "retried",
    "approved",
    "approval_reset",
    "refined",
    "restored",
    "reordered",
    "reworded",
    "exported",
)
"""The kinds of a job's events that webhooks tell: those that change its status, its storyboard or what can be had."""

PING = "ping"
"""The type of a delivery that only tests the way."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, not one
SECRET_BYTES = 32
TOLERANCE_S = 300
"""How old a message may be for its receiver, so that one that was overheard cannot be sent again later."""

BACKOFF_S = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200)
"""Seconds to the next attempt after the first failure, the second, ...: 27.7 hours in all, then it is given up."""

JITTER = 0.2
"""How far an attempt is moved at random, so that what failed together does not come back together."""

SEND_TIMEOUT_S = 10.0
CLAIM_S = 60
"""How long a process may keep a delivery for itself; longer than sending takes, so that only a dead one loses it."""

FAILURES_TO_DISABLE = 10
FAILING_TO_DISABLE = timedelta(days=3)
"""A webhook is disabled after that many failures in a row, if they have lasted that long."""

WEBHOOKS_EACH_MAX = 50
"""Of one user: each event of theirs leaves a message for every one of them, in its own transaction."""

EXCERPT_BYTES = 4096
ERROR_MAX_CHARACTERS = 500
DESCRIPTION_MAX_CHARACTERS = 500

GONE = 410
"""The one status by which a receiver says that it wants no more."""


class DeliveryStatus(StrEnum):
    """How far one delivery is."""

    PENDING = "pending"  # to be sent, now or later
    DELIVERED = "delivered"  # answered with 2xx
    DEAD = "dead"  # given up; it can be replayed


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """An address that is told what happens; its secret is in no record."""

    id: UUID
    user_name: str | None  # whose jobs are told; None: everybody's
    channel_id: UUID | None  # which channel's jobs are told; None: every channel's
    key_id: UUID | None  # of the API key whose orders are told; None: by whatever they were ordered
    url: str
    kinds: tuple[str, ...]  # which events are told; empty: all of TOLD
    description: str
    is_active: bool  # also False when its key counts no more
    disabled_reason: str | None
    failures_in_a_row: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One message to one webhook, and how its delivery went so far."""

    id: UUID
    webhook_id: UUID
    event_id: int | None  # None: a ping
    payload: dict[str, Any]
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None  # None: no more attempts are due
    last_status_code: int | None
    last_error: str | None
    last_attempt_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that this process has claimed, with all it takes to send it."""

    id: UUID
    webhook_id: UUID
    url: str
    secret: str = field(repr=False)
    payload: dict[str, Any]
    attempts: int  # before this one
    claimed_until: datetime  # also what proves the claim


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered."""

    status: int
    excerpt: str = ""  # the beginning of the body, for people
    location_host: str | None = None  # where a redirect points to; it is not followed


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt makes of a delivery."""

    status: DeliveryStatus
    status_code: int | None = None
    error: str | None = None
    retry_in_s: float | None = None  # only while it is pending
    is_gone: bool = False  # the receiver wants no more: the webhook is disabled


def checked_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """`kinds` without repetitions, in the order of TOLD; InvalidInputError for one that is never told."""
    unknown = sorted(set(kinds) - set(TOLD))
    if unknown:
        raise InvalidInputError(f"no webhook tells {unknown[0][:50]!r}; the kinds are {', '.join(TOLD)}")
    return tuple(kind for kind in TOLD if kind in kinds)


def checked_description(text: str) -> str:
    """A note for people in one line; InvalidInputError when it is too long or no plain text."""
    line = " ".join(text.split())
    if len(line) > DESCRIPTION_MAX_CHARACTERS:
        raise InvalidInputError(f"a webhook's description has at most {DESCRIPTION_MAX_CHARACTERS} characters")
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in line):
        raise InvalidInputError("a webhook's description has control characters; use plain text")
    return line


def secret_of(key: bytes) -> str:
    """The secret as it is shown to the receiver; `key` are SECRET_BYTES random bytes."""
    return SECRET_PREFIX + base64.b64encode(key).decode("ascii")


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature`; InvalidInputError when `secret` is none."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(f"a webhook's secret is {SECRET_PREFIX} and base64") from error
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def signed_headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers that go with `body`."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float, tolerance_s: int = TOLERANCE_S) -> bool:
    """True when `body` was signed with `secret` at most `tolerance_s` seconds before or after `now` (since 1970).

    For receivers: `body` are the bytes as they came, the names of headers may be in any case. Several signatures with
    a space between, as while a secret is being exchanged, are fine when one of them is right.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not message_id or not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 15:
        return False
    if abs(now - int(stamp)) > tolerance_s:
        return False
    right = signature(secret, message_id, int(stamp), body).encode()
    given = found.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")
    return any(hmac.compare_digest(right, each) for each in given)


def retry_in_s(attempts: int, jitter: float) -> float | None:
    """Seconds to the next attempt after `attempts` failed ones; None when it is given up. `jitter` is from 0 to 1."""
    if attempts > len(BACKOFF_S):
        return None
    return BACKOFF_S[attempts - 1] * (1 - JITTER + 2 * JITTER * jitter)


def result_of(outcome: Reply | str, attempts: int, jitter: float) -> Result:
    """What the answer, or the text of the error, makes of a delivery after `attempts` attempts, this one counted.

    2xx is delivered, 410 ends the webhook, everything else is tried again as long as BACKOFF_S lasts.
    """
    code = outcome.status if isinstance(outcome, Reply) else None
    if code is not None and 200 <= code <= 299:
        return Result(DeliveryStatus.DELIVERED, code)
    error = (_complaint(outcome) if isinstance(outcome, Reply) else outcome)[:ERROR_MAX_CHARACTERS]
    if code == GONE:
        return Result(DeliveryStatus.DEAD, code, error, is_gone=True)
    wait_s = retry_in_s(attempts, jitter)
    return Result(DeliveryStatus.DEAD if wait_s is None else DeliveryStatus.PENDING, code, error, wait_s)


def _complaint(reply: Reply) -> str:
    if reply.location_host is not None:
        return f"it answered {reply.status}, a redirect to {reply.location_host}, which is not followed"
    said = f": {reply.excerpt[:200]}" if reply.excerpt.strip() else ""
    return f"it answered {reply.status}{said}"
