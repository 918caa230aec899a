"""Schemas that tests of structured output share, and the judge of what is made of them."""

import json
import re
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from jsonschema.validators import validator_for
from together_mock.structured import json_text

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


def cases(*tables: dict[str, Any]) -> Any:
    pairs = [pair for table in tables for pair in table.items()]
    return pytest.mark.parametrize("schema", [s for _, s in pairs], ids=[n for n, _ in pairs])


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
DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"
