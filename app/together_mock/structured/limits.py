"""What a schema may cost: bounds on its size, and on the work of looking for a document.

Work is counted, never timed, so that the same schema has the same answer on every machine.
"""

import json
import re

# A schema's JSON, its nesting, and its values.
_LONGEST = 200_000
_DEEPEST = 140
_MOST_VALUES = 20_000
# The grammar's size grows with the square of an object's properties.
_MOST_MEMBERS = 500
_LONGEST_PATTERN = 2_000
# What a part of a pattern is repeated at least, repetitions of repetitions multiplied.
_MOST_REPEATED = 4_000
_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*(?:\]|\Z)|\{(\d{1,9})(?:,\d*)?\}|.", re.DOTALL)

# Questions put to the grammar, for all attempts together.
EFFORT = 25_000
# Bytes: what one document may have, and from where on it is being brought to an end.
LONGEST_DOCUMENT = 20_000
LONG_DOCUMENT = 700
# Objects and arrays within each other, likewise.
DEEPEST_DOCUMENT = 64
DEEP_DOCUMENT = 4


class RefusedError(Exception):
    """The schema or pattern is no grammar, or no document was found within the effort."""


class StuckError(Exception):
    """This attempt has led nowhere; another may."""


class Effort:
    """The questions that may still be put to the grammar."""

    def __init__(self, limit: int = EFFORT) -> None:
        self._left = limit

    def spend(self, amount: int = 1) -> None:
        """Count a question, and give up when it is one too many."""
        self._left -= amount
        if self._left < 0:
            raise RefusedError("the effort is spent")


def schema_text(schema: object) -> str:
    """The schema as JSON, with its properties in their order; refused when it is too big."""
    if not isinstance(schema, dict | bool):
        raise RefusedError("a schema is an object or a boolean")
    _measure(schema)
    text = json.dumps(schema, separators=(",", ":"), allow_nan=False)
    if len(text) > _LONGEST:
        raise RefusedError("the schema is too long")
    return text


def pattern_text(pattern: object) -> str:
    """The pattern, refused when it is too long."""
    if not isinstance(pattern, str) or len(pattern) > _LONGEST_PATTERN:
        raise RefusedError("a pattern is a string of moderate length")
    if _repeated(pattern) > _MOST_REPEATED:
        raise RefusedError("the pattern repeats something too often")
    return pattern


def _repeated(pattern: str) -> int:
    """How often the most repeated part of a pattern stands in the shortest match, about."""
    groups, last = [1], 1
    for part in _PARTS.finditer(pattern):
        if part[1]:
            last *= int(part[1])
        elif part[0] == ")" and len(groups) > 1:
            last = groups.pop()
        else:
            last = 1
        if part[0] == "(":
            groups.append(1)
        groups[-1] = max(groups[-1], last)
    return max(groups)


def _measure(schema: object) -> None:
    """Refuse what is too big, without recursion and without following a cycle for ever."""
    left, level = _MOST_VALUES, [schema]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                _measure_members(value)
                below.extend(value.values())
            elif isinstance(value, list | tuple):
                below.extend(value)
        left -= len(below)
        if left < 0:
            raise RefusedError("the schema has too many values")
        if not below:
            return
        level = below
    raise RefusedError("the schema is too deep")


def _measure_members(value: dict[object, object]) -> None:
    for key in ("properties", "required", "patternProperties", "dependentRequired"):
        members = value.get(key)
        if isinstance(members, dict | list) and len(members) > _MOST_MEMBERS:
            raise RefusedError(f"too many members of {key}")
    patterns = value.get("patternProperties")
    for pattern in (value.get("pattern"), *(patterns if isinstance(patterns, dict) else ())):
        if isinstance(pattern, str):
            pattern_text(pattern)
