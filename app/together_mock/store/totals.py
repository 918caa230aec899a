"""Statements on all projects at once: how many there are of what, and what it costs."""

from sqlite3 import Connection
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.tables import DeploymentRow, EndpointRow, UsageRow

_ENDPOINTS = SQLModel.metadata.tables["endpoint"]


class Held(NamedTuple):
    """How many deployments of endpoints of one birth stand in one state."""

    birth: str
    state: str
    number: int


class Spent(NamedTuple):
    """What a project used of one hardware: replica-microseconds that are booked."""

    project: int
    hardware: str
    replica_time: int


class Serving(NamedTuple):
    """A deployment that serves, and until when it is billed (virtual microseconds)."""

    project: int
    hardware: str
    config: str
    ready: int
    billed_at: int


def endpoints(connection: Connection) -> dict[str, int]:
    """Births -> how many endpoints there are of each."""
    return dict(_COUNTED.run(connection).fetchall())


def deployments(connection: Connection) -> list[Held]:
    """All deployments, by birth and state."""
    return [Held._make(row) for row in _HELD.run(connection)]


def spent(connection: Connection) -> list[Spent]:
    """All ledgers, by project and hardware."""
    return [Spent._make(row) for row in _SPENT.run(connection)]


def serving(connection: Connection) -> list[Serving]:
    """All deployments that are billed."""
    return [Serving._make(row) for row in _SERVING.run(connection)]


_COUNTED = Prepared(
    select(col(EndpointRow.birth), func.count())
    .select_from(_ENDPOINTS)
    .group_by(col(EndpointRow.birth))
)
_HELD = Prepared(
    select(col(EndpointRow.birth), col(DeploymentRow.state), func.count())
    .join(_ENDPOINTS, col(DeploymentRow.endpoint_key) == col(EndpointRow.key))
    .group_by(col(EndpointRow.birth), col(DeploymentRow.state))
)
_SPENT = Prepared(
    select(
        col(UsageRow.project_key), col(UsageRow.hardware), func.sum(col(UsageRow.replica_time))
    ).group_by(col(UsageRow.project_key), col(UsageRow.hardware))
)
_SERVING = Prepared(
    select(
        col(DeploymentRow.project_key),
        col(DeploymentRow.hardware),
        col(DeploymentRow.config),
        col(DeploymentRow.ready_replicas),
        text("json_extract(detail, '$.billed_at')"),
    ).where(col(DeploymentRow.state) == "serving", col(DeploymentRow.ready_replicas) > 0)
)
