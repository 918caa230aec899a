"""Structured output: what is refused, and what is borne."""

import socket
import subprocess
import sys
from typing import Any

import pytest
from together_mock.core.errors import MockError
from together_mock.structured import check_schema, json_text, regex_text
from unit.schemas import (
    INTEGER,
    STRING,
    cases,
    closed,
    document,
    nested,
)


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


@cases(REFUSED)
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


@cases(
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
