"""What a schema says about a place in a document: hints, which the grammar and the judge overrule.

Where a schema leaves a choice (`anyOf`, `if`), one branch is intended at each place.
"""

from typing import Any
from urllib.parse import unquote

from together_mock.structured.assertions import has_assertions
from together_mock.structured.dice import Dice
from together_mock.structured.heights import Heights
from together_mock.structured.limits import LONGEST_DOCUMENT, StuckError

Schema = dict[str, Any]
_MOST_SCHEMAS = 100
_CHOICES = ("anyOf", "oneOf")
# Kinds of values that say more than any string does, and what shapes a string.
_TELLING = ("number", "integer", "boolean", "object")
_SHAPES = frozenset({"const", "enum", "format", "contentEncoding"})
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# What a schema without a type is about, by its keywords.
_ABOUT = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "patternProperties": "object",
    "propertyNames": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "contains": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


class Schemas:
    """A schema with what its references name."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._names: _Names | None = None
        self.heights = Heights(self.resolve)

    def resolve(self, reference: object) -> object:
        """The schema that a reference names, or None."""
        if not isinstance(reference, str):
            return None
        base, _, fragment = reference.partition("#")
        fragment = unquote(fragment)
        if base or (fragment and not fragment.startswith("/")):
            return self._by_name(base, fragment)
        found: Any = self._root
        for part in fragment.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                found = found[key]
            else:
                return None
        return found

    def followed(self, schema: object) -> Schema:
        """The schema, or what it refers to."""
        found = schema if isinstance(schema, dict) else {}
        target = self.resolve(found["$ref"]) if isinstance(found.get("$ref"), str) else None
        return target if isinstance(target, dict) else found

    def has_bases(self) -> bool:
        """Whether references may be relative to something else than the whole schema."""
        return self._known().bases

    def _by_name(self, base: str, fragment: str) -> object:
        return self._known().named.get(fragment or base.rpartition("/")[2])

    def _known(self) -> "_Names":
        if self._names is None:
            self._names = _Names()
            self._names.collect(self._root)
        return self._names


class _Names:
    """The names that schemas give themselves, by their last part."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}
        self.bases = False

    def collect(self, value: object) -> None:
        if isinstance(value, list):
            for item in value:
                self.collect(item)
        elif isinstance(value, dict):
            for key in ("$anchor", "$dynamicAnchor", "$id"):
                name = value.get(key)
                if isinstance(name, str):
                    self.bases = self.bases or key == "$id"
                    self.named.setdefault(name.rpartition("/")[2].removeprefix("#"), value)
            for item in value.values():
                self.collect(item)


