"""Owns what fake language models say: values that fit a JSON schema, made of words; hides how a schema is walked."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from video_pipeline_tests.vendors.faults import Fault
from video_pipeline_tests.vendors.vendor import Ask

_WORDS = """
amber ash autumn bay birch breath calm cedar cloud coast dawn deep dew distant drift dusk ember evening far fern fog
forest garden gentle glass glow harbour haze hill hush island lake lantern leaf light low meadow mist moon morning moss
night ocean pale path pine quiet rain reed ridge river shade shore silver sky slow snow soft spring star still stone
stream summer tide valley violet warm water wave willow wind winter wood
"""
_DEPTH = 12
_MOST = 2000  # items of a list, characters of a text
WORDS_OF_REFUSAL = "I'm sorry, but I can't help with that request."


class SchemaError(Exception):
    """A schema that is none."""


def written(schema: Mapping[str, Any], seed: object) -> Any:
    """A value that `schema` allows, the same for the same seed; raises SchemaError if it is no schema.

    Known are type (in either case), enum, const, properties, required, items, min/max of items, lengths and numbers,
    anyOf and oneOf (the first that is not null) and $ref into $defs; patterns are not.
    """
    try:
        return _Writer(schema, random.Random(repr(seed))).value(schema, 0)
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise SchemaError(f"Invalid schema: {error}") from error


def find_schema(text: str) -> dict[str, Any] | None:
    """The first JSON schema that stands in a prompt."""
    decoder = json.JSONDecoder()
    place = text.find("{")
    while place >= 0:
        try:
            value, _ = decoder.raw_decode(text, place)
        except ValueError:
            value = None
        if isinstance(value, dict) and "properties" in value:
            return value
        place = text.find("{", place + 1)
    return None


def said(ask: Ask, schema: Mapping[str, Any] | None, seed: object) -> str:
    """What a model says: the next text that the test has laid down, else one that fits the schema."""
    if ask.fault is Fault.INVALID_JSON:
        return '{"title": "Lake at night", "tags": ["lake", '
    if ask.fault is Fault.WRONG_SCHEMA:
        return '{"apology": "I made something else."}'
    with ask.account.lock:
        how = ask.account.behaviour
        if how.answers:
            first, *rest = how.answers
            how.answers = tuple(rest)
            return first
    value = written(schema or {"type": "string"}, seed)
    return json.dumps(value, ensure_ascii=False) if schema else str(value)


def tokens(text: str) -> int:
    """About as many tokens as a text has."""
    return -(-len(text) // 4)


class _Writer:
    def __init__(self, root: Mapping[str, Any], chance: random.Random) -> None:
        self._root = root
        self._chance = chance
        self._words = _WORDS.split()

    def value(self, schema: Mapping[str, Any], depth: int) -> Any:
        if depth > _DEPTH:
            return None
        if "$ref" in schema:
            return self.value(self._referred(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        for name in ("anyOf", "oneOf"):
            if name in schema:
                some = [each for each in schema[name] if each.get("type") != "null"]
                return self.value(some[0], depth + 1)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next(each for each in kind if each != "null")
        match kind.lower():
            case "object":
                members = schema.get("properties", {})
                return {name: self.value(member, depth + 1) for name, member in members.items()}
            case "array":
                return self._array(schema, depth)
            case "integer":
                return self._chance.randint(*self._range(schema, 1))
            case "number":
                least, most = self._range(schema, 0)
                return round(self._chance.uniform(least, most), 3)
            case "boolean":
                return self._chance.random() < 0.5
            case "null":
                return None
            case _:
                return self._text(schema)

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        least = max(schema.get("minItems", 0), 3)
        count = min(least, schema.get("maxItems", least), _MOST)
        return [self.value(schema.get("items", {}), depth + 1) for _ in range(count)]

    @staticmethod
    def _range(schema: Mapping[str, Any], step: int) -> tuple[Any, Any]:
        least = schema.get("minimum", schema["exclusiveMinimum"] + step if "exclusiveMinimum" in schema else 0)
        most = schema.get("maximum", schema["exclusiveMaximum"] - step if "exclusiveMaximum" in schema else least + 100)
        return least, most

    def _text(self, schema: Mapping[str, Any]) -> str:
        most = schema.get("maxLength", 80)
        text = " ".join(self._chance.choices(self._words, k=self._chance.randint(4, 9)))
        while len(text) < min(schema.get("minLength", 1), _MOST):
            text += f" {self._chance.choice(self._words)}"
        return text[:most].strip() or "a"

    def _referred(self, reference: str) -> Any:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found
