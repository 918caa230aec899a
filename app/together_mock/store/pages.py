"""Filters as SQL, and pages of a list: each begins after the last row of the one before it.

A list in pages: `condition_of` tells what the store can decide of a filter, a `Listing` what is
selected and how it is sorted, and `page` reads one page. What the store cannot decide is left to
`keeping`. Statements differ with the filter, so they are compiled for each call: half a millisecond
for all columns of two tables.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import eq, ge, gt, le, lt, ne
from sqlite3 import Connection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, true, tuple_

from together_mock.core.errors import MockError
from together_mock.core.expressions import (
    And,
    Comparison,
    Expression,
    Not,
    Operator,
    fields_of,
    matches,
)
from together_mock.store.prepared import Prepared

Row = tuple[Any, ...]
# The order's value and the key of a row.
Position = tuple[int, int]


Columns = Mapping[str, ColumnElement[Any]]


def condition_of(
    expression: Expression, columns: Columns
) -> tuple[ColumnElement[bool] | None, Expression | None]:
    """What the store can decide of a filter, and what is left for `matches`.

    Args:
        expression: the filter.
        columns: where fields are stored, none of them NULL or with the character NUL; a field
            that is not there is left out.

    Returns:
        A condition that every item asked for meets, None for all items; and the whole expression
        where that does not decide it, which is never so when every field is stored, else None.
    """
    translation = _Translation(columns)
    condition = translation.of(expression)
    return condition, None if translation.exact else expression


def keeping(
    residual: Expression | None, fields: Mapping[str, Callable[[Row], Any]]
) -> Callable[[Row], bool] | None:
    """What decides on a row as a residual does; None when none is left.

    Args:
        residual: what `condition_of` left.
        fields: how to tell each field's value from a row; only those that are named are asked for.
    """
    if residual is None:
        return None
    named = {name: fields[name] for name in fields_of(residual)}
    return lambda row: matches(residual, {name: value(row) for name, value in named.items()})


_COMPARE: dict[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQUAL: eq,
    Operator.NOT_EQUAL: ne,
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.MORE: gt,
    Operator.AT_LEAST: ge,
}


class _Translation:
    """Turns an expression into a condition that it implies; `exact` if they are the same."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.exact = True

    def of(self, expression: Expression, *, wanted: bool = True) -> ColumnElement[bool] | None:
        """The condition for the expression to be true, or to be false; None when any item may be.

        Negations go down to the comparisons: what is left out must not be denied.
        """
        if isinstance(expression, Not):
            return self.of(expression.operand, wanted=not wanted)
        if isinstance(expression, Comparison):
            return self._comparison(expression, wanted=wanted)
        # SQLite's parser keeps at most a hundred symbols in mind: what stands before the deepest
        # operand, at each level. First of all, that is a parenthesis.
        deepest_first = sorted(expression.operands, key=_levels, reverse=True)
        parts = [self.of(part, wanted=wanted) for part in deepest_first]
        known = [part for part in parts if part is not None]
        if isinstance(expression, And) is wanted:
            return and_(true(), *known) if known else None
        return or_(false(), *known) if len(known) == len(parts) else None

    def _comparison(self, comparison: Comparison, *, wanted: bool) -> ColumnElement[bool] | None:
        column = self._columns.get(comparison.field)
        if column is None:
            self.exact = False
            return None
        condition = _test(column, comparison.operator, comparison.value)
        return condition if wanted else not_(condition)


def _levels(expression: Expression) -> int:
    if isinstance(expression, Comparison):
        return 0
    if isinstance(expression, Not):
        return _levels(expression.operand)
    return 1 + max(map(_levels, expression.operands), default=0)


def _test(column: ColumnElement[Any], operator: Operator, value: Any) -> ColumnElement[bool]:
    # No LIKE: it ignores the case of some letters, and of which depends on the database.
    if operator in _COMPARE:
        return _COMPARE[operator](column, value)
    if operator is Operator.STARTS:
        return _begins(column, value)
    if operator is Operator.CONTAINS:
        return func.instr(column, value) > 0
    return func.substr(column, -len(value)) == value if value else true()


def _begins(column: ColumnElement[str], start: str) -> ColumnElement[bool]:
    """As a range, which an index on the column finds."""
    stem = start.rstrip(chr(sys.maxunicode))
    if not stem:
        return column >= start
    # Surrogates are no characters.
    following = 0xE000 if stem[-1] == "\ud7ff" else ord(stem[-1]) + 1
    return and_(column >= start, column < stem[:-1] + chr(following))


@dataclass(frozen=True, eq=False)
class Listing:
    """What is listed, sorted by an integer `value` and then by the integer `key` of a row.

    Both go the same way, and no two rows have the same key.
    """

    rows: Select[Any]
    value: ColumnElement[int]
    key: ColumnElement[int]
    descending: bool


def statement(listing: Listing, position: Position | None, limit: int | None) -> Select[Any]:
    """The rows that follow a position, at most so many, each with its own position at its end."""
    place = (listing.value, listing.key)
    query = listing.rows.add_columns(*place)
    if position is not None:
        query = query.where(
            tuple_(*place) < position if listing.descending else tuple_(*place) > position
        )
    query = query.order_by(*(part.desc() if listing.descending else part.asc() for part in place))
    return query if limit is None else query.limit(limit)


def page(
    connection: Connection,
    listing: Listing,
    position: Position | None,
    limit: int,
    keep: Callable[[Row], bool] | None = None,
    **values: Any,
) -> tuple[list[Row], Position | None]:
    """One page of a list.

    Pages put together give every row that stays where it is exactly once, whatever else happens
    between them.

    Args:
        connection: to the store, in a transaction.
        listing: what is listed.
        position: after which row the page begins; None for the first page.
        limit: how many rows there are on a page, at least 1.
        keep: which rows count; all unless given. The others are read and passed over.
        values: the values of the listing's named parameters.

    Returns:
        The rows, and the position of the last one where more follow, else None.
    """

    def read(after: Position | None, most: int | None) -> Iterator[Row]:
        return Prepared(statement(listing, after, most)).run(connection, **values)

    rows = read(position, limit + 1) if keep is None else _kept(read, position, limit + 1, keep)
    found = list(islice(rows, limit + 1))
    following = found[limit - 1][-2:] if len(found) > limit else None
    return [row[:-2] for row in found[:limit]], following


def position_of(parts: Sequence[object] | None) -> Position | None:
    """A position that a client has handed back.

    Raises:
        MockError: `v2_bad_cursor` when it is none of a list in pages.
    """
    if parts is None:
        return None
    match parts:
        case (int(value), int(key)) if all(-(2**63) <= part < 2**63 for part in (value, key)):
            return value, key
    raise MockError("v2_bad_cursor", param="after")


# How many pages are read at once in the hope that they hold one page of rows that count.
_AHEAD = 4


def _kept(
    read: Callable[[Position | None, int | None], Iterator[Row]],
    position: Position | None,
    limit: int,
    keep: Callable[[Row], bool],
) -> Iterator[Row]:
    """The rows that count, read as they are asked for.

    The first few are cheap, since the store need not sort the rest. Where they do not suffice, the
    rest is sorted once: there is no index to find the next few by, so each try would see all rows.
    """
    last = None
    left = limit * _AHEAD
    for row in read(position, left):
        left -= 1
        last = row
        if keep(row[:-2]):
            yield row
    if last is not None and left == 0:
        yield from (row for row in read(last[-2:], None) if keep(row[:-2]))
