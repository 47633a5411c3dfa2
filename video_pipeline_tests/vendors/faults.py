"""Owns what can go wrong with a call and the seeded plan that chooses; hides which fault fits which call and vendor."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Call(StrEnum):
    """What a call is for."""

    SUBMIT = "submit"  # makes something and costs money
    POLL = "poll"  # one task
    LIST = "list"
    MEDIA = "media"
    ME = "me"  # account, licence, models: neither makes nor costs


class Makes(StrEnum):
    """What a vendor sells."""

    AUDIO = "audio"
    PICTURE = "picture"
    VIDEO = "video"
    TEXT = "text"


class Fault(StrEnum):
    """One way to go wrong; those of the first group are before the work, so that nothing is made or charged."""

    RESET_BEFORE = "reset_before"  # reset when the headers are read and the body is not
    LIMIT_SECONDS = "limit_seconds"  # 429, Retry-After in seconds
    LIMIT_DATE = "limit_date"  # 429, Retry-After as an HTTP date
    LIMIT_BARE = "limit_bare"  # 429 without Retry-After
    LIMIT_CONCURRENT = "limit_concurrent"  # Mubert's 403 for too many at once
    ERROR_JSON = "error_json"  # 500, 502, 503 or 504 in the vendor's own words
    ERROR_PAGE = "error_page"  # the same as a page of a proxy
    REDIRECT = "redirect"  # 308 to the path with a slash, which sends back
    NO_QUOTA = "no_quota"  # OpenAI's 429 that no waiting helps against; Gemini's quota of the day

    # After the work: what was asked for exists and is on the bill.
    RESET_AFTER = "reset_after"  # reset in place of the answer
    GATEWAY_LOST = "gateway_lost"  # a proxy's 504 page in place of the answer
    TRUNCATED_JSON = "truncated_json"  # half of the answer, with the length of that half
    CUT_OFF = "cut_off"  # half of the answer, with the length of the whole
    SLOW = "slow"  # the answer in drops, `Behaviour.drip_s` long
    SILENCE = "silence"  # no answer for `Behaviour.silence_s`, then a reset

    # In the work: it is refused without a charge, or the task or the thing made is wrong.
    AS_LIST = "as_list"  # Leonardo: a refusal that is a 200 with a list; Gemini: its 503 in a list
    UNKNOWN_STATE = "unknown_state"  # a poll says a word that no document has
    TASK_FAILED = "task_failed"  # the task ends as failed
    REFUSED = "refused"  # as if the prompt had one of `Behaviour.refused_words`
    NSFW = "nsfw"  # Leonardo: an image that is marked
    NO_IMAGE = "no_image"  # Gemini: finishReason NO_IMAGE
    SILENT = "silent"  # music of zeros
    BLACK = "black"  # a picture of zeros
    LENGTH = "length"  # text that ends at the limit of tokens
    INVALID_JSON = "invalid_json"  # text that is no JSON
    WRONG_SCHEMA = "wrong_schema"  # JSON that is not what was asked for
    CONTENT_FILTER = "content_filter"  # text that ends in the filter

    # At the media.
    TRUNCATED_MEDIA = "truncated_media"  # a third of the file as if it were all of it
    PAGE_AS_MEDIA = "page_as_media"  # a page, called audio/mpeg and the like
    WRONG_PICTURE = "wrong_picture"  # a JPEG called PNG, or a PNG called JPEG or WEBP
    EXPIRED_LINK = "expired_link"  # 403


_ANY = frozenset(Call)
_JSON = _ANY - {Call.MEDIA}
_ONLY_SUBMIT = frozenset({Call.SUBMIT})
_ONLY_MEDIA = frozenset({Call.MEDIA})

CALLS: dict[Fault, frozenset[Call]] = {
    **dict.fromkeys((Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CUT_OFF, Fault.ERROR_PAGE), _ANY),
    **dict.fromkeys((Fault.SLOW, Fault.SILENCE), _ANY),
    **dict.fromkeys((Fault.LIMIT_SECONDS, Fault.LIMIT_DATE, Fault.LIMIT_BARE), _JSON),
    **dict.fromkeys((Fault.ERROR_JSON, Fault.REDIRECT, Fault.TRUNCATED_JSON, Fault.GATEWAY_LOST), _JSON),
    **dict.fromkeys((Fault.TRUNCATED_MEDIA, Fault.PAGE_AS_MEDIA, Fault.WRONG_PICTURE, Fault.EXPIRED_LINK), _ONLY_MEDIA),
    **dict.fromkeys((Fault.LIMIT_CONCURRENT, Fault.NO_QUOTA, Fault.AS_LIST, Fault.TASK_FAILED), _ONLY_SUBMIT),
    **dict.fromkeys((Fault.REFUSED, Fault.NSFW, Fault.NO_IMAGE, Fault.SILENT, Fault.BLACK), _ONLY_SUBMIT),
    **dict.fromkeys((Fault.LENGTH, Fault.INVALID_JSON, Fault.WRONG_SCHEMA, Fault.CONTENT_FILTER), _ONLY_SUBMIT),
    Fault.UNKNOWN_STATE: frozenset({Call.POLL}),
}
"""The calls that a fault fits."""

_TASKS = frozenset({"mubert", "beatoven", "leonardo", "replicate", "runway"})
_WRITERS = frozenset({"gemini", "openai"})
_VENDORS: dict[Fault, frozenset[str]] = {
    Fault.LIMIT_CONCURRENT: frozenset({"mubert"}),
    Fault.NO_QUOTA: _WRITERS,
    Fault.AS_LIST: frozenset({"leonardo", "gemini"}),
    Fault.NSFW: frozenset({"leonardo"}),
    Fault.NO_IMAGE: frozenset({"gemini"}),
    Fault.TASK_FAILED: _TASKS,
    Fault.UNKNOWN_STATE: _TASKS,
    **dict.fromkeys((Fault.LENGTH, Fault.INVALID_JSON, Fault.WRONG_SCHEMA), _WRITERS),
    Fault.CONTENT_FILTER: frozenset({"openai"}),
}
_MADE: dict[Fault, Makes] = {
    Fault.SILENT: Makes.AUDIO,
    Fault.BLACK: Makes.PICTURE,
    Fault.WRONG_PICTURE: Makes.PICTURE,
}
_INLINE = frozenset({Fault.TRUNCATED_MEDIA, Fault.WRONG_PICTURE})
"""Faults of media that a vendor that answers with the picture itself has in that answer."""

ASKED_FOR = frozenset({Fault.REFUSED, Fault.NO_QUOTA, Fault.SILENCE})
"""Faults that a plan has only when they are named in `among`: they end a task for good, or take long."""


class Seller(Protocol):
    """What decides which faults a vendor can have."""

    name: str
    makes: Makes
    inline: bool


def fits(fault: Fault, call: Call, vendor: Seller) -> bool:
    """Whether `fault` can befall such a call of such a vendor."""
    if fault in _VENDORS and vendor.name not in _VENDORS[fault]:
        return False
    if fault in _MADE and _MADE[fault] is not vendor.makes:
        return False
    if call is Call.MEDIA and vendor.makes is Makes.TEXT:
        return False
    return call in CALLS[fault] or (vendor.inline and call is Call.SUBMIT and fault in _INLINE)


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that has been chosen for one call."""

    fault: Fault
    status: int = 503  # of ERROR_JSON and ERROR_PAGE
    wait_s: float = 1.0  # what Retry-After says


