"""Owns a client of the API for tests: real HTTP over the loopback; hides connections and the form of bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

TIMEOUT_S = 120


@dataclass(frozen=True)
class Reply:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its JSON."""
        return json.loads(self.body)


class Client:
    """Calls one server, with a key or with cookies of its own."""

    def __init__(self, root: str, key: str | None = None) -> None:
        self.root = root
        self.key = key
        self.cookie: str | None = None
        self.csrf: str | None = None
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT_S, maxsize=8)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """One call; `body` goes as JSON, `files` as a form, `raw` as it is."""
        sent = {**self._credentials(), **(headers or {})}
        address = f"{self.root}{path}{_query(query)}"
        if files is not None:
            answer = self._pool.request(method, address, fields=files, headers=sent)
        else:
            content = raw
            if body is not None:
                content, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
            answer = self._pool.request(method, address, body=content, headers=sent)
        return Reply(answer.status, answer.headers, answer.data)

    def get(self, path: str, **more: Any) -> Reply:
        """GET."""
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        """POST."""
        return self.call("POST", path, body=body, **more)

    def sign_in(self, name: str, password: str) -> Reply:
        """Open a session and keep its cookie and token."""
        reply = self.post("/session", {"name": name, "password": password})
        if reply.status == 200:
            self.cookie = reply.headers["set-cookie"].partition(";")[0]
            self.csrf = reply.json["csrf_token"]
        return reply

    @contextmanager
    def stream(self, path: str, **headers: str) -> Iterator[Iterator[dict[str, str]]]:
        """Server-sent events, one dictionary each: event, data, id."""
        answer = self._pool.request(
            "GET", f"{self.root}{path}", headers={**self._credentials(), **headers}, preload_content=False
        )
        try:
            assert answer.status == 200, answer.status
            yield _events(answer)
        finally:
            answer.close()

    def _credentials(self) -> dict[str, str]:
        sent = {}
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        if self.cookie is not None:
            sent["Cookie"] = self.cookie
        if self.csrf is not None:
            sent["X-CSRF-Token"] = self.csrf
        return sent


def _query(query: Mapping[str, Any] | None) -> str:
    pairs = [
        (name, each)
        for name, value in (query or {}).items()
        for each in (value if isinstance(value, list) else [value])
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def _events(answer: Any) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    buffer = b""
    for chunk in answer.stream(1):
        buffer += chunk
        if not buffer.endswith(b"\n"):
            continue
        line, buffer = buffer.decode().rstrip("\n"), b""
        name, _, value = line.partition(": ")
        if line and name:
            event[name] = value
        elif "data" in event:
            yield event
            event = {}
