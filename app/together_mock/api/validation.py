"""Turns a request that does not fit its schema into one catalogue error naming the field."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from together_mock.core.errors import MockError

Model = TypeVar("Model", bound=BaseModel)

_OBJECT = {"model_type", "model_attributes_type", "dict_type"}
_RANGE = {
    "greater_than_equal",
    "greater_than",
    "less_than_equal",
    "less_than",
    "string_too_short",
    "string_too_long",
    "too_short",
    "too_long",
    "finite_number",
}


def read(model: type[Model], body: Any) -> Model:
    """A JSON body as a schema has it, where no framework reads it; None is no body.

    Raises:
        MockError: what `error_of` makes of the first problem.
    """
    if body is None:
        raise MockError("missing_field", param="body")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise error_of([{**problem, "loc": ("body", *problem["loc"])}]) from error


def error_of(problems: Sequence[Any]) -> MockError:
    """The catalogue error for the first problem that pydantic found."""
    problem = problems[0]
    kind: str = problem["type"]
    param = ".".join(str(part) for part in problem["loc"][1:]) or "body"
    if kind == "json_invalid":
        return MockError("broken_json", detail=problem.get("ctx", {}).get("error", ""))
    if kind == "extra_forbidden":
        return MockError("unknown_field", param=param)
    absent = kind == "missing" or problem.get("input") is None
    if absent and param == "hardware":
        return MockError("hardware_missing", param=param)
    if absent:
        return MockError("missing_field", param=param)
    if kind in MockKind.ALL:
        return MockError(kind, param=problem["ctx"]["param"])
    if kind in _RANGE:
        return MockError("out_of_range", param=param, detail=_lower(problem["msg"]))
    if kind in ("literal_error", "bool_parsing", "value_error"):
        return MockError("invalid_value", param=param, detail=_lower(problem["msg"]))
    expected = "a JSON object" if kind in _OBJECT else _lower(problem["msg"])
    return MockError("invalid_type", param=param, expected=expected)


class MockKind:
    """Catalogue cases that a schema's own validator may raise as a pydantic error type."""

    FLAT_AUTOSCALING = "flat_autoscaling"
    ALL = frozenset({FLAT_AUTOSCALING})


def _lower(text: str) -> str:
    text = text.removeprefix("Input should be ").removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
