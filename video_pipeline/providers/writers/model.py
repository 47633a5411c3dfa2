"""Owns what a language model has to do for a writer, and what its answers cost; hides vendors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from video_pipeline.domain.errors import ProviderRefusedError
from video_pipeline.ports import Checkup

CHARACTERS_A_TOKEN = 3
"""A cautious guess for English prose, where a server does not count: it has about four."""

TOKENS_BELIEVED = 10_000_000
"""Of one answer: five times what the largest model reads at once. A server that counts more does not count."""

MILLION = Decimal(1_000_000)
MICRO_USD = Decimal("0.000001")


class Role(StrEnum):
    """Whose turn it was."""

    USER = "user"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str


class Ending(StrEnum):
    """How an answer ended."""

    DONE = "done"
    CUT_SHORT = "cut short"  # it had no more tokens
    REFUSED = "refused"  # by the model, or by a filter


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said."""

    text: str
    tokens_read: int | None  # None: the server does not count
    tokens_written: int | None  # thinking included
    ending: Ending = Ending.DONE
    reason: str = ""  # of a refusal


class Model(Protocol):
    """A language model of a vendor."""

    vendor: str
    name: str

    def ask(self, system: str, turns: Sequence[Turn], schema: Mapping[str, Any], most_tokens: int) -> Answer:
        """What the model says next; blocks for minutes. Raises what `VendorHttp.post` does."""
        ...

    def check(self) -> Checkup:
        """See ports.Checkable."""
        ...


class UnsupportedError(ProviderRefusedError):
    """A server does not know a part of the request, `part`, that can be left out."""

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices of a million tokens, in US dollars."""

    read_usd: Decimal
    written_usd: Decimal

    def cost(self, asked: str, answer: Answer) -> Decimal:
        """What an answer to the text `asked` cost, to the millionth of a dollar."""
        read, written = believed(answer.tokens_read), believed(answer.tokens_written)
        return self.of(
            tokens_in(asked) if read is None else read, tokens_in(answer.text) if written is None else written
        )

    def of(self, read: int, written: int) -> Decimal:
        """What so many tokens cost."""
        return ((read * self.read_usd + written * self.written_usd) / MILLION).quantize(MICRO_USD)


def tokens_in(text: str) -> int:
    """About how many tokens a text has, rather too many than too few."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


def believed(tokens: int | None) -> int | None:
    """A count of tokens; None when there is none, or none that can be."""
    return tokens if tokens is not None and 0 <= tokens <= TOKENS_BELIEVED else None


def counted(value: Any) -> int | None:
    """A number of tokens that a server tells; None when it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
