"""Every statement on the adapters that deployments have loaded."""

from sqlite3 import Connection

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.records import AdapterRecord
from together_mock.store.tables import AdapterRow, DeploymentRow, EndpointRow, ModelRow

_ADAPTERS = SQLModel.metadata.tables["adapter"]
_OF_PROJECT = col(AdapterRow.project_key) == bindparam("project")
_OF_DEPLOYMENT = col(AdapterRow.deployment_key) == bindparam("deployment")
_OF_MODEL = col(AdapterRow.model_id) == bindparam("model")
_ITS_MODEL = (col(ModelRow.project_key) == col(AdapterRow.project_key)) & (
    col(ModelRow.id) == col(AdapterRow.model_id)
)
_ITS_DEPLOYMENT = col(DeploymentRow.key) == col(AdapterRow.deployment_key)


def names(connection: Connection, endpoint_key: int) -> list[str]:
    """The names of the adapters of an endpoint's deployments, in the order of adding."""
    return [row[0] for row in _NAMES.run(connection, endpoint=endpoint_key)]


_NAMES = Prepared(
    select(col(ModelRow.name))
    .join(AdapterRow, _ITS_MODEL)
    .join(DeploymentRow, _ITS_DEPLOYMENT)
    .where(col(DeploymentRow.endpoint_key) == bindparam("endpoint"))
    .group_by(col(ModelRow.name))
    .order_by(func.min(col(AdapterRow.key)))
)


def of_deployment(connection: Connection, deployment_key: int) -> list[AdapterRecord]:
    """The adapters of a deployment, in the order of adding."""
    rows = _OF_ONE.run(connection, deployment=deployment_key)
    return [AdapterRecord._make(row) for row in rows]


_OF_ONE = Prepared(select(_ADAPTERS).where(_OF_DEPLOYMENT).order_by(col(AdapterRow.key)))


def of_model(connection: Connection, deployment_key: int, model_id: str) -> AdapterRecord | None:
    """A deployment's adapter by the model that it is."""
    row = _ONE_OF_MODEL.run(connection, deployment=deployment_key, model=model_id).fetchone()
    return AdapterRecord._make(row) if row else None


_ONE_OF_MODEL = Prepared(select(_ADAPTERS).where(_OF_DEPLOYMENT, _OF_MODEL))


def of_project(connection: Connection, project_key: int) -> list[tuple[str, AdapterRecord]]:
    """Every adapter that is loaded, with its model's name, in the order of adding."""
    rows = _ALL.run(connection, project=project_key)
    return [(name, AdapterRecord._make(row)) for name, *row in rows]


_ALL = Prepared(
    select(col(ModelRow.name), _ADAPTERS)
    .join(ModelRow, _ITS_MODEL)
    .where(_OF_PROJECT)
    .order_by(col(AdapterRow.key))
)


def is_known(connection: Connection, project_key: int, id_: str) -> bool:
    """Whether an adapter of a project has an id."""
    return _KNOWN.run(connection, project=project_key, id=id_).fetchone() is not None


_KNOWN = Prepared(select(col(AdapterRow.key)).where(_OF_PROJECT, _ADAPTERS.c.id == bindparam("id")))


def carriers(
    connection: Connection, project_key: int, adapter: str, endpoint: str | None = None
) -> tuple[str, frozenset[str]] | None:
    """The name of the endpoint that an adapter, by its name, was added to last, and where there.

    Args:
        connection: to the store.
        project_key: whose adapter.
        adapter: the name of its model.
        endpoint: the name of the only endpoint that counts, if not all do.

    Returns:
        The endpoint's name and the ids of its deployments that have the adapter; None for none.
    """
    rows = _CARRIERS.run(connection, project=project_key, name=adapter).fetchall()
    chosen = endpoint or (rows[0][0] if rows else None)
    found = frozenset(deployment for name, deployment in rows if name == chosen)
    return (chosen, found) if chosen and found else None


_CARRIERS = Prepared(
    select(col(EndpointRow.name), col(DeploymentRow.id))
    .join(DeploymentRow, col(DeploymentRow.endpoint_key) == col(EndpointRow.key))
    .join(AdapterRow, _ITS_DEPLOYMENT)
    .join(ModelRow, _ITS_MODEL)
    .where(col(ModelRow.project_key) == bindparam("project"))
    .where(col(ModelRow.name) == bindparam("name"))
    .order_by(col(AdapterRow.key).desc())
)


def insert_adapter(connection: Connection, record: AdapterRecord) -> None:
    """Add an adapter; the store gives it its key."""
    _INSERT.run_many(connection, [record])


def update_adapter(connection: Connection, record: AdapterRecord) -> None:
    """Write back what may change of an adapter."""
    values = {f"new_{name}": getattr(record, name) for name in _CHANGING}
    _UPDATE.run(connection, written=record.key, **values)


def delete_adapter(connection: Connection, key: int | None) -> None:
    """Take an adapter off its deployment."""
    _DELETE.run(connection, key=key)


_INSERT = Prepared(insert(_ADAPTERS))
_CHANGING = ("revision", "etag", "updated_at")
_UPDATE = Prepared(
    update(_ADAPTERS)
    .where(_ADAPTERS.c.key == bindparam("written"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_DELETE = Prepared(delete(_ADAPTERS).where(_ADAPTERS.c.key == bindparam("key")))


def delete_of_model(connection: Connection, project_key: int, model_id: str) -> None:
    """Take an adapter off every deployment."""
    _DELETE_MODEL.run(connection, project=project_key, model=model_id)


def delete_orphans(connection: Connection, project_key: int) -> None:
    """Take those adapters off their deployments whose models are no more."""
    _DELETE_ORPHANS.run(connection, project=project_key)


_DELETE_MODEL = Prepared(delete(_ADAPTERS).where(_OF_PROJECT, _OF_MODEL))
_DELETE_ORPHANS = Prepared(
    delete(_ADAPTERS).where(
        _OF_PROJECT,
        col(AdapterRow.model_id).not_in(
            select(col(ModelRow.id)).where(col(ModelRow.project_key) == bindparam("project"))
        ),
    )
)
