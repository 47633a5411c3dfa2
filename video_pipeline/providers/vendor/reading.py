"""Owns reading a vendor's answer; hides that anything in it may be of another type than it should be."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

AMOUNT_LIMIT = Decimal(100_000_000)
"""US dollars, or a vendor's units: what is not below it is no amount, and fits into no books."""

AMOUNT_STEP = Decimal("0.000001")

SAID_CHARACTERS = 300
_READ_CHARACTERS = 20_000
"""What is looked through for keys before it is cut: half a key would not be recognized."""

ZONES = timedelta(hours=12)
"""How far west of UTC a clock may be that does not say where it is."""

_TASK_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,199}")


class Masking(Protocol):
    """Who knows the keys; `VendorHttp` does."""

    def masked(self, text: str) -> str:
        """`text` without them."""
        ...


def dict_in(value: Any, *names: str) -> dict[str, Any]:
    """The object under `names`, one within the other; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def list_in(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects of the list under `name`; empty where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text_in(value: Any, name: str) -> str | None:
    """The text under `name`; None where there is none, or an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def amount_in(value: Any, name: str) -> Decimal | None:
    """The amount under `name`, as a number or as text; None where there is none that books can hold."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        amount = Decimal(str(found))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < AMOUNT_LIMIT:
        return None
    return amount.quantize(AMOUNT_STEP) if amount < AMOUNT_STEP else amount


def task_id_of(value: Any) -> str | None:
    """`value`, if it is an id that a path can hold: any other one would be looked for in vain for ever."""
    return value if isinstance(value, str) and _TASK_ID.fullmatch(value) else None


def moment_in(value: Any, name: str) -> datetime | None:
    """The time under `name` in ISO 8601, of one without a zone the latest that can be meant; None where there is none.

    A task that seems older than it is would be taken for another one, and paid for twice.
    """
    text = text_in(value, name)
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC) + ZONES
    except (ValueError, OverflowError):
        return None


def quoted(http: Masking, words: Any) -> str:
    """A vendor's words for a message: without keys, in one line, and short; "" where there are none."""
    text = words if isinstance(words, str) else ""
    return " ".join(http.masked(text[:_READ_CHARACTERS]).split())[:SAID_CHARACTERS]
