"""Every statement on a project's own models and on its remote uploads."""

from collections.abc import Iterable
from sqlite3 import Connection

from sqlalchemy import Table, bindparam, case, delete, func, insert, select, text, update
from sqlmodel import SQLModel, col

from together_mock.core.states import State
from together_mock.store import adapters
from together_mock.store.prepared import Prepared
from together_mock.store.records import ModelRecord, UploadRecord
from together_mock.store.tables import DeploymentRow, ModelRow, UploadRow

# No key comes after it: lists begin there.
LAST = 2**63 - 1

_MODELS: Table = SQLModel.metadata.tables["model"]
_DEPLOYMENTS: Table = SQLModel.metadata.tables["deployment"]
_UPLOADS: Table = SQLModel.metadata.tables["upload"]

_OF_PROJECT = col(ModelRow.project_key) == bindparam("project")
_JOB_OF_PROJECT = col(UploadRow.project_key) == bindparam("project")
_BEFORE = col(ModelRow.key) < bindparam("before")
_NEWEST_FIRST = select(_MODELS).order_by(col(ModelRow.key).desc()).limit(bindparam("most"))


def model_by_id(connection: Connection, project_key: int, model_id: str) -> ModelRecord | None:
    """A model by id."""
    row = _BY_ID.run(connection, project=project_key, id=model_id).fetchone()
    return ModelRecord._make(row) if row else None


def model_by_name(connection: Connection, project_key: int, name: str) -> ModelRecord | None:
    """A model by its whole name."""
    row = _BY_NAME.run(connection, project=project_key, name=name).fetchone()
    return ModelRecord._make(row) if row else None


_BY_ID = Prepared(select(_MODELS).where(_OF_PROJECT, col(ModelRow.id) == bindparam("id")))
_BY_NAME = Prepared(select(_MODELS).where(_OF_PROJECT, col(ModelRow.name) == bindparam("name")))


def models_before(
    connection: Connection, project_key: int, before: int, most: int, visibility: str | None
) -> list[ModelRecord]:
    """Models with a key below `before`, newest first, of one visibility or of any."""
    values = {"project": project_key, "before": before, "most": most}
    if visibility is None:
        rows = _PAGE.run(connection, **values)
    else:
        rows = _VISIBLE_PAGE.run(connection, **values, visibility=visibility)
    return [ModelRecord._make(row) for row in rows]


_PAGE = Prepared(_NEWEST_FIRST.where(_OF_PROJECT, _BEFORE))
_VISIBLE_PAGE = Prepared(
    _NEWEST_FIRST.where(_OF_PROJECT, _BEFORE, col(ModelRow.visibility) == bindparam("visibility"))
)


def models_oldest_first(connection: Connection, project_key: int) -> list[ModelRecord]:
    """Every model, in the order of creation."""
    return [ModelRecord._make(row) for row in _ALL.run(connection, project=project_key)]


_ALL = Prepared(select(_MODELS).where(_OF_PROJECT).order_by(col(ModelRow.key)))


def insert_models(connection: Connection, records: Iterable[ModelRecord]) -> None:
    """Add models; the store gives them their keys."""
    _INSERT.run_many(connection, records)


def update_model(connection: Connection, record: ModelRecord) -> None:
    """Write back what may change of a model."""
    values = {f"new_{name}": getattr(record, name) for name in _CHANGING}
    _UPDATE.run(connection, written=record.key, **values)


def delete_model(connection: Connection, record: ModelRecord) -> None:
    """Delete a model, the jobs that import into it, and what it adapts."""
    _DELETE_JOBS.run(connection, project=record.project_key, model=record.id)
    adapters.delete_of_model(connection, record.project_key, record.id)
    _DELETE.run(connection, key=record.key)


def delete_models(connection: Connection, project_key: int) -> None:
    """Delete every model of a project."""
    _DELETE_ALL.run(connection, project=project_key)


