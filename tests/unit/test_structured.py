"""Structured output: what is generated is judged by another library than those that made it."""

import json
import os
import re
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, TypeAdapter
from together_mock.structured import check_schema, documents, json_text, regex_text
from unit.schemas import (
    DECIMAL,
    DRAFT_7,
    EXPRESSION,
    INTEGER,
    LINKED,
    OPEN,
    SEEDS,
    STRING,
    TREE,
    cases,
    closed,
    document,
    nested,
)

PLAIN = {
    "nothing said": {},
    "anything": True,
    "string": STRING,
    "integer": INTEGER,
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "any object": {"type": "object"},
    "any array": {"type": "array"},
    "several types": {"type": ["string", "integer", "null"]},
    "object": closed("city", city=STRING, population=INTEGER, capital={"type": "boolean"}),
    "open object": {"type": "object", "properties": {"city": STRING}, "required": ["city"]},
    "required but not described": {"type": "object", "required": ["a", "b"]},
    "array of strings": {"type": "array", "items": STRING},
    "array of arrays": {"type": "array", "items": {"type": "array", "items": INTEGER}},
    "array of objects": {"type": "array", "items": closed("id", id=INTEGER), "minItems": 2},
    "odd names": closed(
        'a/b c"d é  \n', **dict.fromkeys(("a/b", 'c"d', "é", "\n", "~1", "%25"), STRING)
    )
    | {"required": ["a/b", 'c"d', "é", "\n"]},
    "empty name": closed("", **{"": STRING}) | {"required": [""]},
    "enum": {"enum": ["red", "green", "blue"]},
    "mixed enum": {"enum": [1, "one", None, True, 2.5, ["x"], {"a": [1, {}]}]},
    "enum of escapes": {"enum": ['"', "\\", "\n", "\u0001", "é", "😀"]},
    "constant": closed("kind", kind={"const": "weather"}),
    "constant object": {"const": {"a": [1, None, True, "x", 1.5, {}]}},
    "anyOf": {"anyOf": [STRING, INTEGER]},
    "oneOf": {"oneOf": [closed("a", a=STRING), closed("b", b=INTEGER)]},
    "oneOf that overlaps": {"oneOf": [INTEGER, {"type": "number", "minimum": 10}]},
    "allOf": {
        "allOf": [
            {"type": "object", "properties": {"a": STRING}, "required": ["a"]},
            {"type": "object", "properties": {"b": INTEGER}, "required": ["b"]},
        ]
    },
    "allOf of bounds": {"type": "integer", "allOf": [{"minimum": 3}, {"maximum": 4}]},
    "beside anyOf": {
        "type": "object",
        "properties": {"id": INTEGER},
        "required": ["id"],
        "anyOf": [
            {"properties": {"a": STRING}, "required": ["a"]},
            {"properties": {"b": STRING}, "required": ["b"]},
        ],
    },
    "nullable object": closed("a", a={"anyOf": [closed("b", b=STRING), {"type": "null"}]}),
    "reference": {"$ref": "#/$defs/a", "$defs": {"a": closed("x", x=STRING)}},
    "escaped reference": {"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": INTEGER}},
    "reference into properties": closed("a b", a=INTEGER, b={"$ref": "#/properties/a"}),
    "anchor": {"$ref": "#here", "$defs": {"a": {"$anchor": "here", "type": "integer"}}},
    "tree": TREE,
    "linked list": LINKED,
    "expression": EXPRESSION,
    "open tree": {"type": "object", "properties": {"child": {"$ref": "#"}, "name": STRING}},
    "additional forbidden": closed(),
    "additional allowed": {"properties": {"a": STRING}, "additionalProperties": True},
    "map": {"type": "object", "additionalProperties": INTEGER},
    "map of some": {"type": "object", "additionalProperties": INTEGER, "minProperties": 3},
    "map beside properties": closed("a", a=STRING) | {"additionalProperties": INTEGER},
    "pattern properties": {
        "type": "object",
        "patternProperties": {"^S_": STRING, "^I_[0-9]+$": INTEGER},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "extensions": {
        "type": "object",
        "patternProperties": {"^x-": STRING},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "prefixes": {
        "type": "object",
        "patternProperties": {"^S_": STRING, "^I_": INTEGER},
        "additionalProperties": False,
        "minProperties": 20,
    },
    "choices side by side": {
        "allOf": [
            {"anyOf": [{"required": [name]} for name in (f"a{i}", f"b{i}", f"c{i}")]}
            for i in range(8)
        ],
        "type": "object",
    },
    "typed choices side by side": {
        "allOf": [
            {"oneOf": [closed(f"k{i}", **{f"k{i}": {"const": j}}) | OPEN for j in range(3)]}
            for i in range(8)
        ],
    },
    "deep": nested(64, lambda inner: closed("a", a=inner), STRING),
    "deep arrays": nested(64, lambda inner: {"type": "array", "items": inner}, STRING),
    "definitions of no draft": closed("a", a={"$ref": "#/definitions/a"})
    | {"definitions": {"a": closed("x y", x=STRING) | {"dependencies": {"x": ["y"]}} | OPEN}},
    "tuple": {"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "minItems": 2},
    "tuple with rest": {"prefixItems": [STRING], "items": INTEGER, "minItems": 3, "type": "array"},
}

BOUNDS = {
    "one integer": {"type": "integer", "minimum": 7, "maximum": 7},
    "zero": {"type": "integer", "minimum": 0, "maximum": 0},
    "between": {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
    "negative": {"type": "integer", "maximum": -5},
    "fractional bounds": {"type": "integer", "minimum": 1.5, "maximum": 2.5},
    "percent": {"type": "integer", "minimum": 0, "maximum": 100},
    "53 bits": {"type": "integer", "minimum": -9007199254740991, "maximum": 9007199254740991},
    "64 bits": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "single precision": {"type": "number", "minimum": -3.4e38, "maximum": 3.4e38},
    "ratio": {"type": "number", "minimum": 0, "maximum": 1},
    "open ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "narrow": {"type": "number", "minimum": -1.5, "maximum": -1.25},
    "tiny": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
    "multiple": {"type": "integer", "multipleOf": 7, "minimum": 100},
    "large multiple": {"type": "integer", "multipleOf": 99991, "minimum": 7},
    "two multiples": {"type": "integer", "allOf": [{"multipleOf": 9973}, {"multipleOf": 9967}]},
    "halves": {"type": "number", "multipleOf": 0.5, "minimum": 3, "maximum": 4},
    "money": {"type": "number", "multipleOf": 0.25, "minimum": 0.25},
    "whole multiple of a fraction": {"type": "integer", "multipleOf": 1.5},
    "short": {"type": "string", "maxLength": 3},
    "exactly": {"type": "string", "minLength": 17, "maxLength": 17},
    "long": {"type": "string", "minLength": 500},
    "very long": {"type": "string", "minLength": 5_000},
    "empty": {"type": "string", "maxLength": 0},
    "items": {"type": "array", "items": INTEGER, "minItems": 4, "maxItems": 5},
    "no items": {"type": "array", "items": STRING, "maxItems": 0},
    "many items": {"type": "array", "items": {"type": "boolean"}, "minItems": 200},
    "one property": {"type": "object", "minProperties": 1, "maxProperties": 1},
    "few properties": closed("a", a=STRING, b=STRING, c=STRING) | {"maxProperties": 2},
    "enough properties": closed("", a=STRING, b=STRING, c=STRING) | {"minProperties": 3},
}


def unique(items: Any, least: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": True, "minItems": least}


# Keywords that grammars ignore.
JUDGED = {
    "set": {"type": "array", "items": STRING, "uniqueItems": True, "minItems": 3},
    "small set": {
        "type": "array",
        "items": {"enum": [1, 2, 3]},
        "uniqueItems": True,
        "minItems": 3,
    },
    "set of booleans": {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True},
    "set of objects": {
        "type": "array",
        "items": closed("a", a={"type": "boolean"}),
        "uniqueItems": True,
        "minItems": 2,
    },
    "many strings": unique(STRING, 20),
    "very many strings": unique(STRING, 200),
    "many short strings": unique(STRING | {"maxLength": 1}, 20),
    "many strings of a length": unique(STRING | {"minLength": 3, "maxLength": 3}, 20),
    "many addresses": unique(STRING | {"format": "email"}, 30),
    "many durations": unique(STRING | {"format": "duration"}, 20),
    "many codes": unique({"type": "string", "pattern": "^[a-z]{3}$"}, 20),
    "many passwords": unique({"type": "string", "pattern": "^(?=.*[A-Z])(?=.*[0-9]).{8,}$"}, 20),
    "many integers": unique(INTEGER, 90),
    "every integer": unique(INTEGER | {"minimum": -10, "maximum": 79}, 90),
    "many small integers": unique(INTEGER | {"maximum": -5}, 150),
    "many numbers": unique({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 20),
    "every choice": unique({"enum": [f"v{i}" for i in range(20)]}, 20),
    "many of anything": unique({}, 20),
    "many objects": unique(closed("id name", id=INTEGER, name=STRING), 30),
    "many names": unique(closed("name", name=STRING), 30),
    "many objects of a few": unique(closed("a b", a={"type": "boolean"}, b={"enum": [1, 2]}), 4),
    "sets in a set": unique(unique(STRING, 10), 10),
    "not a type": {"not": {"type": "object"}},
    "not a value": {"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [1, 2]}},
    "if": {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}, "x": STRING, "y": INTEGER},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["x"]},
        "else": {"required": ["y"]},
    },
    "dependent": {
        "type": "object",
        "properties": {"a": STRING, "b": STRING},
        "required": ["b"],
        "dependentRequired": {"b": ["a"]},
    },
    "dependent schema": {
        "type": "object",
        "properties": {"card": INTEGER},
        "required": ["card"],
        "dependentSchemas": {"card": {"properties": {"address": STRING}, "required": ["address"]}},
    },
    "contains": {"type": "array", "contains": {"const": 7}, "minContains": 2},
    "contains few": {
        "type": "array",
        "items": INTEGER,
        "contains": {"minimum": 50},
        "maxContains": 1,
        "minItems": 3,
    },
    "names": {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z]{3}$"},
        "additionalProperties": INTEGER,
        "minProperties": 2,
    },
    "names from an enum": {
        "type": "object",
        "propertyNames": {"enum": ["x", "y"]},
        "additionalProperties": INTEGER,
        "minProperties": 2,
    },
    "unevaluated properties": {
        "allOf": [{"properties": {"a": STRING}, "required": ["a"]}],
        "properties": {"b": INTEGER},
        "required": ["b"],
        "type": "object",
        "unevaluatedProperties": False,
    },
    "unevaluated items": {
        "type": "array",
        "prefixItems": [STRING],
        "minItems": 1,
        "unevaluatedItems": False,
    },
    "exclusive": {
        "type": "object",
        "properties": {"a": STRING, "b": STRING},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
}

ZOD = {
    "user": {
        "$schema": DRAFT_7,
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "age": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
            "email": {"type": "string", "format": "email"},
            "role": {"type": "string", "enum": ["admin", "user"]},
            "nickname": {"type": ["string", "null"]},
            "pair": {"type": "array", "minItems": 2, "maxItems": 2, "items": [STRING, INTEGER]},
        },
        "required": ["name", "age", "email", "role", "nickname", "pair"],
        "additionalProperties": False,
    },
    "named definition": {
        "$schema": DRAFT_7,
        "$ref": "#/definitions/answer",
        "definitions": {
            "answer": closed(
                "steps final",
                steps={"type": "array", "items": {"$ref": "#/definitions/step"}},
                final=STRING,
            ),
            "step": closed("explanation", explanation=STRING, output={"type": ["number", "null"]}),
        },
    },
    "intersection": {
        "$schema": DRAFT_7,
        "allOf": [
            {"type": "object", "properties": {"a": STRING}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"type": "number"}}, "required": ["b"]},
        ],
    },
    "record": {
        "$schema": DRAFT_7,
        "type": "object",
        "additionalProperties": {"type": "number"},
        "propertyNames": {"type": "string", "minLength": 2},
    },
    "union": {
        "$schema": DRAFT_7,
        "anyOf": [
            closed("type radius", type={"type": "string", "const": "circle"}, radius=INTEGER),
            closed("type side", type={"type": "string", "const": "square"}, side=INTEGER),
        ],
    },
    "dependencies": {
        "$schema": DRAFT_7,
        "type": "object",
        "properties": {"a": STRING, "b": STRING},
        "required": ["a"],
        "dependencies": {"a": ["b"]},
    },
}


