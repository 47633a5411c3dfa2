"""Owns the licence of a file in the operator's library, as somebody wrote it down beside it; hides where and how.

rain.flac.json     {"licence": "CC BY 4.0", "url": "https://...", "author": "Mia"}    of this file
licences.json      the same, of all files in the folder that have none of their own;
                   or {"rain.flac": {...}, "wind.mp3": {...}}, of those that are named
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import Licence

UNSTATED = Licence("own material of the operator, no licence stated", None)
COMMON = "licences.json"

_FIELDS = frozenset({"licence", "url", "author"})
_LONGEST = 500
_MOST_BYTES = 2**20


def licence_of(file: Path) -> Licence:
    """The licence of `file`; InvalidInputError when what is written down about it is not usable."""
    own, common = file.with_name(f"{file.name}.json"), file.with_name(COMMON)
    if own.is_file():
        return _licence(_read(own), own.name)
    if not common.is_file():
        return UNSTATED
    stated = _read(common)
    if isinstance(stated, dict) and not isinstance(stated.get("licence"), str):
        stated = stated.get(file.name)
        if stated is None:
            return UNSTATED
    return _licence(stated, f"{COMMON} about {file.name}")


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidInputError(f"{path.name} is larger than {_MOST_BYTES:,} bytes; it should state licences")
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path.name} should state a licence, and is no JSON: {error}") from error


def _licence(stated: Any, where: str) -> Licence:
    if not isinstance(stated, dict) or not set(stated) <= _FIELDS or "licence" not in stated:
        raise InvalidInputError(f"{where} should have the fields licence, url and author, of which licence is needed")
    for name, value in stated.items():
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or not value.isprintable():
            raise InvalidInputError(f"{where}: {name} should be a text of 1 to {_LONGEST} characters in one line")
    url, author = stated.get("url"), stated.get("author")
    if url is not None and not url.startswith(("https://", "http://")):
        raise InvalidInputError(f"{where}: url should begin with https:// or http://, not {url[:40]!r}")
    return Licence(f"{stated['licence']}, by {author}" if author else stated["licence"], url)