class Place:
    """The intended schemas of one place, and the properties they name, in the grammar's order."""

    def __init__(
        self, schemas: Schemas, given: list[object], dice: Dice, path: str, *, tight: bool
    ) -> None:
        self.schemas: list[Schema] = []
        self.names: dict[str, None] = {}
        self._all = schemas
        self._dice = dice
        self._path = path
        self._tight = tight
        for schema in given:
            self._gather(schema)
        for name in self.listed("required"):
            self.names.setdefault(name)

    def values(self, keyword: str) -> list[Any]:
        """What the schemas give for a keyword."""
        return [schema[keyword] for schema in self.schemas if keyword in schema]

    def numbers(self, keyword: str) -> list[int | float]:
        """The numbers that the schemas give for a keyword."""
        return [
            value
            for value in self.values(keyword)
            if isinstance(value, int | float) and not isinstance(value, bool)
        ]

    def least(self, keyword: str, default: int = 0) -> int:
        """The greatest of the lower bounds; stuck when no document is that long."""
        least = max(map(int, self.numbers(keyword)), default=default)
        if least > LONGEST_DOCUMENT:
            raise StuckError(f"{keyword} is too large")
        return least

    def most(self, keyword: str, default: int) -> int:
        """The smallest of the upper bounds, at most the default."""
        return min([*map(int, self.numbers(keyword)), default])

    def listed(self, keyword: str) -> list[str]:
        """The strings in the lists that the schemas give for a keyword."""
        lists = (value for value in self.values(keyword) if isinstance(value, list))
        return [item for value in lists for item in value if isinstance(item, str)]

    def literals(self) -> list[Any]:
        """The values of `const`, else of `enum`."""
        constants = self.values("const")
        return constants or [
            value for values in self.values("enum") if isinstance(values, list) for value in values
        ]

    def kinds(self) -> list[str]:
        """The JSON types that the schemas name or are about, each at most once."""
        found: list[str] | None = None
        for value in self.values("type"):
            named = [value] if isinstance(value, str) else list(value)
            if "number" in named:
                named.append("integer")
            found = named if found is None else [kind for kind in found if kind in named]
        if found is None:
            found = [_ABOUT[key] for schema in self.schemas for key in schema if key in _ABOUT]
        if not set(found).isdisjoint(_TELLING) and all(
            _is_vague(schema | {"type": "string"}) for schema in self.schemas
        ):
            found = [kind for kind in found if kind != "string"]
        return list(dict.fromkeys(found))

    def member(self, name: str, pattern: str | None = None) -> list[object]:
        """The schemas of a property, whose name may have been made for a pattern."""
        found: list[object] = []
        for schema in self.schemas:
            own = _member_of(schema, name, pattern)
            found += own
            if not own:
                found += [
                    schema[key]
                    for key in ("additionalProperties", "unevaluatedProperties")
                    if isinstance(schema.get(key), dict)
                ]
        return found

    def item(self, index: int) -> list[object]:
        """The schemas of an array's item."""
        found: list[object] = []
        for schema in self.schemas:
            first = schema.get("prefixItems", schema.get("items"))
            first = first if isinstance(first, list) else []
            if index < len(first):
                found.append(first[index])
                continue
            for key in ("items", "additionalItems", "unevaluatedItems"):
                if isinstance(schema.get(key), dict):
                    found.append(schema[key])
                    break
        return found + [
            schema["contains"]
            for schema in self.schemas
            if "contains" in schema and index < max(1, _count(schema.get("minContains")))
        ]

    def _gather(self, schema: object) -> None:
        if not isinstance(schema, dict) or len(self.schemas) >= _MOST_SCHEMAS:
            return
        if any(schema is known for known in self.schemas):
            return
        self.schemas.append(schema)
        for key, value in schema.items():
            if key == "if":
                self._gather_condition(schema)
            elif key in ("dependentSchemas", "dependencies") and isinstance(value, dict):
                self._gather_dependants(value)
            elif key == "properties" and isinstance(value, dict):
                self.names.update(dict.fromkeys(value))
            else:
                for part in self._beside(key, value):
                    self._gather(part)

    def _beside(self, key: str, value: object) -> list[object]:
        """The schemas that a keyword adds at the same place, as intended."""
        if key in _REFERENCES:
            return [self._all.resolve(value)]
        if not isinstance(value, list):
            return []
        return value if key == "allOf" else [self._branch(value)] if key in _CHOICES else []

    def _gather_condition(self, schema: Schema) -> None:
        if self._roll(2, "if") or self._tight:
            self._gather(schema.get("else"))
        else:
            self._gather(schema["if"])
            self._gather(schema.get("then"))

    def _gather_dependants(self, dependants: Schema) -> None:
        for name, schema in dependants.items():
            if self._roll(2, "dependant", name) and not self._tight:
                self._gather(schema)

    def _branch(self, branches: list[object]) -> object:
        usable = [branch for branch in branches if branch is not False]
        if self._tight:
            lowest = min(map(self._all.heights.of, usable), default=0)
            usable = [branch for branch in usable if self._all.heights.of(branch) == lowest]
            return next(iter(self._telling(usable)), None)
        usable = self._telling(usable)
        plain = [branch for branch in usable if not _is_null(branch)]
        if self._roll(6, "null", len(self.schemas)):
            usable = plain or usable
        return usable[self._roll(len(usable), "branch", len(self.schemas))] if usable else None

    def _telling(self, branches: list[object]) -> list[object]:
        """The branches without the strings that say less than those beside them."""
        known = [(branch, self._all.followed(branch)) for branch in branches]
        if not any(schema.get("type") in _TELLING for _, schema in known):
            return branches
        return [branch for branch, schema in known if not _is_vague(schema)]

    def _roll(self, sides: int, *what: object) -> int:
        return self._dice.roll(sides, self._path, *what)


def _member_of(schema: Schema, name: str, pattern: str | None) -> list[object]:
    found = []
    properties, patterns = schema.get("properties"), schema.get("patternProperties")
    if isinstance(properties, dict) and name in properties:
        found.append(properties[name])
    if isinstance(patterns, dict) and pattern in patterns:
        found.append(patterns[pattern])
    return found


def _is_null(schema: object) -> bool:
    return isinstance(schema, dict) and (
        schema.get("type") == "null" or schema.get("const", False) is None
    )


def _is_vague(schema: Schema) -> bool:
    """Whether it is any string, or one whose pattern says what a number beside it says better."""
    if schema.get("type") != "string" or not _SHAPES.isdisjoint(schema):
        return False
    pattern = schema.get("pattern")
    return not isinstance(pattern, str) or has_assertions(pattern)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
