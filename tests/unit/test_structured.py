"""Structured output: what is generated is judged by another library than those that made it."""

import json
import os
import re
import socket
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import validator_for
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, TypeAdapter
from together_mock.core.errors import MockError
from together_mock.structured import check_schema, documents, json_text, regex_text

SEEDS = ("1", "2", "3")
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def judge(schema: Any) -> Any:
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def document(schema: Any, seed: str = "1") -> Any:
    """A generated document, once it is known to be valid."""
    text = json_text(schema, seed, "response_format")
    value = json.loads(text)
    judge(schema).validate(value)
    return value


def closed(required: str = "", **properties: Any) -> dict[str, Any]:
    """A schema of an object with these properties alone."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def nested(levels: int, wrap: Any, inner: Any) -> Any:
    for _ in range(levels):
        inner = wrap(inner)
    return inner


OPEN = {"additionalProperties": True}
STRING = {"type": "string"}
INTEGER = {"type": "integer"}
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": closed(
            "value children",
            value=INTEGER,
            children={"type": "array", "items": {"$ref": "#/$defs/node"}},
        )
    },
}
LINKED = closed("value next", value=STRING, next={"anyOf": [{"$ref": "#"}, {"type": "null"}]})
EXPRESSION = {
    "$ref": "#/$defs/expression",
    "$defs": {
        "expression": {
            "oneOf": [
                {"type": "number"},
                closed(
                    "operator left right",
                    operator={"enum": ["+", "*"]},
                    left={"$ref": "#/$defs/expression"},
                    right={"$ref": "#/$defs/expression"},
                ),
            ]
        }
    },
}

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


def _cases(*tables: dict[str, Any]) -> Any:
    pairs = [pair for table in tables for pair in table.items()]
    return pytest.mark.parametrize("schema", [s for _, s in pairs], ids=[n for n, _ in pairs])


@_cases(PLAIN, BOUNDS, JUDGED, ZOD)
def test_documents_are_valid(schema):
    """Whatever the seed."""
    for seed in SEEDS:
        document(schema, seed)
    check_schema(schema, "response_format")


FORMATS = {
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
    "time": re.compile(r"[0-2]\d:[0-5]\d:[0-5]\dZ").fullmatch,
    "duration": re.compile(r"P\d+D").fullmatch,
    "email": re.compile(r"[a-z]+@example\.com").fullmatch,
    "hostname": re.compile(r"[a-z]+\.example\.com").fullmatch,
    "uuid": UUID,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "uri": re.compile(r"https://example\.com/[a-z]+").fullmatch,
    "uri-reference": re.compile(r"/[a-z]+").fullmatch,
    "regex": re.compile,
    "a format nobody knows": re.compile(r"[a-z]+ text").fullmatch,
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_look_as_they_should(name):
    for seed in SEEDS:
        assert FORMATS[name](document({"type": "string", "format": name}, seed))


def test_a_format_with_a_length_is_cut_or_continued():
    assert len(document({"type": "string", "format": "email", "maxLength": 12})) <= 12
    assert len(document({"type": "string", "format": "uri", "minLength": 60})) >= 60


PATTERNS = [
    r"^\d{5}(-\d{4})?$",
    r"^[A-Z]{2,3}-\d{3,6}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    r"^(https?|ftp)://[^\s/$.?#].[^\s]*$",
    r"^[\w\.-]+@[\w\.-]+\.\w{2,4}$",
    r"^v\d+\.\d+\.\d+$",
    r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$",
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    r"^(GET|POST|PUT)$",
    r"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.+$",
    r"^\$\d+(\.\d{2})?$",
    r"^.{1,64}$",
    r"^Step \d+: .+ Answer: \d+$",
    r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$",
    r"^[가-힣]{2,5}$",
    r"^\{\"a\":\d+\}$",
    r"^\\[a-z]+$",
    r"^<b>.*</b>$",
    r"^$",
    r"^[\s\S]+END$",
    r"a{300}",
    r"foo",
    r"(foo|bar){2,}$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_matched(pattern):
    """As a part by JSON strings, as a whole by texts."""
    for seed in SEEDS:
        assert re.search(pattern, document({"type": "string", "pattern": pattern}, seed))
        assert re.fullmatch(pattern, regex_text(pattern, seed, "response_format.pattern"))


@pytest.mark.parametrize("pattern", ["foo", "^.*@example\\.com$", "^x+$"])
def test_a_pattern_with_a_length_is_matched(pattern):
    text = document({"type": "string", "pattern": pattern, "minLength": 30, "maxLength": 60})
    assert 30 <= len(text) <= 60


EMAIL = (
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]"
    r"@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"
)
DURATION = (
    r"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?"
    r"(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$"
)
HOSTNAME = (
    r"^(?=.{1,253}\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\.?$"
)
DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"
PASSWORD = "^(?=.*[A-Z])(?=.*[0-9]).{8,}$"
ASSERTED = {
    "email": {"pattern": EMAIL, "format": "email"},
    "email by its pattern": {"pattern": EMAIL},
    "duration": {"pattern": DURATION, "format": "duration"},
    "duration by its pattern": {"pattern": DURATION},
    "hostname": {"pattern": HOSTNAME, "format": "hostname"},
    "decimal": {"pattern": DECIMAL},
    "digits": {"pattern": r"^(?!^[-+.]*$)[+-]?0*(?:\d{0,3}|(?=[\d.]{1,6}0*$)\d{0,3}\.\d{0,2}0*$)"},
    "password": {"pattern": PASSWORD},
    "long password": {"pattern": PASSWORD, "minLength": 40},
    "password of a length": {"pattern": "^(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{16}$"},
    "strict password": {
        "pattern": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[@$!%*?&])[A-Za-z\d@$!%*?&]{8,}$"
    },
    "not blank": {"pattern": r"^(?!\s*$).+"},
    "not reserved": {"pattern": "^(?!admin$)[a-z0-9-]{3,}$"},
    "user name": {"pattern": r"^(?=.{8,20}$)(?![_.])(?!.*[_.]{2})[a-zA-Z0-9._]+(?<![_.])$"},
    "account": {"pattern": "^(?=[A-Z]{2})[A-Z0-9]{15,34}$"},
    "a choice ahead": {"pattern": "^(?=y)y$"},
    "behind": {"pattern": "(?<=x)y"},
    "a whole word": {"pattern": r"\bfoo\b"},
    "twice": {"pattern": r"^(.)\1"},
    "twice looked for": {"pattern": "^(?:(?=b)b|(?=c(?!d))c)+$"},
    "two patterns": {"allOf": [{"pattern": "(?=.*[A-Z])"}, {"pattern": "(?=.*[0-9])"}]},
}


@_cases(ASSERTED)
def test_look_around_is_matched(schema):
    """Also inside other schemas, and by the patterns of names."""
    whole = {"type": "string"} | schema
    for seed in SEEDS:
        document(whole, seed)
        document(closed("a", a={"anyOf": [whole, {"type": "null"}]}), seed)
        document(closed("a", a={"type": "array", "items": whole, "minItems": 3}), seed)
        document({"$ref": "#/$defs/a", "$defs": {"a": closed("a", a=whole)}}, seed)
    check_schema(closed("a", a=whole), "tools.0")


@_cases(
    {
        "patterns": {"patternProperties": {"^(?!x-)[a-z]+$": INTEGER}, "minProperties": 3},
        "names": {
            "propertyNames": {"pattern": "^(?!x-)[a-z]+$"},
            "additionalProperties": INTEGER,
            "minProperties": 3,
        },
    }
)
def test_names_look_around(schema):
    for seed in SEEDS:
        document({"type": "object"} | schema, seed)


def test_an_emoji_is_one():
    """The pattern's properties are unknown to Python's expressions, so that it is looked at."""
    pattern = r"^(\p{Extended_Pictographic}|\p{Emoji_Component})+$"
    text = json_text({"type": "string", "pattern": pattern, "format": "emoji"}, "1", "p")
    assert json.loads(text) in "🚀😀🌟🎉"


def test_the_pattern_beside_a_time_says_what_a_time_is():
    """As in zod's times, which have no zone."""
    pattern = r"^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?$"
    text = json_text({"type": "string", "pattern": pattern, "format": "time"}, "1", "p")
    assert re.match(pattern, json.loads(text))


