"""Owns the JSON that a model answers with; hides which keywords vendors understand.

Strict modes ask that each object lists all its keys as required and allows no others, and know few keywords: how many
entries there must be, and how long they may be, stands in words alone and is checked when the answer is read.
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
        "tags": _list(_text("A tag."), "10 to 18 tags."),
    }
    if task.samples:
        properties["music"] = _list(_object(_MUSIC), f"Exactly {len(task.samples)} pieces, in their order.")
    if task.pictures:
        properties["visuals"] = _list(_object(_VISUAL), f"Exactly {task.pictures} pictures, in their order.")
    return _object(properties)


def _text(what: str) -> dict[str, Any]:
    return {"type": "string", "description": what}


def _word(words: list[str], what: str) -> dict[str, Any]:
    return {"type": "string", "enum": words, "description": what}


def _list(entry: dict[str, Any], what: str) -> dict[str, Any]:
    return {"type": "array", "items": entry, "description": what}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_MUSIC = {
    "title": _text("The piece's name, at most 60 characters."),
    "text": _text("What it sounds like, 100 to 400 characters."),
    "tempo_bpm": {"type": "integer", "description": "Beats a minute, 40 to 140."},
    "tonic": _word(list(TONICS), "The tonic."),
    "mode": _word([str(mode) for mode in Mode], "The scale."),
    "instruments": _list(
        _word([str(each) for each in Instrument], "An instrument."), "2 to 5 instruments; the first one leads."
    ),
    "density": {"type": "number", "description": "0 sparse to 1 busy."},
    "moods": _list(_text("A mood."), "1 to 4 moods, one or two words each."),
}

_VISUAL = {
    "text": _text("What the picture shows, 150 to 500 characters."),
    "description": _text("One short line for people."),
}