@dataclass
class Faults:
    """A plan: the same seed gives the n-th call of a kind of a key the same fault, whatever happens beside it.

    `share` is the part of the calls that go wrong; after `longest` in a row of one kind comes a good one,
    so that a client that tries `longest + 1` times always gets through.
    """

    seed: int
    share: float = 0.3
    among: frozenset[Fault] = frozenset(Fault) - ASKED_FOR
    longest: int = 2
    wait_s: float = 1.0
    _counts: dict[tuple[str, str, Call], int] = field(default_factory=dict, repr=False)
    _in_a_row: dict[tuple[str, str, Call], int] = field(default_factory=dict, repr=False)

    def draw(self, vendor: Seller, key: str, call: Call) -> Struck | None:
        """What befalls the next such call, if anything does; the caller holds the account's lock."""
        place = (vendor.name, key, call)
        number = self._counts[place] = self._counts.get(place, 0) + 1
        chance = random.Random(f"{self.seed}/{vendor.name}/{key}/{call}/{number}")
        if chance.random() >= self.share or self._in_a_row.get(place, 0) >= self.longest:
            self._in_a_row[place] = 0
            return None
        self._in_a_row[place] = self._in_a_row.get(place, 0) + 1
        fitting = [fault for fault in Fault if fault in self.among and fits(fault, call, vendor)]
        if not fitting:
            return None
        return Struck(chance.choice(fitting), chance.choice((500, 502, 503, 504)), self.wait_s)


def named(faults: Iterable[str]) -> frozenset[Fault]:
    """The faults of these names."""
    return frozenset(Fault(name) for name in faults)
