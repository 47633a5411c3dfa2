"""Owns passwords: their rules, hashing, verifying, inventing one; hides the encoded form.

    scrypt$131072$8$1$<salt>$<hash>     N, r, p, then 16 and 32 bytes in base64

The parameters stand beside each hash, so that they can change while older ones remain valid.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass

from video_pipeline.domain.errors import InvalidInputError

PASSWORD_CHARACTERS = range(12, 201)

_SCHEME = "scrypt"
_SALT_BYTES = 16
_HASH_BYTES = 32
# Without letters and digits that are taken for each other; 32 of them, so that each is worth 5 bits.
_SPEAKABLE = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARACTERS = 5, 5


@dataclass(frozen=True, slots=True)
class Cost:
    """How much work one guess is: `n` rounds of `r` x 128 bytes, `p` times."""

    n: int
    r: int
    p: int

    @property
    def memory_bytes(self) -> int:
        """What one hash occupies while it is made."""
        return 128 * self.r * (self.n + self.p + 2)


OWASP = Cost(n=2**17, r=8, p=1)
"""The first choice of OWASP's Password Storage Cheat Sheet for scrypt: 128 MiB and, measured on two busy cores of a
Xeon (Sapphire Rapids), 0.5 to 0.7 s."""


def checked_password(password: str) -> str:
    """`password`; InvalidInputError, which does not repeat it, when it is too short, too long or no Unicode."""
    if len(password) not in PASSWORD_CHARACTERS:
        raise InvalidInputError(
            f"a password has {PASSWORD_CHARACTERS[0]} to {PASSWORD_CHARACTERS[-1]} characters, not {len(password)}"
        )
    if not _is_unicode(password):
        raise InvalidInputError("the password has characters that are no Unicode; type it again")
    return password


def hash_password(password: str, cost: Cost = OWASP) -> str:
    """What is stored of a password; InvalidInputError when it breaks the rules."""
    salt = secrets.token_bytes(_SALT_BYTES)
    hashed = _scrypt(checked_password(password), salt, cost)
    return "$".join((_SCHEME, str(cost.n), str(cost.r), str(cost.p), _written(salt), _written(hashed)))


def verify_password(password: str, encoded: str | None, cost: Cost = OWASP) -> bool:
    """True when `encoded` is of `password`.

    With None, for a user who does not exist, the same work is done in vain, at `cost`: how long the answer takes says
    nothing about who exists. The same holds for texts that cannot be a password.
    """
    salt, expected = bytes(_SALT_BYTES), b""
    if encoded is not None:
        cost = cost_of(encoded)
        salt, expected = (base64.b64decode(part) for part in encoded.split("$")[4:])
    usable = len(password) in PASSWORD_CHARACTERS and _is_unicode(password)
    hashed = _scrypt(password if usable else "", salt, cost)
    return hmac.compare_digest(hashed, expected) and usable


def cost_of(encoded: str) -> Cost:
    """The cost at which a stored password was hashed."""
    n, r, p = (int(part) for part in encoded.split("$")[1:4])
    return Cost(n, r, p)


def invented_password() -> str:
    """A password that nobody can guess, 125 bits, and that can be read aloud."""
    groups = ("".join(secrets.choice(_SPEAKABLE) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    # Two keyboards may write the same letter as one character or as two.
    typed = unicodedata.normalize("NFC", password).encode()
    # OpenSSL refuses more than 32 MiB unless told otherwise.
    return hashlib.scrypt(
        typed, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=2 * cost.memory_bytes, dklen=_HASH_BYTES
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _written(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
