"""The error catalogue and the code that raises its cases agree."""

import ast
import json
import string
from pathlib import Path

import pytest
import together_mock
from together_mock.api.validation import MockKind
from together_mock.core.errors import MockError
from together_mock.resources import directory

GRADES = {"confirmed", "documented", "reported", "inferred"}
FACES = {"management", "inference", "control", "v2", "legacy"}
FIXTURES = directory("fixtures")
ROWS = json.loads((FIXTURES / "errors.json").read_text("utf-8"))["errors"]
CASES = {row["case"]: row for row in ROWS}
BEHAVIOURS = json.loads((FIXTURES / "behaviours.json").read_text("utf-8"))["behaviours"]
SOURCE = Path(together_mock.__file__).parent


def values_of(case):
    """The values that a case's message names."""
    return {name for _, name, _, _ in string.Formatter().parse(CASES[case]["message"]) if name}


def raised():
    """Every call of MockError in the application: where, the first argument, the keywords."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "MockError":
                keywords = {keyword.arg for keyword in node.keywords}
                where = f"{path.relative_to(SOURCE)}:{node.lineno}"
                yield where, ast.unparse(node.args[0]), keywords


CALLS = list(raised())
# The one call whose case is a variable: the cases that a schema's validator may name.
NAMED_BY_SCHEMA = {"kind"}


def test_the_application_raises_cases_at_all():
    """The scan finds the calls."""
    assert len(CALLS) > 30


@pytest.mark.parametrize(("where", "case", "given"), CALLS, ids=[call[0] for call in CALLS])
def test_each_refusal_is_in_the_catalogue_with_all_its_values(where, case, given):
    """The case exists, and the call gives every value its message names, and no other."""
    cases = MockKind.ALL if case in NAMED_BY_SCHEMA else {ast.literal_eval(case)}
    for name in cases:
        assert name in CASES
        assert given - {"param"} == values_of(name) - {"param"}, name
        assert "param" in given or "param" not in values_of(name), name


def test_cases_are_told_apart():
    """No case stands twice."""
    assert len(CASES) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row["case"] for row in ROWS])
def test_each_case_is_complete(row):
    """Status, type and message, and how well they are known, from which source."""
    assert row.keys() == {"case", "faces", "status", "type", "code", "message", "grade", "source"}
    assert row["grade"] in GRADES
    assert row["source"].strip()
    assert 400 <= row["status"] < 600
    assert row["type"]
    assert row["message"]
    assert row["code"] is None or row["code"]
    assert row["faces"]
    assert set(row["faces"]) <= FACES
    assert all(name.isidentifier() for name in values_of(row["case"]))


def test_each_behaviour_is_complete():
    """One row a behaviour, with grade and source."""
    assert len({row["case"] for row in BEHAVIOURS}) == len(BEHAVIOURS) > 50
    for row in BEHAVIOURS:
        assert row.keys() == {"case", "behaviour", "grade", "source"}
        assert row["grade"] in GRADES
        assert row["behaviour"].strip()
        assert row["source"].strip()


@pytest.mark.parametrize("name", ["hardware.json", "zones.json"])
def test_what_can_be_had_has_grade_and_source(name):
    """Hardware and zones say how well they are known, too."""
    (rows,) = [
        part
        for part in json.loads((FIXTURES / name).read_text("utf-8")).values()
        if isinstance(part, list)
    ]
    assert rows
    assert all(row["grade"] in GRADES and row["source"] for row in rows)


def test_an_error_can_be_read():
    """As text, an error is its case and its values: for logs and failing tests."""
    error = MockError("unknown_endpoint", param="id", endpoint="endpoint-1")
    assert str(error) == "unknown_endpoint(endpoint='endpoint-1')"
    assert (error.case, error.param, error.values) == (
        "unknown_endpoint",
        "id",
        {"endpoint": "endpoint-1"},
    )
