"""The positions of a project's events, whose keys all projects share."""

from sqlite3 import Connection

from sqlalchemy import bindparam, func, select
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.tables import EventRow

_BETWEEN = Prepared(
    select(func.count())
    .select_from(SQLModel.metadata.tables["event"])
    .where(
        col(EventRow.project_key) == bindparam("project"),
        col(EventRow.key) > bindparam("after"),
        col(EventRow.key) <= bindparam("last"),
    )
)


class Positions:
    """Positions from 1, by keys; one near the last that was asked for is found soonest."""

    def __init__(self, connection: Connection, project_key: int) -> None:
        self._connection, self._project_key = connection, project_key
        self._key = self._position = 0

    def of(self, key: int) -> int:
        """The position of the event with a key."""
        if key > self._key:
            self._position += self._between(self._key, key)
        elif key < self._key:
            self._position -= self._between(key, self._key)
        self._key = key
        return self._position

    def _between(self, after: int, last: int) -> int:
        values = {"project": self._project_key, "after": after, "last": last}
        count: int = _BETWEEN.run(self._connection, **values).fetchone()[0]
        return count
