"""Owns our values as plain JSON values; hides how a value is taken apart."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any


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
