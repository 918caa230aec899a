"""Statements on endpoints with any number of deployments, as v2 has them."""

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlmodel import SQLModel, col

from together_mock.core.deployment import Label
from together_mock.core.filters import Order
from together_mock.store.pages import Columns, Listing
from together_mock.store.prepared import Prepared
from together_mock.store.records import DeploymentRecord, EndpointRecord
from together_mock.store.tables import BARE_NAME, DeploymentRow, EndpointRow

_ENDPOINTS = SQLModel.metadata.tables["endpoint"]
_DEPLOYMENTS = SQLModel.metadata.tables["deployment"]
_OWNED = col(EndpointRow.project_key) == bindparam("project")
_OF_ENDPOINT = col(DeploymentRow.endpoint_key) == bindparam("endpoint")

_BY_ID = Prepared(select(_ENDPOINTS).where(_OWNED, col(EndpointRow.id) == bindparam("id")))
_BY_NAME = Prepared(select(_ENDPOINTS).where(_OWNED, col(EndpointRow.name) == bindparam("name")))
_DEPLOYMENT_BY_ID = Prepared(
    select(_DEPLOYMENTS).where(_OF_ENDPOINT, col(DeploymentRow.id) == bindparam("id"))
)
_DEPLOYMENT_BY_NAME = Prepared(
    select(_DEPLOYMENTS).where(_OF_ENDPOINT, col(DeploymentRow.name) == bindparam("name"))
)


def endpoint_by_id(connection: Connection, project_key: int, id_: str) -> EndpointRecord | None:
    """An endpoint by id."""
    row = _BY_ID.run(connection, project=project_key, id=id_).fetchone()
    return EndpointRecord._make(row) if row else None


def endpoint_named(connection: Connection, project_key: int, name: str) -> EndpointRecord | None:
    """An endpoint by its qualified name."""
    row = _BY_NAME.run(connection, project=project_key, name=name).fetchone()
    return EndpointRecord._make(row) if row else None


def endpoints_oldest_first(connection: Connection, project_key: int) -> list[EndpointRecord]:
    """Every endpoint of a project, in the order of creation."""
    rows = _OLDEST_FIRST.run(connection, project=project_key)
    return [EndpointRecord._make(row) for row in rows]


_OLDEST_FIRST = Prepared(select(_ENDPOINTS).where(_OWNED).order_by(col(EndpointRow.key)))


def deployment_by_id(
    connection: Connection, endpoint_key: int, id_: str
) -> DeploymentRecord | None:
    """A deployment of an endpoint by id."""
    row = _DEPLOYMENT_BY_ID.run(connection, endpoint=endpoint_key, id=id_).fetchone()
    return DeploymentRecord._make(row) if row else None


def deployment_named(
    connection: Connection, endpoint_key: int, name: str
) -> DeploymentRecord | None:
    """A deployment of an endpoint by its bare name."""
    row = _DEPLOYMENT_BY_NAME.run(connection, endpoint=endpoint_key, name=name).fetchone()
    return DeploymentRecord._make(row) if row else None


def deployments_by_ids(
    connection: Connection, endpoint_key: int, ids: Iterable[str]
) -> list[DeploymentRecord]:
    """Those deployments of an endpoint that are among the ids."""
    found = (deployment_by_id(connection, endpoint_key, id_) for id_ in ids)
    return [row for row in found if row is not None]


_NEWEST = Prepared(
    select(_DEPLOYMENTS)
    .where(_OF_ENDPOINT)
    .order_by(col(DeploymentRow.key).desc())
    .limit(bindparam("most"))
)


def newest_deployments(
    connection: Connection, endpoint_key: int, most: int
) -> list[DeploymentRecord]:
    """The newest deployments of an endpoint, newest first, at most so many."""
    rows = _NEWEST.run(connection, endpoint=endpoint_key, most=most)
    return [DeploymentRecord._make(row) for row in rows]


_OF_ONE = Prepared(select(_DEPLOYMENTS).where(_OF_ENDPOINT).order_by(col(DeploymentRow.key)))


