"""What a filter asks of an item: comparisons joined by and, or, not; and whether an item fits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import contains, eq, ge, gt, le, lt, ne
from typing import Any


class Operator(StrEnum):
    """How a field is compared. The last two are written `=`, with a wildcard."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    CONTAINS = ":"
    STARTS = "starts with"
    ENDS = "ends with"


@dataclass(frozen=True)
class Comparison:
    """A field held against a text, or an instant in microseconds since the epoch."""

    field: str
    operator: Operator
    value: str | int


@dataclass(frozen=True)
class Not:
    """What does not match."""

    operand: "Expression"


@dataclass(frozen=True)
class And:
    """What matches every operand; everything, when there is none."""

    operands: tuple["Expression", ...]


@dataclass(frozen=True)
class Or:
    """What matches some operand."""

    operands: tuple["Expression", ...]


Expression = And | Or | Not | Comparison


_TESTS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: eq,
    Operator.NOT_EQUAL: ne,
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.MORE: gt,
    Operator.AT_LEAST: ge,
    Operator.CONTAINS: contains,
    Operator.STARTS: str.startswith,
    Operator.ENDS: str.endswith,
}


def matches(expression: Expression, values: Mapping[str, Any]) -> bool:
    """Whether an item with these values is asked for; each field that is named has a value."""
    if isinstance(expression, Comparison):
        test = _TESTS[expression.operator]
        return test(values[expression.field], expression.value)
    if isinstance(expression, Not):
        return not matches(expression.operand, values)
    found = (matches(operand, values) for operand in expression.operands)
    return all(found) if isinstance(expression, And) else any(found)


def fields_of(expression: Expression) -> frozenset[str]:
    """The fields that an expression names."""
    if isinstance(expression, Comparison):
        return frozenset({expression.field})
    if isinstance(expression, Not):
        return fields_of(expression.operand)
    return frozenset().union(*map(fields_of, expression.operands))


# A text that begins with the prefix can only be found at the start of a qualified one.
_ANCHORED = {Operator.CONTAINS: Operator.STARTS, Operator.ENDS: Operator.EQUAL}


def unqualified(expression: Expression, field: str, prefix: str) -> Expression:
    """The same for values without a prefix, which the texts in the expression may begin with.

    A filter may write `<project_slug>/<name>` for a name (OpenAPI 2.0.0).
    """
    if isinstance(expression, Not):
        return Not(unqualified(expression.operand, field, prefix))
    if not isinstance(expression, Comparison):
        operands = tuple(unqualified(operand, field, prefix) for operand in expression.operands)
        return replace(expression, operands=operands)
    text = expression.value
    if expression.field != field or not isinstance(text, str) or not text.startswith(prefix):
        return expression
    operator = _ANCHORED.get(expression.operator, expression.operator)
    return Comparison(field, operator, text.removeprefix(prefix))
