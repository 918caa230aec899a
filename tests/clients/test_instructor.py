"""Instructor: objects of pydantic models, validated, asked for again when they do not pass."""

import pytest

GOOD, BAD = {"name": "ADA", "age": 36}, {"name": "Ada", "age": 36}


@pytest.fixture
def told(program):
    """Run a part of the program in Instructor's environment."""
    return lambda part, *arguments: program("instructor", part, *arguments)


@pytest.fixture
def script(project):
    """Arrange replies to every question, one for each call, the last one again and again."""

    def arrange(*replies):
        answer = project.post("/_mock/scripts", json={"match": {}, "reply": list(replies)})
        assert answer.is_success, answer.text

    return arrange


def called(arguments):
    """A reply that calls the tool which stands for the model."""
    return {"tool_calls": [{"name": "Person", "arguments": arguments}]}


@pytest.mark.parametrize("mode", ["TOOLS", "TOOLS_STRICT", "JSON_SCHEMA"])
def test_made(told, mode):
    """Models with nested models, enumerations and optional fields are made from their schemas."""
    reason = "stop" if mode == "JSON_SCHEMA" else "tool_calls"
    assert told("made", mode) == ["Trip", reason, {"label": "new"}]


def test_provider(told):
    """`from_provider("together/MODEL")`."""
    assert told("provider") == [{"label": "new"}]


@pytest.mark.parametrize(
    ("mode", "bad", "good"),
    [
        ("TOOLS", called(BAD), called(GOOD)),
        ("JSON_SCHEMA", {"json": BAD}, {"json": GOOD}),
        ("JSON", {"json": BAD}, {"json": GOOD}),
        ("MD_JSON", {"text": 'Here:\n```json\n{"name": "Ada", "age": 36}\n```'}, {"json": GOOD}),
    ],
)
def test_retried(told, script, mode, bad, good):
    """An answer that does not pass its validator is asked for again, with the complaint."""
    script(bad, good)
    assert told("retried", mode) == [GOOD, 2, True]


def test_gave_up(told, script):
    """When no answer passes, the last complaint is told."""
    script(called(BAD))
    assert told("gave_up", "TOOLS") == ["InstructorRetryException", 3, True]


@pytest.mark.parametrize("mode", ["TOOLS", "JSON_SCHEMA"])
def test_partial(told, mode):
    """Objects grow while they are streamed."""
    assert told("partial", mode) == [True, {"label": "new"}]


def test_several(told):
    """Parallel calls become objects of their classes."""
    assert told("several") == [["Weather", {"city": "Oslo"}], ["Stock", {"ticker": "ACME"}]]


def test_gather(told):
    """Objects asked for side by side."""
    assert told("gather") == [{"label": "new"}] * 3
