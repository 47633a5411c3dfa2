"""Owns what a vendor says by itself about a task, and how it proves that it is the vendor; hides the shapes of letters.

Nothing of a letter is believed but that it is time to look: what became of the task is asked of the vendor, always. So
a letter that comes twice, late or out of order does no harm.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from video_pipeline.domain import webhooks
from video_pipeline.domain.errors import AccessDeniedError, InvalidInputError, NotFoundError

PATH = "/api/v2/vendors/{vendor}/webhook"
"""Where letters are taken in, below the address of the studio."""

LETTER_MAX_BYTES = 1 << 20
TASK_ID_CHARACTERS = 200

Proof = Callable[[str, Mapping[str, str], bytes, float], bool]
"""Whether the headers and body of a letter, come at a time (seconds since 1970), go with a secret."""


@dataclass(frozen=True, slots=True)
class Announcer:
    """A vendor that writes such letters."""

    secret: str  # the name of the key that it proves itself with
    proof: Proof
    task_id: tuple[str, ...]  # where the id of the task is in a letter, one name within the other


def _is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    return webhooks.verify(secret, headers, body, now=now, tolerance_s=300)


def _bears_key(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    return hmac.compare_digest(f"Bearer {secret}".encode(), given.encode("utf-8", "replace"))


ANNOUNCERS: Mapping[str, Announcer] = {
    "replicate": Announcer("webhook_secret", _is_signed, ("id",)),
    "leonardo": Announcer("webhook_key", _bears_key, ("data", "object", "id")),
}
"""Vendors whose letters can be told from anybody else's."""


def task_told_of(vendor: str, secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The id of the task of which a letter tells.

    NotFoundError for a vendor that writes none, AccessDeniedError when `secret` is not what the letter was proved with,
    or that is more than five minutes ago; InvalidInputError when it names no task.
    """
    announcer = ANNOUNCERS.get(vendor)
    if announcer is None:
        raise NotFoundError(f"no letters of {vendor[:50]!r} are taken; of these they are: {', '.join(ANNOUNCERS)}")
    if not announcer.proof(secret, headers, body, now):
        raise AccessDeniedError(f"this letter is not {vendor}'s, or is older than five minutes")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"the letter of {vendor} is no JSON") from error
    for name in announcer.task_id:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= TASK_ID_CHARACTERS:
        raise InvalidInputError(f"the letter of {vendor} names no task")
    return found
