"""Every statement on the adapters that endpoints answer by."""

from sqlite3 import Connection

from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.tables import AdapterRow, EndpointRow, ModelRow

_ADAPTERS = SQLModel.metadata.tables["adapter"]
_OF_PROJECT = col(AdapterRow.project_key) == bindparam("project")
_OF_ENDPOINT = col(AdapterRow.endpoint_key) == bindparam("endpoint")
_OF_MODEL = col(AdapterRow.model_id) == bindparam("model")
_MODEL = (col(ModelRow.project_key) == col(AdapterRow.project_key)) & (
    col(ModelRow.id) == col(AdapterRow.model_id)
)


def names(connection: Connection, endpoint_key: int) -> list[str]:
    """The names of an endpoint's adapters, in the order in which they were added."""
    return [name for (name,) in _NAMES.run(connection, endpoint=endpoint_key)]


def is_bound(connection: Connection, endpoint_key: int, model_id: str) -> bool:
    """Whether an endpoint answers by an adapter."""
    found = _BOUND.run(connection, endpoint=endpoint_key, model=model_id)
    return found.fetchone() is not None


def endpoint_of(
    connection: Connection, project_key: int, adapter: str, endpoint: str | None = None
) -> str | None:
    """The name of the endpoint that an adapter, by its name, was added to last.

    With `endpoint` only that one counts; None when there is none.
    """
    values = {"project": project_key, "name": adapter}
    if endpoint is None:
        row = _LAST.run(connection, **values).fetchone()
    else:
        row = _GIVEN.run(connection, **values, endpoint_name=endpoint).fetchone()
    return row[0] if row else None


def bind(connection: Connection, project_key: int, endpoint_key: int, model_id: str) -> None:
    """Have an endpoint answer by an adapter."""
    _BIND.run_many(connection, [(None, project_key, endpoint_key, model_id)])


def unbind(connection: Connection, endpoint_key: int, model_id: str) -> None:
    """Have an endpoint no longer answer by an adapter."""
    _UNBIND.run(connection, endpoint=endpoint_key, model=model_id)


def of_project(connection: Connection, project_key: int) -> list[tuple[int, str]]:
    """The key of each endpoint with an adapter and that adapter's name, in the order of adding."""
    return list(_ALL.run(connection, project=project_key))


def unbind_model(connection: Connection, project_key: int, model_id: str) -> None:
    """Have no endpoint answer by an adapter any more."""
    _UNBIND_MODEL.run(connection, project=project_key, model=model_id)


_NAMES = Prepared(
    select(col(ModelRow.name))
    .join(AdapterRow, _MODEL)
    .where(_OF_ENDPOINT)
    .order_by(col(AdapterRow.key))
)
_BOUND = Prepared(select(col(AdapterRow.key)).where(_OF_ENDPOINT, _OF_MODEL))
_BY_NAME = (
    select(col(EndpointRow.name))
    .join(AdapterRow, col(AdapterRow.endpoint_key) == col(EndpointRow.key))
    .join(ModelRow, _MODEL)
    .where(col(ModelRow.project_key) == bindparam("project"))
    .where(col(ModelRow.name) == bindparam("name"))
)
_LAST = Prepared(_BY_NAME.order_by(col(AdapterRow.key).desc()).limit(1))
_GIVEN = Prepared(_BY_NAME.where(col(EndpointRow.name) == bindparam("endpoint_name")))
_ALL = Prepared(
    select(col(AdapterRow.endpoint_key), col(ModelRow.name))
    .join(ModelRow, _MODEL)
    .where(_OF_PROJECT)
    .order_by(col(AdapterRow.key))
)
_BIND = Prepared(insert(_ADAPTERS))
_UNBIND = Prepared(delete(_ADAPTERS).where(_OF_ENDPOINT, _OF_MODEL))
_UNBIND_MODEL = Prepared(delete(_ADAPTERS).where(_OF_PROJECT, _OF_MODEL))
