"""Other readings of a schema: by an older draft, and with fewer of its choices."""

from collections.abc import Iterator
from math import prod
from typing import Any

from together_mock.structured.dice import Dice

_DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
_DATA = frozenset({"const", "enum", "default", "examples"})
_CHOICES = ("anyOf", "oneOf")
# Formats of which generators of schemas mean less than the format says: a time without a zone.
_OVERRULED = ("time",)
# A grammar has every combination of the choices that are made at one place.
_MOST_COMBINATIONS = 64


def meanings(schema: object) -> Iterator[object]:
    """The schema by the draft that has such schemas, then with patterns that overrule formats.

    A generator of schemas that writes a pattern beside a format means the pattern.
    """
    if isinstance(schema, dict) and "$schema" not in schema and _has_tuple(schema):
        schema = _DRAFT_7 | schema
    yield schema
    overruled = _without_formats(schema)
    if overruled != schema:
        yield overruled


def readings(schema: object) -> list[object]:
    """The schema as the drafts read it that it may be meant for."""
    if isinstance(schema, dict) and "$schema" not in schema and "definitions" in schema:
        return [schema, _DRAFT_7 | schema]
    return [schema]


def narrowed(schema: Any, dice: Dice, path: str = "") -> Any:
    """The schema with one branch for each choice, where there are too many combinations."""
    if isinstance(schema, list):
        return [narrowed(item, dice, f"{path}/{i}") for i, item in enumerate(schema)]
    if not isinstance(schema, dict):
        return schema
    if _combinations(schema) > _MOST_COMBINATIONS:
        schema = _decided(schema, dice, path)
        schema["allOf"] = [
            _decided(part, dice, f"{path}/{i}") for i, part in enumerate(_parts(schema))
        ]
    return {
        key: value if key in _DATA else narrowed(value, dice, f"{path}/{key}")
        for key, value in schema.items()
    }


def _without_formats(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_formats(item) for item in value]
    if not isinstance(value, dict):
        return value
    overruled = isinstance(value.get("pattern"), str) and value.get("format") in _OVERRULED
    return {
        key: item if key in _DATA else _without_formats(item)
        for key, item in value.items()
        if not (overruled and key == "format")
    }


def _has_tuple(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_tuple, value))
    if not isinstance(value, dict):
        return False
    parts = (item for key, item in value.items() if key not in _DATA)
    return isinstance(value.get("items"), list) or any(map(_has_tuple, parts))


def _combinations(schema: dict[str, Any]) -> int:
    parts = [schema, *(part for part in _parts(schema) if isinstance(part, dict))]
    choices = [part[key] for part in parts for key in _CHOICES if key in part]
    return prod(len(branches) for branches in choices if isinstance(branches, list))


def _parts(schema: dict[str, Any]) -> list[Any]:
    parts = schema.get("allOf")
    return parts if isinstance(parts, list) else []


def _decided(schema: Any, dice: Dice, path: str) -> Any:
    if not isinstance(schema, dict):
        return schema
    chosen = {
        key: [dice.pick(schema[key], path, key)]
        for key in _CHOICES
        if isinstance(schema.get(key), list) and schema[key]
    }
    return schema | chosen
