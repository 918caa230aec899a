"""Structured output: whatever schema is put together, the document is valid or refused."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from together_mock.core.errors import MockError
from together_mock.structured import json_text
from unit.schemas import (
    FORMATS,
    INTEGER,
    PATTERNS,
    STRING,
    closed,
    document,
    judge,
)

names = st.sampled_from(["name", "city", "unitPrice", "tags", "é", "a b"])
bounds = st.tuples(st.integers(-50, 50), st.integers(0, 60)).map(lambda b: (b[0], b[0] + b[1]))
sizes = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda b: (b[0], b[0] + b[1]))

leaves = st.one_of(
    st.sampled_from([STRING, INTEGER, {"type": "number"}, {"type": "boolean"}, {"type": "null"}]),
    bounds.map(lambda b: {"type": "integer", "minimum": b[0], "maximum": b[1]}),
    bounds.map(lambda b: {"type": "number", "exclusiveMinimum": b[0], "maximum": b[1] + 0.5}),
    st.integers(1, 40).map(lambda n: {"type": "integer", "multipleOf": n}),
    sizes.map(lambda b: {"type": "string", "minLength": b[0] * 9, "maxLength": b[1] * 9}),
    st.sampled_from(sorted(FORMATS)).map(lambda name: {"type": "string", "format": name}),
    st.sampled_from(PATTERNS).map(lambda pattern: {"type": "string", "pattern": pattern}),
    st.lists(st.text(max_size=6) | st.integers() | st.none(), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=4,
    ).map(lambda value: {"const": value}),
    st.just({"type": "array", "items": STRING, "uniqueItems": True, "minItems": 3}),
    st.just({"$ref": "#/$defs/shared"}),
    st.just({"$ref": "#/$defs/node"}),
)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(names, inner, max_size=4))
    required = (
        draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    )
    more = draw(st.sampled_from([True, False, STRING, None]))
    schema = {"type": "object", "properties": properties, "required": required}
    return schema if more is None else schema | {"additionalProperties": more}


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda items, size: {
            "type": "array",
            "items": items,
            "minItems": size[0],
            "maxItems": size[1],
        },
        inner,
        sizes,
    )


def tagged(parts: list[Any]) -> dict[str, Any]:
    """Objects of which exactly one can fit, by their tag."""
    each = [closed("tag x", tag={"const": i}, x=part) for i, part in enumerate(parts)]
    return {"oneOf": each}


def both(left: dict[str, Any], right: Any) -> dict[str, Any]:
    """An intersection of open objects that name different properties."""
    other = {"type": "object", "properties": {"other": right}, "required": ["other"]}
    open_ = {key: value for key, value in left.items() if key != "additionalProperties"}
    return {"allOf": [open_, other]}


schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        objects(inner),
        arrays(inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        st.lists(inner, min_size=1, max_size=3).map(tagged),
        inner.map(lambda part: {"anyOf": [part, {"type": "null"}]}),
        inner.map(lambda part: {"type": "object", "additionalProperties": part}),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: {"type": "array", "prefixItems": parts, "minItems": len(parts)}
        ),
        st.builds(both, objects(inner), inner),
    ),
    max_leaves=10,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(schemas, leaves.filter(lambda leaf: "$ref" not in leaf), st.integers(0, 10**6))
def test_every_schema_that_can_be_satisfied_is(schema, shared, seed):
    """Whatever is put together of what can be satisfied."""
    node = closed("value", value=STRING, next={"$ref": "#/$defs/node"})
    document({"allOf": [schema], "$defs": {"shared": shared, "node": node}}, str(seed))


KEYWORDS = {
    "type": st.sampled_from(["string", "integer", "object", "array", "number", ["null", "string"]]),
    "enum": st.lists(st.integers(0, 3) | st.sampled_from(["a", "b", None]), min_size=1, max_size=3),
    "const": st.sampled_from([1, "a", None, [], {}]),
    "minimum": st.integers(-5, 5),
    "exclusiveMaximum": st.integers(-5, 5),
    "multipleOf": st.sampled_from([1, 2, 3, 0.5]),
    "minLength": st.integers(0, 5),
    "maxLength": st.integers(0, 5),
    "pattern": st.sampled_from(["^a", "b$", "^[a-c]+$", "x|y", "^(?!b)[a-c]"]),
    "minItems": st.integers(0, 3),
    "maxItems": st.integers(0, 3),
    "uniqueItems": st.booleans(),
    "minProperties": st.integers(0, 3),
    "maxProperties": st.integers(0, 3),
    "required": st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=2),
    "dependentRequired": st.just({"a": ["b"]}),
    "$ref": st.sampled_from(["#", "#/$defs/x", "#/properties/a", "#/items"]),
}


def wild(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Keywords put together at random, mostly at odds with each other."""
    part, parts = inner, st.lists(inner, min_size=1, max_size=2)
    members = st.dictionaries(st.sampled_from(["a", "b", "x"]), inner, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional=KEYWORDS
        | dict.fromkeys(["items", "contains", "not", "if", "then", "additionalProperties"], part)
        | dict.fromkeys(["anyOf", "oneOf", "allOf", "prefixItems"], parts)
        | dict.fromkeys(["properties", "$defs", "dependentSchemas"], members)
        | {"propertyNames": part, "unevaluatedProperties": part, "patternProperties": members},
    )


def small(value: Any) -> dict[str, Any]:
    """At most five of the keywords."""
    return dict(list(value.items())[:5])


@settings(max_examples=200, derandomize=True, deadline=None)
@given(wild(wild(st.booleans() | st.just(STRING)).map(small)).map(small))
def test_whatever_is_asked_for_it_is_valid_or_refused(schema):
    refusal = None
    try:
        judge(schema).validate(json.loads(json_text(schema, "1", "p")))
    except MockError as refused:
        refusal = refused
    # One with a cause would be a refusal by accident.
    assert refusal is None or (refusal.case, refusal.__cause__) == ("grammar_invalid", None)


def test_numbers_are_exact():
    """What is shown is a multiple also when it is divided as floats."""
    for seed in map(str, range(10)):
        value = json_text({"type": "number", "multipleOf": 0.01, "maximum": 5}, seed, "p")
        assert Decimal(value) % Decimal("0.01") == 0
        assert (float(value) / 0.01).is_integer()
