"""Owns the words by which jobs are found, as a column that the database keeps; hides how words are told apart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Computed, TypeDecorator, null
from sqlalchemy.dialects.postgresql import TSVECTOR

SEPARATORS = "-./<&@_+~¡«·»¿–—‘’“”„•…、。「」『』・！，：？\u00a0\u200b\u202f\u2009\u3000"
"""What ends a word beside what does so for PostgreSQL in every locale.

Its parser would take a.b for a host, a/b for a path and <b> for a tag; and by the locale of the server, everything
beyond ASCII for letters.
"""

WORDS_MAX_CHARACTERS = 10_000
"""Looked at in texts of one weight; a text of a million different words would be refused."""


class Words(TypeDecorator[Any]):
    """A tsvector that is searched and never read: in the columns of a SELECT it is NULL, and costs nothing."""

    impl = TSVECTOR
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """NULL, since a job is read far more often than searched, and its words are as long as its texts."""
        return null()


def _words(weight: str, *columns: str) -> str:
    joined = " || ' '::text || ".join(columns)
    spaces = " " * len(SEPARATORS)
    plain = f"translate(\"left\"({joined}, {WORDS_MAX_CHARACTERS}), '{SEPARATORS}'::text, '{spaces}'::text)"
    return f"setweight(to_tsvector('simple'::regconfig, lower({plain})), '{weight}'::\"char\")"


def _there(column: str) -> str:
    return f"COALESCE({column}, ''::text)"


# Written as PostgreSQL itself prints it, so that the two can be compared.
JOB_WORDS = Computed(
    " || ".join(
        (
            _words("A", _there("youtube_title"), "niche_label::text"),
            _words("B", "mood_keywords", _there("project_name"), _there("song_title")),
            _words("C", _there("prompt")),
            _words("D", _there("youtube_description")),
        )
    ),
    persisted=True,
)