_INSERT = Prepared(insert(_MODELS))
_CHANGING = (
    "name",
    "kind",
    "base_id",
    "base_model",
    "description",
    "visibility",
    "revisions",
    "parameters_billion",
    "updated_at",
)
_UPDATE = Prepared(
    update(_MODELS)
    .where(_MODELS.c.key == bindparam("written"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_DELETE = Prepared(delete(_MODELS).where(_MODELS.c.key == bindparam("key")))
_DELETE_ALL = Prepared(delete(_MODELS).where(_OF_PROJECT))
_DELETE_JOBS = Prepared(
    delete(_UPLOADS).where(_JOB_OF_PROJECT, col(UploadRow.model_id) == bindparam("model"))
)


def in_use(connection: Connection, project_key: int, model_id: str) -> bool:
    """Whether a deployment that is live was made from the model."""
    found = _IN_USE.run(connection, project=project_key, model=model_id)
    return found.fetchone() is not None


_IN_USE = Prepared(
    select(col(DeploymentRow.key))
    .where(
        col(DeploymentRow.project_key) == bindparam("project"),
        # What has stopped or failed uses its model no more.
        col(DeploymentRow.state) != State.STOPPED.value,
        col(DeploymentRow.state) != State.FAILED.value,
        text("json_extract(settings, '$.model_id') = :model").bindparams(bindparam("model")),
    )
    .limit(1)
)


def follow_names(connection: Connection, project_key: int) -> None:
    """Give deployments of a project's own models the names that those have now."""
    _FOLLOW.run(connection, project=project_key)


_DEPLOYED = text("json_extract(deployment.settings, '$.model_id')")
_FOLLOW = Prepared(
    update(_DEPLOYMENTS)
    .where(
        _DEPLOYMENTS.c.project_key == bindparam("project"),
        select(col(ModelRow.key)).where(_OF_PROJECT, col(ModelRow.id) == _DEPLOYED).exists(),
    )
    .values(
        model=select(col(ModelRow.name))
        .where(_OF_PROJECT, col(ModelRow.id) == _DEPLOYED)
        .scalar_subquery()
    )
)


def upload_by_id(connection: Connection, project_key: int, upload_id: str) -> UploadRecord | None:
    """A remote upload by id."""
    row = _JOB_BY_ID.run(connection, project=project_key, id=upload_id).fetchone()
    return UploadRecord._make(row) if row else None


def uploads_before(
    connection: Connection, project_key: int, before: int, most: int
) -> list[UploadRecord]:
    """Remote uploads with a key below `before`, newest first."""
    rows = _JOB_PAGE.run(connection, project=project_key, before=before, most=most)
    return [UploadRecord._make(row) for row in rows]


def uploads_oldest_first(connection: Connection, project_key: int) -> list[UploadRecord]:
    """Every remote upload, in the order of creation."""
    return [UploadRecord._make(row) for row in _JOBS.run(connection, project=project_key)]


def upload_types(connection: Connection, project_key: int) -> set[str]:
    """The types that the project's remote uploads have."""
    return {row[0] for row in _JOB_TYPES.run(connection, project=project_key)}


def uploads_into(connection: Connection, project_key: int, model_id: str) -> list[UploadRecord]:
    """The remote uploads into a model, in the order of creation."""
    rows = _JOBS_INTO.run(connection, project=project_key, model=model_id)
    return [UploadRecord._make(row) for row in rows]


def uploads_under_way(connection: Connection, project_key: int, now: int) -> list[UploadRecord]:
    """The jobs that have not ended by an instant, in the order of creation."""
    rows = _JOBS_UNDER_WAY.run(connection, project=project_key, now=now)
    return [UploadRecord._make(row) for row in rows]


def update_upload(connection: Connection, record: UploadRecord) -> None:
    """Write back the course of a job."""
    values = {f"new_{name}": getattr(record, name) for name in _COURSE}
    _UPDATE_JOB.run(connection, written=record.key, **values)


def next_upload_at(connection: Connection, project_key: int, now: int) -> int | None:
    """The next instant at which a job begins to run, or ends."""
    instants = _NEXT_JOB.run(connection, project=project_key, now=now).fetchone()
    return min((at for at in instants if at is not None), default=None)


_JOBS_UNDER_WAY = Prepared(
    select(_UPLOADS)
    .where(
        _JOB_OF_PROJECT,
        col(UploadRow.ends_at).is_(None) | (col(UploadRow.ends_at) > bindparam("now")),
    )
    .order_by(col(UploadRow.key))
)
_COURSE = ("reason", "running_at", "ends_at")
_UPDATE_JOB = Prepared(
    update(_UPLOADS)
    .where(_UPLOADS.c.key == bindparam("written"))
    .values({name: bindparam(f"new_{name}") for name in _COURSE})
)
_TO_RUN = col(UploadRow.running_at) > bindparam("now")
# Apart, so that an index finds each, and no job is read that has ended.
_NEXT_JOB = Prepared(
    select(
        select(func.min(case((_TO_RUN, col(UploadRow.running_at)), else_=col(UploadRow.ends_at))))
        .where(_JOB_OF_PROJECT, col(UploadRow.ends_at) > bindparam("now"))
        .scalar_subquery(),
        select(func.min(col(UploadRow.running_at)))
        .where(_JOB_OF_PROJECT, col(UploadRow.ends_at).is_(None), _TO_RUN)
        .scalar_subquery(),
    )
)


def imported_into(connection: Connection, project_key: int, until: int) -> set[str]:
    """The ids of the models that a remote upload has given a revision by an instant."""
    return {row[0] for row in _IMPORTED.run(connection, project=project_key, until=until)}


def insert_uploads(connection: Connection, records: Iterable[UploadRecord]) -> None:
    """Add remote uploads; the store gives them their keys."""
    _INSERT_JOB.run_many(connection, records)


def delete_uploads(connection: Connection, project_key: int) -> None:
    """Delete every remote upload of a project."""
    _DELETE_ALL_JOBS.run(connection, project=project_key)


_ALL_JOBS = select(_UPLOADS).where(_JOB_OF_PROJECT)
_JOB_BY_ID = Prepared(_ALL_JOBS.where(col(UploadRow.id) == bindparam("id")))
_JOB_PAGE = Prepared(
    _ALL_JOBS.where(col(UploadRow.key) < bindparam("before"))
    .order_by(col(UploadRow.key).desc())
    .limit(bindparam("most"))
)
_JOB_TYPES = Prepared(select(col(UploadRow.type)).where(_JOB_OF_PROJECT).distinct())
_JOBS = Prepared(_ALL_JOBS.order_by(col(UploadRow.key)))
_JOBS_INTO = Prepared(
    _ALL_JOBS.where(col(UploadRow.model_id) == bindparam("model")).order_by(col(UploadRow.key))
)
_IMPORTED = Prepared(
    select(col(UploadRow.model_id))
    .where(
        _JOB_OF_PROJECT,
        col(UploadRow.failure).is_(None),
        col(UploadRow.reason).is_(None),
        col(UploadRow.ends_at) <= bindparam("until"),
    )
    .distinct()
)
_INSERT_JOB = Prepared(insert(_UPLOADS))
_DELETE_ALL_JOBS = Prepared(delete(_UPLOADS).where(_JOB_OF_PROJECT))
