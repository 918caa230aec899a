"""Reads the tools of a request, in today's form and in that of 2023."""

from typing import Any

from together_mock.core.errors import MockError
from together_mock.core.requests import Tool

_MOST = 128
_NO_PARAMETERS = {"type": "object", "properties": {}, "additionalProperties": False}
# Words for "at least one tool"; the second is some frameworks' own.
_FORCING = ("required", "any")
# Schemas with no more than these, and no properties, are what a function without parameters has.
_BARE = frozenset({"type", "properties", "required", "title", "description", "$schema"})


def read_tools(body: dict[str, Any], *, lenient: bool) -> tuple[tuple[Tool, ...], bool]:
    """The tools of a request, and whether their calls are to be answered in the form of 2023.

    Raises:
        MockError: `invalid_type`, `missing_field`, `out_of_range`.
    """
    given, functions = body.get("tools"), body.get("functions")
    if functions and not given:
        pairs = [(f"functions.{index}", item) for index, item in _listed(functions, "functions")]
        return _tools(pairs, lenient=lenient), True
    pairs = []
    for index, item in _listed(given, "tools"):
        function = item.get("function") if isinstance(item, dict) else None
        pairs.append((f"tools.{index}.function", function))
    legacy = "tool_choice" not in body and body.get("function_call") not in (None, "none")
    return _tools(pairs, lenient=lenient), legacy


def _listed(value: Any, param: str) -> list[tuple[int, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise MockError("invalid_type", param=param, expected="an array")
    if len(value) > _MOST:
        raise MockError("out_of_range", param=param, detail=f"more than {_MOST} items")
    return list(enumerate(value))


def _tools(pairs: list[tuple[str, Any]], *, lenient: bool) -> tuple[Tool, ...]:
    found = []
    for param, function in pairs:
        try:
            found.append(_tool(function, param))
        except MockError:
            # What generated SDK tests send is no tool that could be called.
            if not lenient:
                raise
    return tuple(found)


def _tool(function: Any, param: str) -> Tool:
    if not isinstance(function, dict):
        raise MockError("invalid_type", param=param, expected="an object")
    name, description = function.get("name"), function.get("description")
    if not isinstance(name, str) or not name:
        raise MockError("missing_field", param=f"{param}.name")
    parameters = function.get("parameters")
    return Tool(
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=_NO_PARAMETERS if _is_bare(parameters) else parameters,
        param=f"{param}.parameters",
    )


def _is_bare(parameters: Any) -> bool:
    """Whether a function takes nothing: its schema would let a model make something up."""
    if not isinstance(parameters, dict):
        return parameters is None
    given = parameters.get("type", "object") == "object" and parameters.keys() <= _BARE
    return given and not parameters.get("properties") and not parameters.get("required")


def read_choice(
    body: dict[str, Any], tools: tuple[Tool, ...], *, legacy: bool, lenient: bool
) -> tuple[str, bool]:
    """Which tools may or must be called, and whether several at once.

    Raises:
        MockError: `invalid_value` for a tool that the request does not have.
    """
    param = "tool_choice" if body.get("tool_choice") is not None else "function_call"
    # The form of 2023 has room for one call.
    parallel = body.get("parallel_tool_calls") is not False and not legacy
    given = body.get(param)
    if isinstance(given, dict):
        function = given.get("function", given)
        name = function.get("name") if isinstance(function, dict) else None
        if any(tool.name == name for tool in tools):
            return f"={name}", parallel
        if not lenient:
            raise MockError(
                "invalid_value", param=param, detail="names a function that is not among the tools"
            )
    if given in _FORCING and not tools and not lenient:
        raise MockError("invalid_value", param=param, detail="requires a tool, but there is none")
    if isinstance(given, str) and given not in (*_FORCING, "none", "auto") and not lenient:
        known = "must be one of auto, required, none, or name a tool"
        raise MockError("invalid_value", param=param, detail=known)
    return ("required" if given in _FORCING else "none" if given == "none" else "auto"), parallel
