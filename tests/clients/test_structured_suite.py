"""The JSON Schema Test Suite, read the other way round: whatever it has a document for gets one."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from clients import environments
from together_mock.core.errors import MockError
from together_mock.structured import json_text

DRAFTS = {
    "draft2020-12": jsonschema.Draft202012Validator,
    "draft7": jsonschema.Draft7Validator,
}
SEEDS = ("1", "2", "3")
# How many schemas of a draft are satisfiable by the suite's own instances.
SATISFIABLE = {"draft2020-12": 346, "draft7": 241}

# What is refused, with the reason; of each, every draft has the cases that its files have.
REFUSED = {
    "the reference leads to another server, and nothing is fetched": {
        "dynamicRef: strict-tree schema, guards against misspelled properties",
        "dynamicRef: tests for implementation dynamic anchor and reference link",
        "dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first",
        "dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first",
        "dynamicRef: $ref to $dynamicRef finds detached $dynamicAnchor",
        "refRemote: remote ref",
        "refRemote: fragment within remote ref",
        "refRemote: anchor within remote ref",
        "refRemote: ref within remote ref",
        "refRemote: base URI change",
        "refRemote: base URI change - change folder",
        "refRemote: base URI change - change folder in subschema",
        "refRemote: root ref in remote ref",
        "refRemote: remote ref with ref to defs",
        "refRemote: remote ref with ref to definitions",
        "refRemote: Location-independent identifier in remote ref",
        "refRemote: retrieved nested refs resolve relative to their URI not $id",
        "refRemote: remote HTTP ref with different $id",
        "refRemote: remote HTTP ref with different URN $id",
        "refRemote: remote HTTP ref with nested absolute ref",
        "refRemote: $ref to $ref finds detached $anchor",
        "refRemote: $ref to $ref finds location-independent $id",
    },
    "the draft is described on another server": {
        "vocabulary: schema that uses custom metaschema with with no validation vocabulary",
        "vocabulary: ignore unrecognized optional vocabulary",
    },
    "grammars take patterns of properties only if no name can match two of them": {
        "patternProperties: multiple simultaneous patternProperties are validated",
        "patternProperties: regexes are not anchored by default and are case sensitive",
    },
}


def cases(draft: str) -> Iterator[tuple[str, Any]]:
    """Each schema of which the suite knows a valid instance; that of an older draft names it."""
    for file in sorted((environments.schema_suite() / draft).glob("*.json")):
        for case in json.loads(file.read_text("utf-8")):
            schema = case["schema"]
            if draft != "draft2020-12" and isinstance(schema, dict):
                schema = {"$schema": DRAFTS[draft].META_SCHEMA["$schema"]} | schema
            if any(test["valid"] for test in case["tests"]):
                yield f"{file.stem}: {case['description']}", schema


def answer(schema: Any, seed: str = "1") -> str | None:
    """The generated text, or None for a refusal."""
    try:
        return json_text(schema, seed, "response_format")
    except MockError as refusal:
        if refusal.case != "grammar_invalid":
            raise
        return None


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_schema_has_a_document(draft):
    """A valid one, says the validator that the suite comes with, or a refusal with a reason."""
    found, refused, invalid = 0, set(), []
    for name, schema in cases(draft):
        found += 1
        texts = [answer(schema, seed) for seed in SEEDS]
        if None in texts:
            refused.add(name)
            continue
        judge = DRAFTS[draft](schema)
        invalid += [(name, text) for text in texts if not judge.is_valid(json.loads(text))]
    assert found == SATISFIABLE[draft]
    assert invalid == []
    assert refused <= {name for names in REFUSED.values() for name in names}


def test_every_refusal_is_still_one():
    """What is no longer refused leaves the table."""
    refused = {name for draft in DRAFTS for name, schema in cases(draft) if answer(schema) is None}
    assert {name for names in REFUSED.values() for name in names} <= refused
