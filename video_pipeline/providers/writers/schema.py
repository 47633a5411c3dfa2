"""Owns the JSON that a model answers with; hides which keywords vendors understand.

Strict modes ask that each object lists all its keys as required and allows no others. Some know bounds of numbers and
of lists as well, others refuse a schema that has them, so that it is there in both forms; how long a text may be stands
in words alone. All of it is checked when the answer is read.
"""

from __future__ import annotations

from typing import Any

from video_pipeline.domain.storyboard import TONICS, Instrument, Mode
from video_pipeline.providers.writers.task import Task


def script_schema(task: Task) -> dict[str, Any]:
    """The JSON schema of a script for `task`; it has no music where the music is there, no lengths and no order."""
    properties: dict[str, Any] = {
        "title": _text("The video's title."),
        "description": _text("The video's description: two or three paragraphs."),
        "tags": _list(_text("A tag."), "10 to 18 tags.", range(3, 31)),
    }
    if task.samples:
        pieces = len(task.samples)
        properties["music"] = _list(_object(_MUSIC), f"Exactly {pieces} pieces, in their order.", _just(pieces))
    if task.pictures:
        properties["visuals"] = _list(
            _object(_VISUAL), f"Exactly {task.pictures} pictures, in their order.", _just(task.pictures)
        )
    return _object(properties)


def without_bounds(schema: Any) -> Any:
    """The same for servers that know no bounds."""
    if isinstance(schema, list):
        return [without_bounds(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: without_bounds(each) for name, each in schema.items() if name not in _BOUNDS}


def _just(count: int) -> range:
    return range(count, count + 1)


def _text(what: str) -> dict[str, Any]:
    return {"type": "string", "description": what}


def _word(words: list[str], what: str) -> dict[str, Any]:
    return {"type": "string", "enum": words, "description": what}


def _list(entry: dict[str, Any], what: str, counts: range) -> dict[str, Any]:
    bounds = {"minItems": counts.start, "maxItems": counts.stop - 1}
    return {"type": "array", "items": entry, "description": what} | bounds


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_BOUNDS = frozenset({"minItems", "maxItems", "minimum", "maximum"})

_MUSIC = {
    "title": _text("The piece's name, at most 60 characters."),
    "text": _text("What it sounds like, 100 to 400 characters."),
    "tempo_bpm": {"type": "integer", "description": "Beats a minute, 40 to 140.", "minimum": 40, "maximum": 140},
    "tonic": _word(list(TONICS), "The tonic."),
    "mode": _word([str(mode) for mode in Mode], "The scale."),
    "instruments": _list(
        _word([str(each) for each in Instrument], "An instrument."),
        "2 to 5 instruments; the first one leads.",
        range(1, 7),
    ),
    "density": {"type": "number", "description": "0 sparse to 1 busy.", "minimum": 0, "maximum": 1},
    "moods": _list(_text("A mood."), "1 to 4 moods, one or two words each.", range(1, 9)),
}

_VISUAL = {
    "text": _text("What the picture shows, 150 to 500 characters."),
    "description": _text("One short line for people."),
}
