"""Owns where vendors put what is wrong; hides the shapes of their errors."""

from __future__ import annotations

from typing import Any

_PLACES = ("message", "msg", "detail", "error", "errors", "extensions", "details", "title", "failure", "code", "status")
"""The most telling first."""

_DEPTH = 6


def message_of(body: Any) -> str:
    """The text in {"error": {"message": ...}}, {"detail": ...}, [{...}], and the like; empty where there is none."""
    for _ in range(_DEPTH):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict):
            body = next((body[name] for name in _PLACES if body.get(name)), None)
        else:
            break
    return body if isinstance(body, str) else ""
