"""Owns our values as plain JSON values and back, by the types of their fields; hides how a type is taken apart."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """A value of dataclasses, enums, fractions and tuples as objects, words, numbers and lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    return value


def from_plain(kind: type[T], value: Any) -> T:
    """The reverse of `to_plain`; a field that is not given keeps its default. TypeError or ValueError when it fails."""
    built: T = _built(kind, value)
    return built


def _built(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        return None if value is None else _built(options[0], value)
    if origin is tuple:
        return tuple(_built(get_args(kind)[0], each) for each in value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        known = {field.name for field in fields(kind)}
        given = {name: _built(hints[name], each) for name, each in value.items() if name in known}
        return kind(**given)  # type: ignore[operator] # a dataclass, hence a class
    if isinstance(kind, type) and issubclass(kind, Enum | Fraction | float):
        return kind(value)
    if isinstance(kind, type) and not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
