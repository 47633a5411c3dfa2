"""Owns how long to wait before the same call again; hides the two forms of Retry-After, and chance."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
"""Of waits that nobody asked for."""

JITTER = 0.5
"""Up to this share is added, so that many who were turned away together do not come back together."""

_SECONDS = re.compile(r"\d+(\.\d+)?")


def asked_wait_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that an answer asks to wait; None when it does not say, or not so that one could tell.

    A date is read against the answer's own clock where it tells the time, because this machine's may be wrong.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return _finite(milliseconds, 1000)
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return _finite(text, 1)
    until = _moment(text)
    if until is None:
        return None
    said = told_time(headers) or now or datetime.now(UTC)
    return max(0.0, (until - said).total_seconds())


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """When an answer was given, by the clock of who gave it; None when it does not say."""
    return _moment(headers.get("date", ""))


def backoff_s(attempt: int, chance: float) -> float:
    """The wait after the n-th attempt, from 1; `chance` is from 0 to 1."""
    plain = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt - 1, 10))
    return plain * (1 + JITTER * chance)


def _finite(digits: str, divisor: int) -> float | None:
    seconds = float(digits) / divisor
    return seconds if math.isfinite(seconds) else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
