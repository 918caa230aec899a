"""Every statement on events and usage: what happened, and what it is to cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import SQLModel, col

from together_mock.core.billing import Usage
from together_mock.store.prepared import Prepared
from together_mock.store.tables import EventRow, UsageRow

_EVENTS = SQLModel.metadata.tables["event"]
_USAGE = SQLModel.metadata.tables["usage"]
EVENT_COLUMNS = tuple(column.name for column in _EVENTS.columns if column.name != "key")

_ADD_EVENTS = Prepared(insert(_EVENTS).values({name: bindparam(name) for name in EVENT_COLUMNS}))


def add_events(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Append to the history; each row has its values in the order of `EVENT_COLUMNS`."""
    if rows:
        _ADD_EVENTS.run_many(connection, rows)


def events_of(connection: Connection, project_key: int, deployment_key: int) -> Sequence[Row[Any]]:
    """A deployment's history, oldest first, with the columns of `EventRow`."""
    statement = (
        select(_EVENTS)
        .where(
            col(EventRow.project_key) == project_key, col(EventRow.deployment_key) == deployment_key
        )
        .order_by(col(EventRow.key))
    )
    return connection.execute(statement).all()


def events_after(
    connection: Connection, project_key: int, key: int, limit: int
) -> Sequence[Row[Any]]:
    """A project's events after the one with this key, oldest first."""
    statement = (
        select(_EVENTS)
        .where(col(EventRow.project_key) == project_key, col(EventRow.key) > key)
        .order_by(col(EventRow.key))
        .limit(limit)
    )
    return connection.execute(statement).all()


def last_event(connection: Connection, project_key: int) -> int:
    """The key of a project's newest event; 0 when there is none."""
    statement = select(func.max(EventRow.key)).where(col(EventRow.project_key) == project_key)
    return connection.scalar(statement) or 0


def delete_events(connection: Connection, project_key: int) -> None:
    """Forget a project's history; numbers of events are not given out again."""
    connection.execute(delete(_EVENTS).where(col(EventRow.project_key) == project_key))


def add_usage(
    connection: Connection, project_key: int, usage: Mapping[tuple[str, str, int], Usage]
) -> None:
    """Add to the ledger."""
    if usage:
        rows = [
            (project_key, *place, used.replica_time, used.idle_time)
            for place, used in usage.items()
        ]
        _ADD_USAGE.run_many(connection, rows)


_NEW_USAGE = sqlite_insert(_USAGE)
_ADD_USAGE = Prepared(
    _NEW_USAGE.on_conflict_do_update(
        index_elements=["project_key", "endpoint_id", "hardware", "day"],
        set_={
            name: _USAGE.c[name] + _NEW_USAGE.excluded[name]
            for name in ("replica_time", "idle_time")
        },
    )
)


def usage(connection: Connection, project_key: int) -> Sequence[Row[Any]]:
    """A project's ledger, by endpoint and day, with the columns of `UsageRow`."""
    statement = (
        select(_USAGE)
        .where(col(UsageRow.project_key) == project_key)
        .order_by(col(UsageRow.endpoint_id), col(UsageRow.day), col(UsageRow.hardware))
    )
    return connection.execute(statement).all()


def delete_usage(connection: Connection, project_key: int) -> None:
    """Empty a project's ledger."""
    connection.execute(delete(_USAGE).where(col(UsageRow.project_key) == project_key))
