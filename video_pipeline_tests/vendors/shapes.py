"""Owns the check of a JSON body's types; hides how it is walked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = Any
"""A type, a tuple of types, a list of one shape, or a dict of shapes; keys that are not named may hold anything."""
NUMBER = (int, float)


def misfit(value: object, shape: Shape, place: str = "") -> str | None:
    """Where the first value stands that is not of its shape; None when all are. A boolean is no number."""
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return place or "body"
        found = (
            misfit(value[name], inner, f"{place}.{name}".strip(".")) for name, inner in shape.items() if name in value
        )
        return next((each for each in found if each), None)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return place or "body"
        found = (misfit(each, shape[0], f"{place}.{number}") for number, each in enumerate(value))
        return next((each for each in found if each), None)
    fitting = isinstance(value, shape) and (not isinstance(value, bool) or shape is bool)
    return None if fitting else place or "body"