def deployments(connection: Connection, endpoint_key: int) -> list[DeploymentRecord]:
    """Every deployment of an endpoint, oldest first."""
    rows = _OF_ONE.run(connection, endpoint=endpoint_key)
    return [DeploymentRecord._make(row) for row in rows]


_COUNT = Prepared(select(func.count()).select_from(_DEPLOYMENTS).where(_OF_ENDPOINT))


def deployment_count(connection: Connection, endpoint_key: int) -> int:
    """How many deployments an endpoint has."""
    count: int = _COUNT.run(connection, endpoint=endpoint_key).fetchone()[0]
    return count


_LABEL = ("name", "config", "settings", "etag", "created_at", "updated_at")
_RELABEL = Prepared(
    update(_DEPLOYMENTS)
    .where(_DEPLOYMENTS.c.key == bindparam("written"))
    .values({name: bindparam(f"new_{name}") for name in _LABEL})
)
_DELETE = Prepared(delete(_DEPLOYMENTS).where(_DEPLOYMENTS.c.key == bindparam("key")))


def relabel_deployment(connection: Connection, key: int, label: Label) -> None:
    """Write back what faces show of a deployment."""
    values: dict[str, Any] = {f"new_{name}": getattr(label, name) for name in _LABEL}
    _RELABEL.run(connection, written=key, **values)


def delete_deployment(connection: Connection, key: int) -> None:
    """Delete one deployment; its history stays."""
    _DELETE.run(connection, key=key)


_INSTANTS = ("created_at", "updated_at")
_ENDPOINT_FIELDS = {name: _ENDPOINTS.c[name] for name in _INSTANTS}
_DEPLOYMENT_FIELDS = {name: _DEPLOYMENTS.c[name] for name in _INSTANTS}


_BARE: ColumnElement[str] = literal_column(BARE_NAME, String)


def endpoint_columns() -> Columns:
    """Where the fields are stored that a filter of endpoints may name: names without their slugs.

    `whole_name` stands for names with theirs.
    """
    return {"name": _BARE, "whole_name": _ENDPOINTS.c.name, **_ENDPOINT_FIELDS}


def is_called(connection: Connection, project_key: int, bare: str, besides: int) -> bool:
    """Whether an endpoint besides one has a name, whatever its slug."""
    values = {"project": project_key, "name": bare, "own": besides}
    return _CALLED.run(connection, **values).fetchone() is not None


_CALLED = Prepared(
    select(_ENDPOINTS.c.key)
    # A range, for without statistics SQLite does not look an equality up in an expression's index.
    .where(
        _OWNED,
        _BARE.between(bindparam("name"), bindparam("name")),
        col(EndpointRow.key) != bindparam("own"),
    )
    .limit(1)
)


def deployment_columns() -> Columns:
    """Where the fields are stored that a filter of deployments may name, but for derived ones."""
    return {"name": _DEPLOYMENTS.c.name, **_DEPLOYMENT_FIELDS}


def endpoint_listing(
    order: Order, condition: ColumnElement[bool] | None, visibility: str | None
) -> Listing:
    """A project's endpoints in an order; its parameter is `project`."""
    rows = select(_ENDPOINTS).where(_OWNED)
    if condition is not None:
        rows = rows.where(condition)
    if visibility is not None:
        rows = rows.where(col(EndpointRow.visibility) == visibility)
    value = _ENDPOINT_FIELDS[order.field]
    return Listing(rows, value, _ENDPOINTS.c.key, order.descending)


def deployment_listing(order: Order, condition: ColumnElement[bool] | None) -> Listing:
    """The deployments of an endpoint in an order; its parameter is `endpoint`."""
    rows = select(_DEPLOYMENTS).where(_OF_ENDPOINT)
    if condition is not None:
        rows = rows.where(condition)
    value = _DEPLOYMENT_FIELDS[order.field]
    return Listing(rows, value, _DEPLOYMENTS.c.key, order.descending)
