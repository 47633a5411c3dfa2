"""Owns requests and replies as values; hides how bodies are written and how a reply goes wrong on its way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Delivery(StrEnum):
    """How a reply reaches the other side."""

    WHOLE = "whole"
    RESET = "reset"  # nothing of it: the connection is reset
    SILENCE = "silence"  # the same after a while
    CUT_OFF = "cut_off"  # half of what Content-Length promises, then the end
    DRIP = "drip"  # a little at a time


@dataclass
class Request:
    """What came; the body is read when somebody asks for it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    read: Callable[[], bytes] = field(repr=False)

    @cached_property
    def body(self) -> bytes:
        """The body as it came."""
        return self.read()

    def bearer(self) -> str | None:
        """The key of an `Authorization: Bearer` header."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() or None if scheme.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    slow_s: float = 0.0  # how long it drips or nothing comes


RESET = Reply(0, delivery=Delivery.RESET)


class AnsweredError(Exception):
    """The end of a call: a vendor says no, in its own shape."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """`value` as JSON; underscores in the names of headers stand for hyphens."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def page(title: str, status: int = 200) -> Reply:
    """The kind of page that a proxy puts in a vendor's place."""
    html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1><hr>edge</body></html>\n"
    return Reply(status, html.encode(), "text/html; charset=utf-8")


def storage_refusal(code: str, message: str, status: int = 403) -> Reply:
    """What object storage says to a link that it does not honour."""
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status, xml.encode(), "application/xml")
