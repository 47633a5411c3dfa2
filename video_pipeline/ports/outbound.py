"""Owns sending to, and fetching from, addresses that users name; hides DNS, TLS and what may not be reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from video_pipeline.domain.webhooks import Reply


class Messenger(Protocol):
    """Sends messages over HTTP."""

    def check(self, url: str) -> None:
        """Raise InvalidInputError when `url` is not usable, or leads to an address that may not be reached.

        A name that cannot be resolved now passes: each sending checks again.
        """
        ...

    def fetch(self, url: str, out: Path, most_bytes: int, timeout_s: float) -> None:
        """Write what is at `url` to the new file `out`; no redirect is followed.

        InvalidInputError as `check`, when the answer is no 200, and when it has more than `most_bytes` bytes or none;
        UnreachableError when it is not there whole within `timeout_s` seconds, or the server is too busy for it (408,
        425, 429, 5xx). Then there is no file.
        """
        ...

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        """Send `body` and return the answer, whatever its status; no redirect is followed.

        InvalidInputError as `check`; UnreachableError when there is no answer within `timeout_s` seconds in all.
        """
        ...
