"""Owns what YouTube accepts as text; hides the counting of bytes.

Limits: title 100 characters, description 5,000 bytes of UTF-8, tags 500 characters in all, no < or > anywhere
(YouTube Data API v3, `videos` resource). Chapters: the first at 0:00, at least three, each at least 10 s, ascending
(YouTube Help, "Video chapters").
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.timebase import clock

TITLE_MAX_CHARACTERS = 100
DESCRIPTION_MAX_BYTES = 5_000
TAGS_MAX_CHARACTERS = 500
CHAPTERS_MIN = 3
CHAPTER_MIN_S = 10


class Privacy(StrEnum):
    """Who can see an uploaded video."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


def chapter_lines(starts_s: Sequence[float], titles: Sequence[str]) -> tuple[str, ...]:
    """One line a chapter, `m:ss title`; empty when YouTube would not accept them as chapters."""
    whole = [int(start) for start in starts_s]
    far_enough = all(later - earlier >= CHAPTER_MIN_S for earlier, later in pairwise(whole))
    if len(whole) < CHAPTERS_MIN or whole[0] != 0 or not far_enough:
        return ()
    return tuple(f"{clock(start)} {title}" for start, title in zip(whole, titles, strict=True))


def check_texts(title: str, description: str, tags: Sequence[str]) -> None:
    """Raise InvalidInputError when YouTube would refuse one of the texts."""
    if not 0 < len(title) <= TITLE_MAX_CHARACTERS:
        raise InvalidInputError(f"the title has {len(title)} characters; 1 to {TITLE_MAX_CHARACTERS} are allowed")
    size = len(description.encode())
    if size > DESCRIPTION_MAX_BYTES:
        raise InvalidInputError(f"the description has {size} bytes; at most {DESCRIPTION_MAX_BYTES} are allowed")
    # YouTube counts a tag with a space as if it stood in quotes, and one comma between tags.
    length = sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(len(tags) - 1, 0)
    if length > TAGS_MAX_CHARACTERS:
        raise InvalidInputError(f"the tags have {length} characters; at most {TAGS_MAX_CHARACTERS} are allowed")
    for text in (title, description, *tags):
        if "<" in text or ">" in text:
            raise InvalidInputError(f"YouTube does not accept < or > in {text[:60]!r}")
