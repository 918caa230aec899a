"""Every statement on events and usage: what happened, and what it is to cost."""

from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import SQLModel, col

from together_mock.core.billing import Usage
from together_mock.store.prepared import Prepared
from together_mock.store.records import EventRecord, UsageRecord
from together_mock.store.tables import EventRow, UsageRow

_EVENTS = SQLModel.metadata.tables["event"]
_USAGE = SQLModel.metadata.tables["usage"]
EVENT_COLUMNS = tuple(column.name for column in _EVENTS.columns if column.name != "key")

_ADD_EVENTS = Prepared(insert(_EVENTS).values({name: bindparam(name) for name in EVENT_COLUMNS}))


def add_events(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Append to the history; each row has its values in the order of `EVENT_COLUMNS`."""
    if rows:
        _ADD_EVENTS.run_many(connection, rows)


def events_of(connection: Connection, project_key: int, deployment_key: int) -> list[EventRecord]:
    """A deployment's history, oldest first."""
    rows = _EVENTS_OF.run(connection, project=project_key, deployment=deployment_key)
    return [EventRecord._make(row) for row in rows]


def events_after(
    connection: Connection, project_key: int, key: int, limit: int
) -> list[EventRecord]:
    """A project's events after the one with this key, oldest first."""
    rows = _EVENTS_AFTER.run(connection, project=project_key, after=key, most=limit)
    return [EventRecord._make(row) for row in rows]


def last_event(connection: Connection, project_key: int) -> int:
    """The key of a project's newest event; 0 when there is none."""
    key: int | None = _LAST_EVENT.run(connection, project=project_key).fetchone()[0]
    return key or 0


def delete_events(connection: Connection, project_key: int) -> None:
    """Forget a project's history; numbers of events are not given out again."""
    _DELETE_EVENTS.run(connection, project=project_key)


_OF_PROJECT = col(EventRow.project_key) == bindparam("project")
_EVENTS_OF = Prepared(
    select(_EVENTS)
    .where(_OF_PROJECT, col(EventRow.deployment_key) == bindparam("deployment"))
    .order_by(col(EventRow.key))
)
_EVENTS_AFTER = Prepared(
    select(_EVENTS)
    .where(_OF_PROJECT, col(EventRow.key) > bindparam("after"))
    .order_by(col(EventRow.key))
    .limit(bindparam("most"))
)
_LAST_EVENT = Prepared(select(func.max(EventRow.key)).where(_OF_PROJECT))
_DELETE_EVENTS = Prepared(delete(_EVENTS).where(_OF_PROJECT))


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


def usage(connection: Connection, project_key: int) -> list[UsageRecord]:
    """A project's ledger, by endpoint and day."""
    return [UsageRecord._make(row) for row in _LEDGER.run(connection, project=project_key)]


def delete_usage(connection: Connection, project_key: int) -> None:
    """Empty a project's ledger."""
    _DELETE_USAGE.run(connection, project=project_key)


_USED_BY = col(UsageRow.project_key) == bindparam("project")
_LEDGER = Prepared(
    select(_USAGE)
    .where(_USED_BY)
    .order_by(col(UsageRow.endpoint_id), col(UsageRow.day), col(UsageRow.hardware))
)
_DELETE_USAGE = Prepared(delete(_USAGE).where(_USED_BY))
