"""Statements that list a project's endpoints as v1 and the 2024 API show them."""

from sqlite3 import Connection
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from together_mock.store.prepared import Prepared
from together_mock.store.queries import PAIRS, read_pairs
from together_mock.store.records import Pair
from together_mock.store.tables import DeploymentRow, EndpointRow

_OWNED = col(EndpointRow.project_key) == bindparam("project")


class ListedEndpoint(NamedTuple):
    """What a list shows of an endpoint."""

    id: str
    name: str
    model: str
    state: str
    created_at: int


_SIBLING = aliased(DeploymentRow)
_COUNT = (
    select(func.count()).where(col(_SIBLING.endpoint_key) == col(EndpointRow.key)).scalar_subquery()
)


def listed_endpoints(connection: Connection, project_key: int) -> list[ListedEndpoint]:
    """What a list shows of every endpoint, newest first."""
    return [ListedEndpoint._make(row) for row in _LISTED.run(connection, project=project_key)]


# Of several deployments, the one that v1 or its elder made; v2's endpoints with several are none
# that a list of models and states can show. An endpoint without a traffic split has one.
_SHOWN = (
    (col(EndpointRow.traffic) == "")
    | (_COUNT == 1)
    | ((col(EndpointRow.birth) != "v2") & (col(DeploymentRow.config) == ""))
)
_NEWEST_FIRST = (col(EndpointRow.created_at).desc(), col(EndpointRow.key).desc())
_LISTED = Prepared(
    select(
        col(EndpointRow.id),
        col(EndpointRow.name),
        col(DeploymentRow.model),
        col(DeploymentRow.state),
        col(EndpointRow.created_at),
    )
    .join(DeploymentRow, col(DeploymentRow.endpoint_key) == col(EndpointRow.key))
    .where(_OWNED, _SHOWN)
    .order_by(*_NEWEST_FIRST)
)


def listed_pairs(connection: Connection, project_key: int) -> list[Pair]:
    """Every endpoint that a list shows, with its deployment, newest first."""
    return read_pairs(_LISTED_PAIRS.run(connection, project=project_key))


_LISTED_PAIRS = Prepared(PAIRS.where(_OWNED, _SHOWN).order_by(*_NEWEST_FIRST))


def births(connection: Connection, project_key: int, birth: str) -> tuple[bool, bool]:
    """Whether a project has endpoints of a birth, and whether it has others."""
    with_it = _BORN.run(connection, project=project_key, birth=birth).fetchone()
    others = _BORN_OTHERWISE.run(connection, project=project_key, birth=birth).fetchone()
    return with_it is not None, others is not None


_ANY = select(col(EndpointRow.key)).where(_OWNED).limit(1)
_BORN = Prepared(_ANY.where(col(EndpointRow.birth) == bindparam("birth")))
_BORN_OTHERWISE = Prepared(_ANY.where(col(EndpointRow.birth) != bindparam("birth")))
