"""Owns the form of keys and session tokens: make, read, hash, compare; hides the alphabet.

    vp_ 0c3wFqYdL6Nn2aXkTz8PbS _ 5fK...   43 characters, 256 random bits: the secret itself
    |   `-- the id, by which it is found, so that the comparison happens here and in constant time
    `-- what it is: vp an API key, vs a session

Letters, digits and underscores only: a double click selects all of it, and no shell or header changes it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple
from uuid import UUID

KEY_PREFIX = "vp"
SESSION_PREFIX = "vs"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_ID_CHARACTERS = 22  # 62**22 is the first power above 2**128
_SECRET_CHARACTERS = 43  # 62**43 is the first power above 2**256
_SECRET_BITS = 256
_HINT_CHARACTERS = 8
_FORM = re.compile(
    rf"({KEY_PREFIX}|{SESSION_PREFIX})_([0-9A-Za-z]{{{_ID_CHARACTERS}}})_[0-9A-Za-z]{{{_SECRET_CHARACTERS}}}"
)


class Credential(NamedTuple):
    """What a text says before it is believed: which kind, and whose."""

    prefix: str
    id: UUID


def new_secret(prefix: str, id_: UUID) -> str:
    """A fresh key or token for the row `id_`; the only copy there is."""
    return (
        f"{prefix}_{_written(id_.int, _ID_CHARACTERS)}_{_written(secrets.randbits(_SECRET_BITS), _SECRET_CHARACTERS)}"
    )


def parse_secret(text: str) -> Credential | None:
    """The parts of a key or token; None for every text that cannot be one."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    number = 0
    for character in found[2]:
        number = number * len(_ALPHABET) + _VALUES[character]
    # Both forms of the id that are too large for a UUID and those of another length are no id of ours.
    return Credential(found[1], UUID(int=number)) if number < 1 << 128 else None


def hash_secret(secret: str) -> str:
    """What is stored instead of a key or token: SHA-256, as 64 hexadecimal digits.

    A slow hash with a salt protects what people choose. Against 256 random bits there is nothing to guess and no table
    to prepare: a fast one is right, and has to be, as it runs with every request.
    """
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def matches(secret: str, hashed: str) -> bool:
    """True when `hashed` is of `secret`; it takes as long wherever they differ."""
    return hmac.compare_digest(hash_secret(secret), hashed)


def key_hint(id_: UUID) -> str:
    """The first characters of the key with this id."""
    return f"{KEY_PREFIX}_{_written(id_.int, _ID_CHARACTERS)[:_HINT_CHARACTERS]}"


def csrf_token(session_token: str) -> str:
    """The text that a page sends with every request that changes something, 64 hexadecimal digits.

    It follows from the session's token, which no other site can read, and leads back to nothing: so it is bound to the
    session, and nothing of it is stored.
    """
    return hmac.new(session_token.encode("utf-8", "replace"), b"video_pipeline csrf", hashlib.sha256).hexdigest()


def csrf_matches(session_token: str, presented: str) -> bool:
    """True when `presented` belongs to the session; constant time."""
    expected = csrf_token(session_token).encode()
    return hmac.compare_digest(expected, presented.encode("utf-8", "replace"))


def _written(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, value = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[value])
    return "".join(reversed(digits))
