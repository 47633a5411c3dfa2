"""Owns what the words in a search box mean; hides PostgreSQL's query language.

    rain night      both, in any order; the last word may be unfinished
    "rain night"    one after the other
    rain or snow    either
    rain -night     the one without the other
    3f9a1c          also the job whose id begins like this (6 digits or more)

Case does not matter, punctuation parts words. Words that nothing is left of (blank, punctuation only) do not filter.
Scripts that put no spaces between words, and signs such as emoji, are looked for as they stand, anywhere in the short
texts of a job. No index helps with that: it reads every job, 10 ms for 10,000 of them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal, or_
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from video_pipeline.store.books.base import JOBS
from video_pipeline.store.books.codec import clean
from video_pipeline.store.schema.tables.words import SEPARATORS

CHARACTERS_MAX = 200
"""Looked at; somebody who pastes a whole description still finds its job."""

_ID_MIN_DIGITS = 6
_SPACED = re.compile(rf"[\x00-\x20\x7f!-/:-@\[-`{{-~\s{re.escape(SEPARATORS)}]+")
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"]+))')
# Thai to Burmese, Khmer, kana, Han, and Hangul, whose words end in particles.
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u318f\u31f0-\u4dbf\u4e00-\ua4cf\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
_SHORT_TEXTS = ("youtube_title", "niche_label", "mood_keywords", "project_name", "song_title")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search, taken apart."""

    query: str  # for websearch_to_tsquery: plain words, closed quotes, "or", a minus
    unfinished: bool  # the last word of the query is the beginning of one
    fragments: tuple[tuple[str, bool], ...]  # looked for as they stand; False means that they must not be there
    ids: tuple[UUID, UUID] | None  # the lowest and the highest id that begin like this


def parsed(words: str) -> Wanted:
    """Take apart what somebody typed; no text is an error."""
    words = unicodedata.normalize("NFC", clean(words)[:CHARACTERS_MAX])
    query: list[str] = []
    fragments: list[tuple[str, bool]] = []
    unfinished = False
    for term in _TERM.finditer(words):
        found = term["word"] if term["phrase"] is None else term["phrase"]
        plain = " ".join(_SPACED.sub(" ", found).split())
        if not plain:
            continue
        if _UNSPACED.search(plain) or not any(each.isalnum() for each in plain):
            fragments.append((plain, not term["minus"]))
            continue
        query.append(term["minus"] + (f'"{plain}"' if term["word"] is None or " " in plain else plain))
        unfinished = not term["minus"] and not term["closed"] and term.end() == len(words)
    return Wanted(" ".join(query), unfinished, tuple(fragments), _ids(words))


def matching(words: str) -> ColumnElement[bool] | None:
    """The condition that a job is one of those looked for; None when nothing is looked for."""
    wanted = parsed(words)
    conditions = [_holds(fragment) if there else ~_holds(fragment) for fragment, there in wanted.fragments]
    if wanted.query:
        conditions.append(JOBS.c.search.bool_op("@@")(_tsquery(wanted)))
    if not conditions:
        return None
    return and_(*conditions) if wanted.ids is None else or_(and_(*conditions), JOBS.c.id.between(*wanted.ids))


def _tsquery(wanted: Wanted) -> ColumnElement[object]:
    simple = cast(literal("simple"), REGCONFIG)
    query = func.websearch_to_tsquery(simple, func.lower(wanted.query))
    if not wanted.unfinished:
        return query
    # As text a query ends in its last word, in quotes; with :* behind it, that is a prefix. One without words is empty.
    prefixed = cast(cast(query, Text).concat(":*"), TSQUERY)
    return case((cast(query, Text).endswith("'"), prefixed), else_=query)


def _holds(fragment: str) -> ColumnElement[bool]:
    texts = func.concat_ws(" ", *(JOBS.c[name] for name in _SHORT_TEXTS))
    return texts.icontains(fragment, autoescape=True)


def _ids(words: str) -> tuple[UUID, UUID] | None:
    digits = words.strip().lower().replace("-", "")
    if not re.fullmatch(rf"[0-9a-f]{{{_ID_MIN_DIGITS},32}}", digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