@cases(PLAIN, BOUNDS, JUDGED, ZOD)
def test_documents_are_valid(schema):
    """Whatever the seed."""
    for seed in SEEDS:
        document(schema, seed)
    check_schema(schema, "response_format")


@pytest.mark.parametrize("text", [STRING, STRING | {"pattern": DECIMAL}])
@pytest.mark.parametrize("kind", ["number", "integer", "boolean", "object"])
@pytest.mark.parametrize("group", ["anyOf", "oneOf"])
def test_what_says_more_than_a_string_is_preferred(group, kind, text):
    """Whoever takes "12.5" for a number takes no words for one."""
    schema = {group: [text, {"type": kind}, {"type": "null"}]}
    for seed in map(str, range(20)):
        assert not isinstance(document(closed("a", a=schema), seed)["a"], str)
        assert not isinstance(document({"type": ["string", kind]}, seed), str)


def test_strings_of_a_shape_are_not_passed_over():
    schema = {"anyOf": [{"enum": ["auto", "none"]}, STRING | {"format": "date"}, INTEGER]}
    kinds = {type(document(schema, str(seed))) for seed in range(20)}
    assert kinds == {str, int}


class Color(Enum):
    red = "red"
    green = "green"


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    street: str
    zip_code: Annotated[str, Field(pattern=r"^\d{5}$")]
    country: str | None = None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=1, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]
    weight: Annotated[float, Field(gt=0, lt=90)]


