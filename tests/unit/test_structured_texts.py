"""Structured texts: formats, patterns, look-around."""

import json
import re

import jsonschema
import pytest
from together_mock.structured import check_schema, json_text, regex_text
from unit.schemas import (
    DECIMAL,
    FORMATS,
    INTEGER,
    PATTERNS,
    SEEDS,
    STRING,
    cases,
    closed,
    document,
)


@pytest.mark.parametrize("name", FORMATS)
def test_formats_look_as_they_should(name):
    for seed in SEEDS:
        assert FORMATS[name](document({"type": "string", "format": name}, seed))


def test_a_format_with_a_length_is_cut_or_continued():
    assert len(document({"type": "string", "format": "email", "maxLength": 12})) <= 12
    assert len(document({"type": "string", "format": "uri", "minLength": 60})) >= 60


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


@cases(ASSERTED)
def test_look_around_is_matched(schema):
    """Also inside other schemas, and by the patterns of names."""
    whole = {"type": "string"} | schema
    for seed in SEEDS:
        document(whole, seed)
        document(closed("a", a={"anyOf": [whole, {"type": "null"}]}), seed)
        document(closed("a", a={"type": "array", "items": whole, "minItems": 3}), seed)
        document({"$ref": "#/$defs/a", "$defs": {"a": closed("a", a=whole)}}, seed)
    check_schema(closed("a", a=whole), "tools.0")


@cases(
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
