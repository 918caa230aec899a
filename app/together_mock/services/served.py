"""What can be deployed: a model of the catalogue, or one of the project's own.

An own model answers as the row of the catalogue that it comes down to, under its own name, and
runs on what its own weights fit into.
"""

from dataclasses import dataclass, replace
from sqlite3 import Connection

from together_mock.core import ids
from together_mock.core.catalog import Model
from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.services import model_views
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.v2.settings import UNTOLD, Settings, stored
from together_mock.services.world import World
from together_mock.store import models as store
from together_mock.store.records import ModelRecord

_FREE = {"input": 0.0, "output": 0.0}


@dataclass(frozen=True)
class Served:
    """A model as a deployment refers to it.

    `row` says what it is, None for one that a lenient server let in; `base` is the row of the
    catalogue that it answers as; `settings` are v2's, in which a model of one's own is named.
    """

    name: str
    row: Model | None
    base: str
    settings: str = UNTOLD


@dataclass(frozen=True)
class OwnModel:
    """A project's own model as a row of a catalogue, with v1's id of it.

    `base` is the catalogue's model that it comes down to.
    """

    row: Model
    uuid: str
    created_at: int
    base: str


def uuid_of(model_id: str) -> str:
    """What v1 calls the id of a model that v2 gave one."""
    return "model-" + ids.uuid4("", "model", model_id)


def row_of(catalog: Catalog, record: ModelRecord) -> Model:
    """An own model as a row of the catalogue: what it comes down to, in its own size."""
    base = catalog.platform.model_named(record.base_model).model
    if record.parameters_billion not in (None, base.parameters_billion):
        base = replace(
            base,
            parameters_billion=record.parameters_billion,
            bytes_per_parameter=catalog.uploads.bytes_per_parameter,
            hardware=None,
        )
    return replace(
        base,
        id=record.name,
        display_name=record.name.rpartition("/")[2],
        organization=None,
        serverless=False,
        dedicated=True,
        pricing=_FREE,
        created=record.created_at // SECOND,
        license=None,
        link=None,
    )


def served(unit: Unit, name: str) -> Served | None:
    """The model of a name, as it can be deployed now; None when there is none.

    Raises:
        MockError: `model_not_ready` for an own model of which nothing was imported yet.
    """
    row = unit.catalog.models.get(name)
    if row is not None:
        return Served(name, row, name)
    record = store.model_by_name(unit.connection, unit.project.key, name)
    if record is None:
        return None
    held = model_views.held(unit.connection, unit.catalog, unit.project, record, unit.now)
    if not held.revisions:
        raise MockError("model_not_ready", param="model", model=name)
    told = Settings(unit.project.id, record.id, held.revisions[0].id)
    return Served(name, row_of(unit.catalog, record), record.base_model, stored(told))


def as_it_was(unit: Unit, name: str, base: str, model_id: str, revision: str) -> Served:
    """A model that may be called otherwise by now, or be no more, as a deployment of it has it."""
    return Served(name, None, base, stored(Settings(unit.project.id, model_id, revision)))


def row_named(world: World, project: Project, name: str) -> Model | None:
    """The catalogue's row of a name, or an own model's as one; None when there is none."""
    row = world.catalog.models.get(name)
    if row is None:
        with world.read(project) as connection:
            record = store.model_by_name(connection, project.key, name)
            if record is not None and is_ready(connection, project, record, world.now(project)):
                row = row_of(world.catalog, record)
    return row


def own(world: World, project: Project, *, deployable: bool = False) -> list[OwnModel]:
    """The project's own models of which something was imported, newest first.

    With `deployable` those alone that fit into some hardware.
    """
    with world.read(project) as connection:
        records = store.models_oldest_first(connection, project.key)
        ready = model_views.ready(connection, project, records, world.now(project))
    catalog = world.catalog
    listed = [
        OwnModel(row_of(catalog, record), uuid_of(record.id), record.created_at, record.base_model)
        for record in reversed(records)
        if record.id in ready
    ]
    return [model for model in listed if not deployable or catalog.eligible(model.row)]


def is_ready(connection: Connection, project: Project, record: ModelRecord, now: int) -> bool:
    """Whether anything was imported into a model by an instant."""
    return record.id in model_views.ready(connection, project, [record], now)
