"""Statements that are compiled once and run by the driver.

The ORM would cost ten times the statement itself, and its connections twice.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import ClauseElement

DIALECT = sqlite.dialect()


class Prepared:
    """A statement with named parameters, compiled when it is first run.

    Values go to SQLite as they are: JSON is text, and a boolean comes back as 0 or 1.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, list[str], dict[str, Any]]:
        compiled: Any = self._statement.compile(dialect=DIALECT)
        # Constants of the statement are parameters too; those of ours have no value yet.
        constants = {name: item for name, item in compiled.params.items() if item is not None}
        return str(compiled), compiled.positiontup, constants

    def run(self, connection: sqlite3.Connection, **values: Any) -> sqlite3.Cursor:
        """Run it once."""
        sql, names, constants = self._compiled
        known = {**constants, **values} if constants else values
        return connection.execute(sql, [known[name] for name in names])

    def run_many(self, connection: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Run it for each row, whose values stand in the order of the parameters."""
        connection.executemany(self._compiled[0], rows)
