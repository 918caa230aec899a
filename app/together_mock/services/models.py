"""Models as v2 has them: register, list, read, change, delete; the platform's own to read.

A model is registered first; what it weighs is known once an upload has made a revision. How names,
bases and masks are checked follows the together-v2 reference, sections 2 and 3; that a model which
is deleted takes its import jobs along is inferred.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection
from typing import Any, NamedTuple

from together_mock.core import names
from together_mock.core.catalog import Model
from together_mock.core.errors import MockError
from together_mock.core.platform import parse_resource
from together_mock.core.visibility import PRIVATE
from together_mock.core.weights import MODEL
from together_mock.services import engine, model_views
from together_mock.services.catalog import Catalog
from together_mock.services.model_views import NO_REVISIONS, Held, ModelView
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import models as store
from together_mock.store.records import ModelRecord


@dataclass(frozen=True)
class NewModel:
    """What a registration asks for; `kind` is "model" or "adapter"."""

    name: str
    kind: str
    base_id: str
    description: str | None = None


class Resolved(NamedTuple):
    """What a deployment needs of its model; `model` is the catalogue's id that it answers as.

    `owner` is the id of the project that has it; `revisions` are ids, oldest first.
    """

    model: str
    owner: str
    id: str
    name: str
    kind: str
    revisions: tuple[str, ...]

    @property
    def latest(self) -> str | None:
        """The newest revision."""
        return self.revisions[-1] if self.revisions else None


def create(world: World, project: Project, new: NewModel) -> ModelView:
    """Register a model; it has no revision yet.

    Raises:
        MockError: `v2_bad_name`, `v2_foreign_slug`, `v2_name_exists`, `v2_unknown_model`.
    """
    with world.write(project) as unit:
        name = names.qualified(unit.facts.slug, new.name, "name")
        base_id, base_model = _base(world, unit, new.base_id)
        _refuse_if_taken(unit, name)
        record = fresh(unit, name, new.description)
        record = record._replace(kind=new.kind, base_id=base_id, base_model=base_model)
        store.insert_models(unit.connection, [record])
        unit.stale.add(name)
        return model_views.view(world.catalog, project, record, known=False)


def fresh(
    unit: Unit, name: str, description: str | None, model_id: str | None = None
) -> ModelRecord:
    """A model that is named now, to be stored; its kind and its base are still to be said.

    Without a `model_id` it gets a new one.
    """
    taken = partial(store.model_by_id, unit.connection, unit.project.key)
    return ModelRecord(
        key=None,
        project_key=unit.project.key,
        id=model_id or unit.new_id("ml", taken),
        name=name,
        kind=MODEL,
        base_id="",
        base_model="",
        description=description,
        visibility=PRIVATE,
        revisions=NO_REVISIONS,
        parameters_billion=None,
        created_at=unit.now,
        updated_at=unit.now,
    )


def page(
    world: World, project: Project, before: int | None, limit: int, visibility: str | None
) -> tuple[list[ModelView], int | None]:
    """The project's models, newest first, and the key that the next page is `before`.

    `visibility` lets through those of one visibility alone.
    """
    with world.read(project) as connection:
        start = store.LAST if before is None else before
        found = store.models_before(connection, project.key, start, limit + 1, visibility)
        ready = model_views.ready(connection, project, found, world.now(project))
    shown = found[:limit]
    views = [
        model_views.view(world.catalog, project, record, known=record.id in ready)
        for record in shown
    ]
    return views, shown[-1].key if len(found) > limit else None


def get(world: World, project: Project, model_id: str, param: str = "id") -> Held:
    """One of the project's models; `param` is where its id was given.

    Raises:
        MockError: `v2_unknown_model`.
    """
    with world.read(project) as connection:
        record = owned(connection, project, model_id, param)
        now = world.now(project)
        return model_views.held(connection, world.catalog, project, record, now)


def of_platform(world: World, model_id: str, param: str = "id") -> Held:
    """One of the platform's models; `param` is where its id was given.

    Raises:
        MockError: `v2_unknown_model`.
    """
    found = world.catalog.platform.models.get(model_id)
    if found is None:
        raise MockError("v2_unknown_model", param=param, model=names.cut(model_id))
    return model_views.published(world.catalog, found)


def update(world: World, project: Project, model_id: str, changes: Mapping[str, Any]) -> ModelView:
    """Set what is among `name`, `description` and `visibility`; the rest stays as it is.

    Raises:
        MockError: `v2_unknown_model`, `v2_bad_name`, `v2_foreign_slug`, `v2_name_exists`.
    """
    with world.write(project) as unit:
        record = owned(unit.connection, project, model_id)
        if changes:
            changed = record._replace(**changes)
            if "name" in changes:
                name = names.qualified(unit.facts.slug, changed.name or "", "name")
                changed = changed._replace(name=name)
            renamed = changed.name != record.name
            if renamed:
                _refuse_if_taken(unit, changed.name)
            record = changed._replace(updated_at=unit.now)
            store.update_model(unit.connection, record)
            if renamed:
                follow_names(unit)
        return model_views.held(unit.connection, world.catalog, project, record, unit.now).view


def follow_names(unit: Unit) -> None:
    """Have deployments of the project's own models show the names that those have now.

    Whatever is shown and answered by a name goes by the present one (inferred): the old name may
    become another model's.
    """
    engine.save(unit)
    store.follow_names(unit.connection, unit.project.key)
    # What was loaded before has the old names. Adapters are asked for by theirs, too.
    unit.discard_simulation()
    unit.forget_routes, unit.routes = True, {}


def delete(world: World, project: Project, model_id: str) -> None:
    """Delete a model for good, with the jobs that import into it.

    Raises:
        MockError: `v2_unknown_model`, `v2_model_in_use`.
    """
    with world.write(project) as unit:
        record = owned(unit.connection, project, model_id)
        if store.in_use(unit.connection, project.key, record.id):
            raise MockError("v2_model_in_use", param="id")
        store.delete_model(unit.connection, record)
        unit.forget_routes = True


def resolve(unit: Unit, model_id: str) -> Resolved | None:
    """A model that deployments may refer to, by its `ml_` id; None when nobody has it."""
    return resolve_at(unit.connection, unit.catalog, unit.project, model_id, unit.now)


def resolve_at(
    connection: Connection, catalog: Catalog, project: Project, model_id: str, now: int
) -> Resolved | None:
    """The same for readers, with its revisions at an instant."""
    record = store.model_by_id(connection, project.key, model_id)
    if record is not None:
        found = model_views.held(connection, catalog, project, record, now)
    else:
        published = catalog.platform.models.get(model_id)
        if published is None:
            return None
        found = model_views.published(catalog, published)
    view = found.view
    revisions = tuple(made.id for made in reversed(found.revisions))
    return Resolved(found.row.id, view.project_id, view.id, view.name, view.kind, revisions)


def owned(
    connection: Connection, project: Project, reference: str, param: str = "id"
) -> ModelRecord:
    """A model of the project's own, by id or by its whole name.

    Raises:
        MockError: `v2_unknown_model`.
    """
    record = store.model_by_id(connection, project.key, reference)
    if record is None and "/" in reference:
        record = store.model_by_name(connection, project.key, reference)
    if record is None:
        raise MockError("v2_unknown_model", param=param, model=names.cut(reference))
    return record


def default_base(catalog: Catalog, kind: str = "chat", context_length: int | None = None) -> Model:
    """The model that one without a base is taken to come from, of a type.

    With a context length it is one that has at least that, the nearest; else the smallest.

    Raises:
        MockError: `invalid_value` where the catalogue has no model of the type.
    """
    rows = [row for row in catalog.models.values() if row.type == kind]
    if not rows:
        raise MockError("invalid_value", param="type", detail=f"no model is of the type {kind}")
    if context_length is None:
        return min(rows, key=lambda row: (not row.dedicated, row.parameters_billion, row.id))
    enough = [row for row in rows if row.context_length >= context_length]
    return min(
        enough or rows,
        key=lambda row: (abs(row.context_length - context_length), not row.dedicated, row.id),
    )


def nearest_base(catalog: Catalog, kind: str, billions: float) -> Model:
    """The model that an upload of a type and a size is taken to come from.

    Raises:
        MockError: `invalid_value` where the catalogue has no model of the type.
    """
    rows = [row for row in catalog.models.values() if row.type == kind]
    # What thinks aloud does so by its training, which a size tells nothing of.
    plain = [row for row in rows if row.reasoning == "none"] or rows
    if not plain:
        return default_base(catalog, kind)
    return min(
        plain, key=lambda row: (abs(row.parameters_billion - billions), not row.dedicated, row.id)
    )


def _base(world: World, unit: Unit, given: str) -> tuple[str, str]:
    """The `ml_` id of a base, and the catalogue's id that it comes down to.

    It is given by id or by resource name; the platform's models go by one's own project as well.
    """
    platform, base_id = world.catalog.platform, given
    named = parse_resource(given)
    if named is not None and named.kind == "models":
        own = named.project == unit.project.id
        if own or (named.project == platform.project_id and named.id in platform.models):
            base_id = named.id
    for model in platform.supported:
        # An architecture stands for the one model that the platform has of it.
        if base_id in (model.id, model.architecture):
            return model.id, model.model.id
    record = store.model_by_id(unit.connection, unit.project.key, base_id)
    if record is not None:
        return record.id, record.base_model
    if world.settings.lenient:
        return base_id, default_base(world.catalog).id
    raise MockError("v2_unknown_model", param="baseModelId", model=names.cut(given))


def _refuse_if_taken(unit: Unit, name: str) -> None:
    if store.model_by_name(unit.connection, unit.project.key, name) is not None:
        raise MockError("v2_name_exists", param="name", kind="Model", name=name)
