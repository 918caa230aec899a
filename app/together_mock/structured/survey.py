"""What a schema may be made of: bounds on what the libraries would follow without one.

References make a small schema deep, or have one place visited by exponentially many schemas: the
one ends the process, the other keeps it busy for hours.
"""

from typing import Any

from together_mock.structured.limits import RefusedError
from together_mock.structured.places import Schemas

# Levels of JSON, references followed: a thread's stack has room for several times as many.
_DEEPEST = 150
# How often one place of a document may be visited.
_MOST_VISITS = 10_000
_MOST_BRANCHES = 300
# Each further pattern for one string doubles the work of telling whether there is such a string.
_MOST_PATTERNS = 8
_BRANCHES = ("anyOf", "oneOf", "allOf")
_ALWAYS = (*_BRANCHES, "not")
_SAME_PLACE = (*_ALWAYS, "if", "then", "else")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# Keywords that hold schemas by name.
_NAMED = ("properties", "patternProperties", "dependentSchemas", "dependencies")
# Keywords whose schemas visit a place beside the others; those of the rest exclude each other.
_BESIDE = frozenset(
    {
        *(*_SAME_PLACE, *_REFERENCES, "patternProperties", "dependentSchemas", "dependencies"),
        *("contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_DATA = frozenset({"const", "enum", "default", "examples"})
_DEFINITIONS = ("$defs", "definitions")
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})


def survey(schema: object) -> None:
    """Refuse a schema that would keep a library busy, or end it."""
    found = _Survey(Schemas(schema))
    found.visit(schema, "", 0)
    found.visit_unused()
    found.refuse_circles()
    if found.conjunctions and any(len(known) > _MOST_PATTERNS for known in found.patterns.values()):
        raise RefusedError("too many patterns for one string")


class _Survey:
    """Visits every schema once; patterns are told apart by the property they are for."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._known: dict[int, tuple[int, int]] = {}
        self._visited: list[dict[str, Any]] = []
        self._straight: dict[int, bool] = {}
        self._definitions: list[object] = []
        self._in_use = True
        self.conjunctions = False
        self.patterns: dict[str, set[str]] = {}

    def visit(self, value: object, name: str, level: int) -> tuple[int, int]:
        """How deep a value is, and how often it makes one place be visited."""
        if isinstance(value, list):
            seen = [self.visit(item, name, level + 1) for item in value]
            return 1 + max((s[0] for s in seen), default=0), max((s[1] for s in seen), default=1)
        if not isinstance(value, dict):
            return 0, 1
        if id(value) not in self._known and level <= _DEEPEST:
            # Inside itself a schema adds nothing: the document's size bounds recursion.
            self._known[id(value)] = (0, 1)
            self._known[id(value)] = self._schema(value, name, level + 1)
        depth, visits = self._known.get(id(value), (0, 1))
        if level + depth > _DEEPEST:
            raise RefusedError("the schema is too deep")
        return depth, visits

    def _schema(self, schema: dict[str, Any], name: str, level: int) -> tuple[int, int]:
        self._visited.append(schema)
        self._note(schema, name)
        deepest, beside, below = 0, 0, 1
        self._definitions += [schema[key] for key in _DEFINITIONS if key in schema]
        for key in [key for key in schema if key not in _DATA and key not in _DEFINITIONS]:
            seen = self._parts(key, schema[key], name, level)
            deepest = max([deepest, *(depth for depth, _ in seen)])
            if key in _BESIDE:
                beside += sum(visits for _, visits in seen)
            else:
                below = max([below, *(visits for _, visits in seen)])
        if beside + below > _MOST_VISITS:
            raise RefusedError("the schema visits places too often")
        return deepest + 1, beside + below

    def _parts(self, key: str, value: Any, name: str, level: int) -> list[tuple[int, int]]:
        """The depth and the visits of each schema in a keyword."""
        if key in _REFERENCES:
            return [self.visit(self._target(value), name, level)]
        if key in _NAMED and isinstance(value, dict):
            inner = {part: part if key == "properties" else name for part in value}
            return [self.visit(value[part], inner[part], level + 1) for part in value]
        if key in _BRANCHES and isinstance(value, list):
            return [self.visit(part, name, level + 1) for part in value]
        return [self.visit(value, name, level)]

    def _target(self, reference: object) -> object:
        found = self._schemas.resolve(reference)
        here = isinstance(reference, str) and reference.startswith("#/")
        if found is None and here and self._in_use and not self._schemas.has_bases():
            raise RefusedError("a reference leads nowhere")
        return found

    def visit_unused(self) -> None:
        """Visit the definitions that nothing refers to: their references may lead nowhere."""
        self._in_use = False
        while self._definitions:
            named = self._definitions.pop()
            for part in named.values() if isinstance(named, dict) else ():
                self.visit(part, "", 1)

    def refuse_circles(self) -> None:
        """Refuse a schema that says of a place only what it says: it would be followed for ever."""
        for schema in self._visited:
            self._follow(schema)

    def _follow(self, schema: object) -> None:
        if not isinstance(schema, dict) or self._straight.get(id(schema)):
            return
        if id(schema) in self._straight:
            raise RefusedError("the schema refers to itself at the same place")
        self._straight[id(schema)] = False
        for key in _SAME_PLACE if "if" in schema else _ALWAYS:
            value = schema.get(key)
            for part in value if isinstance(value, list) else [value]:
                self._follow(part)
        self._follow(self._schemas.resolve(schema.get("$ref")))
        self._straight[id(schema)] = True

    def _note(self, schema: dict[str, Any], name: str) -> None:
        told = schema.keys() - _ANNOTATIONS
        if "allOf" in told or (len(told) > 1 and not told.isdisjoint((*_BRANCHES, *_REFERENCES))):
            self.conjunctions = True
        if isinstance(schema.get("pattern"), str):
            self.patterns.setdefault(name, set()).add(schema["pattern"])
        for key in (*_BRANCHES, "enum"):
            branches = schema.get(key)
            branches = branches if isinstance(branches, list) else []
            if sum(isinstance(branch, dict | list) for branch in branches) > _MOST_BRANCHES:
                raise RefusedError(f"too many members of {key}")
