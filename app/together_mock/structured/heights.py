"""How deep the smallest document of a schema is: how recursion is brought to an end."""

from collections.abc import Callable
from math import inf
from typing import Any

_MOST_SCHEMAS = 2_000
_MOST_ROUNDS = 20
_GROUPS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCALARS = frozenset({"null", "boolean", "integer", "number", "string"})


class Heights:
    """The nesting that each schema needs at least, worked out when it is first asked for.

    The smallest solution of one equation a schema: infinite at first, and falling.
    """

    def __init__(self, resolve: Callable[[object], object]) -> None:
        self._resolve = resolve
        self._known: dict[int, float] = {}

    def of(self, schema: object) -> float:
        """A schema's height; infinite when no document is finite."""
        if not isinstance(schema, dict):
            return inf if schema is False else 0
        if id(schema) not in self._known:
            self._solve(schema)
        return self._known.get(id(schema), 0)

    def _solve(self, schema: dict[str, Any]) -> None:
        reached = self._reached(schema)
        self._known.update((id(found), inf) for found in reached)
        for _ in range(_MOST_ROUNDS):
            changed = False
            for found in reversed(reached):
                height = self._equation(found)
                changed = changed or height != self._known[id(found)]
                self._known[id(found)] = height
            if not changed:
                return

    def _reached(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        found = {id(schema): schema}
        left = [schema]
        while left and len(found) < _MOST_SCHEMAS:
            for part in self._parts(left.pop()):
                if isinstance(part, dict) and id(part) not in found:
                    found[id(part)] = part
                    left.append(part)
        return list(found.values())

    def _parts(self, schema: dict[str, Any]) -> list[object]:
        parts: list[object] = [self._resolve(schema["$ref"])] if "$ref" in schema else []
        parts += [part for key in _GROUPS for part in _items(schema.get(key))]
        parts += _members(schema).values()
        return [*parts, schema.get("items")]

    def _equation(self, schema: dict[str, Any]) -> float:
        if "const" in schema or "enum" in schema:
            return 0
        heights = [self._own(schema), *map(self._height, _items(schema.get("allOf")))]
        if "$ref" in schema:
            heights.append(self._height(self._resolve(schema["$ref"])))
        choices = [_items(schema[key]) for key in ("anyOf", "oneOf") if key in schema]
        return max([*heights, *(min(map(self._height, each), default=inf) for each in choices)])

    def _own(self, schema: dict[str, Any]) -> float:
        kinds = schema.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not _SCALARS.isdisjoint(kinds):
            return 0
        needs = [self._object(schema)] if "object" in kinds else []
        needs += [self._array(schema)] if "array" in kinds else []
        return min(needs, default=0)

    def _object(self, schema: dict[str, Any]) -> float:
        members = _members(schema)
        needed = [members[name] for name in _items(schema.get("required")) if name in members]
        return 1 + max(map(self._height, needed), default=0)

    def _array(self, schema: dict[str, Any]) -> float:
        least = int(schema.get("minItems", 0))
        first = _items(schema.get("prefixItems"))
        needed = first[:least] if least <= len(first) else [*first, schema.get("items")]
        return 1 + max(map(self._height, needed), default=0)

    def _height(self, schema: object) -> float:
        if not isinstance(schema, dict):
            return inf if schema is False else 0
        # What lies beyond the bound is taken to be flat.
        return self._known.get(id(schema), 0)


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _members(schema: dict[str, Any]) -> dict[str, Any]:
    members = schema.get("properties")
    return members if isinstance(members, dict) else {}
