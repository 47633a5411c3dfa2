"""Owns the webhooks that vendors send; hides threads, waiting and trying again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import urllib3

Letter = Callable[[], tuple[bytes, Mapping[str, str]]]
"""Makes the body and its headers at the moment of sending."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One try to deliver: the status that came back, or 0 when none did."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)
    status: int


class Post:
    """Sends each webhook in a thread of its own; `close` ends them all."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._tried: list[Delivered] = []

    @property
    def tried(self) -> tuple[Delivered, ...]:
        """All tries so far, over all vendors."""
        with self._lock:
            return tuple(self._tried)

    def send(self, url: str, letter: Letter, *, after_s: float, tries: int = 1) -> None:
        """POST `letter` to `url` after a while, up to `tries` times until the answer is a 2xx."""
        thread = threading.Thread(target=self._deliver, args=(url, letter, after_s, tries), daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Send no more."""
        self._stop.set()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(10)

    def _deliver(self, url: str, letter: Letter, after_s: float, tries: int) -> None:
        with urllib3.PoolManager(retries=False, timeout=2) as pool:
            for attempt in range(tries):
                if self._stop.wait(after_s if attempt == 0 else 0.05 * 2**attempt):
                    return
                body, headers = letter()
                try:
                    status = pool.request("POST", url, body=body, headers=dict(headers)).status
                except urllib3.exceptions.HTTPError:
                    status = 0
                with self._lock:
                    self._tried.append(Delivered(url, body, headers, status))
                if 200 <= status < 300:
                    return
