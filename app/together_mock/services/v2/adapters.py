"""Adapters of a deployment, as v2 has them: attached, listed, moved to a revision, detached.

Source: OpenAPI 2.0.0 and the types of together 3.1.1 (together-v2 reference, 4.4). That a list is
refused where no adapter can be loaded: the command line of 3.1.1, which reckons with it.
"""

from dataclasses import dataclass
from sqlite3 import Connection

from together_mock.core import names
from together_mock.core.adapters import Load, load_of
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.weights import ADAPTER
from together_mock.services import attaching, etags, models
from together_mock.services.models import Resolved
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.unit import Unit
from together_mock.services.v2 import deployments
from together_mock.services.world import World
from together_mock.store import adapters as store
from together_mock.store.records import AdapterRecord, EndpointRecord


@dataclass(frozen=True)
class Place:
    """A deployment, by its ids."""

    endpoint_id: str
    deployment_id: str


@dataclass(frozen=True)
class Named:
    """An adapter of a deployment: by its own id, or by its model's, as OpenAPI 2.0.0 has it.

    `model_id` is what its model is said to be, if anything is.
    """

    id: str
    model_id: str | None = None


@dataclass(frozen=True)
class NewAdapter:
    """What attaching asks for: a model, a revision of it, and whether the oldest one makes room."""

    model_id: str
    revision: str | None = None
    force: bool = False


@dataclass(frozen=True)
class AdapterView:
    """An adapter of a deployment; `load` is what its cluster reports, if it has one."""

    record: AdapterRecord
    project_id: str
    etag: str
    load: Load | None


def page(
    world: World, project: Project, place: Place, before: int | None, limit: int
) -> tuple[list[AdapterView], int | None]:
    """A deployment's adapters, newest first, and the key that the next page is `before`.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_lora_not_enabled`.
    """
    with world.read(project) as connection:
        _, deployment = _found(world, connection, project, place)
        if not world.settings.lenient:
            _refuse_unless_able(world, deployment)
        held = store.of_deployment(connection, deployment.key)
    rows = [record for record in reversed(held) if before is None or (record.key or 0) < before]
    views = [_view(project, deployment, record) for record in rows[:limit]]
    return views, rows[limit - 1].key if len(rows) > limit else None


def get(world: World, project: Project, place: Place, named: Named) -> AdapterView:
    """One adapter of a deployment.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_unknown_item`,
            `v2_bad_value`.
    """
    with world.read(project) as connection:
        _, deployment = _found(world, connection, project, place)
        return _view(project, deployment, _held(world, connection, deployment, named))


def add(world: World, project: Project, place: Place, new: NewAdapter) -> AdapterView:
    """Attach an adapter to a deployment, by its newest revision unless another one is named.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_unknown_model`,
            `v2_no_adapter`, `v2_lora_not_enabled`, `v2_incompatible_adapter`, `v2_no_revisions`,
            `v2_unknown_item`, `v2_adapter_attached`, `v2_adapter_capacity`.
    """
    with world.write(project) as unit:
        endpoint, deployment = _found(world, unit.connection, project, place)
        model = models.resolve(unit, new.model_id)
        if model is None:
            shown = names.cut(new.model_id)
            raise MockError("v2_unknown_model", param="adapterModelId", model=shown)
        _refuse_unless_fitting(world, deployment, model)
        revision = _revision(model, new.revision)
        if store.of_model(unit.connection, deployment.key, model.id) is not None:
            raise MockError("v2_adapter_attached", param="adapterModelId", adapter=model.name)
        _make_room(unit, endpoint, deployment, force=new.force)
        record = attaching.add(unit, endpoint, deployment.key, model.id, revision)
        return _view(project, deployment, record)


