"""A schema less what its grammar cannot take: documents of the rest are left to the judge."""

from collections.abc import Iterator
from math import prod
from typing import Any

from together_mock.structured.assertions import has_assertions, relaxed

_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_DATA = frozenset({"const", "enum", "default", "examples"})
# Beyond these the library finds no expression for a range.
_LARGEST_BOUND, _SMALLEST_BOUND = 2**53, 1e-15
# The automaton of "divisible by n" has n states.
_LARGEST_MULTIPLE = 2_000
# Levels of JSON, below those that the library's parser takes.
_DEEPEST = 100
_HOISTED = "hoisted-"
# The library takes optional properties to be forbidden when it counts them.
_COUNTS = frozenset({"minProperties", "maxProperties"})


def simplified(schema: object, *, relax: bool = True) -> object:
    """The schema less layout options, extreme bounds, counts of properties, and large multiples.

    Patterns lose their assertions, or are left out if they are not to be relaxed.
    """
    if not isinstance(schema, dict):
        return {}
    plain = {key: value for key, value in schema.items() if key != "x-guidance"}
    multiples = prod(set(_multiples(plain))) <= _LARGEST_MULTIPLE
    return _Reduction(multiples=multiples, relax=relax).of(plain)


def hoisted(schema: Any) -> Any:
    """The schema with what lies too deep for the library's parser among its definitions."""
    cut: dict[str, Any] = {}
    flat = _flat(schema, 0, cut)
    if not cut:
        return schema
    return flat | {"$defs": flat.get("$defs", {}) | cut}


def _flat(value: Any, level: int, cut: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_flat(item, level + 1, cut) for item in value]
    if not isinstance(value, dict):
        return value
    if level > _DEEPEST and isinstance(value.get("type"), str):
        name = f"{_HOISTED}{len(cut)}"
        cut[name] = True
        cut[name] = _flat(value, 2, cut)
        return {"$ref": f"#/$defs/{name}"}
    return {
        key: item if key in _DATA else _flat(item, level + 1, cut) for key, item in value.items()
    }


class _Reduction:
    """What is left out or relaxed, wherever it stands."""

    def __init__(self, *, multiples: bool, relax: bool) -> None:
        self._multiples = multiples
        self._relax = relax

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: item if key in _DATA else self._item(key, item)
            for key, item in value.items()
            if self._stays(key, item)
        }

    def _item(self, key: str, item: Any) -> Any:
        if key == "pattern" and isinstance(item, str) and has_assertions(item):
            return relaxed(item)
        if key == "patternProperties" and isinstance(item, dict):
            kept = [name for name in item if self._relax or not has_assertions(name)]
            named = {relaxed(name) if has_assertions(name) else name: item[name] for name in kept}
            return self.of(named)
        return self.of(item)

    def _stays(self, key: str, item: Any) -> bool:
        if key == "pattern" and isinstance(item, str):
            return self._relax or not has_assertions(item)
        return not _is_number(item) or _is_simple(key, item, multiples=self._multiples)


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
