"""Every statement on endpoints and their deployments. `due_pairs` is what drives lifecycles."""

from collections.abc import Iterable, Sequence
from functools import cache
from sqlite3 import Connection, Cursor
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.records import DeploymentRecord, EndpointRecord, Pair
from together_mock.store.tables import DeploymentRow, EndpointRow

_ENDPOINTS = SQLModel.metadata.tables["endpoint"]
_DEPLOYMENTS = SQLModel.metadata.tables["deployment"]

_WIDTH = len(EndpointRecord._fields)
PAIRS = select(_ENDPOINTS, _DEPLOYMENTS).join(
    _DEPLOYMENTS, col(DeploymentRow.endpoint_key) == col(EndpointRow.key)
)
_OF_PROJECT = col(DeploymentRow.project_key) == bindparam("project")
_OWNED = col(EndpointRow.project_key) == bindparam("project")


def _pairs(*conditions: ColumnElement[bool]) -> Prepared:
    return Prepared(PAIRS.where(*conditions))


_DUE = _pairs(_OF_PROJECT, col(DeploymentRow.due_at) <= bindparam("until"))
_WAITING = _pairs(_OF_PROJECT, col(DeploymentRow.waiting) == 1)
_HOLDING = _pairs(_OF_PROJECT, col(DeploymentRow.allocated) > 0)
_OF_DEPLOYMENT = _pairs(col(DeploymentRow.key) == bindparam("key"))
_BY_ID = Prepared(
    PAIRS.where(_OWNED, col(EndpointRow.id) == bindparam("id"))
    .order_by(col(DeploymentRow.key))
    .limit(2)
)
_BY_DEPLOYMENT_ID = _pairs(_OF_PROJECT, col(DeploymentRow.id) == bindparam("id"))
_NEWEST_FIRST = Prepared(
    PAIRS.where(_OWNED)
    .order_by(col(EndpointRow.key).desc(), col(DeploymentRow.key).desc())
    .limit(bindparam("most"))
)
_OLDEST_FIRST = Prepared(PAIRS.where(_OWNED).order_by(col(EndpointRow.key), col(DeploymentRow.key)))


def read_pairs(cursor: Cursor) -> list[Pair]:
    """The pairs that a statement on `PAIRS` gives."""
    return [
        (EndpointRecord._make(row[:_WIDTH]), DeploymentRecord._make(row[_WIDTH:])) for row in cursor
    ]


def _first(cursor: Cursor) -> Pair | None:
    pairs = read_pairs(cursor)
    return pairs[0] if pairs else None


def due_pairs(connection: Connection, project_key: int, until: int) -> list[Pair]:
    """Deployments with a step due at or before `until`, with their endpoints."""
    return read_pairs(_DUE.run(connection, project=project_key, until=until))


def due_count(connection: Connection, project_key: int, until: int, most: int) -> int:
    """How many deployments have a step due at or before `until`; counted up to `most`."""
    found = _DUE_COUNT.run(connection, project=project_key, until=until, most=most)
    count: int = found.fetchone()[0]
    return count


_DUE_COUNT = Prepared(
    select(func.count()).select_from(
        select(text("1"))
        .where(_OF_PROJECT, col(DeploymentRow.due_at) <= bindparam("until"))
        .limit(bindparam("most"))
        .subquery()
    )
)


def waiting_pairs(connection: Connection, project_key: int) -> list[Pair]:
    """Deployments that wait for capacity."""
    return read_pairs(_WAITING.run(connection, project=project_key))


def holding_pairs(connection: Connection, project_key: int) -> list[Pair]:
    """Deployments that hold replicas."""
    return read_pairs(_HOLDING.run(connection, project=project_key))


def pairs_in_states(connection: Connection, project_key: int, states: Sequence[str]) -> list[Pair]:
    """A project's deployments that stand in one of the states, with their endpoints."""
    values = {f"state{number}": state for number, state in enumerate(states)}
    return read_pairs(_in_states(len(states)).run(connection, project=project_key, **values))


@cache
def _in_states(count: int) -> Prepared:
    states: list[Any] = [bindparam(f"state{number}") for number in range(count)]
    return _pairs(_OF_PROJECT, col(DeploymentRow.state).in_(states))


def pairs_of_deployments(connection: Connection, keys: Iterable[int]) -> list[Pair]:
    """The endpoints of these deployments, each with its deployment."""
    return [pair for key in keys for pair in read_pairs(_OF_DEPLOYMENT.run(connection, key=key))]


def pairs_of_endpoint(connection: Connection, project_key: int, endpoint_id: str) -> list[Pair]:
    """An endpoint, by id, with its oldest deployment, and with the next one if there is one."""
    return read_pairs(_BY_ID.run(connection, project=project_key, id=endpoint_id))


def pair_of_deployment(connection: Connection, project_key: int, deployment_id: str) -> Pair | None:
    """A deployment, by id, with its endpoint."""
    return _first(_BY_DEPLOYMENT_ID.run(connection, project=project_key, id=deployment_id))


def endpoints_oldest_first(connection: Connection, project_key: int) -> list[Pair]:
    """Every endpoint with its deployment, in the order of creation."""
    return read_pairs(_OLDEST_FIRST.run(connection, project=project_key))