class Comment(BaseModel):
    text: str
    replies: "list[Comment]" = []
    parent: "Comment | None" = None


class Point(NamedTuple):
    x: float
    y: float


class Price(BaseModel):
    amount: Decimal
    rounded: Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=2)]
    discount: Decimal | None


class Person(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=40)]
    age: Annotated[int, Field(ge=0, le=120)]
    nickname: str | None
    color: Color
    mood: Literal["happy", "sad"]
    address: Address
    tags: set[str]
    friends: Annotated[set[int], Field(min_length=3)]
    scores: dict[str, int]
    by_color: dict[Color, float]
    by_code: dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], bool]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    point: Point
    pair: tuple[int, str]
    created: datetime
    born: date
    id: UUID
    site: AnyUrl
    address_v4: IPv4Address
    comments: list[Comment]


@pytest.mark.parametrize(
    "kind",
    [
        Person,
        Price,
        Comment,
        Address,
        list[Comment],
        dict[str, Address],
        set[Color],
        Cat | Dog,
        int | None,
    ],
)
def test_pydantic_takes_what_its_schemas_ask_for(kind):
    """The very model accepts the document, not only its schema."""
    adapter = TypeAdapter(kind)
    for seed in SEEDS:
        adapter.validate_python(
            adapter.dump_python(adapter.validate_python(document_of(adapter, seed)))
        )


