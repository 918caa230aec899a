"""Adapters that an endpoint answers by, beside its own model, as v1 has them.

What is added to an endpoint is loaded into each of its deployments that can take it, and listed is
what any of them has. Source: OpenAPI 2.0.0, addAdapter and its kin; together-v1 reference, 2.4 (a
preview of 2.42.0). Which endpoints take adapters is inferred: those of a type whose v2 configs do.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Connection

from together_mock.core import names
from together_mock.core.errors import MockError
from together_mock.core.weights import ADAPTER
from together_mock.services import attaching, endpoints, model_views, served
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import adapters, fleet
from together_mock.store import models as store
from together_mock.store.records import DeploymentRecord, EndpointRecord, ModelRecord


@dataclass(frozen=True)
class Bound:
    """An adapter of an endpoint, by their names."""

    endpoint_name: str
    adapter_name: str

    @property
    def id(self) -> str:
        """What a request names to be answered by the adapter."""
        return f"{self.endpoint_name}:{self.adapter_name}"


def page(world: World, project: Project, endpoint_id: str) -> list[Bound]:
    """The adapters of an endpoint, in the order in which they were added.

    Raises:
        MockError: `unknown_endpoint`.
    """
    with world.read(project) as connection:
        endpoint, _ = _endpoint(connection, project, endpoint_id)
        return [Bound(endpoint.name, name) for name in adapters.names(connection, endpoint.key)]


def add(world: World, project: Project, endpoint_id: str, named: str) -> None:
    """Have an endpoint answer by an adapter, named `endpoint_name:adapter_model_name`.

    Raises:
        MockError: `unknown_endpoint`, `bad_adapter_id`, `adapter_of_another_endpoint`,
            `unknown_adapter`, `lora_not_enabled`, `incompatible_adapter`, `adapter_bound`,
            `adapter_capacity`.
    """
    with world.write(project) as unit, _leniently(world):
        endpoint, rows = _endpoint(unit.connection, project, endpoint_id)
        model = _named(unit, endpoint, named)
        fitting = _fitting(unit, endpoint, rows, model)
        held = (adapters.of_model(unit.connection, row.key, model.id) for row in rows)
        if any(adapter is not None for adapter in held):
            raise MockError("adapter_bound", param="model_id", adapter=model.name)
        if any(attaching.is_full(unit, row.key) for row in fitting):
            raise MockError(
                "adapter_capacity",
                param="model_id",
                endpoint=endpoint.name,
                most=unit.catalog.platform.adapter_capacity,
            )
        newest = model_views.held(unit.connection, unit.catalog, project, model, unit.now).latest
        assert newest is not None  # it is ready
        for row in fitting:
            attaching.add(unit, endpoint, row.key, model.id, newest.id)


def _fitting(
    unit: Unit, endpoint: EndpointRecord, rows: Sequence[DeploymentRecord], model: ModelRecord
) -> list[DeploymentRecord]:
    """The deployments of an endpoint that an adapter can be loaded into.

    Raises:
        MockError: `lora_not_enabled`, `incompatible_adapter`.
    """
    able = [
        row for row in rows if attaching.takes(unit.catalog, value_of(unit.catalog, endpoint, row))
    ]
    if not able:
        raise MockError("lora_not_enabled", param="model_id", endpoint=endpoint.name)
    fitting = [row for row in able if row.base == model.base_model]
    if not fitting:
        raise MockError(
            "incompatible_adapter",
            param="model_id",
            adapter=model.name,
            base=model.base_model,
            model=able[0].model,
        )
    return fitting


def remove(world: World, project: Project, endpoint_id: str, named: str) -> None:
    """Have an endpoint no longer answer by an adapter.

    Raises:
        MockError: `unknown_endpoint`, `bad_adapter_id`, `adapter_of_another_endpoint`,
            `unknown_adapter`, `adapter_not_bound`.
    """
    with world.write(project) as unit, _leniently(world):
        endpoint, rows = _endpoint(unit.connection, project, endpoint_id)
        model = _named(unit, endpoint, named)
        held = [adapters.of_model(unit.connection, row.key, model.id) for row in rows]
        bound = [adapter for adapter in held if adapter is not None]
        if not bound:
            raise MockError("adapter_not_bound", param="model_id", adapter=model.name)
        for adapter in bound:
            attaching.remove(unit, endpoint, adapter)


@contextmanager
def _leniently(world: World) -> Iterator[None]:
    """A lenient server lets names through that it does not know, and does nothing by them."""
    try:
        yield
    except MockError as error:
        if error.case == "unknown_endpoint" or not world.settings.lenient:
            raise


def _endpoint(
    connection: Connection, project: Project, endpoint_id: str
) -> tuple[EndpointRecord, list[DeploymentRecord]]:
    """An endpoint that v1 shows, with all of its deployments."""
    endpoint, _ = endpoints.found(connection, project, endpoint_id)
    return endpoint, fleet.deployments(connection, endpoint.key)


def _named(unit: Unit, endpoint: EndpointRecord, named: str) -> ModelRecord:
    owner, colon, adapter = named.partition(":")
    if not (owner and colon and adapter):
        raise MockError("bad_adapter_id", param="model_id", model=names.cut(named))
    if owner != endpoint.name:
        raise MockError(
            "adapter_of_another_endpoint",
            param="model_id",
            named=names.cut(owner),
            endpoint=endpoint.name,
        )
    model = store.model_by_name(unit.connection, unit.project.key, adapter)
    ready = model and served.is_ready(unit.connection, unit.project, model, unit.now)
    if model is None or model.kind != ADAPTER or not ready:
        raise MockError("unknown_adapter", param="model_id", adapter=names.cut(adapter))
    return model
