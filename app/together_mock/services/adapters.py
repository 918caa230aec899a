"""Adapters that an endpoint answers by, beside its own model.

Source: OpenAPI 2.0.0, addAdapter and its kin; together-v1 reference, 2.4 (a preview of 2.42.0).
Which endpoints take adapters is inferred: those of a type whose v2 configs do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Connection

from together_mock.core import names
from together_mock.core.errors import MockError
from together_mock.core.weights import ADAPTER
from together_mock.services import served
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import adapters, queries
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
            `unknown_adapter`, `lora_not_enabled`, `incompatible_adapter`, `adapter_bound`.
    """
    with world.write(project) as unit, _leniently(world):
        endpoint, deployment = _endpoint(unit.connection, project, endpoint_id)
        model = _named(unit, endpoint, named)
        kind = unit.catalog.models.get(deployment.base)
        if kind is None or not unit.catalog.platform.takes_adapters(kind, deployment.config):
            raise MockError("lora_not_enabled", param="model_id", endpoint=endpoint.name)
        if model.base_model != deployment.base:
            raise MockError(
                "incompatible_adapter",
                param="model_id",
                adapter=model.name,
                base=model.base_model,
                model=deployment.model,
            )
        if adapters.is_bound(unit.connection, endpoint.key, model.id):
            raise MockError("adapter_bound", param="model_id", adapter=model.name)
        adapters.bind(unit.connection, project.key, endpoint.key, model.id)
        unit.stale |= {named, model.name}


def remove(world: World, project: Project, endpoint_id: str, named: str) -> None:
    """Have an endpoint no longer answer by an adapter.

    Raises:
        MockError: `unknown_endpoint`, `bad_adapter_id`, `adapter_of_another_endpoint`,
            `unknown_adapter`, `adapter_not_bound`.
    """
    with world.write(project) as unit, _leniently(world):
        endpoint, _ = _endpoint(unit.connection, project, endpoint_id)
        model = _named(unit, endpoint, named)
        if not adapters.is_bound(unit.connection, endpoint.key, model.id):
            raise MockError("adapter_not_bound", param="model_id", adapter=model.name)
        adapters.unbind(unit.connection, endpoint.key, model.id)
        unit.stale |= {named, model.name}


@contextmanager
def _leniently(world: World) -> Iterator[None]:
    """A lenient server lets names through that it does not know, and does nothing by them."""
    try:
        yield
    except MockError as error:
        if error.case == "unknown_endpoint" or not world.settings.lenient:
            raise


def restore(unit: Unit, endpoint: EndpointRecord, given: list[str]) -> None:
    """Bind the adapters of an endpoint that a state document names.

    Raises:
        MockError: `invalid_value`.
    """
    for index, name in enumerate(given):
        model = store.model_by_name(unit.connection, unit.project.key, name)
        is_one = model is not None and model.kind == ADAPTER
        if (
            model is None
            or not is_one
            or adapters.is_bound(unit.connection, endpoint.key, model.id)
        ):
            wrong = "is named a second time" if is_one else "is no adapter of the document"
            raise MockError("invalid_value", param=f"adapters.{index}", detail=f"{name} {wrong}")
        adapters.bind(unit.connection, unit.project.key, endpoint.key, model.id)


def _endpoint(
    connection: Connection, project: Project, endpoint_id: str
) -> tuple[EndpointRecord, DeploymentRecord]:
    pairs = queries.pairs_of_endpoint(connection, project.key, endpoint_id)
    if not pairs:
        raise MockError("unknown_endpoint", endpoint=endpoint_id)
    return pairs[0]


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
