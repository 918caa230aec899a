"""Version tags: what tells a writer that something was changed since it was read."""

from together_mock.core import ids
from together_mock.core.deployment import Deployment
from together_mock.services.unit import Unit
from together_mock.store.records import AdapterRecord, EndpointRecord


def of_endpoint(endpoint: EndpointRecord) -> str:
    """An endpoint's version tag; as long as it was not changed, it follows from the id."""
    return endpoint.etag or _first(endpoint.id)


def of_deployment(deployment: Deployment) -> str:
    """A deployment's version tag."""
    return deployment.label.etag or _first(deployment.id)


def of_adapter(adapter: AdapterRecord) -> str:
    """An adapter's version tag."""
    return adapter.etag or _first(adapter.id)


def following(unit: Unit, id_: str, current: str) -> str:
    """The version tag that follows another one."""
    return ids.digest(unit.facts.seed, "etag", id_, current, size=8).hex()


def _first(id_: str) -> str:
    return ids.digest("", "etag", id_, size=8).hex()