def document_of(adapter: TypeAdapter[Any], seed: str) -> Any:
    return document(adapter.json_schema(), seed)


def test_a_document_is_something_to_look_at():
    """Short, and its texts say what they are for."""
    schema = closed(
        "firstName zip_code tags",
        firstName=STRING,
        zip_code=STRING,
        tags={"type": "array", "items": STRING, "minItems": 2},
        temperature={"type": "number"},
    )
    for seed in SEEDS:
        value = document(schema, seed)
        assert re.fullmatch("[a-z]+ first name", value["firstName"])
        assert re.fullmatch("[a-z]+ zip code", value["zip_code"])
        assert all(re.fullmatch("[a-z]+ tag", tag) for tag in value["tags"])
        assert 0 < value.get("temperature", 1) <= 101


@pytest.mark.parametrize("schema", [TREE, LINKED, EXPRESSION, TypeAdapter(Comment).json_schema()])
def test_recursion_ends_soon(schema):
    for seed in map(str, range(20)):
        assert len(json_text(schema, seed, "p")) < 2_000


def test_the_root_may_be_of_any_kind():
    assert isinstance(document(STRING), str)
    assert isinstance(document(INTEGER), int)
    assert isinstance(document({"type": "array"}), list)
    assert isinstance(document({}), dict)
    assert isinstance(document(PLAIN["anything"]), dict)


@cases({"object": PLAIN["object"], "tree": TREE, "person": Person.model_json_schema()})
def test_the_seed_decides(schema):
    """The same seed gives the same bytes, also without the cache; other seeds give others."""
    texts = [json_text(schema, str(seed), "p") for seed in range(8)]
    documents._short_document.cache_clear()
    assert [json_text(schema, str(seed), "p") for seed in range(8)] == texts
    assert len(set(texts)) > 4


def test_a_document_depends_on_nothing_else():
    """Processes that hash strings differently write the same."""
    schema = Person.model_json_schema()
    code = (
        "import json, sys; from together_mock.structured import json_text;"
        "print(json_text(json.load(sys.stdin), 'seed', 'p'))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(schema),
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            encoding="utf-8",
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {json_text(schema, "seed", "p") + "\n"}


def test_the_order_of_properties_is_the_schema_s():
    names = ["zulu", "alpha", "mike"]
    for order in (names, names[::-1]):
        schema = closed(" ".join(order), **dict.fromkeys(order, INTEGER))
        assert list(document(schema)) == order


def test_texts_of_a_pattern_depend_on_the_seed():
    texts = {regex_text("[a-z]+-[0-9]+", str(seed), "p") for seed in range(8)}
    assert len(texts) > 4
    assert regex_text("[a-z]+-[0-9]+", "0", "p") in texts
