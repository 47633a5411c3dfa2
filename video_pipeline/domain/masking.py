"""Owns what may not be read in logs, events and messages: keys, and whatever looks like one; hides how it is found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, quote_plus

MASK = "***"

SECRET_CHARACTERS = 4
"""A secret that is shorter would make every text unreadable, and is none."""

_NAMES = (
    r"(?:[\w-]*(?:api[_-]?key|access[_-]?token|auth[_-]?token|refresh[_-]?token|license[_-]?token|api[_-]?token"
    r"|client[_-]?secret|api[_-]?secret)"
    r"|x-amz-signature|x-amz-security-token|x-amz-credential|x-goog-signature|x-goog-credential|password|passwd)"
)
_IN_QUERIES = r"(?:key|token|signature|sig|secret|key-pair-id|policy)"
"""Words that mean other things elsewhere: the key of a piece of music is no secret."""

_PATTERNS = (
    # Authorization: Basic dXNlcg==, and every other scheme
    re.compile(r"(?P<kept>\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z]+\s+)?)[^\s\"',;]+", re.IGNORECASE),
    re.compile(r"(?P<kept>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{4,}", re.IGNORECASE),
    # ?api_key=..., "api_key": "...", access-token: ...
    re.compile(rf"(?P<kept>(?<![A-Za-z0-9]){_NAMES}[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}}]+", re.IGNORECASE),
    re.compile(rf"(?P<kept>[?&]{_IN_QUERIES}=)[^\s\"'&,;}}<>]+", re.IGNORECASE),
    re.compile(r"(?P<kept>://[^/\s:@]*:)[^/\s@]+(?=@)"),
    # The forms that vendors give their keys, wherever they stand
    re.compile(r"(?P<kept>\b(?:sk|r8|whsec|key|pk|rk)[_-])[A-Za-z0-9_-]{12,}"),
    re.compile(r"(?P<kept>\bAIza)[A-Za-z0-9_-]{20,}"),
)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets`, as they are and as URLs spell them, and without what has the form of one."""
    for spelling in spellings(secrets):
        text = text.replace(spelling, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<kept>{MASK}", text)
    return text


def spellings(secrets: Iterable[str]) -> Sequence[str]:
    """How `secrets` may be spelt in a text, longest first: what is a part of another would leave the rest of it."""
    usable = [secret for secret in secrets if len(secret) >= SECRET_CHARACTERS]
    found = {form(secret) for secret in usable for form in (str, quote, quote_plus, _quoted_whole, _escaped)}
    return sorted(found, key=lambda spelling: (-len(spelling), spelling))


def _quoted_whole(secret: str) -> str:
    return quote(secret, safe="")


def _escaped(secret: str) -> str:
    """As JSON and reprs have it."""
    return secret.replace("\\", "\\\\").replace('"', '\\"')
