"""A schema less what its grammar cannot take: documents of the rest are left to the judge."""

from collections.abc import Iterator
from math import prod
from typing import Any

_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_DATA = frozenset({"const", "enum", "default", "examples"})
# Beyond these the library finds no expression for a range.
_LARGEST_BOUND, _SMALLEST_BOUND = 2**53, 1e-15
# The automaton of "divisible by n" has n states.
_LARGEST_MULTIPLE = 2_000
# The library takes optional properties to be forbidden when it counts them.
_COUNTS = frozenset({"minProperties", "maxProperties"})


def simplified(schema: object) -> object:
    """The schema less layout options, extreme bounds, counts of properties, and large multiples."""
    if not isinstance(schema, dict):
        return {}
    plain = {key: value for key, value in schema.items() if key != "x-guidance"}
    multiples = prod(set(_multiples(plain))) <= _LARGEST_MULTIPLE
    return _without(plain, multiples=multiples)


def _without(value: Any, *, multiples: bool) -> Any:
    if isinstance(value, list):
        return [_without(item, multiples=multiples) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item if key in _DATA else _without(item, multiples=multiples)
        for key, item in value.items()
        if not _is_number(item) or _is_simple(key, item, multiples=multiples)
    }


def _is_simple(key: str, number: int | float, *, multiples: bool) -> bool:
    if key == "multipleOf":
        return multiples
    if key in _COUNTS:
        return False
    return key not in _BOUNDS or not number or _SMALLEST_BOUND < abs(number) <= _LARGEST_BOUND


def _multiples(value: object) -> Iterator[int]:
    """The significant digits of each `multipleOf`."""
    if isinstance(value, list):
        for item in value:
            yield from _multiples(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _multiples(item)
        multiple = value.get("multipleOf")
        if _is_number(multiple) and multiple:
            digits = repr(multiple).partition("e")[0].replace(".", "").strip("-0")
            yield int(digits or "1")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