def test_a_tuple_of_an_older_draft_needs_no_name():
    schema = closed("pair", pair={"type": "array", "items": [STRING, INTEGER], "minItems": 2})
    for seed in SEEDS:
        value = json.loads(json_text(schema, seed, "p"))
        jsonschema.Draft7Validator(schema).validate(value)
        assert [type(item) for item in value["pair"]] == [str, int]


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


@_cases({"object": PLAIN["object"], "tree": TREE, "person": Person.model_json_schema()})
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


def chained(length: int, wrap: Any) -> dict[str, Any]:
    """Definitions each of which refers to the next."""
    links = {f"d{i}": wrap({"$ref": f"#/$defs/d{i + 1}"}) for i in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": links | {f"d{length}": STRING}}


REFUSED = {
    "no schema": 3,
    "a list": [],
    "a null": None,
    "false": False,
    "no such type": {"type": "foo"},
    "properties of no kind": {"properties": 3},
    "a hidden mistake": closed("a", a={"type": "array", "items": {"minLength": -1}}),
    "look-ahead": {"type": "string", "pattern": "^(?=a)b$"},
    "look-behind": {"type": "string", "pattern": "^a(?<=x)"},
    "back-reference": {"type": "string", "pattern": r"^(.)\1(?!\1)\1$"},
    "look-ahead without end": {"type": "string", "pattern": r"^(?=((.*)*)*$)((a|aa|.)*)*\2Z{50}$"},
    "a mistake in look-ahead": {"type": "string", "pattern": "^(?=[)b$"},
    "no pattern": {"type": "string", "pattern": "["},
    "dangling": {"$ref": "#/$defs/missing"},
    "remote": {"$ref": "https://example.com/schema.json"},
    "file": {"$ref": "file:///etc/hostname"},
    "remote draft": {"$schema": "http://127.0.0.1:9/schema", "type": "string"},
    "infinite": closed("a", a={"$ref": "#"}),
    "infinite by items": {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
    "a circle": {"$ref": "#"},
    "a wider circle": {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"anyOf": [STRING, {"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#"}}},
    },
    "nothing between": {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 6},
    "crossed bounds": {"type": "integer", "minimum": 5, "maximum": 4},
    "crossed lengths": {"type": "string", "minLength": 3, "maxLength": 2},
    "crossed types": {"allOf": [STRING, INTEGER]},
    "no member": {"enum": []},
    "too small a set": {
        "type": "array",
        "items": {"type": "boolean"},
        "uniqueItems": True,
        "minItems": 3,
    },
    "not anything": {"not": {}},
    "a false property": closed("a", a=False),
    "too long": {"type": "string", "minLength": 10**9},
    "too many": {"type": "array", "items": INTEGER, "minItems": 10**9},
    "too many properties": {"type": "object", "minProperties": 10**6},
    "too deep": nested(3_000, lambda inner: {"not": inner}, STRING),
    "too deep a list": nested(3_000, lambda inner: [inner], {}),
    "too deep a chain": chained(3_000, lambda link: closed("a", a=link)),
    "too deep beside": chained(3_000, lambda link: {"allOf": [link]}),
    "too wide": {"enum": [f"value {i}" for i in range(50_000)]},
    "too many branches": {"anyOf": [closed(f"p{i}", **{f"p{i}": STRING}) for i in range(2_000)]},
    "too many members": closed("", **{f"p{i}": STRING for i in range(5_000)}),
    "visited too often": chained(40, lambda link: {"allOf": [link, link]}),
    "looked at too often": chained(40, lambda link: {"items": link, "contains": link}),
    "named too often": chained(40, lambda link: {"dependentSchemas": {"a": link, "b": link}}),
    "decided too often": chained(40, lambda link: {"if": link, "then": link, "else": link}),
    "too large": chained(30, lambda link: closed("a b", a=link, b=link)),
    "many patterns at once": {
        "type": "string",
        "allOf": [{"pattern": f"(a|b)*a(a|b){{{i}}}"} for i in range(20)],
    },
    "a huge pattern": {"type": "string", "pattern": "a?" * 5_000},
    "a nested pattern": {"type": "string", "pattern": "(" * 5_000 + "a" + ")" * 5_000},
    "an exploding pattern": {"type": "string", "pattern": "^((a{1,100}){1,100}){1,100}$"},
    "half a character": {"const": "\ud800"},
    "not a number": {"const": float("nan")},
    "not JSON": {"const": {1, 2}},
    "a huge number": {"type": "integer", "minimum": 10**5_000},
}


@_cases(REFUSED)
def test_a_refusal_names_the_parameter(schema):
    with pytest.raises(MockError) as refused:
        json_text(schema, "1", "response_format.schema")
    assert (refused.value.case, refused.value.param) == (
        "grammar_invalid",
        "response_format.schema",
    )


@pytest.mark.parametrize(
    "name", ["no schema", "no such type", "a mistake in look-ahead", "remote", "false"]
)
def test_checking_refuses_what_is_no_grammar(name):
    with pytest.raises(MockError) as refused:
        check_schema(REFUSED[name], "tools.0")
    assert (refused.value.case, refused.value.param) == ("grammar_invalid", "tools.0")


@pytest.mark.parametrize(
    "pattern", ["[", "(?=a)b", r"(.)\1", "a^b", "(" * 5_000, "(a{1000}){1000}", 3]
)
def test_a_pattern_that_is_none_is_refused(pattern):
    with pytest.raises(MockError) as refused:
        regex_text(pattern, "1", "response_format.pattern")
    assert refused.value.case == "grammar_invalid"


@_cases(
    {
        "many properties": closed("p7", **{f"p{i}": STRING for i in range(300)}),
        "many choices": {"enum": [f"value {i}" for i in range(3_000)]},
        "a long tuple": {"type": "array", "prefixItems": [STRING] * 300},
        "wide at every level": chained(30, lambda link: {"properties": {"a": link, "b": link}}),
        "a hard pattern": {"type": "string", "pattern": "^[ab]*a[ab]{16}$"},
        "an unused definition that dangles": STRING | {"$defs": {"a": {"$ref": "#/$defs/b"}}},
        "layout": {"x-guidance": {"whitespace_flexible": True}, "type": "array"},
        "a maximum of many": {"type": "array", "maxItems": 10**18, "items": INTEGER},
    }
)
def test_big_schemas_are_borne(schema):
    document(schema)


def test_nothing_is_fetched():
    """References and drafts elsewhere are refused without a look."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        there = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        for schema in ({"$ref": there}, {"$schema": there}, {"$id": there, "$ref": "other.json"}):
            with pytest.raises(MockError):
                json_text(schema, "1", "p")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_libraries_are_imported_on_first_use():
    """They would cost every start of the server."""
    libraries = "{'llguidance', 'jsonschema_rs'}"
    code = f"import together_mock.structured, sys; print({{*sys.modules}} & {libraries})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


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