def newest_pairs(connection: Connection, project_key: int, most: int) -> list[Pair]:
    """The newest deployments with their endpoints, newest first, so many at most."""
    return read_pairs(_NEWEST_FIRST.run(connection, project=project_key, most=most))


def endpoint_exists(connection: Connection, project_key: int, endpoint_id: str, name: str) -> bool:
    """Whether a project has an endpoint of that id or of that name."""
    found = _EXISTS.run(connection, project=project_key, id=endpoint_id, name=name)
    return found.fetchone() is not None


_EXISTS = Prepared(
    select(col(EndpointRow.key)).where(
        _OWNED,
        (col(EndpointRow.id) == bindparam("id")) | (col(EndpointRow.name) == bindparam("name")),
    )
)


def next_due_at(connection: Connection, project_key: int) -> int | None:
    """The earliest due instant of a project."""
    due: int | None = _NEXT_DUE.run(connection, project=project_key).fetchone()[0]
    return due


_NEXT_DUE = Prepared(select(func.min(DeploymentRow.due_at)).where(_OF_PROJECT))


def with_open_streams(connection: Connection, project_key: int) -> list[int]:
    """The keys of deployments that the store has requests in flight for."""
    return [key for (key,) in _IN_FLIGHT.run(connection, project=project_key)]


_IN_FLIGHT = Prepared(
    select(col(DeploymentRow.key)).where(
        _OF_PROJECT,
        col(DeploymentRow.state) == "serving",
        text("json_extract(detail, '$.scaling.in_flight') > 0"),
    )
)


class Allocation(NamedTuple):
    """Replicas held of a hardware, in a pool, by deployments that asked for a zone."""

    hardware: str
    pool: str | None
    zone: str | None
    used: int


def allocations(connection: Connection, project_key: int) -> list[Allocation]:
    """Replicas held in a project."""
    return [Allocation._make(row) for row in _ALLOCATIONS.run(connection, project=project_key)]


_PLACE = (
    col(DeploymentRow.hardware),
    col(DeploymentRow.pool),
    col(DeploymentRow.availability_zone),
)
_ALLOCATIONS = Prepared(
    select(*_PLACE, func.sum(DeploymentRow.allocated))
    .where(_OF_PROJECT, col(DeploymentRow.allocated) > 0)
    .group_by(*_PLACE)
)


def next_keys(connection: Connection) -> tuple[int, int]:
    """The keys of the next endpoint and of the next deployment: there is one writer at a time."""
    keys: tuple[int, int] = _NEXT_KEYS.run(connection).fetchone()
    return keys


# A deployment's key is never used twice, so what SQLite remembers counts, not what is there.
_NEXT_KEYS = Prepared(
    select(
        select(func.coalesce(func.max(EndpointRow.key), 0) + 1).scalar_subquery(),
        text("(SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'deployment')"),
    )
)


def insert_endpoints(connection: Connection, endpoints: Sequence[EndpointRecord]) -> None:
    """Add endpoints."""
    _INSERT_ENDPOINT.run_many(connection, endpoints)


def insert_deployments(connection: Connection, deployments: Sequence[DeploymentRecord]) -> None:
    """Add deployments of endpoints that are there."""
    _INSERT_DEPLOYMENT.run_many(connection, deployments)


def update_deployments(connection: Connection, records: Sequence[DeploymentRecord]) -> None:
    """Write back what may have changed of deployments."""
    rows = [(*record[_FIXED:], record.key) for record in records]
    _UPDATE_DEPLOYMENT.run_many(connection, rows)


def update_endpoint(connection: Connection, endpoint: EndpointRecord) -> None:
    """Write back what may have changed of an endpoint."""
    values = {f"new_{name}": getattr(endpoint, name) for name in _CHANGEABLE}
    _UPDATE_ENDPOINT.run(connection, written=endpoint.key, **values)


_INSERT_ENDPOINT = Prepared(insert(_ENDPOINTS))
_INSERT_DEPLOYMENT = Prepared(insert(_DEPLOYMENTS))
# What the simulation may have changed comes last.
_FIXED = DeploymentRecord._fields.index("min_replicas")
_UPDATE_DEPLOYMENT = Prepared(
    update(_DEPLOYMENTS)
    .where(_DEPLOYMENTS.c.key == bindparam("written"))
    .values({name: bindparam(f"new_{name}") for name in DeploymentRecord._fields[_FIXED:]})
)
_CHANGEABLE = ("name", "display_name", "visibility", "traffic", "etag", "updated_at")
_UPDATE_ENDPOINT = Prepared(
    update(_ENDPOINTS)
    .where(_ENDPOINTS.c.key == bindparam("written"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)


def delete_endpoint(connection: Connection, key: int) -> None:
    """Delete one endpoint; its deployments go with it, their history stays."""
    _DELETE_ENDPOINT.run(connection, key=key)


def delete_endpoints(connection: Connection, project_key: int) -> None:
    """Delete every endpoint of a project."""
    _DELETE_ENDPOINTS.run(connection, project=project_key)


_DELETE_ENDPOINT = Prepared(delete(_ENDPOINTS).where(_ENDPOINTS.c.key == bindparam("key")))
_DELETE_ENDPOINTS = Prepared(delete(_ENDPOINTS).where(_OWNED))