def update(
    world: World, project: Project, place: Place, named: Named, *, revision: str, etag: str
) -> AdapterView:
    """Pin an adapter to another revision of its model.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_unknown_item`,
            `v2_bad_value`, `v2_stale_etag`.
    """
    with world.write(project) as unit:
        _, deployment = _found(world, unit.connection, project, place)
        record = _held(world, unit.connection, deployment, named)
        _refuse_if_stale(world, record, etag)
        model = models.resolve(unit, record.model_id)
        assert model is not None  # it takes its attachments along
        record = record._replace(
            revision=_revision(model, revision),
            etag=etags.following(unit, record.id, etags.of_adapter(record)),
            updated_at=unit.now,
        )
        store.update_adapter(unit.connection, record)
        return _view(project, deployment, record)


def remove(world: World, project: Project, place: Place, named: Named, *, etag: str) -> None:
    """Detach an adapter; nothing answers by it there from now on.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_unknown_item`,
            `v2_bad_value`, `v2_stale_etag`.
    """
    with world.write(project) as unit:
        endpoint, deployment = _found(world, unit.connection, project, place)
        record = _held(world, unit.connection, deployment, named)
        _refuse_if_stale(world, record, etag)
        attaching.remove(unit, endpoint, record)


def _found(
    world: World, connection: Connection, project: Project, place: Place
) -> tuple[EndpointRecord, Deployment]:
    endpoint, row = deployments.found(
        connection, project, place.endpoint_id, place.deployment_id, "deploymentId"
    )
    return endpoint, value_of(world.catalog, endpoint, row)


def _view(project: Project, deployment: Deployment, record: AdapterRecord) -> AdapterView:
    load = load_of(deployment, record.created_at, record.updated_at)
    return AdapterView(record, project.id, etags.of_adapter(record), load)


def _held(
    world: World, connection: Connection, deployment: Deployment, named: Named
) -> AdapterRecord:
    records = store.of_deployment(connection, deployment.key)
    # A document may call one by what another one's model is called; its own name goes before.
    for record in sorted(records, key=lambda record: record.id != named.id):
        if named.id in (record.id, record.model_id):
            said = named.model_id is not None and not world.settings.lenient
            if said and named.model_id != record.model_id:
                detail = "must be the id of the adapter's model"
                raise MockError("v2_bad_value", param="adapterModelId", detail=detail)
            return record
    raise MockError("v2_unknown_item", param="id", kind="Adapter", id=names.cut(named.id))


def _refuse_if_stale(world: World, record: AdapterRecord, etag: str) -> None:
    if etag != etags.of_adapter(record) and not world.settings.lenient:
        raise MockError("v2_stale_etag", param="etag", kind="adapter")


def _refuse_unless_able(world: World, deployment: Deployment) -> None:
    if not attaching.takes(world.catalog, deployment):
        raise MockError("v2_lora_not_enabled", param="deploymentId", deployment=deployment.id)


def _refuse_unless_fitting(world: World, deployment: Deployment, model: Resolved) -> None:
    if model.kind != ADAPTER:
        raise MockError("v2_no_adapter", param="adapterModelId", model=model.id)
    if world.settings.lenient:
        return
    _refuse_unless_able(world, deployment)
    if model.model != deployment.label.base:
        raise MockError(
            "v2_incompatible_adapter",
            param="adapterModelId",
            adapter=model.name,
            base=model.model,
            model=deployment.model,
        )


def _revision(model: Resolved, named: str | None) -> str:
    if model.latest is None:
        raise MockError("v2_no_revisions", param="adapterModelId")
    if named is not None and named not in model.revisions:
        shown = names.cut(named)
        raise MockError("v2_unknown_item", param="adapterRevisionId", kind="Revision", id=shown)
    return named or model.latest


def _make_room(
    unit: Unit, endpoint: EndpointRecord, deployment: Deployment, *, force: bool
) -> None:
    if not attaching.is_full(unit, deployment.key):
        return
    if not force:
        most = unit.catalog.platform.adapter_capacity
        raise MockError("v2_adapter_capacity", param="force", most=most)
    attaching.remove(unit, endpoint, store.of_deployment(unit.connection, deployment.key)[0])
