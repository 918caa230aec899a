"""The adapters of a deployment, as every face has them: which it takes, added, taken off, restored.

Source: OpenAPI 2.0.0, addAdapter and AddAdapter. Which deployments take adapters follows from the
adapter mode of their configs (command line of together 3.1.1); how many they take is inferred.
"""

from collections.abc import Sequence
from functools import partial

from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.weights import ADAPTER
from together_mock.services import engine, model_views
from together_mock.services.adapter_documents import AdapterEntry
from together_mock.services.catalog import Catalog
from together_mock.services.unit import Unit
from together_mock.services.v2 import settings
from together_mock.store import adapters
from together_mock.store import models as store
from together_mock.store.records import AdapterRecord, EndpointRecord


def takes(catalog: Catalog, deployment: Deployment) -> bool:
    """Whether adapters can be loaded into a deployment."""
    kind = catalog.models.get(deployment.label.base)
    if kind is None or settings.of(catalog, deployment).enable_lora is False:
        return False
    return catalog.platform.takes_adapters(kind, deployment.label.config)


def is_full(unit: Unit, deployment_key: int) -> bool:
    """Whether a deployment has as many adapters as it takes."""
    held = adapters.of_deployment(unit.connection, deployment_key)
    return len(held) >= unit.catalog.platform.adapter_capacity


def add(
    unit: Unit, endpoint: EndpointRecord, deployment_key: int, model_id: str, revision: str
) -> AdapterRecord:
    """Load an adapter into a deployment that takes it and does not have it yet."""
    record = AdapterRecord(
        key=None,
        project_key=unit.project.key,
        deployment_key=deployment_key,
        id=_new_id(unit),
        model_id=model_id,
        revision=revision,
        etag="",
        created_at=unit.now,
        updated_at=unit.now,
    )
    adapters.insert_adapter(unit.connection, record)
    withdraw(unit, endpoint, model_id)
    return record


def remove(unit: Unit, endpoint: EndpointRecord, record: AdapterRecord) -> None:
    """Take an adapter off its deployment."""
    adapters.delete_adapter(unit.connection, record.key)
    withdraw(unit, endpoint, record.model_id)


def withdraw(unit: Unit, endpoint: EndpointRecord, model_id: str) -> None:
    """Let inference find anew what answers by an adapter of an endpoint."""
    model = store.model_by_id(unit.connection, unit.project.key, model_id)
    if model is not None:
        unit.withdraw_adapter(endpoint, model.name)


def _new_id(unit: Unit) -> str:
    return unit.new_id("dad", partial(adapters.is_known, unit.connection, unit.project.key))


def restore(unit: Unit, deployment: Deployment, given: Sequence[AdapterEntry]) -> None:
    """Load the adapters that a state document gives a deployment.

    Raises:
        MockError: `invalid_value`.
    """
    if given:
        # They refer to its row.
        engine.save(unit)
    for index, entry in enumerate(given):
        try:
            adapters.insert_adapter(unit.connection, _restored(unit, deployment.key, entry))
        except MockError as error:
            error.param = f"adapters.{index}{error.param}"
            raise


def _restored(unit: Unit, deployment_key: int, entry: AdapterEntry) -> AdapterRecord:
    connection, project = unit.connection, unit.project.key
    model = store.model_by_name(connection, project, entry.model)
    if model is None or model.kind != ADAPTER:
        detail = f"{entry.model} is no adapter of the document"
        raise MockError("invalid_value", param="", detail=detail)
    if adapters.of_model(connection, deployment_key, model.id) is not None:
        detail = f"{entry.model} is named a second time"
        raise MockError("invalid_value", param="", detail=detail)
    if entry.id is not None and adapters.is_known(connection, project, entry.id):
        detail = f"{entry.id} stands twice in the document"
        raise MockError("invalid_value", param=".id", detail=detail)
    held = model_views.held(connection, unit.catalog, unit.project, model, unit.now)
    known = [revision.id for revision in held.revisions]
    if not known or entry.revision not in (None, *known):
        detail = f"{entry.model} has no revision {entry.revision or 'that it could be'}"
        raise MockError("invalid_value", param=".revision", detail=detail)
    created_at = unit.now if entry.created_at is None else entry.created_at
    return AdapterRecord(
        key=None,
        project_key=project,
        deployment_key=deployment_key,
        id=entry.id or _new_id(unit),
        model_id=model.id,
        revision=entry.revision or known[0],
        etag=entry.etag or "",
        created_at=created_at,
        updated_at=created_at if entry.updated_at is None else entry.updated_at,
    )
