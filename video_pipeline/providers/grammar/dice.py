"""Owns repeatable chance; hides the hash behind it.

The same words always give the same throws, on every machine and every Python version: nothing here depends on
PYTHONHASHSEED or on the algorithms of the `random` module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A stream of throws that depends only on the words it was made from."""

    def __init__(self, *words: object) -> None:
        self._key = "\x1f".join(str(word) for word in words).encode()
        self._throws = 0

    def below(self, limit: int) -> int:
        """An integer from 0 to `limit` - 1; the bias of the modulus is below 2**-40 for limits in use."""
        digest = hashlib.blake2b(self._key + self._throws.to_bytes(8, "big"), digest_size=8).digest()
        self._throws += 1
        return int.from_bytes(digest, "big") % limit

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 throws."""
        return self.below(100) < percent

    def between(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        return low + (high - low) * self.below(1 << 20) / ((1 << 20) - 1)

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[self.below(len(choices))]

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """All of `choices` in another order (Fisher-Yates)."""
        mixed = list(choices)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def bag(self, choices: Sequence[T]) -> Iterator[T]:
        """An endless draw: every choice comes once before any comes again, and none twice in a row."""
        previous: list[T] = []
        while True:
            round_ = self.shuffled(choices)
            if previous == round_[:1] and len(round_) > 1:
                round_.append(round_.pop(0))
            yield from round_
            previous = round_[-1:]
