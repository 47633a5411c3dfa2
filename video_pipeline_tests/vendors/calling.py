"""Owns plain calls for the tests of the fakes, by urllib3 and without retries; hides JSON and pools."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3

KEY = "key-of-tests"


@dataclass(frozen=True)
class Caller:
    """Calls one vendor with its headers."""

    pool: urllib3.PoolManager
    base: str
    headers: Mapping[str, str]

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """GET, not following anything."""
        return self.pool.request("GET", self._url(path), headers={**self.headers, **headers}, redirect=False)

    def post(self, path: str, body: object, **headers: str) -> urllib3.BaseHTTPResponse:
        """POST JSON, not following anything."""
        sent = {"Content-Type": "application/json", **self.headers, **headers}
        return self.pool.request("POST", self._url(path), body=json.dumps(body), headers=sent, redirect=False)

    def media(self, url: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """GET a link without the vendor's headers."""
        return self.pool.request("GET", url, headers=headers, redirect=False)

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.base + path


@contextmanager
def calling(base: str, headers: Mapping[str, str]) -> Iterator[Caller]:
    """A caller whose connections are closed at the end."""
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        yield Caller(pool, base, headers)


def said(reply: urllib3.BaseHTTPResponse, status: int = 200) -> Any:
    """The JSON of a reply that has this status."""
    assert reply.status == status, (reply.status, reply.data[:500])
    return json.loads(reply.data)


def wait_for(happened: Callable[[], object], limit_s: float = 5) -> None:
    """Wait until `happened` says something true."""
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end, f"did not happen in {limit_s} s"
        time.sleep(0.01)
