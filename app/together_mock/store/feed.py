"""The statements that v2's feed of an endpoint's events reads by, newest first.

There is no index but that of a project's events: a reader goes backwards through the project, and
stops as soon as it has what it wants.
"""

from collections.abc import Iterable, Iterator
from sqlite3 import Connection

import orjson
from sqlalchemy import bindparam, func, or_, select
from sqlmodel import SQLModel, col

from together_mock.core.events import HISTORY, Kind
from together_mock.core.states import State
from together_mock.store.history import last_event
from together_mock.store.prepared import Prepared
from together_mock.store.records import DeploymentRecord, EventRecord
from together_mock.store.tables import DeploymentRow, EventRow

# Keys that are gone through before it is asked again whether more is wanted.
_SPAN = 1_000
_EVENTS = SQLModel.metadata.tables["event"]
_DEPLOYMENTS = SQLModel.metadata.tables["deployment"]
_OF_PROJECT = col(EventRow.project_key) == bindparam("project")
_OF_ENDPOINT = col(EventRow.endpoint_id) == bindparam("endpoint")

_BACKWARDS = Prepared(
    select(_EVENTS)
    .where(
        _OF_PROJECT,
        _OF_ENDPOINT,
        col(EventRow.key) <= bindparam("last"),
        col(EventRow.key) > bindparam("first"),
        col(EventRow.type).in_(
            select(func.json_each(bindparam("kinds")).table_valued("value").c.value)
        ),
        # The end of a start tells what came before it as well.
        (col(EventRow.at) < bindparam("until"))
        | (col(EventRow.from_state) == State.STARTING.value),
    )
    .order_by(col(EventRow.key).desc())
)


def events_backwards(
    connection: Connection,
    project_key: int,
    endpoint_id: str,
    *,
    last: int,
    kinds: Iterable[Kind],
    until: int,
) -> Iterator[EventRecord]:
    """An endpoint's events, newest first, read as they are asked for.

    Args:
        connection: to the store, in a transaction for as long as events are asked for.
        project_key: whose endpoint.
        endpoint_id: the endpoint.
        last: the key of the newest event that counts.
        kinds: the kinds that count.
        until: the instant before which they happened; ends of starts also count after it.
    """
    values = {
        "project": project_key,
        "endpoint": endpoint_id,
        "kinds": orjson.dumps(sorted(kinds)).decode(),
        "until": until,
    }
    last, span = min(last, last_event(connection, project_key)), _SPAN
    while last > 0:
        # The driver looks for a row more than it is asked for: it must not find none for long.
        first = last - span
        rows = _BACKWARDS.run(connection, first=first, last=last, **values)
        yield from map(EventRecord._make, rows)
        last, span = first, 2 * span


_BEFORE = Prepared(
    select(_EVENTS)
    .where(
        _OF_PROJECT,
        col(EventRow.deployment_key) == bindparam("deployment"),
        col(EventRow.key) < bindparam("before"),
        or_(*[col(EventRow.type) == kind.value for kind in HISTORY]),
    )
    .order_by(col(EventRow.key).desc())
    .limit(1)
)


def change_before(
    connection: Connection, project_key: int, deployment_key: int, before: int
) -> EventRecord | None:
    """The last change of a deployment's state or counts before the event with a key."""
    row = _BEFORE.run(
        connection, project=project_key, deployment=deployment_key, before=before
    ).fetchone()
    return EventRecord._make(row) if row else None


_DELETIONS = Prepared(
    select(_EVENTS).where(
        _OF_PROJECT, _OF_ENDPOINT, col(EventRow.type) == Kind.DEPLOYMENT_DELETED.value
    )
)


def deletions(connection: Connection, project_key: int, endpoint_id: str) -> list[EventRecord]:
    """What tells that deployments of an endpoint were deleted."""
    rows = _DELETIONS.run(connection, project=project_key, endpoint=endpoint_id)
    return [EventRecord._make(row) for row in rows]


_STARTING = Prepared(
    select(_DEPLOYMENTS).where(
        col(DeploymentRow.endpoint_key) == bindparam("endpoint"),
        col(DeploymentRow.state) == State.STARTING.value,
    )
)


def starting_deployments(connection: Connection, endpoint_key: int) -> list[DeploymentRecord]:
    """The deployments of an endpoint whose start is under way."""
    rows = _STARTING.run(connection, endpoint=endpoint_key)
    return [DeploymentRecord._make(row) for row in rows]


_BY_KEY = Prepared(
    select(_DEPLOYMENTS).where(
        col(DeploymentRow.key) == bindparam("key"),
        col(DeploymentRow.endpoint_key) == bindparam("endpoint"),
    )
)


def deployment_by_key(
    connection: Connection, endpoint_key: int, key: int
) -> DeploymentRecord | None:
    """A deployment of an endpoint by its key."""
    row = _BY_KEY.run(connection, key=key, endpoint=endpoint_key).fetchone()
    return DeploymentRecord._make(row) if row else None
